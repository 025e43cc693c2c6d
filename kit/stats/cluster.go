package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// MinClusters is how many clusters a gate needs: with fewer, the estimate of
// the variance between them is too poor to rest a decision on.
const MinClusters = 20

// ClusteredProportion returns the effective counts for cases that come in
// clusters: of one document, customer or template, or repeats of one case.
// correct[i] is whether case i was resolved; cluster[i] names its cluster, by
// any number. LowerBoundReal(k, nEff, alpha) is then the gate's bound: an
// approximation in the manner of Korn and Graubard, to be marked as one, and
// no bound at all with fewer than MinClusters clusters.
//
// With p the share that is correct, nEff = n * naive/clustered variance, at
// most n, and k = p*nEff. The clustered variance is
// C/(C-1) / n^2 * sum over clusters of (sum of (s_i - p))^2
// (Miller 2024, arXiv:2411.00640, appendix A, with the usual correction for
// few clusters). clusters is how many of equal size they are worth
// (evenClusters), less than their number where a few hold most of the cases:
// degrees of freedom and MinClusters go by it. If all cases agree, or there is
// one cluster, the data say nothing about how alike cases within a cluster
// are; nEff is then clusters, the cautious end. All results are 0 if the
// slices are empty or differ in length.
func ClusteredProportion(correct []bool, cluster []int) (k, nEff float64, clusters int) {
	if len(correct) == 0 || len(correct) != len(cluster) {
		return 0, 0, 0
	}
	xs := make([]float64, len(correct))
	for i, ok := range correct {
		if ok {
			xs[i] = 1
		}
	}
	m := ClusteredMean(xs, cluster)
	worth := evenClusters(cluster)
	n, c, p := float64(m.N), float64(worth), m.Value
	if p == 0 || p == 1 || m.Clusters == 1 {
		return p * c, c, worth
	}
	naive, clustered := p*(1-p)/n, m.SE*m.SE
	nEff = n
	if clustered > naive {
		nEff = n * naive / clustered
	}
	return p * nEff, nEff, worth
}

// evenClusters returns how many clusters of equal size tell as much about the
// variance between them as these do, rounded: (sum of m)^2 / sum of m^2
// over the sizes m, as Kish (1965, Survey Sampling, 11.7) has it for weights.
// It is their number if all are of one size.
func evenClusters(cluster []int) int {
	size := map[int]int{}
	for _, c := range cluster {
		size[c]++
	}
	squares := 0
	for _, m := range size {
		squares += m * m
	}
	n := float64(len(cluster))
	return max(1, int(math.Round(n*n/float64(max(1, squares)))))
}

// ClusterGate is what a gate may say of a proportion in clusters.
type ClusterGate struct {
	Low, High float64 // one-sided (1-alpha) bounds, approximate
	NEff      float64 // effective number of cases
	Clusters  int
	// Allowed is false with fewer than MinClusters clusters: then the bounds
	// are 0 and 1, and the gate stays closed.
	Allowed bool
}

// GateClustered returns the bounds on which a gate may rest where cases come
// in clusters: Clopper-Pearson's on the effective counts of
// ClusteredProportion, which Korn and Graubard shrink by the squared ratio of
// Student's quantiles with n-1 and with C-1 degrees of freedom, since the
// variance itself is estimated from C clusters. They are approximate, and
// there are none below MinClusters clusters. Where whole clusters fail
// together and do so seldom, a sample may hold no such cluster and say nothing
// of it: there the error can be up to twice the stated one at 3 to 5 %, and
// nine times at 0.5 %.
func GateClustered(correct []bool, cluster []int, alpha float64) ClusterGate {
	k, n, c := ClusteredProportion(correct, cluster)
	return gateCounts(k, n, len(correct), c, alpha)
}

