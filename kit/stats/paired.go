package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// McNemar tests whether two candidates are right equally often on the same
// cases: b cases only the first got right, c only the second. It returns the
// two-sided exact conditional p-value (b ~ Bin(b+c, 1/2)) and the mid-p
// version, which keeps its level in practice and has more power (Fagerland,
// Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91).
//
// A large p-value is no evidence of equality: for "not worse by more than a
// margin" use TangoInterval. Both are 1 for b+c = 0 and for negative counts.
func McNemar(b, c int) (exact, midP float64) {
	if b < 0 || c < 0 || b+c <= 0 {
		return 1, 1
	}
	n := b + c
	coin := distuv.Binomial{N: float64(n), P: 0.5}
	point := coin.Prob(float64(b))
	if b == c {
		return 1, 1 - point/2
	}
	twice := 2 * upperTail(max(b, c), n, 0.5)
	return min(1, twice), min(1, max(0, twice-point))
}

// TangoInterval returns the score interval for the difference of two paired
// proportions, first minus second, estimated by (b-c)/n: of n cases, b only
// the first got right, c only the second (Tango 1998, Statistics in Medicine
// 17:891, equations 24 to 26). It lies within [-1, 1].
//
// The first is not worse than the second by delta or more, at one-sided
// alpha, if Low > -delta with level = 1 - 2*alpha. The interval is [-1, 1]
// for n <= 0, negative counts, b+c > n, or level outside (0, 1).
func TangoInterval(b, c, n int, level float64) Interval {
	iv := Interval{Low: -1, High: 1, Level: level, Method: MethodTango}
	if n <= 0 || b < 0 || c < 0 || b > n || c > n-b || !open(level) {
		return iv
	}
	z := -normalQuantile((1 - level) / 2)
	// The lower limit is minus the upper limit of the difference turned round.
	iv.Low = -tangoUpper(float64(c), float64(b), float64(n), z)
	iv.High = tangoUpper(float64(b), float64(c), float64(n), z)
	return iv
}

// NonInferior returns the one-sided p-value of Tango's score test of "the
// first is worse than the second by delta or more", of n cases, b only the
// first got right, c only the second. It is <= alpha exactly if the lower end
// of TangoInterval at level 1-2*alpha is above or at -delta. It is 1 for counts that
// TangoInterval refuses and for delta outside [0, 1).
func NonInferior(b, c, n int, delta float64) float64 {
	if n <= 0 || b < 0 || c < 0 || b > n || c > n-b || !(delta >= 0 && delta < 1) {
		return 1
	}
	return distuv.UnitNormal.Survival(tangoScore(float64(b), float64(c), float64(n), -delta))
}

// tangoUpper returns the largest difference that the score test does not
// reject: where the statistic, which falls as the difference rises, is -z.
func tangoUpper(b, c, n, z float64) float64 {
	if b == n {
		return 1
	}
	low, high := (b-c)/n, 1.0
	for {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			return mid
		}
		if tangoScore(b, c, n, mid) > -z {
			low = mid
		} else {
			high = mid
		}
	}
}

// tangoScore is Tango's statistic for the hypothesis that the difference is d,
// with the share of "only the second" at its maximum likelihood under it.
func tangoScore(b, c, n, d float64) float64 {
	lin := (2*n-b+c)*d - b - c
	q := (math.Sqrt(max(0, lin*lin+8*n*c*d*(1-d))) - lin) / (4 * n)
	variance := n * (2*q + d*(1-d))
	diff := b - c - n*d
	if variance <= 0 {
		// Only at |d| = 1, or by rounding next to it.
		return math.Copysign(math.Inf(1), diff)
	}
	return diff / math.Sqrt(variance)
}
