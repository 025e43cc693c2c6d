package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/prove/quality"
	"github.com/landfall-ai/landfall/prove/selection"
)

// RunOptions choose how a run goes.
type RunOptions struct {
	// Explore goes on in spite of a failed data-quality gate; the evidence is
	// exploratory and passes no gate.
	Explore bool
	// Again measures even if nothing has changed since the last run.
	Again bool
	// AllowCommands lets graders run the programs that the folder names.
	AllowCommands bool
	// AllowEndpoints are endpoints that may be asked, by name, or AllEndpoints;
	// the home remembers them.
	AllowEndpoints []string
	// MaxSpend stands in for the folder's run.spend; "" leaves it.
	MaxSpend string
	// Announce hears what the run would send where, before anything is sent:
	// once, and not if nothing is to be measured. It may be nil.
	Announce func(sends []Sending, limit llm.Money)
	// Progress hears how the run goes. It may be nil.
	Progress poc.Progress
	// Lang is the language of what Progress hears.
	Lang string
}

// RunInfo says how a run came to its end.
type RunInfo struct {
	ID      string
	Resumed bool
	Reused  bool
}

// runJob is the job of a run.
type runJob struct {
	Run    string         `json:"run" river:"unique"`
	Served *ServedOptions `json:"served,omitempty"` // of a run that nobody waits for
}

func (runJob) Kind() string { return "run" }

// spec is the digest of what a run measures.
func (b *bound) spec(explore bool) (string, error) {
	what := map[string]any{"bindings": b.bindings, "exploratory": explore}
	if r := b.repeats(); len(r) > 0 {
		what["repeats"] = r
	}
	return evidence.Digest(what)
}

// repeats is how often candidates are asked each case, of those that are asked
// more than once. It is no subject of evidence: it changes what is known of a
// candidate, not the candidate.
func (b *bound) repeats() map[string]int {
	out := map[string]int{}
	for _, c := range b.folder.Document.Candidates {
		if n := c.Repeats(); n > 1 {
			out[c.ID()] = n
		}
	}
	return out
}

// keep copies the data files of every suite.
func (a *App) keep(ctx context.Context, dir string, b *bound) error {
	for _, s := range b.suites {
		if err := a.Datasets.Keep(ctx, dir, s.data); err != nil {
			return err
		}
	}
	return nil
}

// save records the scenario and its dataset versions, and what it is bound to.
// It returns the version of the main suite.
func (a *App) save(ctx context.Context, tx bun.Tx, b *bound) (scenario.Scenario, dataset.Version, error) {
	sc, err := a.Scenarios.SaveAs(ctx, tx, b.folder.Document, b.folder.Raw, b.bindings, b.pushed)
	if err != nil {
		return sc, dataset.Version{}, err
	}
	main, err := a.versions(ctx, tx, sc.ID, b)
	return sc, main, err
}

