package grade_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
)

// seen is what a candidate did on each slice; n is 0 where it has no cases.
type seen struct {
	id, cost string
	rung     poc.Rung
	correct  []int
}

// measured puts n[i] cases on slice s0, s1, …
func measured(n []int, cs ...seen) poc.Measurement {
	var m poc.Measurement
	for _, c := range cs {
		x := poc.CandidateMeasurement{ID: c.id, Rung: c.rung, Provenance: evidence.Measured, CostPerTask: poc.Cost{Amount: c.cost, Currency: "CNY"}}
		for i, k := range c.correct {
			if n[i] > 0 {
				x.Slices = append(x.Slices, poc.SliceScore{Slice: fmt.Sprint("s", i), Score: poc.Score{Correct: k, N: n[i], Accuracy: float64(k) / float64(n[i])}})
			}
		}
		m.Candidates = append(m.Candidates, x)
	}
	return m
}

func slicesAt(bar float64, requests ...int) []grade.Slice {
	out := make([]grade.Slice, len(requests))
	for i, r := range requests {
		out[i] = grade.Slice{ID: fmt.Sprint("s", i), Level: scenario.L1, Bar: bar, Requests: r}
	}
	return out
}

func one(t *testing.T, n int, bar float64, cs ...seen) grade.Verdict {
	t.Helper()
	r := grade.Grade(slicesAt(bar, 100), scenario.L3, measured([]int{n}, cs...), evidence.Imported)
	if len(r.Slices) != 1 {
		t.Fatalf("%d verdicts", len(r.Slices))
	}
	return r.Slices[0]
}

// Exact figures of the binomial distribution: of 100 cases, 96 right are the
// least whose bound at the first attempt's 0.0304 reaches 0.90
// (P[X ≥ 96 | 0.9] = 0.0237, P[X ≥ 95 | 0.9] = 0.0576), and 83 the most whose
// upper bound stays below it (P[X ≤ 83 | 0.9] = 0.0206, P[X ≤ 84 | 0.9] = 0.0399).
func TestOneCandidateAtTheBoundary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		correct int
		outcome grade.Outcome
		why     grade.Why
	}{
		{100, grade.Pass, grade.WhyProven},
		{96, grade.Pass, grade.WhyProven},
		{95, grade.Insufficient, grade.WhyMoreCases},
		{91, grade.Insufficient, grade.WhyMoreCases},
		{90, grade.Insufficient, grade.WhyNotClose},
		{84, grade.Insufficient, grade.WhyNotClose},
		{83, grade.Fail, grade.WhyBelow},
		{0, grade.Fail, grade.WhyBelow},
	} {
		v := one(t, 100, .9, seen{"a", "0", poc.Classic, []int{c.correct}})
		if v.Outcome != c.outcome || v.Why != c.why || v.Tests[0].Outcome != c.outcome || v.Closest != "a" {
			t.Errorf("%d of 100: %s because %s, %+v", c.correct, v.Outcome, v.Why, v.Tests)
		}
		if (v.Cheapest == "a") != (c.outcome == grade.Pass) || (v.Proven == scenario.L1) != (c.outcome == grade.Pass) || (v.More > 0) != (c.why == grade.WhyMoreCases) {
			t.Errorf("%d of 100: %+v", c.correct, v)
		}
		if v.Declared != scenario.L3 || v.Level != scenario.L1 {
			t.Errorf("levels merged: %+v", v)
		}
	}
}

func TestABarOfOneIsNeverProven(t *testing.T) {
	t.Parallel()
	if v := one(t, 50, 1, seen{"a", "0", poc.Classic, []int{50}}); v.Outcome != grade.Insufficient || v.More != 0 {
		t.Errorf("%+v", v)
	}
	if v := one(t, 50, 1, seen{"a", "0", poc.Classic, []int{49}}); v.Outcome != grade.Fail {
		t.Errorf("%+v", v)
	}
}

