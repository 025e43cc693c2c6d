package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// MethodT and MethodBootstrap name how an interval of a mean was made.
const (
	MethodT         = "t"
	MethodClusterT  = "cluster-robust t"
	MethodBootstrap = "cluster bootstrap, percentile"
)

// Mean is a mean with its standard error. N is how many values it rests on,
// Clusters how many independent groups; SE is NaN with fewer than two.
type Mean struct {
	Value    float64
	SE       float64
	N        int
	Clusters int
}

// MeanOf returns the mean of independent values with its standard error
// sd/sqrt(n). It is the zero Mean with SE NaN if there are none.
func MeanOf(xs []float64) Mean { return ClusteredMean(xs, nil) }

// ClusteredMean returns the mean of values that come in clusters (of one
// document, customer or template), with the standard error that allows for
// their being alike within a cluster:
//
//	SE^2 = C/(C-1) / n^2 * sum over clusters of (sum of (x_i - mean))^2
//
// (Miller 2024, arXiv:2411.00640, appendix A, with the usual correction for
// few clusters). cluster[i] names the cluster of xs[i]; nil means that every
// value is a cluster of its own, which makes it sd/sqrt(n). It is the zero
// Mean with SE NaN if the slices are empty or differ in length.
func ClusteredMean(xs []float64, cluster []int) Mean {
	m := Mean{SE: math.NaN()}
	if len(xs) == 0 || cluster != nil && len(cluster) != len(xs) {
		return m
	}
	m.N = len(xs)
	for _, x := range xs {
		m.Value += x
	}
	m.Value /= float64(m.N)
	sum := 0.0
	groups := grouped(len(xs), cluster)
	for _, g := range groups {
		d := 0.0
		for _, i := range g {
			d += xs[i] - m.Value
		}
		sum += d * d
	}
	m.Clusters = len(groups)
	if c := float64(m.Clusters); c > 1 {
		m.SE = math.Sqrt(sum*c/(c-1)) / float64(m.N)
	}
	return m
}

// Interval returns the two-sided interval of the mean by Student's t with
// Clusters-1 degrees of freedom. It is (-Inf, +Inf) if there is no standard
// error or level is outside (0, 1).
func (m Mean) Interval(level float64) Interval {
	iv := Interval{Low: math.Inf(-1), High: math.Inf(1), Level: level, Method: MethodT}
	if m.Clusters < m.N {
		iv.Method = MethodClusterT
	}
	if math.IsNaN(m.SE) || !open(level) {
		return iv
	}
	half := -distuv.StudentsT{Sigma: 1, Nu: float64(m.Clusters - 1)}.Quantile((1-level)/2) * m.SE
	iv.Low, iv.High = m.Value-half, m.Value+half
	return iv
}

// PGreater returns the one-sided p-value of Student's test of "the true mean
// is at most mu". Of paired differences and mu = -delta it is the test of
// non-inferiority. It is 1 if there is no standard error; without any spread
// it is 0 or 1 by the mean alone.
func (m Mean) PGreater(mu float64) float64 {
	switch {
	case math.IsNaN(m.SE) || math.IsNaN(mu):
		return 1
	case m.SE == 0 && m.Value > mu:
		return 0
	case m.SE == 0:
		return 1
	}
	return distuv.StudentsT{Sigma: 1, Nu: float64(m.Clusters - 1)}.Survival((m.Value - mu) / m.SE)
}

