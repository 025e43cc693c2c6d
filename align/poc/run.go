package poc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
)

// Progress hears how a run goes. Its methods may be called from many
// goroutines.
type Progress interface {
	// Phase begins a phase of total steps of which done are already behind it.
	Phase(id, title string, total, done int)
	// Step ends one step of a phase.
	Step(id string, failed bool)
	// End ends a phase.
	End(id string)
}

// Plan says what to run.
type Plan struct {
	Entrants []Entrant
	// Grade tells whether an answer to a case is right.
	Grade func(ctx context.Context, c dataset.Case, a Answer) (grader.Grade, error)
	// Image reads the image of a case; nil if no case has one.
	Image   func(path string) ([]byte, error)
	Journal string // path of the run's journal; made if it does not exist
	Lang    string // of the titles that Progress hears
	Now     func() time.Time
}

// Outcome is what a finished run has on file about one entrant.
type Outcome struct {
	Entrant     Entrant
	Results     []Result // in the order of Entrant.Cases
	Active      time.Duration
	Settings    map[string]any
	Threshold80 float64
}

// Faults of a run that has nothing to measure.
var (
	ErrNothingMeasured = fault.Def{Kind: fault.Invalid, Code: "poc.nothing_measured",
		En: "no candidate of this scenario can be measured", Zh: "该场景没有可实测的候选方案",
		HintEn: "add a built-in candidate, for example: candidates: [{builtin: tfidf}]",
		HintZh: "添加一个内置候选方案，例如 candidates: [{builtin: tfidf}]"}
	ErrNoCases = fault.Def{Kind: fault.Invalid, Code: "poc.no_cases",
		En: "there are no test cases to measure on", Zh: "没有可用于评测的用例",
		HintEn: "name a file with labelled test cases under data.test in scenario.yaml",
		HintZh: "在 scenario.yaml 的 data.test 下给出带标注的测试用例文件"}
)

// Execute runs every entrant on every case that its journal does not hold yet.
// Entrants follow one another, so that each one's latency is its own; the
// cases of one run in parallel. If ctx ends, it stops taking cases, keeps what
// is finished and returns ctx's error; called again with the same journal it
// goes on, and at most Concurrency calls of an entrant are repeated.
func Execute(ctx context.Context, plan Plan, p Progress) (_ []Outcome, err error) {
	if !slices.ContainsFunc(plan.Entrants, func(e Entrant) bool { return len(e.Cases) > 0 }) {
		return nil, ErrNoCases.With()
	}
	j, err := openJournal(ctx, plan.Journal)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()

	out := make([]Outcome, 0, len(plan.Entrants))
	for _, e := range plan.Entrants {
		o, err := execute(ctx, plan, e, j, p)
		if err != nil {
			return nil, fmt.Errorf("run candidate %s: %w", e.ID, err)
		}
		out = append(out, o)
	}
	return out, nil
}

func execute(ctx context.Context, plan Plan, e Entrant, j *journal, p Progress) (Outcome, error) {
	have, err := j.results(ctx, e.ID)
	if err != nil {
		return Outcome{}, err
	}
	var todo []dataset.Case
	for _, c := range e.Cases {
		if _, ok := have[c.ID]; !ok {
			todo = append(todo, c)
		}
	}
	if len(todo) > 0 {
		fresh, err := answer(ctx, plan, e, todo, j, p)
		if err != nil {
			return Outcome{}, err
		}
		for _, r := range fresh {
			have[r.CaseID] = r
		}
	}
	o := Outcome{Entrant: e, Results: make([]Result, len(e.Cases))}
	for i, c := range e.Cases {
		o.Results[i] = have[c.ID]
	}
	settings, threshold, err := j.prepared(ctx, e.ID)
	if err != nil {
		return Outcome{}, err
	}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &o.Settings); err != nil {
			return Outcome{}, fmt.Errorf("decode settings: %w", err)
		}
	}
	o.Threshold80 = threshold
	o.Active, err = j.active(ctx, e.ID)
	return o, err
}

