// Package loop carries what happened to whom it concerns: an event is a row
// and one job per handler, written in the transaction of the change that
// caused it. This is how staleness spreads, gates are evaluated again and a
// production failure reaches stage one.
package loop

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Type names what happened.
type Type string

// The events so far. Each names its subject by id.
const (
	DatasetVersioned Type = "dataset.versioned"
	BindingChanged   Type = "binding.changed"
	EvidenceAppended Type = "evidence.appended"
	FailureObserved  Type = "failure.observed"
)

// Event is something that happened to a scenario.
type Event struct {
	ID       string    `json:"id"`
	Type     Type      `json:"type"`
	Scenario string    `json:"scenario"`
	Subject  string    `json:"subject"`
	Actor    string    `json:"actor"`
	At       time.Time `json:"at"`
}

// Handler reacts to events. Delivery is at least once and unordered, so that
// Handle must compute from the state that it reads through tx, never from the
// order of events. Its writes and the completion of its job are one
// transaction: an effect in the database happens exactly once.
type Handler struct {
	Name   string
	On     []Type
	Handle func(ctx context.Context, tx bun.Tx, e Event) error
}

// Loop emits events.
type Loop struct {
	db       *store.DB
	jobs     *jobs.Runner
	newID    func(prefix string) string
	now      func() time.Time
	handlers []Handler
}

// Deps is what a Loop needs.
type Deps struct {
	DB    *store.DB
	Jobs  *jobs.Runner
	NewID func(prefix string) string
	Now   func() time.Time
}

// New returns a Loop without handlers.
func New(d Deps) *Loop {
	l := &Loop{db: d.DB, jobs: d.Jobs, newID: d.NewID, now: d.Now}
	jobs.Handle(d.Jobs, l.work)
	return l
}

// Handle adds handlers. It must be called before the jobs start, since a job
// whose handler is gone fails.
func (l *Loop) Handle(hs ...Handler) { l.handlers = append(l.handlers, hs...) }

type delivery struct {
	Handler string `json:"handler"`
	Event   Event  `json:"event"`
}

func (delivery) Kind() string { return "event" }

type eventRow struct {
	bun.BaseModel `bun:"table:events"`

	ID         string `bun:",pk"`
	Type       string
	ScenarioID string
	Subject    string
	Actor      string
	At         int64
}

// Emit records that something happened, with the job of every handler that it
// concerns, in the caller's transaction.
func (l *Loop) Emit(ctx context.Context, tx bun.Tx, typ Type, scenarioID, subject string) error {
	e := Event{ID: l.newID("evt"), Type: typ, Scenario: scenarioID, Subject: subject,
		Actor: actor.From(ctx).ID, At: l.now().UTC()}
	r := eventRow{ID: e.ID, Type: string(e.Type), ScenarioID: scenarioID, Subject: subject, Actor: e.Actor, At: store.Micros(e.At)}
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return fmt.Errorf("record event %s: %w", typ, err)
	}
	for _, h := range l.handlers {
		if !slices.Contains(h.On, typ) {
			continue
		}
		if err := l.jobs.Insert(ctx, tx, delivery{Handler: h.Name, Event: e}); err != nil {
			return fmt.Errorf("hand %s to %s: %w", typ, h.Name, err)
		}
	}
	return nil
}

func (l *Loop) work(ctx context.Context, job *jobs.Job[delivery]) error {
	i := slices.IndexFunc(l.handlers, func(h Handler) bool { return h.Name == job.Args.Handler })
	if i < 0 {
		return fmt.Errorf("no handler is named %s", job.Args.Handler)
	}
	return l.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := l.handlers[i].Handle(ctx, tx, job.Args.Event); err != nil {
			return fmt.Errorf("handle %s by %s: %w", job.Args.Event.Type, job.Args.Handler, err)
		}
		return job.Complete(ctx, tx)
	})
}
