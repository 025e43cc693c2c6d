package failure

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ID names a failure in operations, ModeID a failure mode.
type (
	ID     string
	ModeID string
)

// ErrUnknown is returned for an id that no failure has.
var ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "failure.unknown",
	En: "there is no failure {id}", Zh: "没有失败记录 {id}",
	HintEn: "see them all with: landfall failures list", HintZh: "查看全部失败记录：landfall failures list"}

// View is a failure as operations give it.
type View struct {
	ID       string     `json:"id"`
	Scenario string     `json:"scenario"`
	Mode     string     `json:"mode"`
	Text     string     `json:"text"`
	Expected string     `json:"expected,omitempty"` // the right answer, if somebody has said it
	Got      string     `json:"got,omitempty"`
	Case     string     `json:"case,omitempty"` // that guards against it
	Channel  string     `json:"channel,omitempty"`
	Note     string     `json:"note,omitempty"`
	Occurred *time.Time `json:"occurred_at,omitempty"`
	File     string     `json:"file"`
	Line     int64      `json:"line"`
	Imported time.Time  `json:"imported"`
}

// ModeView is a failure mode as operations give it.
type ModeView struct {
	ID          string     `json:"id"`
	Scenario    string     `json:"scenario"`
	Text        string     `json:"text"` // of its earliest failure
	Occurrences int64      `json:"occurrences"`
	First       *time.Time `json:"first,omitempty"`
	Last        *time.Time `json:"last,omitempty"`
}

func (r failureRow) view() View {
	return View{ID: r.ID, Scenario: r.ScenarioID, Mode: r.ModeID, Text: r.Text, Expected: r.Expected, Got: r.Got, Case: r.CaseID, Channel: r.Channel,
		Note: r.Note, Occurred: maybe(r.OccurredAt), File: r.File, Line: r.Line, Imported: store.FromMicros(r.CreatedAt)}
}

func (r modeRow) view() ModeView {
	return ModeView{ID: r.ID, Scenario: r.ScenarioID, Text: r.Text, Occurrences: r.Occurrences, First: maybe(r.FirstAt), Last: maybe(r.LastAt)}
}

func maybe(us *int64) *time.Time {
	if us == nil {
		return nil
	}
	t := store.FromMicros(*us)
	return &t
}

// Filter selects failures and modes. Its zero value selects none.
type Filter struct {
	All       bool     // of every scenario
	Scenarios []string // else of these, by id
	Mode      string   // only of this mode; of failures only
	Open      bool     // only those that no case guards against yet; of failures only
}

func (f Filter) scenarios(q *bun.SelectQuery) *bun.SelectQuery {
	if f.All {
		return q
	}
	return q.Where("scenario_id IN (?)", bun.List(append(f.Scenarios, "")))
}

// Select returns up to limit failures, those imported last first, older than
// the one with the id before ("" for all).
func (s *Service) Select(ctx context.Context, f Filter, before string, limit int) ([]View, error) {
	var rows []failureRow
	q := f.scenarios(s.DB.Read().NewSelect().Model(&rows)).Order("id DESC").Limit(int64(limit))
	if f.Mode != "" {
		q = q.Where("mode_id = ?", f.Mode)
	}
	if f.Open {
		q = q.Where("case_id = ''")
	}
	if before != "" {
		q = q.Where("id < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list failures: %w", err)
	}
	out := make([]View, len(rows))
	for i, r := range rows {
		out[i] = r.view()
	}
	return out, nil
}

// Place is where a list of modes goes on.
type Place struct {
	Occurrences int64  `json:"n"`
	ID          string `json:"id"`
}

// SelectModes returns up to limit failure modes, the most frequent first, behind
// the one at after.
func (s *Service) SelectModes(ctx context.Context, f Filter, after *Place, limit int) ([]ModeView, error) {
	var rows []modeRow
	q := f.scenarios(s.DB.Read().NewSelect().Model(&rows)).Order("occurrences DESC", "id").Limit(int64(limit))
	if after != nil {
		q = q.Where("(occurrences < ? OR (occurrences = ? AND id > ?))", after.Occurrences, after.Occurrences, after.ID)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list failure modes: %w", err)
	}
	out := make([]ModeView, len(rows))
	for i, r := range rows {
		out[i] = r.view()
	}
	return out, nil
}

// Find returns a failure. It fails with ErrUnknown.
func (s *Service) Find(ctx context.Context, id string) (View, error) {
	var r failureRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("id = ?", id).Limit(1).Scan(ctx))
	if err != nil {
		return View{}, fmt.Errorf("read failure %s: %w", id, err)
	}
	if !found {
		return View{}, ErrUnknown.With("id", id)
	}
	return r.view(), nil
}

