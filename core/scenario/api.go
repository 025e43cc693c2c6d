package scenario

import (
	"context"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ID names a scenario in operations: its id or its slug.
type ID = evidence.ScenarioID

// TeamID names a team in operations.
type TeamID string

// RevisionID names a revision in operations: SCENARIO@NUMBER.
type RevisionID string

// ErrNoTeam is returned for a team that is not there.
var ErrNoTeam = fault.Def{Kind: fault.NotFound, Code: "scenario.no_team",
	En: "there is no team {id}", Zh: "没有团队 {id}",
	HintEn: "without teams, everything belongs to {local}", HintZh: "未设团队时，一切归属 {local}"}

// View is a scenario as operations give it.
type View struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"`
	Team      string    `json:"team"`
	Title     text.Text `json:"title"`
	Owner     string    `json:"owner"`
	Level     Level     `json:"declared_level"`
	DataClass string    `json:"data_class"`
	Revision  int64     `json:"revision"`
	Digest    string    `json:"digest"`
	Folder    string    `json:"folder,omitempty" doc:"Digest of the list of its files; absent if they are not here."`
	Source    *Source   `json:"source,omitempty" doc:"Where the newest revision came from; absent if it was run from a folder."`
	ReadOnly  bool      `json:"read_only" doc:"Whether it is changed elsewhere only: in its repository, or in its folder."`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`

	tag string
}

// Tag makes the view's ETag.
func (v *View) Tag() string { return v.tag }

// Shown is s as operations give it.
func Shown(s Scenario) View { return view(s) }

func view(s Scenario) View {
	v := View{ID: s.ID, Slug: s.Slug, Team: s.TeamID, ReadOnly: s.Source.Kind == FromGit || s.Folder == "", Folder: s.Folder, tag: s.Tag(), Title: text.Text{En: s.TitleEn, Zh: s.TitleZh}, Owner: s.Owner, Level: s.Level,
		DataClass: s.DataClass, Revision: s.Revision, Digest: s.Digest, Created: s.Created, Updated: s.Updated}
	if s.Source.Kind != FromFolder {
		v.Source = &s.Source
	}
	return v
}

// TeamOf returns the team that owns a scenario. It fails with ErrUnknown.
func (s *Service) TeamOf(ctx context.Context, id ID) (string, error) {
	sc, err := s.Get(ctx, string(id))
	return sc.TeamID, err
}

type listInput struct{ rest.PageParams }

type oneInput struct {
	Scenario ID `path:"scenario"`
}

var columns = []term.Column{
	{Field: "slug", Head: text.Text{En: "SCENARIO", Zh: "场景"}},
	{Field: "title", Head: text.Text{En: "TITLE", Zh: "标题"}},
	{Field: "owner", Head: text.Text{En: "OWNER", Zh: "负责人"}},
	{Field: "declared_level", Head: text.Text{En: "DECLARED", Zh: "申报级别"}},
	{Field: "revision", Head: text.Text{En: "REVISION", Zh: "修订"}, Form: term.AsCount},
	{Field: "updated", Head: text.Text{En: "UPDATED", Zh: "更新时间"}, Form: term.AsTime},
}

// Operations registers what can be done with scenarios.
func (s *Service) Operations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "scenario", Zh: "场景"}, auth.Read, s.TeamOf)
	s.revisionOperations(r)
	rest.Add(r, rest.Op{ID: "list-scenarios", Method: "GET", Path: "/scenarios", Perm: auth.Read, Noun: "scenarios", Verb: "list",
		Doc: text.Text{En: "List scenarios by name.", Zh: "按名称列出场景。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			return rest.Paginate(ctx, in.PageParams, "scenarios", func(ctx context.Context, after *string, limit int) ([]View, error) {
				from := ""
				if after != nil {
					from = *after
				}
				list, err := s.List(ctx, auth.Scope(ctx), from, limit)
				out := make([]View, len(list))
				for i, sc := range list {
					out[i] = view(sc)
				}
				return out, err
			}, func(v View) string { return v.Slug })
		})
	rest.Add(r, rest.Op{ID: "show-scenario", Method: "GET", Path: "/scenarios/{scenario}", Perm: auth.Read, Noun: "scenarios", Verb: "show",
		Doc: text.Text{En: "Show a scenario.", Zh: "查看一个场景。"}, Columns: columns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			sc, err := s.Get(ctx, string(in.Scenario))
			v := view(sc)
			return &v, err
		})
}

// Resolve returns the id of a scenario that is named by id or slug. It fails
// with ErrUnknown.
func (s *Service) Resolve(ctx context.Context, ref ID) (string, error) {
	sc, err := s.Get(ctx, string(ref))
	return sc.ID, err
}
