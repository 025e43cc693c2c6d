package stats_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

func oneTo(n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = float64(i + 1)
	}
	return xs
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		xs      []float64
		q, want float64
	}{
		// R 4.3: quantile(1:10, c(.25, .5, .95)) = 3.25, 5.5, 9.55.
		{oneTo(10), 0.25, 3.25}, {oneTo(10), 0.5, 5.5}, {oneTo(10), 0.95, 9.55},
		{oneTo(10), 0, 1}, {oneTo(10), 1, 10}, {oneTo(10), -1, 1}, {oneTo(10), 2, 10}, {oneTo(10), math.NaN(), 1},
		{[]float64{4}, 0.95, 4}, {nil, 0.5, 0},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 0.5, 0},
		{[]float64{1, math.Inf(1)}, 0, 1},
	} {
		if got := stats.Quantile(c.xs, c.q); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Quantile(%v, %g) = %g, want %g", c.xs, c.q, got, c.want)
		}
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	xs := []float64{3, math.NaN(), 1, 2}
	if got := stats.Percentiles(xs, 0, 50, 75, 100); !slices.Equal(got, []float64{1, 2, 2.5, 3}) {
		t.Errorf("got %v", got)
	}
	if xs[0] != 3 || xs[2] != 1 {
		t.Error("the argument was changed")
	}
	if got := stats.Percentiles(nil, 50); !slices.Equal(got, []float64{0}) {
		t.Errorf("none: %v", got)
	}
}

func TestQuantileUpper(t *testing.T) {
	t.Parallel()
	// 0.95^58 = 0.0510, 0.95^59 = 0.0485: the first sample with a finite limit.
	if v, ok := stats.QuantileUpper(oneTo(58), 0.95, 0.05); ok {
		t.Errorf("58 values give %g", v)
	}
	// Hahn and Meeker's tables of order statistics: 59 values need the largest,
	// 93 the second largest, 124 the third.
	for n, fromTop := range map[int]int{59: 1, 92: 1, 93: 2, 123: 2, 124: 3} {
		if v, ok := stats.QuantileUpper(oneTo(n), 0.95, 0.05); !ok || v != float64(n+1-fromTop) {
			t.Errorf("%d values: %g, %v; want number %d from the top", n, v, ok, fromTop)
		}
	}
	for _, bad := range [][2]float64{{0, 0.05}, {1, 0.05}, {0.95, 0}, {math.NaN(), 0.05}, {0.95, math.NaN()}} {
		if _, ok := stats.QuantileUpper(oneTo(500), bad[0], bad[1]); ok {
			t.Errorf("q %g alpha %g has a limit", bad[0], bad[1])
		}
	}
	if _, ok := stats.QuantileUpper(nil, 0.5, 0.05); ok {
		t.Error("no values have a limit")
	}
}

func TestQuantileInterval(t *testing.T) {
	t.Parallel()
	// The sign test's interval for a median: P[Bin(16, 1/2) <= 3] = 0.0106 and
	// P[<= 4] = 0.0384, so the 4th and the 13th of 16; none below 6 values.
	iv, ok := stats.QuantileInterval(oneTo(16), 0.5, 0.95)
	if !ok || iv.Low != 4 || iv.High != 13 || iv.Method != stats.MethodOrderStatistic || iv.Level != 0.95 {
		t.Errorf("16 values: %+v, %v", iv, ok)
	}
	if iv, ok := stats.QuantileInterval(oneTo(6), 0.5, 0.95); !ok || iv.Low != 1 || iv.High != 6 {
		t.Errorf("6 values: %+v, %v", iv, ok)
	}
	if iv, ok := stats.QuantileInterval(oneTo(5), 0.5, 0.95); ok || iv != (stats.Interval{}) {
		t.Errorf("5 values: %+v", iv)
	}
	if _, ok := stats.QuantileInterval(oneTo(50), 0.5, math.NaN()); ok {
		t.Error("NaN level")
	}
}

func TestQuantileLimitsHoldTheirLevel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 600).Draw(t, "n")
		q := rapid.Float64Range(0.01, 0.99).Draw(t, "q")
		alpha := rapid.Float64Range(0.001, 0.3).Draw(t, "alpha")
		below := func(r int) float64 { return 1 - tailSum(r, n, q) } // P[Bin(n, q) <= r-1]
		if v, ok := stats.QuantileUpper(oneTo(n), q, alpha); ok {
			r := int(v)
			if below(r) < 1-alpha-1e-9 || r > 1 && below(r-1) >= 1-alpha+1e-9 {
				t.Fatalf("n %d q %g alpha %g: X_(%d)", n, q, alpha, r)
			}
		} else if below(n) >= 1-alpha+1e-9 {
			t.Fatalf("n %d q %g alpha %g: a limit exists", n, q, alpha)
		}
		if iv, ok := stats.QuantileInterval(oneTo(n), q, 1-alpha); ok {
			if covered := below(int(iv.High)) - below(int(iv.Low)); covered < 1-alpha-1e-9 {
				t.Fatalf("n %d q %g: %+v covers %g", n, q, iv, covered)
			}
		}
	})
}
