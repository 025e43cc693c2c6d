package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/scenario"
)

const minimal = `apiVersion: landfall/v1
slug: faq
title: {zh: 问答, en: FAQ}
owner: {name: Lin}
declared: {level: L2}
data:
  class: public
  train: train.csv
  test: [test.csv]
  columns:
    text: {role: input, required: true}
    intent: {role: label, required: true}
targets: {accuracy: 0.9}
candidates:
  - builtin: tfidf
`

func TestParse(t *testing.T) {
	t.Parallel()
	d, err := scenario.Parse("scenario.yaml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if d.Data.Train[0] != "train.csv" || d.Data.Quality.Policy != "method" || d.Slices[0].ID != "all" || d.Bar(d.Slices[0]) != 0.9 {
		t.Errorf("defaults: %+v", d)
	}
}

func TestParseSaysWhereAndWhat(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i, c := range "bcdefgh" {
		prev := string("abcdefg"[i])
		bomb += string(c) + ": &" + string(c) + " [*" + strings.Repeat(prev+",*", 8) + prev + "]\n"
	}
	for _, c := range []struct {
		name, old, new, where, says string
	}{
		{"wrong name", "targets: {accuracy", "targts: {accuracy", "scenario.yaml:13:1", "did you mean targets?"},
		{"wrong nested name", "{accuracy: 0.9}", "{acuracy: 0.9}", "scenario.yaml:13:11", "did you mean accuracy?"},
		{"wrong type", "accuracy: 0.9", "accuracy: high", "scenario.yaml:13:11", "number"},
		{"out of range", "accuracy: 0.9", "accuracy: 90", "scenario.yaml:13:11", "1"},
		{"unknown candidate", "builtin: tfidf", "builtin: tfdif", "scenario.yaml:15:5", "did you mean tfidf?"},
		{"missing", "owner: {name: Lin}\n", "", "scenario.yaml:1:1", "owner"},
		{"not YAML", "owner: {name: Lin}", "owner: {name: Lin", "scenario.yaml:", ""},
		{"twice", "slug: faq", "slug: faq\nslug: qaf", "scenario.yaml:3:1", ""},
		{"leaves the folder", "train: train.csv", "train: ../../etc/passwd", "scenario.yaml:8:", "inside"},
		{"not finite", "accuracy: 0.9", "accuracy: .inf", "scenario.yaml:13:21", "finite"},
		{"faq without documents", "builtin: tfidf", "builtin: faq", "scenario.yaml:15:5", "data.documents"},
		{"bomb", "apiVersion: landfall/v1\n", bomb, "scenario.yaml:", "unfolds"},
		{"rubric answer", "{level: L2}", "{level: L2, rubric: {output: jsn}}", "scenario.yaml:5:32", "did you mean json?"},
		{"rubric question", "{level: L2}", "{level: L2, rubric: {outptu: json}}", "scenario.yaml:5:32", "did you mean output?"},
		{"rubric version", "{level: L2}", "{level: L2, rubric: {version: '9', output: json}}", "scenario.yaml:5:32", "1"},
		{"rubric without an answer", "{level: L2}", "{level: L2, rubric: {}}", "scenario.yaml:5:", "at least 1"},
		{"unknown incumbent", "{accuracy: 0.9}", "{accuracy: 0.9, economics: {benefit_right: 1, cost_wrong: 4, incumbent: tfidff}}", "scenario.yaml:13:", "tfidf"},
		{"margin from nowhere", "{accuracy: 0.9}", "{accuracy: 0.9, economics: {benefit_right: 1, cost_wrong: 4, margin: 0.02}}", "scenario.yaml:13:", "incumbent"},
		{"no benefit", "{accuracy: 0.9}", "{accuracy: 0.9, economics: {benefit_right: 0, cost_wrong: 4}}", "scenario.yaml:13:", "more than 0"},
		{"no input", "role: input", "role: tag", "scenario.yaml:10:3", "input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenario.Parse("scenario.yaml", []byte(strings.Replace(minimal, c.old, c.new, 1)))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); !strings.HasPrefix(got, c.where) || !strings.Contains(got, c.says) {
				t.Errorf("got %q\nwant %q … %q", got, c.where, c.says)
			}
		})
	}
}