// FindMode returns a failure mode. It fails with ErrUnknownMode.
func (s *Service) FindMode(ctx context.Context, id string) (ModeView, error) {
	var r modeRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("id = ?", id).Limit(1).Scan(ctx))
	if err != nil {
		return ModeView{}, fmt.Errorf("read failure mode %s: %w", id, err)
	}
	if !found {
		return ModeView{}, ErrUnknownMode.With("id", id)
	}
	return r.view(), nil
}

type listInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
	Mode     ModeID              `query:"mode" doc:"only of this failure mode" zh:"只看该故障模式"`
	Open     bool                `query:"open" doc:"only those that no test case guards against yet" zh:"只看尚无用例防范的失败"`
}

type modesInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
}

type oneInput struct {
	Failure ID `path:"failure"`
}

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "FAILURE", Zh: "失败记录"}},
	{Field: "mode", Head: text.Text{En: "MODE", Zh: "故障模式"}},
	{Field: "text", Head: text.Text{En: "TEXT", Zh: "文本"}},
	{Field: "got", Head: text.Text{En: "ANSWERED", Zh: "实答"}},
	{Field: "expected", Head: text.Text{En: "EXPECTED", Zh: "应答"}},
	{Field: "case", Head: text.Text{En: "GUARDED BY", Zh: "防范用例"}},
	{Field: "occurred_at", Head: text.Text{En: "OCCURRED", Zh: "发生时间"}, Form: term.AsTime},
}

var modeColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "MODE", Zh: "故障模式"}},
	{Field: "occurrences", Head: text.Text{En: "OCCURRENCES", Zh: "次数"}, Form: term.AsCount},
	{Field: "text", Head: text.Text{En: "EXAMPLE", Zh: "示例"}},
	{Field: "first", Head: text.Text{En: "FIRST", Zh: "首次"}, Form: term.AsTime},
	{Field: "last", Head: text.Text{En: "LAST", Zh: "最近"}, Form: term.AsTime},
}

// Operations registers what can be asked about failures and their modes.
func (s *Service) Operations(r *rest.Registry, sc evidence.Scenarios) {
	rest.Resource(r, text.Text{En: "failure", Zh: "失败记录"}, auth.Read, func(ctx context.Context, id ID) (string, error) {
		f, err := s.Find(ctx, string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, evidence.ScenarioID(f.Scenario))
	})
	rest.Resource(r, text.Text{En: "failure mode", Zh: "故障模式"}, auth.Read, func(ctx context.Context, id ModeID) (string, error) {
		m, err := s.FindMode(ctx, string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, evidence.ScenarioID(m.Scenario))
	})
	rest.Add(r, rest.Op{ID: "list-failures", Method: "GET", Path: "/failures", Perm: auth.Read, Noun: "failures", Verb: "list",
		Doc: text.Text{En: "List production failures, those imported last first.", Zh: "列出生产失败，最近导入的在前。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			f, err := filter(ctx, sc, in.Scenario)
			if err != nil {
				return nil, err
			}
			f.Mode, f.Open = string(in.Mode), in.Open
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, before *string, limit int) ([]View, error) {
				from := ""
				if before != nil {
					from = *before
				}
				return s.Select(ctx, f, from, limit)
			}, func(v View) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "show-failure", Method: "GET", Path: "/failures/{failure}", Perm: auth.Read, Noun: "failures", Verb: "show",
		Doc: text.Text{En: "Show a production failure.", Zh: "查看一条生产失败。"}, Columns: columns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			v, err := s.Find(ctx, string(in.Failure))
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "list-failure-modes", Method: "GET", Path: "/failure-modes", Perm: auth.Read, Noun: "failures", Verb: "modes",
		Doc: text.Text{En: "List failure modes, the most frequent first.", Zh: "列出故障模式，最频繁的在前。"}, Columns: modeColumns},
		func(ctx context.Context, in *modesInput) (*rest.Page[ModeView], error) {
			f, err := filter(ctx, sc, in.Scenario)
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, after *Place, limit int) ([]ModeView, error) {
				return s.SelectModes(ctx, f, after, limit)
			}, func(m ModeView) Place { return Place{m.Occurrences, m.ID} })
		})
}

func filter(ctx context.Context, sc evidence.Scenarios, ref evidence.ScenarioID) (Filter, error) {
	if ref != "" {
		id, err := sc.Resolve(ctx, ref)
		return Filter{Scenarios: []string{id}}, err
	}
	ids, all, err := sc.Visible(ctx)
	return Filter{All: all, Scenarios: ids}, err
}
