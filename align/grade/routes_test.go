package grade_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/term"
)

// graded is the evidence of a grading of world's simulated test set, with
// people beside.
func graded(t *testing.T) evidence.Record {
	t.Helper()
	w := world(600, 9, .97, true)
	cases := make([]dataset.Case, len(w.Cases))
	for i := range cases {
		cases[i] = dataset.Case{ID: w.Cases[i], Slice: w.Slices[i]}
	}
	var outcomes []poc.Outcome
	for _, r := range w.Routers {
		o := poc.Outcome{Entrant: poc.Entrant{ID: r.ID, Digest: strings.Repeat(fmt.Sprintf("%x", len(r.ID)), 64), Rung: poc.Classic, Cases: cases,
			Cost: poc.Cost{Amount: fmt.Sprint(r.Cost), Currency: "CNY"}}}
		for i, a := range r.Answers {
			o.Results = append(o.Results, poc.Result{Candidate: r.ID, CaseID: w.Cases[i], Resolution: "x", Confidence: a.Confidence, Correct: a.Correct})
		}
		outcomes = append(outcomes, o)
	}
	// A candidate of another suite, and one that was asked only a part.
	other := poc.Outcome{Entrant: poc.Entrant{ID: "other", Digest: strings.Repeat("0", 64), Rung: poc.Multimodal, Cases: []dataset.Case{{ID: "case-1", Suite: "images", Slice: "none"}}},
		Results: []poc.Result{{Candidate: "other", CaseID: "case-1", Resolution: "x", Correct: true, Confidence: 1}}}
	part := poc.Outcome{Entrant: poc.Entrant{ID: "part", Digest: strings.Repeat("1", 64), Rung: poc.Rules, Cases: cases[:1]},
		Results: []poc.Result{{Candidate: "part", CaseID: cases[0].ID, Resolution: "x", Correct: true, Confidence: 1}}}
	outcomes = append([]poc.Outcome{other, part}, outcomes...)
	m := poc.Measure(len(cases), []string{"easy", "hard", "none"}, outcomes,
		[]poc.Assumption{{ID: "human", Rung: poc.Human, Digest: strings.Repeat("f", 64), Cost: poc.Cost{Amount: "5"}}}, 9)
	in := []grade.Slice{{ID: "easy", Level: scenario.L1, Bar: .9, Requests: 1}, {ID: "hard", Level: scenario.L1, Bar: .999, Requests: 1}, {ID: "none", Level: scenario.L2, Bar: .9, Requests: 1}}
	r, err := grade.WithMatrix(grade.Grade(in, scenario.L1, m, evidence.Imported), m, grade.Matrix{Slices: in})
	if err != nil {
		t.Fatal(err)
	}
	r = grade.WithRouting(r, m, outcomes, .9)
	at := time.Date(2026, 11, 28, 8, 0, 0, 123, time.UTC)
	st, err := grade.Statement(r, at, at)
	if err != nil {
		t.Fatal(err)
	}
	st.Predicate.ID, st.Predicate.Run = "evd_1", "run_1"
	return evidence.Record{Statement: st}
}

func TestExportRoutes(t *testing.T) {
	t.Parallel()
	r, err := grade.Export("bank", graded(t), grade.RoutesValid)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := r.For("easy"); !ok || got.Candidate != "dear" || !got.Proven || got.Low < .9 {
		t.Errorf("easy goes to %+v", got)
	}
	for _, slice := range []string{"hard", "none"} {
		if got, ok := r.For(slice); !ok || got.Candidate != "human" || got.Proven || got.Rung != poc.Human {
			t.Errorf("%s goes to %+v", slice, got)
		}
	}
	if _, ok := r.For("other"); ok {
		t.Error("a slice of no scenario has a route")
	}
	if len(r.Digests) != 3 || r.Policy.Dear != "dear" || r.Evidence != "evd_1" || r.Run != "run_1" {
		t.Errorf("%+v", r)
	}
	if !r.Policy.Asks(false, 1) || r.Policy.Asks(true, 1) || !r.Policy.Asks(true, r.Policy.Threshold-1e-9) || r.Policy.Asks(true, r.Policy.Threshold) {
		t.Errorf("threshold %v", r.Policy.Threshold)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"json": func(b *bytes.Buffer) error { return term.WriteJSON(b, r) }, "yaml": func(b *bytes.Buffer) error { return term.WriteYAML(b, r) }} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		back, err := grade.ParseRoutes(b.Bytes())
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("%s: %v\n%+v\n%+v", name, err, r, back)
		}
		for what, c := range map[string]struct {
			old, new string
			want     error
		}{
			"another threshold": {"threshold", "threshold_", grade.ErrRoutesInvalid},
			"another slice":     {"hard", "herd", grade.ErrRoutesChanged},
			"another scenario":  {"bank", "bonk", grade.ErrRoutesChanged},
			"another schema":    {"routes/v1", "routes/v2", grade.ErrRoutesInvalid},
		} {
			if _, err := grade.ParseRoutes([]byte(strings.Replace(b.String(), c.old, c.new, 1))); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if err := r.Current(r.Created); err != nil {
		t.Error(err)
	}
	if err := r.Current(r.Created.Add(grade.RoutesValid)); !errors.Is(err, grade.ErrRoutesExpired) {
		t.Errorf("at its end: %v", err)
	}
	if again, err := grade.Export("bank", graded(t), grade.RoutesValid); err != nil || again.Digest != r.Digest {
		t.Error("the same evidence gives another table")
	}
}

func TestExportNeedsRouting(t *testing.T) {
	t.Parallel()
	st, err := grade.Statement(grade.Result{Levels: map[scenario.Level]grade.Share{}}, time.Now(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := grade.Export("bank", evidence.Record{Statement: st}, time.Hour); !errors.Is(err, grade.ErrRoutesNone) {
		t.Error(err)
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add([]byte(`{"schema":"landfall.dev/routes/v1","scenario":"a","evidence":"e","run":"r","created":"2026-01-01T00:00:00Z","expires":"2026-01-01T00:00:00Z","slices":[],"digests":{},"digest":"00"}`))
	f.Add([]byte("schema: landfall.dev/routes/v1\nslices: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := grade.ParseRoutes(data); err == nil && (r.Schema != grade.RoutesSchema || len(r.Digest) != 64) {
			t.Errorf("accepted %+v", r)
		}
	})
}
