package waiver

import (
	"context"
	"fmt"
	"net/http"
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

// ID names a waiver in operations.
type ID string

// View is a waiver as operations give it.
type View struct {
	ID          string     `json:"id"`
	Scenario    string     `json:"scenario"`
	Gate        string     `json:"gate"`
	Rule        string     `json:"rule"`
	Why         string     `json:"why"`
	Until       time.Time  `json:"until"`
	State       string     `json:"state" enum:"requested,approved,withdrawn,expired"`
	RequestedBy string     `json:"requested_by"`
	Requester   string     `json:"requester"`
	RequestedAt time.Time  `json:"requested_at"`
	ApprovedBy  string     `json:"approved_by,omitempty"`
	Approver    string     `json:"approver,omitempty"`
	ApprovedAt  *time.Time `json:"approved_at,omitempty"`
}

func (s *Service) view(r row) View {
	v := View{ID: r.ID, Scenario: r.ScenarioID, Gate: r.Gate, Rule: r.Rule, Why: r.Why, Until: store.FromMicros(r.Until), State: r.state(s.d.Now()),
		RequestedBy: r.RequestedBy, Requester: r.Requester, RequestedAt: store.FromMicros(r.RequestedAt), ApprovedBy: r.DecidedBy, Approver: r.Decider}
	if r.DecidedAt != 0 {
		at := store.FromMicros(r.DecidedAt)
		v.ApprovedAt = &at
	}
	return v
}

type requestInput struct {
	Scenario evidence.ScenarioID `path:"scenario"`
	Body     struct {
		Gate  string    `json:"gate" enum:"align,prove,platform,deepen,organize,share" doc:"gate" zh:"门禁"`
		Rule  string    `json:"rule" maxLength:"64" doc:"rule of the gate (id)" zh:"门禁中的规则（编号）"`
		Why   string    `json:"why" minLength:"10" maxLength:"2000" doc:"why it is right to go on all the same" zh:"为何仍应放行"`
		Until time.Time `json:"until" doc:"when it ends (RFC 3339)" zh:"到期时间（RFC 3339）"`
	}
}

type listInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
	State    string              `query:"state" enum:"requested,approved,withdrawn" doc:"only in this state: requested, approved or withdrawn" zh:"只看该状态：requested、approved 或 withdrawn"`
}

type oneInput struct {
	Waiver ID `path:"waiver"`
}

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "WAIVER", Zh: "豁免"}},
	{Field: "scenario", Head: text.Text{En: "SCENARIO", Zh: "场景"}},
	{Field: "gate", Head: text.Text{En: "GATE", Zh: "门禁"}},
	{Field: "rule", Head: text.Text{En: "RULE", Zh: "规则"}},
	{Field: "state", Head: text.Text{En: "STATE", Zh: "状态"}},
	{Field: "requester", Head: text.Text{En: "ASKED BY", Zh: "申请人"}},
	{Field: "approver", Head: text.Text{En: "APPROVED BY", Zh: "审批人"}},
	{Field: "until", Head: text.Text{En: "UNTIL", Zh: "到期"}, Form: term.AsTime},
}

// Operations registers what can be done with waivers.
func (s *Service) Operations(r *rest.Registry, sc evidence.Scenarios) {
	rest.Resource(r, text.Text{En: "waiver", Zh: "豁免"}, auth.Read, func(ctx context.Context, id ID) (string, error) {
		w, err := s.get(ctx, s.d.DB.Read(), string(id))
		if err != nil {
			return "", err
		}
		return sc.TeamOf(ctx, evidence.ScenarioID(w.ScenarioID))
	})
	shown := func(w row, err error) (*View, error) {
		if err != nil {
			return nil, err
		}
		v := s.view(w)
		return &v, nil
	}
	rest.Add(r, rest.Op{ID: "request-waiver", Method: "POST", Path: "/scenarios/{scenario}/waivers", Perm: auth.Contribute, Noun: "waivers", Verb: "request",
		Doc:     text.Text{En: "Ask that a gate may be passed although one of its rules does not.", Zh: "申请在某条规则未通过时仍放行门禁。"},
		Columns: columns, Status: http.StatusCreated, Errors: []fault.Def{ErrRule, ErrUntil}},
		func(ctx context.Context, in *requestInput) (*View, error) {
			id, err := sc.Resolve(ctx, in.Scenario)
			if err != nil {
				return nil, err
			}
			return shown(s.Request(ctx, id, in.Body.Gate, in.Body.Rule, in.Body.Why, in.Body.Until))
		})
	rest.Add(r, rest.Op{ID: "list-waivers", Method: "GET", Path: "/waivers", Perm: auth.Read, Noun: "waivers", Verb: "list",
		Doc: text.Text{En: "List waivers, newest first.", Zh: "列出豁免，最新的在前。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			var within []string
			all := false
			if in.Scenario != "" {
				id, err := sc.Resolve(ctx, in.Scenario)
				if err != nil {
					return nil, err
				}
				within = []string{id}
			} else {
				var err error
				if within, all, err = sc.Visible(ctx); err != nil {
					return nil, err
				}
			}
			filter := []string{string(in.Scenario), in.State}
			return rest.Paginate(ctx, in.PageParams, filter, func(ctx context.Context, after *string, limit int) ([]View, error) {
				if !all && len(within) == 0 {
					return nil, nil
				}
				var rows []row
				q := s.d.DB.Read().NewSelect().Model(&rows).Order("id DESC").Limit(int64(limit))
				if !all {
					q = q.Where("scenario_id IN (?)", bun.List(within))
				}
				if in.State != "" {
					q = q.Where("state = ?", in.State)
				}
				if after != nil {
					q = q.Where("id < ?", *after)
				}
				if err := q.Scan(ctx); err != nil {
					return nil, fmt.Errorf("list waivers: %w", err)
				}
				out := make([]View, len(rows))
				for i, w := range rows {
					out[i] = s.view(w)
				}
				return out, nil
			}, func(v View) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "show-waiver", Method: "GET", Path: "/waivers/{waiver}", Perm: auth.Read, Noun: "waivers", Verb: "show",
		Doc: text.Text{En: "Show a waiver.", Zh: "查看豁免。"}, Columns: columns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			return shown(s.get(ctx, s.d.DB.Read(), string(in.Waiver)))
		})
	rest.Add(r, rest.Op{ID: "approve-waiver", Method: "POST", Path: "/waivers/{waiver}/approve", Perm: auth.Approve, Noun: "waivers", Verb: "approve",
		Doc: text.Text{En: "Let a waiver hold, on your responsibility; somebody else must have asked for it.", Zh: "批准豁免并为此负责；申请人不能是本人。"}, Columns: columns,
		Errors: []fault.Def{ErrSecond, ErrState}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			return shown(s.Approve(ctx, string(in.Waiver)))
		})
	rest.Add(r, rest.Op{ID: "withdraw-waiver", Method: "POST", Path: "/waivers/{waiver}/withdraw", Perm: auth.Contribute, Noun: "waivers", Verb: "withdraw",
		Doc: text.Text{En: "End a waiver, or the request for one.", Zh: "撤回豁免或其申请。"}, Columns: columns, Errors: []fault.Def{ErrState}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			return shown(s.Withdraw(ctx, string(in.Waiver)))
		})
}
