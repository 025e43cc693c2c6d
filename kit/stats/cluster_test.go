package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
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

func TestGateClustered(t *testing.T) {
	t.Parallel()
	// 19 clusters: no gate, however good.
	var correct []bool
	var cluster []int
	for c := range 19 {
		for range 10 {
			correct, cluster = append(correct, true), append(cluster, c)
		}
	}
	if g := stats.GateClustered(correct, cluster, 0.05); g.Allowed || g.Low != 0 || g.High != 1 || g.Clusters != 19 {
		t.Errorf("%+v", g)
	}
	// A 20th of one case tells next to nothing; with ten like the others it opens
	// the gate: all agree, so it counts as 20 cases, 0.05^(1/20).
	correct, cluster = append(correct, true), append(cluster, 19)
	if g := stats.GateClustered(correct, cluster, 0.05); g.Allowed {
		t.Errorf("%+v", g)
	}
	for range 9 {
		correct, cluster = append(correct, true), append(cluster, 19)
	}
	g := stats.GateClustered(correct, cluster, 0.05)
	if !g.Allowed || g.NEff != 20 {
		t.Errorf("%+v", g)
	}
	near(t, "low", g.Low, math.Pow(0.05, 1.0/20), 9)
	if g := stats.GateClustered(correct, cluster, 0); g.Allowed {
		t.Errorf("alpha 0: %+v", g)
	}
}

// In clusters of ten with an intraclass correlation of 0.375 (six in ten are
// always right, four in ten half the time), the independent bound passes what
// is at the bar far more often than stated; the clustered one keeps its level
// within the error of the simulation.
func TestGateClusteredKeepsItsLevel(t *testing.T) {
	t.Parallel()
	const trials, clusters, size, rate = 2000, 40, 10, 0.8
	rng := stats.NewRand(21)
	naive, clustered := 0, 0
	for range trials {
		var correct []bool
		var cluster []int
		right := 0
		for c := range clusters {
			p := 1.0
			if rng.Float64() < 0.4 {
				p = 0.5
			}
			for range size {
				ok := rng.Float64() < p
				if ok {
					right++
				}
				correct, cluster = append(correct, ok), append(cluster, c)
			}
		}
		if stats.LowerBound(right, clusters*size, 0.05) >= rate {
			naive++
		}
		if stats.GateClustered(correct, cluster, 0.05).Low >= rate {
			clustered++
		}
	}
	t.Logf("false passes: %.4f as independent, %.4f in clusters", float64(naive)/trials, float64(clustered)/trials)
	if float64(clustered)/trials > 0.05+3*math.Sqrt(0.05*0.95/trials) {
		t.Errorf("the clustered gate passes falsely in %d of %d", clustered, trials)
	}
	if float64(naive)/trials < 0.10 {
		t.Errorf("the example is too easy: %d of %d", naive, trials)
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	// Items: 1 right in 2 of 3, 2 in 2 of 2, 3 in 0 of 1. Shares 2/3, 1, 0.
	r := stats.Repeats([]bool{true, true, false, true, true, false}, []int{1, 2, 1, 1, 2, 3})
	near(t, "mean", r.Mean.Value, 5.0/9, 12)
	near(t, "flip", r.Flip, (2.0/3+0)/2, 12) // two of the three pairs of item 1 differ
	if r.Mean.N != 3 || r.Unstable != 1 || r.Tried != 2 {
		t.Errorf("%+v", r)
	}
	if r := stats.Repeats([]bool{true}, []int{1, 2}); r.Mean.N != 0 || r.Tried != 0 || !math.IsNaN(r.Mean.SE) {
		t.Errorf("lengths differ: %+v", r)
	}
	rapid.Check(t, func(t *rapid.T) {
		once := rapid.SliceOfN(rapid.Bool(), 2, 40).Draw(t, "once")
		k := rapid.IntRange(2, 5).Draw(t, "repeats")
		var ok []bool
		var item []int
		for range k {
			for i, c := range once {
				ok, item = append(ok, c), append(item, i)
			}
		}
		one := make([]int, len(once))
		for i := range one {
			one[i] = i
		}
		a, b := stats.Repeats(once, one), stats.Repeats(ok, item)
		// The same answers again are no further cases.
		if a.Mean.N != b.Mean.N || math.Abs(a.Mean.SE-b.Mean.SE) > 1e-12 || math.Abs(a.Mean.Value-b.Mean.Value) > 1e-12 || b.Flip != 0 {
			t.Fatalf("%+v, repeated %+v", a, b)
		}
	})
}

// Count's tests and bounds are two readings of one procedure: the p-value is
// the least alpha whose bound reaches the share, with clusters and without.
func TestCountAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(25, 200).Draw(t, "n")
		correct := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "correct")
		var cluster []int
		if rapid.Bool().Draw(t, "clustered") {
			cluster = rapid.SliceOfN(rapid.IntRange(0, 40), n, n).Draw(t, "cluster")
		}
		p0 := rapid.Float64Range(0.05, 0.95).Draw(t, "p0")
		c := stats.CountOf(correct, cluster)
		if !c.Gated() {
			if low, high := c.Bounds(0.05); low != 0 || high != 1 || c.Greater(p0) != 1 || c.Less(p0) != 1 {
				t.Fatalf("%+v settles something", c)
			}
			return
		}
		for _, alpha := range []float64{0.001, 0.01, 0.05, 0.2} {
			low, high := c.Bounds(alpha)
			if p := c.Greater(p0); (low >= p0) != (p <= alpha) && math.Abs(low-p0) > 1e-9 && math.Abs(p-alpha) > 1e-9 {
				t.Fatalf("%+v at %g: lower bound %g of %g, p %g", c, alpha, low, p0, p)
			}
			if p := c.Less(p0); (high <= p0) != (p <= alpha) && math.Abs(high-p0) > 1e-9 && math.Abs(p-alpha) > 1e-9 {
				t.Fatalf("%+v at %g: upper bound %g of %g, p %g", c, alpha, high, p0, p)
			}
		}
	})
}

