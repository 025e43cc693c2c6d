package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

func TestClusteredProportionByHand(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		name     string
		correct  []bool
		cluster  []int
		k, nEff  float64
		clusters int
	}{
		// p 1/2, residual sums +1 and -1: clustered (1+1)/16 * 2/1 = 1/4,
		// naive 1/16, so 4 * 1/4 = 1.
		{"two clusters that each agree", []bool{yes, yes, no, no}, []int{7, 7, 9, 9}, 0.5, 1, 2},
		// p 2/3, residual sums 2/3, 2/3, -4/3: clustered (24/9)/36 * 3/2 = 1/9,
		// naive (2/9)/6 = 1/27, so 6/3 = 2.
		{"three pairs", []bool{yes, yes, yes, yes, no, no}, []int{1, 1, 2, 2, 3, 3}, 4.0 / 3, 2, 3},
		// Each pair holds one of each: residual sums 0, and no more than n.
		{"clusters more alike than chance", []bool{yes, no, yes, no}, []int{1, 1, 2, 2}, 2, 4, 2},
		{"all right, repeats count once", []bool{yes, yes, yes, yes, yes, yes}, []int{1, 1, 1, 2, 2, 2}, 2, 2, 2},
		{"all wrong", []bool{no, no, no}, []int{1, 1, 2}, 0, 2, 2},
		{"one cluster", []bool{yes, no, no, no}, []int{5, 5, 5, 5}, 0.25, 1, 1},
		{"none", nil, nil, 0, 0, 0},
		{"lengths differ", []bool{yes}, []int{1, 2}, 0, 0, 0},
	} {
		k, nEff, clusters := stats.ClusteredProportion(c.correct, c.cluster)
		if math.Abs(k-c.k) > 1e-12 || math.Abs(nEff-c.nEff) > 1e-12 || clusters != c.clusters {
			t.Errorf("%s: %g of %g in %d, want %g of %g in %d", c.name, k, nEff, clusters, c.k, c.nEff, c.clusters)
		}
	}
}

func TestClusteredProportionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		correct := rapid.SliceOfN(rapid.Bool(), 1, 200).Draw(t, "correct")
		cluster := rapid.SliceOfN(rapid.IntRange(-3, 60), len(correct), len(correct)).Draw(t, "cluster")
		right := 0
		for _, ok := range correct {
			if ok {
				right++
			}
		}
		n := float64(len(correct))
		k, nEff, clusters := stats.ClusteredProportion(correct, cluster)
		if !(nEff > 0 && nEff <= n && clusters >= 1 && clusters <= len(correct)) || math.Abs(k-nEff*float64(right)/n) > 1e-9 {
			t.Fatalf("%g of %g in %d clusters, from %d of %g", k, nEff, clusters, right, n)
		}
		// Clusters never make a bound better than independent cases would.
		if got, most := stats.LowerBoundReal(k, nEff, 0.05), stats.LowerBound(right, len(correct), 0.05); got > most+1e-9 {
			t.Fatalf("bound %g above %g", got, most)
		}
		// Cases that are each a cluster of their own are independent cases,
		// up to the C/(C-1) correction.
		for i := range cluster {
			cluster[i] = i
		}
		if right > 0 && right < len(correct) {
			if _, own, _ := stats.ClusteredProportion(correct, cluster); math.Abs(own-(n-1)) > 1e-6 {
				t.Fatalf("own clusters: %g of %g", own, n)
			}
		}
	})
}
