package roi

import (
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// LifeResult is what a model of the whole life says. Money is in Currency;
// where nothing else is said it is of the proposed option against the baseline.
// Ranges are over the draws; Expected is at every input's mean.
type LifeResult struct {
	Currency string  `json:"currency"`
	Months   int     `json:"months"`
	Discount float64 `json:"discount"`
	Proposed string  `json:"proposed"`
	Baseline string  `json:"baseline,omitempty"`
	// Options holds every option by itself, in the order of the document.
	Options           []OptionResult `json:"options"`
	NPV               Range          `json:"npv"`
	Expected          float64        `json:"expected"` // net present value
	ProbabilityOfLoss float64        `json:"probability_of_loss"`
	// IRR and XIRR are per year, of the expected flows; XIRR dates month 0 on
	// the first day of the first month, month m at that month's end. MIRR
	// finances and reinvests at the discount rate; nil if nothing is paid or
	// nothing comes in.
	IRR  Rate     `json:"irr"`
	XIRR Rate     `json:"xirr"`
	MIRR *float64 `json:"mirr,omitempty"`
	// Payback in months after the start, simple and discounted.
	Payback           PaybackResult `json:"payback"`
	DiscountedPayback PaybackResult `json:"discounted_payback"`
	Lines             []LineResult  `json:"lines"`   // of the proposed option: costs first, dearest first
	Fan               []FanPoint    `json:"fan"`     // sum of the money until a month, not discounted
	Tornado           []Swing       `json:"tornado"` // widest first
	// Assumed is the share of the explained variance of NPV that inputs cause
	// which were typed in. Explained is what single inputs explain of all.
	Assumed   float64 `json:"assumed"`
	Explained float64 `json:"explained"`
	// Measure lists what is worth measuring before deciding between the
	// options, dearest first.
	Measure    []Worth             `json:"measure"`
	BreakEven  BreakEven           `json:"break_even"`
	Provenance evidence.Provenance `json:"provenance"`
	Draws      int                 `json:"draws"`
	Seed       uint64              `json:"seed"`
}

// OptionResult is one option by itself, not against the baseline.
type OptionResult struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
	NPV   Range     `json:"npv"`
	Cost  Range     `json:"cost"` // all that is paid, not discounted
	// CostPerTask is Cost over the requests of the whole life.
	CostPerTask Range `json:"cost_per_task"`
	// Best is the share of draws in which no option has a higher NPV.
	Best float64 `json:"best"`
	// Gain is its NPV minus the baseline's, drawn together.
	Gain Range `json:"gain"`
}

// PaybackResult is a payback time. A percentile is nil where the money does not
// come back within the horizon; Never is the share of such draws.
type PaybackResult struct {
	P10   *float64 `json:"p10,omitempty"`
	P50   *float64 `json:"p50,omitempty"`
	P90   *float64 `json:"p90,omitempty"`
	Never float64  `json:"never"`
}

// LineResult is one line over the whole life, not discounted.
type LineResult struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Title   text.Text `json:"title"`
	Benefit bool      `json:"benefit,omitempty"`
	Amount  Range     `json:"amount"`
	// Share of the mean of all costs, or of all benefits.
	Share      float64             `json:"share"`
	Provenance evidence.Provenance `json:"provenance"`
}

// FanPoint is the sum of the money until the end of a month.
type FanPoint struct {
	Month int     `json:"month"`
	P10   float64 `json:"p10"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
}

// Swing is what one input does to the expected NPV while all others stand at
// their means.
type Swing struct {
	Input      string              `json:"input"`
	Title      text.Text           `json:"title"`
	Low        float64             `json:"low"`  // NPV at the input's P10
	High       float64             `json:"high"` // NPV at the input's P90
	Variance   float64             `json:"variance"`
	Provenance evidence.Provenance `json:"provenance"`
}

// Worth is what knowing one input exactly would be worth before the choice.
type Worth struct {
	Input      string              `json:"input"`
	Title      text.Text           `json:"title"`
	Value      float64             `json:"value"`
	Provenance evidence.Provenance `json:"provenance"`
}

// BreakEven is the number of requests a year at which the expected NPV is 0.
type BreakEven struct {
	PerYear *float64  `json:"per_year,omitempty"`
	Why     text.Text `json:"why"` // there is none
}
