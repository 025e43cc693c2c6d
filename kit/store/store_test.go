package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/uptrace/bun"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// migration makes a folder of migrations from names and SQL.
func migration(pairs ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m["migrations/"+pairs[i]] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + pairs[i+1])}
	}
	return m
}

var things = migration("20260101000000_things.sql", `CREATE TABLE things (
    id    TEXT PRIMARY KEY,
    n     BIGINT NOT NULL,
    x     DOUBLE PRECISION NOT NULL,
    bytes BYTEA
);
`)

type thing struct {
	bun.BaseModel `bun:"table:things"`

	ID    string `bun:",pk"`
	N     int64
	X     float64
	Bytes []byte
}

func add(ctx context.Context, tx bun.Tx, x thing) error {
	_, err := tx.NewInsert().Model(&x).Exec(ctx)
	return err
}

func count(t *testing.T, db *store.DB) int64 {
	t.Helper()
	n, err := db.Read().NewSelect().Table("things").Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Every value comes back as it went in, on every engine.
func TestValuesComeBack(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		i := 0
		rapid.Check(t, func(rt *rapid.T) {
			i++
			want := thing{
				// PostgreSQL refuses a zero byte in text.
				ID: fmt.Sprint(i, " ", strings.ReplaceAll(rapid.String().Draw(rt, "text"), "\x00", "")),
				N:  rapid.Int64().Draw(rt, "n"), X: rapid.Float64().Draw(rt, "x"),
				Bytes: append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes")...),
			}
			if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, want) }); err != nil {
				rt.Fatal(err)
			}
			var got thing
			if err := db.Read().NewSelect().Model(&got).Where("id = ?", want.ID).Scan(t.Context()); err != nil {
				rt.Fatal(err)
			}
			if got.ID != want.ID || got.N != want.N || got.X != want.X || string(got.Bytes) != string(want.Bytes) {
				rt.Fatalf("got %+v, want %+v", got, want)
			}
		})
	})
}

func TestTx(t *testing.T) {
	undo := errors.New("undo")
	tests := map[string]struct {
		f    func(ctx context.Context, db *store.DB, tx bun.Tx, cancel func()) error
		want error
		rows int
	}{
		"commits":    {f: func(context.Context, *store.DB, bun.Tx, func()) error { return nil }, rows: 1},
		"rolls back": {f: func(context.Context, *store.DB, bun.Tx, func()) error { return undo }, want: undo},
		"canceled": {f: func(ctx context.Context, _ *store.DB, _ bun.Tx, cancel func()) error { cancel(); return ctx.Err() },
			want: context.Canceled},
		"canceled before the commit": {f: func(_ context.Context, _ *store.DB, _ bun.Tx, cancel func()) error { cancel(); return nil },
			want: context.Canceled},
	}
	storetest.EachURL(t, []fs.FS{things}, func(t *testing.T, url string) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				db := storetest.Open(t, url, []fs.FS{things})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
					if err := add(ctx, tx, thing{ID: name}); err != nil {
						return err
					}
					return tt.f(ctx, db, tx, cancel)
				})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				var n int
				if err := db.Read().NewSelect().Table("things").ColumnExpr("count(*)").Where("id = ?", name).Scan(t.Context(), &n); err != nil {
					t.Fatal(err)
				}
				if n != tt.rows {
					t.Errorf("%d rows, want %d", n, tt.rows)
				}
				// The writer is free again.
				if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: name + " after"}) }); err != nil {
					t.Errorf("the next transaction: %v", err)
				}
			})
		}
	})
}

func TestTxRollsBackAPanic(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic was lost")
				}
			}()
			_ = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { // does not return
				if err := add(ctx, tx, thing{ID: "a"}); err != nil {
					return err
				}
				panic("boom")
			})
		}()
		if n := count(t, db); n != 0 {
			t.Errorf("%d rows after a panic", n)
		}
	})
}

func TestTxInsideTxIsAnErrorNotADeadlock(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		err := db.Tx(t.Context(), func(ctx context.Context, _ bun.Tx) error {
			return db.Tx(ctx, func(context.Context, bun.Tx) error { return nil })
		})
		if err == nil || !strings.Contains(err.Error(), "pass it on") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWritersTakeTurnsAndReadersDoNotWait(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: "sum"}) }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
						_, err := tx.NewUpdate().Table("things").Set("n = n + 1").Where("id = 'sum'").Exec(ctx)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := add(ctx, tx, thing{ID: "uncommitted"}); err != nil {
				return err
			}
			var n int64
			if err := db.Read().NewSelect().Table("things").ColumnExpr("sum(n)").Scan(t.Context(), &n); err != nil {
				return err
			}
			if n != 80 || count(t, db) != 1 {
				t.Errorf("sum %d, want 80 and nothing uncommitted", n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestReadRefusesWrites(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		if _, err := db.Read().NewInsert().Model(&thing{ID: "a"}).Exec(t.Context()); err == nil {
			t.Error("a reader wrote")
		}
	})
}

