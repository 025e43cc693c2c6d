package llm

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// LimiterOptions shape a Limiter. The zero value is sound for one endpoint.
type LimiterOptions struct {
	// Min and Max bound the calls in flight; 1 and 64 if 0.
	Min, Max int
	// Start is the limit at first; 4 if 0, within the bounds.
	Start int
	// Decrease is what congestion leaves of the limit; 0.7 if 0.
	Decrease float64
	// Tolerance is how many times slower than unloaded the median answer may
	// get before that counts as congestion; 2.5 if 0.
	Tolerance float64
}

// Limiter bounds the calls in flight to one endpoint by a limit that adapts as
// TCP does (additive increase, multiplicative decrease; Chiu and Jain 1989):
// it grows by half per round until it first meets congestion and by one per
// round after that, and shrinks at once on refusals, overload, or when answers
// slow down. Congestion shrinks it once, however many of the calls that were
// in flight together report it. It is safe for concurrent use.
type Limiter struct {
	o     LimiterOptions
	clock Clock

	mu        sync.Mutex
	limit     float64
	threshold float64 // below it the limit grows fast
	inFlight  int
	queue     list.List // of chan struct{}, first come first served
	until     time.Time // nobody starts before
	shrunk    time.Time // when the limit last shrank
	window    []time.Duration
	base      time.Duration // the fastest median: the server without our load
	slow      bool          // the last window was slow
}

// NewLimiter returns a limiter; a nil clock is the real one.
func NewLimiter(o LimiterOptions, clock Clock) *Limiter {
	if o.Max <= 0 {
		o.Max = 64
	}
	o.Min = min(max(o.Min, 1), o.Max)
	if o.Start == 0 {
		o.Start = 4
	}
	o.Start = min(max(o.Start, o.Min), o.Max)
	if !(o.Decrease > 0 && o.Decrease < 1) {
		o.Decrease = 0.7
	}
	if !(o.Tolerance > 1) {
		o.Tolerance = 2.5
	}
	if clock == nil {
		clock = SystemClock{}
	}
	return &Limiter{o: o, clock: clock, limit: float64(o.Start), threshold: float64(o.Max)}
}

// Waited tells what a call waited for before it started.
type Waited struct {
	Queue time.Duration // for calls of our own to end
	Rate  time.Duration // because the server asked to wait
}

// Outcome is what a call says about the load of its server.
type Outcome int

// The outcomes.
const (
	Neutral   Outcome = iota // nothing: refused for its content, or given up by us
	Success                  // answered
	Congested                // 429, 503, or no answer in time
)

// Slot is the right to have one call in flight. Release it exactly once.
type Slot struct {
	l     *Limiter
	start time.Time
}

// Acquire waits for a slot. If the server asked everybody to wait and that
// lasts longer than most, it fails at once with ErrRateLimited.
func (l *Limiter) Acquire(ctx context.Context, most time.Duration) (*Slot, Waited, error) {
	var w Waited
	if err := ctx.Err(); err != nil {
		return nil, w, err
	}
	if err := l.rest(ctx, most, &w); err != nil {
		return nil, w, err
	}
	l.mu.Lock()
	if l.queue.Len() == 0 && l.inFlight < l.whole() {
		l.inFlight++
		l.mu.Unlock()
	} else {
		mine := make(chan struct{})
		at := l.queue.PushBack(mine)
		l.mu.Unlock()
		from := l.clock.Now()
		select {
		case <-mine:
			w.Queue = l.clock.Now().Sub(from)
		case <-ctx.Done():
			w.Queue = l.clock.Now().Sub(from)
			l.mu.Lock()
			select {
			case <-mine: // granted meanwhile: pass it on
				l.inFlight--
			default:
				l.queue.Remove(at)
			}
			l.wake()
			l.mu.Unlock()
			return nil, w, ctx.Err()
		}
	}
	// While it queued, the server may have asked for a pause.
	if err := l.rest(ctx, most, &w); err != nil {
		l.mu.Lock()
		l.inFlight--
		l.wake()
		l.mu.Unlock()
		return nil, w, err
	}
	return &Slot{l, l.clock.Now()}, w, nil
}

