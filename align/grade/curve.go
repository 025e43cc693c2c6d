package grade

import (
	"slices"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
)

// bootstraps is the number of resamples behind the interval of a curve's gain.
const bootstraps = 2000

// kindOfCase is all that a curve needs to know of a case: the first step at
// which it is deferred, and who is right. Cases of one kind are exchangeable,
// so that resampling cases is drawing the counts of the kinds.
type kindOfCase struct {
	step        int // 1 to deferrals
	cheap, dear bool
}

// curve measures the cascade from one candidate to another at every step. The
// thresholds of a case come from the other folds.
func (f fitter) curve(cheap, dear int) *RouteCurve {
	n := len(f.fold)
	var levels [Folds][]float64
	for k := range Folds {
		levels[k] = f.thresholds(cheap, f.cases(&k))
	}
	counts := map[kindOfCase]int{}
	for i, fold := range f.fold {
		s := sureness(f.routers[cheap].Answers[i])
		step := 1
		for step < deferrals && !(s < levels[fold][step]) {
			step++
		}
		counts[kindOfCase{step, f.routers[cheap].Answers[i].Correct, f.routers[dear].Answers[i].Correct}]++
	}
	low, high := f.routers[cheap].Cost, f.routers[dear].Cost
	kinds := make([]kindOfCase, 0, len(counts))
	for k := range counts {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b kindOfCase) int { // a map's order would break the seed
		return a.step*4 + bit(a.cheap)*2 + bit(a.dear) - b.step*4 - bit(b.cheap)*2 - bit(b.dear)
	})
	seen := make([]int, len(kinds))
	for i, k := range kinds {
		seen[i] = counts[k]
	}

	c := &RouteCurve{Cheap: f.routers[cheap].ID, Dear: f.routers[dear].ID}
	right, deferred := steps(kinds, seen)
	for j := range right {
		c.Points = append(c.Points, newPoint(right[j], deferred[j], n, float64(n)*low+float64(deferred[j])*high))
	}
	c.AlwaysCheap = f.point(single(n, cheap))
	c.AlwaysDear = f.point(single(n, dear))
	c.BySlice = f.point(f.bySlice())
	var ideal, asked int
	for i := range f.fold {
		a, b := f.routers[cheap].Answers[i].Correct, f.routers[dear].Answers[i].Correct
		if a || b {
			ideal++
		}
		if b && !a {
			asked++
		}
	}
	c.Oracle = newPoint(ideal, asked, n, low*float64(n-asked)+high*float64(asked))
	c.Gain = bootstrapGain(kinds, seen, low, high, f.in.Seed)
	return c
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// steps counts, for every step of deferral, the right answers and the deferred
// cases.
func steps(kinds []kindOfCase, counts []int) (right, deferred [deferrals + 1]int) {
	for i, k := range kinds {
		for j := range right {
			if j >= k.step {
				deferred[j] += counts[i]
				right[j] += bit(k.dear) * counts[i]
			} else {
				right[j] += bit(k.cheap) * counts[i]
			}
		}
	}
	return right, deferred
}

// gain is the mean height of the cascade's curve above the random mix, between
// the costs low and high of one request.
func gain(kinds []kindOfCase, counts []int, low, high float64) float64 {
	right, deferred := steps(kinds, counts)
	n, dear := 0.0, 0.0
	for i, k := range kinds {
		n += float64(counts[i])
		dear += float64(bit(k.dear) * counts[i])
	}
	var x, y [deferrals + 1]float64
	for j := range right {
		x[j], y[j] = low+high*float64(deferred[j])/n, float64(right[j])/n
	}
	mixed := (y[0] + dear/n) / 2 // mean height of the straight line
	return area(x[:], y[:], low, high)/(high-low) - mixed
}

// area integrates the polygon through (x, y), x rising, from a to b; beyond
// its last point it stays level.
func area(x, y []float64, a, b float64) float64 {
	sum := 0.0
	for j := 1; j < len(x); j++ {
		from, to := max(a, x[j-1]), min(b, x[j])
		if from >= to {
			continue
		}
		at := func(v float64) float64 { return y[j-1] + (y[j]-y[j-1])*(v-x[j-1])/(x[j]-x[j-1]) }
		sum += (at(from) + at(to)) / 2 * (to - from)
	}
	if last := x[len(x)-1]; last < b {
		sum += y[len(y)-1] * (b - max(a, last))
	}
	return sum
}

// bootstrapGain resamples cases with both candidates' answers together.
func bootstrapGain(kinds []kindOfCase, seen []int, low, high float64, seed uint64) evidence.Estimate {
	n := 0
	for _, k := range seen {
		n += k
	}
	rng := stats.NewRand(seed)
	draws := make([]float64, bootstraps)
	counts := make([]int, len(seen))
	for b := range draws {
		stats.Resample(rng, seen, counts)
		draws[b] = gain(kinds, counts, low, high)
	}
	slices.Sort(draws)
	return evidence.Estimate{Value: gain(kinds, seen, low, high), Low: stats.Quantile(draws, (1-poc.Level)/2), High: stats.Quantile(draws, (1+poc.Level)/2),
		N: n, Method: "percentile bootstrap over cases", Level: poc.Level}
}
