package grade_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/kit/stats"
)

// world is a simulated test set: the cheap candidate is right with the
// probability that it states, the dear one with the same probability always.
func world(n int, seed uint64, dear float64, honest bool) grade.RoutingInput {
	rng := stats.NewRand(seed)
	in := grade.RoutingInput{Bar: .9, Bars: map[string]float64{"easy": .9, "hard": .9}, Seed: seed,
		Routers: []grade.Router{{ID: "dear", Cost: .1}, {ID: "cheap", Cost: .01}}}
	for i := range n {
		conf := rng.Float64()
		right := rng.Float64() < .4+.6*conf
		if !honest {
			conf = rng.Float64()
		}
		slice := "easy"
		if i%2 == 0 {
			slice = "hard"
		}
		in.Cases, in.Slices = append(in.Cases, fmt.Sprint("case-", i)), append(in.Slices, slice)
		in.Routers[0].Answers = append(in.Routers[0].Answers, grade.Answer{Correct: rng.Float64() < dear, Answered: true, Confidence: .5})
		in.Routers[1].Answers = append(in.Routers[1].Answers, grade.Answer{Correct: right, Answered: true, Confidence: conf})
	}
	return in
}

func TestCascadeBeatsTheRandomMixWhereConfidenceTells(t *testing.T) {
	t.Parallel()
	r := grade.Route(world(4000, 1, .97, true))
	c := r.Curve
	if c == nil || c.Cheap != "cheap" || c.Dear != "dear" {
		t.Fatalf("%+v", r)
	}
	// With stated probability .4 + .6u the cheap candidate is right in 70 %.
	// Deferring its least sure share s gains .97s − (.4s + .3s²). A deferred
	// case costs .11 and another .01, so that the cost is that of always-dear
	// at s = .9; above the line .27s/.9 the mean height over 0 … .9 is
	// ∫(.57s − .3s² − .3s)ds/.9 = (.27/2·.81 − .1·.729)/.9 = .0405.
	if math.Abs(c.Gain.Value-.0405) > .012 || c.Gain.Low <= 0 || c.Gain.High <= c.Gain.Value {
		t.Errorf("gain %+v", c.Gain)
	}
	if math.Abs(c.AlwaysCheap.Accuracy-.7) > .03 || math.Abs(c.AlwaysDear.Accuracy-.97) > .02 || c.AlwaysDear.Per1k != 100 {
		t.Errorf("ends %+v %+v", c.AlwaysCheap, c.AlwaysDear)
	}
	// The oracle asks the dear one where only it is right: .3 × .97.
	if math.Abs(c.Oracle.Accuracy-(.7+.3*.97)) > .02 || math.Abs(c.Oracle.Per1k-(10*.709+100*.291)) > 3 {
		t.Errorf("oracle %+v", c.Oracle)
	}
	p := r.Policy
	if p.Dear != "dear" || p.Threshold <= 0 || p.Measured.Per1k >= 100 || p.AgainstDear == nil || p.AgainstDear.High >= 0 || p.AgainstDear.Low >= p.AgainstDear.Value {
		t.Errorf("policy %+v", p)
	}
	if math.Abs(p.Measured.Accuracy-.9) > .02 { // the cheapest that reaches the bar
		t.Errorf("policy is right in %v", p.Measured.Accuracy)
	}
}

// Confidence that tells nothing gains nothing, and the interval says so: a
// threshold tuned on the cases that measure it would not.
func TestCascadeWithoutInformationGainsNothing(t *testing.T) {
	t.Parallel()
	above := 0
	for seed := range uint64(20) {
		c := grade.Route(world(400, seed, .97, false)).Curve
		if c.Gain.Low > 0 {
			above++
		}
	}
	// Each deferred case also pays the cheap one, so the true gain lies just
	// below zero: at most 2.5 % of intervals may lie above it, 20 × .025 = 0.5; P[Bin(20, .025) > 3] = 0.001.
	if above > 3 {
		t.Errorf("%d of 20 intervals lie above zero", above)
	}
}

func TestGainIntervalCovers(t *testing.T) {
	t.Parallel()
	const truth = .0405
	covered := 0
	for seed := range uint64(40) {
		if g := grade.Route(world(600, seed+100, .97, true)).Curve.Gain; g.Low <= truth && truth <= g.High {
			covered++
		}
	}
	if covered < 33 { // P[Bin(40, .95) < 33] = 0.0007
		t.Errorf("%d of 40 intervals cover the truth", covered)
	}
}

func TestRouteRepeatsAndDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	in := world(300, 5, .95, true)
	a, b := grade.Route(in), grade.Route(in)
	if !reflect.DeepEqual(a, b) {
		t.Error("the same input gives another routing")
	}
	slices.Reverse(in.Cases)
	slices.Reverse(in.Slices)
	for i := range in.Routers {
		slices.Reverse(in.Routers[i].Answers)
	}
	if c := grade.Route(in); !reflect.DeepEqual(a, c) {
		t.Errorf("the order of cases matters:\n%+v\n%+v", a.Curve, c.Curve)
	}
}