func TestCheapest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		cs         []seen
	}{
		{"the cheapest that passes", "b", []seen{{"a", "0", poc.Rules, []int{100}}, {"b", "0.01", poc.Classic, []int{195}}, {"c", "0.2", poc.LargeModel, []int{199}}}},
		{"at the same cost the lower rung", "b", []seen{{"b", "0.01", poc.Classic, []int{195}}, {"c", "0.01", poc.LargeModel, []int{199}}}},
		{"price goes before rung", "c", []seen{{"b", "0.02", poc.Classic, []int{195}}, {"c", "0.01", poc.LargeModel, []int{199}}}},
		{"prices are numbers, not strings", "b", []seen{{"b", "9", poc.Classic, []int{195}}, {"c", "10", poc.Classic, []int{199}}}},
		{"none passes", "", []seen{{"a", "0", poc.Rules, []int{100}}, {"b", "0.01", poc.Classic, []int{185}}}},
	} {
		v := one(t, 200, .9, c.cs...)
		if v.Cheapest != c.want {
			t.Errorf("%s: %q", c.name, v.Cheapest)
		}
		if c.want == "" && v.Closest != "b" || c.want != "" && v.Closest != c.want {
			t.Errorf("%s: the closest is %q", c.name, v.Closest)
		}
	}
}

func TestWhatNobodyMeasuredProvesNothing(t *testing.T) {
	t.Parallel()
	m := measured([]int{200}, seen{"a", "0", poc.Rules, []int{100}})
	human := poc.CandidateMeasurement{ID: "human", Rung: poc.Human, Provenance: evidence.Assumed, Overall: poc.Score{Accuracy: 1, Low: 1, High: 1},
		Slices: []poc.SliceScore{{Slice: "s0", Score: poc.Score{Correct: 200, N: 200, Accuracy: 1}}}}
	m.Candidates = append(m.Candidates, human)
	v := grade.Grade(slicesAt(.9, 10), scenario.L1, m, evidence.Imported).Slices[0]
	if v.Outcome != grade.Fail || len(v.Tests) != 1 || v.Closest != "a" {
		t.Errorf("%+v", v)
	}
	// A slice without cases, and one that nothing was measured on.
	r := grade.Grade(slicesAt(.9, 10, 30), scenario.L1, measured([]int{200, 0}, seen{"a", "0", poc.Rules, []int{199, 0}}), evidence.Imported)
	v = r.Slices[1]
	if v.Outcome != grade.Insufficient || v.Why != grade.WhyNotMeasured || v.Tests == nil || len(v.Tests) != 0 || v.Closest != "" || v.More != 0 {
		t.Errorf("%+v", v)
	}
	if r.Proven.Value != .25 || r.Possible.Value != 1 {
		t.Errorf("proven %v, possible %v", r.Proven, r.Possible)
	}
	r = grade.Grade(slicesAt(.9, 10), scenario.L1, poc.Measurement{}, evidence.Imported)
	if v := r.Slices[0]; v.Outcome != grade.Insufficient || v.Why != grade.WhyNotMeasured {
		t.Errorf("%+v", v)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	ss := slicesAt(.9, 814, 142, 44)
	ss[1].Level, ss[2].Level = scenario.L2, scenario.L3
	r := grade.Grade(ss, scenario.L3, measured([]int{300, 300, 300}, seen{"a", "0", poc.Classic, []int{299, 278, 100}}), evidence.Imported)
	if got := []grade.Outcome{r.Slices[0].Outcome, r.Slices[1].Outcome, r.Slices[2].Outcome}; !slices.Equal(got, []grade.Outcome{grade.Pass, grade.Insufficient, grade.Fail}) {
		t.Fatalf("outcomes %v", got)
	}
	for _, c := range []struct {
		name string
		got  grade.Share
		k    int
	}{
		{"s0", r.Slices[0].Share, 814}, {"s1", r.Slices[1].Share, 142}, {"s2", r.Slices[2].Share, 44},
		{"proven", r.Proven, 814}, {"possible", r.Possible, 956},
		{"L1", r.Levels[scenario.L1], 814}, {"L2", r.Levels[scenario.L2], 0}, {"L3", r.Levels[scenario.L3], 0},
	} {
		ci := stats.ClopperPearson(c.k, 1000, .95)
		if want := (grade.Share{Value: float64(c.k) / 1000, Low: ci.Low, High: ci.High, N: 1000}); c.got != want {
			t.Errorf("%s: %+v, want %+v", c.name, c.got, want)
		}
	}
	if r.Traffic != evidence.Imported {
		t.Errorf("traffic %s", r.Traffic)
	}
	// The exact interval of 814 of 1,000 as R's binom.test gives it.
	if p := r.Proven; math.Abs(p.Low-.7885) > 5e-4 || math.Abs(p.High-.8376) > 5e-4 {
		t.Errorf("[%v, %v]", p.Low, p.High)
	}
}

func TestWithoutATrafficSampleSharesAreAssumed(t *testing.T) {
	t.Parallel()
	// The caller may believe that there is a sample; there is none.
	r := grade.Grade(slicesAt(.9, 0, 0), scenario.L1, measured([]int{300, 100}, seen{"a", "0", poc.Classic, []int{299, 20}}), evidence.Imported)
	if r.Traffic != evidence.Assumed || r.Proven != (grade.Share{Value: .75, Low: .75, High: .75}) {
		t.Errorf("%s, %+v", r.Traffic, r.Proven)
	}
	st, err := grade.Statement(r, time.UnixMicro(0).UTC(), time.UnixMicro(1).UTC())
	if err != nil {
		t.Fatal(err)
	}
	p := st.Predicate
	if p.Provenance != evidence.Assumed || !slices.Contains(p.Assumed, "proven_share") || !slices.Contains(p.Assumed, "possible_share") {
		t.Errorf("%s, %v", p.Provenance, p.Assumed)
	}
	if e := p.Metrics["proven_share"].(evidence.Estimate); e.Method == stats.MethodClopperPearson {
		t.Errorf("an assumed share claims a method: %+v", e)
	}
}

// genGrading makes up to 4 slices and 5 candidates.
func genGrading(t *rapid.T) ([]grade.Slice, poc.Measurement) {
	k := rapid.IntRange(1, 4).Draw(t, "slices")
	n, requests := make([]int, k), make([]int, k)
	for i := range n {
		n[i], requests[i] = rapid.IntRange(0, 400).Draw(t, "n"), rapid.IntRange(0, 300).Draw(t, "requests")
	}
	ss := slicesAt(0, requests...)
	for i := range ss {
		ss[i].Bar = rapid.SampledFrom([]float64{.5, .8, .9, .95, 1}).Draw(t, "bar")
		ss[i].Level = rapid.SampledFrom([]scenario.Level{scenario.L1, scenario.L2, scenario.L3}).Draw(t, "level")
	}
	var cs []seen
	for i := range rapid.IntRange(0, 5).Draw(t, "candidates") {
		c := seen{id: fmt.Sprint("c", i), cost: fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "cost")), rung: poc.Classic}
		for j := range n {
			wrong := rapid.IntRange(0, n[j]).Draw(t, "wrong")
			if rapid.Bool().Draw(t, "good") {
				wrong /= 12
			}
			c.correct = append(c.correct, n[j]-wrong)
		}
		cs = append(cs, c)
	}
	return ss, measured(n, cs...)
}