// rest sleeps until the pause that the server asked for is over.
func (l *Limiter) rest(ctx context.Context, most time.Duration, w *Waited) error {
	for {
		l.mu.Lock()
		now := l.clock.Now()
		left := l.until.Sub(now)
		l.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if left > most {
			return ErrRateLimited.With("wait", left.Round(time.Second).String())
		}
		err := l.clock.Sleep(ctx, left)
		w.Rate += l.clock.Now().Sub(now)
		if err != nil {
			return err
		}
	}
}

// Pause keeps every call from starting for d. It never shortens a pause.
func (l *Limiter) Pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.clock.Now().Add(min(d, longest)); until.After(l.until) {
		l.until = until
	}
}

// Release ends the call. latency is its time to the first token where known,
// else to its answer; 0 says nothing about it. It counts only with Success.
func (s *Slot) Release(o Outcome, latency time.Duration) {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	switch o {
	case Success:
		// A limit that is not used says nothing about a higher one.
		busy := 2*l.inFlight >= l.whole()
		l.observe(latency, s.start)
		if busy && !l.slow {
			if l.limit < l.threshold {
				l.limit += 0.5 // half again per round
			} else {
				l.limit += 1 / l.limit
			}
			l.limit = min(l.limit, float64(l.o.Max))
		}
	case Congested:
		l.shrink(l.o.Decrease, s.start)
	case Neutral:
	}
	l.inFlight--
	l.wake()
}

// observe adds a latency and judges a window of them, once it is full, against
// the fastest so far.
func (l *Limiter) observe(d time.Duration, start time.Time) {
	if d <= 0 {
		return
	}
	l.window = append(l.window, d)
	if len(l.window) < min(max(8, l.whole()), 32) {
		return
	}
	slices.Sort(l.window)
	median := l.window[len(l.window)/2]
	l.window = l.window[:0]
	if l.base == 0 || median < l.base {
		l.base = median
	}
	times := float64(median) / float64(l.base)
	if l.slow = times > l.o.Tolerance; l.slow && l.whole() <= max(l.o.Min, 2) {
		// So few calls do not load a server: it has become slower for other
		// reasons, or the requests longer. That is the new measure.
		l.base, l.slow, l.threshold = median, false, float64(l.o.Max)
		return
	}
	if times > (1+l.o.Tolerance)/2 {
		l.threshold = min(l.threshold, l.limit) // near enough to go on slowly
	}
	if l.slow {
		// Slowness is a softer sign than a refusal.
		l.shrink((1+l.o.Decrease)/2, start)
	}
}

func (l *Limiter) shrink(to float64, start time.Time) {
	if start.Before(l.shrunk) {
		return // the call saw the old limit
	}
	l.limit = max(l.limit*to, float64(l.o.Min))
	l.threshold = l.limit
	l.shrunk = l.clock.Now()
}

func (l *Limiter) whole() int { return int(l.limit) }

// wake grants free slots to those that wait.
func (l *Limiter) wake() {
	for l.inFlight < l.whole() {
		first := l.queue.Front()
		if first == nil {
			return
		}
		l.queue.Remove(first)
		l.inFlight++
		close(first.Value.(chan struct{}))
	}
}

// LimiterState is what a limiter is at.
type LimiterState struct {
	Limit, InFlight, Waiting int
	// PausedFor is how long the server asked to wait still; 0 if it does not.
	PausedFor time.Duration
}

// State tells what the limiter is at.
func (l *Limiter) State() LimiterState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return LimiterState{l.whole(), l.inFlight, l.queue.Len(), max(l.until.Sub(l.clock.Now()), 0)}
}
