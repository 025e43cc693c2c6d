package dataset

import (
	"context"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// VersionID names a dataset version in operations.
type VersionID string

type listInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `path:"scenario"`
}

type oneInput struct {
	Dataset VersionID `path:"dataset"`
}

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "DATASET VERSION", Zh: "数据集版本"}},
	{Field: "train_rows", Head: text.Text{En: "TRAIN", Zh: "训练"}, Form: term.AsCount},
	{Field: "test_rows", Head: text.Text{En: "TEST", Zh: "评测"}, Form: term.AsCount},
	{Field: "digest", Head: text.Text{En: "DIGEST", Zh: "摘要"}},
	{Field: "created", Head: text.Text{En: "RECORDED", Zh: "记录时间"}, Form: term.AsTime},
}

// Operations registers what can be asked about dataset versions.
func (s *Service) Operations(r *rest.Registry, sc evidence.Scenarios) {
	rest.Resource(r, text.Text{En: "dataset version", Zh: "数据集版本"}, auth.Read, func(ctx context.Context, id VersionID) (string, error) {
		v, err := s.Get(ctx, string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, evidence.ScenarioID(v.Scenario))
	})
	rest.Add(r, rest.Op{ID: "list-datasets", Method: "GET", Path: "/scenarios/{scenario}/datasets", Perm: auth.Read, Noun: "datasets", Verb: "list",
		Doc: text.Text{En: "List the dataset versions of a scenario, newest first.", Zh: "列出场景的数据集版本，最新的在前。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[Version], error) {
			id, err := sc.Resolve(ctx, in.Scenario)
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, id, func(ctx context.Context, before *string, limit int) ([]Version, error) {
				from := ""
				if before != nil {
					from = *before
				}
				return s.List(ctx, id, from, limit)
			}, func(v Version) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "show-dataset", Method: "GET", Path: "/datasets/{dataset}", Perm: auth.Read, Noun: "datasets", Verb: "show",
		Doc: text.Text{En: "Show a dataset version with its files.", Zh: "查看一个数据集版本及其文件。"}, Columns: columns, Errors: []fault.Def{ErrUnknownVersion}},
		func(ctx context.Context, in *oneInput) (*Version, error) {
			v, err := s.Get(ctx, string(in.Dataset))
			return &v, err
		})
}
