package llm_test

import (
	"container/heap"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// simulation runs calls against a modelled server in the time of a clock that
// stands still in between, so it takes no time and repeats.
type simulation struct {
	clock    *llmtest.Clock
	limiter  *llm.Limiter
	inFlight int
	ends     ends
	refused  int
	answered int
}

type end struct {
	at      time.Time
	slot    *llm.Slot
	outcome llm.Outcome
	took    time.Duration
}

type ends []end

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(end)) }
func (e *ends) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

// step starts as many calls as the limiter lets, then ends the next.
// serve tells, from the calls in flight, how the call ends.
func (s *simulation) step(t *testing.T, serve func(inFlight int) (llm.Outcome, time.Duration)) {
	t.Helper()
	for {
		if st := s.limiter.State(); st.InFlight >= st.Limit {
			break
		}
		slot, _, err := s.limiter.Acquire(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		s.inFlight++
		o, took := serve(s.inFlight)
		heap.Push(&s.ends, end{s.clock.Now().Add(took), slot, o, took})
	}
	e := heap.Pop(&s.ends).(end)
	s.clock.Advance(e.at.Sub(s.clock.Now()))
	s.inFlight--
	e.slot.Release(e.outcome, e.took)
	if e.outcome == llm.Congested {
		s.refused++
	} else {
		s.answered++
	}
}

func simulate(o llm.LimiterOptions) *simulation {
	clock := llmtest.NewClock()
	return &simulation{clock: clock, limiter: llm.NewLimiter(o, clock)}
}

// A server that takes 20 calls at once and refuses the others: the limit comes
// to be near 20, and few calls are refused.
func TestLimiterConvergesToWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := simulate(llm.LimiterOptions{Max: 200})
	jitter := 0
	serve := func(capacity int) func(int) (llm.Outcome, time.Duration) {
		return func(inFlight int) (llm.Outcome, time.Duration) {
			jitter = (jitter*31 + 7) % 97 // calls take 0.8 to 1.2 s
			if inFlight > capacity {
				return llm.Congested, 20 * time.Millisecond
			}
			return llm.Success, 800*time.Millisecond + time.Duration(jitter)*4*time.Millisecond
		}
	}
	settle := func(capacity int) (mean float64, refused float64) {
		for range 3000 {
			s.step(t, serve(capacity))
		}
		s.refused, s.answered = 0, 0
		sum := 0
		for range 5000 {
			s.step(t, serve(capacity))
			sum += s.limiter.State().Limit
		}
		return float64(sum) / 5000, float64(s.refused) / 5000
	}
	for _, capacity := range []int{20, 6, 60} { // it follows in both directions
		mean, refused := settle(capacity)
		t.Logf("capacity %d: mean limit %.1f, %.2f %% refused", capacity, mean, 100*refused)
		if mean < 0.7*float64(capacity) || mean > 1.1*float64(capacity) || refused > 0.02+0.5/float64(capacity) {
			t.Errorf("capacity %d: mean limit %.1f, %.1f %% refused", capacity, mean, 100*refused)
		}
	}
}

// A server that refuses nothing and shares its speed among all calls beyond
// 10: latency holds the limit near Tolerance times 10.
func TestLimiterConvergesByLatency(t *testing.T) {
	t.Parallel()
	s := simulate(llm.LimiterOptions{Max: 500, Tolerance: 2})
	serve := func(inFlight int) (llm.Outcome, time.Duration) {
		return llm.Success, time.Duration(max(1, float64(inFlight)/10) * float64(time.Second))
	}
	most, sum := 0, 0
	for i := range 20000 {
		s.step(t, serve)
		l := s.limiter.State().Limit
		most = max(most, l)
		if i >= 10000 {
			sum += l
		}
	}
	mean := float64(sum) / 10000
	t.Logf("mean limit %.1f, at most %d", mean, most)
	if mean < 10 || mean > 25 || most > 50 {
		t.Errorf("mean limit %.1f, at most %d; want about 20", mean, most)
	}
}

