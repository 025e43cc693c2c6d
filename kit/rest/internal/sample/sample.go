// Package sample is a tiny domain behind an operation table, for the tests of
// rest and of cli: two teams, their scenarios, the runs of those.
package sample

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ScenarioID and RunID are the ids of the domain.
type (
	ScenarioID string
	RunID      string
)

// Run is one run of a scenario.
type Run struct {
	ID       RunID             `json:"id"`
	Scenario ScenarioID        `json:"scenario"`
	Title    string            `json:"title"`
	Outcome  string            `json:"outcome" enum:"pass,fail,insufficient,running"`
	Accuracy float64           `json:"accuracy"`
	Cases    int               `json:"cases"`
	Tags     []string          `json:"tags,omitempty"`
	Options  *Options          `json:"options,omitempty"`
	Notes    map[string]string `json:"notes,omitempty"`
}

// Options are nested, so that they need a file.
type Options struct {
	Budget   float64 `json:"budget"`
	Baseline RunID   `json:"baseline,omitempty"`
}

// The faults of the domain.
var (
	ErrRunGone = fault.Def{Kind: fault.NotFound, Code: "run.unknown", En: "no run {id}", Zh: "没有运行记录 {id}"}
	ErrEnded   = fault.Def{Kind: fault.Conflict, Code: "run.ended", En: "run {id} has ended", Zh: "运行记录 {id} 已结束",
		HintEn: "start a new one", HintZh: "请重新运行"}
)

// Service holds the runs.
type Service struct {
	mu   sync.Mutex
	runs []Run
}

// New returns a service in which each team has n runs of its scenario.
func New(n int) *Service {
	s := &Service{}
	for i := range n {
		for _, sc := range []ScenarioID{"bank", "plant"} {
			s.runs = append(s.runs, Run{ID: RunID(fmt.Sprintf("%s-%04d", sc, i)), Scenario: sc,
				Title: "第" + fmt.Sprint(i) + "次", Outcome: []string{"pass", "fail", "insufficient", "running"}[i%4],
				Accuracy: 0.9 + float64(i%10)/100, Cases: 1000 + i})
		}
	}
	return s
}

func teamOf(_ context.Context, id ScenarioID) (string, error) {
	team, ok := map[ScenarioID]string{"bank": "a", "plant": "b"}[id]
	if !ok {
		return "", fault.Def{Kind: fault.NotFound, Code: "scenario.unknown", En: "no scenario", Zh: "没有场景"}.With()
	}
	return team, nil
}

func (s *Service) find(id RunID) (*Run, error) {
	for i := range s.runs {
		if s.runs[i].ID == id {
			return &s.runs[i], nil
		}
	}
	return nil, ErrRunGone.With("id", id)
}

