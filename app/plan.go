package app

import (
	"context"
	"errors"
	"slices"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/scenario"
)

// Plan says how many test cases settle each slice of the scenario in dir, with
// its candidates and as the next attempt on its test set, at the true shares
// given, or at grade.NewPlan's. Nothing is measured.
func (a *App) Plan(ctx context.Context, dir string, shares []float64) (grade.Plan, error) {
	b, err := a.read(ctx, dir)
	if err != nil {
		return grade.Plan{}, err
	}
	attempt := 1
	sc, err := a.Scenarios.Get(ctx, b.folder.Document.Slug)
	switch {
	case errors.Is(err, scenario.ErrUnknown): // never run here
	case err != nil:
		return grade.Plan{}, err
	default:
		tried, err := b.tried()
		if err != nil {
			return grade.Plan{}, err
		}
		attempt, err = a.Runs.Attempt(ctx, a.DB.Read(), poc.Run{ScenarioID: sc.ID, Tried: tried, Sketch: b.sketch()})
		if err != nil {
			return grade.Plan{}, err
		}
	}
	return grade.NewPlan(b.planSlices(), attempt, shares), nil
}

// planSlices counts the cases and the candidates of every slice. A slice
// without a case is planned for the candidates of the main suite.
func (b *bound) planSlices() []grade.PlanSlice {
	asked := func(suite string) int {
		n := 0
		for _, c := range b.folder.Document.Candidates {
			assumed := c.Planned != nil || c.Human != nil && c.Human.Answers == ""
			if !assumed && slices.Contains(c.SuiteIDs(), suite) {
				n++
			}
		}
		return n
	}
	out := make([]grade.PlanSlice, len(b.folder.Document.Slices))
	for i, s := range b.gradeSlices() {
		out[i] = grade.PlanSlice{Slice: s, Candidates: asked(scenario.MainSuite)}
		for _, suite := range b.suites {
			for _, c := range suite.data.Test {
				if c.Slice == s.ID {
					out[i].Cases, out[i].Candidates = out[i].Cases+1, asked(suite.ID)
				}
			}
		}
	}
	return out
}