// ICC returns the intraclass correlation of values in clusters, by the
// analysis of variance for one random effect with clusters of any size
// (Donner 1986, Int. Statist. Review 54:67; for equal sizes ICC(1,1) of Shrout
// and Fleiss 1979, Psychol. Bull. 86:420). It lies below 0 if values within a
// cluster are less alike than chance. It reports false with fewer than two
// clusters, no cluster of two, or values that do not differ at all.
func ICC(xs []float64, cluster []int) (float64, bool) {
	n := float64(len(xs))
	if len(xs) == 0 || len(cluster) != len(xs) {
		return 0, false
	}
	groups := grouped(len(xs), cluster)
	c := float64(len(groups))
	if c < 2 || n == c {
		return 0, false
	}
	grand, squares := 0.0, 0.0
	for _, x := range xs {
		grand += x
	}
	grand /= n
	between, within := 0.0, 0.0
	for _, g := range groups {
		mean := 0.0
		for _, i := range g {
			mean += xs[i]
		}
		size := float64(len(g))
		mean /= size
		squares += size * size
		between += size * (mean - grand) * (mean - grand)
		for _, i := range g {
			within += (xs[i] - mean) * (xs[i] - mean)
		}
	}
	msb, msw := between/(c-1), within/(n-c)
	typical := (n - squares/n) / (c - 1)
	total := msb + (typical-1)*msw
	if !(total > 0) {
		return 0, false
	}
	return (msb - msw) / total, true
}

// DesignEffect is the factor by which clusters of size m with intraclass
// correlation icc inflate the variance of a mean, and with it the cases that a
// plan needs: 1 + (m-1)*icc (Kish 1965, Survey Sampling, 5.4). icc below 0
// counts as 0, and the factor is never below 1; NaN gives +Inf.
func DesignEffect(m, icc float64) float64 {
	if math.IsNaN(m) || math.IsNaN(icc) {
		return math.Inf(1)
	}
	return 1 + max(0, m-1)*min(max(0, icc), 1)
}

// Inflate multiplies a planned number of cases by a design effect, rounded up;
// 0, which is no plan, stays 0.
func Inflate(n int, deff float64) int {
	if n <= 0 || !(deff >= 1) {
		return max(n, 0)
	}
	return int(min(math.Ceil(float64(n)*deff-1e-9), math.MaxInt32))
}

// Bootstrap returns the percentile interval of a statistic under resampling of
// whole clusters (Efron 1979, Ann. Statist. 7:1; Cameron, Gelbach and Miller
// 2008, Rev. Econ. Statist. 90:414, on why whole ones): each of draws times as
// many clusters as there are are drawn with replacement, and statistic is
// given the indices of all their cases. cluster nil means that each of n cases
// is one of its own. It is for what has no formula; no gate rests on it. It
// reports false with fewer than two clusters, fewer than 100 draws, a cluster
// slice of another length or level outside (0, 1). Draws that give NaN are
// left out; if all do, it reports false.
func Bootstrap(n int, cluster []int, statistic func(cases []int) float64, draws int, level float64, rng *rand.Rand) (Interval, bool) {
	if n <= 0 || cluster != nil && len(cluster) != n || draws < 100 || !open(level) {
		return Interval{}, false
	}
	groups := grouped(n, cluster)
	if len(groups) < 2 {
		return Interval{}, false
	}
	values := make([]float64, 0, draws)
	cases := make([]int, 0, n)
	for range draws {
		cases = cases[:0]
		for range groups {
			cases = append(cases, groups[rng.IntN(len(groups))]...)
		}
		if v := statistic(cases); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return Interval{}, false
	}
	slices.Sort(values)
	tail := (1 - level) / 2
	return Interval{Low: Quantile(values, tail), High: Quantile(values, 1-tail), Level: level, Method: MethodBootstrap}, true
}

// grouped returns the indices of each cluster, in order of appearance.
func grouped(n int, cluster []int) [][]int {
	var groups [][]int
	if cluster == nil {
		groups = make([][]int, n)
		for i := range groups {
			groups[i] = []int{i}
		}
		return groups
	}
	at := make(map[int]int)
	for i, c := range cluster {
		j, seen := at[c]
		if !seen {
			j = len(groups)
			at[c] = j
			groups = append(groups, nil)
		}
		groups[j] = append(groups[j], i)
	}
	return groups
}
