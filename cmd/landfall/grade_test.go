package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/examples"
)

// landfall runs a command line and returns its exit code and output.
func landfall(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	in, out, errs := open("in"), open("out"), open("err")
	code = execute(t.Context(), args, in, out, errs)
	text := func(f *os.File) string {
		raw, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	return code, text(out), text(errs)
}

const answered = `apiVersion: landfall/v1
slug: forms
title: {zh: 表单, en: Forms}
owner: {name: Lin}
declared: {level: L1, rubric: {input: text, output: json, risk: high}}
data: {class: public, train: train.csv, test: test.csv, columns: {text: {role: input}, label: {role: label}, group: {role: slice}}}
slices:
  - {id: plain, level: L1}
  - {id: scans, level: L3, declared: {level: L3, rubric: {input: media}}}
targets: {accuracy: 0.9}
candidates: [{builtin: tfidf}]
`

func TestGradeRubric(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(answered), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--lang", "en"}, []string{"▸ json", "← scenario", "← scans", "scenario: declared L1; the answers ask for L2 (output=json); open: autonomy, knowledge", "scans: declared L3; the answers ask for L3 (input=media)"}},
		{[]string{"--lang", "zh"}, []string{"场景：申报 L1；答案对应 L2 (output=json)；未答：autonomy, knowledge", "← scans"}},
		{[]string{"-o", "json"}, []string{`"version": "1"`, `"slice": "scans"`, `"drivers"`, `"floor": "L3"`}},
	} {
		code, out, errs := landfall(t, append([]string{"grade", "rubric", dir}, c.args...)...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", c.args, code, errs)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%v: no %q in\n%s", c.args, w, out)
			}
		}
	}
	if code, _, errs := landfall(t, "grade", "rubric", t.TempDir(), "--lang", "en"); code != 3 || !strings.Contains(errs, "scenario.no_document") {
		t.Errorf("without a scenario: exit %d: %s", code, errs)
	}
}

func TestGradeMatrixOfAnEmptyHome(t *testing.T) {
	t.Parallel()
	home, page := t.TempDir(), filepath.Join(t.TempDir(), "matrix.html")
	if code, out, errs := landfall(t, "grade", "matrix", "--home", home, "--lang", "en", "-O", page); code != 0 || !strings.Contains(out, "no scenario yet") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if raw, err := os.ReadFile(page); err != nil || !strings.Contains(string(raw), "no scenario yet") {
		t.Errorf("the page: %v\n%s", err, raw)
	}
	if code, out, errs := landfall(t, "grade", "matrix", "--home", home, "-o", "csv"); code != 0 || !strings.HasPrefix(out, "rank,scenario,tier") {
		t.Errorf("csv: exit %d: %s%s", code, out, errs)
	}
	if code, out, errs := landfall(t, "grade", "matrix", "--home", home, "-o", "json"); code != 0 || !strings.Contains(out, `"rows": []`) {
		t.Errorf("json: exit %d: %s%s", code, out, errs)
	}
}

func TestGradePlan(t *testing.T) {
	t.Parallel()
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "bank")
	if err := app.CopyExample(examples.BankSupport, dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"--lang", "en", "--margin", "0.03"}, 0, []string{"attempt 1", "28 tests", "Cheque images", "821 cases"}},
		{[]string{"--lang", "zh"}, 0, []string{"第 1 次尝试", "支票影像", "还差"}},
		{[]string{"-o", "json", "--if", "0.95"}, 0, []string{`"alpha_used"`, `"true": 0.95`}},
		{[]string{"--if", "2"}, 2, []string{"grade.plan", "--if 2"}},
		{[]string{"--margin", "0"}, 2, []string{"grade.plan", "--margin 0"}},
	} {
		code, out, errs := landfall(t, append([]string{"grade", "plan", dir, "--home", home}, c.args...)...)
		if code != c.code {
			t.Errorf("%v: exit %d: %s", c.args, code, errs)
		}
		for _, w := range c.want {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%v: no %q in\n%s%s", c.args, w, out, errs)
			}
		}
	}
}
