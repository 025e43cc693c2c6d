package stats

import "math"

const (
	// MaxMore bounds the answer of MoreCases: who needs more cases than this
	// needs another candidate.
	MaxMore = 100_000
	// maxPlan bounds the sizes for which the exact plan is computed.
	maxPlan = 1_000_000
)

// PlanProportion returns how many cases show that a rate exceeds p0 if it is
// really p1, by the exact one-sided test at alpha with the given power.
//
// Normal is the textbook figure
// ((z_alpha*sqrt(p0*q0) + z_beta*sqrt(p1*q1)) / (p1-p0))^2, rounded up. Exact
// is the one to plan with: power is a saw-tooth in n, since the count needed
// to pass is whole, and exact is the smallest n from which on the power never
// falls below the target again (Chernick and Liu 2002, Am. Statistician
// 56:149). "From on" was checked over some teeth beyond, not to infinity.
//
// Both are 0 unless 0 < p0 < p1 <= 1 and alpha and power are in (0, 1); exact
// is 0 also if normal is above a million.
func PlanProportion(p0, p1, alpha, power float64) (normal, exact int) {
	if !open(p0) || !(p1 > p0 && p1 <= 1) || !open(alpha) || !open(power) {
		return 0, 0
	}
	za, zb := -normalQuantile(alpha), normalQuantile(power)
	root := (za*math.Sqrt(p0*(1-p0)) + zb*math.Sqrt(p1*(1-p1))) / (p1 - p0)
	size := math.Ceil(max(root, 0) * max(root, 0))
	if size > math.MaxInt32 {
		return math.MaxInt32, 0
	}
	normal = max(1, int(size))
	if normal > maxPlan {
		return normal, 0
	}
	test := exactTest{p0: p0, alpha: alpha, rate: p1, power: power}
	last := test.lastFailure(normal+tooth(p0, p1), tooth(p0, p1), math.MaxInt32)
	return normal, last + 1
}

// PlanPaired returns how many paired cases show that a cheaper candidate is
// less than delta worse than a dearer one: (z_alpha+z_beta)^2 * (psi - loss^2)
// / (delta-loss)^2, rounded up, where psi is the share of cases on which the
// two differ and loss the true difference that is expected, 0 if they are as
// good: the large-sample formula for a mean of paired differences. It is 0 unless
// loss < delta, |loss| <= psi <= 1 with psi > 0, and alpha and power are in
// (0, 1) with power > alpha.
func PlanPaired(delta, psi, loss, alpha, power float64) int {
	if !(loss < delta) || !(psi > 0 && psi <= 1) || !(math.Abs(loss) <= psi) || !open(alpha) || !open(power) || power <= alpha {
		return 0
	}
	z := normalQuantile(power) - normalQuantile(alpha)
	size := math.Ceil(z * z * (psi - loss*loss) / ((delta - loss) * (delta - loss)))
	return int(min(max(size, 1), math.MaxInt32))
}

// MoreCases returns how many more cases are likely to settle a gate that k of
// n did not open: the smallest number from which on, if the true rate is
// exactly the present estimate k/n and new cases are drawn like the old, all
// cases together pass the exact one-sided test of p0 at alpha with probability
// power or more. (Conditional power under the current trend, with the
// saw-tooth rule of PlanProportion.)
//
// The assumption is a hope: the estimate may be too high, most of all for
// small n. And to look again at the old cases is another look at the same
// test, so pass the alpha that the gate will then use (SpendAlpha).
//
// It is 0 and reachable if k of n passes already; it is not reachable if the
// estimate is <= p0, if more than MaxMore would be needed, or for arguments
// outside their range.
func MoreCases(k, n int, p0, alpha, power float64) (more int, reachable bool) {
	if n <= 0 || k < 0 || k > n || !open(p0) || !open(alpha) || !open(power) {
		return 0, false
	}
	if upperTail(k, n, p0) <= alpha {
		return 0, true
	}
	rate := float64(k) / float64(n)
	if rate <= p0 {
		return 0, false
	}
	test := exactTest{p0: p0, alpha: alpha, rate: rate, power: power, right: k, seen: n}
	// The search goes beyond the bound, so that a tooth that happens to pass
	// just below it is not taken for the answer.
	start := test.normalMore()
	if start >= 2*MaxMore {
		return 0, false
	}
	last := test.lastFailure(start+tooth(p0, rate), tooth(p0, rate), 4*MaxMore)
	if last >= MaxMore {
		return 0, false
	}
	return last + 1, true
}

// tooth returns how far beyond the normal figure to look: the exact figure
// exceeds it by about 1/(p1-p0) (Fleiss 1981, the continuity correction), and
// teeth are narrower than that, so four times as much covers several of them.
func tooth(p0, p1 float64) int {
	return int(math.Ceil(min(4/(p1-p0), MaxMore))) + 20
}

// exactTest asks whether a test of p0 at alpha, with right of seen cases known
// and m more to come at the given rate, passes with the given power.
type exactTest struct {
	p0, alpha, rate, power float64
	right, seen            int
}

// lastFailure returns the largest m at which the power is missed, 0 or more,
// looking down from start, and from further up as long as the failure lies
// within margin of where it looked from and limit allows. It is limit if the
// power is missed there.
func (t exactTest) lastFailure(start, margin, limit int) int {
	for {
		m := start
		k := CriticalCount(t.seen+m, t.p0, t.alpha)
		for m > 0 && upperTail(k-t.right, m, t.rate) >= t.power {
			// With as many wrong answers allowed, fewer cases only raise the
			// power: the next place to fail is the end of the tooth below,
			// where one wrong answer less is allowed.
			allowed := t.seen + m - k
			m = t.toothBelow(t.seen+m, allowed) - t.seen
			k = t.seen + m - (allowed - 1)
		}
		m = max(m, 0)
		if start-m >= margin/2 || m == 0 || start == limit {
			return m
		}
		start = min(start+max(start/4, 2*margin), limit)
	}
}

// toothBelow returns the largest size below n, at which allowed wrong answers
// still pass, at which they do not. The search begins where the tooth should
// end by its mean width.
func (t exactTest) toothBelow(n, allowed int) int {
	passes := func(n int) bool { return upperTail(n-allowed, n, t.p0) <= t.alpha }
	at := max(n-int(1/(1-t.p0)), 0)
	for at < n-1 && !passes(at+1) {
		at++
	}
	for at > 0 && passes(at) {
		at--
	}
	return at
}

// normalMore solves for the number of further cases by the normal
// approximation: (seen+m)*d = z_alpha*sqrt((seen+m)*p0*q0) +
// z_beta*sqrt(m*p*q). The difference of the sides is convex in m for power
// above 1/2, so Newton's steps from the right close in on the largest root.
func (t exactTest) normalMore() int {
	za, zb := -normalQuantile(t.alpha), max(0, normalQuantile(t.power))
	d := t.rate - t.p0
	s0, s1 := za*math.Sqrt(t.p0*(1-t.p0)), zb*math.Sqrt(t.rate*(1-t.rate))
	seen := float64(t.seen)
	m := max(4*((max(s0, 0)+s1)/d)*((max(s0, 0)+s1)/d), 1)
	for range 60 {
		total := seen + m
		f := total*d - s0*math.Sqrt(total) - s1*math.Sqrt(m)
		slope := d - s0/(2*math.Sqrt(total)) - s1/(2*math.Sqrt(m))
		if slope <= 0 {
			break
		}
		next := m - f/slope
		if next < 1 {
			return 0
		}
		if m-next < 0.5 {
			break
		}
		m = next
	}
	return int(min(math.Ceil(m), 2*MaxMore))
}
