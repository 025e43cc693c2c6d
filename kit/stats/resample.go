package stats

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Resample draws as many items as counts sum to, with replacement, from items
// that fall into kinds with these counts, and puts how many of each kind were
// drawn into out, which has the length of counts. It is one bootstrap
// resample of items that are alike within a kind, at a cost that does not
// grow with their number: a draw from the multinomial distribution, one
// conditional binomial after another (Devroye 1986, Non-Uniform Random Variate
// Generation, XI.1.4). Negative counts are taken for 0.
func Resample(rng *rand.Rand, counts, out []int) {
	weight := 0
	for _, k := range counts {
		weight += max(0, k)
	}
	left := weight
	for i, k := range counts {
		k = max(0, k)
		switch {
		case k == weight: // all that is left, or nothing
			out[i] = left
		default:
			out[i] = int(math.Round(distuv.Binomial{N: float64(left), P: float64(k) / float64(weight), Src: rng}.Rand()))
		}
		left -= out[i]
		weight -= k
	}
}
