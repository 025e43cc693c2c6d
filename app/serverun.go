package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/idempotent"
	"github.com/landfall-ai/landfall/kit/jobs"
)

// runQueue is the queue of runs, so that they keep no event waiting.
const runQueue = "runs"

// fromStore marks the folder of a run as one that was sent: its digest follows.
const fromStore = "store:"

// ServedOptions choose how a run on a server goes.
type ServedOptions struct {
	Explore  bool   `json:"explore,omitempty"`
	Again    bool   `json:"again,omitempty"`
	MaxSpend string `json:"max_spend,omitempty"`
	Lang     string `json:"lang,omitempty"`
}

// plan is what a run is known by before it begins.
type plan struct{ spec, tried, bars string }

func (b *bound) plan(explore bool) (p plan, err error) {
	if p.spec, err = b.spec(explore); err != nil {
		return p, err
	}
	if p.tried, err = b.tried(); err != nil {
		return p, err
	}
	p.bars, err = grade.Freeze(b.gradeSlices(), b.graders()...)
	return p, err
}

// StartRun puts a run of a scenario's newest revision into the queue, or
// returns the one at hand: the unfinished one of the same content, or, unless
// opt.Again, the finished one. key is the client's, see idempotent.Once. It
// fails with what a run would fail with before it sends anything, and with
// scenario.ErrNoFolder.
func (a *App) StartRun(ctx context.Context, ref, key string, opt ServedOptions) (run poc.Run, reused bool, err error) {
	sc, err := a.Scenarios.Get(ctx, ref)
	if err != nil {
		return run, false, err
	}
	if sc.Folder == "" {
		return run, false, scenario.ErrNoFolder.With("slug", sc.Slug)
	}
	select { // reading takes memory in proportion to the data
	case a.checking <- struct{}{}:
		defer func() { <-a.checking }()
	case <-ctx.Done():
		return run, false, ctx.Err()
	}
	known, err := a.endpoints(ctx)
	if err != nil {
		return run, false, err
	}
	err = a.withFolder(ctx, sc.Folder, func(dir string) error {
		b, err := readAs(ctx, dir, scenario.Reading{Known: known, Served: true})
		if err != nil {
			return inside(dir, err)
		}
		if err := b.limitSpend(RunOptions{MaxSpend: opt.MaxSpend}); err != nil {
			return err
		}
		if _, err := b.outlook(ctx); err != nil { // refuses what may not be sent
			return inside(dir, err)
		}
		p, err := b.plan(opt.Explore)
		if err != nil {
			return err
		}
		return a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			id, _, err := idempotent.Once(ctx, tx, a.now(), "start-run", key, []any{sc.ID, opt}, func() (string, error) {
				var id string
				id, reused, err = a.enqueue(ctx, tx, sc, b, p, opt)
				return id, err
			})
			run.ID = id
			return err
		})
	})
	if err != nil {
		return run, false, err
	}
	run, err = a.Runs.Get(ctx, run.ID)
	return run, reused, err
}

func (a *App) enqueue(ctx context.Context, tx bun.Tx, sc scenario.Scenario, b *bound, p plan, opt ServedOptions) (id string, reused bool, err error) {
	if !opt.Again {
		if id, err = a.Runs.DoneBefore(ctx, tx, sc.ID, p.spec); err != nil || id != "" {
			return id, true, err
		}
	}
	version, err := a.versions(ctx, tx, sc.ID, b)
	if err != nil {
		return "", false, err
	}
	run, resumed, err := a.Runs.Begin(ctx, tx, poc.Run{ScenarioID: sc.ID, SpecDigest: p.spec, Document: b.folder.Raw, State: poc.Queued,
		Folder: fromStore + sc.Folder, Exploratory: opt.Explore, DatasetID: version.ID, Tried: p.tried, Sketch: b.sketch(), Bars: p.bars})
	if err != nil {
		return "", false, err
	}
	if resumed && !strings.HasPrefix(run.Folder, fromStore) {
		// It was begun from a folder of this machine, which is not ours to read.
		if err := a.Runs.Cancel(ctx, tx, run.ID); err != nil {
			return "", false, err
		}
		return a.enqueue(ctx, tx, sc, b, p, opt)
	}
	return run.ID, false, a.Jobs.Insert(ctx, tx, runJob{Run: run.ID, Served: &opt}, jobs.Unique(), jobs.Queue(runQueue))
}

// ResumeRun lets a run go on that failed or was interrupted. It fails with
// poc.ErrUnknownRun, poc.ErrNotResumable and scenario.ErrNoFolder.
func (a *App) ResumeRun(ctx context.Context, id string, opt ServedOptions) (poc.Run, error) {
	run, err := a.Runs.Get(ctx, id)
	if err != nil {
		return run, err
	}
	if !strings.HasPrefix(run.Folder, fromStore) {
		return run, scenario.ErrNoFolder.With("slug", run.ScenarioID)
	}
	if a.live.get(id) == nil {
		err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			if err := a.Runs.Reopen(ctx, tx, id); err != nil {
				return err
			}
			return a.Jobs.Insert(ctx, tx, runJob{Run: id, Served: &opt}, jobs.Unique(), jobs.Queue(runQueue))
		})
		if err != nil {
			return run, err
		}
	}
	return a.Runs.Get(ctx, id)
}

// workServed works a run of a server: nobody here waits for it. What stops the
// server leaves it to the next start; whatever else goes wrong is its end.
func (a *App) workServed(ctx context.Context, job *jobs.Job[runJob]) error {
	id := job.Args.Run
	if a.live.get(id) != nil { // resumed while it was about to end
		return jobs.ErrInterrupted
	}
	going, live, done := a.live.begin(ctx, id)
	err := a.pipeline(going, id, RunOptions{MaxSpend: job.Args.Served.MaxSpend, Lang: job.Args.Served.Lang, Progress: live})
	done()
	cause := context.Cause(going)
	switch {
	case errors.Is(cause, errStopping):
		return jobs.ErrInterrupted
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if f := fault.From(err); err != nil && f.Kind == fault.Internal && !errors.Is(cause, errCanceled) {
		a.log.ErrorContext(ctx, "run failed", "run", id, "error", err)
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err != nil && !errors.Is(cause, errCanceled) {
			ferr := a.Runs.Finish(ctx, tx, id, poc.Failed, poc.NewProblem(fault.From(inside(a.workDir(), err))))
			if ferr != nil && !errors.Is(ferr, poc.ErrFinished) { // blocked by its data, or given up
				return fmt.Errorf("record how the run ended: %w", ferr)
			}
		}
		return job.Complete(ctx, tx)
	})
}
