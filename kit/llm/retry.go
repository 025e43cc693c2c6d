package llm

import (
	"sync"
	"time"
)

// RetryBudget bounds retries to a share of calls, so that they never multiply
// the load of a server that is in trouble: each call adds Share of a token,
// each retry takes a whole one (the token bucket of Finagle's RetryBudget;
// Site Reliability Engineering, chapter 21). It is safe for concurrent use.
type RetryBudget struct {
	mu           sync.Mutex
	share        float64
	tokens, most float64
}

// NewRetryBudget allows retries for share of all calls, in [0, 1], and for
// reserve more, which are there from the start and are what can be saved up
// at most.
func NewRetryBudget(share float64, reserve int) *RetryBudget {
	return &RetryBudget{share: min(max(share, 0), 1), tokens: float64(reserve), most: float64(reserve)}
}

func (b *RetryBudget) call() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+b.share, max(b.most, 1))
}

func (b *RetryBudget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Shares such as 0.2 add up with an error in the last place.
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens = max(b.tokens-1, 0)
	return true
}

// RetryPolicy says how often and how patiently a call is tried again.
type RetryPolicy struct {
	// Attempts bounds all attempts of a call, the first included; 5 if 0.
	Attempts int
	// Base and Cap bound the wait before the n-th retry: it is drawn evenly
	// from 0 to min(Cap, Base·2ⁿ⁻¹) ("full jitter", AWS Architecture Blog
	// 2015). 500 ms and 30 s if 0.
	Base, Cap time.Duration
	// MaxWait is the longest wait that the server may ask for; beyond it the
	// call fails with ErrRateLimited. 2 minutes if 0.
	MaxWait time.Duration
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts <= 0 {
		p.Attempts = 5
	}
	if p.Base <= 0 {
		p.Base = 500 * time.Millisecond
	}
	if p.Cap <= 0 {
		p.Cap = 30 * time.Second
	}
	if p.MaxWait <= 0 {
		p.MaxWait = 2 * time.Minute
	}
	return p
}

// backoff returns the wait before retry n, counted from 1.
func (p RetryPolicy) backoff(n int, jitter Jitter) time.Duration {
	ceiling := p.Cap
	if shift := n - 1; shift < 30 && p.Base<<shift < p.Cap {
		ceiling = p.Base << shift
	}
	return time.Duration(jitter() * float64(ceiling))
}
