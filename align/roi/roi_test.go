package roi_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func point(t fataler, v float64) stats.Dist {
	t.Helper()
	d, err := stats.Point(v)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

func threePoint(t fataler, p10, p50, p90 float64) stats.Dist {
	t.Helper()
	d, err := stats.ThreePoint(p10, p50, p90)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

func compute(t fataler, in roi.Input) roi.Result {
	t.Helper()
	r, ok, err := roi.Compute(in)
	if err != nil || !ok {
		t.Fatalf("ok %v, %v", ok, err)
	}
	return r
}

// points is a case that a person can work out: 1,000 requests a year, all on
// one slice that the cheap candidate serves.
//
//	large  0.5 per task + 200 a year          → 500 + 200
//	cheap  0.1 per task + 300 once over 3 years → 100 + 100
//	people 2 per task
//	whatever serves: 50 a year
func points(t fataler) roi.Input {
	line := func(id, who string, per roi.Per, years, amount float64) roi.Line {
		return roi.Line{ID: id, For: who, Per: per, Years: years, Amount: point(t, amount), Provenance: evidence.Imported}
	}
	return roi.Input{Currency: "CNY", Volume: point(t, 1000), VolumeProvenance: evidence.Measured, TrafficProvenance: evidence.Measured, Seed: 1,
		Lines: []roi.Line{
			line("tokens", "large-model", roi.PerTask, 0, .5), line("support", "large", roi.PerYear, 0, 200),
			line("cpu", "cheap", roi.PerTask, 0, .1), line("setup", "cheap", roi.Once, 3, 300),
			line("agents", "human", roi.PerTask, 0, 2), line("office", "", roi.PerYear, 0, 50),
		},
		Candidates: []roi.Candidate{{ID: "cheap", Rung: "classic"}, {ID: "large", Rung: "large-model"}, {ID: "human", Rung: "human"}},
		Slices:     []roi.Slice{{ID: "all", Requests: 100, Cheapest: "cheap"}},
	}
}

func exactly(t *testing.T, what string, got roi.Range, want float64) {
	t.Helper()
	for _, v := range []float64{got.P10, got.P50, got.P90, got.Mean} {
		if math.Abs(v-want) > 1e-9*max(1, math.Abs(want)) {
			t.Errorf("%s: %+v, want %v", what, got, want)
			return
		}
	}
}

func TestPoints(t *testing.T) {
	t.Parallel()
	r := compute(t, points(t))
	if r.Dearest != "large" || r.Currency != "CNY" || r.Draws != roi.Draws || r.Provenance != evidence.Imported {
		t.Errorf("%+v", r)
	}
	exactly(t, "all dearest", r.AllDearest.PerYear, 750)
	exactly(t, "graded", r.Graded.PerYear, 250)
	exactly(t, "saving", r.Saving, 500)
	exactly(t, "today", r.Today.PerYear, 2050)
	exactly(t, "handover of nothing", *r.Handover, 0)
	if r.ProbabilityOfLoss != 0 || r.Graded.AssumedShare != 0 {
		t.Errorf("loss %v, assumed %v", r.ProbabilityOfLoss, r.Graded.AssumedShare)
	}
	var ids []string
	for _, l := range r.AllDearest.Lines {
		ids = append(ids, fmt.Sprintf("%s %.0f", l.ID, l.Mean))
	}
	if want := []string{"tokens 500", "support 200", "office 50"}; !slices.Equal(ids, want) {
		t.Errorf("lines %v, want %v", ids, want)
	}
}

func TestNothingProven(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Slices[0].Cheapest = ""
	r := compute(t, in)
	exactly(t, "graded", r.Graded.PerYear, 750)
	exactly(t, "saving", r.Saving, 0)
	// People who serve everything: their own cost, without what is paid anyway.
	exactly(t, "handover", *r.Handover, 2000)
	if r.ProbabilityOfLoss != 1 {
		t.Errorf("nothing is saved, and the probability of that is %v", r.ProbabilityOfLoss)
	}
}

func TestWithoutPeople(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Candidates = in.Candidates[:2]
	if r := compute(t, in); r.Today != nil || r.Handover != nil {
		t.Errorf("today %v, handover %v", r.Today, r.Handover)
	}
	in = points(t)
	in.Lines = slices.DeleteFunc(in.Lines, func(l roi.Line) bool { return l.For == "human" })
	if r := compute(t, in); r.Today != nil || r.Handover != nil {
		t.Errorf("people without a cost: today %v, handover %v", r.Today, r.Handover)
	}
}

func TestNothingToCompare(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Lines = slices.DeleteFunc(in.Lines, func(l roi.Line) bool { return l.For != "human" && l.For != "" })
	if _, ok, err := roi.Compute(in); ok || err != nil {
		t.Errorf("only people cost something: ok %v, %v", ok, err)
	}
	in = points(t)
	in.Candidates = nil
	if _, ok, err := roi.Compute(in); ok || err != nil {
		t.Errorf("no candidates: ok %v, %v", ok, err)
	}
	in = points(t)
	in.Slices = nil
	if _, ok, err := roi.Compute(in); ok || err == nil {
		t.Error("no slices: no error")
	}
	in = points(t)
	in.Volume = point(t, 0)
	if _, ok, err := roi.Compute(in); ok || err == nil {
		t.Error("no requests: no error")
	}
}

func TestCostPerTask(t *testing.T) {
	t.Parallel()
	in := points(t)
	for _, c := range []struct {
		candidate roi.Candidate
		want      float64
	}{
		{in.Candidates[0], .1 + 300.0/3/1000},
		{in.Candidates[1], .5 + .2},
		{in.Candidates[2], 2},
		{roi.Candidate{ID: "other", Rung: "large-model"}, .5}, // the rung's lines are its too
		{roi.Candidate{ID: "free", Rung: "rules"}, 0},
	} {
		got, prov := roi.CostPerTask(in.Lines, c.candidate, 1000)
		want := evidence.Imported
		if c.want == 0 {
			want = evidence.Measured // nothing was typed in, nothing was imported
		}
		if math.Abs(got-c.want) > 1e-12 || prov != want {
			t.Errorf("%s: %v %s, want %v", c.candidate.ID, got, prov, c.want)
		}
	}
	in.Lines[0].Provenance = evidence.Assumed
	if _, prov := roi.CostPerTask(in.Lines, in.Candidates[1], 1000); prov != evidence.Assumed {
		t.Errorf("the worst line wins: %s", prov)
	}
}

// slicesOf serves each slice with a candidate of its own at 1 per task, so
// that the mean of its line is its mean share of the volume.
func slicesOf(t fataler, volume float64, ss ...roi.Slice) roi.Input {
	in := roi.Input{Currency: "CNY", Volume: point(t, volume), VolumeProvenance: evidence.Measured, TrafficProvenance: evidence.Measured, Seed: 7,
		Lines:      []roi.Line{{ID: "large", For: "large", Per: roi.PerTask, Amount: point(t, 10), Provenance: evidence.Measured}},
		Candidates: []roi.Candidate{{ID: "large", Rung: "large-model"}}}
	for _, s := range ss {
		s.Cheapest = s.ID
		in.Slices = append(in.Slices, s)
		in.Lines = append(in.Lines, roi.Line{ID: s.ID, For: s.ID, Per: roi.PerTask, Amount: point(t, 1), Provenance: evidence.Measured})
		in.Candidates = append(in.Candidates, roi.Candidate{ID: s.ID, Rung: "classic"})
	}
	return in
}

func means(r roi.Result) map[string]float64 {
	out := map[string]float64{}
	for _, l := range r.Graded.Lines {
		out[l.ID] = l.Mean
	}
	return out
}

func TestSharesFollowADirichletDistribution(t *testing.T) {
	t.Parallel()
	counts := map[string]int{"a": 80, "b": 15, "c": 5, "d": 0}
	in := slicesOf(t, 1)
	total := 0.0
	for _, id := range []string{"a", "b", "c", "d"} {
		x := slicesOf(t, 1, roi.Slice{ID: id, Requests: counts[id]})
		in.Slices, in.Lines, in.Candidates = append(in.Slices, x.Slices...), append(in.Lines, x.Lines[1]), append(in.Candidates, x.Candidates[1])
		total += float64(counts[id]) + .5
	}
	r := compute(t, in)
	got := means(r)
	for id, n := range counts {
		// Mean and variance of a Dirichlet share: (α/Σ), α(Σ−α)/Σ²(Σ+1).
		alpha := float64(n) + .5
		want := alpha / total
		sd := math.Sqrt(alpha * (total - alpha) / (total * total * (total + 1)))
		if tolerance := 4 * sd / math.Sqrt(roi.Draws); math.Abs(got[id]-want) > tolerance {
			t.Errorf("share of %s: %v, want %v ± %v", id, got[id], want, tolerance)
		}
	}
	exactly(t, "the shares sum to all", r.Graded.PerYear, 1)
}

// The spread of the shares is Beta's: P10 and P90 of Beta(20.5, 80.5).
func TestSharesSpread(t *testing.T) {
	t.Parallel()
	in := slicesOf(t, 1, roi.Slice{ID: "a", Requests: 20}, roi.Slice{ID: "b", Requests: 80})
	in.Lines = slices.DeleteFunc(in.Lines, func(l roi.Line) bool { return l.ID == "b" })
	r := compute(t, in)
	low, high := stats.LowerBoundReal(20.5, 100, .1), stats.LowerBoundReal(20.5, 100, .9) // quantiles of Beta(20.5, 80.5)
	if math.Abs(r.Graded.PerYear.P10-low) > .003 || math.Abs(r.Graded.PerYear.P90-high) > .003 {
		t.Errorf("P10 %v, P90 %v; want %v, %v", r.Graded.PerYear.P10, r.Graded.PerYear.P90, low, high)
	}
}

func TestSharesWithoutASample(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b int
		want float64
	}{{"as the test cases", 300, 100, .75}, {"equal", 0, 0, .5}} {
		in := slicesOf(t, 1000, roi.Slice{ID: "a", Cases: c.a}, roi.Slice{ID: "b", Cases: c.b})
		in.TrafficProvenance = evidence.Assumed
		r := compute(t, in)
		if got := means(r)["a"]; math.Abs(got-1000*c.want) > 1e-6 || r.Graded.PerYear.P10 != r.Graded.PerYear.P90 {
			t.Errorf("%s: %v of 1000", c.name, got)
		}
		if r.Provenance != evidence.Assumed || r.Graded.AssumedShare != 1 {
			t.Errorf("%s: provenance %s, assumed share %v", c.name, r.Provenance, r.Graded.AssumedShare)
		}
	}
}

func TestAssumedShare(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Lines[2].Provenance = evidence.Assumed // cpu: 100 of 250
	r := compute(t, in)
	if math.Abs(r.Graded.AssumedShare-.4) > 1e-12 || r.AllDearest.AssumedShare != 0 || r.Provenance != evidence.Assumed {
		t.Errorf("graded %v, dearest %v, %s", r.Graded.AssumedShare, r.AllDearest.AssumedShare, r.Provenance)
	}
	in = points(t)
	in.VolumeProvenance = evidence.Assumed // what is paid per task hangs on the volume
	if r := compute(t, in); math.Abs(r.AllDearest.AssumedShare-500.0/750) > 1e-12 {
		t.Errorf("assumed volume: %v", r.AllDearest.AssumedShare)
	}
}

// A saving is a difference within each draw: the volume is uncertain by a
// factor of 9, and what is saved on each request is not.
func TestSavingIsDrawnTogether(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Volume = threePoint(t, 1000, 3000, 9000)
	in.Lines = []roi.Line{
		{ID: "tokens", For: "large", Per: roi.PerTask, Amount: threePoint(t, .4, .5, .6), Provenance: evidence.Measured},
		{ID: "tokens-too", For: "cheap", Per: roi.PerTask, Amount: point(t, .1), Provenance: evidence.Measured},
	}
	r := compute(t, in)
	if r.ProbabilityOfLoss != 0 || r.Saving.P10 <= 0 {
		t.Errorf("saving %+v, loss %v", r.Saving, r.ProbabilityOfLoss)
	}
	if apart := r.AllDearest.PerYear.P10 - r.Graded.PerYear.P90; r.Saving.P10 <= apart {
		t.Errorf("P10 of the saving is %v, of ranges apart %v", r.Saving.P10, apart)
	}
	if d := r.AllDearest.PerYear.Mean - r.Graded.PerYear.Mean - r.Saving.Mean; math.Abs(d) > 1e-6*r.Saving.Mean {
		t.Errorf("the means do not add up: %v", d)
	}
}

// genInput makes any model of up to four slices.
var genInput = rapid.Custom(func(t *rapid.T) roi.Input {
	amount := func(name string, positive bool) stats.Dist {
		v := rapid.Float64Range(0, 100).Draw(t, name)
		if positive {
			v++
		}
		if v > 0.01 && rapid.Bool().Draw(t, name+" is a range") {
			f := rapid.Float64Range(1, 4).Draw(t, name+" spread")
			return threePoint(t, v/f, v, v*f*f)
		}
		return point(t, v)
	}
	in := roi.Input{Currency: "CNY", Volume: amount("volume", true), VolumeProvenance: evidence.Assumed, TrafficProvenance: evidence.Imported,
		Seed:       rapid.Uint64().Draw(t, "seed"),
		Candidates: []roi.Candidate{{ID: "a", Rung: "classic"}, {ID: "b", Rung: "classic"}, {ID: "large", Rung: "large-model"}, {ID: "human", Rung: "human"}},
		// So dear that it stays the dearest whatever else is drawn.
		Lines: []roi.Line{{ID: "tokens", For: "large", Per: roi.PerTask, Amount: point(t, 1e7), Provenance: evidence.Assumed}}}
	for i := range rapid.IntRange(0, 6).Draw(t, "lines") {
		in.Lines = append(in.Lines, roi.Line{ID: fmt.Sprint(i), Amount: amount("amount", false), Years: rapid.Float64Range(1, 5).Draw(t, "years"),
			For: rapid.SampledFrom([]string{"", "a", "b", "classic", "human"}).Draw(t, "for"),
			Per: rapid.SampledFrom([]roi.Per{roi.PerTask, roi.PerYear, roi.Once}).Draw(t, "per"), Provenance: evidence.Assumed})
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "slices") {
		in.Slices = append(in.Slices, roi.Slice{ID: fmt.Sprint(i), Requests: rapid.IntRange(0, 500).Draw(t, "requests"),
			Cases: rapid.IntRange(0, 50).Draw(t, "cases"), Cheapest: rapid.SampledFrom([]string{"", "a", "b", "large"}).Draw(t, "cheapest")})
	}
	return in
})

func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range 40 { // each computes 30,000 draws
		in := genInput.Example(seed)
		r := compute(t, in)
		inOrder(t, seed, r)
		repeats(t, seed, in, r)
		for i := 1; i < len(in.Lines); i++ {
			if (i+seed)%3 == 0 {
				dearer(t, seed, in, i, r)
			}
		}
	}
}

