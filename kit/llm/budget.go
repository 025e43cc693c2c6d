package llm

import (
	"context"
	"fmt"
	"sync"

	"github.com/shopspring/decimal"
)

// Budget is a limit of spend in one currency. What a call may cost at most is
// reserved before it is made and settled by what it did cost, so that calls in
// flight together never pass the limit, unless one costs more than it was said
// to at most. It is safe for concurrent use and may be shared by clients.
type Budget struct {
	currency string
	limit    decimal.Decimal

	mu              sync.Mutex
	spent, reserved decimal.Decimal
	changed         chan struct{} // closed when a reservation is settled
}

// NewBudget returns a budget of limit.
func NewBudget(limit Money) *Budget {
	return &Budget{currency: limit.Currency, limit: limit.Amount, changed: make(chan struct{})}
}

// Spend is what a budget is at.
type Spend struct{ Limit, Spent, Reserved Money }

// State tells what the budget is at.
func (b *Budget) State() Spend {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := func(d decimal.Decimal) Money { return Money{d, b.currency} }
	return Spend{m(b.limit), m(b.spent), m(b.reserved)}
}

// Reservation is money set aside for one call.
type Reservation struct {
	b      *Budget
	amount decimal.Decimal
	once   sync.Once
}

// Reserve sets most aside. If what is spent leaves no room for it, it fails
// with ErrSpend; if only what others have reserved is in the way, it waits for
// them. A call must not reserve while it holds a reservation.
func (b *Budget) Reserve(ctx context.Context, most Money) (*Reservation, error) {
	if most.Currency != b.currency {
		return nil, fmt.Errorf("reserve %s in a budget of %s", most.Currency, b.currency)
	}
	for {
		b.mu.Lock()
		if after := b.spent.Add(most.Amount); after.GreaterThan(b.limit) {
			defer b.mu.Unlock()
			return nil, ErrSpend.With("limit", b.limit.String(), "currency", b.currency,
				"spent", b.spent.String(), "next", most.Amount.String())
		} else if !after.Add(b.reserved).GreaterThan(b.limit) {
			b.reserved = b.reserved.Add(most.Amount)
			b.mu.Unlock()
			return &Reservation{b: b, amount: most.Amount}, nil
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Settle ends the reservation: cost is spent, the rest is free. Only the first
// call counts. Negative costs count as 0.
func (r *Reservation) Settle(cost decimal.Decimal) {
	r.once.Do(func() {
		r.b.mu.Lock()
		defer r.b.mu.Unlock()
		r.b.reserved = r.b.reserved.Sub(r.amount)
		r.b.spent = r.b.spent.Add(decimal.Max(cost, decimal.Zero))
		close(r.b.changed)
		r.b.changed = make(chan struct{})
	})
}
