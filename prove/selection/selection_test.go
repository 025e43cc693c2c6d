package selection_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/prove/selection"
)

// candidate was right in correct of 1,000 cases. A p95 below 0 is unknown.
func candidate(id string, rung poc.Rung, correct int, p95 float64, cost, class string) poc.CandidateMeasurement {
	c := poc.CandidateMeasurement{ID: id, Rung: rung, Provenance: evidence.Measured,
		Interpretability: poc.Interpretability{Class: class},
		Overall:          poc.Score{Correct: correct, N: 1000, Accuracy: float64(correct) / 1000},
		LatencyMs:        &poc.Latency{N: 1000, P95: p95},
		CostPerTask:      poc.Cost{Amount: cost, Currency: "CNY", Provenance: evidence.Imported}}
	if p95 >= 0 {
		c.LatencyMs.P95High = &p95
	}
	return c
}

func of(cs ...poc.CandidateMeasurement) poc.Measurement { return poc.Measurement{Candidates: cs} }

func row(t *testing.T, r selection.Result, id string) selection.Row {
	t.Helper()
	i := slices.IndexFunc(r.Rows, func(x selection.Row) bool { return x.Candidate == id })
	if i < 0 {
		t.Fatalf("no row %s", id)
	}
	return r.Rows[i]
}

func TestLimits(t *testing.T) {
	t.Parallel()
	m := of(candidate("a", poc.Classic, 950, 40, "0.02", "traceable"))
	for _, c := range []struct {
		name string
		lim  selection.Limits
		want []selection.Broken
	}{
		{"none", selection.Limits{}, []selection.Broken{}},
		{"all kept", selection.Limits{Accuracy: 0.93, LatencyP95Ms: 40, CostPerTask: 0.02, Interpretability: "traceable"}, []selection.Broken{}},
		// 950 of 1,000 is above 0.94, and its lower bound is not.
		{"accuracy", selection.Limits{Accuracy: 0.94}, []selection.Broken{selection.BrokenAccuracy}},
		{"latency", selection.Limits{LatencyP95Ms: 39.9}, []selection.Broken{selection.BrokenLatency}},
		{"cost", selection.Limits{CostPerTask: 0.0199}, []selection.Broken{selection.BrokenCost}},
		{"interpretability", selection.Limits{Interpretability: "transparent"}, []selection.Broken{selection.BrokenInterpretability}},
		{"all broken", selection.Limits{Accuracy: 1, LatencyP95Ms: 1, CostPerTask: .001, Interpretability: "transparent"},
			[]selection.Broken{selection.BrokenAccuracy, selection.BrokenLatency, selection.BrokenCost, selection.BrokenInterpretability}},
	} {
		r := selection.Select(m, c.lim)
		if got := row(t, r, "a"); !slices.Equal(got.Broken, c.want) || !got.Pareto {
			t.Errorf("%s: %+v", c.name, got)
		}
		if (r.Recommended == "a") != (len(c.want) == 0) || r.Reason.En == "" || r.Reason.Zh == "" {
			t.Errorf("%s: recommended %q because %+v", c.name, r.Recommended, r.Reason)
		}
	}
}

func TestAccuracyIsCorrectedForTheNumberOfCandidates(t *testing.T) {
	t.Parallel()
	m := of(candidate("a", poc.Classic, 950, 1, "0", "opaque"), candidate("b", poc.Classic, 900, 1, "0", "opaque"),
		poc.CandidateMeasurement{ID: "human", Rung: poc.Human, Provenance: evidence.Assumed, Overall: poc.Score{Accuracy: .99, Low: .98, High: 1}})
	r := selection.Select(m, selection.Limits{})
	if len(r.Rows) != 2 {
		t.Fatalf("an assumed candidate takes part: %+v", r.Rows)
	}
	if got, want := row(t, r, "a").AccuracyLow, stats.LowerBound(950, 1000, stats.SpendAlpha(0.05, 1)/2); got != want {
		t.Errorf("lower bound %v, want %v", got, want)
	}
	// And for how often the test set was consulted.
	m.Attempt = 3
	if got, want := row(t, selection.Select(m, selection.Limits{}), "a").AccuracyLow, stats.LowerBound(950, 1000, stats.SpendAlpha(0.05, 3)/2); got != want {
		t.Errorf("third attempt: lower bound %v, want %v", got, want)
	}
}

