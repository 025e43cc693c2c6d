// Package jobs is the one place that knows the job queue. A job is a row that
// is inserted in the transaction of the write that causes it, is run at least
// once, and can be completed in the transaction of its own effect, so that an
// effect in the database happens exactly once, whatever is killed when.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/store"
)

const (
	// timeout is how long a job may run. Evaluations take hours; a job that
	// hangs is seen in the list of runs, not by a clock.
	timeout = 24 * time.Hour
	// rescueAfter must exceed timeout, or a job would run twice at once. A
	// killed process does not wait for it: see Start.
	rescueAfter = timeout + time.Hour
	// attempts with the delays of nextRetry reach over about nine hours.
	attempts   = 10
	firstRetry = 100 * time.Millisecond
	lastRetry  = 3 * time.Hour
	// fetchPause lies at least between two fetches while there is work.
	fetchPause = 2 * time.Millisecond
	keepDone   = 24 * time.Hour
	keepFailed = 30 * 24 * time.Hour
)

// Args is what a job is about. It is stored as JSON; Kind names the handler
// and must never change, since stored jobs refer to it.
type Args interface{ Kind() string }

// Config is what a Runner needs.
type Config struct {
	DB *store.DB
	// ID names the home, not the process: what a killed process with this ID
	// was running is its successor's to repeat. At most one process at a time
	// may start a Runner with it.
	ID string
	// Log hears of failing jobs. Nil discards.
	Log *slog.Logger
	// Workers is how many jobs run at once, 4 if 0.
	Workers int
	// Queues bound further queues, by name: how many jobs of each run at once,
	// beside Workers. See Queue.
	Queues map[string]int
	// Poll is how soon a new job is seen, 20 ms if 0. Each look costs up to
	// a millisecond, so that what waits for days does well with more.
	Poll time.Duration
	// Now replaces the database's clock in tests. It must advance, since
	// retries wait for it.
	Now func() time.Time
}

// Runner inserts and works jobs.
type Runner struct {
	cfg     Config
	workers *river.Workers
	kinds   []string

	connect func() (*river.Client[*sql.Tx], error)
	sealed  bool // no more handlers: the client exists

	mu      sync.Mutex
	errs    map[int64]error // of jobs that failed and have not succeeded since
	started time.Time
}

// New returns a Runner that does nothing yet.
func New(cfg Config) *Runner {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Workers == 0 {
		cfg.Workers = 4
	}
	if cfg.Poll == 0 {
		cfg.Poll = 20 * time.Millisecond
	}
	r := &Runner{cfg: cfg, workers: river.NewWorkers(), errs: map[int64]error{}}
	r.connect = sync.OnceValues(r.newClient)
	return r
}

// Job is a job that is being worked.
type Job[A Args] struct {
	ID   int64
	Args A
	// Attempt counts from 1. It also counts attempts that a kill cut short.
	Attempt int

	r   *Runner
	row *river.Job[A]
}

// Handle makes h the handler of the jobs whose arguments are an A. It panics
// if the kind has a handler already, or after the first Insert or Start:
// both are mistakes of wiring.
//
// h may run more than once and must then come to the same result; what it
// writes together with Job.Complete happens once. Its context ends when the
// Runner is stopped, and the job is then repeated at the next start. An error
// is retried after a growing delay, 0.1 s at first, ten attempts in all,
// unless it is a fault that repeating cannot mend (see final).
func Handle[A Args](r *Runner, h func(ctx context.Context, job *Job[A]) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var a A
	if r.sealed {
		panic("jobs: handler of " + a.Kind() + " comes after the start")
	}
	river.AddWorker(r.workers, &worker[A]{r: r, handle: h})
	r.kinds = append(r.kinds, a.Kind())
}

func (r *Runner) newClient() (*river.Client[*sql.Tx], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sealed = true
	cfg := &river.Config{
		ID:                          r.cfg.ID,
		Logger:                      slog.New(quiet{r.cfg.Log.Handler()}),
		Workers:                     r.workers,
		Queues:                      r.queues(),
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        rescueAfter,
		MaxAttempts:                 attempts,
		RetryPolicy:                 retryPolicy{r.now},
		PollOnly:                    true,
		FetchPollInterval:           r.cfg.Poll,
		FetchCooldown:               fetchPause,
		FetchOnlyKnownKinds:         true,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepFailed,
		DiscardedJobRetentionPeriod: keepFailed,
	}
	if r.cfg.Now != nil {
		cfg.Test.Time = clock(r.cfg.Now)
	}
	if len(r.kinds) == 0 {
		return nil, errors.New("no job has a handler")
	}
	var client *river.Client[*sql.Tx]
	var err error
	if r.cfg.DB.Engine() == store.SQLite {
		client, err = river.NewClient(riversqlite.New(r.cfg.DB.SQL()), cfg)
	} else {
		client, err = river.NewClient(riverdatabasesql.New(r.cfg.DB.SQL()), cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	return client, nil
}

func (r *Runner) queues() map[string]river.QueueConfig {
	out := map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: r.cfg.Workers}}
	for name, n := range r.cfg.Queues {
		out[name] = river.QueueConfig{MaxWorkers: n}
	}
	return out
}

func (r *Runner) now() time.Time {
	if r.cfg.Now != nil {
		return r.cfg.Now()
	}
	return time.Now()
}

// clock makes the queue use now instead of the database's clock.
type clock func() time.Time

func (c clock) Now() time.Time { return c() }

func (c clock) NowOrNil() *time.Time {
	t := c()
	return &t
}

type retryPolicy struct{ now func() time.Time }

// NextRetry waits 0.1 s after the first error and four times as long after
// each further one, up to three hours, with a jitter of a tenth. Errors are
// counted rather than attempts, which kills and stops make as well.
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	d := min(float64(firstRetry)*math.Pow(4, float64(len(job.Errors))), float64(lastRetry))
	return p.now().Add(time.Duration(d * (1 + 0.1*rand.Float64()))) // jitter may differ between runs: it decides no result
}

// Option changes how a job is inserted.
type Option func(*river.InsertOpts)

// Unique drops the job if one of the same kind and arguments waits, runs or
// will be retried. Once it has ended the next is inserted again.
func Unique() Option {
	return func(o *river.InsertOpts) {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}}
	}
}

// Queue puts the job into one of Config.Queues, so that long work keeps no
// short work waiting.
func Queue(name string) Option { return func(o *river.InsertOpts) { o.Queue = name } }

// Attempts sets how often the job is tried at most, instead of ten times.
func Attempts(n int) Option { return func(o *river.InsertOpts) { o.MaxAttempts = n } }

// Insert adds a job in the caller's transaction: it exists if and only if tx
// commits. The kind must have a handler.
func (r *Runner) Insert(ctx context.Context, tx bun.Tx, args Args, opts ...Option) error {
	return r.InsertMany(ctx, tx, []Args{args}, opts...)
}

// InsertMany is Insert for several jobs with the same options.
func (r *Runner) InsertMany(ctx context.Context, tx bun.Tx, args []Args, opts ...Option) error {
	if len(args) == 0 {
		return nil
	}
	client, err := r.connect()
	if err != nil {
		return err
	}
	var o river.InsertOpts
	for _, opt := range opts {
		opt(&o)
	}
	params := make([]river.InsertManyParams, len(args))
	for i, a := range args {
		params[i] = river.InsertManyParams{Args: a, InsertOpts: &o}
	}
	if _, err := client.InsertManyTx(ctx, tx.Tx, params); err != nil {
		return fmt.Errorf("insert job %s: %w", args[0].Kind(), err)
	}
	return nil
}
