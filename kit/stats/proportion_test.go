package stats_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// near fails unless got is within half a unit of the last printed digit.
func near(t *testing.T, what string, got, want float64, digits int) {
	t.Helper()
	if !(math.Abs(got-want) <= 0.5000001*math.Pow10(-digits)) {
		t.Errorf("%s = %.10g, want %.*f", what, got, digits, want)
	}
}

// tailSum is P[X >= k] for X ~ Bin(n, p) by adding up the probabilities: slow
// and simple, the oracle for what goes through the beta function.
func tailSum(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for i := n; i >= k; i-- {
		switch {
		case p == 1:
			if i == n {
				sum++
			}
		case p > 0:
			sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		}
	}
	return sum
}

// Newcombe 1998, Statistics in Medicine 17:857, table I, methods 5 and 3.
func TestIntervalsOfNewcombe1998(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n           int
		cpLow, cpHigh  float64
		wilLow, wilHig float64
	}{
		{81, 263, 0.2527, 0.3676, 0.2553, 0.3662},
		{15, 148, 0.0578, 0.1617, 0.0624, 0.1605},
		{0, 20, 0, 0.1684, 0, 0.1611},
		{1, 29, 0.0009, 0.1776, 0.0061, 0.1718},
	} {
		name := fmt.Sprintf("%d/%d", c.k, c.n)
		cp, w := stats.ClopperPearson(c.k, c.n, 0.95), stats.Wilson(c.k, c.n, 0.95)
		near(t, name+" exact low", cp.Low, c.cpLow, 4)
		near(t, name+" exact high", cp.High, c.cpHigh, 4)
		near(t, name+" Wilson low", w.Low, c.wilLow, 4)
		near(t, name+" Wilson high", w.High, c.wilHig, 4)
		if cp.Method != stats.MethodClopperPearson || w.Method != stats.MethodWilson || cp.Level != 0.95 || w.Level != 0.95 {
			t.Errorf("%s: labels of %+v, %+v", name, cp, w)
		}
	}
}

// Figures computed with 40 digits (mpmath 1.3: sums of the binomial
// probabilities, and bisection on them).
func TestExactFiguresToManyDigits(t *testing.T) {
	t.Parallel()
	relative := func(what string, got, want, tol float64) {
		if !(math.Abs(got/want-1) <= tol) {
			t.Errorf("%s = %.16g, want %.16g", what, got, want)
		}
	}
	for _, c := range []struct {
		k, n    int
		p, want float64
	}{
		{96, 100, 0.9, 0.02371108266347676},
		{80, 100, 0.9, 0.9991924261256337},
		{60, 100, 0.1, 2.19093987763207e-34},
		{9990, 10_000, 0.99, 7.562773329151666e-31},
		{901_000, 1_000_000, 0.9, 0.0004246967381175466},
		{500_500, 1_000_000, 0.5, 0.1588973456816528},
		{1, 1_000_000, 1e-6, 0.6321207427683549},
		{12, 1_000_000, 1e-6, 8.315646629806651e-10},
	} {
		relative(fmt.Sprintf("P[X>=%d | %d, %g]", c.k, c.n, c.p), stats.BinomTestGreater(c.k, c.n, c.p), c.want, 1e-8)
	}
	for _, c := range []struct {
		k, n int
		want float64
	}{
		{96, 100, 0.91080374984112},
		{1, 10, 0.0051161968918237},
		{9990, 10_000, 0.998304368546355},
		{1, 1_000_000, 5.12932930720495e-8},
		{999_000, 1_000_000, 0.998946425122546},
	} {
		relative(fmt.Sprintf("lower %d/%d", c.k, c.n), stats.LowerBound(c.k, c.n, 0.05), c.want, 1e-10)
	}
	relative("lower 45.5/50.25", stats.LowerBoundReal(45.5, 50.25, 0.05), 0.808260247469267, 1e-12)
}

// The rule of three made exact: no severe error in n.
func TestUpperBoundOfNone(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]float64{59: 0.05, 299: 0.01, 2995: 0.001} {
		got := stats.UpperBound(0, n, 0.05)
		if math.Abs(got-(1-math.Pow(0.05, 1/float64(n)))) > 1e-12 || got > want || stats.UpperBound(0, n-1, 0.05) <= want {
			t.Errorf("upper bound of 0/%d = %g; want the first <= %g", n, got, want)
		}
	}
}

