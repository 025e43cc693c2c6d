package idempotent_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/idempotent"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{idempotent.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		began := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
		var mu sync.Mutex
		made := 0
		once := func(who, op, key, request string, at time.Duration, fail error) (id string, again bool, err error) {
			ctx := auth.With(t.Context(), auth.Principal{ID: who})
			err = db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				id, again, err = idempotent.Once(ctx, tx, began.Add(at), op, key, request, func() (string, error) {
					mu.Lock()
					defer mu.Unlock()
					made++
					return fmt.Sprint("thing_", made), fail
				})
				return err
			})
			return id, again, err
		}
		failure := errors.New("disk full")
		for i, c := range []struct {
			who, op, key, request string
			at                    time.Duration
			fail                  error
			id                    string
			again                 bool
			err                   error
		}{
			{"a", "make", "k", "x", 0, nil, "thing_1", false, nil},
			{"a", "make", "k", "x", time.Hour, nil, "thing_1", true, nil},
			{"a", "make", "k", "y", time.Hour, nil, "", false, idempotent.ErrReused},
			{"b", "make", "k", "y", time.Hour, nil, "thing_2", false, nil}, // another person's key
			{"a", "other", "k", "y", time.Hour, nil, "thing_3", false, nil},
			{"a", "make", "", "x", time.Hour, nil, "thing_4", false, nil},
			{"a", "make", "f", "x", time.Hour, failure, "", false, failure}, // nothing is remembered of a failure
			{"a", "make", "f", "x", time.Hour, nil, "thing_6", false, nil},
			{"a", "make", "k", "y", 25 * time.Hour, nil, "thing_7", false, nil}, // forgotten
		} {
			id, again, err := once(c.who, c.op, c.key, c.request, c.at, c.fail)
			if (c.err == nil) != (err == nil) || c.err != nil && !errors.Is(err, c.err) || err == nil && (id != c.id || again != c.again) {
				t.Errorf("%d: %q %v %v, want %+v", i, id, again, err, c)
			}
		}
		// Many at once make one.
		before := made
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, _, err := once("a", "make", "race", "x", 0, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made != before+1 {
			t.Errorf("%d were made", made-before)
		}
	})
}