// gateCounts is GateClustered of n cases in c clusters that are worth k of nEff.
func gateCounts(k, nEff float64, n, c int, alpha float64) ClusterGate {
	g := ClusterGate{High: 1, NEff: nEff, Clusters: c}
	if c < MinClusters || !open(alpha) {
		return g
	}
	g.Allowed = true
	t := func(df int) float64 { return distuv.StudentsT{Sigma: 1, Nu: float64(df)}.Quantile(alpha) }
	shrink := 1.0
	if c < n && k > 0 && k < nEff && alpha < 0.5 { // else no variance was estimated
		shrink = t(n-1) / t(c-1)
	}
	k, nEff = k*shrink*shrink, nEff*shrink*shrink
	g.NEff = nEff
	g.Low, g.High = LowerBoundReal(k, nEff, alpha), UpperBoundReal(k, nEff, alpha)
	return g
}

// Count is how many of N cases were right, and what is known of how they hang
// together. The zero Clusters says that every case stands by itself; then all
// methods are the exact ones. Otherwise NEff is the number of effective cases,
// and they are those of GateClustered.
type Count struct {
	K        int     `json:"k"`
	N        int     `json:"n"`
	Clusters int     `json:"clusters,omitempty"`
	NEff     float64 `json:"n_eff,omitempty"`
	// Judge says how good the judge is by whom K of N were found right; nil if
	// there is no doubt about that.
	Judge *Calibration `json:"judge,omitempty"`
	// Parts are what the bounds rest on if not on the counts above, which then
	// only serve planning: the share is the mean of theirs, weighted by N.
	Parts []Count `json:"parts,omitempty"`
}

// CountOf counts correct cases; cluster[i] names the cluster of case i by any
// number. A nil cluster says that every case stands by itself.
func CountOf(correct []bool, cluster []int) Count {
	c := Count{N: len(correct)}
	for _, ok := range correct {
		if ok {
			c.K++
		}
	}
	if cluster != nil {
		_, c.NEff, c.Clusters = ClusteredProportion(correct, cluster)
	}
	return c
}

// Gated reports whether a gate may rest on c: it holds cases, and if these
// come in clusters, at least MinClusters of them.
func (c Count) Gated() bool { return c.N > 0 && (c.Clusters == 0 || c.Clusters >= MinClusters) }

// Bounds returns the one-sided (1-alpha) bounds of the share: 0 and 1 where no
// gate may rest on c.
func (c Count) Bounds(alpha float64) (low, high float64) {
	switch {
	case !c.Gated():
		return 0, 1
	case len(c.Parts) > 0:
		return c.together(alpha)
	case c.Judge != nil:
		verdicts := c
		verdicts.Judge = nil
		low, high = verdicts.Bounds(alpha * judgedAlpha)
		return c.Judge.judged(float64(c.K)/float64(c.N), low, high, alpha*judgedAlpha)
	case c.Clusters == 0:
		return LowerBound(c.K, c.N, alpha), UpperBound(c.K, c.N, alpha)
	}
	g := gateCounts(c.effective(), c.NEff, c.N, c.Clusters, alpha)
	return g.Low, g.High
}

// exact reports whether the bounds of c are those of one binomial count.
func (c Count) exact() bool { return c.Clusters == 0 && c.Judge == nil && len(c.Parts) == 0 }

// together returns bounds of the mean of the parts' shares: that of their
// bounds, each at its part of alpha (Bonferroni).
func (c Count) together(alpha float64) (low, high float64) {
	n := 0
	for _, p := range c.Parts {
		n += p.N
	}
	for _, p := range c.Parts {
		l, h := p.Bounds(alpha / float64(len(c.Parts)))
		low, high = low+l*float64(p.N)/float64(n), high+h*float64(p.N)/float64(n)
	}
	return min(low, 1), min(high, 1)
}

// times returns c as if it had been counted on so many times the cases, with
// the same judges.
func (c Count) times(f int) Count {
	c.K, c.N, c.Clusters, c.NEff = c.K*f, c.N*f, c.Clusters*f, c.NEff*float64(f)
	c.Parts = slices.Clone(c.Parts)
	for i, p := range c.Parts {
		c.Parts[i] = p.times(f)
	}
	return c
}

