package llm_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func yuan(s string) llm.Money { return llm.Money{Amount: dec(s), Currency: "CNY"} }

// However many spend at once: what is spent and reserved never passes the
// limit, and nobody waits for ever.
func TestBudgetNeverOverspends(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := decimal.New(rapid.Int64Range(0, 500).Draw(t, "limit"), -2)
		b := llm.NewBudget(llm.Money{Amount: limit, Currency: "CNY"})
		type call struct{ most, cost int64 }
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) call {
			most := rapid.Int64Range(0, 100).Draw(t, "most")
			return call{most, rapid.Int64Range(0, most).Draw(t, "cost")}
		}), 1, 40).Draw(t, "calls")
		var wg sync.WaitGroup
		var mu sync.Mutex
		settled := decimal.Zero
		for _, c := range calls {
			wg.Go(func() {
				r, err := b.Reserve(context.Background(), llm.Money{Amount: decimal.New(c.most, -2), Currency: "CNY"})
				if s := b.State(); s.Spent.Amount.Add(s.Reserved.Amount).GreaterThan(limit) {
					t.Errorf("%s spent and %s reserved of %s", s.Spent.Amount, s.Reserved.Amount, limit)
				}
				if errors.Is(err, llm.ErrSpend) {
					return
				}
				if err != nil {
					t.Errorf("reserve: %v", err)
					return
				}
				r.Settle(decimal.New(c.cost, -2))
				r.Settle(decimal.New(c.cost, -2)) // counts once
				mu.Lock()
				defer mu.Unlock()
				settled = settled.Add(decimal.New(c.cost, -2))
			})
		}
		wg.Wait()
		s := b.State()
		if !s.Spent.Amount.Equal(settled) || !s.Reserved.Amount.IsZero() || s.Spent.Amount.GreaterThan(limit) {
			t.Errorf("at the end %s spent, %s reserved, %s settled, of %s", s.Spent.Amount, s.Reserved.Amount, settled, limit)
		}
	})
}

func TestBudgetWaitsForReservations(t *testing.T) {
	t.Parallel()
	b := llm.NewBudget(yuan("1"))
	first, err := b.Reserve(t.Context(), yuan("0.7"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Reserve(ctx, yuan("0.7")); !errors.Is(err, context.Canceled) {
		t.Errorf("while the money may come free: %v", err)
	}
	second := make(chan error)
	go func() {
		r, err := b.Reserve(t.Context(), yuan("0.7"))
		if err == nil {
			r.Settle(dec("0.7"))
		}
		second <- err
	}()
	first.Settle(dec("0.3"))
	if err := <-second; err != nil {
		t.Errorf("after it came free: %v", err)
	}
	_, err = b.Reserve(t.Context(), yuan("0.01"))
	if f := fault.From(err); !errors.Is(err, llm.ErrSpend) || f.Kind != fault.Blocked || !strings.Contains(f.Message("zh"), "1 CNY") {
		t.Errorf("spent: %v", err)
	}
	if _, err := b.Reserve(t.Context(), llm.Money{Currency: "USD"}); err == nil {
		t.Error("another currency was taken")
	}
}

// What a call that cost more than it was said to at most took is counted, and
// blocks the next.
func TestBudgetCountsWhatWasNotForeseen(t *testing.T) {
	t.Parallel()
	b := llm.NewBudget(yuan("1"))
	r, err := b.Reserve(t.Context(), yuan("1"))
	if err != nil {
		t.Fatal(err)
	}
	r.Settle(dec("1.5"))
	if _, err := b.Reserve(t.Context(), yuan("0")); !errors.Is(err, llm.ErrSpend) {
		t.Errorf("beyond the limit: %v", err)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	p := llm.Price{Currency: "CNY", InputPer1M: dec("2"), OutputPer1M: dec("8"), PerRequest: dec("0.001"), PerImage: dec("0.01")}
	cached := p
	cached.CachedPer1M = decimal.NewNullDecimal(dec("0.2"))
	for _, c := range []struct {
		p      llm.Price
		u      llm.Usage
		images int
		want   string
	}{
		{p, llm.Usage{}, 0, "0.001"},
		{p, llm.Usage{Prompt: 1_000_000, Completion: 1_000_000}, 0, "10.001"},
		{p, llm.Usage{Prompt: 1, Completion: 1}, 0, "0.00101"},
		{p, llm.Usage{Prompt: 1000, Cached: 900}, 0, "0.003"},
		{cached, llm.Usage{Prompt: 1000, Cached: 900}, 0, "0.00138"},
		{cached, llm.Usage{Prompt: 3, Cached: 1, Completion: 7, Reasoning: 6}, 2, "0.0210602"},
		{llm.Price{InputPer1M: dec("0.1")}, llm.Usage{Prompt: 3}, 0, "0.0000003"}, // exact where floats are not
	} {
		if got := c.p.Cost(c.u, c.images).Amount; !got.Equal(dec(c.want)) {
			t.Errorf("%+v, %d images: %s, want %s", c.u, c.images, got, c.want)
		}
	}
}

func TestPriceTable(t *testing.T) {
	t.Parallel()
	table := llm.PriceTable{Version: "2026-11-01", Entries: []llm.PriceItem{
		{Model: "m", Price: llm.Price{Currency: "CNY", InputPer1M: dec("2")}},
		{Endpoint: "here", Model: "m", Price: llm.Price{Currency: "CNY", InputPer1M: dec("1")}},
	}}
	for _, c := range []struct {
		endpoint, model, want string
	}{{"here", "m", "1"}, {"there", "m", "2"}, {"here", "other", ""}} {
		p, ok := table.For(c.endpoint, c.model)
		if ok != (c.want != "") || ok && !p.InputPer1M.Equal(dec(c.want)) {
			t.Errorf("%s, %s: %v, %v", c.endpoint, c.model, p.InputPer1M, ok)
		}
	}
}

// The ratios are DeepSeek's ("Token & Token Usage").
func TestTokens(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"": 0, "hello": 2, strings.Repeat("a", 100): 30, strings.Repeat("中", 100): 60, "你好\uff0cworld": 4, "カード": 2, "한국어": 2} {
		if got := llm.TokensOf(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

// No estimate is above its bound, and none of a longer request below that of
// a shorter.
func TestEstimates(t *testing.T) {
	t.Parallel()
	price := llm.Price{Currency: "CNY", InputPer1M: dec("2"), OutputPer1M: dec("8"), CachedPer1M: decimal.NewNullDecimal(dec("2.5"))}
	c, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "e", BaseURL: "https://example.com/v1", Model: "m"}, Price: &price})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text, more := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "more")
		r := llm.Request{Messages: []llm.Message{llm.Text("user", text)}, MaxTokens: rapid.IntRange(0, 5000).Draw(t, "max")}
		e := c.Estimate(r)
		if e.Prompt.Expected > e.Prompt.Most || e.Completion.Expected > e.Completion.Most || e.Expected.Amount.GreaterThan(e.Most.Amount) {
			t.Fatalf("%+v", e)
		}
		if e.Prompt.Most < len(text) || e.Bounded != (r.MaxTokens > 0) || e.Bounded && e.Completion.Most != r.MaxTokens {
			t.Fatalf("bounds: %+v", e)
		}
		r.Messages = append(r.Messages, llm.Text("user", more))
		if longer := c.Estimate(r); longer.Prompt.Expected < e.Prompt.Expected || longer.Most.Amount.LessThan(e.Most.Amount) {
			t.Fatalf("longer: %+v, shorter: %+v", longer, e)
		}
	})
}
