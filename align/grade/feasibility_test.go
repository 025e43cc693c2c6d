package grade_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// facts is a scenario of which one slice of L1 was measured, with correct of
// 200 at a bar of 0.90, and one of L2 was not.
func facts(t *testing.T, slug string, correct int, value float64, x grade.Matrix, change ...func(*grade.Facts)) grade.Facts {
	t.Helper()
	m := measured([]int{200}, seen{"a", "0.01", poc.Classic, []int{correct}})
	high := 80.0
	m.Candidates[0].LatencyMs = &poc.Latency{N: 200, P50: 20, P95: 60, P95High: &high}
	in := []grade.Slice{{ID: "s0", Title: text.Text{En: "one", Zh: "一"}, Level: scenario.L1, Bar: .9, Requests: 80}, {ID: "s1", Level: scenario.L2, Bar: .9, Requests: 20}}
	x.Slices = in
	r, err := grade.WithMatrix(grade.Grade(in, scenario.L1, m, evidence.Imported), m, x)
	if err != nil {
		t.Fatal(err)
	}
	f := grade.Facts{Slug: slug, Grade: &r, POC: &m, Grading: grade.Source{ID: "ev_g"}, DataPassed: 2, DataRules: 2, Data: grade.Source{ID: "ev_q"},
		Money: &grade.Money{Currency: "CNY", AtStake: evidence.Estimate{Value: value, Low: value / 2, High: value * 2}, Basis: evidence.Imported, Source: grade.Source{ID: "ev_r"}}}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestFeasibilityCells(t *testing.T) {
	t.Parallel()
	limits := grade.Matrix{LatencyP95Ms: 100, CostPerTask: .05}
	row := func(correct int, x grade.Matrix, change ...func(*grade.Facts)) grade.FeasibilityRow {
		return grade.Compare([]grade.Facts{facts(t, "a", correct, 1e6, x, change...)}).Rows[0]
	}
	r := row(195, limits)
	if r.Tier != grade.Ready || r.L1.Verdict != grade.Pass || *r.L1.Figure != 1 || r.L1.Evidence != "ev_g" || r.L2.Verdict != grade.NotMeasured || r.L2.Figure != nil || r.L3.Figure != nil {
		t.Errorf("levels: %+v", r)
	}
	if r.Data.Verdict != grade.Pass || r.Latency.Verdict != grade.Pass || *r.Latency.Figure != 60 || *r.Latency.High != 80 || r.Cost.Verdict != grade.Pass || *r.Cost.Figure != 10 {
		t.Errorf("cells: %+v", r)
	}
	// 5 of 200 wrong are 25 in 1,000; the bound allows more. Nobody said what
	// a wrong answer does.
	if math.Abs(*r.Risk.Figure-25) > 1e-9 || *r.Risk.High <= 25 || *r.Risk.High > 100 || r.Risk.Verdict != grade.NoLimit {
		t.Errorf("risk: %+v", r.Risk)
	}
	if math.Abs(r.Worth-1e6*r.Proven.Low) > 1e-3 || r.Proven.Low <= .6 {
		t.Errorf("worth %v of %+v", r.Worth, r.Proven)
	}
	for name, c := range map[string]struct {
		row  grade.FeasibilityRow
		tier grade.Tier
	}{
		"without limits":           {row(195, grade.Matrix{}), grade.Ready},
		"too few cases":            {row(185, limits), grade.Open},
		"a failing slice":          {row(100, limits), grade.Open}, // the other one is open
		"bad data":                 {row(195, limits, func(f *grade.Facts) { f.DataPassed = 1 }), grade.Blocked},
		"no data gate":             {row(195, limits, func(f *grade.Facts) { f.DataRules = 0 }), grade.Open},
		"too dear":                 {row(195, grade.Matrix{CostPerTask: .005}), grade.Blocked},
		"far too slow":             {row(195, grade.Matrix{LatencyP95Ms: 10}), grade.Blocked},
		"perhaps too slow":         {row(195, grade.Matrix{LatencyP95Ms: 70}), grade.Open},
		"stale":                    {row(195, limits, func(f *grade.Facts) { f.Grading.Stale = true }), grade.Open},
		"nothing measured":         {row(195, limits, func(f *grade.Facts) { f.Grade, f.POC = nil, nil }), grade.Unknown},
		"latency without interval": {row(195, limits, func(f *grade.Facts) { f.POC.Candidates[0].LatencyMs.P95High = nil }), grade.Open},
	} {
		if c.row.Tier != c.tier {
			t.Errorf("%s: %s, %+v", name, c.row.Tier, c.row)
		}
	}
	if s := row(195, limits, func(f *grade.Facts) { f.Grading.Stale = true }); s.L1.Verdict != grade.Stale || s.L1.Figure == nil || s.Worth != 0 {
		t.Errorf("stale: %+v", s)
	}
	if b := row(100, limits); b.L1.Verdict != grade.Fail || *b.L1.Figure != 0 || b.Worth != 0 || b.Cost.Figure != nil || b.Risk.Figure != nil {
		t.Errorf("failing: %+v", b)
	}
}

func TestHarmWithoutReviewIsNotCovered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    scenario.Rubric
		want grade.Outcome
	}{
		{scenario.Rubric{Risk: "low"}, grade.Pass}, {scenario.Rubric{Risk: "high", Autonomy: "drafts"}, grade.Pass},
		{scenario.Rubric{Risk: "high", Autonomy: "acts"}, grade.Insufficient}, {scenario.Rubric{Autonomy: "acts"}, grade.NoLimit},
	} {
		m := measured([]int{200}, seen{"a", "0.01", poc.Classic, []int{199}})
		in := slicesAt(.9, 10)
		in[0].Rubric = &c.r
		r, err := grade.WithMatrix(grade.Grade(in, scenario.L1, m, evidence.Imported), m, grade.Matrix{Slices: in})
		if err != nil {
			t.Fatal(err)
		}
		if got := grade.Compare([]grade.Facts{{Slug: "a", Grade: &r, POC: &m}}).Rows[0].Risk.Verdict; got != c.want {
			t.Errorf("%+v: %s", c.r, got)
		}
	}
}