func TestCountMore(t *testing.T) {
	t.Parallel()
	// 25 pairs that each agree are worth about half their cases, so that about
	// twice as many are needed.
	var correct []bool
	var cluster []int
	for i := range 50 {
		correct, cluster = append(correct, i/2%10 != 0), append(cluster, i/2)
	}
	own, _ := stats.CountOf(correct, nil).More(0.8, 0.05, 0.8)
	pairs, ok := stats.CountOf(correct, cluster).More(0.8, 0.05, 0.8)
	if !ok || pairs < 3*own/2 || pairs > 4*own {
		t.Errorf("%d more in pairs, %d more by themselves", pairs, own)
	}
	// Ten clusters: as many cases again at the least, whatever they show.
	if more, _ := stats.CountOf(correct, tenths(cluster)).More(0.2, 0.05, 0.8); more < 50 {
		t.Errorf("%d more from ten clusters", more)
	}
}

func tenths(cluster []int) []int {
	out := make([]int, len(cluster))
	for i, c := range cluster {
		out[i] = c % 10
	}
	return out
}

// Clusters of 2, 5 or 30 cases tell less than as many of equal size: counted as
// they are, 30 of them pass in 13 % what is exactly at the bar.
func TestUnevenClustersPassSeldom(t *testing.T) {
	t.Parallel()
	const bar, icc, rounds, alpha = 0.9, 0.375, 2000, 0.05
	rng := rand.New(rand.NewPCG(7, 7))
	share := distuv.Beta{Alpha: bar * (1/icc - 1), Beta: (1 - bar) * (1/icc - 1), Src: rng}
	passed := 0
	for range rounds {
		var correct []bool
		var cluster []int
		for c := range 30 {
			p := share.Rand()
			for range []int{2, 5, 30}[rng.IntN(3)] {
				correct, cluster = append(correct, rng.Float64() < p), append(cluster, c)
			}
		}
		if low, _ := stats.CountOf(correct, cluster).Bounds(alpha); low >= bar {
			passed++
		}
	}
	if share := float64(passed) / rounds; share > alpha {
		t.Errorf("%.4f pass", share)
	}
}

func TestEvenClustersAreCountedAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sizes []int
		want  int
	}{{[]int{4, 4, 4}, 3}, {[]int{1, 1, 1, 1}, 4}, {[]int{30, 1, 1}, 1}, {[]int{6, 3, 3}, 3}, {[]int{9, 1, 1, 1}, 2}, {[]int{9}, 1}} {
		var correct []bool
		var cluster []int
		for i, n := range c.sizes {
			for k := range n {
				correct, cluster = append(correct, k%2 == 0), append(cluster, i)
			}
		}
		if got := stats.CountOf(correct, cluster).Clusters; got != c.want {
			t.Errorf("%v are worth %d clusters, want %d", c.sizes, got, c.want)
		}
	}
}
