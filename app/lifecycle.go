package app

import (
	"context"
	"io"
	"math"
	"strconv"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/align/roi/workbook"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrNoLifecycle is returned where the newest return has no lifecycle.
var ErrNoLifecycle = fault.Def{Kind: fault.NotFound, Code: "roi.no_lifecycle",
	En:     "{scenario} has no current return over its whole life",
	Zh:     "{scenario} 没有当前有效的全周期投入产出",
	HintEn: "state the section lifecycle in scenario.yaml, then: landfall run DIR",
	HintZh: "先在 scenario.yaml 中填写 lifecycle，再执行：landfall run DIR"}

// lifecycle adds the return over the whole life to r, if the scenario states
// what it is computed from.
func lifecycle(f *scenario.Folder, m poc.Measurement, g grade.Result, r *roi.Result) error {
	if f.Document.Lifecycle == nil {
		return nil
	}
	model, err := roi.NewLife(f.Document, lifeFacts(f, m, g))
	if err != nil {
		return err
	}
	life, err := roi.ComputeLife(model)
	if err != nil {
		return err
	}
	r.Life, r.Model = &life, &model
	return nil
}

// lifeFacts gathers what a run measured that a lifecycle may take in.
func lifeFacts(f *scenario.Folder, m poc.Measurement, g grade.Result) map[roi.FactKey]roi.Fact {
	out := map[roi.FactKey]roi.Fact{}
	for _, c := range m.Candidates {
		accuracy := scenario.Quantity{K: c.Overall.Correct, N: c.Overall.N}
		if c.Overall.N == 0 { // people, whose accuracy was typed in
			accuracy = scenario.Quantity{Low: &c.Overall.Low, Mode: &c.Overall.Accuracy, High: &c.Overall.High}
		}
		out[roi.FactKey{Measured: "accuracy", Candidate: c.ID}] = roi.Fact{Quantity: accuracy, Provenance: c.Provenance}
		if v, err := strconv.ParseFloat(c.CostPerTask.Amount, 64); err == nil {
			out[roi.FactKey{Measured: "cost_per_task", Candidate: c.ID}] = roi.Fact{Quantity: scenario.Quantity{Value: &v}, Provenance: c.CostPerTask.Provenance}
		}
	}
	if q, ok := mixAccuracy(g); ok {
		out[roi.FactKey{Measured: "accuracy"}] = roi.Fact{Quantity: q, Provenance: evidence.Worst(evidence.Measured, g.Traffic)}
	}
	proven := scenario.Quantity{}
	requests := 0
	for _, v := range g.Slices {
		n := f.Traffic.Requests[v.Slice]
		requests += n
		if v.Cheapest != "" {
			proven.K += n
		}
	}
	if requests > 0 {
		proven.N = requests
	} else {
		proven = scenario.Quantity{Value: &g.Proven.Value}
	}
	out[roi.FactKey{Measured: "traffic_share"}] = roi.Fact{Quantity: proven, Provenance: g.Traffic}
	return out
}

// mixAccuracy returns the share of right answers on the proven slices, each
// served by its cheapest sufficient candidate, as a count: that of the beta
// distribution whose mean and variance are those of the slices' shares,
// weighted by traffic. The weights count as known. ok is false if no slice is
// proven.
func mixAccuracy(g grade.Result) (_ scenario.Quantity, ok bool) {
	mean, variance, weight := 0.0, 0.0, 0.0
	for _, v := range g.Slices {
		if v.Cheapest == "" || v.Share.Value == 0 {
			continue
		}
		for _, t := range v.Tests {
			if t.Candidate != v.Cheapest || t.N == 0 {
				continue
			}
			p := (float64(t.Correct) + 0.5) / (float64(t.N) + 1)
			mean += v.Share.Value * p
			variance += v.Share.Value * v.Share.Value * p * (1 - p) / float64(t.N+2)
			weight += v.Share.Value
		}
	}
	if weight == 0 || variance == 0 {
		return scenario.Quantity{}, false
	}
	mean, variance = mean/weight, variance/(weight*weight)
	n := max(1, math.Round(mean*(1-mean)/variance-2))
	k := min(n, max(0, math.Round(mean*(n+1)-0.5)))
	return scenario.Quantity{K: int(k), N: int(n)}, true
}

// Return is the newest return of a scenario and its evidence.
type Return struct {
	Scenario string          `json:"scenario"`
	Evidence string          `json:"evidence"`
	Life     *roi.LifeResult `json:"life"`
	Model    *roi.Life       `json:"-"`
}

// Return reads the newest return over the whole life of the scenario in dir. It
// fails with ErrNoLifecycle if there is none, or it is stale.
func (a *App) Return(ctx context.Context, dir string) (Return, error) {
	id, err := a.Bind(ctx, dir)
	if err != nil {
		return Return{}, err
	}
	sc, err := a.Scenarios.Get(ctx, id)
	if err != nil {
		return Return{}, err
	}
	records, source, err := a.newest(ctx, id)
	if err != nil {
		return Return{}, err
	}
	rec, ok := records[roi.Kind().Name]
	if !ok || source(roi.Kind().Name).Stale {
		return Return{}, ErrNoLifecycle.With("scenario", sc.Slug)
	}
	r, err := roi.FromRecord(rec)
	if err != nil {
		return Return{}, err
	}
	if r.Life == nil || r.Model == nil {
		return Return{}, ErrNoLifecycle.With("scenario", sc.Slug)
	}
	return Return{Scenario: sc.Slug, Evidence: rec.ID(), Life: r.Life, Model: r.Model}, nil
}

// Workbook writes the return as XLSX with live formulas.
func (r Return) Workbook(w io.Writer, lang string) error { return workbook.Write(w, *r.Model, lang) }

// Compare sets actual amounts beside what the kept model forecast, and
// evaluates it again with them.
func (r Return) Compare(actuals []roi.Actual) (roi.Reality, error) {
	return roi.Compare(*r.Model, actuals)
}
