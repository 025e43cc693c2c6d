package boundary

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/stats"
)

// Costs are what the two kinds of error of a yes-or-no decision cost each, in
// the scenario's currency, and which resolution is the yes.
type Costs struct {
	Positive string  `json:"positive"` // the resolution that means detected
	Miss     float64 `json:"miss"`     // a positive case called negative
	False    float64 `json:"false"`    // a negative case called positive
}

// valid reports whether the costs can be weighed: both finite, none negative,
// not both nothing.
func (c Costs) valid() bool {
	return c.Positive != "" && c.Miss >= 0 && c.False >= 0 && c.Miss+c.False > 0 && !math.IsInf(c.Miss+c.False, 0)
}

// Scored is one case of a yes-or-no decision: how sure the candidate is that
// it is positive, and whether it is.
type Scored struct {
	Score    float64 // between 0 and 1
	Positive bool
}

// Score turns answers into scores: the confidence of an answer that says
// positive, and one minus it of any other. Cases without an answer have no
// score and are counted apart. cases and answers are in step.
func Score(cases []dataset.Case, answers []Answer, c Costs) (scored []Scored, unanswered int) {
	for i, a := range answers {
		if a.Resolution == "" {
			unanswered++
			continue
		}
		positive := cases[i].Resolution == c.Positive
		// What the grader accepted says what it should, however it is written.
		says := strings.EqualFold(strings.TrimSpace(a.Resolution), c.Positive) || a.Correct && positive
		s := a.Confidence
		if !says {
			s = 1 - s
		}
		scored = append(scored, Scored{Score: s, Positive: positive})
	}
	return scored, unanswered
}

// SweepPoint is what the decision would do if it says yes from Threshold on.
type SweepPoint struct {
	Threshold float64 `json:"threshold"`
	Misses    int     `json:"misses"`
	False     int     `json:"false"`
	Cost      float64 `json:"cost"` // per case
}

// Sweep returns the cost of every threshold that makes a difference, rising.
// A threshold lies half-way between two neighbouring scores; the first, 0,
// says always yes, the last, above 1, never. It is nil without cases, with a
// score outside [0, 1] or with costs that cannot be weighed.
func Sweep(scored []Scored, c Costs) []SweepPoint {
	if len(scored) == 0 || !c.valid() || slices.ContainsFunc(scored, func(s Scored) bool { return !(s.Score >= 0 && s.Score <= 1) }) {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(scored), func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	misses, alarms := 0, 0
	for _, s := range sorted {
		if !s.Positive {
			alarms++
		}
	}
	point := func(t float64) SweepPoint {
		return SweepPoint{Threshold: t, Misses: misses, False: alarms,
			Cost: (float64(misses)*c.Miss + float64(alarms)*c.False) / float64(len(sorted))}
	}
	out := []SweepPoint{point(0)}
	for i, s := range sorted {
		if s.Positive {
			misses++
		} else {
			alarms--
		}
		switch {
		case i == len(sorted)-1:
			out = append(out, point(math.Nextafter(1, 2)))
		case sorted[i+1].Score != s.Score:
			out = append(out, point(s.Score/2+sorted[i+1].Score/2))
		}
	}
	return out
}

// Choose returns the threshold at which the validation cases cost least. Among
// equal ones it takes the one in the middle, since the ends lie next to cases
// that would tip them. It reports false where Sweep has nothing. Never give it
// test cases: what was chosen on them is no measurement of them.
func Choose(validation []Scored, c Costs) (float64, bool) {
	curve := Sweep(validation, c)
	if len(curve) == 0 {
		return 0, false
	}
	least := slices.MinFunc(curve, func(a, b SweepPoint) int { return cmp.Compare(a.Cost, b.Cost) }).Cost
	best := slices.DeleteFunc(slices.Clone(curve), func(p SweepPoint) bool { return p.Cost > least+1e-12*math.Abs(least) })
	return best[(len(best)-1)/2].Threshold, true
}

// Decision is how a yes-or-no decision did on test cases at a threshold that
// was chosen elsewhere.
type Decision struct {
	Costs      Costs   `json:"costs"`
	Threshold  float64 `json:"threshold"`
	Chosen     bool    `json:"chosen"` // on validation cases; else it is one half, chosen by nobody
	Positives  int     `json:"positives"`
	Negatives  int     `json:"negatives"`
	Unanswered int     `json:"unanswered"` // cases without an answer: in none of the figures
	// MissRate is the share of positives called negative, FalseRate of
	// negatives called positive, with exact two-sided intervals at Level.
	MissRate  Cell `json:"miss_rate"`
	FalseRate Cell `json:"false_rate"`
	// Cost is what errors cost per case. Its limits are the costs at the exact
	// limits of both kinds of error among all cases, each at half the error
	// (Bonferroni), so that a test without errors does not pass for free.
	Cost     float64 `json:"cost"`
	CostLow  float64 `json:"cost_low"`
	CostHigh float64 `json:"cost_high"`
	// CostAtBest is the least that any threshold would have cost on these very
	// cases: how much a better choice could have saved, not a promise.
	CostAtBest float64      `json:"cost_at_best"`
	Curve      []SweepPoint `json:"curve"` // on the test cases, for showing
}

// Decide measures a decision on test cases. validation are the scores of other
// cases, from which the threshold is chosen by Choose; without them it is one
// half. It reports false if there is no test case of each kind or the costs
// cannot be weighed.
func Decide(test, validation []Scored, unanswered int, c Costs) (Decision, bool) {
	d := Decision{Costs: c, Threshold: 0.5, Unanswered: unanswered, Curve: Sweep(test, c)}
	if d.Curve == nil {
		return Decision{}, false
	}
	if t, ok := Choose(validation, c); ok {
		d.Threshold, d.Chosen = t, true
	}
	misses, alarms := 0, 0
	for _, s := range test {
		yes := s.Score >= d.Threshold
		if s.Positive {
			d.Positives++
		} else {
			d.Negatives++
		}
		switch {
		case s.Positive && !yes:
			misses++
		case !s.Positive && yes:
			alarms++
		}
	}
	if d.Positives == 0 || d.Negatives == 0 {
		return Decision{}, false
	}
	d.MissRate = cell("misses", missTitle, misses, d.Positives)
	d.FalseRate = cell("false", falseTitle, alarms, d.Negatives)
	n, half := len(test), (1+Level)/2
	missed, alarmed := stats.ClopperPearson(misses, n, half), stats.ClopperPearson(alarms, n, half)
	d.Cost = (float64(misses)*c.Miss + float64(alarms)*c.False) / float64(n)
	d.CostLow, d.CostHigh = missed.Low*c.Miss+alarmed.Low*c.False, missed.High*c.Miss+alarmed.High*c.False
	d.CostAtBest = slices.MinFunc(d.Curve, func(a, b SweepPoint) int { return cmp.Compare(a.Cost, b.Cost) }).Cost
	d.Curve = thin(d.Curve)
	return d, true
}

// thin keeps at most sweepPoints of a curve, evenly, with its ends.
func thin(curve []SweepPoint) []SweepPoint {
	if len(curve) <= sweepPoints {
		return curve
	}
	out := make([]SweepPoint, sweepPoints)
	for i := range out {
		out[i] = curve[i*(len(curve)-1)/(sweepPoints-1)]
	}
	return out
}

// sweepPoints bounds the points of a shown sweep.
const sweepPoints = 101