func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ss, m := genGrading(t)
		m.Attempt = rapid.IntRange(0, 12).Draw(t, "attempt")
		r := grade.Grade(ss, scenario.L2, m, evidence.Imported)
		if r.Attempt != max(1, m.Attempt) || r.AlphaSpent != stats.SpendAlpha(grade.Alpha, r.Attempt) || r.Worn != (r.Attempt > 10) {
			t.Fatalf("attempt %d: %d at %v, worn %v", m.Attempt, r.Attempt, r.AlphaSpent, r.Worn)
		}
		holm(t, ss, r)
		levels := 0.0
		for _, l := range []scenario.Level{scenario.L1, scenario.L2, scenario.L3} {
			levels += r.Levels[l].Value
		}
		if math.Abs(levels-r.Proven.Value) > 1e-9 || r.Possible.Value < r.Proven.Value || r.Possible.Low < r.Proven.Low {
			t.Fatalf("levels %v, proven %+v, possible %+v", levels, r.Proven, r.Possible)
		}
		for i, v := range r.Slices {
			agree(t, ss[i], v)
			if v.Share.Low > v.Share.Value || v.Share.Value > v.Share.High {
				t.Fatalf("%+v", v.Share)
			}
		}
	})
}

// holm holds what passes against the adjusted p-values of all tests.
func holm(t *rapid.T, ss []grade.Slice, r grade.Result) {
	var tests []grade.Test
	var pass, fail []float64
	for i, v := range r.Slices {
		for _, x := range v.Tests {
			tests = append(tests, x)
			pass = append(pass, stats.BinomTestGreater(x.Correct, x.N, ss[i].Bar))
			fail = append(fail, stats.BinomTestGreater(x.N-x.Correct, x.N, 1-ss[i].Bar))
		}
	}
	pass, fail = stats.Holm(pass), stats.Holm(fail)
	for i, x := range tests {
		want := grade.Insufficient
		if pass[i] <= r.AlphaSpent {
			want = grade.Pass
		} else if fail[i] <= r.AlphaSpent {
			want = grade.Fail
		}
		if x.Outcome != want {
			t.Fatalf("%+v is %s, by Holm's adjusted p-values %v and %v %s", x, x.Outcome, pass[i], fail[i], want)
		}
		if least := r.AlphaSpent / float64(len(tests)); x.AlphaUsed < least || x.AlphaUsed > r.AlphaSpent {
			t.Fatalf("tested at %v of %d tests", x.AlphaUsed, len(tests))
		}
	}
}

