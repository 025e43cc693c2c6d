package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/diff"
)

// Diff compares the answers of two runs of a scenario. It fails with
// poc.ErrUnknownRun, poc.ErrNotSealed, diff.ErrScenario and diff.ErrCandidate.
func (a *App) Diff(ctx context.Context, q diff.Query) (*diff.Diff, error) {
	first, err := a.sealedRun(ctx, q.A)
	if err != nil {
		return nil, err
	}
	second, err := a.sealedRun(ctx, q.B)
	if err != nil {
		return nil, err
	}
	if first.ScenarioID != second.ScenarioID {
		return nil, diff.ErrScenario.With("a", first.ID, "b", second.ID)
	}
	left, err := a.side(ctx, first, q.Candidate, q.Suite)
	if err != nil {
		return nil, err
	}
	right, err := a.side(ctx, second, cmp.Or(q.WithCandidate, q.Candidate), q.Suite)
	if err != nil {
		return nil, err
	}
	d, err := diff.Compare(left, right)
	return &d, err
}

func (a *App) sealedRun(ctx context.Context, id poc.RunID) (poc.Run, error) {
	run, err := a.Runs.Get(ctx, string(id))
	if err == nil && run.ResultsDigest == "" {
		err = poc.ErrNotSealed.With("id", run.ID, "state", string(run.State))
	}
	return run, err
}

// side reads one run's answers of a candidate, its recommended one if none is
// named. A case goes by its id and its right answer, so that a case that was
// relabelled is another one.
func (a *App) side(ctx context.Context, run poc.Run, candidate, suite string) (diff.Side, error) {
	if candidate == "" {
		var err error
		if _, candidate, err = a.measurement(ctx, run); err != nil {
			return diff.Side{}, err
		}
	}
	rows, err := a.answersOf(ctx, run, poc.CaseFilter{Candidate: candidate, Suite: suite})
	if err != nil {
		return diff.Side{}, err
	}
	out := diff.Side{Name: run.ID + "/" + candidate}
	for _, r := range rows {
		out.Results = append(out.Results, diff.Result{CaseID: r.CaseID, Expected: r.Expected, Slice: r.Slice, Resolution: r.Resolution, Correct: r.Correct})
	}
	return out, nil
}

// answersOf reads what a run has on file about one candidate. It fails with
// diff.ErrCandidate if that is nothing at all.
func (a *App) answersOf(ctx context.Context, run poc.Run, f poc.CaseFilter) (rows []poc.CaseResult, err error) {
	known := map[string]bool{}
	err = a.withResults(ctx, run.ResultsDigest, func(path string) (err error) {
		if f.Candidate != "" {
			if rows, err = poc.ReadResults(ctx, path, f); err != nil || len(rows) > 0 {
				return err
			}
		}
		all, err := poc.ReadResults(ctx, path, poc.CaseFilter{}) // to say who is there
		for _, r := range all {
			known[r.Candidate] = true
		}
		return err
	})
	if err == nil && len(rows) == 0 && !known[f.Candidate] {
		err = diff.ErrCandidate.With("run", run.ID, "candidate", f.Candidate, "known", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	return rows, err
}
