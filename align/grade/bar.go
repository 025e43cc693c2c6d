package grade

import (
	"math"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
)

// EconomicBar is the bar that the worth of answers asks for, with how it came
// about.
type EconomicBar struct {
	// BreakEven is the share of right answers from which one more answer pays:
	// (cost_wrong + cost_run) / (benefit_right + cost_wrong). Above 1 no
	// quality pays.
	BreakEven float64 `json:"break_even"`
	// Incumbent is the candidate that does the work today, and Measured its
	// measured share of right answers on the slice; nil if it was not
	// measured, so that it raises nothing.
	Incumbent string   `json:"incumbent,omitempty"`
	Measured  *float64 `json:"measured,omitempty"`
	Margin    float64  `json:"margin"`
	// Quality is the bar: the larger of BreakEven and Measured − Margin.
	Quality float64 `json:"quality"`
	// Raised is true if the incumbent decided.
	Raised bool `json:"raised"`
	// Feasible is false if no quality up to 1 pays.
	Feasible bool `json:"feasible"`
}

// DeriveBar returns the smallest share q with
//
//	q·benefit_right − (1−q)·cost_wrong − cost_run > 0
//
// (as a limit: at q itself the answer just breaks even), raised to the
// incumbent's measured share less the margin that the owner accepts. measured
// is nil without a measured incumbent: what was typed in raises no bar.
func DeriveBar(e scenario.Economics, measured *float64) EconomicBar {
	b := EconomicBar{Incumbent: e.Incumbent, Measured: measured, Margin: e.Margin}
	b.BreakEven = (e.CostWrong + e.CostRun) / (e.BenefitRight + e.CostWrong)
	b.Quality = b.BreakEven
	if measured != nil {
		if raised := max(0, *measured-e.Margin); raised > b.Quality {
			b.Quality, b.Raised = raised, true
		}
	}
	b.Feasible = b.Quality <= 1 && !math.IsNaN(b.Quality)
	return b
}

// economicBar derives the bar of one slice from what was measured on it.
func economicBar(e *scenario.Economics, m poc.Measurement, slice string) *EconomicBar {
	if e == nil {
		return nil
	}
	var measured *float64
	for _, c := range m.Candidates {
		if c.ID != e.Incumbent || c.Provenance == evidence.Assumed {
			continue
		}
		for _, s := range c.Slices {
			if s.Slice == slice && s.N > 0 {
				v := s.Accuracy
				measured = &v
			}
		}
	}
	b := DeriveBar(*e, measured)
	return &b
}
