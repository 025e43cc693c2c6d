package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

var migrations = []fs.FS{fstest.MapFS{"migrations/20260101000000_effects.sql": {Data: []byte(`-- +goose Up
CREATE TABLE effects (n BIGINT NOT NULL);
`)}}}

type count struct {
	N int64 `json:"n"`
}

func (count) Kind() string { return "count" }

// effect writes its number and completes in one transaction.
func effect(db *store.DB) func(context.Context, *jobs.Job[count]) error {
	return func(ctx context.Context, job *jobs.Job[count]) error {
		return db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO effects (n) VALUES (?)", job.Args.N); err != nil {
				return err
			}
			return job.Complete(ctx, tx)
		})
	}
}

// fast returns a clock that runs fifty times as fast, so that retries come soon.
func fast() func() time.Time {
	begin := time.Now()
	return func() time.Time { return begin.Add(50 * time.Since(begin)) }
}

func effects(t *testing.T, db *store.DB) []int64 {
	t.Helper()
	var ns []int64
	if err := db.Read().NewSelect().Table("effects").Column("n").Order("n").Scan(t.Context(), &ns); err != nil {
		t.Fatal(err)
	}
	return ns
}

func insert(t *testing.T, db *store.DB, r *jobs.Runner, args jobs.Args, opts ...jobs.Option) {
	t.Helper()
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return r.Insert(ctx, tx, args, opts...) })
	if err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, r *jobs.Runner) {
	t.Helper()
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, r) })
}

func stop(t *testing.T, r *jobs.Runner) {
	t.Helper()
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func idle(t *testing.T, r *jobs.Runner) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return r.WaitIdle(ctx)
}

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

func TestInsertIsPartOfItsTransaction(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		r := jobs.New(jobs.Config{DB: db, ID: "home"})
		jobs.Handle(r, effect(db))
		start(t, r)
		undo := errors.New("undo")
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := r.InsertMany(ctx, tx, []jobs.Args{count{1}, count{2}}); err != nil {
				return err
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatalf("got %v, want the transaction's own error", err)
		}
		insert(t, db, r, count{3})
		if err := idle(t, r); err != nil {
			t.Fatal(err)
		}
		if got := effects(t, db); !slices.Equal(got, []int64{3}) {
			t.Errorf("effects %v, want only that of the committed job", got)
		}
	})
}

func TestUniqueDropsWhatWaitsAlready(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		r := jobs.New(jobs.Config{DB: db, ID: "home"})
		jobs.Handle(r, effect(db))
		insert(t, db, r, count{1}, jobs.Unique())
		insert(t, db, r, count{1}, jobs.Unique())
		insert(t, db, r, count{2}, jobs.Unique())
		start(t, r)
		if err := idle(t, r); err != nil {
			t.Fatal(err)
		}
		if got := effects(t, db); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("effects %v, want [1 2]", got)
		}
		insert(t, db, r, count{1}, jobs.Unique())
		if err := idle(t, r); err != nil {
			t.Fatal(err)
		}
		if got := effects(t, db); !slices.Equal(got, []int64{1, 1, 2}) {
			t.Errorf("effects %v: after its end the job must be inserted again", got)
		}
	})
}

var errBroken = fault.Def{Kind: fault.Invalid, Code: "jobs_test.broken", En: "broken", Zh: "坏了"}

func TestFailures(t *testing.T) {
	tests := map[string]struct {
		opts     []jobs.Option
		fail     func(attempt int64) error
		attempts int64
		want     error
		text     string
	}{
		"success":                {fail: func(int64) error { return nil }, attempts: 1},
		"mended by a retry":      {fail: func(n int64) error { return map[bool]error{true: errors.New("not yet")}[n < 3] }, attempts: 3},
		"a panic is retried":     {fail: func(n int64) error { return map[bool]error{}[n == 1 && boom()] }, attempts: 2},
		"out of attempts":        {opts: []jobs.Option{jobs.Attempts(2)}, fail: func(int64) error { return errors.New("no luck") }, attempts: 2, text: "job count: no luck"},
		"beyond mending":         {fail: func(int64) error { return fmt.Errorf("read: %w", errBroken.With()) }, attempts: 1, want: errBroken, text: "jobs_test.broken"},
		"tried again much later": {fail: func(int64) error { return io.ErrUnexpectedEOF }, attempts: 4, want: io.ErrUnexpectedEOF},
	}
	storetest.EachURL(t, migrations, func(t *testing.T, url string) {
		db := storetest.Open(t, url, migrations)
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				r := jobs.New(jobs.Config{DB: db, ID: "home " + name, Now: fast()})
				var n atomic.Int64
				jobs.Handle(r, func(context.Context, *jobs.Job[count]) error { return tt.fail(n.Add(1)) })
				insert(t, db, r, count{1}, tt.opts...)
				start(t, r)
				err := idle(t, r)
				if n.Load() != tt.attempts {
					t.Errorf("%d attempts, want %d", n.Load(), tt.attempts)
				}
				if (err != nil) != (tt.want != nil || tt.text != "") || tt.want != nil && !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %v %q", err, tt.want, tt.text)
				}
				stop(t, r)
				if _, err := db.SQL().ExecContext(t.Context(), "DELETE FROM river_job"); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}

func boom() bool { panic("boom") }

func TestAFailingJobIsTriedAgainAtTheNextStart(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		clock := fast()
		down := jobs.New(jobs.Config{DB: db, ID: "home", Now: clock})
		jobs.Handle(down, func(context.Context, *jobs.Job[count]) error { return errors.New("down") })
		insert(t, db, down, count{7})
		start(t, down)
		if err := idle(t, down); err == nil {
			t.Fatal("a failing job was not reported")
		}
		stop(t, down)

		up := jobs.New(jobs.Config{DB: db, ID: "home", Now: clock})
		jobs.Handle(up, effect(db))
		start(t, up)
		if err := idle(t, up); err != nil {
			t.Fatal(err)
		}
		if got := effects(t, db); !slices.Equal(got, []int64{7}) {
			t.Errorf("effects %v, want [7]", got)
		}
	})
}