func answer(ctx context.Context, plan Plan, e Entrant, todo []dataset.Case, j *journal, p Progress) ([]Result, error) {
	p.Phase(e.ID, e.Title.In(plan.Lang), len(e.Cases), len(e.Cases)-len(todo))
	defer p.End(e.ID)
	ready, err := e.Prepare(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(ready.Settings)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	if err := j.putPrepared(ctx, e.ID, settings, ready.Threshold80); err != nil {
		return nil, err
	}
	if err := j.begin(ctx, e.ID, plan.Now()); err != nil {
		return nil, err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan dataset.Case)
	var mu sync.Mutex
	var fresh []Result
	var wg sync.WaitGroup
	for range max(1, e.Concurrency) {
		wg.Go(func() {
			for c := range next {
				r, err := ask(ctx, plan, e, ready.Candidate, c)
				if err == nil {
					err = j.Put(r)
				}
				if err != nil {
					cancel(err)
					return
				}
				p.Step(e.ID, r.Err != "")
				mu.Lock()
				fresh = append(fresh, r)
				mu.Unlock()
			}
		})
	}
feed:
	for _, c := range todo {
		if ctx.Err() != nil { // select alone might choose the worker that waits
			break
		}
		select {
		case next <- c:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	return fresh, context.Cause(ctx)
}

// ask measures one call and grades what came of it. A candidate's own error is
// a result; the end of ctx and Stop are none.
func ask(ctx context.Context, plan Plan, e Entrant, c Candidate, cs dataset.Case) (Result, error) {
	in := Input{CaseID: cs.ID, Suite: cs.Suite, Text: cs.Input, Tags: cs.Tags}
	if cs.Image != "" && plan.Image != nil {
		var err error
		if in.Image, err = plan.Image(cs.Image); err != nil {
			return Result{}, err
		}
	}
	r, err := askOnce(ctx, plan, e, c, cs, in)
	if err != nil || e.Repeats < 2 {
		return r, err
	}
	r.Tried, r.Right = 1, b2i(r.Correct)
	for in.Sample = 1; in.Sample < e.Repeats; in.Sample++ {
		again, err := askOnce(ctx, plan, e, c, cs, in)
		if err != nil {
			return Result{}, err
		}
		r.Tried++
		r.Right += b2i(again.Correct)
	}
	return r, nil
}

func askOnce(ctx context.Context, plan Plan, e Entrant, c Candidate, cs dataset.Case, in Input) (Result, error) {
	start := time.Now() // the monotonic clock: service time is measured, not told
	a, err := answerOf(ctx, c, in)
	r := Result{Candidate: e.ID, CaseID: cs.ID, Latency: time.Since(start), Waited: a.Took.Waited, FirstToken: a.Took.FirstToken,
		InputTokens: a.Took.InputTokens, OutputTokens: a.Took.OutputTokens}
	if a.Took.Service > 0 || e.Provenance == evidence.Imported { // the time that reading a recording takes is nobody's
		r.Latency = a.Took.Service
	}
	if err == nil {
		r.Resolution, r.Confidence = strings.ToValidUTF8(a.Resolution, "\ufffd"), confidence(a.Confidence)
		a.Resolution = r.Resolution
		var g grader.Grade
		if g, err = plan.Grade(ctx, cs, a); err == nil {
			r.Correct, r.Score, r.Severe, r.Invalid = g.Correct, g.Score, g.Severe, g.Invalid
		}
	}
	r.Done = plan.Now().UTC().Truncate(time.Microsecond) // as the journal keeps it
	if err != nil {
		var stop Stop
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		if errors.As(err, &stop) {
			return Result{}, fmt.Errorf("case %s: %w", cs.ID, stop.Err)
		}
		r.Err = fault.From(err).Code
	}
	return r, nil
}

// answerOf calls the candidate; its panic is an error of the call.
func answerOf(ctx context.Context, c Candidate, in Input) (a Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("candidate panicked on case %s: %v", in.CaseID, p)
		}
	}()
	return c.Answer(ctx, in)
}

// confidence puts what a candidate said of itself between 0 and 1: one that is
// no number is no confidence, and neither the journal nor evidence could hold it.
func confidence(c float64) float64 {
	if !(c > 0) {
		return 0
	}
	return min(c, 1)
}
