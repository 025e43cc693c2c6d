package stats_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// Benjamini and Hochberg 1995, JRSS B 57:289, section 3.2: the 15 p-values of
// the trial of front-loaded rt-PA. At 0.05 their procedure rejects the first
// four, Bonferroni's and Holm's the first three.
var thrombolysis = []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
	0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000}

func TestBenjaminiHochbergKnownAnswer(t *testing.T) {
	t.Parallel()
	// The adjusted values are those of SciPy's documentation of
	// scipy.stats.false_discovery_control, which takes the same example.
	want := []float64{0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714, 0.06385714, 0.0645,
		0.0765, 0.486, 0.58118182, 0.714875, 0.75323077, 0.81321429, 1}
	for i, got := range stats.BenjaminiHochberg(thrombolysis) {
		near(t, "adjusted", got, want[i], 8)
	}
}

func TestHolmKnownAnswers(t *testing.T) {
	t.Parallel()
	// Holm 1979: multiply the ordered values by m, m-1, ..., and never fall.
	got := stats.Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "adjusted", got[i], want, 12)
	}
	rejected := 0
	for _, p := range stats.Holm(thrombolysis) {
		if p <= 0.05 {
			rejected++
		}
	}
	if rejected != 3 {
		t.Errorf("Holm rejects %d of the 15, want 3", rejected)
	}
	if got := stats.Holm([]float64{math.NaN(), -1, 7, 0.5}); !slices.Equal(got, []float64{1, 0, 1, 1}) {
		t.Errorf("values outside the range: %v", got)
	}
	if got := stats.Holm(nil); len(got) != 0 {
		t.Errorf("none: %v", got)
	}
}

func TestAdjustProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		given := slices.Clone(p)
		holm, bh := stats.Holm(p), stats.BenjaminiHochberg(p)
		if !slices.Equal(p, given) {
			t.Fatal("the argument was changed")
		}
		for i := range p {
			if !(p[i] <= bh[i] && bh[i] <= holm[i] && holm[i] <= min(1, float64(len(p))*p[i])) {
				t.Fatalf("%d of %v: BH %g, Holm %g", i, p, bh[i], holm[i])
			}
			for j := range p {
				if p[i] <= p[j] && (holm[i] > holm[j] || bh[i] > bh[j]) {
					t.Fatalf("order of %d and %d of %v is lost", i, j, p)
				}
			}
		}
	})
}

func TestSpendAlpha(t *testing.T) {
	t.Parallel()
	near(t, "first", stats.SpendAlpha(0.05, 1), 0.0304, 4) // 0.3/pi^2
	sum := 0.0
	for j := 1; j <= 100_000; j++ {
		sum += stats.SpendAlpha(0.05, j)
	}
	if !(sum < 0.05 && sum > 0.05-1e-6) {
		t.Errorf("100,000 attempts spend %g of 0.05", sum)
	}
	for _, got := range []float64{stats.SpendAlpha(0.05, 0), stats.SpendAlpha(0, 1), stats.SpendAlpha(math.NaN(), 1)} {
		if got != 0 {
			t.Errorf("out of range spends %g", got)
		}
	}
}

func TestWorn(t *testing.T) {
	t.Parallel()
	if stats.Worn(0) || stats.Worn(1) || stats.Worn(stats.WornAfter) || !stats.Worn(stats.WornAfter+1) {
		t.Error("a test set is worn after ten looks, not before")
	}
}
