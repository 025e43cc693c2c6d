package webhook

import (
	"context"
	"net/http"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/loop"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ID names a webhook in operations.
type ID string

// View is a webhook as operations give it.
type View struct {
	ID      string      `json:"id"`
	URL     string      `json:"url"`
	Types   []loop.Type `json:"types" nullable:"false" doc:"Events that it is told of; none is all."`
	Paused  bool        `json:"paused"`
	Actor   string      `json:"actor"`
	Created time.Time   `json:"created"`
	Secret  string      `json:"secret,omitempty" doc:"What signatures are checked with; shown when it is made, and never again."`
}

func view(w Webhook) View {
	return View{ID: w.ID, URL: w.URL, Types: append([]loop.Type{}, w.Types...), Paused: w.Paused, Actor: w.Actor, Created: w.Created}
}

// DeliveryView is a delivery as operations give it.
type DeliveryView struct {
	ID       string    `json:"id"`
	Event    string    `json:"event"`
	Type     string    `json:"type"`
	State    string    `json:"state" enum:"waiting,delivered,failed"`
	Status   int       `json:"status,omitempty" doc:"HTTP status of the last answer."`
	Attempts int       `json:"attempts"`
	Problem  string    `json:"problem,omitempty"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

func deliveryView(d Delivery) DeliveryView {
	return DeliveryView{ID: d.ID, Event: d.EventID, Type: d.EventType, State: d.State, Status: d.Status, Attempts: d.Attempts, Problem: d.Problem,
		Created: d.Created, Updated: d.Updated}
}

type createInput struct {
	Body struct {
		URL   string   `json:"url" maxLength:"1000" doc:"where events are sent, https" zh:"接收地址，须为 https"`
		Types []string `json:"types,omitempty" enum:"dataset.versioned,binding.changed,evidence.appended,failure.observed" maxItems:"20" doc:"event to be told of; repeat for more; else all" zh:"要通知的事件，可重复；缺省为全部"`
	}
}

type oneInput struct {
	Webhook ID `path:"webhook"`
}

type pauseInput struct {
	Webhook ID `path:"webhook"`
	Body    struct {
		Paused bool `json:"paused" doc:"whether to stop telling it" zh:"是否暂停通知"`
	}
}

type deliveriesInput struct {
	rest.PageParams
	Webhook ID `path:"webhook"`
}

type listInput struct{ rest.PageParams }

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "WEBHOOK", Zh: "WEBHOOK"}},
	{Field: "url", Head: text.Text{En: "ADDRESS", Zh: "地址"}},
	{Field: "types", Head: text.Text{En: "EVENTS", Zh: "事件"}},
	{Field: "paused", Head: text.Text{En: "PAUSED", Zh: "已暂停"}},
}

var deliveryColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "DELIVERY", Zh: "投递"}},
	{Field: "type", Head: text.Text{En: "EVENT", Zh: "事件"}},
	{Field: "state", Head: text.Text{En: "STATE", Zh: "状态"}},
	{Field: "attempts", Head: text.Text{En: "ATTEMPTS", Zh: "次数"}, Form: term.AsCount},
	{Field: "problem", Head: text.Text{En: "PROBLEM", Zh: "问题"}},
	{Field: "updated", Head: text.Text{En: "AT", Zh: "时间"}, Form: term.AsTime},
}

// Operations registers what can be done with webhooks: all of it takes an
// administrator, since an address learns of every scenario.
func (s *Service) Operations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "webhook", Zh: "webhook"}, auth.Admin, func(ctx context.Context, id ID) (string, error) {
		_, err := s.Get(ctx, string(id))
		return "", err
	})
	rest.Add(r, rest.Op{ID: "list-webhooks", Method: "GET", Path: "/webhooks", Perm: auth.Admin, Noun: "webhooks", Verb: "list",
		Doc: text.Text{En: "List the webhooks.", Zh: "列出全部 webhook。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			all, err := s.List(ctx)
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, "webhooks", func(_ context.Context, after *string, limit int) ([]View, error) {
				var out []View
				for _, w := range all {
					if (after == nil || w.ID > *after) && len(out) < limit {
						out = append(out, view(w))
					}
				}
				return out, nil
			}, func(v View) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "create-webhook", Method: "POST", Path: "/webhooks", Perm: auth.Admin, Noun: "webhooks", Verb: "create", Status: http.StatusCreated,
		Doc:     text.Text{En: "Have events sent to an address; the answer holds the secret, this once.", Zh: "将事件发送到指定地址；返回内容含密钥，仅此一次。"},
		Columns: append([]term.Column{{Field: "secret", Head: text.Text{En: "SECRET", Zh: "密钥"}}}, columns...), Errors: []fault.Def{ErrURL, ErrMany}},
		func(ctx context.Context, in *createInput) (*View, error) {
			var types []loop.Type
			for _, t := range in.Body.Types {
				types = append(types, loop.Type(t))
			}
			var v View
			err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				w, secret, err := s.Create(ctx, tx, in.Body.URL, types)
				v = view(w)
				v.Secret = secret
				return err
			})
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "pause-webhook", Method: "POST", Path: "/webhooks/{webhook}/pause", Perm: auth.Admin, Noun: "webhooks", Verb: "pause",
		Doc: text.Text{En: "Stop or resume telling a webhook.", Zh: "暂停或恢复通知一个 webhook。"}, Columns: columns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *pauseInput) (*View, error) {
			err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				return s.Pause(ctx, tx, string(in.Webhook), in.Body.Paused)
			})
			if err != nil {
				return nil, err
			}
			w, err := s.Get(ctx, string(in.Webhook))
			v := view(w)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "remove-webhook", Method: "DELETE", Path: "/webhooks/{webhook}", Perm: auth.Admin, Noun: "webhooks", Verb: "remove",
		Doc: text.Text{En: "Forget a webhook with its deliveries.", Zh: "移除 webhook 及其投递记录。"}, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*rest.None, error) {
			return nil, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.Remove(ctx, tx, string(in.Webhook)) })
		})
	rest.Add(r, rest.Op{ID: "test-webhook", Method: "POST", Path: "/webhooks/{webhook}/test", Perm: auth.Admin, Noun: "webhooks", Verb: "test", Status: http.StatusAccepted,
		Doc: text.Text{En: "Send a webhook an event that is none.", Zh: "向 webhook 发送一条测试事件。"}, Columns: deliveryColumns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*DeliveryView, error) {
			d, err := s.Test(ctx, string(in.Webhook))
			v := deliveryView(d)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "list-deliveries", Method: "GET", Path: "/webhooks/{webhook}/deliveries", Perm: auth.Admin, Noun: "webhooks", Verb: "deliveries",
		Doc: text.Text{En: "List what was sent to a webhook in the last 30 days, newest first.", Zh: "列出最近 30 天对 webhook 的投递，最新的在前。"}, Columns: deliveryColumns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *deliveriesInput) (*rest.Page[DeliveryView], error) {
			return rest.Paginate(ctx, in.PageParams, in.Webhook, func(ctx context.Context, before *string, limit int) ([]DeliveryView, error) {
				from := ""
				if before != nil {
					from = *before
				}
				list, err := s.Deliveries(ctx, string(in.Webhook), from, limit)
				out := make([]DeliveryView, len(list))
				for i, d := range list {
					out[i] = deliveryView(d)
				}
				return out, err
			}, func(v DeliveryView) string { return v.ID })
		})
}
