package app

import (
	"context"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
)

// boundary computes where candidates are strong and weak. focus is the
// recommended one.
func (b *bound) boundary(outcomes []poc.Outcome, focus string) (boundary.Result, error) {
	in := make([]boundary.SuiteInput, len(b.suites))
	for i, s := range b.suites {
		in[i] = boundary.SuiteInput{ID: s.ID, Title: s.Title, Known: s.closed()}
		if d := s.Task.Detect; d != nil {
			in[i].Costs = &boundary.Costs{Positive: d.Positive, Miss: d.CostMiss, False: d.CostFalse}
		}
	}
	return boundary.OfRun(outcomes, in, focus, boundary.SearchOptions{})
}

// closed returns the resolutions that answers are chosen from; nil where they
// are written freely.
func (s *suite) closed() map[string]bool {
	known := map[string]bool{}
	switch s.Task.Kind {
	case scenario.TaskExtract, scenario.TaskTools:
		return nil
	case scenario.TaskDecide:
		for _, c := range s.Task.Choices {
			known[c] = true
		}
		return known
	}
	for _, d := range s.data.Documents {
		known[d.ID] = true
	}
	if len(known) == 0 && len(s.data.Classes[dataset.Train]) == 0 { // nothing to choose from: answers are text
		return nil
	}
	for _, cs := range [][]dataset.Case{s.data.Train, s.data.Test} {
		for _, c := range cs {
			known[c.Resolution] = true
		}
	}
	return known
}

// boundaryOf reads the boundary that a run found.
func (a *App) boundaryOf(ctx context.Context, run poc.RunID) (*boundary.Result, error) {
	rec, found, err := a.evidenceOf(ctx, string(run), boundary.Kind())
	if err != nil {
		return nil, err
	}
	if !found {
		r, err := a.Runs.Get(ctx, string(run))
		if err != nil {
			return nil, err
		}
		return nil, boundary.ErrNone.With("id", r.ID, "state", string(r.State))
	}
	r, err := boundary.FromRecord(rec)
	return &r, err
}