// An application is called below its endpoint's address, whose key was given
// for nothing else.
func TestPathStaysBelowTheEndpoint(t *testing.T) {
	t.Parallel()
	for path, stays := range map[string]bool{"": true, "/": true, "/v1/chat-messages": true, "/v1/ask?mode=a..b/../c": true, "/a.b/c%20d": true,
		"/../organization/admin_api_keys": false, "/v1/../../files": false, "/v1/%2e%2e/files": false, "/v1/%252e%252e/files": false, "/./x": false,
		"/v1/..;/files": false, "/v1/..%2ffiles": false, `/v1\..\files`: false, "//evil.example/x": false, "/%zz": false} {
		line := ""
		if path != "" {
			line = ", path: '" + path + "'"
		}
		doc := strings.Replace(minimal, "  - builtin: tfidf\n", "  - builtin: tfidf\n  - http: {id: app, endpoint: app, rung: large-model, request: request.tmpl, answer: /answer"+line+"}\n", 1) +
			"endpoints:\n  app: {base_url: \"https://app.example.com/v1\", allows: [public]}\n"
		_, err := scenario.Parse("scenario.yaml", []byte(doc))
		if stays && err != nil || !stays && (err == nil || !strings.Contains(err.Error(), "leads out of the endpoint")) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestParseReportsEveryProblem(t *testing.T) {
	t.Parallel()
	src := strings.Replace(strings.Replace(minimal, "slug: faq", "slug: FAQ", 1), "class: public", "class: secret", 1)
	_, err := scenario.Parse("scenario.yaml", []byte(src))
	var ps scenario.Problems
	if !errors.As(err, &ps) || len(ps) != 2 {
		t.Fatalf("want two problems, got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? {a: b}\n: c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := scenario.Parse("scenario.yaml", data)
		if err == nil && d.Slug == "" {
			t.Error("accepted without a slug")
		}
	})
}

func TestDeclaredForASlice(t *testing.T) {
	t.Parallel()
	src := strings.Replace(minimal, "{level: L2}", "{level: L2, rubric: {output: json, by: Lin}}", 1) +
		"slices:\n  - {id: a, level: L1}\n  - {id: b, level: L3, declared: {level: L3, reason: scans, rubric: {input: media}}}\n  - {id: c, level: L1, declared: {rubric: {output: text}}}\n"
	src = strings.Replace(src, "    intent:", "    group: {role: slice}\n    intent:", 1)
	d, err := scenario.Parse("scenario.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		level         scenario.Level
		input, output string
	}{{scenario.L2, "", "json"}, {scenario.L3, "media", ""}, {scenario.L2, "", "text"}} {
		got := d.DeclaredFor(d.Slices[i])
		if got.Level != want.level || got.Rubric.Input != want.input || got.Rubric.Output != want.output || got.Rubric.Version != scenario.RubricVersion {
			t.Errorf("%s: %+v %+v", d.Slices[i].ID, got, got.Rubric)
		}
	}
}

// What was judged by one bar or one set of answers is no evidence about
// another; who answered changes nothing, and neither does a document that has
// no answers.
func TestRubricAndEconomicsBindTargets(t *testing.T) {
	t.Parallel()
	targets := func(src string) string {
		t.Helper()
		d, err := scenario.Parse("scenario.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Bind(map[string]string{"cases": "d"}, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		return b[scenario.RoleTargets][scenario.RoleTargets]
	}
	with := func(old, new string) string { return targets(strings.Replace(minimal, old, new, 1)) }
	answered := with("{level: L2}", "{level: L2, rubric: {output: json, by: Lin}}")
	if answered == targets(minimal) || answered == with("{level: L2}", "{level: L2, rubric: {output: text, by: Lin}}") {
		t.Error("answers bind nothing")
	}
	if answered != with("{level: L2}", "{level: L2, rubric: {output: json, by: Wu}}") {
		t.Error("who answered binds")
	}
	if targets(minimal) == with("{accuracy: 0.9}", "{accuracy: 0.9, economics: {benefit_right: 1, cost_wrong: 4}}") {
		t.Error("economics bind nothing")
	}
}
