package audit

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

// ID names an entry in operations.
type ID string

// View is an entry as operations give it.
type View struct {
	Item
	Who   string `json:"who"`
	What  string `json:"what"`
	Where string `json:"where"`
}

func view(i Item) View {
	v := View{Item: i, Who: i.Actor.Name, Where: i.Origin.Address}
	for _, c := range i.Changes {
		if v.What != "" {
			v.What += ", "
		}
		v.What += c.Thing + " " + c.ID
	}
	return v
}

var columnsShown = []term.Column{
	{Field: "leaf", Head: text.Text{En: "LEAF", Zh: "日志位置"}, Form: term.AsCount},
	{Field: "at", Head: text.Text{En: "AT", Zh: "时间"}, Form: term.AsTime},
	{Field: "who", Head: text.Text{En: "WHO", Zh: "操作人"}},
	{Field: "operation", Head: text.Text{En: "OPERATION", Zh: "操作"}},
	{Field: "what", Head: text.Text{En: "CHANGED", Zh: "变更对象"}},
	{Field: "where", Head: text.Text{En: "FROM", Zh: "来源"}},
}

type listInput struct {
	rest.PageParams
	Actor     string    `query:"actor" doc:"only by this user or system (id)" zh:"只看该操作人（编号）"`
	Operation string    `query:"operation" doc:"only this operation (id, such as change-role)" zh:"只看该操作（编号，如 change-role）"`
	Thing     string    `query:"thing" doc:"only about the thing with this id" zh:"只看与该编号对象有关的记录"`
	Since     time.Time `query:"since" doc:"only from this time on (RFC 3339)" zh:"只看该时间及之后（RFC 3339）"`
	Until     time.Time `query:"until" doc:"only before this time (RFC 3339)" zh:"只看该时间之前（RFC 3339）"`
}

type oneInput struct {
	Entry ID `path:"entry"`
}

type verifyInput struct {
	Trust string `query:"trust" doc:"the signer's key, as it was handed over outside" zh:"另行取得的签名者公钥"`
}

// Operations registers what can be asked about the audit log. It belongs to
// the organisation: administrators and auditors read it.
func (l *Log) Operations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "audit entry", Zh: "审计记录"}, auth.Read, func(ctx context.Context, id ID) (string, error) {
		_, _, err := l.Get(ctx, string(id))
		return "", err
	})
	rest.Add(r, rest.Op{ID: "list-audit", Method: "GET", Path: "/audit", Perm: auth.Read, Organisation: true, Noun: "audit", Verb: "list",
		Doc: text.Text{En: "List who changed what, newest first.", Zh: "列出变更记录，最新的在前。"}, Columns: columnsShown},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			f := Filter{Actor: in.Actor, Operation: in.Operation, Thing: in.Thing, Since: in.Since, Until: in.Until}
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, before *int64, limit int) ([]View, error) {
				items, err := l.List(ctx, f, before, limit)
				out := make([]View, len(items))
				for i, item := range items {
					out[i] = view(item)
				}
				return out, err
			}, func(v View) int64 { return v.Leaf })
		})
	rest.Add(r, rest.Op{ID: "verify-audit", Method: "GET", Path: "/audit/verification", Perm: auth.Read, Organisation: true, Noun: "audit", Verb: "verify",
		Doc: text.Text{En: "Prove that the audit log is whole and unchanged.", Zh: "校验审计日志完整且未被改动。"}, Errors: []fault.Def{evidence.ErrTrust}},
		func(ctx context.Context, in *verifyInput) (*evidence.Report, error) {
			rep, err := l.Verify(ctx, evidence.VerifyOptions{Trust: in.Trust})
			return &rep, err
		})
	rest.Add(r, rest.Op{ID: "show-audit", Method: "GET", Path: "/audit/{entry}", Perm: auth.Read, Noun: "audit", Verb: "show",
		Doc: text.Text{En: "Show an audit entry.", Zh: "查看一条审计记录。"}, Columns: columnsShown, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			e, leaf, err := l.Get(ctx, string(in.Entry))
			v := view(Item{Leaf: leaf, Entry: e})
			return &v, err
		})
}
