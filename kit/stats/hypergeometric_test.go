package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

func TestFisherGreaterKnownAnswers(t *testing.T) {
	t.Parallel()
	// Fisher 1935, The Design of Experiments: the lady tasting tea, 3 of 4
	// right, 17/70; and his twins of convicts (10 of 13 against 2 of 17),
	// which R's help page of fisher.test prints as 0.0004652.
	near(t, "tea", stats.FisherGreater(3, 4, 4, 8), 17.0/70, 12)
	near(t, "twins", stats.FisherGreater(10, 13, 12, 30), 0.0004652, 7)
	// SciPy 1.17, hypergeom.sf.
	for _, c := range []struct {
		k, m, wrong, n int
		want           float64
	}{
		{30, 100, 210, 2000, 2.5163088150125698e-08},
		{17, 18, 29, 60, 1.7765608104466146e-06},
		{200, 1000, 1500, 10_000, 3.963721441412393e-06},
		{5, 100, 210, 2000, 0.9853925128081538},
		{1, 100, 1, 2000, 0.05},
		{90, 1000, 900, 100_000, 5.482322128726712e-60},
	} {
		if got := stats.FisherGreater(c.k, c.m, c.wrong, c.n); math.Abs(got/c.want-1) > 1e-8 {
			t.Errorf("%+v: %.16g", c, got)
		}
	}
	// The lady again: 17/70, of which 16/70 are for exactly 3.
	near(t, "tea, mid-p", stats.FisherMidGreater(3, 4, 4, 8), 9.0/70, 12)
	near(t, "tea, all right, mid-p", stats.FisherMidGreater(4, 4, 4, 8), 0.5/70, 12)
	if p := stats.FisherMidGreater(6, 5, 9, 10); p != 1 {
		t.Errorf("nonsense: %g", p)
	}
	for _, p := range []float64{stats.FisherGreater(0, 5, 5, 10), stats.FisherGreater(6, 5, 9, 10), stats.FisherGreater(3, 11, 5, 10),
		stats.FisherGreater(3, 5, 11, 10), stats.FisherGreater(1, 1, 1, 0), stats.FisherGreater(1, -1, 1, 5), stats.FisherGreater(4, 5, 9, 10)} {
		if p != 1 {
			t.Errorf("nonsense or certain: %g", p)
		}
	}
}

func TestFisherGreaterAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		m, wrong := rapid.IntRange(0, n).Draw(t, "m"), rapid.IntRange(0, n).Draw(t, "wrong")
		// The mean of the distribution is the sum of its upper tails.
		sum, last := 0.0, 1.0
		for k := 1; k <= min(m, wrong); k++ {
			p := stats.FisherGreater(k, m, wrong, n)
			if p > last+1e-12 || p < 0 {
				t.Fatalf("the tail rises at %d: %g, %g", k, last, p)
			}
			sum, last = sum+p, p
		}
		if want := float64(m) * float64(wrong) / float64(n); math.Abs(sum-want) > 1e-8*(1+want) {
			t.Fatalf("m %d wrong %d n %d: mean %g, want %g", m, wrong, n, sum, want)
		}
	})
}
