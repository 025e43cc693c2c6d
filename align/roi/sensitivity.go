package roi

import (
	"cmp"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
)

// bins is how many equally likely ranges an input is cut into.
const bins = 40

// tornadoRows is how many inputs a tornado shows at most.
const tornadoRows = 20

// sensitivity says which inputs matter. The share of variance is the
// first-order Sobol index, estimated from the draws at hand: the variance of the
// output's mean over ranges of the input (Plischke, Borgonovo and Smith 2013,
// European Journal of Operational Research 226:536), less what chance alone
// gives. Unlike squared rank regression it needs no straight or rising
// dependence, and money of several multiplied inputs has none. What measuring
// an input is worth is the expected value of partial perfect information: how
// much better the best option is chosen when the input's range is known
// (Strong and Oakley 2013, Medical Decision Making 33:755). The option is
// chosen in one half of the draws and its money counted in the other, so that
// chance does not look like value.
func (d *draws) sensitivity(r *LifeResult, npv []float64, options [][]float64) {
	l := d.life
	total := 0.0
	mean := 0.0
	for _, v := range npv {
		mean += v
	}
	mean /= float64(len(npv))
	for _, v := range npv {
		total += (v - mean) * (v - mean)
	}
	values := slices.Clone(d.means)
	rate := l.monthly()
	index := make([]uint8, l.Draws)
	edges := make([]float64, min(l.Draws, 1024))
	matters := d.matters()
	r.Tornado, r.Measure = []Swing{}, []Worth{}
	base := bestMean(options)
	assumed, all := 0.0, 0.0
	for i, in := range l.Inputs {
		if d.dists[i].IsPoint() || !matters[i] {
			continue
		}
		s := Swing{Input: in.ID, Title: in.Title, Provenance: in.Provenance}
		for _, at := range []struct {
			p  float64
			to *float64
		}{{0.1, &s.Low}, {0.9, &s.High}} {
			values[i] = d.dists[i].Quantile(at.p)
			*at.to = NPV(rate, l.Flows(values))
		}
		values[i] = d.means[i]
		binned(d.values[i], edges, index)
		s.Variance = firstOrder(npv, index, mean, total)
		all += s.Variance
		if in.Provenance == evidence.Assumed {
			assumed += s.Variance
		}
		if s.Low != s.High || s.Variance > 0 {
			r.Tornado = append(r.Tornado, s)
		}
		if len(options) > 1 {
			if v := worth(options, index, base); v > 0 {
				r.Measure = append(r.Measure, Worth{Input: in.ID, Title: in.Title, Value: v, Provenance: in.Provenance})
			}
		}
	}
	if all > 0 {
		r.Assumed = assumed / all
	}
	r.Explained = min(1, all)
	slices.SortStableFunc(r.Tornado, func(a, b Swing) int { return cmp.Compare(math.Abs(b.High-b.Low), math.Abs(a.High-a.Low)) })
	r.Tornado = r.Tornado[:min(len(r.Tornado), tornadoRows)]
	slices.SortStableFunc(r.Measure, func(a, b Worth) int { return cmp.Compare(b.Value, a.Value) })
	r.Measure = r.Measure[:min(len(r.Measure), tornadoRows)]
}

// matters tells which inputs any line uses.
func (d *draws) matters() []bool {
	out := make([]bool, len(d.life.Inputs))
	for _, line := range d.life.Lines {
		for _, t := range line.Terms {
			for _, f := range t.Factors {
				out[f.Input] = true
			}
		}
		if line.PriceGrowth >= 0 {
			out[line.PriceGrowth] = true
		}
		if line.PerRequest {
			out[d.life.Volume], out[d.life.Growth] = true, true
		}
	}
	return out
}

