package audit

import (
	"context"
	"embed"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the table of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// LogOrigin names the log of audit.
const LogOrigin = "landfall.dev/log/audit"

// ErrUnknown is returned for an id that no entry has.
var ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "audit.unknown",
	En: "there is no audit entry {id}", Zh: "没有审计记录 {id}",
	HintEn: "see them all with: landfall audit list", HintZh: "查看全部：landfall audit list"}

// Deps is what a Log needs.
type Deps struct {
	DB    *store.DB
	Keys  *evidence.Keys
	NewID func(prefix string) string
	Now   func() time.Time
}

// Log is the audit log.
type Log struct {
	d   Deps
	log *evidence.Log
}

// New returns a Log.
func New(d Deps) *Log { return &Log{d: d, log: evidence.NewLog(LogOrigin, d.Keys)} }

// trail is what an operation tells about itself while it goes on.
type trail struct {
	change rest.Change

	mu      sync.Mutex
	changes []Changed
	actor   *actor.Actor
	entries int
}

type (
	trailKey  struct{}
	originKey struct{}
)

// WithOrigin returns a context whose requests come from o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns where the request of ctx comes from: this machine unless
// WithOrigin said otherwise.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Address: "local"}
}

// Note says what the operation of ctx has done to one thing: before and after
// are the thing without its secrets, nil where it was not there. Outside an
// operation it does nothing. It fails if one of them cannot be digested.
func Note(ctx context.Context, thing, id string, before, after any) error {
	return NoteWhy(ctx, thing, id, before, after, "")
}

// NoteWhy is Note with the reason that the actor gave.
func NoteWhy(ctx context.Context, thing, id string, before, after any, why string) error {
	t, ok := ctx.Value(trailKey{}).(*trail)
	if !ok {
		return nil
	}
	c := Changed{Thing: thing, ID: id, Why: why}
	for _, d := range []struct {
		of   any
		into *string
	}{{before, &c.Before}, {after, &c.After}} {
		if d.of == nil {
			continue
		}
		var err error
		if *d.into, err = evidence.Digest(d.of); err != nil {
			return fmt.Errorf("note %s %s: %w", thing, id, err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes = append(t.changes, c)
	return nil
}

// By says who the actor of ctx's operation turned out to be, where the request
// itself did not say it: somebody who signs in.
func By(ctx context.Context, a actor.Actor) {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.actor = &a
	}
}

// Change carries out an operation so that it leaves an entry: at the end of
// each transaction that it commits, as a part of it, and in one of its own if
// it succeeds without any. It is made for rest.Config.Change.
//
// Log heads are taken last in a transaction, that of audit after that of
// evidence, so that two writers never wait for each other.
func (l *Log) Change(ctx context.Context, c rest.Change, do func(context.Context) error) error {
	t := &trail{change: c}
	ctx = context.WithValue(ctx, trailKey{}, t)
	ctx = store.BeforeCommit(ctx, func(ctx context.Context, tx bun.Tx) error { return l.append(ctx, tx, t) })
	if err := do(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	done := t.entries > 0 && len(t.changes) == 0
	t.mu.Unlock()
	if done {
		return nil
	}
	// What is left to do is done in the transaction's own hook.
	return l.d.DB.Tx(ctx, func(context.Context, bun.Tx) error { return nil })
}

func (l *Log) append(ctx context.Context, tx bun.Tx, t *trail) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := Entry{ID: l.d.NewID("aud"), At: l.d.Now().UTC().Truncate(time.Microsecond), Actor: actor.From(ctx),
		Operation: t.change.Operation, On: t.change.On, Changes: t.changes, Origin: OriginOf(ctx)}
	if t.actor != nil {
		e.Actor = *t.actor
	}
	if e.On == nil {
		e.On = map[string]string{}
	}
	if e.Changes == nil {
		e.Changes = []Changed{}
	}
	raw, err := evidence.Canonical(e)
	if err != nil {
		return fmt.Errorf("append to audit: %w", err)
	}
	leaf, err := l.log.AppendData(ctx, tx, raw)
	if err != nil {
		return fmt.Errorf("append to audit: %w", err)
	}
	c := e.columns()
	r := row{Leaf: leaf, ID: c.id, At: c.at, Actor: c.actor, Operation: c.operation, Entry: raw}
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return fmt.Errorf("append to audit: %w", err)
	}
	if things := e.things(); len(things) > 0 {
		rows := make([]thingRow, len(things))
		for i, id := range things {
			rows[i] = thingRow{Thing: id, Leaf: leaf}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("append to audit: %w", err)
		}
	}
	t.changes, t.entries = nil, t.entries+1
	return nil
}

// thingRow finds entries by what they are about; it is no part of the log.
type thingRow struct {
	bun.BaseModel `bun:"table:audit_things"`

	Thing string `bun:",pk"`
	Leaf  int64  `bun:",pk"`
}

type row struct {
	bun.BaseModel `bun:"table:audit_entries"`

	Leaf      int64 `bun:",pk"`
	ID        string
	At        int64
	Actor     string
	Operation string
	Entry     []byte
}

// Filter chooses entries. What is empty chooses nothing out.
type Filter struct {
	Actor, Operation string
	// Thing is the id of something that the operation was on or changed.
	Thing string
	Since time.Time
	Until time.Time
}

// Get returns the entry of that id with its leaf, or fails with ErrUnknown.
func (l *Log) Get(ctx context.Context, id string) (Entry, int64, error) {
	var r row
	found, err := store.Found(l.d.DB.Read().NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return Entry{}, 0, fmt.Errorf("read audit entry: %w", err)
	}
	if !found {
		return Entry{}, 0, ErrUnknown.With("id", id)
	}
	e, err := decode(r.Entry)
	return e, r.Leaf, err
}

// Item is an entry with its place in the log.
type Item struct {
	Leaf int64 `json:"leaf"`
	Entry
}

// List returns at most limit entries, newest first, those before a leaf if it
// is given.
func (l *Log) List(ctx context.Context, f Filter, before *int64, limit int) ([]Item, error) {
	var rows []row
	q := l.d.DB.Read().NewSelect().Model(&rows).Order("leaf DESC").Limit(int64(limit))
	if f.Actor != "" {
		q = q.Where("actor = ?", f.Actor)
	}
	if f.Operation != "" {
		q = q.Where("operation = ?", f.Operation)
	}
	if f.Thing != "" {
		q = q.Where("leaf IN (SELECT leaf FROM audit_things WHERE thing = ?)", f.Thing)
	}
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", store.Micros(f.Since))
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", store.Micros(f.Until))
	}
	if before != nil {
		q = q.Where("leaf < ?", *before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list audit entries: %w", err)
	}
	out := make([]Item, len(rows))
	for i, r := range rows {
		e, err := decode(r.Entry)
		if err != nil {
			return nil, err
		}
		out[i] = Item{Leaf: r.Leaf, Entry: e}
	}
	return out, nil
}
