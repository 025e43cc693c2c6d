package boundary

import (
	"math/bits"

	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Weakness is what the search for weak slices found in one candidate.
type Weakness struct {
	Rules []Rule `json:"rules"` // in the order in which they were found, the surest first
	// Searched is the number of rules that the search went through, and for
	// which it is corrected; Capped says that there would have been more.
	Searched int  `json:"searched"`
	Capped   bool `json:"capped,omitempty"`
	// FalseDiscovery bounds the chance that any rule is not weaker than the rest.
	FalseDiscovery float64   `json:"false_discovery"`
	MinSupport     float64   `json:"min_support"`
	Summary        text.Text `json:"summary"`
}

// Rule is a weak slice: the cases that meet all conditions are answered worse
// than the cases that do not and that no earlier rule covers.
type Rule struct {
	Conditions []Condition `json:"conditions"`
	Text       text.Text   `json:"text"`
	// N, Correct and Support are of all cases that meet the conditions.
	N        int     `json:"n"`
	Correct  int     `json:"correct"`
	Support  float64 `json:"support"`
	Accuracy float64 `json:"accuracy"`
	// Low and High hold for all searched rules of as many conditions at once
	// (exact, Bonferroni), so that they hold for the one that was picked.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Elsewhere is the accuracy of the cases that do not meet the conditions.
	Elsewhere float64 `json:"elsewhere"`
	// P is the p-value corrected for the search.
	P float64 `json:"p"`
}

// weights part the error among rules of one, two and three conditions: the
// few simple ones get the most, so that a slice that can be said simply is
// found with the most power, and the many long ones do not drown it.
var weights = [maxConditions]float64{0.5, 0.3, 0.2}

// Search finds the weak slices of one candidate, correct[i] being whether it
// was right on case i of the cases that s was made of. It returns no rules if
// the lengths differ.
//
// Step by step, it takes the rule whose cases hold more wrong answers than
// chance would put there (Fisher's test by mid-p against all other cases that are
// still there), at the smallest p-value corrected by weighted Bonferroni for
// all rules searched (Holm 1979 on weights). If that is at most
// FalseDiscovery, the rule is reported, its cases are set aside and the rest
// is searched again; else the search ends. After the last true weak slice the
// chance of going wrong is FalseDiscovery at the first step, and a step only
// follows one that found something.
func (s *Space) Search(correct []bool) Weakness {
	out := Weakness{Rules: []Rule{}, Searched: len(s.rules), Capped: s.capped,
		FalseDiscovery: s.opts.FalseDiscovery, MinSupport: s.opts.MinSupport}
	if len(correct) == s.n && s.n > 0 {
		out.Rules = s.cover(correct)
	}
	out.Summary = summary(out)
	return out
}

// cover finds rule after rule.
func (s *Space) cover(correct []bool) []Rule {
	found := []Rule{}
	wrong, left := newSet(s.n), newSet(s.n)
	for i, ok := range correct {
		left.add(i)
		if !ok {
			wrong.add(i)
		}
	}
	all := append(set{}, wrong...)
	for {
		best, p := s.weakest(wrong, left)
		if p > s.opts.FalseDiscovery {
			return found
		}
		found = append(found, s.rule(best, all, p))
		for w, x := range s.cases(best) {
			left[w] &^= x
			wrong[w] &^= x
		}
	}
}

// weakest returns the rule with the smallest corrected p-value among the cases
// left; the p-value is 1 if there is none.
func (s *Space) weakest(wrong, left set) (combo, float64) {
	n, w := left.count(), wrong.count()
	least := s.least(s.n)
	var best combo
	p := 1.0
	for _, r := range s.rules {
		m, k := s.tally(r, wrong, left)
		if m < least || m == n || k*n <= w*m { // not worse than the average
			continue
		}
		factor := float64(s.tests[r.n-1]) / s.weight(r.n)
		if q := factor * stats.FisherMidGreater(k, m, w, n); q < p {
			best, p = r, q
		}
	}
	return best, p
}

// weight returns the part of the error that rules of n conditions have.
func (s *Space) weight(n int) float64 {
	total := 0.0
	for i, t := range s.tests {
		if t > 0 {
			total += weights[i]
		}
	}
	return weights[n-1] / total
}

// tally counts the cases and the wrong ones of a rule among those left.
func (s *Space) tally(r combo, wrong, left set) (m, k int) {
	a := s.sets[r.at[0]]
	switch r.n {
	case 1:
		for w, x := range a {
			m += bits.OnesCount64(x & left[w])
			k += bits.OnesCount64(x & wrong[w])
		}
	case 2:
		b := s.sets[r.at[1]]
		for w, x := range a {
			x &= b[w]
			m += bits.OnesCount64(x & left[w])
			k += bits.OnesCount64(x & wrong[w])
		}
	default:
		b, c := s.sets[r.at[1]], s.sets[r.at[2]]
		for w, x := range a {
			x &= b[w] & c[w]
			m += bits.OnesCount64(x & left[w])
			k += bits.OnesCount64(x & wrong[w])
		}
	}
	return m, k
}

func (s *Space) rule(r combo, wrong set, p float64) Rule {
	everyone := newSet(s.n)
	for i := range s.n {
		everyone.add(i)
	}
	m, k := s.tally(r, wrong, everyone)
	out := Rule{N: m, Correct: m - k, Support: float64(m) / float64(s.n), Accuracy: 1 - float64(k)/float64(m), P: p}
	// Two-sided, over the rules of as many conditions.
	tail := s.opts.FalseDiscovery * s.weight(r.n) / float64(2*s.tests[r.n-1])
	out.Low, out.High = stats.LowerBound(m-k, m, tail), stats.UpperBound(m-k, m, tail)
	if rest := s.n - m; rest > 0 {
		out.Elsewhere = 1 - float64(wrong.count()-k)/float64(rest)
	}
	for _, i := range r.at[:r.n] {
		out.Conditions = append(out.Conditions, s.conds[i])
	}
	out.Text = out.say()
	return out
}
