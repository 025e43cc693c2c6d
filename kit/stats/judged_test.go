package stats_test

import (
	"math"
	"testing"

	"github.com/landfall-ai/landfall/kit/stats"
)

// binomial is P[X = k] for X of n trials with probability p.
func binomial(k, n int, p float64) float64 {
	choose, _ := math.Lgamma(float64(n + 1))
	a, _ := math.Lgamma(float64(k + 1))
	b, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(choose - a - b + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// The error of a gate on 300 judged cases whose true share is exactly the bar,
// summed over all that the cases and the judge's labels can show, and not
// simulated. Where only outcomes that are rarer than one in a million are left
// out, no error is missed.
func TestJudgedErrors(t *testing.T) {
	t.Parallel()
	const n = 300
	for _, alpha := range []float64{0.05, 0.0304, 0.0051} {
		for _, bar := range []float64{0.8, 0.9, 0.95} {
			for _, j := range []struct {
				sens, spec    float64
				positive, not int
			}{{0.9, 0.9, 50, 50}, {0.95, 0.85, 80, 20}, {0.97, 0.95, 50, 50}, {0.97, 0.95, 25, 75}, {0.99, 0.8, 80, 20}, {0.99, 0.99, 25, 75}} {
				q := bar*j.sens + (1-bar)*(1-j.spec)
				pass, fail := 0.0, 0.0
				for tp := range j.positive + 1 {
					for tn := range j.not + 1 {
						w := binomial(tp, j.positive, j.sens) * binomial(tn, j.not, j.spec)
						if w < 1e-6 {
							continue
						}
						c := stats.Calibration{TruePositive: tp, Positive: j.positive, TrueNegative: tn, Negative: j.not}
						bounds := func(k int) (float64, float64) { return stats.Count{K: k, N: n, Judge: &c}.Bounds(alpha) }
						for k := firstOf(n, func(k int) bool { low, _ := bounds(k); return low >= bar }); k <= n; k++ {
							pass += w * binomial(k, n, q)
						}
						for k := firstOf(n, func(k int) bool { _, high := bounds(k); return high >= bar }) - 1; k >= 0; k-- {
							fail += w * binomial(k, n, q)
						}
					}
				}
				// A tenth above the least alpha is what the corner of 25 good
				// items makes.
				if most := alpha * 1.1; pass > most || fail > most {
					t.Errorf("%+v, bar %v at %v: passes wrongly in %.4f, fails wrongly in %.4f", j, bar, alpha, pass, fail)
				}
			}
		}
	}
}

// firstOf returns the least k up to n at which holds begins to, n+1 if none.
func firstOf(n int, holds func(k int) bool) int {
	low, high := 0, n+1
	for low < high {
		if mid := (low + high) / 2; holds(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}
