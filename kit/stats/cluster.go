package stats

import "gonum.org/v1/gonum/stat/distuv"

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
// few clusters). If all cases agree, or there is one cluster, the data say
// nothing about how alike cases within a cluster are; nEff is then the number
// of clusters, the cautious end. All results are 0 if the slices are empty or
// differ in length.
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
	n, c, p := float64(m.N), float64(m.Clusters), m.Value
	if p == 0 || p == 1 || m.Clusters == 1 {
		return p * c, c, m.Clusters
	}
	naive, clustered := p*(1-p)/n, m.SE*m.SE
	nEff = n
	if clustered > naive {
		nEff = n * naive / clustered
	}
	return p * nEff, nEff, m.Clusters
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
// of it: there the error can be twice the stated one.
func GateClustered(correct []bool, cluster []int, alpha float64) ClusterGate {
	k, n, c := ClusteredProportion(correct, cluster)
	g := ClusterGate{High: 1, NEff: n, Clusters: c}
	if c < MinClusters || !open(alpha) {
		return g
	}
	g.Allowed = true
	t := func(df int) float64 { return distuv.StudentsT{Sigma: 1, Nu: float64(df)}.Quantile(alpha) }
	shrink := 1.0
	if c < len(correct) && k > 0 && k < n && alpha < 0.5 { // else no variance was estimated
		shrink = t(len(correct)-1) / t(c-1)
	}
	k, n = k*shrink*shrink, n*shrink*shrink
	g.NEff = n
	g.Low, g.High = LowerBoundReal(k, n, alpha), UpperBoundReal(k, n, alpha)
	return g
}

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
