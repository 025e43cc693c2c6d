package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// The seven counts of Sison and Glaz 1995, JASA 90:366; Goodman's limits as
// printed by May and Johnson 2000, J. Statist. Software 5(6).
func TestMultinomialSharesKnownAnswer(t *testing.T) {
	t.Parallel()
	want := [][2]float64{{0.085, 0.166}, {0.115, 0.204}, {0.116, 0.207}, {0.091, 0.173}, {0.096, 0.181}, {0.143, 0.239}, {0.089, 0.171}}
	for i, iv := range stats.MultinomialShares([]int{56, 72, 73, 59, 62, 87, 58}, 0.95) {
		near(t, "low", iv.Low, want[i][0], 3)
		near(t, "high", iv.High, want[i][1], 3)
		if iv.Method != stats.MethodGoodman || iv.Level != 0.95 {
			t.Errorf("labels of %+v", iv)
		}
	}
	if got := stats.MultinomialShares(nil, 0.95); len(got) != 0 {
		t.Errorf("no categories: %v", got)
	}
}

func TestShareOfSumPools(t *testing.T) {
	t.Parallel()
	got := stats.ShareOfSum([]int{10, 3, 5, 130}, []bool{true, false, true, false}, 0.95)
	if want := stats.ClopperPearson(15, 148, 0.95); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSharesProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 500), 1, 20).Draw(t, "counts")
		include := rapid.SliceOfN(rapid.Bool(), len(counts), len(counts)).Draw(t, "include")
		n := 0
		for _, c := range counts {
			n += c
		}
		if n == 0 {
			return
		}
		for i, iv := range stats.MultinomialShares(counts, 0.9) {
			share := float64(counts[i]) / float64(n)
			if !(0 <= iv.Low && iv.Low <= share && share <= iv.High && iv.High <= 1) {
				t.Fatalf("%d of %v: %+v", i, counts, iv)
			}
			if own := stats.Wilson(counts[i], n, 0.9); iv.Low > own.Low+1e-12 || iv.High < own.High-1e-12 {
				t.Fatalf("simultaneous %+v is narrower than single %+v", iv, own)
			}
		}
		rest := make([]bool, len(include))
		for i := range include {
			rest[i] = !include[i]
		}
		a, b := stats.ShareOfSum(counts, include, 0.9), stats.ShareOfSum(counts, rest, 0.9)
		if math.Abs(a.Low-(1-b.High)) > 1e-9 || math.Abs(a.High-(1-b.Low)) > 1e-9 {
			t.Fatalf("%v and the rest: %+v, %+v", include, a, b)
		}
	})
}
