package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm returns the p-values adjusted for being one family (Holm 1979, Scand.
// J. Statist. 6:65), in the order of p: reject at alpha what is <= alpha, and
// the chance of even one false rejection is at most alpha, whatever the
// dependence. Adjusted values are >= the given ones, at most 1, and keep their
// order. NaN and values above 1 count as 1, negative ones as 0.
func Holm(p []float64) []float64 {
	order, out := ascending(p)
	worst := 0.0
	for rank, i := range order {
		worst = max(worst, min(1, float64(len(p)-rank)*out[i]))
		out[i] = worst
	}
	return out
}

// BenjaminiHochberg returns the p-values adjusted for the false discovery rate
// (Benjamini and Hochberg 1995, JRSS B 57:289), in the order of p. It bounds
// the expected share of false rejections, for independent or positively
// dependent tests, and is for exploring: no gate rests on it. Values outside
// [0, 1] are treated as Holm treats them.
func BenjaminiHochberg(p []float64) []float64 {
	order, out := ascending(p)
	best := 1.0
	for rank, i := range slices.Backward(order) {
		best = min(best, float64(len(p))/float64(rank+1)*out[i])
		out[i] = best
	}
	return out
}

// SpendAlpha returns the alpha for the attempt-th look, from 1, at the same
// test set: alpha * 6 / (pi*attempt)^2. These sum to alpha over endless
// attempts, so running again until the gate opens gains nothing. It is 0 for
// attempt < 1 or alpha outside (0, 1).
func SpendAlpha(alpha float64, attempt int) float64 {
	if !open(alpha) || attempt < 1 {
		return 0
	}
	x := math.Pi * float64(attempt)
	return alpha * 6 / (x * x)
}

// WornAfter is how often a test set may be consulted before it is worn: what
// is chosen by looking at it fits it, and further looks say little of new
// cases.
const WornAfter = 10

// Worn reports whether a test set that was consulted attempts times, this one
// included, asks for fresh cases.
func Worn(attempts int) bool { return attempts > WornAfter }

// ascending returns the indices of p by rising value, and p within [0, 1].
func ascending(p []float64) (order []int, clean []float64) {
	order, clean = make([]int, len(p)), make([]float64, len(p))
	for i, v := range p {
		order[i] = i
		if math.IsNaN(v) {
			v = 1
		}
		clean[i] = min(max(v, 0), 1)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(clean[a], clean[b]) })
	return order, clean
}