// A server that becomes ten times slower for reasons of its own is no loaded
// server: the limit finds back.
func TestLimiterAcceptsASlowerServer(t *testing.T) {
	t.Parallel()
	s := simulate(llm.LimiterOptions{Max: 40})
	took := time.Second
	serve := func(int) (llm.Outcome, time.Duration) { return llm.Success, took }
	for range 2000 {
		s.step(t, serve)
	}
	took *= 10
	for range 4000 {
		s.step(t, serve)
	}
	if l := s.limiter.State().Limit; l != 40 {
		t.Errorf("the limit is %d, want the maximum", l)
	}
}

func TestLimiterStaysInItsBounds(t *testing.T) {
	t.Parallel()
	s := simulate(llm.LimiterOptions{Min: 2, Max: 8})
	for range 500 {
		s.step(t, func(int) (llm.Outcome, time.Duration) { return llm.Success, time.Second })
	}
	if l := s.limiter.State().Limit; l != 8 {
		t.Errorf("unloaded: %d, want the maximum", l)
	}
	for range 500 {
		s.step(t, func(int) (llm.Outcome, time.Duration) { return llm.Congested, time.Second })
	}
	if l := s.limiter.State().Limit; l != 2 {
		t.Errorf("refused: %d, want the minimum", l)
	}
}

// Calls that were in flight together and are all refused count once.
func TestCongestionShrinksOnce(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	l := llm.NewLimiter(llm.LimiterOptions{Start: 10, Decrease: 0.5}, clock)
	slots := make([]*llm.Slot, 10)
	for i := range slots {
		slots[i], _, _ = l.Acquire(t.Context(), 0)
	}
	clock.Advance(time.Second)
	for _, s := range slots {
		s.Release(llm.Congested, 0)
	}
	if got := l.State(); got.Limit != 5 || got.InFlight != 0 {
		t.Errorf("after ten refusals at once: %+v", got)
	}
}

func TestLimiterQueuesInOrder(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	l := llm.NewLimiter(llm.LimiterOptions{Max: 1}, clock)
	first, _, err := l.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		n      int
		slot   *llm.Slot
		waited llm.Waited
		err    error
	}
	out := make(chan got)
	gone, give := context.WithCancel(t.Context())
	for n, ctx := range []context.Context{t.Context(), gone, t.Context()} {
		go func() {
			s, w, err := l.Acquire(ctx, 0)
			out <- got{n, s, w, err}
		}()
		for l.State().Waiting <= n { // until it queues, so that the order is known
		}
	}
	give()
	if g := <-out; g.n != 1 || !errors.Is(g.err, context.Canceled) {
		t.Errorf("who gave up: %+v", g)
	}
	clock.Advance(3 * time.Second)
	first.Release(llm.Success, 0)
	a := <-out
	if a.n != 0 || a.err != nil || a.waited.Queue != 3*time.Second || a.waited.Rate != 0 {
		t.Errorf("first in the queue: %+v", a)
	}
	a.slot.Release(llm.Success, 0)
	b := <-out
	if b.n != 2 || b.err != nil {
		t.Errorf("second: %+v", b)
	}
	b.slot.Release(llm.Neutral, 0)
	if s := l.State(); s.InFlight != 0 || s.Waiting != 0 {
		t.Errorf("left over: %+v", s)
	}
}

func TestLimiterPauses(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	clock.Auto = true
	l := llm.NewLimiter(llm.LimiterOptions{}, clock)
	l.Pause(10 * time.Second)
	l.Pause(time.Second) // shortens nothing
	if got := l.State().PausedFor; got != 10*time.Second {
		t.Errorf("paused for %v", got)
	}
	if _, _, err := l.Acquire(t.Context(), 9*time.Second); !errors.Is(err, llm.ErrRateLimited) {
		t.Errorf("longer than allowed: %v", err)
	}
	s, w, err := l.Acquire(t.Context(), 10*time.Second)
	if err != nil || w.Rate != 10*time.Second || w.Queue != 0 {
		t.Errorf("waited %+v, %v", w, err)
	}
	s.Release(llm.Success, time.Second)
	if got := l.State(); got.PausedFor != 0 || got.InFlight != 0 {
		t.Errorf("after it: %+v", got)
	}
}