// agree: bound and outcome say the same, and the verdict is the best of them.
func agree(t *rapid.T, s grade.Slice, v grade.Verdict) {
	const rounding = 1e-9
	passed, failed := 0, 0
	for _, x := range v.Tests {
		switch x.Outcome {
		case grade.Pass:
			passed++
			if x.Low < s.Bar-rounding {
				t.Fatalf("passes below the bar %v: %+v", s.Bar, x)
			}
		case grade.Fail:
			failed++
			if x.High >= s.Bar+rounding {
				t.Fatalf("fails at the bar %v: %+v", s.Bar, x)
			}
		}
		if x.Outcome != grade.Pass && x.Low > s.Bar+rounding || x.Outcome != grade.Fail && x.High < s.Bar-rounding {
			t.Fatalf("%s with [%v, %v] at %v", x.Outcome, x.Low, x.High, s.Bar)
		}
		if x.Low > x.Accuracy || x.Accuracy > x.High {
			t.Fatalf("%+v", x)
		}
	}
	want := grade.Insufficient
	if passed > 0 {
		want = grade.Pass
	} else if failed > 0 && failed == len(v.Tests) {
		want = grade.Fail
	}
	if v.Outcome != want || (v.Cheapest != "") != (want == grade.Pass) || (v.Closest == "") != (len(v.Tests) == 0) {
		t.Fatalf("%+v", v)
	}
	if v.More > 0 && v.Outcome != grade.Insufficient {
		t.Fatalf("more cases for %s", v.Outcome)
	}
}

// binomial counts successes of n at rate p.
func binomial(rng *rand.Rand, n int, p float64) int {
	k := 0
	for range n {
		if rng.Float64() < p {
			k++
		}
	}
	return k
}

// The family-wise error: in 2,000 scenarios of 3 slices and 5 candidates, none
// of which is better than the bar, the share with any false pass stays below
// Alpha, at the bar and just below it, for independent candidates and for ones
// that are right on the same cases.
func TestFalsePasses(t *testing.T) {
	t.Parallel()
	const scenarios, n = 2000, 150
	for _, c := range []struct {
		name string
		rate float64
		same bool
	}{{"at the bar", .9, false}, {"just below", .895, false}, {"all the same", .9, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := stats.NewRand(11)
			wrong := 0
			for range scenarios {
				cs := make([]seen, 5)
				for i := range cs {
					cs[i] = seen{fmt.Sprint(i), "0", poc.Classic, make([]int, 3)}
					for j := range cs[i].correct {
						if c.same && i > 0 {
							cs[i].correct[j] = cs[0].correct[j]
						} else {
							cs[i].correct[j] = binomial(rng, n, c.rate)
						}
					}
				}
				r := grade.Grade(slicesAt(.9, 1, 1, 1), scenario.L1, measured([]int{n, n, n}, cs...), evidence.Imported)
				if slices.ContainsFunc(r.Slices, func(v grade.Verdict) bool { return v.Outcome == grade.Pass }) {
					wrong++
				}
			}
			got, se := float64(wrong)/scenarios, math.Sqrt(grade.Alpha*(1-grade.Alpha)/scenarios)
			t.Logf("false passes: %.4f", got)
			if got > grade.Alpha+3*se {
				t.Errorf("false passes in %.4f of the scenarios", got)
			}
		})
	}
}

