package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// page is a command with its help.
type page struct {
	path   string // "landfall data check"
	en, zh string
	below  []string // names of its commands
	flags  []string // "--label", "-o"
}

var flagNames = regexp.MustCompile(`(?m)^ +(?:(-[a-zA-Z]), +|) *(--[a-z-]+)`)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "landfall-docs-")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "landfall")
	if msg, err := exec.Command("go", "build", "-o", out, "../cmd/landfall").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, msg)
	}
	return out, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := binary(); err == nil {
		if err := os.RemoveAll(filepath.Dir(bin)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// tree walks the help of every command, the root first.
func tree(t *testing.T) []page {
	t.Helper()
	pages, err := walked()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// walked is tree, once for all tests.
var walked = sync.OnceValues(func() ([]page, error) {
	bin, err := binary()
	if err != nil {
		return nil, err
	}
	help := func(lang string, path []string) (string, error) {
		cmd := exec.Command(bin, append(slices.Clone(path), "--help", "--lang", lang)...)
		cmd.Env = []string{"HOME=/", "NO_COLOR=1"}
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("landfall %v --help: %w", path, err)
		}
		return string(out), nil
	}
	var pages []page
	var walk func(path []string) error
	walk = func(path []string) error {
		p := page{path: strings.Join(append([]string{"landfall"}, path...), " ")}
		var err error
		if p.en, err = help("en", path); err != nil {
			return err
		}
		if p.zh, err = help("zh", path); err != nil {
			return err
		}
		if p.path != "landfall completion" { // its commands are shells
			p.below = names(p.en)
		}
		for _, m := range flagNames.FindAllStringSubmatch(p.en, -1) {
			p.flags = append(p.flags, m[1], m[2])
		}
		pages = append(pages, p)
		for _, name := range p.below {
			if err := walk(append(slices.Clone(path), name)); err != nil {
				return err
			}
		}
		return nil
	}
	err = walk(nil)
	return pages, err
})

// names reads the commands that a help lists.
func names(help string) []string {
	_, list, ok := strings.Cut(help, "\nCommands:\n")
	if !ok {
		return nil
	}
	list, _, _ = strings.Cut(list, "\n\n")
	var out []string
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "help" {
			out = append(out, f[0])
		}
	}
	return out
}

func TestGeneratedCLI(t *testing.T) {
	pages := tree(t)
	if len(pages) < 15 {
		t.Fatalf("found only %d commands", len(pages))
	}
	var b strings.Builder
	b.WriteString("# Commands\n\nGenerated from `--help`; `make verify` keeps it so.\n\n" +
		"Data goes to standard output, talk and errors to standard error. `-o json`, `yaml` and `csv` are for programs; the JSON of `run` and `report` " +
		"is described under [report](report.md), with the exit codes. The language follows `--lang`, else `LC_ALL`, `LC_MESSAGES`, `LANG`. " +
		"Colour needs a terminal, and none is used if `NO_COLOR` is set. State lies in `--home`, else `$LANDFALL_HOME`, else `landfall` in the user's data folder.\n")
	for i, p := range pages {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s```\n\n<details><summary>中文</summary>\n\n```\n%s```\n\n</details>\n", p.path, trimmed(p.en, i == 0), trimmed(p.zh, i == 0))
	}
	same(t, "cli.md", []byte(b.String()))
}

var everywhere = regexp.MustCompile(`(?s)\n\n(Flags everywhere:|通用参数:).*?(\n\n|\n*$)`)

// trimmed leaves out the flags that every command has, but for the root.
func trimmed(help string, root bool) string {
	if !root {
		help = everywhere.ReplaceAllString(help, "\n\n")
	}
	return strings.TrimSpace(help) + "\n"
}

// TestCommandsExist holds every command line that a page prints to the program.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	known := map[string]page{}
	for _, p := range tree(t) {
		known[p.path] = p
	}
	checked := 0
	for path, text := range pages(t) {
		if strings.HasSuffix(path, "docs/cli.md") || strings.HasSuffix(path, "docs/errors.md") {
			continue // made from the program itself
		}
		for _, line := range lines(text) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "landfall" {
				continue
			}
			checked++
			at := known["landfall"]
			rest := words[1:]
			for len(rest) > 0 {
				next, ok := known[at.path+" "+rest[0]]
				if !ok {
					break
				}
				at, rest = next, rest[1:]
			}
			if len(rest) > 0 && len(at.below) > 0 && !strings.HasPrefix(rest[0], "-") && strings.ToUpper(rest[0]) != rest[0] {
				t.Errorf("%s: there is no command %q", path, line)
			}
			for _, w := range rest {
				if w == ">" || w == "|" || w == "&&" {
					break
				}
				name, _, _ := strings.Cut(strings.Trim(w, "[]…"), "=")
				if strings.HasPrefix(name, "-") && !slices.Contains(at.flags, name) {
					t.Errorf("%s: %q: %s has no flag %s", path, line, at.path, name)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("found only %d command lines", checked)
	}
}
