package poc

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// State is where a run stands.
type State string

// The states. Blocked is a run that the data-quality gate stopped.
const (
	Queued   State = "queued" // on a server, until there is room
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed"
	Blocked  State = "blocked"
	Canceled State = "canceled"
)

// The steps of a run. Their writes are transactions: a run at StepMeasure has its
// evidence of the data.
const (
	StepData    = "data"
	StepMeasure = "poc"
)

// Faults of runs.
var (
	ErrUnknownRun = fault.Def{Kind: fault.NotFound, Code: "run.unknown",
		En: "there is no run {id}", Zh: "没有运行记录 {id}",
		HintEn: "see them all with: landfall runs list", HintZh: "查看全部运行记录：landfall runs list"}
	ErrNotResumable = fault.Def{Kind: fault.Conflict, Code: "run.not_resumable",
		En: "run {id} is {state}; only a run that failed or was interrupted goes on", Zh: "运行记录 {id} 的状态为 {state}；只有失败或被中断的运行可以继续",
		HintEn: "start a new run", HintZh: "请开始新的运行"}
	ErrFinished = fault.Def{Kind: fault.Conflict, Code: "run.finished",
		En: "run {id} is {state}; only a run that goes on can be canceled", Zh: "运行记录 {id} 的状态为 {state}；只能取消进行中的运行"}
)

// Run is one execution that measures something. It can be killed and resumed.
type Run struct {
	ID            string
	ScenarioID    string
	SpecDigest    string // of what the run measures: bindings, seed, options
	Document      []byte // scenario.yaml as it was
	Folder        string // where the data lies
	State         State
	Step          string // the step it is at, or was at last
	Exploratory   bool
	DatasetID     string
	Tried         string // digest of the candidates and of what they learn from
	Sketch        Sketch // of the test cases
	Bars          string // digest of the bars, frozen before the first answer is scored
	ResultsDigest string // blob with the case results as Parquet; "" until sealed
	Problem       *Problem
	Actor         string
	Created       time.Time
	Updated       time.Time
	Finished      time.Time // zero while it goes on
}

// Problem is why a run did not end well.
type Problem struct {
	Kind   fault.Kind     `json:"kind"`
	Code   string         `json:"code"`
	En     string         `json:"en"`
	Zh     string         `json:"zh"`
	HintEn string         `json:"hint_en,omitempty"`
	HintZh string         `json:"hint_zh,omitempty"`
	Exit   int            `json:"exit,omitempty"`
	Where  string         `json:"where,omitempty"`
	Params map[string]any `json:"params,omitempty"`
}

// NewProblem keeps what a fault says.
func NewProblem(e *fault.Error) *Problem {
	p := &Problem{Kind: e.Kind, Code: e.Code, En: e.Message("en"), Zh: e.Message("zh"), HintEn: e.Hint("en"), HintZh: e.Hint("zh"), Exit: e.Exit(), Where: e.Where, Params: map[string]any{}}
	for _, x := range e.Params {
		p.Params[x.Name] = x.Value
	}
	return p
}

// Err is p as the fault that it was.
func (p *Problem) Err() error {
	e := fault.Def{Kind: p.Kind, Code: p.Code, En: p.En, Zh: p.Zh, HintEn: p.HintEn, HintZh: p.HintZh, Exit: p.Exit}.With()
	e.Where = p.Where
	return e
}

type runRow struct {
	bun.BaseModel `bun:"table:runs"`

	ID            string `bun:",pk"`
	ScenarioID    string
	SpecDigest    string
	Document      []byte
	Folder        string
	State         string
	Step          string
	Exploratory   int64
	DatasetID     string
	TriedDigest   string
	TestSketch    []byte
	BarsDigest    string
	ResultsDigest string
	Problem       string
	Actor         string
	CreatedAt     int64
	UpdatedAt     int64
	FinishedAt    sql.NullInt64
}

