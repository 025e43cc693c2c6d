package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// The test binary runs itself as a process that works jobs and kills itself.
const (
	childEnv = "LANDFALL_JOBS_TEST_URL"
	seedEnv  = "LANDFALL_JOBS_TEST_SEED"
)

const killJobs = 50

func child() int {
	if err := workAndDie(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func workAndDie() (err error) {
	ctx := context.Background()
	seed, err := strconv.ParseUint(os.Getenv(seedEnv), 10, 64)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, os.Getenv(childEnv), migrations...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r := jobs.New(jobs.Config{DB: db, ID: "home", Workers: 3})
	jobs.Handle(r, func(ctx context.Context, job *jobs.Job[count]) error {
		// Each execution has its own stream: workers race, the draws do not.
		rnd := rand.New(rand.NewPCG(seed, uint64(job.ID)))
		die := func() error {
			if rnd.Float64() > 0.06 {
				return nil
			}
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if err := die(); err != nil {
			return err
		}
		err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO effects (n) VALUES (?)", job.Args.N); err != nil {
				return err
			}
			if err := die(); err != nil {
				return err
			}
			if err := job.Complete(ctx, tx); err != nil {
				return err
			}
			return die()
		})
		return errors.Join(err, die())
	})
	if err := r.Start(ctx); err != nil {
		return err
	}
	return errors.Join(r.WaitIdle(ctx), r.Stop(ctx))
}

func TestEffectsHappenOnceOverKills(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	storetest.EachURL(t, migrations, func(t *testing.T, url string) {
		t.Parallel()
		db := storetest.Open(t, url, migrations)
		r := jobs.New(jobs.Config{DB: db, ID: "home"})
		jobs.Handle(r, effect(db))
		var want []int64
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			for n := range int64(killJobs) {
				want = append(want, n)
				if err := r.Insert(ctx, tx, count{n}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		kills := 0
		for seed := 1; ; seed++ {
			cmd := exec.CommandContext(t.Context(), self)
			cmd.Env = append(os.Environ(), childEnv+"="+url, seedEnv+"="+strconv.Itoa(seed))
			out, err := cmd.CombinedOutput()
			if err == nil {
				break
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("run %d: %v\n%s", seed, err, out)
			}
			if kills++; kills > 10*killJobs {
				t.Fatal("the jobs never end")
			}
		}
		if kills < 5 {
			t.Errorf("%d kills show nothing", kills)
		}
		if got := effects(t, db); !slices.Equal(got, want) {
			t.Errorf("after %d kills the effects are %v, want each of %d once", kills, got, killJobs)
		}
		t.Logf("%d kills", kills)
	})
}
