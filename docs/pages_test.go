package docs_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/align/poc/raters"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pages returns every Markdown file that people read, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "landfall-demo") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			out[path] = read(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var firstCell = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")

// documented returns the names in the first cells of a page's tables.
func documented(page string) []string {
	var out []string
	for _, cell := range firstCell.FindAllStringSubmatch(page, -1) {
		for _, name := range strings.Split(cell[1], "`, `") {
			out = append(out, strings.Trim(name, "`"))
		}
	}
	return out
}

// TestScenarioReference holds docs/scenario.md to the schema, both ways.
func TestScenarioReference(t *testing.T) {
	t.Parallel()
	page := read(t, "scenario.md")
	var schema map[string]any
	if err := json.Unmarshal(scenario.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	leaves, inner := map[string][]string{}, map[string]bool{}
	defs := schema["$defs"].(map[string]any)
	schema["properties"].(map[string]any)["data"] = defs["data"] // what recurs is described where it stands first
	schema["properties"].(map[string]any)["task"] = defs["task"]
	schema["properties"].(map[string]any)["lifecycle"] = defs["lifecycle"]
	properties(schema, "", leaves, inner)
	properties(defs["quantity"].(map[string]any)["oneOf"].([]any)[1].(map[string]any), "quantity", leaves, inner)
	for _, alternative := range defs["amount"].(map[string]any)["oneOf"].([]any) {
		properties(alternative.(map[string]any), "amount", leaves, inner)
	}
	delete(leaves, "amount")
	properties(defs["rubric"].(map[string]any), "rubric", leaves, inner)
	if len(leaves) < 60 {
		t.Fatalf("the schema has only %d fields", len(leaves))
	}
	for path, allowed := range leaves {
		if !strings.Contains(page, "`"+path+"`") {
			t.Errorf("docs/scenario.md does not say what %s means", path)
		}
		for _, v := range allowed {
			if !strings.Contains(page, "`"+v+"`") {
				t.Errorf("docs/scenario.md does not mention %s of %s", v, path)
			}
		}
	}
	for _, lang := range []string{"zh", "en"} {
		if !strings.Contains(page, "`text."+lang+"`") {
			t.Errorf("docs/scenario.md does not mention text.%s", lang)
		}
	}
	for _, path := range documented(page) {
		if _, leaf := leaves[path]; !leaf && !inner[path] {
			t.Errorf("docs/scenario.md describes %s, which the schema does not have", path)
		}
	}
}

// properties gathers the paths of a schema: leaves with the values that they
// allow, if these are listed, and what stands between.
func properties(s map[string]any, path string, leaves map[string][]string, inner map[string]bool) {
	if one, ok := s["oneOf"].([]any); ok && s["properties"] == nil {
		s = one[0].(map[string]any)
	}
	join := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	if items, ok := s["items"].(map[string]any); ok && items["properties"] != nil {
		inner[path] = true
		properties(items, path+"[]", leaves, inner)
		return
	}
	props, _ := s["properties"].(map[string]any)
	for name, p := range props {
		properties(p.(map[string]any), join(name), leaves, inner)
	}
	if each, ok := s["additionalProperties"].(map[string]any); ok && each["properties"] != nil {
		inner[path] = true
		properties(each, join("NAME"), leaves, inner)
		return
	}
	if len(props) > 0 {
		inner[path] = true
		return
	}
	var allowed []string
	if values, ok := s["enum"].([]any); ok {
		for _, v := range values {
			allowed = append(allowed, v.(string))
		}
	}
	leaves[path] = allowed
}

// TestReportReference holds docs/report.md to the JSON report, both ways.
func TestReportReference(t *testing.T) {
	t.Parallel()
	recurring := map[reflect.Type]string{
		reflect.TypeFor[text.Text](): "text", reflect.TypeFor[evidence.Estimate](): "estimate", reflect.TypeFor[poc.Score](): "score",
		reflect.TypeFor[grade.Share](): "share", reflect.TypeFor[roi.Range](): "range", reflect.TypeFor[roi.Plan](): "plan",
		reflect.TypeFor[poc.Cost](): "cost", reflect.TypeFor[poc.CoveragePoint](): "coverage", reflect.TypeFor[grade.RoutePoint](): "route point",
		reflect.TypeFor[roi.Rate](): "rate", reflect.TypeFor[roi.PaybackResult](): "payback", reflect.TypeFor[scenario.Quantity](): "quantity",
		reflect.TypeFor[boundary.Cell](): "cell", reflect.TypeFor[judge.Rate](): "judge rate", reflect.TypeFor[stats.Agreement](): "kappa",
		reflect.TypeFor[stats.Interval](): "interval", reflect.TypeFor[stats.Count](): "count", reflect.TypeFor[probe.Harm](): "harm", reflect.TypeFor[raters.Agreement](): "agreement of raters",
	}
	names := map[string]bool{}
	jsonNames(reflect.TypeFor[report.Report](), "", recurring, names)
	for typ, name := range recurring {
		jsonNames(typ, name, recurring, names)
	}
	if len(names) < 100 {
		t.Fatalf("the report has only %d fields", len(names))
	}
	page := read(t, "report.md")
	for name := range names {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/report.md does not say what %s means", name)
		}
	}
	for _, name := range documented(page) {
		if !names[name] {
			t.Errorf("docs/report.md describes %s, which the report does not have", name)
		}
	}
}

// jsonNames gathers the paths that a type has in JSON. A type that recurs is a
// leaf wherever it stands but at the top.
func jsonNames(typ reflect.Type, path string, recurring map[reflect.Type]string, into map[string]bool) {
	top := recurring[typ] == path && path != ""
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time](), recurring[typ] != "" && !top:
		into[path] = true
		return
	case typ.Kind() == reflect.Slice:
		elem := typ.Elem()
		if elem.Kind() == reflect.Struct && elem != reflect.TypeFor[time.Time]() {
			jsonNames(elem, path+"[]", recurring, into)
			return
		}
		// A list of plain values reads well with and without its brackets.
		into[path] = true
		return
	case typ.Kind() != reflect.Struct:
		into[path] = true
		return
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			if recurring[f.Type] == "" {
				jsonNames(f.Type, path, recurring, into)
			}
			continue // of a recurring one the page says that its fields stand beside
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		jsonNames(f.Type, strings.TrimPrefix(path+"."+name, "."), recurring, into)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
)

// TestLinks follows every link inside the project, to its heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for path, page := range all {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			to := path
			if file != "" {
				to = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", path, target)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, target)
			}
		}
	}
}

// anchors are the headings as links name them.
func anchors(page string) []string {
	var out []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, m[1]))
	}
	return out
}

var code = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```|`([^`\n]+)`")

// lines returns what a page prints as code, line by line.
func lines(page string) []string {
	var out []string
	for _, m := range code.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(m[1] + m[2]) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
			out = append(out, strings.TrimPrefix(strings.TrimPrefix(line, "$ "), "./bin/"))
		}
	}
	return out
}

// TestTargetsExist holds every make target that a page prints to the Makefile.
func TestTargetsExist(t *testing.T) {
	t.Parallel()
	makefile := read(t, "../Makefile")
	target := regexp.MustCompile(`^make ([a-z][a-z0-9-]*)`)
	for path, text := range pages(t) {
		if strings.HasSuffix(path, "docs/cli.md") {
			continue // what the program says begins lines with "make" too
		}
		for _, line := range lines(text) {
			if m := target.FindStringSubmatch(line); m != nil && !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no target %s in the Makefile", path, m[1])
			}
		}
	}
}