func TestRouteWithoutATrade(t *testing.T) {
	t.Parallel()
	in := world(100, 1, .95, true)
	in.Routers[0].Cost, in.Routers[1].Cost = 0, 0
	if r := grade.Route(in); r.Curve != nil || r.Without.IsZero() || r.Policy == nil || r.Policy.Cheap != "dear" || r.Policy.Dear != "" {
		t.Errorf("%+v", r)
	}
	if r := grade.Route(world(5, 1, .95, true)); r.Policy != nil || r.Without.IsZero() {
		t.Errorf("%+v", r)
	}
	if r := grade.Route(grade.RoutingInput{}); r.Policy != nil || r.Without.IsZero() {
		t.Errorf("%+v", r)
	}
}

// A candidate that abstains hands the case on, however low the threshold.
func TestAbstentionsAreDeferred(t *testing.T) {
	t.Parallel()
	in := world(500, 3, .97, true)
	for i := range in.Routers[1].Answers {
		if i%4 == 0 {
			in.Routers[1].Answers[i] = grade.Answer{Confidence: 1}
		} else {
			in.Routers[1].Answers[i] = grade.Answer{Correct: true, Answered: true, Confidence: .9}
		}
	}
	p := grade.Route(in).Policy
	if p.Dear != "dear" || math.Abs(p.Measured.Deferred-.25) > 1e-9 || p.Measured.Accuracy < .97 {
		t.Errorf("%+v", p)
	}
}

// Nothing beats the oracle or is dearer than asking everyone, deferral and
// cost rise along the curve, and its ends are the candidates themselves.
func TestRouteProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(10, 80).Draw(t, "n")
		in := grade.RoutingInput{Bar: rapid.Float64Range(.1, 1).Draw(t, "bar"), Bars: map[string]float64{"a": .5, "b": .9}, Seed: rapid.Uint64().Draw(t, "seed")}
		for i := range n {
			in.Cases, in.Slices = append(in.Cases, fmt.Sprint(i)), append(in.Slices, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "slice"))
		}
		for j := range rapid.IntRange(1, 3).Draw(t, "routers") {
			r := grade.Router{ID: fmt.Sprint("r", j), Cost: rapid.SampledFrom([]float64{0, .01, .2}).Draw(t, "cost")}
			for range n {
				r.Answers = append(r.Answers, grade.Answer{Answered: rapid.Bool().Draw(t, "answered"), Correct: rapid.Bool().Draw(t, "correct"),
					Confidence: rapid.SampledFrom([]float64{0, .3, .3, .7, 1}).Draw(t, "confidence")})
			}
			in.Routers = append(in.Routers, r)
		}
		r := grade.Route(in)
		if r.Policy == nil {
			t.Fatalf("%+v", r)
		}
		c := r.Curve
		if c == nil {
			return
		}
		last := len(c.Points) - 1
		if c.Points[0] != c.AlwaysCheap || c.Points[last].Correct != c.AlwaysDear.Correct || c.Points[last].Deferred != 1 {
			t.Fatalf("ends %+v, %+v, %+v", c.Points[0], c.AlwaysCheap, c.Points[last])
		}
		for i, p := range c.Points {
			if p.Correct > c.Oracle.Correct || p.Low > p.Accuracy || p.High < p.Accuracy {
				t.Fatalf("%+v beats %+v", p, c.Oracle)
			}
			if i > 0 && (p.Deferred < c.Points[i-1].Deferred || p.Per1k < c.Points[i-1].Per1k) {
				t.Fatalf("step %d falls: %+v", i, c.Points)
			}
		}
		if math.IsNaN(c.Gain.Value) || c.Gain.Low > c.Gain.High || math.Abs(c.Gain.Value) > 1 {
			t.Fatalf("gain %+v", c.Gain)
		}
	})
}

func BenchmarkRoute(b *testing.B) {
	in := world(100_000, 1, .97, true)
	for b.Loop() {
		grade.Route(in)
	}
}

// Where nothing reaches the bar in truth, a policy that was chosen among many
// is shown as proven no more often than at Alpha.
func TestAPolicyIsNotProvenByTheChoice(t *testing.T) {
	t.Parallel()
	proven := 0
	const worlds = 100
	for seed := range uint64(worlds) {
		if grade.Route(world(200, seed+1000, .9, false)).Policy.Proven {
			proven++
		}
	}
	if proven > 11 { // P[Bin(100, .05) > 11] = 0.004
		t.Errorf("%d of %d", proven, worlds)
	}
}

// What a judge model counted is not proven until its errors are out, and by one
// that does not stand never.
func TestAJudgedPolicyIsProvenByWhatTheJudgeIsWorth(t *testing.T) {
	t.Parallel()
	in := world(2000, 3, .97, true)
	in.Bar = .8
	raw := grade.Route(in).Policy
	in.Judge = &judge.Measurement{Standing: judge.Standing{Sufficient: true}, Calibration: stats.Calibration{TruePositive: 49, Positive: 50, TrueNegative: 35, Negative: 50}}
	kind := grade.Route(in).Policy
	in.Judge.Standing.Sufficient = false
	none := grade.Route(in).Policy
	if !raw.Proven || !(kind.LowerBound < raw.LowerBound-0.01) || kind.LowerBound == 0 || kind.Measured != raw.Measured {
		t.Errorf("judged: %v of raw %v, proven %v", kind.LowerBound, raw.LowerBound, kind.Proven)
	}
	if none.Proven || none.LowerBound != 0 {
		t.Errorf("a judge that does not stand proves %+v", none)
	}
}
