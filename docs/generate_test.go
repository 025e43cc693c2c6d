package docs_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/fault"
)

var update = flag.Bool("update", false, "rewrite what is generated")

// same compares a committed file with what it should hold, or rewrites it.
func same(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/%s is not what the code says from line %d on; run make verify, and commit the result", file, differs(got, want))
	}
}

func differs(a, b []byte) int {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(la), len(lb)) {
		if !bytes.Equal(la[i], lb[i]) {
			return i + 1
		}
	}
	return min(len(la), len(lb)) + 1
}

// section replaces what stands between the marks of a hand-written page.
func section(t *testing.T, file, name, content string) {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin := "<!-- generated: " + name + " -->\n"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		t.Fatalf("docs/%s has no section %s", file, name)
	}
	same(t, file, []byte(before+begin+"\n"+content+"\n<!-- end -->"+after))
}

// definition is a fault.Def literal.
type definition struct {
	code, kind             string
	status, exit           int
	en, zh, hintEn, hintZh string
}

func TestGeneratedErrors(t *testing.T) {
	defs := definitions(t)
	if len(defs) < 50 {
		t.Fatalf("found only %d definitions", len(defs))
	}
	var b strings.Builder
	b.WriteString("# Errors\n\nGenerated from the code; `make verify` keeps it so.\n\n" +
		"Every error that a user can cause has a stable code. On the terminal it stands in brackets, with the place and what to do; " +
		"with `-o json`, and over HTTP, it is problem details (RFC 9457) with `code`, `kind`, `exit`, `params`, `place`, `pointer` and `hint`. " +
		"Codes are never reused; texts may change. `{name}` stands for a parameter.\n")
	group := ""
	for _, d := range defs {
		if g, _, _ := strings.Cut(d.code, "."); g != group {
			group = g
			fmt.Fprintf(&b, "\n## %s\n\n| code | kind, HTTP, exit | message | what to do |\n| --- | --- | --- | --- |\n", group)
		}
		fmt.Fprintf(&b, "| `%s` | %s<br>%d, %d | %s | %s |\n", d.code, d.kind, d.status, d.exit, both(d.en, d.zh), both(d.hintEn, d.hintZh))
	}
	same(t, "errors.md", []byte(b.String()))
}

// both is a table cell in both languages.
func both(en, zh string) string {
	if en == "" && zh == "" {
		return ""
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ", "\x00", "<br>").Replace(en + "\x00" + zh)
}

// definitions reads all fault.Def literals, by code. That a code is declared
// once is a house rule of its own.
func definitions(t *testing.T) []definition {
	t.Helper()
	names := constants(t, "../kit/fault")
	byCode := map[string]*definition{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if name := d.Name(); path != ".." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "internal") {
			return filepath.SkipDir
		}
		local := constants(t, path)
		for _, f := range parsed(t, path) {
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok && isDef(lit.Type, filepath.ToSlash(path) == "../kit/fault") {
					collect(t, lit, local, names, byCode)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]definition, 0, len(byCode))
	for _, d := range byCode {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b definition) int { return strings.Compare(a.code, b.code) })
	return out
}

func parsed(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// constants returns the string and number constants of a package by name.
func constants(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range parsed(t, dir) {
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, name := range v.Names {
					if i < len(v.Values) {
						if s, ok := value(v.Values[i], out, nil); ok {
							out[name.Name] = s
						}
					}
				}
			}
		}
	}
	return out
}

// value evaluates literals, names of constants and their concatenation.
func value(e ast.Expr, local, names map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
		return e.Value, e.Kind == token.INT
	case *ast.Ident:
		s, ok := local[e.Name]
		return s, ok
	case *ast.SelectorExpr:
		s, ok := names[e.Sel.Name]
		return s, ok
	case *ast.ParenExpr:
		return value(e.X, local, names)
	case *ast.BinaryExpr:
		a, aok := value(e.X, local, names)
		b, bok := value(e.Y, local, names)
		return a + b, e.Op == token.ADD && aok && bok
	}
	return "", false
}

func isDef(e ast.Expr, inFault bool) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && x.Name == "fault" && e.Sel.Name == "Def"
	case *ast.Ident:
		return inFault && e.Name == "Def"
	}
	return false
}

func collect(t *testing.T, lit *ast.CompositeLit, local, names map[string]string, byCode map[string]*definition) {
	t.Helper()
	fields := map[string]string{}
	var unknown []string
	for _, e := range lit.Elts {
		kv := e.(*ast.KeyValueExpr)
		name := kv.Key.(*ast.Ident).Name
		v, ok := value(kv.Value, local, names)
		if !ok {
			unknown = append(unknown, name)
		}
		fields[name] = v
	}
	if fields["Code"] == "" {
		return // one that was read from the wire, or to build a place with
	}
	if len(unknown) > 0 {
		t.Errorf("%s: %v must be constants", fields["Code"], unknown)
	}
	kind := fault.Kind(fields["Kind"])
	d := definition{code: fields["Code"], kind: string(kind), status: kind.Status(), exit: kind.Exit(),
		en: fields["En"], zh: fields["Zh"], hintEn: fields["HintEn"], hintZh: fields["HintZh"]}
	if fields["Exit"] != "" {
		n, err := strconv.Atoi(fields["Exit"])
		if err != nil {
			t.Error(err)
		}
		d.exit = n
	}
	byCode[d.code] = &d
}