func TestDuplicate(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		put := func() error {
			return db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: "a"}) })
		}
		if err := put(); err != nil || store.Duplicate(err) {
			t.Fatal(err)
		}
		if err := put(); !store.Duplicate(err) {
			t.Errorf("got %v", err)
		}
		_, err := db.SQL().ExecContext(t.Context(), "INSERT INTO things (id) VALUES ('b')")
		if err == nil || store.Duplicate(err) {
			t.Errorf("a missing value is a duplicate: %v", err)
		}
	})
}

func TestFound(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		in, err error
		ok      bool
	}{{nil, nil, true}, {sql.ErrNoRows, nil, false}, {fmt.Errorf("read: %w", sql.ErrNoRows), nil, false}, {broken, broken, false}} {
		if ok, err := store.Found(tt.in); ok != tt.ok || err != tt.err {
			t.Errorf("%v: %v, %v", tt.in, ok, err)
		}
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(-62135596800000000, 253402300799999999).Draw(t, "us") // years 1 to 9999
		if got := store.Micros(store.FromMicros(us)); got != us {
			t.Fatalf("%d came back as %d", us, got)
		}
	})
	at := time.Date(2026, 11, 24, 8, 0, 0, 123456789, time.FixedZone("CST", 8*3600))
	if got := store.FromMicros(store.Micros(at)); !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func TestMigrations(t *testing.T) {
	first := migration("20260101000000_a.sql", "CREATE TABLE a (x TEXT);\n", "20260103000000_c.sql", "ALTER TABLE b ADD COLUMN z TEXT;\n")
	second := migration("20260102000000_b.sql", "CREATE TABLE b (y TEXT);\n")
	storetest.EachURL(t, nil, func(t *testing.T, url string) {
		open := func(migrations ...fs.FS) error {
			db, err := store.Open(t.Context(), url, migrations...)
			if err != nil {
				return err
			}
			return db.Close()
		}
		// One order over all packages: b comes between a and c.
		for range 2 {
			if err := open(first, second); err != nil {
				t.Fatal(err)
			}
		}
		broken := migration("20260104000000_d.sql", "CREATE TABLE d (x TEXT);\nCREATE TABEL e (x TEXT);\n")
		if err := open(first, second, broken); err == nil || !strings.Contains(err.Error(), "20260104000000") {
			t.Errorf("a broken migration: %v", err)
		}
		fixed := migration("20260104000000_d.sql", "CREATE TABLE d (x TEXT);\n")
		if err := open(first, second, fixed); err != nil {
			t.Errorf("it left something behind: %v", err)
		}
		if err := open(first, second); !errors.Is(err, store.ErrNewer) || fault.From(err).Param("version") != "20260104000000" {
			t.Errorf("an older program: %v", err)
		}
		late := migration("20260102120000_late.sql", "CREATE TABLE late (x TEXT);\n")
		if err := open(first, second, fixed, late); err == nil {
			t.Error("a migration older than what is applied was let in")
		}
	})
}

func TestNewerJobTables(t *testing.T) {
	storetest.EachURL(t, nil, func(t *testing.T, url string) {
		db := storetest.Open(t, url, nil)
		if _, err := db.SQL().ExecContext(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 9999)"); err != nil {
			t.Fatal(err)
		}
		if again, err := store.Open(t.Context(), url); !errors.Is(err, store.ErrNewer) {
			t.Errorf("got %v, %v", again, err)
		}
	})
}

