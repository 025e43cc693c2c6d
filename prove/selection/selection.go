package selection

import (
	"cmp"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// Limits are hard: a candidate beyond one is out, whatever else it can do.
type Limits struct {
	Accuracy         float64 `json:"accuracy"`         // least share of correct resolutions: exceeded by the lower bound
	LatencyP95Ms     float64 `json:"latency_p95_ms"`   // 0 is none; held by the upper limit of p95
	CostPerTask      float64 `json:"cost_per_task"`    // 0 is none
	Interpretability string  `json:"interpretability"` // least class; "" is none
}

// Broken names a limit that a candidate does not provably keep.
type Broken string

// The limits.
const (
	BrokenAccuracy         Broken = "accuracy"
	BrokenLatency          Broken = "latency"
	BrokenCost             Broken = "cost"
	BrokenInterpretability Broken = "interpretability"
)

// Row is one candidate.
type Row struct {
	Candidate        string              `json:"candidate"`
	Title            text.Text           `json:"title"`
	Rung             poc.Rung            `json:"rung"`
	AccuracyLow      float64             `json:"accuracy_low"`   // exact one-sided bound, corrected for the number of candidates
	LatencyP95High   *float64            `json:"latency_p95_ms"` // upper limit of p95; nil if not measured
	CostPerTask      float64             `json:"cost_per_task"`
	CostProvenance   evidence.Provenance `json:"cost_provenance"`
	Interpretability string              `json:"interpretability"`
	Why              text.Text           `json:"why"`
	Broken           []Broken            `json:"broken"` // hard limits that it does not provably keep
	Pareto           bool                `json:"pareto"` // no other candidate is at least as good in everything and better in something
}

// Result is the comparison.
type Result struct {
	Limits Limits `json:"limits"`
	Rows   []Row  `json:"rows"` // in ladder order
	// Recommended is the cheapest candidate on the front that keeps every
	// limit; "" if none does.
	Recommended string    `json:"recommended"`
	Reason      text.Text `json:"reason"`
}

var classes = []string{"opaque", "traceable", "transparent"}

// Select compares the measured candidates of m. Assumed candidates are left
// out: what nobody measured cannot be selected.
func Select(m poc.Measurement, lim Limits) Result {
	r := Result{Limits: lim, Rows: []Row{}}
	measured := 0
	for _, c := range m.Candidates {
		if c.Overall.N > 0 {
			measured++
		}
	}
	for _, c := range m.Candidates {
		if c.Overall.N == 0 {
			continue
		}
		low, _ := c.Overall.Count().Bounds(m.AlphaSpent() / float64(measured))
		row := Row{Candidate: c.ID, Title: c.Title, Rung: c.Rung, CostPerTask: c.CostPerTask.Float(), CostProvenance: c.CostPerTask.Provenance,
			AccuracyLow:      low,
			Interpretability: c.Interpretability.Class, Why: c.Interpretability.Why, Broken: []Broken{}}
		if c.LatencyMs != nil {
			row.LatencyP95High = c.LatencyMs.P95High
		}
		row.Broken = broken(row, lim)
		r.Rows = append(r.Rows, row)
	}
	for i := range r.Rows {
		r.Rows[i].Pareto = !slices.ContainsFunc(r.Rows, func(o Row) bool { return dominates(o, r.Rows[i]) })
	}
	var kept []Row
	for _, row := range r.Rows {
		if row.Pareto && len(row.Broken) == 0 {
			kept = append(kept, row)
		}
	}
	if len(kept) == 0 {
		r.Reason = text.Text{En: "no measured candidate provably keeps every hard limit", Zh: "没有候选方案能被证明满足全部硬性限制"}
		return r
	}
	best := slices.MinFunc(kept, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.CostPerTask, b.CostPerTask), cmp.Compare(a.Rung.Step(), b.Rung.Step()), cmp.Compare(b.AccuracyLow, a.AccuracyLow))
	})
	r.Recommended = best.Candidate
	r.Reason = text.Text{
		En: "the cheapest on the Pareto front that provably keeps every hard limit",
		Zh: "帕累托前沿上可证明满足全部硬性限制的最便宜方案"}
	return r
}

func broken(row Row, lim Limits) []Broken {
	out := []Broken{}
	if row.AccuracyLow < lim.Accuracy {
		out = append(out, BrokenAccuracy)
	}
	if lim.LatencyP95Ms > 0 && p95(row) > lim.LatencyP95Ms {
		out = append(out, BrokenLatency)
	}
	if lim.CostPerTask > 0 && row.CostPerTask > lim.CostPerTask {
		out = append(out, BrokenCost)
	}
	if lim.Interpretability != "" && class(row) < slices.Index(classes, lim.Interpretability) {
		out = append(out, BrokenInterpretability)
	}
	return out
}

// p95 returns the upper limit of p95, infinite if there is none: an unknown
// latency keeps no limit.
func p95(r Row) float64 {
	if r.LatencyP95High == nil {
		return math.Inf(1)
	}
	return *r.LatencyP95High
}

func class(r Row) int { return slices.Index(classes, r.Interpretability) }

// latencyStep is how finely latencies are told apart, in milliseconds: for a
// person who waits, faster by less is not better.
const latencyStep = 10

// dominates reports whether a is at least as good as b in everything and
// better in something. What breaks a limit dominates nothing that keeps them
// all, though their latencies may be too close to tell apart.
func dominates(a, b Row) bool {
	if len(a.Broken) > 0 && len(b.Broken) == 0 {
		return false
	}
	pa, pb := math.Ceil(p95(a)/latencyStep), math.Ceil(p95(b)/latencyStep)
	if a.AccuracyLow < b.AccuracyLow || pa > pb || a.CostPerTask > b.CostPerTask || class(a) < class(b) {
		return false
	}
	return a.AccuracyLow > b.AccuracyLow || pa < pb || a.CostPerTask < b.CostPerTask || class(a) > class(b)
}
