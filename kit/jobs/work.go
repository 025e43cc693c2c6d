package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// ErrLost is returned by Job.Complete when the job is no longer this one's to
// complete: another process took it over, or it was completed already. The
// transaction must be rolled back, which returning the error does.
var ErrLost = fault.Def{Kind: fault.Conflict, Code: "jobs.lost",
	En: "job {job} was taken over by another process", Zh: "任务 {job} 已被另一进程接管",
	HintEn: "nothing needs to be done: the other process finishes it", HintZh: "无需处理：由另一进程完成"}

// ErrInterrupted is returned by a handler that was stopped and is to run again
// at the next start.
var ErrInterrupted = errors.New("interrupted")

// maxErrs bounds how many errors are remembered; of further failing jobs
// WaitIdle knows the stored text.
const maxErrs = 1000

type worker[A Args] struct {
	river.WorkerDefaults[A]
	r      *Runner
	handle func(ctx context.Context, job *Job[A]) error
}

// Work implements river.Worker.
func (w *worker[A]) Work(ctx context.Context, row *river.Job[A]) error {
	err := w.call(ctx, &Job[A]{ID: row.ID, Args: row.Args, Attempt: row.Attempt, r: w.r, row: row})
	if err == nil {
		w.r.remember(row.ID, nil)
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, ErrInterrupted) {
		// Stopped, not failed: it is available again for the next start.
		return river.JobSnooze(0)
	}
	w.r.remember(row.ID, err)
	stop := final(err)
	w.r.cfg.Log.WarnContext(ctx, "job failed", slog.String("kind", row.Kind), slog.Int64("job", row.ID),
		slog.Int("attempt", row.Attempt), slog.Bool("final", stop || row.Attempt >= row.MaxAttempts), slog.Any("error", err))
	if stop {
		return river.JobCancel(err)
	}
	return err
}

// call turns a panic into an error, so that it is reported like one.
func (w *worker[A]) call(ctx context.Context, job *Job[A]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.handle(ctx, job)
}

// final reports whether repeating cannot help: what was asked for is wrong,
// absent or forbidden, and will be the next time.
func final(err error) bool {
	switch fault.From(err).Kind {
	case fault.Invalid, fault.NotFound, fault.TooLarge, fault.Unauthenticated, fault.Denied, fault.Blocked:
		return true
	}
	return false
}

func (r *Runner) remember(id int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		delete(r.errs, id)
	case len(r.errs) < maxErrs:
		r.errs[id] = err
	}
}

// Complete ends the job in the transaction of its effect: both happen or
// neither. It fails with ErrLost if another execution of the same job came
// first. The handler returns nil after the commit; an error has no effect then.
func (j *Job[A]) Complete(ctx context.Context, tx bun.Tx) error {
	// The queue's own completion would let a second execution pass. The
	// number of the attempt tells executions apart and, on PostgreSQL, this
	// locks the row.
	res, err := tx.ExecContext(ctx, "UPDATE river_job SET attempt = attempt WHERE id = ? AND state = 'running' AND attempt = ?", j.ID, j.Attempt)
	if err != nil {
		return fmt.Errorf("complete job %d: %w", j.ID, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("complete job %d: %w", j.ID, err)
	}
	if n != 1 {
		return ErrLost.With("job", j.ID)
	}
	// The driver is only named to infer the type of the transaction, which is
	// the same for both.
	if _, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx.Tx, j.row); err != nil {
		return fmt.Errorf("complete job %d: %w", j.ID, err)
	}
	return nil
}

// Start requeues what was running under the same ID when its process was
// killed, makes what waits for another attempt ready, and works jobs until
// Stop, or until ctx ends: then the contexts of running jobs end as well.
func (r *Runner) Start(ctx context.Context) error {
	client, err := r.connect()
	if err != nil {
		return err
	}
	if err := r.requeue(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	r.started = r.now()
	clear(r.errs)
	r.mu.Unlock()
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start working jobs: %w", err)
	}
	return nil
}

// requeue raises the allowed attempts instead of taking the attempt back:
// Complete relies on the number of the attempt to tell two executions apart.
func (r *Runner) requeue(ctx context.Context) error {
	last := "attempted_by->>'$[#-1]'"
	if r.cfg.DB.Engine() == store.Postgres {
		last = "attempted_by[cardinality(attempted_by)]"
	}
	return r.cfg.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, q := range []string{
			"UPDATE river_job SET state = 'available', max_attempts = max_attempts + 1 WHERE state = 'running' AND " + last + " = ?",
			// created_at is in the past, in the engine's own format.
			"UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'retryable' AND " + last + " = ?",
		} {
			if _, err := tx.ExecContext(ctx, q, r.cfg.ID); err != nil {
				return fmt.Errorf("requeue interrupted jobs: %w", err)
			}
		}
		return nil
	})
}

