package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var (
	faultCode   = regexp.MustCompile(`^[a-z]+(\.[a-z0-9]+(_[a-z0-9]+)*)?$`)
	placeholder = regexp.MustCompile(`\{[a-z_0-9]+\}`)
)

// definition is a fault.Def literal that states its code.
type definition struct {
	where, code string
	fields      map[string]string // those that are constants, evaluated
	given       []string          // names of all fields
	global      bool              // stands in a package-level variable
}

// TestFaultsAreDeclaredOnce holds every fault definition of the product to one
// code, in the form package.what_is_wrong, complete in both languages. A Def
// whose code comes from a value (one that was read from the wire) and the zero
// Def declare nothing; what stands below an internal folder of samples is part
// of tests.
func TestFaultsAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	defs := definitions(t)
	if len(defs) < 100 {
		t.Fatalf("found only %d fault definitions", len(defs))
	}
	seen := map[string]string{}
	for _, d := range defs {
		if !faultCode.MatchString(d.code) {
			t.Errorf("%s: code %q is not of the form package.what_is_wrong", d.where, d.code)
		}
		if other, dup := seen[d.code]; dup {
			t.Errorf("%s: code %s is declared at %s: copy that definition and change its hint", d.where, d.code, other)
		}
		seen[d.code] = d.where
		if !d.global {
			t.Errorf("%s: %s must be a package-level variable, so that errors.Is and the reference find it", d.where, d.code)
		}
		for _, pair := range [][2]string{{"En", "Zh"}, {"HintEn", "HintZh"}} {
			if problem := bilingual(d, pair[0], pair[1]); problem != "" {
				t.Errorf("%s: %s: %s", d.where, d.code, problem)
			}
		}
	}
}

// bilingual says what is wrong with a text in two languages, or "". Without
// either it is fine only if it is a hint.
func bilingual(d definition, en, zh string) string {
	hasEn, hasZh := slices.Contains(d.given, en), slices.Contains(d.given, zh)
	switch {
	case !hasEn && !hasZh && en != "En":
		return ""
	case !hasEn || !hasZh:
		return "needs both " + en + " and " + zh
	}
	e, isConst := d.fields[en]
	z, isConstZh := d.fields[zh]
	if !isConst || !isConstZh {
		return en + " and " + zh + " must be constants, or the reference cannot show them"
	}
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	switch {
	case strings.TrimSpace(e) == "" || strings.TrimSpace(z) == "":
		return en + " or " + zh + " is empty"
	case strings.ContainsFunc(e, han) || !strings.ContainsFunc(z, han) && e != z && !strings.Contains(z, "{"):
		return en + " or " + zh + " is in the wrong language"
	case !slices.Equal(placeholders(e), placeholders(z)):
		return en + " and " + zh + " have different parameters"
	}
	return ""
}

func placeholders(s string) []string {
	set := map[string]bool{}
	for _, p := range placeholder.FindAllString(s, -1) {
		set[p] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// definitions parses every file of the product for fault.Def literals.
func definitions(t *testing.T) []definition {
	t.Helper()
	files := map[string][]*ast.File{} // by directory, for their constants
	fset := token.NewFileSet()
	goFiles(t, func(path string, src []byte) {
		slash := filepath.ToSlash(path)
		if strings.HasSuffix(path, "_test.go") || strings.Contains(slash, "/internal/sample") || strings.Contains(slash, "/testdata/") {
			return
		}
		f, err := parser.ParseFile(fset, path, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Dir(path)] = append(files[filepath.Dir(path)], f)
	})
	var out []definition
	for _, dir := range slices.Sorted(maps.Keys(files)) {
		consts := constants(files[dir])
		for _, f := range files[dir] {
			for _, decl := range f.Decls {
				g, ok := decl.(*ast.GenDecl)
				global := ok && g.Tok == token.VAR
				ast.Inspect(decl, func(n ast.Node) bool {
					lit, ok := n.(*ast.CompositeLit)
					if !ok || !isFaultDef(lit.Type, f.Name.Name) {
						return true
					}
					if d, ok := define(lit, consts); ok {
						d.global, d.where = global, fset.Position(lit.Pos()).String()
						out = append(out, d)
					}
					return true
				})
			}
		}
	}
	return out
}

// define reads a literal; ok is false if it states no constant code.
func define(lit *ast.CompositeLit, consts map[string]ast.Expr) (definition, bool) {
	d := definition{fields: map[string]string{}}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		name := kv.Key.(*ast.Ident).Name
		d.given = append(d.given, name)
		if s, ok := evaluate(kv.Value, consts, 0); ok {
			d.fields[name] = s
		}
	}
	code, ok := d.fields["Code"]
	d.code = code
	return d, ok
}

func isFaultDef(e ast.Expr, inPackage string) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && x.Name == "fault" && e.Sel.Name == "Def"
	case *ast.Ident:
		return inPackage == "fault" && e.Name == "Def"
	}
	return false
}

// constants returns the constants of a package by name.
func constants(files []*ast.File) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for _, f := range files {
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, name := range v.Names {
					if i < len(v.Values) {
						out[name.Name] = v.Values[i]
					}
				}
			}
		}
	}
	return out
}

// evaluate returns a constant string: literals, names and what is joined of
// them. depth ends constants that would refer to themselves.
func evaluate(e ast.Expr, consts map[string]ast.Expr, depth int) (string, bool) {
	if depth > 8 {
		return "", false
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		c, ok := consts[e.Name]
		if !ok {
			return "", false
		}
		return evaluate(c, consts, depth+1)
	case *ast.ParenExpr:
		return evaluate(e.X, consts, depth)
	case *ast.BinaryExpr:
		a, aok := evaluate(e.X, consts, depth)
		b, bok := evaluate(e.Y, consts, depth)
		return a + b, e.Op == token.ADD && aok && bok
	}
	return "", false
}

// TestTheFaultRuleBites feeds the rule what it must refuse.
func TestTheFaultRuleBites(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src, want string
	}{
		{`fault.Def{Code: "a.b", En: "no {x}", Zh: "没有 {x}"}`, ""},
		{`fault.Def{Code: "a.b", En: "no {x}", Zh: "没有 {y}"}`, "different parameters"},
		{`fault.Def{Code: "a.b", En: "no"}`, "needs both"},
		{`fault.Def{Code: "a.b", En: "no", Zh: "no file"}`, "wrong language"},
		{`fault.Def{Code: "a.b", En: "没有", Zh: "没有"}`, "wrong language"},
		{`fault.Def{Code: "a.b", En: "no", Zh: ""}`, "empty"},
		{`fault.Def{Code: "a.b", En: f(), Zh: "没有"}`, "constants"},
	} {
		e, err := parser.ParseExpr(c.src)
		if err != nil {
			t.Fatal(err)
		}
		d, ok := define(e.(*ast.CompositeLit), nil)
		if got := bilingual(d, "En", "Zh"); !ok || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.src, got, c.want)
		}
	}
}
