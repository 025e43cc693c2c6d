package audit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/id"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

var migrations = []fs.FS{evidence.Migrations, audit.Migrations}

func clock() time.Time { return time.Date(2026, 11, 28, 9, 0, 0, 123456000, time.UTC) }

func open(t *testing.T, db *store.DB) *audit.Log {
	t.Helper()
	keys, err := evidence.OpenKeys(t.TempDir(), clock, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return audit.New(audit.Deps{DB: db, Keys: keys, NewID: id.Seeded(1), Now: clock})
}

func list(t *testing.T, l *audit.Log, f audit.Filter) []audit.Item {
	t.Helper()
	items, err := l.List(t.Context(), f, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// An operation leaves an entry with its write, or neither.
func TestChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		l := open(t, db)
		write := func(ctx context.Context, name string, fail error) error {
			return db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				if _, err := tx.ExecContext(ctx, "INSERT INTO log_heads (origin, size) VALUES (?, 0)", name); err != nil {
					return err
				}
				if err := audit.Note(ctx, "thing", name, nil, map[string]any{"name": name}); err != nil {
					return err
				}
				return fail
			})
		}
		written := func(name string) bool {
			n, err := db.Read().NewSelect().Table("log_heads").Where("origin = ?", name).Count(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n == 1
		}
		ctx := actor.With(t.Context(), actor.Actor{ID: "usr_1", Name: "张伟", Kind: actor.Person})
		ctx = audit.WithOrigin(ctx, audit.Origin{Address: "192.0.2.1", With: "ses_1", Request: "req_1"})
		op := rest.Change{Operation: "make-thing", On: map[string]string{"team": "team_1"}}

		if err := l.Change(ctx, op, func(ctx context.Context) error { return write(ctx, "one", nil) }); err != nil {
			t.Fatal(err)
		}
		items := list(t, l, audit.Filter{})
		if len(items) != 1 || !written("one") {
			t.Fatalf("%d entries", len(items))
		}
		digest, err := evidence.Digest(map[string]any{"name": "one"})
		if err != nil {
			t.Fatal(err)
		}
		got := items[0]
		if got.Actor.Name != "张伟" || got.Operation != "make-thing" || got.On["team"] != "team_1" || got.Origin.Address != "192.0.2.1" ||
			!got.At.Equal(clock()) || len(got.Changes) != 1 || got.Changes[0].After != digest || got.Changes[0].Before != "" {
			t.Errorf("%+v", got)
		}

		// What fails leaves nothing, neither write nor entry.
		failure := errors.New("no")
		if err := l.Change(ctx, op, func(ctx context.Context) error { return write(ctx, "two", failure) }); !errors.Is(err, failure) {
			t.Fatal(err)
		}
		if n := len(list(t, l, audit.Filter{})); n != 1 || written("two") {
			t.Errorf("%d entries, written: %v", n, written("two"))
		}
		// What cannot be entered is not written. A NUL-free, invalid UTF-8 id
		// cannot be said in canonical form.
		bad := rest.Change{Operation: "make-thing", On: map[string]string{"team": "\xff"}}
		if err := l.Change(ctx, bad, func(ctx context.Context) error { return write(ctx, "three", nil) }); err == nil || written("three") {
			t.Errorf("err %v, written: %v", err, written("three"))
		}
		// What writes nothing here leaves an entry all the same, once.
		if err := l.Change(ctx, rest.Change{Operation: "ring-bell"}, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, l, audit.Filter{Operation: "ring-bell"})); n != 1 {
			t.Errorf("%d entries of what wrote nothing", n)
		}
		// Each write of an operation with several has its own.
		if err := l.Change(ctx, rest.Change{Operation: "twice"}, func(ctx context.Context) error {
			return errors.Join(write(ctx, "four", nil), write(ctx, "five", nil))
		}); err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, l, audit.Filter{Operation: "twice"})); n != 2 {
			t.Errorf("%d entries of two writes", n)
		}
		// It is found by what it is about, by who and by when.
		for _, c := range []struct {
			f    audit.Filter
			want int
		}{{audit.Filter{Thing: "team_1"}, 1}, {audit.Filter{Thing: "five"}, 1}, {audit.Filter{Thing: "none"}, 0},
			{audit.Filter{Actor: "usr_1"}, 4}, {audit.Filter{Actor: "usr_2"}, 0},
			{audit.Filter{Since: clock()}, 4}, {audit.Filter{Until: clock()}, 0}} {
			if n := len(list(t, l, c.f)); n != c.want {
				t.Errorf("%+v: %d entries, want %d", c.f, n, c.want)
			}
		}
		rep, err := l.Verify(t.Context(), evidence.VerifyOptions{})
		if err != nil || len(rep.Findings) > 0 || rep.Size != 4 {
			t.Errorf("%+v %v", rep, err)
		}
	})
}

// Whatever is changed about an entry is found, and where.
func TestVerifyFindsChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		l := open(t, db)
		for range 9 {
			if err := l.Change(t.Context(), rest.Change{Operation: "op"}, func(ctx context.Context) error {
				return audit.Note(ctx, "thing", "x", "before", "after")
			}); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct{ change, undo string }{
			"who":       {"UPDATE audit_entries SET actor = 'usr_9' WHERE leaf = 4", "UPDATE audit_entries SET actor = 'system' WHERE leaf = 4"},
			"operation": {"UPDATE audit_entries SET operation = 'nop' WHERE leaf = 4", "UPDATE audit_entries SET operation = 'op' WHERE leaf = 4"},
			"gone":      {"UPDATE audit_entries SET leaf = 400 WHERE leaf = 4", "UPDATE audit_entries SET leaf = 4 WHERE leaf = 400"},
			"cut":       {"UPDATE log_leaves SET origin = 'x' WHERE leaf >= 4", "UPDATE log_leaves SET origin = '" + audit.LogOrigin + "' WHERE origin = 'x'"},
		} {
			exec := func(q string) {
				if _, err := db.SQL().ExecContext(t.Context(), q); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			exec(c.change)
			rep, err := l.Verify(t.Context(), evidence.VerifyOptions{})
			if err != nil || len(rep.Findings) == 0 || rep.Findings[0].From != 4 {
				t.Errorf("%s: %+v %v", name, rep.Findings, err)
			}
			exec(c.undo)
			if rep, err := l.Verify(t.Context(), evidence.VerifyOptions{}); err != nil || len(rep.Findings) > 0 {
				t.Fatalf("%s: not undone: %+v %v", name, rep.Findings, err)
			}
		}
		// The bytes themselves.
		var raw []byte
		if err := db.Read().NewSelect().Table("audit_entries").Column("entry").Where("leaf = 5").Scan(t.Context(), &raw); err != nil {
			t.Fatal(err)
		}
		forged := strings.Replace(string(raw), `"operation":"op"`, `"operation":"up"`, 1)
		if _, err := db.SQL().ExecContext(t.Context(), "UPDATE audit_entries SET entry = $1, operation = 'up' WHERE leaf = 5", []byte(forged)); err != nil {
			t.Fatal(err)
		}
		rep, err := l.Verify(t.Context(), evidence.VerifyOptions{})
		if err != nil || len(rep.Findings) == 0 || rep.Findings[0].From != 5 || rep.Findings[0].Code != evidence.FoundLeafHash {
			t.Errorf("forged: %+v %v", rep.Findings, err)
		}
	})
}
