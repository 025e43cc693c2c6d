package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// Student 1908, Biometrika 6:1, table I (additional hours of sleep by two
// drugs on ten patients); the figures are those that R prints for
// t.test(extra ~ group, data = sleep, paired = TRUE).
func TestPairedMeanOfStudent(t *testing.T) {
	t.Parallel()
	first := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2.0}
	second := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d := make([]float64, len(first))
	for i := range d {
		d[i] = first[i] - second[i]
	}
	m := stats.MeanOf(d)
	iv := m.Interval(0.95)
	near(t, "mean", m.Value, -1.58, 2)
	near(t, "t", m.Value/m.SE, -4.0621, 4)
	near(t, "low", iv.Low, -2.4598858, 7)
	near(t, "high", iv.High, -0.7001142, 7)
	if m.N != 10 || m.Clusters != 10 || iv.Method != stats.MethodT {
		t.Errorf("%+v, %+v", m, iv)
	}
	// Two-sided 0.002833, so half of it that the second is better.
	for i := range d {
		d[i] = -d[i]
	}
	near(t, "p", 2*stats.MeanOf(d).PGreater(0), 0.002833, 6)
}

// The clustered standard error as statsmodels 0.15 gives it for a regression
// on a constant, cov_type="cluster" with its correction C/(C-1).
func TestClusteredMeanKnownAnswer(t *testing.T) {
	t.Parallel()
	x := []float64{.9, .4, .7, 1, .2, .55, .8, .3, .95, .6, .1, .75}
	g := []int{0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4}
	m := stats.ClusteredMean(x, g)
	near(t, "mean", m.Value, 0.6041666666666667, 14)
	near(t, "se", m.SE, 0.041379945202587406, 14)
	if iv := m.Interval(0.95); m.Clusters != 5 || iv.Method != stats.MethodClusterT {
		t.Errorf("%+v, %+v", m, iv)
	} else {
		near(t, "high", iv.High, 0.7190558129777435, 10) // SciPy 1.17: t with 4 degrees of freedom
	}
}

func TestMeanOfNonsense(t *testing.T) {
	t.Parallel()
	for _, m := range []stats.Mean{stats.MeanOf(nil), stats.MeanOf([]float64{3}), stats.ClusteredMean([]float64{1, 2}, []int{1}), stats.ClusteredMean([]float64{1, 0}, []int{4, 4})} {
		if iv := m.Interval(0.95); !math.IsNaN(m.SE) || !math.IsInf(iv.Low, -1) || !math.IsInf(iv.High, 1) || m.PGreater(-100) != 1 {
			t.Errorf("%+v claims something: %+v", m, iv)
		}
	}
	same := stats.MeanOf([]float64{1, 1, 1})
	if same.PGreater(0.5) != 0 || same.PGreater(1) != 1 || same.PGreater(math.NaN()) != 1 {
		t.Error("without spread the mean alone decides")
	}
}

// Shrout and Fleiss 1979, Psychol. Bull. 86:420, tables 2 and 4: six targets,
// four judges, ICC(1,1) = .17.
func TestICCOfShroutAndFleiss(t *testing.T) {
	t.Parallel()
	var x []float64
	var target []int
	for i, row := range [][]float64{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}} {
		for _, v := range row {
			x, target = append(x, v), append(target, i)
		}
	}
	icc, ok := stats.ICC(x, target)
	if !ok {
		t.Fatal("no correlation")
	}
	near(t, "ICC", icc, .17, 2)
	// Clusters that agree within: 1. What the data cannot say: false.
	if icc, ok := stats.ICC([]float64{1, 1, 0, 0}, []int{1, 1, 2, 2}); !ok || icc != 1 {
		t.Errorf("full agreement: %g", icc)
	}
	for _, c := range [][]int{{1, 1, 1, 1}, {1, 2, 3, 4}, nil} {
		if _, ok := stats.ICC([]float64{1, 0, 1, 0}, c); ok {
			t.Errorf("clusters %v have a correlation", c)
		}
	}
	if _, ok := stats.ICC([]float64{1, 1, 1, 1}, []int{1, 1, 2, 2}); ok {
		t.Error("values that are all the same have a correlation")
	}
}

