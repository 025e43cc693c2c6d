package app

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/landfall-ai/landfall/align/poc"
)

// errCanceled ends a run that somebody gave up, errStopping one that goes on
// when the server is back.
var (
	errCanceled = errors.New("the run was given up")
	errStopping = errors.New("the server stops")
)

// lives holds the runs that go on in this process.
type lives struct {
	mu     sync.Mutex
	m      map[string]*liveRun
	closed bool
}

// liveRun is a run that goes on: how far it has come, and how to end it. It is
// a poc.Progress.
type liveRun struct {
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	phases  []poc.Phase
	version int           // counts changes
	changed chan struct{} // closed at the next change; nil while nobody waits
	ended   bool
}

// begin makes run live until the returned function is called. Its context ends
// when it is to stop.
func (l *lives) begin(ctx context.Context, run string) (context.Context, *liveRun, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &liveRun{cancel: cancel}
	l.mu.Lock()
	if l.m == nil {
		l.m = map[string]*liveRun{}
	}
	l.m[run] = r
	if l.closed {
		cancel(errStopping)
	}
	l.mu.Unlock()
	return ctx, r, func() {
		l.mu.Lock()
		delete(l.m, run)
		l.mu.Unlock()
		cancel(nil)
		r.change(func() { r.ended = true })
	}
}

func (l *lives) get(run string) *liveRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m[run]
}

func (l *lives) stop(run string) {
	if r := l.get(run); r != nil {
		r.cancel(errCanceled)
	}
}

// close ends all of them, and those that begin later.
func (l *lives) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, r := range l.m {
		r.cancel(errStopping)
	}
}

func (l *lives) phases(run string) []poc.Phase {
	r := l.get(run)
	if r == nil {
		return nil
	}
	phases, _, _ := r.snapshot()
	return phases
}

// snapshot returns how far r has come, the number of changes so far, and
// whether it has ended.
func (r *liveRun) snapshot() (phases []poc.Phase, version int, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.phases), r.version, r.ended
}

// after returns a channel that is closed once there was a change after version.
func (r *liveRun) after(version int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.version != version {
		c := make(chan struct{})
		close(c)
		return c
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

func (r *liveRun) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	r.version++
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func (r *liveRun) phase(id string) *poc.Phase {
	for i := range r.phases {
		if r.phases[i].ID == id {
			return &r.phases[i]
		}
	}
	r.phases = append(r.phases, poc.Phase{ID: id})
	return &r.phases[len(r.phases)-1]
}

// Phase implements poc.Progress.
func (r *liveRun) Phase(id, title string, total, done int) {
	r.change(func() { *r.phase(id) = poc.Phase{ID: id, Title: title, Total: total, Done: done} })
}

// Step implements poc.Progress.
func (r *liveRun) Step(id string, failed bool) {
	r.change(func() {
		p := r.phase(id)
		p.Done++
		if failed {
			p.Failed++
		}
	})
}

// End implements poc.Progress.
func (r *liveRun) End(id string) {
	r.change(func() { r.phase(id).Ended = true })
}
