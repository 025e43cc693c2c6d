package boundary_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
)

// ofRun is a run of two suites: texts, on which one candidate fails at the
// long ones, and decisions, which a constant and a detector answer.
func ofRun() []poc.Outcome {
	able := poc.Outcome{Entrant: poc.Entrant{ID: "able"}}
	for i := range 400 {
		input := "short text"
		if i%4 == 0 {
			input = "a text of many more words than all the others have in them"
		}
		c := dataset.Case{ID: fmt.Sprint("t", i), Suite: "cases", Slice: []string{"a", "b"}[i/200], Input: input, Resolution: fmt.Sprint("r", i%3)}
		r := poc.Result{Resolution: c.Resolution, Correct: true, Confidence: 0.9}
		if i%4 == 0 && i%3 != 0 {
			r = poc.Result{Resolution: "something else", Confidence: 0.4}
		}
		able.Entrant.Cases, able.Results = append(able.Entrant.Cases, c), append(able.Results, r)
	}
	always, detector := poc.Outcome{Entrant: poc.Entrant{ID: "always"}}, poc.Outcome{Entrant: poc.Entrant{ID: "detector"}}
	for i := range 100 {
		truth := []string{"ok", "found"}[i%2]
		c := dataset.Case{ID: fmt.Sprint("d", i), Suite: "decide", Slice: "decide", Resolution: truth}
		always.Entrant.Cases, detector.Entrant.Cases = append(always.Entrant.Cases, c), append(detector.Entrant.Cases, c)
		always.Results = append(always.Results, poc.Result{Resolution: "found", Correct: truth == "found", Confidence: 0.5})
		given := truth
		if i < 10 { // five of each kind
			given = []string{"found", "ok"}[i%2]
		}
		detector.Results = append(detector.Results, poc.Result{Resolution: given, Correct: given == truth, Confidence: 0.6 + float64(i)/1000})
	}
	return []poc.Outcome{able, always, detector}
}

func TestOfRun(t *testing.T) {
	t.Parallel()
	in := []boundary.SuiteInput{{ID: "cases", Known: map[string]bool{"r0": true, "r1": true, "r2": true}},
		{ID: "decide", Known: map[string]bool{"ok": true, "found": true}, Costs: &boundary.Costs{Positive: "found", Miss: 10, False: 1}},
		{ID: "nobody"}}
	r, err := boundary.OfRun(ofRun(), in, "able", boundary.SearchOptions{})
	if err != nil || len(r.Suites) != 2 || r.Suites[0].Focus != "able" || r.Suites[1].Focus != "detector" {
		t.Fatalf("%+v, %v", r, err)
	}
	able, _ := r.Suites[0].Candidate("able")
	if n := len(able.Weak.Rules); n == 0 || able.Weak.Rules[0].N != 100 {
		t.Errorf("the long texts were not found: %+v", able.Weak)
	}
	if m := able.Confusion.Matrix; m == nil || m.Counts[0][0] != 134 || m.Other[0] != 0 || m.Other[1]+m.Other[2] != able.Confusion.Wrong {
		t.Errorf("%+v", able.Confusion)
	}
	for _, p := range able.Confusion.Pairs {
		if p.Given != boundary.Others {
			t.Errorf("what a candidate wrote is in evidence: %+v", p)
		}
	}
	d, _ := r.Suites[1].Candidate("detector")
	if x := d.Decision; x == nil || x.MissRate.Correct != 5 || x.MissRate.N != 50 || x.FalseRate.Correct != 5 || x.Cost != 0.55 || x.CostAtBest > x.Cost {
		t.Errorf("%+v", x)
	}
	st, err := boundary.Statement(r, time.Unix(1, 0), time.Unix(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got := st.Predicate.Metrics["weak_slices"]; got != len(able.Weak.Rules)+len(d.Weak.Rules) {
		t.Errorf("%v weak slices", got)
	}
	back, err := boundary.FromRecord(evidence.Record{Statement: st})
	if err != nil || len(back.Suites) != 2 || back.Suites[1].Candidates[1].Decision.Cost != 0.55 {
		t.Errorf("read back: %+v, %v", back, err)
	}
	kinds := map[boundary.AxisKind]int{}
	for _, row := range r.Rows() {
		kinds[row.Kind]++
	}
	if kinds[boundary.Weak] == 0 || kinds[boundary.BySlice] == 0 || kinds[boundary.ByLength] == 0 {
		t.Errorf("%v", kinds)
	}
}
