package evidence

import (
	"context"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
)

// MetricView is a declared metric as operations give it.
type MetricView struct {
	Name      string    `json:"name" doc:"Dotted, as the statement's metrics nest it."`
	Title     text.Text `json:"title"`
	Unit      string    `json:"unit"`
	Direction Direction `json:"direction"`
	Shape     Shape     `json:"shape"`
}

// KindView is a declared kind of evidence as operations give it.
type KindView struct {
	Name    string       `json:"name"`
	URI     string       `json:"uri"`
	Title   text.Text    `json:"title"`
	Roles   []string     `json:"roles" nullable:"false" doc:"The roles whose change makes it stale."`
	Metrics []MetricView `json:"metrics" nullable:"false"`
}

// KindsView lists the declared kinds.
type KindsView struct {
	Items []KindView `json:"items" nullable:"false"`
}

// proofOperations registers what it takes to read and to check evidence
// elsewhere. The owner of ids is registered before.
func (s *Service) proofOperations(r *rest.Registry) {
	rest.Add(r, rest.Op{ID: "prove-evidence", Method: "GET", Path: "/evidence/{evidence}/proof", Perm: auth.Read,
		Doc:    text.Text{En: "Give what it takes to check an item of evidence: signed bytes, inclusion proof, checkpoint and keys.", Zh: "给出校验一条证据所需的一切：签名原文、包含证明、检查点与公钥。"},
		Errors: []fault.Def{ErrUnknown, ErrDamaged}},
		func(ctx context.Context, in *oneInput) (*Proof, error) {
			p, err := s.Prove(ctx, string(in.Evidence))
			if err != nil {
				return nil, err
			}
			return &p, nil
		})
	rest.Add(r, rest.Op{ID: "list-kinds", Method: "GET", Path: "/kinds", Perm: auth.Read,
		Doc: text.Text{En: "List the kinds of evidence with their metrics.", Zh: "列出证据类别及其指标。"}},
		func(context.Context, *rest.None) (*KindsView, error) {
			out := &KindsView{Items: []KindView{}}
			for _, k := range s.Kinds() {
				v := KindView{Name: k.Name, URI: k.URI, Title: k.Title, Roles: append([]string{}, k.Roles...), Metrics: []MetricView{}}
				for _, m := range k.Metrics {
					v.Metrics = append(v.Metrics, MetricView{m.Name, m.Title, m.Unit, m.Direction, m.Shape})
				}
				out.Items = append(out.Items, v)
			}
			return out, nil
		})
}
