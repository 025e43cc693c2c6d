package boundary_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/stats"
)

var costs = boundary.Costs{Positive: "defect", Miss: 10, False: 1}

func TestSweepByHand(t *testing.T) {
	t.Parallel()
	v := []boundary.Scored{{.9, true}, {.2, false}, {.6, false}, {.4, true}, {.6, true}}
	got := boundary.Sweep(v, costs)
	want := []boundary.SweepPoint{
		{Threshold: 0, Misses: 0, False: 2, Cost: 2.0 / 5},
		{Threshold: .3, Misses: 0, False: 1, Cost: 1.0 / 5},
		{Threshold: .5, Misses: 1, False: 1, Cost: 11.0 / 5},
		{Threshold: .75, Misses: 2, False: 0, Cost: 20.0 / 5},
		{Threshold: math.Nextafter(1, 2), Misses: 3, False: 0, Cost: 30.0 / 5},
	}
	if !slices.EqualFunc(got, want, func(a, b boundary.SweepPoint) bool {
		return math.Abs(a.Threshold-b.Threshold) < 1e-12 && a.Misses == b.Misses && a.False == b.False && math.Abs(a.Cost-b.Cost) < 1e-12
	}) {
		t.Errorf("%+v", got)
	}
	if th, ok := boundary.Choose(v, costs); !ok || math.Abs(th-.3) > 1e-12 {
		t.Errorf("chosen %g", th)
	}
	// Dear alarms turn it round.
	if th, _ := boundary.Choose(v, boundary.Costs{Positive: "defect", Miss: 1, False: 10}); math.Abs(th-.75) > 1e-12 {
		t.Errorf("chosen %g", th)
	}
	for _, c := range []boundary.Costs{{}, {Positive: "x", Miss: -1, False: 3}, {Positive: "x", Miss: math.NaN(), False: 1}, {Positive: "x", Miss: math.Inf(1), False: 1}} {
		if boundary.Sweep(v, c) != nil {
			t.Errorf("costs %+v are weighed", c)
		}
	}
	if _, ok := boundary.Choose(nil, costs); ok || boundary.Sweep([]boundary.Scored{{1.1, true}}, costs) != nil {
		t.Error("a threshold from nothing")
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	cases := []dataset.Case{{Resolution: "defect"}, {Resolution: "defect"}, {Resolution: "fine"}, {Resolution: "fine"}}
	got, none := boundary.Score(cases, []boundary.Answer{{Resolution: "Defect", Correct: true, Confidence: .9}, {Resolution: "fine", Confidence: .7},
		{Resolution: "", Confidence: 1}, {Resolution: "defect ", Confidence: .6}}, costs)
	if want := []boundary.Scored{{.9, true}, {1 - .7, true}, {.6, false}}; none != 1 || !slices.EqualFunc(got, want, func(a, b boundary.Scored) bool { return math.Abs(a.Score-b.Score) < 1e-12 && a.Positive == b.Positive }) {
		t.Errorf("%+v, %d", got, none)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	validation := []boundary.Scored{{.9, true}, {.2, false}, {.6, false}, {.4, true}, {.6, true}}
	test := []boundary.Scored{{.35, true}, {.1, true}, {.8, false}, {.25, false}, {.05, false}, {.9, true}}
	d, ok := boundary.Decide(test, validation, 2, costs)
	if !ok || !d.Chosen || math.Abs(d.Threshold-.3) > 1e-12 || d.Positives != 3 || d.Negatives != 3 || d.Unanswered != 2 {
		t.Fatalf("%+v", d)
	}
	if d.MissRate.Correct != 1 || d.MissRate.N != 3 || d.FalseRate.Correct != 1 || d.MissRate.High != stats.ClopperPearson(1, 3, .95).High {
		t.Errorf("%+v, %+v", d.MissRate, d.FalseRate)
	}
	if math.Abs(d.Cost-11.0/6) > 1e-12 || !(d.CostLow < d.Cost && d.Cost < d.CostHigh) {
		t.Errorf("cost %g in [%g, %g]", d.Cost, d.CostLow, d.CostHigh)
	}
	// The best on the test cases themselves is shown, and was not used.
	if d.CostAtBest >= d.Cost {
		t.Errorf("at best %g, at the chosen threshold %g", d.CostAtBest, d.Cost)
	}
	if d, ok := boundary.Decide(test, nil, 0, costs); !ok || d.Chosen || d.Threshold != .5 {
		t.Errorf("without validation cases: %+v", d)
	}
	if _, ok := boundary.Decide([]boundary.Scored{{.5, true}}, validation, 0, costs); ok {
		t.Error("no negatives, yet a rate of false detections")
	}
	// No error seen is not no error.
	if d, _ := boundary.Decide([]boundary.Scored{{.9, true}, {.1, false}}, validation, 0, costs); d.Cost != 0 || d.CostHigh < 5 {
		t.Errorf("two cases promise %g", d.CostHigh)
	}
}

func TestDecisionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scored := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) boundary.Scored {
			return boundary.Scored{Score: float64(rapid.IntRange(0, 20).Draw(t, "score")) / 20, Positive: rapid.Bool().Draw(t, "positive")}
		}), 1, 60).Draw(t, "scored")
		c := boundary.Costs{Positive: "p", Miss: rapid.Float64Range(0, 50).Draw(t, "miss"), False: rapid.Float64Range(0.1, 50).Draw(t, "false")}
		at := func(threshold float64) float64 {
			sum := 0.0
			for _, s := range scored {
				switch yes := s.Score >= threshold; {
				case s.Positive && !yes:
					sum += c.Miss
				case !s.Positive && yes:
					sum += c.False
				}
			}
			return sum / float64(len(scored))
		}
		for _, p := range boundary.Sweep(scored, c) {
			if math.Abs(at(p.Threshold)-p.Cost) > 1e-9 {
				t.Fatalf("%+v costs %g", p, at(p.Threshold))
			}
		}
		chosen, ok := boundary.Choose(scored, c)
		for i := range 22 {
			if other := (float64(i) - .5) / 20; !ok || at(other) < at(chosen)-1e-9 {
				t.Fatalf("%g costs %g, chosen %g costs %g", other, at(other), chosen, at(chosen))
			}
		}
	})
}