// RunTeam returns who owns a run; the run "broken" fails.
func (s *Service) RunTeam(ctx context.Context, id RunID) (string, error) {
	if id == "broken" {
		return "", errors.New("database secret is gone")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(id)
	if err != nil {
		return "", err
	}
	return teamOf(ctx, r.Scenario)
}

// ListInput filters a list.
type ListInput struct {
	rest.PageParams
	Outcome  string     `query:"outcome" enum:"pass,fail,insufficient,running" doc:"only this outcome" zh:"只看此结论"`
	Scenario ScenarioID `query:"scenario" doc:"only this scenario" zh:"只看此场景"`
	Tags     []string   `query:"tags" doc:"with all of these tags" zh:"含全部这些标签"`
	MinCases int        `query:"min_cases" doc:"with at least so many cases" zh:"用例数下限"`
}

// List returns the runs of the teams in scope.
func (s *Service) List(ctx context.Context, in *ListInput) (*rest.Page[Run], error) {
	scope := auth.Scope(ctx)
	filter := struct {
		Outcome  string
		Scenario ScenarioID
		Tags     []string
		MinCases int
	}{in.Outcome, in.Scenario, in.Tags, in.MinCases}
	return rest.Paginate(ctx, in.PageParams, filter,
		func(ctx context.Context, after *RunID, limit int) ([]Run, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			sorted := slices.SortedFunc(slices.Values(s.runs), func(a, b Run) int {
				if a.ID < b.ID {
					return -1
				}
				return 1
			})
			var out []Run
			for _, r := range sorted {
				team, err := teamOf(ctx, r.Scenario)
				if err != nil {
					return nil, err
				}
				if !scope.Has(team) || in.Outcome != "" && r.Outcome != in.Outcome || in.Scenario != "" && r.Scenario != in.Scenario ||
					r.Cases < in.MinCases || after != nil && r.ID <= *after || len(out) == limit {
					continue
				}
				out = append(out, r)
			}
			return out, nil
		}, func(r Run) RunID { return r.ID })
}

// RunInput names a run.
type RunInput struct {
	Run RunID `path:"run"`
}

// Show returns a run.
func (s *Service) Show(_ context.Context, in *RunInput) (*Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(in.Run)
	if err != nil {
		return nil, err
	}
	c := *r
	return &c, nil
}

// Cancel stops a run that is running.
func (s *Service) Cancel(_ context.Context, in *RunInput) (*rest.None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(in.Run)
	if err != nil {
		return nil, err
	}
	if r.Outcome != "running" {
		return nil, fmt.Errorf("cancel: %w", ErrEnded.With("id", r.ID))
	}
	r.Outcome = "fail"
	return nil, nil
}

// CreateInput starts a run.
type CreateInput struct {
	Scenario ScenarioID `path:"scenario"`
	Body     struct {
		Title   string            `json:"title" minLength:"1" maxLength:"40" doc:"what to call it" zh:"名称"`
		Cases   int               `json:"cases,omitempty" minimum:"0" doc:"how many cases" zh:"用例数"`
		Share   float64           `json:"share,omitempty" doc:"share of the traffic" zh:"流量占比"`
		Explore bool              `json:"explore,omitempty" doc:"go on after a failed data gate" zh:"数据门禁未通过也继续"`
		Tags    []string          `json:"tags,omitempty" doc:"a tag; may be given again" zh:"标签，可多次给出"`
		Options *Options          `json:"options,omitempty"`
		Notes   map[string]string `json:"notes,omitempty"`
		Compare map[RunID]string  `json:"compare,omitempty"`
	}
}

// Create adds a run.
func (s *Service) Create(_ context.Context, in *CreateInput) (*Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := in.Body
	r := Run{ID: RunID(fmt.Sprintf("%s-new-%d", in.Scenario, len(s.runs))), Scenario: in.Scenario, Title: b.Title, Outcome: "running",
		Cases: b.Cases, Accuracy: b.Share, Tags: b.Tags, Options: b.Options, Notes: b.Notes}
	s.runs = append(s.runs, r)
	return &r, nil
}

// TroubleInput says what is to go wrong.
type TroubleInput struct {
	Kind string `query:"kind" required:"true" doc:"the kind of trouble" zh:"问题类型"`
}

// Number is an answer that JSON may not be able to say.
type Number struct {
	X float64 `json:"x"`
}

// Trouble fails in every way there is.
func (s *Service) Trouble(ctx context.Context, in *TroubleInput) (*Number, error) {
	switch in.Kind {
	case "plain":
		return nil, errors.New("database secret is gone")
	case "panic":
		panic("secret")
	case "nan":
		return &Number{math.NaN()}, nil
	case "nothing":
		return nil, nil
	case "gone":
		return nil, context.Canceled
	}
	d := fault.Def{Kind: fault.Kind(in.Kind), Code: "trouble." + in.Kind, En: "trouble {kind}", Zh: "麻烦 {kind}", HintEn: "stop", HintZh: "停"}
	if d.Kind == fault.Blocked {
		d.Exit = fault.ExitDataQuality
	}
	return nil, d.With("kind", in.Kind).In("/kind").At("scenario.yaml", 3, 7)
}

// Sweep is for administrators and has no owner.
func (s *Service) Sweep(context.Context, *rest.None) (*rest.None, error) { return nil, nil }

// Register puts s into r.
func Register(r *rest.Registry, s *Service) {
	rest.Resource(r, text.Text{En: "scenario", Zh: "场景"}, auth.Read, teamOf)
	rest.Resource(r, text.Text{En: "run", Zh: "运行记录"}, auth.Read, s.RunTeam)
	columns := []term.Column{
		{Field: "id", Head: text.Text{En: "RUN", Zh: "运行记录"}},
		{Field: "title", Head: text.Text{En: "TITLE", Zh: "名称"}},
		{Field: "outcome", Head: text.Text{En: "VERDICT", Zh: "结论"}, Form: term.AsOutcome},
		{Field: "accuracy", Head: text.Text{En: "ACCURACY", Zh: "正确率"}, Form: term.AsShare},
		{Field: "cases", Head: text.Text{En: "CASES", Zh: "用例"}, Form: term.AsCount},
	}
	rest.Add(r, rest.Op{ID: "list-runs", Method: "GET", Path: "/runs", Perm: auth.Read, Noun: "runs", Verb: "list",
		Doc: text.Text{En: "list runs", Zh: "列出运行记录"}, Columns: columns}, s.List)
	rest.Add(r, rest.Op{ID: "show-run", Method: "GET", Path: "/runs/{run}", Perm: auth.Read, Noun: "runs", Verb: "show",
		Doc: text.Text{En: "show a run", Zh: "查看运行记录"}, Columns: columns}, s.Show)
	rest.Add(r, rest.Op{ID: "cancel-run", Method: "POST", Path: "/runs/{run}/cancel", Perm: auth.Contribute, Noun: "runs", Verb: "cancel",
		Doc: text.Text{En: "stop a run after its cases in flight", Zh: "停止运行"}, Errors: []fault.Def{ErrEnded}}, s.Cancel)
	rest.Add(r, rest.Op{ID: "create-run", Method: "POST", Path: "/scenarios/{scenario}/runs", Perm: auth.Contribute, Noun: "runs", Verb: "create",
		Doc: text.Text{En: "start a run", Zh: "开始运行"}, Columns: columns, Status: http.StatusCreated}, s.Create)
	rest.Add(r, rest.Op{ID: "trouble", Method: "GET", Path: "/trouble", Perm: auth.Read, Noun: "trouble", Verb: "make",
		Doc: text.Text{En: "fail", Zh: "出错"}}, s.Trouble)
	rest.Add(r, rest.Op{ID: "sweep", Method: "POST", Path: "/sweep", Perm: auth.Admin, Noun: "runs", Verb: "sweep",
		Doc: text.Text{En: "sweep", Zh: "清理"}}, s.Sweep)
}