func TestMigrationFolders(t *testing.T) {
	t.Parallel()
	sums, err := store.Checksums(things, migration("20260101000001_one.sql", "SELECT 1;\n"))
	// As sha256sum prints it.
	want := "b8b6e57be9b7245d97c4cd5cb483e27984439516eca0777bf189ef204c44bf51"
	if err != nil || len(sums) != 2 || sums["20260101000001_one.sql"] != want {
		t.Errorf("checksums %v, %v", sums, err)
	}
	for name, bad := range map[string][]fs.FS{
		"version twice": {things, migration("20260101000000_others.sql", "SELECT 1;\n")},
		"bad name":      {migration("1_short.sql", "SELECT 1;\n")},
		"no folder":     {fstest.MapFS{}},
	} {
		if _, err := store.Checksums(bad...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		url  string
		want fault.Def
	}{
		{"", store.ErrURL},
		{"sqlite:", store.ErrURL},
		{"mysql://u:geheim@h/d", store.ErrURL},
		{"postgres://u:geheim@h:port/d", store.ErrURL},
		{"postgres://u:geheim@127.0.0.1:1/d?sslmode=disable&connect_timeout=2", store.ErrUnreachable},
		{"sqlite:" + file, store.ErrCorrupt},
		{"sqlite:" + filepath.Join(file, "below"), store.ErrUnwritable},
		{"sqlite:" + t.TempDir(), store.ErrUnwritable},
	}
	for _, tt := range tests {
		db, err := store.Open(t.Context(), tt.url)
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: got %v, %v, want %s", tt.url, db, err, tt.want.Code)
			continue
		}
		f := fault.From(err)
		if s := err.Error() + f.Message("en") + f.Message("zh"); strings.Contains(s, "geheim") || strings.Contains(s, "{") {
			t.Errorf("%q: the message is %s", tt.url, s)
		}
	}
}

func TestPathsMayHoldAnything(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é中&_query_only=on")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "landfall.db")
	storetest.Open(t, "sqlite:"+path, []fs.FS{things})
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t, []fs.FS{things}), []fs.FS{things})
	// SQLite reports a full disk in the same way as this limit.
	if _, err := db.SQL().ExecContext(t.Context(), "PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		return add(ctx, tx, thing{ID: "big", Bytes: make([]byte, 1<<20)})
	})
	if !errors.Is(err, store.ErrDiskFull) || fault.From(err).Kind != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows", n)
	}
	if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: "small"}) }); err != nil {
		t.Errorf("what fits: %v", err)
	}
}

// A page that is overwritten is found when it is read.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t, []fs.FS{things})
	path := strings.TrimPrefix(url, "sqlite:")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(b); i++ { // the header itself is spared
		b[i] = 0xA5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), url, things); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

func TestExplainKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, context.Canceled, errors.New("other"), store.ErrURL.With("scheme", "x")} {
		if got := store.Explain(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestPostgresTroubles(t *testing.T) {
	storetest.Each(t, []fs.FS{things}, func(t *testing.T, db *store.DB) {
		if db.Engine() != store.Postgres {
			return
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: "a"}) }); err != nil {
			t.Fatal(err)
		}
		const change = "UPDATE things SET n = n + 1 WHERE id = 'a'"
		rival := errors.New("the rival was let through")
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, change); err != nil {
				return err
			}
			// t's context: a second transaction beside this one.
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '20ms'"); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, change); err != nil {
					return err
				}
				return rival
			})
			if !errors.Is(err, store.ErrContended) {
				t.Errorf("a held lock: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		err = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		})
		if !errors.Is(err, store.ErrLost) {
			t.Errorf("a lost connection: %v", err)
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return add(ctx, tx, thing{ID: "b"}) }); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
}

// What BeforeCommit adds is a part of the transaction.
func TestBeforeCommit(t *testing.T) {
	t.Parallel()
	migrations := []fs.FS{fstest.MapFS{"migrations/20260101000000_t.sql": {Data: []byte("-- +goose Up\nCREATE TABLE notes (n BIGINT NOT NULL);\n")}}}
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		add := func(n int) func(context.Context, bun.Tx) error {
			return func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO notes (n) VALUES (?)", n)
				return err
			}
		}
		sum := func() (n int) {
			if err := db.Read().NewSelect().Table("notes").ColumnExpr("COALESCE(SUM(n), 0)").Scan(t.Context(), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		ctx := store.BeforeCommit(t.Context(), add(10))
		if err := db.Tx(ctx, add(1)); err != nil || sum() != 11 {
			t.Fatalf("%d %v", sum(), err)
		}
		failure := errors.New("no")
		if err := db.Tx(ctx, func(context.Context, bun.Tx) error { return failure }); !errors.Is(err, failure) || sum() != 11 {
			t.Errorf("after a failure: %d %v", sum(), err)
		}
		ctx = store.BeforeCommit(ctx, func(context.Context, bun.Tx) error { return failure })
		if err := db.Tx(ctx, add(1)); !errors.Is(err, failure) || sum() != 11 {
			t.Errorf("after a failure at the end: %d %v", sum(), err)
		}
		if err := db.Tx(store.BeforeCommit(ctx, nil), add(1)); err != nil || sum() != 12 {
			t.Errorf("taken away: %d %v", sum(), err)
		}
	})
}