func (r runRow) run() (Run, error) {
	out := Run{ID: r.ID, ScenarioID: r.ScenarioID, SpecDigest: r.SpecDigest, Document: r.Document, Folder: r.Folder,
		State: State(r.State), Step: r.Step, Exploratory: r.Exploratory != 0, DatasetID: r.DatasetID, ResultsDigest: r.ResultsDigest,
		Tried: r.TriedDigest, Sketch: r.TestSketch, Bars: r.BarsDigest,
		Actor: r.Actor, Created: store.FromMicros(r.CreatedAt), Updated: store.FromMicros(r.UpdatedAt)}
	if r.FinishedAt.Valid {
		out.Finished = store.FromMicros(r.FinishedAt.Int64)
	}
	if r.Problem != "" {
		out.Problem = &Problem{}
		if err := json.Unmarshal([]byte(r.Problem), out.Problem); err != nil {
			return Run{}, fmt.Errorf("decode problem of run %s: %w", r.ID, err)
		}
	}
	return out, nil
}

// Runs keeps the record of runs.
type Runs struct {
	DB    *store.DB
	NewID func(prefix string) string
	Now   func() time.Time
	// Live returns how far a run has come that goes on in this process; nil
	// is not known. Stop ends it there. Either may be nil.
	Live func(id string) []Phase
	Stop func(id string)
}

// Phase is how far one part of a run has come.
type Phase struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Total  int    `json:"total"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"`
	Ended  bool   `json:"ended"`
}

// Begin returns the unfinished run of the same scenario and spec, to be
// resumed, or a new one. resumed tells which.
func (s *Runs) Begin(ctx context.Context, tx bun.Tx, r Run) (_ Run, resumed bool, err error) {
	var old runRow
	found, err := store.Found(tx.NewSelect().Model(&old).
		Where("scenario_id = ? AND spec_digest = ? AND finished_at IS NULL", r.ScenarioID, r.SpecDigest).Limit(1).Scan(ctx))
	if err != nil {
		return Run{}, false, fmt.Errorf("look for an unfinished run: %w", err)
	}
	if found {
		run, err := old.run()
		return run, true, err
	}
	now := store.Micros(s.Now())
	row := runRow{ID: s.NewID("run"), ScenarioID: r.ScenarioID, SpecDigest: r.SpecDigest, Document: r.Document, Folder: r.Folder,
		State: string(cmp.Or(r.State, Running)), Step: StepData, Exploratory: int64(b2i(r.Exploratory)), DatasetID: r.DatasetID,
		TriedDigest: r.Tried, TestSketch: r.Sketch, BarsDigest: r.Bars, Actor: actor.From(ctx).ID, CreatedAt: now, UpdatedAt: now}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return Run{}, false, fmt.Errorf("begin run: %w", err)
	}
	run, err := row.run()
	return run, false, err
}

