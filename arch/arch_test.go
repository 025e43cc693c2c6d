// Package arch holds the house rules as Go tests: what may import what, what
// every package must have, and which library lives behind which package.
package arch_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/landfall-ai/landfall"

// layers may import only what stands before them.
var layers = []string{"kit", "core", "align", "prove", "platform", "deepen", "organize", "share", "app", "cmd"}

// behind names, for each library, the one package that may import it.
var behind = map[string]string{
	"github.com/duckdb/duckdb-go/v2":                         "kit/duck",
	"github.com/riverqueue/river":                            "kit/jobs",
	"github.com/danielgtaylor/huma/v2":                       "kit/rest",
	"gocloud.dev/blob":                                       "kit/blob",
	"cel.dev/cel-go/cel":                                     "core/gate",
	"golang.org/x/mod/sumdb/tlog":                            "core/evidence",
	"github.com/secure-systems-lab/go-securesystemslib/dsse": "core/evidence",
	"github.com/pressly/goose/v3":                            "kit/store",
	"gonum.org/v1/gonum":                                     "kit/stats",
	"charm.land/lipgloss/v2":                                 "kit/term",
	"github.com/vbauerster/mpb/v8":                           "kit/term",
}

type pkg struct {
	ImportPath, Dir, ForTest, Name string
	Imports, GoFiles               []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-test", "-json=ImportPath,Dir,ForTest,Name,Imports,GoFiles", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Name != "main" || !strings.HasSuffix(p.ImportPath, ".test") {
			ps = append(ps, p)
		}
	}
	if len(ps) < 10 {
		t.Fatalf("go list found only %d packages", len(ps))
	}
	return ps
}

// rel returns the path of a package of this module below its root.
func rel(importPath string) (string, bool) {
	importPath, _, _ = strings.Cut(importPath, " ")
	r, ok := strings.CutPrefix(importPath, module+"/")
	return strings.TrimSuffix(r, "_test"), ok
}

func layer(path string) int {
	top, _, _ := strings.Cut(path, "/")
	return slices.Index(layers, top)
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, ok := rel(p.ImportPath)
		if !ok || layer(from) < 0 {
			continue // e2e, arch, examples, console: nothing imports them
		}
		for _, imp := range p.Imports {
			to, ok := rel(imp)
			if !ok {
				continue
			}
			switch {
			case layer(to) < 0 && !strings.HasPrefix(from, "app") && !strings.HasPrefix(from, "cmd"):
				t.Errorf("%s imports %s, which is no layer", from, to)
			case layer(to) > layer(from):
				t.Errorf("%s imports %s: a later layer. What travels back travels as evidence or event", from, to)
			}
		}
	}
}

func TestLibrariesStayBehindTheirPackage(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, p := range packages(t) {
		from, ok := rel(p.ImportPath)
		if !ok {
			continue
		}
		for _, imp := range p.Imports {
			for lib, home := range behind {
				if imp != lib && !strings.HasPrefix(imp, lib+"/") {
					continue
				}
				used[lib] = true
				if from != home && !strings.HasPrefix(from, home+"/") {
					t.Errorf("%s imports %s, which lives behind %s", from, imp, home)
				}
			}
		}
	}
	for lib, home := range behind {
		if !used[lib] {
			t.Errorf("nothing imports %s: drop the rule for %s", lib, home)
		}
	}
}

var forbidden = []string{"util", "utils", "common", "models", "types", "helpers", "manager", "misc"}

func TestPackagesAreNamedAndDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path, ok := rel(p.ImportPath)
		if !ok || p.ForTest != "" || len(p.GoFiles) == 0 {
			continue
		}
		if slices.Contains(forbidden, filepath.Base(path)) {
			t.Errorf("%s: a package is named by what it provides", path)
		}
		docs := 0
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				docs++
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d package docs; want exactly one", path, docs)
		}
	}
}

// goFiles walks every Go file of the project.
func goFiles(t *testing.T, visit func(path string, src []byte)) {
	t.Helper()
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			visit(path, src)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const longest = 700 // lines; beyond that a reader does not find the rule in a minute

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

func TestFilesAreShortAndFinished(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string, src []byte) {
		if n := strings.Count(string(src), "\n"); n > longest {
			t.Errorf("%s has %d lines; the limit is %d", path, n, longest)
		}
		if m := unfinished.Find(src); m != nil && !strings.HasSuffix(path, "arch_test.go") {
			t.Errorf("%s: %s: finish it or leave it out", path, m)
		}
	})
}