// And the procedure is not merely timid: what is truly good enough passes.
func TestTruePasses(t *testing.T) {
	t.Parallel()
	rng, passed := stats.NewRand(12), 0
	for range 500 {
		m := measured([]int{400}, seen{"weak", "0", poc.Rules, []int{binomial(rng, 400, .6)}}, seen{"good", "1", poc.Classic, []int{binomial(rng, 400, .95)}})
		if v := grade.Grade(slicesAt(.9, 1), scenario.L1, m, evidence.Imported).Slices[0]; v.Cheapest == "good" {
			passed++
		}
	}
	if passed < 450 {
		t.Errorf("0.95 against a bar of 0.90 on 400 cases passed in %d of 500", passed)
	}
}

// More is what it says: with so many more cases at the rate that was seen, the
// candidate passes at the next attempt with the stated power.
func TestMoreCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		correct, n int
		bar        float64
	}{{95, 100, .9}, {186, 200, .9}, {44, 50, .8}, {290, 300, .95}} {
		v := one(t, c.n, c.bar, seen{"a", "0", poc.Classic, []int{c.correct}})
		if v.Outcome != grade.Insufficient || v.Why != grade.WhyMoreCases || v.More == 0 {
			t.Fatalf("%d of %d: %+v", c.correct, c.n, v)
		}
		rate := float64(c.correct) / float64(c.n)
		power := func(more int) float64 {
			rng, passed := stats.NewRand(uint64(c.n)), 0
			const trials = 4000
			for range trials {
				k := c.correct + binomial(rng, more, rate)
				m := measured([]int{c.n + more}, seen{"a", "0", poc.Classic, []int{k}})
				m.Attempt = 2
				if w := grade.Grade(slicesAt(c.bar, 100), scenario.L3, m, evidence.Imported); w.Slices[0].Outcome == grade.Pass {
					passed++
				}
			}
			return float64(passed) / trials
		}
		se := 3 * math.Sqrt(grade.Power*(1-grade.Power)/4000)
		if got := power(v.More); got < grade.Power-se {
			t.Errorf("%d of %d, bar %v: %d more pass with %.3f", c.correct, c.n, c.bar, v.More, got)
		}
		if got := power(v.More / 2); got > grade.Power {
			t.Errorf("%d of %d, bar %v: half of %d would do (%.3f)", c.correct, c.n, c.bar, v.More, got)
		}
		if v.More%10 != 0 {
			t.Errorf("%d claims to be exact", v.More)
		}
	}
}

func TestStatement(t *testing.T) {
	t.Parallel()
	r := grade.Grade(slicesAt(.9, 814, 142, 44), scenario.L3,
		measured([]int{300, 300, 300}, seen{"a", "0", poc.Classic, []int{299, 278, 100}}), evidence.Imported)
	st, err := grade.Statement(r, time.UnixMicro(0).UTC(), time.UnixMicro(1).UTC())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"slices": 3, "slices_passed": 1, "slices_failed": 1, "slices_insufficient": 1} {
		if got := st.Predicate.Metrics[name]; got != want {
			t.Errorf("%s = %v", name, got)
		}
	}
	if st.Predicate.Provenance != evidence.Imported || len(st.Predicate.Assumed) != 0 {
		t.Errorf("%s, %v", st.Predicate.Provenance, st.Predicate.Assumed)
	}
	back, err := grade.FromRecord(evidence.Record{Statement: st})
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(r)
	b, errB := json.Marshal(back)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("read back as %s, was %s", b, a)
	}
}