func TestUnknownLatencyBreaksALatencyLimit(t *testing.T) {
	t.Parallel()
	nothing := candidate("nothing", poc.Classic, 950, -1, "0", "opaque")
	nothing.LatencyMs = nil
	r := selection.Select(of(candidate("few", poc.Classic, 950, -1, "0", "opaque"), nothing, candidate("known", poc.Classic, 900, 5, "0", "opaque")),
		selection.Limits{LatencyP95Ms: 1e9})
	for _, id := range []string{"few", "nothing"} {
		if got := row(t, r, id); !slices.Equal(got.Broken, []selection.Broken{selection.BrokenLatency}) {
			t.Errorf("%s: broken %v", id, got.Broken)
		}
	}
	if r.Recommended != "known" {
		t.Errorf("recommended %q", r.Recommended)
	}
	// Without a limit an unknown latency is no obstacle.
	if r := selection.Select(of(nothing), selection.Limits{}); r.Recommended != "nothing" {
		t.Errorf("without a limit: %q", r.Recommended)
	}
}

func TestRecommended(t *testing.T) {
	t.Parallel()
	lim := selection.Limits{Accuracy: .9}
	for _, c := range []struct {
		name, want string
		m          poc.Measurement
	}{
		{"nothing measured", "", of()},
		{"none good enough", "", of(candidate("a", poc.Classic, 900, 1, "0", "opaque"))},
		{"the cheapest that keeps the limits", "b", of(candidate("a", poc.Rules, 500, 1, "0", "transparent"),
			candidate("b", poc.Classic, 950, 1, "0.01", "opaque"), candidate("c", poc.LargeModel, 990, 900, "0.2", "opaque"))},
		{"at the same cost the lower rung", "b", of(candidate("b", poc.Classic, 950, 1, "0.01", "transparent"),
			candidate("c", poc.LargeModel, 990, 900, "0.01", "opaque"))},
		{"dominated", "b", of(candidate("a", poc.Classic, 950, 50, "0.01", "opaque"), candidate("b", poc.Classic, 960, 40, "0.01", "opaque"))},
		{"faster by less than a person notices is no merit", "b", of(candidate("a", poc.Classic, 950, 12, "0.01", "opaque"),
			candidate("b", poc.Classic, 960, 18, "0.01", "opaque"))},
	} {
		if r := selection.Select(c.m, lim); r.Recommended != c.want || r.Rows == nil {
			t.Errorf("%s: %q", c.name, r.Recommended)
		}
	}
}

// A candidate that breaks a latency limit by less than latencies are told
// apart must not push aside one that keeps it.
func TestABrokenCandidateDominatesNoneThatKeepsTheLimits(t *testing.T) {
	t.Parallel()
	r := selection.Select(of(candidate("keeps", poc.Classic, 950, 15, "0.01", "opaque"), candidate("breaks", poc.Classic, 960, 19, "0.01", "opaque")),
		selection.Limits{LatencyP95Ms: 17})
	if r.Recommended != "keeps" || !row(t, r, "keeps").Pareto {
		t.Errorf("recommended %q: %+v", r.Recommended, r.Rows)
	}
}

var genCandidates = rapid.Custom(func(t *rapid.T) poc.Measurement {
	var cs []poc.CandidateMeasurement
	for i := range rapid.IntRange(0, 6).Draw(t, "candidates") {
		cs = append(cs, candidate(strconv.Itoa(i), rapid.SampledFrom([]poc.Rung{poc.Rules, poc.Classic, poc.LargeModel}).Draw(t, "rung"),
			rapid.IntRange(940, 944).Draw(t, "correct"), rapid.Float64Range(-10, 30).Draw(t, "p95"),
			rapid.SampledFrom([]string{"0", "0.01", "0.02"}).Draw(t, "cost"),
			rapid.SampledFrom([]string{"opaque", "traceable", "transparent"}).Draw(t, "class")))
	}
	return of(cs...)
})

