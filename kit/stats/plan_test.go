package stats_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// Published sizes for one-sided alpha 0.05 and power 0.80.
var plans = []struct {
	p0, p1        float64
	normal, exact int
}{
	{0.80, 0.90, 83, 94},
	{0.90, 0.95, 184, 203},
	{0.85, 0.90, 283, 304},
	{0.95, 0.98, 253, 286},
	{0.90, 0.93, 558, 593},
}

func TestPlanProportion(t *testing.T) {
	t.Parallel()
	for _, c := range plans {
		normal, exact := stats.PlanProportion(c.p0, c.p1, 0.05, 0.80)
		if normal != c.normal || exact != c.exact {
			t.Errorf("%g against %g: %d/%d, want %d/%d", c.p1, c.p0, normal, exact, c.normal, c.exact)
		}
	}
	// A rate of 1: all must be right, and 0.9^29 is the first below 0.05.
	if _, exact := stats.PlanProportion(0.9, 1, 0.05, 0.8); exact != 29 {
		t.Errorf("a perfect candidate needs %d, want 29", exact)
	}
	if normal, exact := stats.PlanProportion(0.5, 0.5001, 0.05, 0.8); normal < 1_000_000 || exact != 0 {
		t.Errorf("a difference of 0.0001: %d/%d", normal, exact)
	}
	nan := math.NaN()
	for _, c := range [][4]float64{{0.9, 0.9, 0.05, 0.8}, {0.9, 0.8, 0.05, 0.8}, {0, 0.5, 0.05, 0.8}, {0.9, 1.1, 0.05, 0.8},
		{nan, 0.9, 0.05, 0.8}, {0.9, nan, 0.05, 0.8}, {0.9, 0.95, 0, 0.8}, {0.9, 0.95, 0.05, 1}, {0.9, 0.95, nan, nan}} {
		if normal, exact := stats.PlanProportion(c[0], c[1], c[2], c[3]); normal != 0 || exact != 0 {
			t.Errorf("PlanProportion(%v) = %d/%d", c, normal, exact)
		}
	}
}

// passes says, by sums alone, whether m more cases at rate pass with power.
func passes(right, seen, m int, p0, alpha, rate, power float64) bool {
	need := stats.CriticalCount(seen+m, p0, alpha)
	return tailSum(need-right, m, rate) >= power
}

func TestPlanProportionIsTheEndOfTheSawTooth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p0 := rapid.Float64Range(0.2, 0.95).Draw(t, "p0")
		p1 := p0 + (1-p0)*rapid.Float64Range(0.35, 1).Draw(t, "step")
		alpha := rapid.SampledFrom([]float64{0.01, 0.05, 0.1}).Draw(t, "alpha")
		power := rapid.SampledFrom([]float64{0.6, 0.8, 0.95}).Draw(t, "power")
		_, exact := stats.PlanProportion(p0, p1, alpha, power)
		if exact < 1 || exact > 1 && passes(0, 0, exact-1, p0, alpha, p1, power) {
			t.Fatalf("%g against %g: %d is not the smallest", p1, p0, exact)
		}
		for m := exact; m < exact+60; m++ {
			if !passes(0, 0, m, p0, alpha, p1, power) {
				t.Fatalf("%g against %g: %d, but power falls short at %d", p1, p0, exact, m)
			}
		}
	})
}

func TestPlanPaired(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delta, psi float64
		want       int
	}{{0.05, 0.10, 248}, {0.03, 0.10, 687}, {0.02, 0.10, 1546}, {0.02, 0.05, 773}} {
		if got := stats.PlanPaired(c.delta, c.psi, 0, 0.05, 0.80); got != c.want {
			t.Errorf("delta %g psi %g: %d, want %d", c.delta, c.psi, got, c.want)
		}
	}
	if none, some := stats.PlanPaired(0.05, 0.1, 0, 0.05, 0.8), stats.PlanPaired(0.05, 0.1, 0.02, 0.05, 0.8); some <= none {
		t.Errorf("an expected loss needs more cases: %d, %d", none, some)
	}
	nan := math.NaN()
	for _, c := range [][5]float64{{0.05, 0.1, 0.05, 0.05, 0.8}, {0.05, 0, 0, 0.05, 0.8}, {0.05, 0.01, -0.02, 0.05, 0.8},
		{nan, 0.1, 0, 0.05, 0.8}, {0.05, nan, 0, 0.05, 0.8}, {0.05, 0.1, nan, 0.05, 0.8}, {0.05, 0.1, 0, 0.05, 0.01}, {0.05, 0.1, 0, 0, 0.8}} {
		if got := stats.PlanPaired(c[0], c[1], c[2], c[3], c[4]); got != 0 {
			t.Errorf("PlanPaired(%v) = %d", c, got)
		}
	}
}

func TestMoreCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		k, n      int
		p0        float64
		more      int
		reachable bool
	}{
		{"passes already", 96, 100, 0.9, 0, true},
		{"at the bar", 90, 100, 0.9, 0, false},
		{"below the bar", 80, 100, 0.9, 0, false},
		// All right so far: 24 more right ones make the 29 of 0.9^29 < 0.05.
		{"all of five", 5, 5, 0.9, 24, true},
		{"a hair above the bar", 90_001, 100_000, 0.9, 0, false},
		// The power is reached on single teeth below the bound, but kept only
		// beyond it.
		{"on the edge of the bound", 90_150, 100_000, 0.9, 0, false},
		{"none seen", 0, 0, 0.9, 0, false},
		{"more than all", 6, 5, 0.9, 0, false},
		{"negative", -1, 5, 0.9, 0, false},
		{"bar of 1", 5, 5, 1, 0, false},
		{"bar NaN", 5, 5, math.NaN(), 0, false},
	} {
		more, reachable := stats.MoreCases(c.k, c.n, c.p0, 0.05, 0.8)
		if more != c.more || reachable != c.reachable {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, more, reachable, c.more, c.reachable)
		}
	}
	if _, ok := stats.MoreCases(5, 6, 0.5, math.NaN(), 0.8); ok {
		t.Error("alpha NaN is reachable")
	}
	if _, ok := stats.MoreCases(5, 6, 0.5, 0.05, 1); ok {
		t.Error("power 1 is reachable")
	}
}

// The answer is the smallest from which on the power holds, by sums alone; and
// having seen some cases never asks for more than starting anew does.
func TestMoreCasesIsTheEndOfTheSawTooth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(5, 200).Draw(t, "n")
		k := rapid.IntRange(n/2, n).Draw(t, "k")
		rate := float64(k) / float64(n)
		p0 := rate - (0.05 + 0.3*rapid.Float64Range(0, 1).Draw(t, "gap"))
		power := rapid.SampledFrom([]float64{0.6, 0.8, 0.9}).Draw(t, "power")
		if p0 <= 0.01 {
			return
		}
		more, reachable := stats.MoreCases(k, n, p0, 0.05, power)
		if !reachable {
			t.Fatalf("%d/%d over %g is not reachable", k, n, p0)
		}
		if more == 0 {
			if stats.LowerBound(k, n, 0.05) < p0-1e-9 {
				t.Fatalf("%d/%d does not pass %g", k, n, p0)
			}
			return
		}
		if more > 1 && passes(k, n, more-1, p0, 0.05, rate, power) {
			t.Fatalf("%d/%d over %g: %d is not the smallest", k, n, p0, more)
		}
		for m := more; m < more+60; m++ {
			if !passes(k, n, m, p0, 0.05, rate, power) {
				t.Fatalf("%d/%d over %g: %d, but power falls short at %d", k, n, p0, more, m)
			}
		}
	})
}

func BenchmarkPlanProportion(b *testing.B) {
	for _, c := range plans {
		b.Run(fmt.Sprintf("%g-%g", c.p0, c.p1), func(b *testing.B) {
			for b.Loop() {
				stats.PlanProportion(c.p0, c.p1, 0.05, 0.8)
			}
		})
	}
	b.Run("0.9-0.902", func(b *testing.B) { // 138,000 cases
		for b.Loop() {
			stats.PlanProportion(0.9, 0.902, 0.05, 0.8)
		}
	})
}

func BenchmarkMoreCases(b *testing.B) {
	for _, c := range [][2]int{{92, 100}, {2790, 3080}, {90_155, 100_000}} {
		b.Run(fmt.Sprintf("%d-of-%d", c[0], c[1]), func(b *testing.B) {
			for b.Loop() {
				stats.MoreCases(c[0], c[1], 0.9, 0.05, 0.8)
			}
		})
	}
}