// Every gap is named in words without a trace of how they were made.
func TestFeasibilityMissing(t *testing.T) {
	t.Parallel()
	all := grade.Compare([]grade.Facts{facts(t, "a", 185, 1, grade.Matrix{}), facts(t, "b", 100, 1, grade.Matrix{}), {Slug: "c"},
		facts(t, "d", 195, 1, grade.Matrix{}, func(f *grade.Facts) { f.DataPassed, f.Money = 1, nil })})
	want := map[string][]string{"a": {"more test cases", "“s1”", "rubric", "latency_p95_ms"}, "b": {"stronger candidate; the closest is a"},
		"c": {"run it", "quality was not measured", "money at stake"}, "d": {"1 of 2 data-quality rules", "money at stake"}}
	for _, r := range all.Rows {
		var en []string
		for _, m := range r.Missing {
			en = append(en, m.En)
			if m.Zh == "" || strings.Contains(m.En+m.Zh, "%!") {
				t.Errorf("%s: %+v", r.Scenario, m)
			}
		}
		for _, w := range want[r.Scenario] {
			if !strings.Contains(strings.Join(en, "\n"), w) {
				t.Errorf("%s does not miss %q: %v", r.Scenario, w, en)
			}
		}
	}
}

func TestFeasibilityOrder(t *testing.T) {
	t.Parallel()
	blocked := func(f *grade.Facts) { f.DataPassed = 0 }
	dollars := func(f *grade.Facts) { f.Money.Currency = "USD" }
	m := grade.Compare([]grade.Facts{{Slug: "z"}, facts(t, "rich-blocked", 195, 1e9, grade.Matrix{}, blocked), facts(t, "small", 195, 1e5, grade.Matrix{}),
		facts(t, "large", 195, 1e6, grade.Matrix{}), facts(t, "abroad", 195, 1e9, grade.Matrix{}, dollars), facts(t, "open", 185, 1e9, grade.Matrix{})})
	var order []string
	for i, r := range m.Rows {
		order = append(order, r.Scenario)
		if r.Rank != i+1 {
			t.Errorf("rank %d at %d", r.Rank, i)
		}
		if (r.KeepsFrom != nil) != (r.Scenario == "large") { // only these two compare by worth
			t.Errorf("%s: %v", r.Scenario, r.KeepsFrom)
		}
	}
	if got := strings.Join(order, " "); got != "large small abroad open rich-blocked z" {
		t.Errorf("order %s", got)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

// Between the stated weights, and only there, the weighted geometric mean
// keeps the order.
func TestFeasibilityWeights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		one := func(slug string) grade.Facts {
			share := rapid.Float64Range(.01, 1).Draw(rt, slug+" share")
			return facts(t, slug, 195, math.Exp(rapid.Float64Range(0, 20).Draw(rt, slug+" value")), grade.Matrix{}, func(f *grade.Facts) {
				f.Grade.Proven = grade.Share{Value: share, Low: share, High: share}
			})
		}
		m := grade.Compare([]grade.Facts{one("a"), one("b")})
		a, b := m.Rows[0], m.Rows[1]
		if a.KeepsFrom == nil || *a.KeepsFrom > .5+1e-9 || *a.KeepsTo < .5-1e-9 || m.KeepsFrom != *a.KeepsFrom || m.KeepsTo != *a.KeepsTo {
			rt.Fatalf("%v to %v", a.KeepsFrom, a.KeepsTo)
		}
		for i := range 101 {
			w := float64(i) / 100
			lead := w*math.Log(*a.Value.Figure / *b.Value.Figure) + (1-w)*math.Log(a.Proven.Low/b.Proven.Low)
			if within := w >= *a.KeepsFrom && w <= *a.KeepsTo; within != (lead >= 0) && math.Abs(lead) > 1e-9 {
				rt.Fatalf("weight %v: lead %v, kept from %v to %v", w, lead, *a.KeepsFrom, *a.KeepsTo)
			}
		}
	})
}
