package stats

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
	type tally struct{ right, all float64 }
	at := make(map[int]int)
	var tallies []tally // in order of appearance, so that sums are reproducible
	right := 0.0
	for i, ok := range correct {
		j, seen := at[cluster[i]]
		if !seen {
			j = len(tallies)
			at[cluster[i]] = j
			tallies = append(tallies, tally{})
		}
		tallies[j].all++
		if ok {
			tallies[j].right++
			right++
		}
	}
	n, c := float64(len(correct)), float64(len(tallies))
	p := right / n
	if right == 0 || right == n || len(tallies) == 1 {
		return p * c, c, len(tallies)
	}
	sum := 0.0
	for _, t := range tallies {
		d := t.right - t.all*p
		sum += d * d
	}
	naive, clustered := p*(1-p)/n, sum/(n*n)*c/(c-1)
	nEff = n
	if clustered > naive {
		nEff = n * naive / clustered
	}
	return p * nEff, nEff, len(tallies)
}