// A stopped job is no failure: it uses up no attempt and is repeated.
func TestStopInterruptsAndTheNextStartRepeats(t *testing.T) {
	stops := map[string]func(t *testing.T, r *jobs.Runner, cancelStart func()){
		"context of start ends": func(t *testing.T, r *jobs.Runner, cancelStart func()) {
			cancelStart()
			stop(t, r)
		},
		"stop does not wait": func(t *testing.T, r *jobs.Runner, _ func()) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := r.Stop(ctx); err != nil {
				t.Error(err)
			}
		},
	}
	for name, interrupt := range stops {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
				first := jobs.New(jobs.Config{DB: db, ID: "home"})
				begun := make(chan struct{})
				jobs.Handle(first, func(ctx context.Context, _ *jobs.Job[count]) error {
					close(begun)
					<-ctx.Done()
					return ctx.Err()
				})
				insert(t, db, first, count{5}, jobs.Attempts(1))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if err := first.Start(ctx); err != nil {
					t.Fatal(err)
				}
				<-begun
				interrupt(t, first, cancel)

				second := jobs.New(jobs.Config{DB: db, ID: "home"})
				jobs.Handle(second, effect(db))
				start(t, second)
				if err := idle(t, second); err != nil {
					t.Fatal(err)
				}
				if got := effects(t, db); !slices.Equal(got, []int64{5}) {
					t.Errorf("effects %v, want [5]", got)
				}
			})
		})
	}
}

// When a job is taken over while its first execution still lives, only one of
// the two may complete.
func TestCompleteRefusesASecondExecution(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		begun, proceed, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		var first, second sync.Once
		slow := jobs.New(jobs.Config{DB: db, ID: "home", Workers: 1})
		jobs.Handle(slow, func(ctx context.Context, job *jobs.Job[count]) (err error) {
			late := false
			first.Do(func() { late = true })
			if !late {
				return effect(db)(ctx, job)
			}
			close(begun)
			<-proceed
			err = effect(db)(ctx, job)
			result <- err
			return err
		})
		insert(t, db, slow, count{9})
		start(t, slow)
		<-begun
		taker := jobs.New(jobs.Config{DB: db, ID: "home", Workers: 1})
		jobs.Handle(taker, func(ctx context.Context, job *jobs.Job[count]) error {
			second.Do(func() {
				close(proceed)
				if err := <-result; !errors.Is(err, jobs.ErrLost) {
					t.Errorf("the late execution got %v, want ErrLost", err)
				}
			})
			return effect(db)(ctx, job)
		})
		start(t, taker)
		if err := idle(t, taker); err != nil {
			t.Fatal(err)
		}
		if got := effects(t, db); !slices.Equal(got, []int64{9}) {
			t.Errorf("effects %v, want [9]", got)
		}
	})
}

func TestMistakesOfWiring(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	r := jobs.New(jobs.Config{DB: db, ID: "home"})
	if err := r.Start(t.Context()); err == nil {
		t.Error("a runner without handlers started")
	}
	r = jobs.New(jobs.Config{DB: db, ID: "home"})
	jobs.Handle(r, effect(db))
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return r.Insert(ctx, tx, other{}) })
	if err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("inserting a kind without handler: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a handler was added after the first insert")
		}
	}()
	jobs.Handle(r, func(context.Context, *jobs.Job[other]) error { return nil })
}

type other struct{}

func (other) Kind() string { return "other" }
