package poc

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// RunID names a run in operations.
type RunID string

// ErrNotSealed is returned for the results of a run that has none yet.
var ErrNotSealed = fault.Def{Kind: fault.Conflict, Code: "run.not_sealed",
	En: "run {id} is {state} and has no sealed results", Zh: "运行记录 {id} 的状态为 {state}，没有已封存的结果",
	HintEn: "let it come to its end: landfall run DIR", HintZh: "请先让它运行完成：landfall run DIR"}

// RunView is a run as operations give it.
type RunView struct {
	ID          string     `json:"id"`
	Scenario    string     `json:"scenario"`
	State       State      `json:"state"`
	Step        string     `json:"step"`
	Exploratory bool       `json:"exploratory"`
	Dataset     string     `json:"dataset"`
	Results     string     `json:"results,omitempty"` // digest of the sealed case results
	Problem     *Problem   `json:"problem,omitempty"`
	Actor       string     `json:"actor"`
	Created     time.Time  `json:"created"`
	Finished    *time.Time `json:"finished,omitempty"`
	// Progress is how far it has come, while it goes on.
	Progress []Phase `json:"progress,omitempty"`
}

// View is r as operations give it.
func (s *Runs) View(r Run) RunView {
	v := runView(r)
	if s.Live != nil && r.Finished.IsZero() {
		v.Progress = s.Live(r.ID)
	}
	return v
}

func runView(r Run) RunView {
	v := RunView{ID: r.ID, Scenario: r.ScenarioID, State: r.State, Step: r.Step, Exploratory: r.Exploratory, Dataset: r.DatasetID,
		Results: r.ResultsDigest, Problem: r.Problem, Actor: r.Actor, Created: r.Created}
	if !r.Finished.IsZero() {
		v.Finished = &r.Finished
	}
	return v
}

type runsInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
}

type runInput struct {
	Run RunID `path:"run"`
}

type casesInput struct {
	rest.PageParams
	Run       RunID  `path:"run"`
	Candidate string `query:"candidate" doc:"only of this candidate" zh:"只看该候选方案"`
	Wrong     bool   `query:"wrong" doc:"only cases without a correct resolution" zh:"只看未答对的用例"`
}

// place is where a list of case results goes on.
type place struct {
	Offset int `json:"offset"`
}

type placed struct {
	CaseResult
	offset int
}

// RunColumns are what tables show of runs.
var RunColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "RUN", Zh: "运行记录"}},
	{Field: "state", Head: text.Text{En: "STATE", Zh: "状态"}},
	{Field: "step", Head: text.Text{En: "STEP", Zh: "步骤"}},
	{Field: "exploratory", Head: text.Text{En: "EXPLORATORY", Zh: "探索性"}},
	{Field: "created", Head: text.Text{En: "STARTED", Zh: "开始"}, Form: term.AsTime},
	{Field: "finished", Head: text.Text{En: "FINISHED", Zh: "结束"}, Form: term.AsTime},
}

var caseColumns = []term.Column{
	{Field: "candidate", Head: text.Text{En: "CANDIDATE", Zh: "候选方案"}},
	{Field: "case", Head: text.Text{En: "CASE", Zh: "用例"}},
	{Field: "slice", Head: text.Text{En: "SLICE", Zh: "分组"}},
	{Field: "expected", Head: text.Text{En: "EXPECTED", Zh: "应答"}},
	{Field: "resolution", Head: text.Text{En: "ANSWERED", Zh: "实答"}},
	{Field: "confidence", Head: text.Text{En: "CONFIDENCE", Zh: "置信度"}, Form: term.AsShare},
	{Field: "correct", Head: text.Text{En: "CORRECT", Zh: "正确"}},
}

