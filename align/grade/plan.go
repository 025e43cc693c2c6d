package grade

import (
	"math"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// PlanSlice is a slice as it enters a plan.
type PlanSlice struct {
	Slice
	Cases      int // test cases that are there
	Candidates int // that will be measured on it
}

// Plan says how many test cases settle each slice, before anything is measured.
type Plan struct {
	Attempt int `json:"attempt"` // on this test set, the coming one included
	// AlphaSpent is the one-sided error that the coming grading may make, and
	// AlphaUsed the part that Holm's procedure leaves to its first step, over
	// Tests candidates on slices: what is planned at holds whatever passes
	// first.
	AlphaSpent float64   `json:"alpha_spent"`
	AlphaUsed  float64   `json:"alpha_used"`
	Tests      int       `json:"tests"`
	Power      float64   `json:"power"`
	Slices     []PlanRow `json:"slices"`
	// Paired plans the comparison of a cheaper candidate with a dearer one on
	// the same cases; nil if nobody asked for it.
	Paired *PlanPaired `json:"paired,omitempty"`
}

// PlanRow is the plan of one slice.
type PlanRow struct {
	Slice string     `json:"slice"`
	Title text.Text  `json:"title"`
	Bar   float64    `json:"bar"`
	Cases int        `json:"cases"` // there are
	Needs []PlanNeed `json:"needs"` // by rising true share
}

// PlanNeed is how many cases show that a candidate passes, if it is truly
// right in the share True.
type PlanNeed struct {
	True  float64 `json:"true"`
	Cases int     `json:"cases"` // exact; 0 if more than a million
	More  int     `json:"more"`  // than there are
}

// PlanPaired is how many cases show that a cheaper candidate is less than
// Margin worse than a dearer one that differs from it on the share Differ of
// cases, if both are as good.
type PlanPaired struct {
	Margin float64 `json:"margin"`
	Differ float64 `json:"differ"`
	Cases  int     `json:"cases"`
}

// NewPlan plans for the attempt-th look at a test set. Every slice is planned
// for the true shares given above its bar, or, without any, for a quarter, a
// half and three quarters of the way from its bar to 1.
func NewPlan(in []PlanSlice, attempt int, shares []float64) Plan {
	m := poc.Measurement{Attempt: max(1, attempt)}
	all := make([]Slice, len(in))
	p := Plan{Attempt: m.Attempt, Power: Power, Slices: []PlanRow{}}
	for i, s := range in {
		all[i] = s.Slice
		p.Tests += s.Candidates
	}
	p.AlphaSpent = spent(all, m)
	p.AlphaUsed = p.AlphaSpent / float64(max(1, p.Tests))
	for _, s := range in {
		row := PlanRow{Slice: s.ID, Title: s.Title, Bar: s.Bar, Cases: s.Cases, Needs: []PlanNeed{}}
		at := shares
		if len(at) == 0 {
			for _, way := range []float64{0.25, 0.5, 0.75} {
				at = append(at, math.Round((s.Bar+(1-s.Bar)*way)*1e4)/1e4)
			}
		}
		for _, share := range at {
			if !(share > s.Bar) {
				continue
			}
			_, n := stats.PlanProportion(s.Bar, share, p.AlphaUsed, Power)
			row.Needs = append(row.Needs, PlanNeed{True: share, Cases: n, More: max(0, n-s.Cases)})
		}
		p.Slices = append(p.Slices, row)
	}
	return p
}

// WithPaired adds the plan of a paired comparison at AlphaSpent.
func (p Plan) WithPaired(margin, differ float64) Plan {
	p.Paired = &PlanPaired{Margin: margin, Differ: differ, Cases: stats.PlanPaired(margin, differ, 0, p.AlphaSpent, p.Power)}
	return p
}