// The operating figures that the gate's design rests on: the count needed by
// the exact rule at one-sided 0.05, its false-pass rate at the target, and its
// chance when the rate is better by 60 % of the way to 1.
func TestOperatingFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target   float64
		n, k     int
		at, over float64
		digits   int
	}{
		{0.90, 100, 96, 0.024, 0.629, 3},
		{0.90, 200, 188, 0.032, 0.94, 2},
		{0.90, 500, 462, 0.039, 1.0, 1},
		{0.95, 200, 196, 0.026, 0.629, 3},
	} {
		k := stats.CriticalCount(c.n, c.target, 0.05)
		if k != c.k {
			t.Errorf("needed of %d at %g = %d, want %d", c.n, c.target, k, c.k)
		}
		near(t, "false pass", stats.BinomTestGreater(k, c.n, c.target), c.at, 3)
		near(t, "true pass", stats.BinomTestGreater(k, c.n, c.target+0.6*(1-c.target)), c.over, c.digits)
		if stats.LowerBound(k, c.n, 0.05) < c.target || stats.LowerBound(k-1, c.n, 0.05) >= c.target {
			t.Errorf("%d of %d is not where the lower bound crosses %g", k, c.n, c.target)
		}
	}
	// Deciding on the point estimate, and on Wilson's lower limit.
	near(t, "point estimate, false pass", stats.BinomTestGreater(90, 100, 0.9), 0.583, 3)
	near(t, "point estimate, true pass", stats.BinomTestGreater(90, 100, 0.96), 0.998, 3)
	if stats.Wilson(95, 100, 0.9).Low < 0.9 || stats.Wilson(94, 100, 0.9).Low >= 0.9 {
		t.Error("Wilson does not need 95 of 100")
	}
	near(t, "Wilson, false pass", stats.BinomTestGreater(95, 100, 0.9), 0.058, 3)
	near(t, "Wilson, true pass", stats.BinomTestGreater(95, 100, 0.96), 0.788, 3)
	// BANKING77's 3,080 test cases: keywords 0.427, BM25 0.833, softmax 0.9143.
	near(t, "keywords", stats.LowerBound(1315, 3080, 0.05), 0.412, 3)
	near(t, "BM25", stats.LowerBound(2566, 3080, 0.05), 0.822, 3)
	near(t, "softmax", stats.LowerBound(2816, 3080, 0.05), 0.9055, 4)
	near(t, "softmax, alpha/5", stats.LowerBound(2816, 3080, 0.01), 0.9018, 4)
}

func TestOutOfRangeClaimsNothing(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, iv := range []stats.Interval{
		stats.ClopperPearson(1, 0, 0.95), stats.ClopperPearson(-1, 5, 0.95), stats.ClopperPearson(6, 5, 0.95),
		stats.ClopperPearson(3, 5, 0), stats.ClopperPearson(3, 5, 1), stats.ClopperPearson(3, 5, nan), stats.ClopperPearson(3, 5, -2),
		stats.Wilson(1, 0, 0.95), stats.Wilson(-1, 5, 0.95), stats.Wilson(6, 5, 0.95), stats.Wilson(3, 5, 1), stats.Wilson(3, 5, nan),
		stats.ShareOfSum([]int{1, -1}, []bool{true, true}, 0.95), stats.ShareOfSum([]int{1}, nil, 0.95), stats.ShareOfSum(nil, nil, 0.95),
		stats.MultinomialShares([]int{0, 0}, 0.95)[1], stats.MultinomialShares([]int{3, -1}, 0.95)[0], stats.MultinomialShares([]int{3}, 1)[0],
	} {
		if iv.Low != 0 || iv.High != 1 {
			t.Errorf("got %+v, want [0, 1]", iv)
		}
	}
	for _, iv := range []stats.Interval{
		stats.TangoInterval(1, 1, 0, 0.95), stats.TangoInterval(-1, 1, 9, 0.95), stats.TangoInterval(5, 5, 9, 0.95), stats.TangoInterval(1, 1, 9, nan),
	} {
		if iv.Low != -1 || iv.High != 1 {
			t.Errorf("got %+v, want [-1, 1]", iv)
		}
	}
	if stats.LowerBoundReal(nan, 5, 0.05) != 0 || stats.LowerBoundReal(3, nan, 0.05) != 0 || stats.LowerBoundReal(3, math.Inf(1), 0.05) != 0 ||
		stats.LowerBound(5, 5, nan) != 0 || stats.UpperBound(0, 5, nan) != 1 {
		t.Error("a bound of nonsense claims something")
	}
	if stats.BinomTestGreater(6, 5, 0.5) != 1 || stats.BinomTestGreater(3, 5, nan) != 1 || stats.BinomTestGreater(3, 5, -0.1) != 1 ||
		stats.BinomTestGreater(0, 5, 0.5) != 1 || stats.BinomTestGreater(3, -5, 0.5) != 1 {
		t.Error("a test of nonsense claims something")
	}
	if stats.BinomTestGreater(3, 5, 0) != 0 || stats.BinomTestGreater(3, 5, 1) != 1 {
		t.Error("the ends of p0")
	}
	for _, c := range []struct {
		n         int
		p0, alpha float64
	}{{0, 0.5, 0.05}, {-3, 0.5, 0.05}, {10, nan, 0.05}, {10, 0.5, 0}, {10, 0.5, nan}, {28, 0.9, 0.05}} {
		if got := stats.CriticalCount(c.n, c.p0, c.alpha); got != max(c.n, 0)+1 {
			t.Errorf("CriticalCount(%v) = %d", c, got)
		}
	}
	if got := stats.CriticalCount(29, 0.9, 0.05); got != 29 {
		t.Errorf("29 of 29 is the smallest sample that shows 90 %%; needed %d", got)
	}
}

