package llm_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

func TestCache(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	clock.Auto = true
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "an answer", Prompt: 1000, Completion: 100, Before: func() { clock.Advance(2 * time.Second) }}))
	price := llm.Price{Currency: "CNY", InputPer1M: dec("2"), OutputPer1M: dec("8")}
	cache := &llm.Memory{}
	c, _ := client(t, s, func(d *llm.Deps) { d.Clock, d.Cache, d.Price = clock, cache, &price })
	first, err := c.Chat(t.Context(), hello())
	if err != nil || first.Cached || !first.Paid.Amount.Equal(dec("0.0028")) {
		t.Fatalf("%+v, %v", first, err)
	}
	clock.Advance(time.Hour)
	var streamed []llm.Delta
	second, err := c.Stream(t.Context(), hello(), func(d llm.Delta) error { streamed = append(streamed, d); return nil })
	if err != nil || !second.Cached || !second.Paid.Amount.IsZero() {
		t.Fatalf("%+v, %v", second, err)
	}
	// It is the first answer, with what was measured then.
	if second.Text != first.Text || second.Measure != first.Measure || second.Measure.Service != 2*time.Second || !second.At.Equal(first.At) ||
		second.Usage != first.Usage || !second.Cost.Amount.Equal(first.Cost.Amount) || second.Digest != first.Digest {
		t.Errorf("got  %+v\nwant %+v", second, first)
	}
	if len(streamed) != 1 || streamed[0].Text != "an answer" {
		t.Errorf("delivered %+v", streamed)
	}
	if _, err := c.Stream(t.Context(), hello(), func(llm.Delta) error { return context.Canceled }); !errors.Is(err, context.Canceled) {
		t.Errorf("an error of delivery: %v", err)
	}

	// Whatever determines the answer makes another; the key does not.
	hot := 0.9
	asked := len(s.Calls())
	for name, change := range map[string]func(*llm.Deps, *llm.Request){
		"text":        func(_ *llm.Deps, r *llm.Request) { r.Messages = []llm.Message{llm.Text("user", "hello!")} },
		"temperature": func(_ *llm.Deps, r *llm.Request) { r.Temperature = &hot },
		"sample":      func(_ *llm.Deps, r *llm.Request) { r.Sample = 1 },
		"model":       func(_ *llm.Deps, r *llm.Request) { r.Model = "other" },
		"endpoint":    func(d *llm.Deps, _ *llm.Request) { d.Endpoint.Name = "other" },
		"address":     func(d *llm.Deps, _ *llm.Request) { d.Endpoint.BaseURL += "/v2" },
		"":            func(d *llm.Deps, _ *llm.Request) { d.Endpoint.Key = func() (string, error) { return "sk-other", nil } },
	} {
		r := hello()
		c, _ := client(t, s, func(d *llm.Deps) { d.Clock, d.Cache = clock, cache; change(d, &r) })
		a, err := c.Chat(t.Context(), r)
		if err != nil || a.Cached != (name == "") {
			t.Errorf("another %q: cached %v, %v", name, a.Cached, err)
		}
	}
	if n := len(s.Calls()) - asked; n != 6 {
		t.Errorf("%d more calls, want 6", n)
	}
}

// Faults are not kept.
func TestCacheKeepsOnlyAnswers(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Sequence(llmtest.Reply{Status: 400}, llmtest.Reply{Text: "ok"}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Cache = &llm.Memory{} })
	if _, err := c.Chat(t.Context(), hello()); !errors.Is(err, llm.ErrRefused) {
		t.Errorf("first: %v", err)
	}
	if a, err := c.Chat(t.Context(), hello()); err != nil || a.Cached || a.Text != "ok" {
		t.Errorf("second: %+v, %v", a, err)
	}
}

// A cache that is broken costs no answer, and is told of in the log.
type broken struct{}

func (broken) Get(context.Context, string) ([]byte, bool, error) { return []byte("{"), true, nil }
func (broken) Put(context.Context, string, []byte) error         { return errors.New("disk full") }