func inOrder(t *testing.T, seed int, r roi.Result) {
	t.Helper()
	ranges := []roi.Range{r.AllDearest.PerYear, r.Graded.PerYear, r.Saving}
	if r.Today != nil {
		ranges = append(ranges, r.Today.PerYear, *r.Handover)
	}
	for _, x := range ranges {
		if !(x.P10 <= x.P50 && x.P50 <= x.P90) || math.IsNaN(x.Mean) || math.IsInf(x.Mean, 0) {
			t.Errorf("%d: %+v", seed, x)
		}
	}
	if s := r.Graded.AssumedShare; s < 0 || s > 1+1e-12 || r.ProbabilityOfLoss < 0 || r.ProbabilityOfLoss > 1 {
		t.Errorf("%d: assumed share %v, loss %v", seed, s, r.ProbabilityOfLoss)
	}
	sum := 0.0
	for _, l := range r.Graded.Lines {
		sum += l.Mean
	}
	if math.Abs(sum-r.Graded.PerYear.Mean) > 1e-6*max(1, sum) {
		t.Errorf("%d: the lines sum to %v, the plan to %v", seed, sum, r.Graded.PerYear.Mean)
	}
}

// repeats: the same seed gives the same figures to the last bit.
func repeats(t *testing.T, seed int, in roi.Input, r roi.Result) {
	t.Helper()
	first, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := json.Marshal(compute(t, in)); err != nil || string(first) != string(second) {
		t.Errorf("%d: %s\n%s", seed, first, second)
	}
}

