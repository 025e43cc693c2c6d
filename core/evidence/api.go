package evidence

import (
	"context"
	"time"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ID names an item of evidence in operations.
type ID string

// Scenarios is what operations on evidence need to know of scenarios.
type Scenarios interface {
	// Resolve returns the id of a scenario that is named by id or slug.
	Resolve(ctx context.Context, ref ScenarioID) (string, error)
	// TeamOf returns the team that owns a scenario.
	TeamOf(ctx context.Context, id ScenarioID) (string, error)
	// Visible returns the ids of the scenarios that the principal may read.
	Visible(ctx context.Context) (ids []string, all bool, err error)
}

// Item is an item of evidence in a list.
type Item struct {
	ID          string     `json:"id"`
	Leaf        int64      `json:"leaf"`
	Kind        string     `json:"kind"`
	Scenario    string     `json:"scenario"`
	Run         string     `json:"run,omitempty"`
	Provenance  Provenance `json:"provenance"`
	Exploratory bool       `json:"exploratory"`
	Superseded  string     `json:"superseded_by,omitempty"`
	Finished    time.Time  `json:"finished"`
}

// Full is an item of evidence with its statement.
type Full struct {
	Item
	LeafHash  string    `json:"leaf_hash"`
	Statement Statement `json:"statement"`
}

func itemOf(r Record) Item {
	p := r.Statement.Predicate
	return Item{ID: r.ID(), Leaf: r.Leaf, Kind: KindName(r.Statement.PredicateType), Scenario: p.Scenario, Run: p.Run,
		Provenance: p.Provenance, Exploratory: p.Exploratory, Superseded: r.SupersededBy, Finished: p.Finished}
}

type listInput struct {
	rest.PageParams
	Scenario ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
	Kind     string     `query:"kind" doc:"only of this kind: quality, poc, grade, roi, selection, verdict" zh:"只看该类证据：quality、poc、grade、roi、selection、verdict"`
	Run      string     `query:"run" doc:"only of this run" zh:"只看该次运行"`
	Current  bool       `query:"current" doc:"leave out what is exploratory or superseded" zh:"不含探索性和已被取代的证据"`
}

type oneInput struct {
	Evidence ID `path:"evidence"`
}

var listColumns = []term.Column{
	{Field: "leaf", Head: text.Text{En: "LEAF", Zh: "日志位置"}, Form: term.AsCount},
	{Field: "id", Head: text.Text{En: "EVIDENCE", Zh: "证据"}},
	{Field: "kind", Head: text.Text{En: "KIND", Zh: "类别"}},
	{Field: "provenance", Head: text.Text{En: "PROVENANCE", Zh: "取证方式"}},
	{Field: "exploratory", Head: text.Text{En: "EXPLORATORY", Zh: "探索性"}},
	{Field: "run", Head: text.Text{En: "RUN", Zh: "运行记录"}},
	{Field: "finished", Head: text.Text{En: "MEASURED", Zh: "取证时间"}, Form: term.AsTime},
}

// Operations registers what can be asked about evidence. Nothing here writes:
// evidence is appended by what measures.
func (s *Service) Operations(r *rest.Registry, sc Scenarios) {
	rest.Resource(r, text.Text{En: "evidence", Zh: "证据"}, auth.Read, func(ctx context.Context, id ID) (string, error) {
		rec, err := s.Get(ctx, string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, ScenarioID(rec.Statement.Predicate.Scenario))
	})
	rest.Add(r, rest.Op{ID: "list-evidence", Method: "GET", Path: "/evidence", Perm: auth.Read, Noun: "evidence", Verb: "list",
		Doc: text.Text{En: "List evidence, newest first.", Zh: "列出证据，最新的在前。"}, Columns: listColumns},
		func(ctx context.Context, in *listInput) (*rest.Page[Item], error) {
			f := Filter{Kind: in.Kind, Run: in.Run, Current: in.Current}
			if in.Scenario != "" {
				id, err := sc.Resolve(ctx, in.Scenario)
				if err != nil {
					return nil, err
				}
				f.Scenario = id
			} else if ids, all, err := sc.Visible(ctx); err != nil {
				return nil, err
			} else if !all {
				f.Scenarios = append(ids, "")
			}
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, before *int64, limit int) ([]Item, error) {
				f := f
				f.Before, f.Limit = before, limit
				rs, err := s.List(ctx, f)
				out := make([]Item, len(rs))
				for i, rec := range rs {
					out[i] = itemOf(rec)
				}
				return out, err
			}, func(i Item) int64 { return i.Leaf })
		})
	rest.Add(r, rest.Op{ID: "show-evidence", Method: "GET", Path: "/evidence/{evidence}", Perm: auth.Read, Noun: "evidence", Verb: "show",
		Doc: text.Text{En: "Show an item of evidence with its statement.", Zh: "查看一条证据及其声明。"}, Columns: listColumns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*Full, error) {
			rec, err := s.Get(ctx, string(in.Evidence))
			if err != nil {
				return nil, err
			}
			return &Full{Item: itemOf(rec), LeafHash: rec.LeafHash, Statement: rec.Statement}, nil
		})
	s.proofOperations(r)
}
