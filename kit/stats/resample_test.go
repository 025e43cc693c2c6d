package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

func TestResampleKeepsTheNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 2000), 1, 8).Draw(t, "counts")
		out := make([]int, len(counts))
		stats.Resample(stats.NewRand(rapid.Uint64().Draw(t, "seed")), counts, out)
		n, got := 0, 0
		for i, k := range counts {
			n, got = n+k, got+out[i]
			if out[i] < 0 || k == 0 && out[i] != 0 {
				t.Fatalf("%v drew %v", counts, out)
			}
		}
		if n != got {
			t.Fatalf("%v drew %v", counts, out)
		}
	})
}

// The multinomial distribution of n items: mean np, variance np(1−p),
// covariance −np·q.
func TestResampleMoments(t *testing.T) {
	t.Parallel()
	counts := []int{50, 30, 0, 20}
	const draws = 20000
	rng := stats.NewRand(4)
	out := make([]int, len(counts))
	sum, square := make([]float64, len(counts)), make([]float64, len(counts))
	cross := 0.0
	for range draws {
		stats.Resample(rng, counts, out)
		for i, k := range out {
			sum[i] += float64(k)
			square[i] += float64(k) * float64(k)
		}
		cross += float64(out[0]) * float64(out[1])
	}
	for i, k := range counts {
		p := float64(k) / 100
		mean := sum[i] / draws
		variance := square[i]/draws - mean*mean
		if math.Abs(mean-float64(k)) > .2 || math.Abs(variance-100*p*(1-p)) > 1 { // five standard errors are 0.18 and 0.9 at most
			t.Errorf("kind %d: mean %v, variance %v", i, mean, variance)
		}
	}
	if cov := cross/draws - sum[0]/draws*sum[1]/draws; math.Abs(cov+15) > 1 {
		t.Errorf("covariance %v", cov)
	}
}