// binned writes the range that each value falls into. The edges are quantiles
// of the first draws, which are as random as any.
func binned(values, edges []float64, index []uint8) {
	copy(edges, values)
	slices.Sort(edges)
	var cut [64]float64
	for b := range cut {
		cut[b] = math.Inf(1)
		if b < bins-1 {
			cut[b] = edges[(b+1)*len(edges)/bins]
		}
	}
	for j, v := range values {
		b := 0 // how many edges are ≤ v, in six steps without a branch to guess
		for step := 32; step > 0; step >>= 1 {
			if cut[b+step-1] <= v {
				b += step
			}
		}
		index[j] = uint8(b)
	}
}

// firstOrder returns the share of the output's variance that lies between the
// ranges of an input, less what ranges without any effect would show.
func firstOrder(out []float64, index []uint8, mean, total float64) float64 {
	if total == 0 {
		return 0
	}
	var sum, n [bins]float64
	for j, v := range out {
		sum[index[j]] += v - mean
		n[index[j]]++
	}
	between, used := 0.0, 0.0
	for b := range sum {
		if n[b] > 0 {
			between += sum[b] * sum[b] / n[b]
			used++
		}
	}
	within := (total - between) / (float64(len(out)) - used)
	return min(1, max(0, (between-(used-1)*within)/total))
}

// bestMean returns the mean of the option that is best on average.
func bestMean(options [][]float64) float64 {
	best := math.Inf(-1)
	for _, xs := range options {
		sum := 0.0
		for _, v := range xs {
			sum += v
		}
		best = max(best, sum/float64(len(xs)))
	}
	return best
}

// worth returns the expected gain of choosing the option range by range.
func worth(options [][]float64, index []uint8, base float64) float64 {
	var sums [2][16][bins]float64
	for o, xs := range options {
		even, odd := &sums[0][o], &sums[1][o]
		for j := 0; j+1 < len(xs); j += 2 {
			even[index[j]] += xs[j]
			odd[index[j+1]] += xs[j+1]
		}
	}
	gain := 0.0
	for b := range bins {
		for half := range sums {
			best := 0
			for o := range options {
				if sums[half][o][b] > sums[half][best][b] {
					best = o
				}
			}
			gain += sums[1-half][best][b]
		}
	}
	n := float64(len(index) / 2 * 2)
	value := gain/n - base
	if value <= 1e-9*math.Abs(base) {
		return 0
	}
	return value
}

// spread returns percentiles and mean without sorting xs.
func spread(xs, scratch []float64) Range {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	p := percentiles(xs, scratch)
	return Range{P10: p[0], P50: p[1], P90: p[2], Mean: sum / float64(len(xs))}
}

// percentiles returns P10, P50 and P90 as stats.Quantile defines them, in
// linear time.
func percentiles(xs, scratch []float64) [3]float64 {
	s := scratch[:len(xs)]
	copy(s, xs)
	var out [3]float64
	from := 0
	for i, q := range [3]float64{0.1, 0.5, 0.9} {
		at := q * float64(len(s)-1)
		k := int(at)
		place(s[from:], k-from)
		next := k
		if k+1 < len(s) {
			next = k + 1
			low := k + 1
			for j := k + 2; j < len(s); j++ {
				if s[j] < s[low] {
					low = j
				}
			}
			s[next], s[low] = s[low], s[next]
		}
		out[i] = stats.Quantile([]float64{s[k], s[next]}, at-float64(k))
		if i > 0 {
			out[i] = max(out[i], out[i-1])
		}
		from = k
	}
	return out
}

// place moves the k-th smallest of xs to its place, smaller ones before it and
// greater ones after it (Hoare 1961, "Find").
func place(xs []float64, k int) {
	for lo, hi := 0, len(xs)-1; lo < hi; {
		pivot := xs[k]
		i, j := lo, hi
		for i <= j {
			for xs[i] < pivot {
				i++
			}
			for pivot < xs[j] {
				j--
			}
			if i <= j {
				xs[i], xs[j] = xs[j], xs[i]
				i++
				j--
			}
		}
		if j < k {
			lo = i
		}
		if k < i {
			hi = j
		}
	}
}