// dearer: what gets dearer makes no plan cheaper, in any figure.
func dearer(t *testing.T, seed int, in roi.Input, line int, r roi.Result) {
	t.Helper()
	in.Lines = slices.Clone(in.Lines)
	if was := in.Lines[line].Amount; was.IsPoint() {
		in.Lines[line].Amount = point(t, 2*was.Mean()+1)
	} else {
		in.Lines[line].Amount = threePoint(t, 2*was.Quantile(.1), 2*was.Quantile(.5), 2*was.Quantile(.9))
	}
	d := compute(t, in)
	if d.Dearest != r.Dearest {
		t.Errorf("%d: the dearest is %s, was %s", seed, d.Dearest, r.Dearest)
	}
	for _, x := range [][2]roi.Range{{r.Graded.PerYear, d.Graded.PerYear}, {r.AllDearest.PerYear, d.AllDearest.PerYear}} {
		const slack = 1 - 1e-12
		if x[1].P10 < x[0].P10*slack || x[1].P50 < x[0].P50*slack || x[1].P90 < x[0].P90*slack || x[1].Mean < x[0].Mean*slack {
			t.Errorf("%d: line %s is dearer, and %+v became %+v", seed, in.Lines[line].ID, x[0], x[1])
		}
	}
}

// Dearer tokens of the dearest candidate raise the saving: they weigh more on
// the plan that uses it for everything.
func TestDearerTokensRaiseTheSaving(t *testing.T) {
	t.Parallel()
	in := points(t)
	before := compute(t, in)
	in.Lines[0].Amount = point(t, .7)
	exactly(t, "saving", compute(t, in).Saving, before.Saving.Mean+200)
}