// Operations registers what can be done with runs. results opens the sealed
// results with a digest as a file for the time of a call.
func (s *Runs) Operations(r *rest.Registry, sc evidence.Scenarios, results func(ctx context.Context, digest string, use func(path string) error) error) {
	rest.Resource(r, text.Text{En: "run", Zh: "运行记录"}, auth.Read, func(ctx context.Context, id RunID) (string, error) {
		run, err := s.Get(ctx, string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, evidence.ScenarioID(run.ScenarioID))
	})
	rest.Add(r, rest.Op{ID: "list-runs", Method: "GET", Path: "/runs", Perm: auth.Read, Noun: "runs", Verb: "list",
		Doc: text.Text{En: "List runs, newest first.", Zh: "列出运行记录，最新的在前。"}, Columns: RunColumns},
		func(ctx context.Context, in *runsInput) (*rest.Page[RunView], error) {
			f, err := s.filter(ctx, sc, in.Scenario)
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, before *string, limit int) ([]RunView, error) {
				f := f
				f.Limit = limit
				if before != nil {
					f.Before = *before
				}
				runs, err := s.List(ctx, f)
				out := make([]RunView, len(runs))
				for i, run := range runs {
					out[i] = s.View(run)
				}
				return out, err
			}, func(v RunView) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "show-run", Method: "GET", Path: "/runs/{run}", Perm: auth.Read, Noun: "runs", Verb: "show",
		Doc: text.Text{En: "Show a run.", Zh: "查看一次运行。"}, Columns: RunColumns, Errors: []fault.Def{ErrUnknownRun}},
		func(ctx context.Context, in *runInput) (*RunView, error) {
			run, err := s.Get(ctx, string(in.Run))
			v := s.View(run)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "cancel-run", Method: "POST", Path: "/runs/{run}/cancel", Perm: auth.Contribute, Noun: "runs", Verb: "cancel",
		Doc:     text.Text{En: "Give up an unfinished run; the next one measures afresh.", Zh: "放弃未完成的运行；下一次将重新测量。"},
		Columns: RunColumns, Errors: []fault.Def{ErrUnknownRun, ErrFinished}},
		func(ctx context.Context, in *runInput) (*RunView, error) {
			err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.Cancel(ctx, tx, string(in.Run)) })
			if err != nil {
				return nil, err
			}
			if s.Stop != nil {
				s.Stop(string(in.Run))
			}
			run, err := s.Get(ctx, string(in.Run))
			v := runView(run)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "list-run-cases", Method: "GET", Path: "/runs/{run}/cases", Perm: auth.Read, Noun: "runs", Verb: "cases",
		Doc: text.Text{En: "List what became of each case of a finished run.", Zh: "列出一次已完成运行中每条用例的结果。"}, Columns: caseColumns,
		Errors: []fault.Def{ErrUnknownRun, ErrNotSealed}},
		func(ctx context.Context, in *casesInput) (*rest.Page[placed], error) {
			run, err := s.Get(ctx, string(in.Run))
			if err != nil {
				return nil, err
			}
			if run.ResultsDigest == "" {
				return nil, ErrNotSealed.With("id", run.ID, "state", string(run.State))
			}
			f := CaseFilter{Candidate: in.Candidate, Wrong: in.Wrong}
			return rest.Paginate(ctx, in.PageParams, []any{run.ID, f}, func(ctx context.Context, after *place, limit int) ([]placed, error) {
				f := f
				f.Limit = limit
				if after != nil {
					f.Offset = after.Offset
				}
				var out []placed
				err := results(ctx, run.ResultsDigest, func(path string) error {
					rows, err := ReadResults(ctx, path, f)
					for i, c := range rows {
						out = append(out, placed{c, f.Offset + i + 1})
					}
					return err
				})
				return out, err
			}, func(p placed) place { return place{p.offset} })
		})
}

func (s *Runs) filter(ctx context.Context, sc evidence.Scenarios, ref evidence.ScenarioID) (RunFilter, error) {
	if ref != "" {
		id, err := sc.Resolve(ctx, ref)
		return RunFilter{Scenarios: []string{id}}, err
	}
	ids, all, err := sc.Visible(ctx)
	return RunFilter{All: all, Scenarios: ids}, err
}