var genLimits = rapid.Custom(func(t *rapid.T) selection.Limits {
	return selection.Limits{Accuracy: rapid.Float64Range(.91, .94).Draw(t, "accuracy"), LatencyP95Ms: rapid.Float64Range(0, 30).Draw(t, "latency"),
		CostPerTask: rapid.SampledFrom([]float64{0, .01, .015}).Draw(t, "cost"), Interpretability: rapid.SampledFrom([]string{"", "traceable"}).Draw(t, "class")}
})

// beats reports whether a pushes b off the front when they are alone: the
// public face of dominance.
func beats(a, b poc.CandidateMeasurement, lim selection.Limits) bool {
	r := selection.Select(of(a, b), lim)
	return !r.Rows[1].Pareto
}

func TestDominanceIsAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, lim := genCandidates.Draw(t, "m"), genLimits.Draw(t, "limits")
		// The correction depends on the number of candidates; with pairs it is
		// the same for all.
		for _, a := range m.Candidates {
			if beats(a, a, lim) {
				t.Fatal("a candidate beats itself")
			}
			for _, b := range m.Candidates {
				if !beats(a, b, lim) {
					continue
				}
				if beats(b, a, lim) {
					t.Fatal("two candidates beat each other")
				}
				for _, c := range m.Candidates {
					if beats(b, c, lim) && !beats(a, c, lim) {
						t.Fatalf("%s beats %s beats %s, and the first not the last", a.ID, b.ID, c.ID)
					}
				}
			}
		}
	})
}

func TestSelectionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, lim := genCandidates.Draw(t, "m"), genLimits.Draw(t, "limits")
		r := selection.Select(m, lim)
		kept, front := 0, 0
		for _, x := range r.Rows {
			if x.Pareto {
				front++
			}
			if len(x.Broken) == 0 {
				kept++
			}
			if x.Candidate == r.Recommended && (!x.Pareto || len(x.Broken) > 0) {
				t.Fatalf("recommended what is dominated or out: %+v", x)
			}
		}
		if (len(r.Rows) > 0) != (front > 0) {
			t.Fatal("the front of a finite set is not empty")
		}
		if (r.Recommended != "") != (kept > 0) {
			t.Fatalf("%d keep every limit, recommended %q", kept, r.Recommended)
		}
		for _, x := range r.Rows {
			rec := slices.IndexFunc(r.Rows, func(x selection.Row) bool { return x.Candidate == r.Recommended })
			if x.Pareto && len(x.Broken) == 0 && x.CostPerTask < r.Rows[rec].CostPerTask {
				t.Fatal("a cheaper one would do")
			}
		}
	})
}

func TestStatement(t *testing.T) {
	t.Parallel()
	r := selection.Select(of(candidate("a", poc.Classic, 950, 40, "0.02", "traceable"), candidate("b", poc.Classic, 700, 50, "0", "traceable"),
		candidate("c", poc.LargeModel, 600, 60, "0.5", "opaque")), selection.Limits{Accuracy: .9})
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	st, err := selection.Statement(r, at, at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	p := st.Predicate
	if p.Provenance != evidence.Imported {
		t.Errorf("provenance %s: costs were imported", p.Provenance)
	}
	for name, want := range map[string]any{"candidates": 3, "within_limits": 1, "pareto_front": 2} {
		if p.Metrics[name] != want {
			t.Errorf("%s = %v, want %v", name, p.Metrics[name], want)
		}
	}
	back, err := selection.FromRecord(evidence.Record{Statement: st})
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(r)
	b, errB := json.Marshal(back)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("read back as %s, was %s", b, a)
	}
}
