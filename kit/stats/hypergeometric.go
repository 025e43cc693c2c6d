package stats

import "math"

// FisherGreater returns the exact one-sided p-value that a group of size m out
// of n cases, of which wrong are wrong in all, holds k wrong ones or more by
// chance: the upper tail of the hypergeometric distribution (Fisher 1935,
// J. R. Statist. Soc. 98:39). It is 1 for k <= 0 and for counts that cannot
// be.
func FisherGreater(k, m, wrong, n int) float64 {
	if k <= max(0, m+wrong-n) || n <= 0 || m < 0 || m > n || wrong < 0 || wrong > n || k > min(m, wrong) {
		return 1
	}
	// The first term by logarithms, the others by their ratio. Beyond the mode
	// the terms fall, and the sum ends where they no longer count.
	term := math.Exp(logChoose(wrong, k) + logChoose(n-wrong, m-k) - logChoose(n, m))
	mode := float64((m+1)*(wrong+1)) / float64(n+2)
	if float64(k) < mode {
		// The lower tail is the shorter one.
		sum, t := 0.0, term
		for i := k; i > 0 && t > sum*1e-17; i-- {
			t *= float64(i) * float64(n-wrong-m+i) / (float64(wrong-i+1) * float64(m-i+1))
			sum += t
		}
		return min(1, max(0, 1-sum))
	}
	sum, t := term, term
	for i := k + 1; i <= min(m, wrong) && t > sum*1e-17; i++ {
		t *= float64(wrong-i+1) * float64(m-i+1) / (float64(i) * float64(n-wrong-m+i))
		sum += t
	}
	return min(1, sum)
}

// FisherMidGreater returns the mid-p-value of FisherGreater: what is observed
// counts half (Lancaster 1961, J. Am. Statist. Assoc. 56:223). It undoes most of
// what discreteness makes the exact test too cautious, and keeps its level on
// average, not for every margin. It is 1 where FisherGreater is.
func FisherMidGreater(k, m, wrong, n int) float64 {
	p := FisherGreater(k, m, wrong, n)
	if p == 1 {
		return 1
	}
	if k+1 > min(m, wrong) { // nothing lies beyond
		return p / 2
	}
	return (p + FisherGreater(k+1, m, wrong, n)) / 2
}

func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return lg(n) - lg(k) - lg(n-k)
}
