package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a two-sided confidence interval. Low <= High. Level is the
// nominal coverage; Method is one of the Method constants.
type Interval struct {
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Level  float64 `json:"level"`
	Method string  `json:"method"`
}

// Names of the methods that intervals carry.
const (
	MethodClopperPearson = "clopper-pearson"
	MethodWilson         = "wilson"
	MethodTango          = "tango"
	MethodGoodman        = "goodman"
	MethodOrderStatistic = "order-statistic"
)

// ClopperPearson returns the exact two-sided interval for a proportion of
// which k of n were observed (Clopper and Pearson 1934, Biometrika 26:404):
// the two one-sided bounds at (1-level)/2. Its coverage is never below level.
// It is [0, 1] for n <= 0, k outside 0..n, or level outside (0, 1).
func ClopperPearson(k, n int, level float64) Interval {
	iv := Interval{High: 1, Level: level, Method: MethodClopperPearson}
	if open(level) {
		iv.Low, iv.High = LowerBound(k, n, (1-level)/2), UpperBound(k, n, (1-level)/2)
	}
	return iv
}

// LowerBound returns the exact one-sided lower (1-alpha) bound for a
// proportion: the p at which k or more of n have probability alpha. A gate
// passes if it is >= the bar. It is 0 for k <= 0 and for arguments outside
// their range.
func LowerBound(k, n int, alpha float64) float64 {
	return LowerBoundReal(float64(k), float64(n), alpha)
}

// UpperBound returns the exact one-sided upper (1-alpha) bound for a
// proportion: the p at which k or fewer of n have probability alpha. With
// k = 0 it is 1 - alpha^(1/n). It is 1 for k >= n and for arguments outside
// their range.
func UpperBound(k, n int, alpha float64) float64 {
	return UpperBoundReal(float64(k), float64(n), alpha)
}

// LowerBoundReal is LowerBound for effective counts, which need not be whole:
// the alpha quantile of Beta(k, n-k+1), as Korn and Graubard (1998, Survey
// Methodology 24:193) use it. For whole numbers it is exact, else an
// approximation and to be marked as one.
func LowerBoundReal(k, n, alpha float64) float64 {
	// Below a billionth of a success the bound, about alpha^(1/k), is 0 in
	// floating point, and the inverse beta function leaves its range.
	if !counts(k, n) || !open(alpha) || k < 1e-9 {
		return 0
	}
	return mathext.InvRegIncBeta(k, n-k+1, alpha)
}

// UpperBoundReal is UpperBound for effective counts: the 1-alpha quantile of
// Beta(k+1, n-k).
func UpperBoundReal(k, n, alpha float64) float64 {
	if !counts(k, n) || !open(alpha) {
		return 1
	}
	// By symmetry the bound for the failures, so that a small alpha is not
	// lost in 1-alpha.
	return 1 - LowerBoundReal(n-k, n, alpha)
}

// Wilson returns the two-sided score interval for a proportion (Wilson 1927,
// JASA 22:209). It is for display: its coverage is level on the average, not
// at worst, so no gate rests on it. It is [0, 1] for n <= 0, k outside 0..n,
// or level outside (0, 1).
func Wilson(k, n int, level float64) Interval {
	iv := Interval{High: 1, Level: level, Method: MethodWilson}
	if !counts(float64(k), float64(n)) || !open(level) {
		return iv
	}
	iv.Low, iv.High = wilson(float64(k), float64(n), (1-level)/2)
	return iv
}

// wilson returns the score limits with tail probability tail on either side.
func wilson(k, n, tail float64) (low, high float64) {
	z := -normalQuantile(tail)
	mid := k + z*z/2
	half := z * math.Sqrt(k*(n-k)/n+z*z/4)
	low, high = (mid-half)/(n+z*z), (mid+half)/(n+z*z)
	// At the edges the limits are known, and rounding must not lose them.
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return max(low, 0), min(high, 1)
}

// BinomTestGreater returns the exact one-sided p-value P[X >= k] for X
// binomial of n trials with probability p0: the test of "the true rate is at
// most p0". It goes through the regularised incomplete beta function, whose
// relative error stays below 1e-8 for n up to 1e6. It is 1 for k <= 0
// and for arguments outside their range (n < 0, k > n, p0 outside [0, 1]).
func BinomTestGreater(k, n int, p0 float64) float64 {
	if k <= 0 || k > n || !(p0 >= 0 && p0 <= 1) {
		return 1
	}
	return upperTail(k, n, p0)
}

// CriticalCount returns the smallest k of n that passes the exact one-sided
// test of p0 at alpha, which is the smallest k whose LowerBound is >= p0. It
// is n+1 if no count passes, and for arguments outside their range.
func CriticalCount(n int, p0, alpha float64) int {
	if n <= 0 || !open(alpha) || !(p0 >= 0 && p0 <= 1) {
		return max(n, 0) + 1
	}
	m := float64(n)
	guess := m*p0 - normalQuantile(alpha)*math.Sqrt(m*p0*(1-p0))
	return criticalNear(int(min(max(guess, 0), m)), n, p0, alpha)
}

// criticalNear is CriticalCount for valid arguments, searching from a guess.
func criticalNear(guess, n int, p0, alpha float64) int {
	k := min(max(guess, 1), n+1)
	for k > 1 && upperTail(k-1, n, p0) <= alpha {
		k--
	}
	for k <= n && upperTail(k, n, p0) > alpha {
		k++
	}
	return k
}

// upperTail is P[X >= k] for X ~ Bin(n, p), any k and 0 <= p <= 1.
func upperTail(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	if k > n {
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// normalQuantile returns z with P[Z <= z] = p for standard normal Z.
func normalQuantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// open reports whether x lies strictly between 0 and 1; NaN does not.
func open(x float64) bool { return x > 0 && x < 1 }

// counts reports whether k of n is something that can be observed.
func counts(k, n float64) bool {
	return n > 0 && !math.IsInf(n, 0) && k >= 0 && k <= n
}