// Run takes the scenario in dir from its data to a verdict. It resumes an
// interrupted run of the same scenario, data and candidates, and reads the
// evidence at hand if nothing has changed since the last one. It fails with
// quality.data if the data-quality gate stopped it, and with ctx's error if it
// was interrupted; what is finished is kept.
func (a *App) Run(ctx context.Context, dir string, opt RunOptions) (RunInfo, error) {
	if opt.Progress == nil {
		opt.Progress = silent{}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return RunInfo{}, fmt.Errorf("resolve %s: %w", dir, err)
	}
	b, err := a.read(ctx, dir)
	if err != nil {
		return RunInfo{}, err
	}
	if err := a.consent(b, opt); err != nil {
		return RunInfo{}, err
	}
	if err := b.limitSpend(opt); err != nil {
		return RunInfo{}, err
	}
	sends, err := b.outlook(ctx)
	if err != nil {
		return RunInfo{}, err
	}
	if err := a.keep(ctx, dir, b); err != nil {
		return RunInfo{}, err
	}
	p, err := b.plan(opt.Explore)
	if err != nil {
		return RunInfo{}, err
	}
	info := RunInfo{}
	var done <-chan error
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		sc, version, err := a.save(ctx, tx, b)
		if err != nil {
			return err
		}
		if !opt.Again {
			if info.ID, err = a.Runs.DoneBefore(ctx, tx, sc.ID, p.spec); err != nil || info.ID != "" {
				info.Reused = true
				return err
			}
		}
		run, resumed, err := a.Runs.Begin(ctx, tx, poc.Run{ScenarioID: sc.ID, SpecDigest: p.spec, Document: b.folder.Raw,
			Folder: dir, Exploratory: opt.Explore, DatasetID: version.ID, Tried: p.tried, Sketch: b.sketch(), Bars: p.bars})
		if err != nil {
			return err
		}
		info.ID, info.Resumed = run.ID, resumed
		done = a.watches.add(info.ID, opt) // before the job can be seen
		return a.Jobs.Insert(ctx, tx, runJob{Run: run.ID}, jobs.Unique())
	})
	defer a.watches.remove(info.ID)
	if err != nil {
		return RunInfo{}, err
	}
	if !info.Reused && len(sends) > 0 && opt.Announce != nil {
		opt.Announce(sends, b.limit())
	}
	if err := a.start(ctx); err != nil {
		return info, err
	}
	if info.Reused {
		return info, a.settle(ctx)
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	select {
	case err = <-done:
	case err = <-a.Jobs.Broken(waiting):
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, quality.ErrData) {
		return info, err
	}
	return info, errors.Join(err, a.settle(ctx))
}

// start begins to work jobs, once.
func (a *App) start(ctx context.Context) error {
	a.startMu.Lock()
	defer a.startMu.Unlock()
	if a.started {
		return nil
	}
	a.started = true
	if err := a.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	return nil
}

// settle waits until everything that followed from what was written is done.
func (a *App) settle(ctx context.Context) error {
	if err := a.start(ctx); err != nil {
		return err
	}
	return a.Jobs.WaitIdle(ctx)
}

// workRun is the handler of runJob. Whatever ends it, an interruption too,
// ends the job but not the run: the next `landfall run` goes on where it
// stopped. A run that nobody here waits for, left by a process that was
// killed, waits for its next `landfall run` as well.
func (a *App) workRun(ctx context.Context, job *jobs.Job[runJob]) error {
	if job.Args.Served != nil {
		return a.workServed(ctx, job)
	}
	complete := func() error {
		return a.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error { return job.Complete(ctx, tx) })
	}
	w, waited := a.watches.get(job.Args.Run)
	if !waited {
		return complete()
	}
	err := a.pipeline(ctx, job.Args.Run, w.opt)
	if err != nil && fault.From(err).Kind == fault.Internal {
		a.log.ErrorContext(ctx, "run failed", "run", job.Args.Run, "error", err)
	}
	cerr := complete()
	w.done <- errors.Join(err, cerr)
	return cerr
}

// pipeline measures a run, from wherever it stands.
func (a *App) pipeline(ctx context.Context, runID string, opt RunOptions) error {
	run, err := a.Runs.Get(ctx, runID)
	if err != nil {
		return err
	}
	if !run.Finished.IsZero() {
		return nil
	}
	if digest, sent := strings.CutPrefix(run.Folder, fromStore); sent {
		return a.withFolder(ctx, digest, func(dir string) error { return a.measure(ctx, run, dir, true, opt) })
	}
	return a.measure(ctx, run, run.Folder, false, opt)
}

// measure is the pipeline of a run whose files lie in dir.
func (a *App) measure(ctx context.Context, run poc.Run, dir string, served bool, opt RunOptions) error {
	known, err := a.endpoints(ctx)
	if err != nil {
		return err
	}
	b, err := readAs(ctx, dir, scenario.Reading{Known: known, Served: served})
	if err != nil {
		return err
	}
	if err := a.consent(b, opt); err != nil { // the folder may have changed since
		return err
	}
	if err := b.limitSpend(opt); err != nil {
		return err
	}
	if spec, err := b.spec(run.Exploratory); err != nil {
		return err
	} else if spec != run.SpecDigest {
		return a.abandon(ctx, run)
	}
	if run.Step == poc.StepData { // else a killed run has its evidence of the data already
		if err := a.qualityStep(ctx, run, b); err != nil {
			return err
		}
	}
	return a.measureStep(ctx, run, b, opt)
}

