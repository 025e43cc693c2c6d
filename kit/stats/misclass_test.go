package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/landfall-ai/landfall/kit/stats"
)

// The example of R's epiR (epi.prev): 23 of 150 cows positive by a test with
// sensitivity 0.96 and specificity 0.89; 5.1 in 100 are truly so. And 6 of 151
// at 0.964 and 0.927 (Moujaber et al. 2008): 0.
func TestCorrectShareOfEpiR(t *testing.T) {
	t.Parallel()
	c := stats.CorrectShare(23, 150, stats.Calibration{TruePositive: 96, Positive: 100, TrueNegative: 89, Negative: 100}, 0.95)
	near(t, "prevalence", c.Value, 0.051, 3)
	near(t, "raw", c.Raw, 23.0/150, 10)
	c = stats.CorrectShare(6, 151, stats.Calibration{TruePositive: 964, Positive: 1000, TrueNegative: 927, Negative: 1000}, 0.95)
	if c.Value != 0 || c.Low != 0 {
		t.Errorf("%+v", c)
	}
}

// Figures of the interval computed apart with the formulas of Lang and
// Reiczigel 2014 as the authors' R script (CI4TruePrevalence, 15 March 2013)
// and R's asht::prevSeSp state them, in Python's floating point.
func TestLangReiczigel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n      int
		cal       stats.Calibration
		low, high float64
	}{
		{3, 263, stats.Calibration{TruePositive: 88, Positive: 89, TrueNegative: 132, Negative: 134}, 0.000000, 0.025920},
		{120, 200, stats.Calibration{TruePositive: 45, Positive: 50, TrueNegative: 40, Negative: 50}, 0.429626, 0.715404},
		{850, 1000, stats.Calibration{TruePositive: 95, Positive: 100, TrueNegative: 85, Negative: 100}, 0.824975, 0.944116},
		{60, 100, stats.Calibration{TruePositive: 70, Positive: 100, TrueNegative: 60, Negative: 100}, 0.271185, 1.000000},
	} {
		got := stats.CorrectShare(c.k, c.n, c.cal, 0.95)
		near(t, "low", got.Low, c.low, 6)
		near(t, "high", got.High, c.high, 6)
	}
}

// The correction is unbiased, its standard error is the spread that repeated
// samples show, and its interval covers, the calibration drawn anew each time.
func TestCorrectShareOnSimulatedJudges(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, p float64) int {
		k := 0
		for range n {
			if rng.Float64() < p {
				k++
			}
		}
		return k
	}
	for _, c := range []struct{ p, sens, spec float64 }{{0.9, 0.95, 0.8}, {0.5, 0.85, 0.9}, {0.97, 0.9, 0.9}, {0.05, 0.9, 0.95}} {
		const rounds, n, cal = 3000, 400, 100
		covered, sum, sumSq, sumSE := 0, 0.0, 0.0, 0.0
		for range rounds {
			got := stats.CorrectShare(draw(n, c.p*c.sens+(1-c.p)*(1-c.spec)), n, stats.Calibration{
				TruePositive: draw(cal, c.sens), Positive: cal, TrueNegative: draw(cal, c.spec), Negative: cal}, 0.95)
			if got.Low <= c.p && c.p <= got.High {
				covered++
			}
			sum += got.Value
			sumSq += got.Value * got.Value
			sumSE += got.SE
		}
		mean := sum / rounds
		if share := float64(covered) / rounds; share < 0.94 {
			t.Errorf("%+v: the interval covers %.3f", c, share)
		}
		if c.p != 0.5 {
			continue // near the edges the value is cut, so mean and spread differ
		}
		sd := math.Sqrt(sumSq/rounds - mean*mean)
		if math.Abs(mean-c.p) > 0.005 || math.Abs(sumSE/rounds/sd-1) > 0.05 {
			t.Errorf("%+v: mean %.4f, spread %.4f, standard error %.4f", c, mean, sd, sumSE/rounds)
		}
	}
}

func TestCorrectShareOfAnUselessJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []stats.Calibration{
		{TruePositive: 50, Positive: 100, TrueNegative: 50, Negative: 100},
		{TruePositive: 51, Positive: 100, TrueNegative: 0, Negative: 0},
		{TruePositive: 5, Positive: 4, TrueNegative: 1, Negative: 2},
	} {
		if got := stats.CorrectShare(50, 100, c, 0.95); got.OK || got.Low != 0 || got.High != 1 {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	// A perfect judge on many items corrects nothing.
	got := stats.CorrectShare(700, 1000, stats.Calibration{TruePositive: 5000, Positive: 5000, TrueNegative: 5000, Negative: 5000}, 0.95)
	near(t, "value", got.Value, 0.7, 12)
	near(t, "se", got.SE, math.Sqrt(0.7*0.3/1000), 12)
}
