package term

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// every is how often progress is told where nobody watches a bar.
const every = 10 * time.Second

// Progress shows how far long work is: on a terminal as bars, else as a line
// every ten seconds and one at the end, on Err. Quiet shows nothing. It is
// safe for concurrent use. Close it before writing results.
type Progress struct {
	t     *Terminal
	now   func() time.Time
	bars  *mpb.Progress // nil where nobody watches
	quit  chan struct{}
	ended sync.WaitGroup

	mu     sync.Mutex
	tasks  []*Task
	closed bool
}

// Task is one piece of work inside a Progress.
type Task struct {
	p     *Progress
	name  string
	total int64
	start time.Time
	bar   *mpb.Bar

	done, failed, skipped atomic.Int64
	final                 atomic.Bool
	finished              atomic.Int64 // µs since start, once final
}

// Progress starts showing progress by the clock now.
func (t *Terminal) Progress(now func() time.Time) *Progress {
	p := &Progress{t: t, now: now, quit: make(chan struct{})}
	switch {
	case t.Quiet:
	case t.ErrTTY:
		p.bars = mpb.New(mpb.WithOutput(t.Err), mpb.ForceAutoRefresh(),
			mpb.WithWidth(min(max(t.Width, 60), 100)), mpb.WithRefreshRate(200*time.Millisecond))
	default:
		p.ended.Go(p.heartbeat)
	}
	return p
}

// Task begins work of total steps; name is in the reader's language. Total 0
// means that nobody knows how many.
func (p *Progress) Task(name string, total int64) *Task {
	k := &Task{p: p, name: Clean(name), total: total, start: p.now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = append(p.tasks, k)
	if p.bars != nil && !p.closed {
		// The bar never completes by itself: Done and Close decide.
		k.bar = p.bars.New(0, mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"),
			mpb.BarWidth(20), mpb.BarFillerTrim(),
			mpb.PrependDecorators(decor.Name(k.name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + k.figures() })))
		if total > 0 {
			k.bar.SetTotal(total, false)
		}
	}
	return k
}

// Add counts n more steps as done.
func (k *Task) Add(n int64) {
	k.done.Add(n)
	if k.bar != nil {
		k.bar.IncrInt64(n)
	}
}

// Fail counts n steps as done with an error.
func (k *Task) Fail(n int64) {
	k.failed.Add(n)
	k.Add(n)
}

// Skip counts n steps as done that were done before: they fill the bar and
// stay out of the rate.
func (k *Task) Skip(n int64) {
	k.skipped.Add(n)
	k.Add(n)
}

// Done ends the task and, where no bar shows it, says so.
func (k *Task) Done() {
	if k.final.Swap(true) {
		return
	}
	k.finished.Store(k.p.now().Sub(k.start).Microseconds())
	if k.bar != nil {
		k.bar.SetTotal(-1, true)
		return
	}
	k.p.mu.Lock()
	defer k.p.mu.Unlock()
	if !k.p.closed {
		k.p.line(k)
	}
}

// Close ends every task and waits until the last of it is on the screen.
func (p *Progress) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	tasks := p.tasks
	p.mu.Unlock()
	for _, k := range tasks {
		if k.bar != nil {
			// A bar that stops short stays where it was.
			k.bar.Abort(false)
		}
		k.Done()
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	close(p.quit)
	p.ended.Wait()
	if p.bars != nil {
		p.bars.Wait()
	}
}

func (p *Progress) heartbeat() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		for _, k := range p.tasks {
			if !k.final.Load() {
				p.line(k)
			}
		}
		p.mu.Unlock()
	}
}

// line writes a task's state as one line; the caller holds mu.
func (p *Progress) line(k *Task) {
	if p.t.Quiet {
		return
	}
	// Progress that cannot be shown must not stop the work.
	_, _ = io.WriteString(p.t.Err, k.name+p.t.Say(": ", "：")+k.figures()+"\n")
}

// figures are done, total, rate, time and errors of k in words.
func (k *Task) figures() string {
	lang := k.p.t.Lang
	done, failed, skipped := k.done.Load(), k.failed.Load(), k.skipped.Load()
	elapsed := k.p.now().Sub(k.start)
	if k.final.Load() {
		elapsed = time.Duration(k.finished.Load()) * time.Microsecond
	}
	parts := []string{Count(done)}
	if k.total > 0 {
		parts[0] += "/" + Count(k.total)
		parts = append(parts, Percent(float64(done)/float64(k.total)))
	}
	worked := done - skipped
	if worked > 0 && elapsed > 0 {
		parts = append(parts, Rate(float64(worked)/elapsed.Seconds(), lang))
	}
	left := k.total - done
	switch {
	case k.final.Load():
		parts = append(parts, fmt.Sprintf(say(lang, "took %s", "用时 %s"), Duration(elapsed, lang)))
	case left > 0 && worked > 0:
		eta := time.Duration(float64(elapsed) / float64(worked) * float64(left))
		parts = append(parts, fmt.Sprintf(say(lang, "%s left", "剩余 %s"), Duration(eta.Round(time.Second), lang)))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf(say(lang, "%s errors", "%s 个错误"), Count(failed)))
	}
	return strings.Join(parts, " · ")
}