// abandon gives up a run whose folder has changed since it began.
func (a *App) abandon(ctx context.Context, run poc.Run) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return a.Runs.Cancel(ctx, tx, run.ID) })
	return errors.Join(err, poc.Discard(a.journal(run.ID)))
}

// qualityStep measures the data and appends the evidence. It fails with
// quality.ErrData if the gate does not hold and the run does not explore.
func (a *App) qualityStep(ctx context.Context, run poc.Run, b *bound) error {
	started := a.now()
	q := b.quality()
	st, err := quality.Statement(q, started, a.now())
	if err != nil {
		return err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if !q.Passed && !run.Exploratory {
			if err := a.Runs.Finish(ctx, tx, run.ID, poc.Blocked, poc.NewProblem(fault.From(q.Err()))); err != nil {
				return err
			}
		} else if err := a.Runs.At(ctx, tx, run.ID, poc.StepMeasure); err != nil {
			return err
		}
		return a.append(ctx, tx, run, b, st)
	})
	if err != nil {
		return err
	}
	if !q.Passed && !run.Exploratory {
		return q.Err()
	}
	return nil
}

// measureStep runs the candidates and appends everything that follows from
// them. All of its evidence, the sealed results and the end of the run are one
// transaction: a kill before it resumes from the journal, a kill after it
// finds a finished run.
func (a *App) measureStep(ctx context.Context, run poc.Run, b *bound, opt RunOptions) error {
	doc := b.folder.Document
	run0 := a.now()
	entrants, assumed, err := a.entrants(ctx, b)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(a.journal(run.ID)), 0o700); err != nil {
		return fmt.Errorf("make the folder of runs: %w", err)
	}
	graders, err := b.measureGraders(ctx, opt)
	if err != nil {
		return err
	}
	probing := b.probed(entrants)
	outcomes, err := poc.Execute(ctx, poc.Plan{Entrants: slices.Concat(entrants, probing), Grade: b.grade, Image: b.image,
		Journal: a.journal(run.ID), Lang: opt.Lang, Now: a.now}, opt.Progress)
	if err != nil {
		return err
	}
	outcomes, probed := outcomes[:len(entrants)], outcomes[len(entrants):]
	ids := make([]string, len(doc.Slices))
	for i, s := range doc.Slices {
		ids[i] = s.ID
	}
	m := b.corrected(poc.Measure(b.tests(), ids, outcomes, assumed, doc.Run.Seed), graders)
	if m.Attempt, err = a.Runs.Attempt(ctx, a.DB.Read(), run); err != nil {
		return err
	}
	statements, err := a.conclude(b, m, outcomes, run0)
	if err != nil {
		return err
	}
	if st, ok, err := a.concludeProbes(ctx, run, b, m, outcomes, probed, run0); err != nil {
		return err
	} else if ok {
		statements = append(statements, st)
	}
	results, err := a.seal(ctx, run, outcomes)
	if err != nil {
		return err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := a.Runs.Seal(ctx, tx, run.ID, results); err != nil {
			return err
		}
		if err := a.Runs.Finish(ctx, tx, run.ID, poc.Done, nil); err != nil {
			return err
		}
		return a.append(ctx, tx, run, b, statements...)
	})
	if err != nil {
		return err
	}
	return poc.Discard(a.journal(run.ID))
}