func TestStatement(t *testing.T) {
	t.Parallel()
	in := points(t)
	in.Volume = threePoint(t, 500, 1000, 3000)
	in.Lines[0].Provenance = evidence.Assumed
	r := compute(t, in)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	st, err := roi.Statement(r, at, at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	p := st.Predicate
	saving, ok := p.Metrics["saving"].(evidence.Estimate)
	if !ok || saving.Low != r.Saving.P10 || saving.Value != r.Saving.P50 || saving.High != r.Saving.P90 || saving.N != roi.Draws {
		t.Errorf("saving %+v", p.Metrics["saving"])
	}
	if p.Provenance != evidence.Assumed || !slices.Contains(p.Assumed, "saving") || st.PredicateType != roi.Kind().URI {
		t.Errorf("%s, assumed %v", p.Provenance, p.Assumed)
	}
	for _, m := range roi.Kind().Metrics {
		if _, ok := p.Metrics[m.Name]; !ok && !m.Optional {
			t.Errorf("the metric %s is missing", m.Name)
		}
	}
	back, err := roi.FromRecord(evidence.Record{Statement: st})
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(r)
	b, errB := json.Marshal(back)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("read back as %s, was %s", b, a)
	}
}

// BenchmarkCompute is 10,000 draws of 40 uncertain lines over 12 slices.
func BenchmarkCompute(b *testing.B) {
	in := points(b)
	in.Slices = nil
	for i := range 12 {
		in.Slices = append(in.Slices, roi.Slice{ID: fmt.Sprint(i), Requests: 10 * i, Cheapest: []string{"cheap", ""}[i%2]})
	}
	for i := len(in.Lines); i < 40; i++ {
		in.Lines = append(in.Lines, roi.Line{ID: fmt.Sprint(i), For: []string{"", "large", "cheap", "human"}[i%4], Per: roi.PerTask,
			Amount: threePoint(b, 1, 2, 5), Provenance: evidence.Assumed})
	}
	for b.Loop() {
		compute(b, in)
	}
}
