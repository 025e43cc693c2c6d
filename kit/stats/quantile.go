package stats

import (
	"math"
	"slices"
)

// Quantile returns the q quantile, q in [0, 1], of values sorted ascending, by
// linear interpolation between order statistics (type 7 of Hyndman and Fan
// 1996, the default of R and NumPy). It is 0 if there are none; q outside
// [0, 1] counts as the nearer end, NaN as 0.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	if !(q > 0) {
		return sorted[0]
	}
	at := min(q, 1) * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	part := at - float64(i)
	if part == 0 {
		return sorted[i]
	}
	// Weights instead of a difference, which could overflow.
	return sorted[i]*(1-part) + sorted[i+1]*part
}

// Percentiles returns the percentiles ps, each in [0, 100], of xs, which need
// not be sorted and is not changed: Percentiles(xs, 10, 50, 90). NaN values
// are left out. Like Quantile it gives 0 where there is nothing.
func Percentiles(xs []float64, ps ...float64) []float64 {
	sorted := slices.DeleteFunc(slices.Clone(xs), math.IsNaN)
	slices.Sort(sorted)
	out := make([]float64, len(ps))
	for i, p := range ps {
		out[i] = Quantile(sorted, p/100)
	}
	return out
}

// QuantileUpper returns the upper (1-alpha) limit of the population's q
// quantile from values sorted ascending: the order statistic X_(r) with the
// smallest r for which P[Bin(n, q) <= r-1] >= 1-alpha (David and Nagaraja,
// Order Statistics, 3rd ed., section 7.1). It holds for any distribution. It
// reports false if the sample is too small to have such a limit: a 95 % limit
// for the 0.95 quantile needs 59 values.
func QuantileUpper(sorted []float64, q, alpha float64) (float64, bool) {
	n := len(sorted)
	if n == 0 || !open(q) || !open(alpha) {
		return 0, false
	}
	r := CriticalCount(n, q, alpha)
	if r > n {
		return 0, false
	}
	return sorted[r-1], true
}

// QuantileInterval returns the two-sided interval for the population's q
// quantile between two order statistics, with at most (1-level)/2 of error on
// either side. It reports false, with a zero interval, if the sample is too
// small for either limit.
func QuantileInterval(sorted []float64, q, level float64) (Interval, bool) {
	n := len(sorted)
	if n == 0 || !open(q) || !open(level) {
		return Interval{}, false
	}
	tail := (1 - level) / 2
	high := CriticalCount(n, q, tail)
	// The lower limit counts from the top as the upper one does from below.
	low := n + 1 - CriticalCount(n, 1-q, tail)
	if high > n || low < 1 {
		return Interval{}, false
	}
	return Interval{Low: sorted[low-1], High: sorted[high-1], Level: level, Method: MethodOrderStatistic}, true
}