// conclude turns a measurement into the evidence that follows from it.
func (a *App) conclude(b *bound, m poc.Measurement, outcomes []poc.Outcome, started time.Time) ([]evidence.Statement, error) {
	doc := b.folder.Document
	var out []evidence.Statement
	add := func(st evidence.Statement, err error) error {
		if err == nil {
			out = append(out, st)
		}
		return err
	}
	main := m.Suite(scenario.MainSuite)
	rec, ok := poc.Recommend(main, doc.Targets.Accuracy)
	if !ok {
		return nil, poc.ErrNothingMeasured.With()
	}
	if err := add(poc.Statement(m, rec, started, a.now())); err != nil {
		return nil, err
	}
	drawn, err := b.boundary(outcomes, rec.Candidate.ID)
	if err != nil {
		return nil, err
	}
	if err := add(boundary.Statement(drawn, started, a.now())); err != nil {
		return nil, err
	}
	graded, err := graded(b, m, outcomes)
	if err != nil {
		return nil, err
	}
	if err := add(grade.Statement(graded, started, a.now())); err != nil {
		return nil, err
	}
	in, err := returnInput(b.folder, cheapest(graded))
	if err != nil {
		return nil, err
	}
	if in.Volume.Mean() > 0 { // else nobody has said how many requests there are
		if r, ok, err := roi.Compute(in); err != nil {
			return nil, err
		} else if ok {
			if err := lifecycle(b.folder, m, graded, &r); err != nil {
				return nil, err
			}
			if err := add(roi.Statement(r, started, a.now())); err != nil {
				return nil, err
			}
		}
	}
	lim, err := limits(doc)
	if err != nil {
		return nil, err
	}
	return out, add(selection.Statement(selection.Select(main, lim), started, a.now()))
}

// append signs statements of a run about what b is bound to.
func (a *App) append(ctx context.Context, tx bun.Tx, run poc.Run, b *bound, sts ...evidence.Statement) error {
	for i := range sts {
		st := &sts[i]
		k, ok := a.kind(st.PredicateType)
		if !ok {
			return fmt.Errorf("append evidence: the kind %s is not declared", st.PredicateType)
		}
		st.Subject = scenario.Subjects(b.bindings, k.Roles...)
		if st.Predicate.Provenance != evidence.Measured && st.Predicate.Source == "" {
			st.Predicate.Source = source(b.folder.Document)
		}
		st.Predicate.Scenario, st.Predicate.Run, st.Predicate.Exploratory = run.ScenarioID, run.ID, run.Exploratory
	}
	_, err := a.Evidence.Append(ctx, tx, sts...)
	return err
}

// source names where the figures come from that Landfall did not measure.
func source(doc *scenario.Document) string {
	s := scenario.FileName
	for _, named := range []string{doc.Traffic.Source, doc.Costs.Source} {
		if named != "" {
			s += "; " + named
		}
	}
	return s
}

func (a *App) kind(uri string) (evidence.Kind, bool) {
	for _, k := range a.Evidence.Kinds() {
		if k.URI == uri {
			return k, true
		}
	}
	return evidence.Kind{}, false
}

// seal writes the case results as a Parquet blob and returns its digest.
func (a *App) seal(ctx context.Context, run poc.Run, outcomes []poc.Outcome) (_ string, err error) {
	path := a.journal(run.ID) + ".parquet"
	if err := poc.WriteResults(ctx, path, outcomes); err != nil {
		return "", fmt.Errorf("seal the results of %s: %w", run.ID, err)
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("seal the results of %s: %w", run.ID, err)
	}
	defer f.Close()
	digest, _, err := a.Blobs.Put(ctx, f)
	return digest, err
}

// watches ties the jobs of this process to whoever waits for them.
type watches struct {
	mu sync.Mutex
	m  map[string]watch
}

type watch struct {
	opt  RunOptions
	done chan error // one result, never blocks
}

func (ws *watches) add(run string, opt RunOptions) <-chan error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.m == nil {
		ws.m = map[string]watch{}
	}
	w := watch{opt: opt, done: make(chan error, 1)}
	ws.m[run] = w
	return w.done
}

func (ws *watches) get(run string) (watch, bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w, ok := ws.m[run]
	return w, ok
}

func (ws *watches) remove(run string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.m, run)
}

// silent is a Progress that nobody hears.
type silent struct{}

func (silent) Phase(string, string, int, int) {}
func (silent) Step(string, bool)              {}
func (silent) End(string)                     {}