// Greater returns the p-value against a share of at most p0: the least alpha
// at which the lower bound reaches p0, 1 where no gate may rest on c.
func (c Count) Greater(p0 float64) float64 {
	if c.exact() {
		return BinomTestGreater(c.K, c.N, p0)
	}
	return c.least(func(alpha float64) bool { low, _ := c.Bounds(alpha); return low >= p0 })
}

// Less returns the p-value against a share of at least p0.
func (c Count) Less(p0 float64) float64 {
	if c.exact() {
		return BinomTestGreater(c.N-c.K, c.N, 1-p0)
	}
	return c.least(func(alpha float64) bool { _, high := c.Bounds(alpha); return high <= p0 })
}

// least halves the range of alpha, on its logarithm, to where holds begins to:
// bounds draw together as alpha grows. Only alphas below a half are tried.
func (c Count) least(holds func(alpha float64) bool) float64 {
	low, high := math.Log(1e-15), math.Log(0.5-1e-9)
	if !c.Gated() || !holds(math.Exp(high)) {
		return 1
	}
	for range 60 {
		if m := (low + high) / 2; holds(math.Exp(m)) {
			high = m
		} else {
			low = m
		}
	}
	return math.Exp(high)
}

// More is MoreCases, with new cases that hang together as the old ones do. With
// too few clusters it counts at least the cases that bring enough of them. No
// number does if what is known of a judge is too little for the bar.
func (c Count) More(p0, alpha, power float64) (more int, reachable bool) {
	if c.Judge != nil || len(c.Parts) > 0 {
		if low, _ := c.times(manyTimes).Bounds(alpha); c.Gated() && low < p0 {
			return 0, false
		}
	}
	if c.Clusters == 0 {
		return MoreCases(c.K, c.N, p0, alpha, power)
	}
	nEff := max(1, int(c.NEff))
	k := min(nEff, int(float64(c.K)/float64(c.N)*float64(nEff)))
	more, reachable = MoreCases(k, nEff, p0, alpha, power)
	design := float64(c.N) / c.NEff
	more = int(math.Ceil(float64(more) * design))
	if short := MinClusters - c.Clusters; short > 0 {
		more = max(more, int(math.Ceil(float64(short)*float64(c.N)/float64(c.Clusters))))
	}
	return more, reachable
}

// manyTimes as many cases leave no doubt but that about the judge.
const manyTimes = 10_000

// effective returns the effective count of right cases.
func (c Count) effective() float64 { return c.NEff * float64(c.K) / float64(c.N) }

// Repeated is what repeats of the same items say. Repeats are never cases: N
// counts items.
type Repeated struct {
	Mean Mean // of the items' shares of right repeats
	// Flip is the chance that two repeats of one item differ in being right,
	// the mean over items with two repeats or more; 0 if there are none.
	Flip float64
	// Unstable counts the items that were right at least once and wrong at
	// least once; Tried those with two repeats or more.
	Unstable, Tried int
}

// Repeats sums up runs in which item[i], named by any number, was answered
// right or not, each item once or more. Every item weighs the same, however
// often it was repeated. Of an item with k of r repeats right, two different
// repeats differ with chance 2*k*(r-k) / (r*(r-1)). It is zero, with SE NaN,
// if the slices are empty or differ in length.
func Repeats(correct []bool, item []int) Repeated {
	if len(correct) == 0 || len(correct) != len(item) {
		return Repeated{Mean: MeanOf(nil)}
	}
	groups := grouped(len(item), item)
	var out Repeated
	shares := make([]float64, len(groups))
	for j, g := range groups {
		k, r := 0.0, float64(len(g))
		for _, i := range g {
			if correct[i] {
				k++
			}
		}
		shares[j] = k / r
		if r > 1 {
			out.Tried++
			out.Flip += 2 * k * (r - k) / (r * (r - 1))
			if k > 0 && k < r {
				out.Unstable++
			}
		}
	}
	if out.Tried > 0 {
		out.Flip /= float64(out.Tried)
	}
	out.Mean = MeanOf(shares)
	return out
}