// DoneBefore returns the id of the newest finished run of the same scenario
// and spec: nothing that it measured has changed. "" if there is none.
func (s *Runs) DoneBefore(ctx context.Context, tx bun.Tx, scenarioID, spec string) (string, error) {
	var r runRow
	found, err := store.Found(tx.NewSelect().Model(&r).Column("id").
		Where("scenario_id = ? AND spec_digest = ? AND state = ?", scenarioID, spec, string(Done)).
		Order("id DESC").Limit(1).Scan(ctx))
	if err != nil || !found {
		return "", wrap(err, "look for an earlier run")
	}
	return r.ID, nil
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// At records the step that run id is at, and that it goes on. It fails with
// ErrFinished if somebody has given it up.
func (s *Runs) At(ctx context.Context, tx bun.Tx, id, step string) error {
	return s.unfinished(ctx, tx, id, tx.NewUpdate().Model((*runRow)(nil)).Set("state = ?", string(Running)).Set("step = ?", step))
}

// unfinished changes a run that has not ended.
func (s *Runs) unfinished(ctx context.Context, tx bun.Tx, id string, q *bun.UpdateQuery) error {
	res, err := q.Set("updated_at = ?", store.Micros(s.Now())).Where("id = ? AND finished_at IS NULL", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("update run %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("update run %s: %w", id, err)
	}
	if n == 1 {
		return nil
	}
	var r runRow
	found, err := store.Found(tx.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("read run %s: %w", id, err)
	case !found:
		return ErrUnknownRun.With("id", id)
	}
	return ErrFinished.With("id", id, "state", r.State)
}

// Reopen puts a run that failed into the queue again. It fails with
// ErrUnknownRun, and with ErrNotResumable for one that ended otherwise.
func (s *Runs) Reopen(ctx context.Context, tx bun.Tx, id string) error {
	var r runRow
	found, err := store.Found(tx.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("read run %s: %w", id, err)
	case !found:
		return ErrUnknownRun.With("id", id)
	case r.FinishedAt.Valid && r.State != string(Failed):
		return ErrNotResumable.With("id", id, "state", r.State)
	}
	_, err = tx.NewUpdate().Model((*runRow)(nil)).Set("state = ?", string(Queued)).Set("problem = ''").Set("finished_at = NULL").
		Set("updated_at = ?", store.Micros(s.Now())).Where("id = ?", id).Exec(ctx)
	return wrap(err, "reopen run "+id)
}

// Seal records where the case results of run id lie.
func (s *Runs) Seal(ctx context.Context, tx bun.Tx, id, digest string) error {
	_, err := tx.NewUpdate().Model((*runRow)(nil)).Set("results_digest = ?", digest).Where("id = ?", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("seal run %s: %w", id, err)
	}
	return nil
}

// Finish ends run id in state, with the problem if it did not end well. It
// fails with ErrFinished if it has ended already.
func (s *Runs) Finish(ctx context.Context, tx bun.Tx, id string, state State, problem *Problem) error {
	text := ""
	if problem != nil {
		raw, err := json.Marshal(problem)
		if err != nil {
			return fmt.Errorf("encode problem of run %s: %w", id, err)
		}
		text = string(raw)
	}
	return s.unfinished(ctx, tx, id, tx.NewUpdate().Model((*runRow)(nil)).Set("state = ?", string(state)).Set("problem = ?", text).
		Set("finished_at = ?", store.Micros(s.Now())))
}

// Get returns a run. It fails with ErrUnknownRun.
func (s *Runs) Get(ctx context.Context, id string) (Run, error) {
	var r runRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	if !found {
		return Run{}, ErrUnknownRun.With("id", id)
	}
	return r.run()
}

// RunFilter selects runs. Its zero value selects none.
type RunFilter struct {
	All       bool     // of every scenario
	Scenarios []string // else of these, by id
	Before    string   // only runs before this one; "" is from the newest
	Limit     int
}

// List returns runs, newest first.
func (s *Runs) List(ctx context.Context, f RunFilter) ([]Run, error) {
	var rows []runRow
	q := s.DB.Read().NewSelect().Model(&rows).ExcludeColumn("document", "test_sketch").Order("id DESC").Limit(int64(f.Limit))
	if !f.All {
		q = q.Where("scenario_id IN (?)", bun.List(append(f.Scenarios, "")))
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	out := make([]Run, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.run(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Cancel gives up an unfinished run for good: the next one measures afresh.
// (A run that was merely interrupted needs no cancelling; it resumes.) It fails with ErrUnknownRun and ErrFinished.
func (s *Runs) Cancel(ctx context.Context, tx bun.Tx, id string) error {
	var r runRow
	found, err := store.Found(tx.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return fmt.Errorf("read run %s: %w", id, err)
	}
	if !found {
		return ErrUnknownRun.With("id", id)
	}
	if r.FinishedAt.Valid {
		return ErrFinished.With("id", id, "state", r.State)
	}
	return s.Finish(ctx, tx, id, Canceled, nil)
}