// The exact interval's coverage is never below its level, at any rate.
func TestClopperPearsonCovers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5, 20, 47} {
		for i := range 201 {
			p, covered := float64(i)/200, 0.0
			for k := range n + 1 {
				iv := stats.ClopperPearson(k, n, 0.9)
				if iv.Low <= p && p <= iv.High {
					covered += tailSum(k, n, p) - tailSum(k+1, n, p)
				}
			}
			if covered < 0.9-1e-9 {
				t.Errorf("n %d, p %g: coverage %g", n, p, covered)
			}
		}
	}
}

func TestProportionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		level := rapid.Float64Range(0.5, 0.999).Draw(t, "level")
		alpha := (1 - level) / 2
		est := float64(k) / float64(n)
		for name, f := range map[string]func(int, int, float64) stats.Interval{"exact": stats.ClopperPearson, "wilson": stats.Wilson} {
			iv := f(k, n, level)
			if !(0 <= iv.Low && iv.Low <= est && est <= iv.High && iv.High <= 1) {
				t.Fatalf("%s %d/%d: %+v", name, k, n, iv)
			}
			if turned := f(n-k, n, level); math.Abs(turned.Low-(1-iv.High)) > 1e-9 || math.Abs(turned.High-(1-iv.Low)) > 1e-9 {
				t.Fatalf("%s %d/%d is not symmetric: %+v, %+v", name, k, n, iv, turned)
			}
			if k < n {
				if next := f(k+1, n, level); next.Low <= iv.Low || next.High <= iv.High && iv.High < 1 {
					t.Fatalf("%s %d/%d does not rise with k: %+v, %+v", name, k, n, iv, next)
				}
			}
			if wider := f(k, n, (1+level)/2); wider.Low > iv.Low || wider.High < iv.High {
				t.Fatalf("%s %d/%d: a higher level is narrower", name, k, n)
			}
		}
		// The bound and the test are two views of one thing.
		if low := stats.LowerBound(k, n, alpha); k > 0 {
			if p := stats.BinomTestGreater(k, n, low); math.Abs(p/alpha-1) > 1e-7 {
				t.Fatalf("%d/%d: p-value %g at the %g bound", k, n, p, alpha)
			}
		}
		p0 := rapid.Float64Range(0.001, 0.999).Draw(t, "p0")
		got, want := stats.BinomTestGreater(k, n, p0), tailSum(k, n, p0)
		if math.Abs(got-want) > 1e-9*want+1e-300 && math.Abs(got-want) > 1e-10 {
			t.Fatalf("P[X>=%d | %d, %g] = %g, want %g", k, n, p0, got, want)
		}
		need := stats.CriticalCount(n, p0, alpha)
		if need <= n && stats.BinomTestGreater(need, n, p0) > alpha || need > 1 && stats.BinomTestGreater(need-1, n, p0) <= alpha {
			t.Fatalf("CriticalCount(%d, %g, %g) = %d", n, p0, alpha, need)
		}
	})
}

func TestRealBoundsLieBetweenWholeOnes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(0.01, 1e4).Draw(t, "n")
		k := n * rapid.Float64Range(0, 1).Draw(t, "share")
		alpha := rapid.Float64Range(1e-4, 0.5).Draw(t, "alpha")
		low, high := stats.LowerBoundReal(k, n, alpha), stats.UpperBoundReal(k, n, alpha)
		if !(0 <= low && low <= high && high <= 1) {
			t.Fatalf("%g of %g: %g, %g", k, n, low, high)
		}
		if more := stats.LowerBoundReal(k, n+1, alpha); more > low+1e-12 {
			t.Fatalf("%g of %g: one more failure raises the bound from %g to %g", k, n, low, more)
		}
	})
}

func BenchmarkLowerBound(b *testing.B) {
	for _, n := range []int{100, 3080, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				stats.LowerBound(n*91/100, n, 0.05)
			}
		})
	}
}

func BenchmarkBinomTestGreater(b *testing.B) {
	for _, n := range []int{100, 3080, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				stats.BinomTestGreater(n*91/100, n, 0.9)
			}
		})
	}
}