func TestBrokenCache(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "ok"}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Cache, d.Log = broken{}, slog.New(slog.NewTextHandler(&log, nil)) })
	if a, err := c.Chat(t.Context(), hello()); err != nil || a.Text != "ok" || a.Cached {
		t.Errorf("%+v, %v", a, err)
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "disk full") {
		t.Errorf("logged %q", got)
	}
}

// Equal calls at the same time are one. If who asked gives up, another asks.
func TestEqualCallsShareOne(t *testing.T) {
	t.Parallel()
	arrived, gate := make(chan struct{}), make(chan struct{})
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "ok", Before: func() { arrived <- struct{}{}; <-gate }}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Cache = &llm.Memory{} })
	ctx, giveUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := c.Chat(ctx, hello()); gone <- err }()
	<-arrived
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 8 {
		wg.Go(func() {
			a, err := c.Chat(t.Context(), hello())
			if err != nil || a.Text != "ok" {
				t.Errorf("%+v, %v", a, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !a.Cached {
				fresh++
			}
		})
	}
	giveUp()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	<-arrived
	close(gate)
	wg.Wait()
	if n := len(s.Calls()); n != 2 || fresh != 1 {
		t.Errorf("%d calls, %d fresh answers; want 2 and 1", n, fresh)
	}
	// Without a cache each asks for itself, so that samples differ.
	s = llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "ok"}))
	c, _ = client(t, s, nil)
	for range 3 {
		if _, err := c.Chat(t.Context(), hello()); err != nil {
			t.Error(err)
		}
	}
	if n := len(s.Calls()); n != 3 {
		t.Errorf("%d calls without a cache", n)
	}
}

// Many at once against a limit: it is never passed, it stops with ErrSpend,
// and what was answered is counted.
func TestSpendLimit(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		if c.N%5 == 0 {
			return llmtest.Reply{Fault: llmtest.Cut, Text: "hello world"}
		}
		return llmtest.Reply{Text: "ok", Prompt: 200, Completion: 50}
	})
	price := llm.Price{Currency: "CNY", InputPer1M: dec("1000"), OutputPer1M: dec("4000")} // 0.4 an answer
	budget := llm.NewBudget(yuan("10"))
	c, _ := client(t, s, func(d *llm.Deps) { d.Price, d.Budget, d.Policy.Attempts = &price, budget, 2 })
	most := c.Estimate(hello()).Most.Amount
	var wg sync.WaitGroup
	var mu sync.Mutex
	answered, stopped := 0, 0
	paid := dec("0")
	for range 60 {
		wg.Go(func() {
			a, err := c.Chat(t.Context(), hello())
			mu.Lock()
			defer mu.Unlock()
			paid = paid.Add(a.Paid.Amount)
			switch {
			case err == nil:
				answered++
			case errors.Is(err, llm.ErrSpend):
				stopped++
			case !errors.Is(err, llm.ErrCut):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	st := budget.State()
	if st.Spent.Amount.GreaterThan(dec("10")) || !st.Reserved.Amount.IsZero() || !st.Spent.Amount.Equal(paid) {
		t.Errorf("spent %s, reserved %s, paid %s", st.Spent.Amount, st.Reserved.Amount, paid)
	}
	if answered < 15 || stopped == 0 || dec("10").Sub(st.Spent.Amount).GreaterThan(most) {
		t.Errorf("%d answered, %d stopped, %s left of 10 with %s the most for one", answered, stopped, dec("10").Sub(st.Spent.Amount), most)
	}
	if c.Calibration().Calls != int64(answered) {
		t.Errorf("calibration %+v after %d answers", c.Calibration(), answered)
	}
}

// What servers count corrects the next estimates.
func TestEstimatesLearn(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "ok", Prompt: 12, Completion: 40}))
	c, _ := client(t, s, nil)
	before := c.Estimate(hello())
	for range 6 {
		if _, err := c.Chat(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
	}
	after := c.Estimate(hello())
	if before.Prompt.Expected != 6 || after.Prompt.Expected != 12 || after.Completion.Expected != 40 || after.Prompt.Most != before.Prompt.Most || c.Calibration().Ratio != 2 {
		t.Errorf("before %+v, after %+v, %+v", before, after, c.Calibration())
	}
}
