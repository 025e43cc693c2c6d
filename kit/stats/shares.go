package stats

// MultinomialShares returns simultaneous intervals for the shares of all
// categories, in the order of counts: with probability about level all of them
// hold at once (Goodman 1965, Technometrics 7:247, in its Bonferroni form,
// which is the score interval at 1 - (1-level)/len(counts) for each). Use it
// where a table of shares is read as a whole. Every interval is [0, 1] if the
// counts have a negative one or sum to 0, or level is outside (0, 1).
func MultinomialShares(counts []int, level float64) []Interval {
	out := make([]Interval, len(counts))
	n, ok := total(counts)
	for i, k := range counts {
		out[i] = Interval{High: 1, Level: level, Method: MethodGoodman}
		if ok && open(level) {
			out[i].Low, out[i].High = wilson(float64(k), float64(n), (1-level)/2/float64(len(counts)))
		}
	}
	return out
}

// ShareOfSum returns the exact (Clopper-Pearson) interval for the pooled share
// of the included categories, "how much of the traffic is at level 1": counts
// are of cases drawn at random from the traffic, include marks the categories
// that are pooled. Which ones are pooled must not have been chosen by looking
// at these counts. It is [0, 1] if the slices differ in length, the counts have
// a negative one or sum to 0, or level is outside (0, 1).
func ShareOfSum(counts []int, include []bool, level float64) Interval {
	n, ok := total(counts)
	if !ok || len(include) != len(counts) {
		return ClopperPearson(0, 0, level)
	}
	k := 0
	for i, c := range counts {
		if include[i] {
			k += c
		}
	}
	return ClopperPearson(k, n, level)
}

// total sums counts; ok is false for a negative count or nothing counted.
func total(counts []int) (n int, ok bool) {
	for _, c := range counts {
		if c < 0 {
			return 0, false
		}
		n += c
	}
	return n, n > 0
}