func TestDesignEffect(t *testing.T) {
	t.Parallel()
	near(t, "20 of 0.05", stats.DesignEffect(20, 0.05), 1.95, 12)
	near(t, "alone", stats.DesignEffect(1, 0.5), 1, 12)
	near(t, "below chance", stats.DesignEffect(10, -0.2), 1, 12)
	if !math.IsInf(stats.DesignEffect(math.NaN(), 0.1), 1) {
		t.Error("NaN plans something")
	}
	for _, c := range []struct {
		n    int
		deff float64
		want int
	}{{203, 1.95, 396}, {100, 1, 100}, {0, 2, 0}, {10, math.NaN(), 10}, {10, math.Inf(1), math.MaxInt32}} {
		if got := stats.Inflate(c.n, c.deff); got != c.want {
			t.Errorf("Inflate(%d, %g) = %d, want %d", c.n, c.deff, got, c.want)
		}
	}
}

// The cluster bootstrap's spread is that of the clustered standard error, and
// the same seed gives the same interval.
func TestBootstrapAgreesWithFormula(t *testing.T) {
	t.Parallel()
	rng := stats.NewRand(3)
	var x []float64
	var g []int
	for c := range 60 {
		base := rng.NormFloat64()
		for range 1 + rng.IntN(6) {
			x, g = append(x, base+0.3*rng.NormFloat64()), append(g, c)
		}
	}
	mean := func(cases []int) float64 {
		s := 0.0
		for _, i := range cases {
			s += x[i]
		}
		return s / float64(len(cases))
	}
	iv, ok := stats.Bootstrap(len(x), g, mean, 4000, 0.95, stats.NewRand(4))
	again, _ := stats.Bootstrap(len(x), g, mean, 4000, 0.95, stats.NewRand(4))
	if !ok || iv != again || iv.Method != stats.MethodBootstrap {
		t.Fatalf("%+v, again %+v", iv, again)
	}
	m := stats.ClusteredMean(x, g)
	if got, want := iv.High-iv.Low, 2*1.96*m.SE; math.Abs(got/want-1) > 0.08 {
		t.Errorf("width %g, by formula %g", got, want)
	}
	naive := stats.MeanOf(x)
	if naive.SE > 0.8*m.SE {
		t.Errorf("the example has no clusters to speak of: %g, %g", naive.SE, m.SE)
	}
	for _, bad := range []func() bool{
		func() bool { _, ok := stats.Bootstrap(0, nil, mean, 1000, 0.95, stats.NewRand(1)); return ok },
		func() bool { _, ok := stats.Bootstrap(5, []int{1}, mean, 1000, 0.95, stats.NewRand(1)); return ok },
		func() bool {
			_, ok := stats.Bootstrap(3, []int{1, 1, 1}, mean, 1000, 0.95, stats.NewRand(1))
			return ok
		},
		func() bool { _, ok := stats.Bootstrap(3, nil, mean, 99, 0.95, stats.NewRand(1)); return ok },
		func() bool { _, ok := stats.Bootstrap(3, nil, mean, 100, 1, stats.NewRand(1)); return ok },
		func() bool {
			_, ok := stats.Bootstrap(3, nil, func([]int) float64 { return math.NaN() }, 100, 0.9, stats.NewRand(1))
			return ok
		},
	} {
		if bad() {
			t.Error("a bootstrap of nothing has an interval")
		}
	}
}

func TestClusteredMeanProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-10, 10), 2, 60).Draw(t, "x")
		own := make([]int, len(x))
		for i := range own {
			own[i] = -i
		}
		a, b := stats.MeanOf(x), stats.ClusteredMean(x, own)
		if a != b {
			t.Fatalf("%+v, as clusters of one %+v", a, b)
		}
		// Every value twice, in one cluster: nothing new was learnt.
		twice, g := append(append([]float64{}, x...), x...), append(append([]int{}, own...), own...)
		if m := stats.ClusteredMean(twice, g); math.Abs(m.SE-a.SE) > 1e-9 {
			t.Fatalf("repeats change the error from %g to %g", a.SE, m.SE)
		}
	})
}
