package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// What SAS prints (PROC FREQ) for a table of 19 items, as the tests of
// statsmodels record it (statsmodels/stats/tests/test_inter_rater.py).
func TestKappaOfSAS(t *testing.T) {
	t.Parallel()
	table := [][]int{{0, 4, 1}, {0, 8, 0}, {0, 1, 5}}
	for _, c := range []struct {
		name                       string
		weights                    stats.Weights
		kappa, se, low, high, null float64
	}{
		{"simple", stats.Identity, 0.4842, 0.1380, 0.2137, 0.7547, 0.1484},
		{"weighted", stats.Linear, 0.4701, 0.1457, 0.1845, 0.7558, 0.1426},
	} {
		a := stats.Kappa(table, c.weights, 0.95)
		near(t, c.name+" kappa", a.Kappa, c.kappa, 4)
		near(t, c.name+" se", a.SE, c.se, 4)
		near(t, c.name+" low", a.Low, c.low, 4)
		near(t, c.name+" high", a.High, c.high, 4)
		near(t, c.name+" se0", a.SE0, c.null, 4)
		if a.N != 19 || a.Method != stats.MethodKappa {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

// Fleiss 1981, Statistical Methods for Rates and Proportions, 2nd ed., table
// 13.1: two raters on 100 subjects; kappa and its error under the hypothesis of 0.
func TestKappaOfFleiss1981(t *testing.T) {
	t.Parallel()
	a := stats.Kappa([][]int{{75, 1, 4}, {5, 4, 1}, {0, 0, 10}}, stats.Identity, 0.95)
	near(t, "kappa", a.Kappa, 0.68, 2)
	near(t, "se0", a.SE0, 0.076, 3)
}

// What R's irr 0.84 prints for the second and third rater of its anxiety data
// (recorded by the tests of statsmodels); the statistic is kappa by its
// standard error under the hypothesis of 0.
func TestKappaOfIRR(t *testing.T) {
	t.Parallel()
	// Columns of the published 20 x 3 matrix.
	all := []int{3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3,
		3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4,
		2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2}
	second, third := all[20:40], all[40:60]
	// Category 5 is used by neither; irr leaves it out.
	at := map[int]int{1: 0, 2: 1, 3: 2, 4: 3, 6: 4}
	table := make([][]int, 5)
	for i := range table {
		table[i] = make([]int, 5)
	}
	for i := range second {
		table[at[second[i]]][at[third[i]]]++
	}
	for _, c := range []struct {
		name             string
		weights          stats.Weights
		kappa, statistic float64
	}{
		{"unweighted", stats.Identity, -0.006289308, -0.0604067},
		{"equal", stats.Linear, 0.1459075, 1.282472},
		{"squared", stats.Quadratic, 0.2520325, 1.437451},
	} {
		a := stats.Kappa(table, c.weights, 0.95)
		near(t, c.name, a.Kappa, c.kappa, 7)
		near(t, c.name+" statistic", a.Kappa/a.SE0, c.statistic, 5)
	}
}

func TestKappaClaimsNothingItCannotKnow(t *testing.T) {
	t.Parallel()
	for name, table := range map[string][][]int{
		"empty": nil, "zero": {{0, 0}, {0, 0}}, "ragged": {{1, 2}, {3}},
		"negative": {{1, -1}, {0, 5}}, "one category used": {{9, 0}, {0, 0}},
	} {
		if a := stats.Kappa(table, stats.Identity, 0.95); a.Low != -1 || a.High != 1 || a.Kappa != 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	// Full agreement on ten items is no proof of full agreement: the exact
	// lower limit of 10 of 10 is 0.6915 (Clopper and Pearson).
	a := stats.Kappa([][]int{{5, 0}, {0, 5}}, stats.Identity, 0.95)
	near(t, "low", a.Low, (0.6915029-0.5)/0.5, 5)
	if a.Kappa != 1 || a.High != 1 {
		t.Errorf("%+v", a)
	}
}

// Kappa does not depend on which rater comes first, and lies in its interval.
func TestKappaIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 4).Draw(t, "k")
		a, b := make([][]int, k), make([][]int, k)
		for i := range k {
			a[i], b[i] = make([]int, k), make([]int, k)
		}
		for i := range k {
			for j := range k {
				a[i][j] = rapid.IntRange(0, 30).Draw(t, "n")
				b[j][i] = a[i][j]
			}
		}
		w := rapid.SampledFrom([]stats.Weights{stats.Identity, stats.Linear, stats.Quadratic}).Draw(t, "w")
		x, y := stats.Kappa(a, w, 0.95), stats.Kappa(b, w, 0.95)
		if math.Abs(x.Kappa-y.Kappa) > 1e-9 || math.Abs(x.SE-y.SE) > 1e-9 || math.Abs(x.SE0-y.SE0) > 1e-9 {
			t.Fatalf("%+v against %+v", x, y)
		}
		if !(x.Low <= x.Kappa+1e-12 && x.Kappa <= x.High+1e-12 && x.Low >= -1 && x.High <= 1) {
			t.Fatalf("%+v", x)
		}
	})
}
