package loop

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Filter selects events. Its zero value selects none.
type Filter struct {
	All       bool     // of every scenario
	Scenarios []string // else of these, by id
	Type      Type     // only of this type
}

// Place is an event's place in the order of lists.
type Place struct {
	At int64  `json:"at"` // microseconds since 1970
	ID string `json:"id"`
}

// Select returns up to limit events, newest first, older than the one at before.
func (l *Loop) Select(ctx context.Context, f Filter, before *Place, limit int) ([]Event, error) {
	var rows []eventRow
	q := l.db.Read().NewSelect().Model(&rows).Order("at DESC", "id DESC").Limit(int64(limit))
	if !f.All {
		q = q.Where("scenario_id IN (?)", bun.List(append(f.Scenarios, "")))
	}
	if f.Type != "" {
		q = q.Where("type = ?", string(f.Type))
	}
	if before != nil {
		q = q.Where("(at < ? OR (at = ? AND id < ?))", before.At, before.At, before.ID)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	out := make([]Event, len(rows))
	for i, r := range rows {
		out[i] = Event{ID: r.ID, Type: Type(r.Type), Scenario: r.ScenarioID, Subject: r.Subject, Actor: r.Actor, At: store.FromMicros(r.At)}
	}
	return out, nil
}

// View is an event as operations give it.
type View struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	Scenario string    `json:"scenario"`
	Subject  string    `json:"subject"` // id of what it happened to
	Actor    string    `json:"actor"`
	At       time.Time `json:"at"`
}

type listInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
	Type     string              `query:"type" enum:"dataset.versioned,binding.changed,evidence.appended,failure.observed" doc:"only of this type" zh:"只看该类型"`
}

var columns = []term.Column{
	{Field: "at", Head: text.Text{En: "WHEN", Zh: "时间"}, Form: term.AsTime},
	{Field: "type", Head: text.Text{En: "EVENT", Zh: "事件"}},
	{Field: "scenario", Head: text.Text{En: "SCENARIO", Zh: "场景"}},
	{Field: "subject", Head: text.Text{En: "SUBJECT", Zh: "对象"}},
	{Field: "actor", Head: text.Text{En: "ACTOR", Zh: "操作者"}},
}

// Operations registers what can be asked about events.
func (l *Loop) Operations(r *rest.Registry, sc evidence.Scenarios) {
	rest.Add(r, rest.Op{ID: "list-events", Method: "GET", Path: "/events", Perm: auth.Read, Noun: "events", Verb: "list",
		Doc: text.Text{En: "List what happened to scenarios, newest first.", Zh: "列出场景发生的事件，最新的在前。"}, Columns: columns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			f := Filter{Type: Type(in.Type)}
			var err error
			if in.Scenario != "" {
				var id string
				id, err = sc.Resolve(ctx, in.Scenario)
				f.Scenarios = []string{id}
			} else {
				f.Scenarios, f.All, err = sc.Visible(ctx)
			}
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, f, func(ctx context.Context, before *Place, limit int) ([]View, error) {
				events, err := l.Select(ctx, f, before, limit)
				out := make([]View, len(events))
				for i, e := range events {
					out[i] = View{ID: e.ID, Type: string(e.Type), Scenario: e.Scenario, Subject: e.Subject, Actor: e.Actor, At: e.At}
				}
				return out, err
			}, func(v View) Place { return Place{store.Micros(v.At), v.ID} })
		})
}