// Stop fetches no more jobs and waits for those that run. When ctx ends first
// it ends their contexts too and waits on for up to ten seconds. What did not
// finish is repeated at the next Start.
func (r *Runner) Stop(ctx context.Context) error {
	client, err := r.connect()
	if err != nil {
		return err
	}
	err = client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// idleCheck is how often WaitIdle looks.
const idleCheck = 10 * time.Millisecond

// WaitIdle waits until no job is ready, running or due again within seconds,
// and returns the errors of those that have failed since Start, for good or
// until a later attempt. Jobs are waited for whoever works them; at least one
// Runner must have been started.
func (r *Runner) WaitIdle(ctx context.Context) error {
	client, err := r.connect()
	if err != nil {
		return err
	}
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	for n := 1; ; n++ {
		// An index leads with the state, so that finished jobs cost nothing.
		busy, err := r.cfg.DB.Read().NewSelect().Table("river_job").
			Where("state IN ('available', 'running')").Where("kind IN (?)", bun.List(r.kinds)).Exists(ctx)
		if err != nil {
			return fmt.Errorf("look for waiting jobs: %w", store.Explain(err))
		}
		if !busy {
			return r.failures(ctx, client)
		}
		if n%int(stuckCheck/idleCheck) == 0 {
			if err := r.stuck(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for jobs: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// stuckCheck is how often it is looked whether the queue can work at all.
const stuckCheck = time.Second

// Broken returns a channel that gets one error if jobs wait and the database
// takes no writes: the queue retries without end what a full disk refuses, and
// whoever waits for a job would wait with it. It looks until ctx ends.
func (r *Runner) Broken(ctx context.Context) <-chan error {
	out := make(chan error, 1)
	go func() {
		tick := time.NewTicker(stuckCheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := r.stuck(ctx); err != nil && ctx.Err() == nil {
				out <- err
				return
			}
		}
	}()
	return out
}

// stuck tries a write that changes nothing if jobs wait and none runs.
func (r *Runner) stuck(ctx context.Context) error {
	busy, err := r.cfg.DB.Read().NewSelect().Table("river_job").Where("state = 'running'").Exists(ctx)
	if err != nil || busy {
		return nil // what runs reports itself; a read that fails is no refusal to write
	}
	err = r.cfg.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Table("river_job").Set("priority = priority").
			Where("id = (SELECT MAX(id) FROM river_job WHERE state = 'available')").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("work jobs: %w", store.Explain(err))
	}
	return nil
}

// maxReported bounds the failures that WaitIdle returns.
const maxReported = 20

func (r *Runner) failures(ctx context.Context, client *river.Client[*sql.Tx]) error {
	r.mu.Lock()
	started := r.started
	r.mu.Unlock()
	failed := river.NewJobListParams().Kinds(r.kinds...).First(maxReported)
	waiting, err := client.JobList(ctx, failed.States(rivertype.JobStateRetryable))
	if err != nil {
		return fmt.Errorf("list failing jobs: %w", store.Explain(err))
	}
	ended, err := client.JobList(ctx, failed.States(rivertype.JobStateDiscarded, rivertype.JobStateCancelled).
		OrderBy(river.JobListOrderByFinalizedAt, river.SortOrderDesc))
	if err != nil {
		return fmt.Errorf("list failed jobs: %w", store.Explain(err))
	}
	var errs []error
	for _, row := range slices.Concat(waiting.Jobs, ended.Jobs) {
		// The database rounds to milliseconds.
		if row.FinalizedAt != nil && row.FinalizedAt.Before(started.Add(-time.Millisecond)) {
			continue
		}
		errs = append(errs, fmt.Errorf("job %s: %w", row.Kind, r.cause(row)))
	}
	return errors.Join(errs...)
}

// cause is the error itself if the job failed in this process, else its text.
func (r *Runner) cause(row *rivertype.JobRow) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err, ok := r.errs[row.ID]; ok {
		return err
	}
	if n := len(row.Errors); n > 0 {
		return errors.New(row.Errors[n-1].Error)
	}
	return errors.New("canceled")
}

// quiet drops what is below a warning: the queue reports each start and stop.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(as []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(as)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
