//go:build e2e

package e2e

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCLINC150 takes 22,500 queries in 150 intents, with 1,000 queries of no
// intent among the test cases (Larson et al. 2019, EMNLP), to their verdict.
// The paper's finding must come out as one: within the scope small models
// suffice, and outside it they do not know that they do not know, as they have
// seen a hundredth of it.
func TestCLINC150(t *testing.T) {
	var sets map[string][][2]string
	raw := public(t, "clinc150/data_full.json")
	if err := json.Unmarshal(raw, &sets); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rows := func(names ...string) [][]string {
		var out [][]string
		for _, name := range names {
			for _, x := range sets[name] {
				scope := "in"
				if strings.HasPrefix(name, "oos") {
					scope = "out"
				}
				out = append(out, []string{x[0], x[1], scope})
			}
		}
		return out
	}
	writeCSV(t, filepath.Join(dir, "train.csv"), []string{"text", "intent", "scope"}, rows("train", "val", "oos_train", "oos_val"))
	test := rows("test", "oos_test")
	if len(test) != 5500 {
		t.Fatalf("%d test cases, the paper has 4,500 and 1,000", len(test))
	}
	writeCSV(t, filepath.Join(dir, "test.csv"), []string{"text", "intent", "scope"}, test)
	writeFile(t, filepath.Join(dir, "scenario.yaml"), `apiVersion: landfall/v1
slug: clinc150
title: {en: Requests to an assistant, zh: 助手请求}
owner: {name: Test, team: tests}
declared: {level: L1, reason: {en: Stated for a test., zh: 测试设定。}}
data:
  class: public
  train: train.csv
  test: test.csv
  columns:
    text: {role: input, required: true}
    intent: {role: label, required: true}
    scope: {role: slice, required: true}
  quality: {policy: many-classes, min_per_class: 30, min_relative: 0.2}
slices:
  - {id: in, level: L1, title: {en: In scope, zh: 范围内}}
  - {id: out, level: L1, title: {en: Out of scope, zh: 范围外}}
targets: {accuracy: 0.9}
candidates:
  - builtin: keywords
  - builtin: bm25
  - builtin: tfidf
run: {seed: 7}
`)
	r := landfall(t, filepath.Join(t.TempDir(), "home"), 10, "run", dir, "-o", "json") // what lies out of scope drags all candidates below the bar
	t.Logf("%.1f s of processor time, peak %d MiB", r.seconds, r.maxRSS/1024)
	verdicts := graded(t, r.out)
	if v := verdicts["in"]; v.Outcome != "pass" || v.Cheapest != "tfidf" {
		t.Errorf("in scope: %+v", v)
	}
	if v := verdicts["out"]; v.Outcome != "fail" {
		t.Errorf("out of scope: %+v", v)
	}
}

// TestCrossWOZ takes 4,215 turns of Chinese travellers (Zhu et al. 2020, TACL)
// to their verdict: which domains and acts each turn holds. Turns of one
// dialogue stay on one side and count as one cluster.
func TestCrossWOZ(t *testing.T) {
	s := bufio.NewScanner(strings.NewReader(string(public(t, "crosswoz/crosswoz_test_user_intents.jsonl"))))
	var train, test [][]string
	count := map[string]int{}
	type turn struct{ ID, Text, Label string }
	var turns []turn
	for s.Scan() {
		var x turn
		if err := json.Unmarshal(s.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		turns = append(turns, x)
		count[x.Label]++
	}
	for _, x := range turns {
		if count[x.Label] < 100 { // 15 of the rarer combinations would have no case to learn from
			continue
		}
		dialogue, _, _ := strings.Cut(x.ID, "-")
		row := []string{x.Text, x.Label, dialogue}
		if dialogue[len(dialogue)-1]%2 == 0 {
			train = append(train, row)
		} else {
			test = append(test, row)
		}
	}
	dir := t.TempDir()
	head := []string{"text", "label", "dialogue"}
	writeCSV(t, filepath.Join(dir, "train.csv"), head, train)
	writeCSV(t, filepath.Join(dir, "test.csv"), head, test)
	writeFile(t, filepath.Join(dir, "scenario.yaml"), `apiVersion: landfall/v1
slug: crosswoz
title: {en: Travellers' turns, zh: 旅行对话}
owner: {name: Test, team: tests}
declared: {level: L1, reason: {en: Stated for a test., zh: 测试设定。}}
data:
  class: public
  train: train.csv
  test: test.csv
  columns:
    text: {role: input, required: true}
    label: {role: label, required: true}
    dialogue: {role: cluster}
  quality: {policy: many-classes, min_per_class: 30, min_relative: 0.2}
targets: {accuracy: 0.8}
candidates:
  - builtin: majority
  - builtin: bm25
  - builtin: tfidf
run: {seed: 7}
`)
	r := landfall(t, filepath.Join(t.TempDir(), "home"), 11, "run", dir, "-o", "json", "--lang", "zh")
	t.Logf("%d training, %d test turns; %.1f s of processor time, peak %d MiB", len(train), len(test), r.seconds, r.maxRSS/1024)
	if v := graded(t, r.out)["all"]; v.Outcome != "pass" || v.Cheapest != "tfidf" {
		t.Errorf("%+v", v)
	}
}

type gradedSlice struct{ Slice, Outcome, Cheapest string }

// graded returns the verdict of each slice and logs what every candidate got.
func graded(t *testing.T, report string) map[string]gradedSlice {
	t.Helper()
	var r struct {
		Grade struct{ Slices []gradedSlice }
		POC   struct {
			Candidates []struct {
				ID       string
				Overall  struct{ Accuracy float64 }
				Surest80 struct{ Accuracy, Coverage float64 } `json:"surest_80"`
				Slices   []struct {
					Slice               string
					Accuracy, Low, High float64
					Clusters            int
				}
			}
		}
	}
	decode(t, report, &r)
	for _, c := range r.POC.Candidates {
		t.Logf("%s: %.4f, surest %.1f %%: %.4f, %+v", c.ID, c.Overall.Accuracy, 100*c.Surest80.Coverage, c.Surest80.Accuracy, c.Slices)
	}
	out := map[string]gradedSlice{}
	for _, s := range r.Grade.Slices {
		t.Logf("%+v", s)
		out[s.Slice] = s
	}
	return out
}

// public reads a file of the public data sets.
func public(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(os.Getenv("LANDFALL_DATA_DIR"), filepath.FromSlash(name)))
	if err != nil {
		missing(t, fmt.Sprintf("%s is not under LANDFALL_DATA_DIR", name))
	}
	return raw
}

func writeCSV(t *testing.T, path string, head []string, rows [][]string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	if err := w.Write(head); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
