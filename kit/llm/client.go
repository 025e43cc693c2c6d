package llm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/kit/outbound"
)

// Timeouts bound one attempt. Zero is the default.
type Timeouts struct {
	Connect time.Duration // until there is a connection; 15 s
	// Answer is until a stream's answer begins; 2 minutes. An answer that is
	// not streamed begins when it is ready: for it only Total holds.
	Answer time.Duration
	Idle   time.Duration // between two arrivals of bytes; 1 minute
	Total  time.Duration // all of the attempt; 10 minutes
}

// Deps are what a client is made of. Only Endpoint is needed.
type Deps struct {
	Endpoint Endpoint
	// HTTP is the transport; nil is outbound.Origin, with the proxy that the
	// environment names for https. One that is given stays at the endpoint's
	// origin too.
	HTTP     *http.Client
	Clock    Clock
	Jitter   Jitter
	Env      func(string) string // os.Getenv if nil
	Log      *slog.Logger        // for what no caller is told: faults of the cache
	Limiter  *Limiter            // share it among clients of one account
	Retries  *RetryBudget        // a fifth of calls and 10 more if nil
	Policy   RetryPolicy
	Timeouts Timeouts
	// MaxBytes bounds an answer after decompression, 32 MiB if 0;
	// MaxEvent an event of a stream, 4 MiB if 0.
	MaxBytes, MaxEvent int
	Cache              Cache   // none if nil
	Price              *Price  // unknown if nil
	Budget             *Budget // unlimited if nil; needs a Price in its currency
}

// Client asks the models of one endpoint. It is safe for concurrent use.
type Client struct {
	d       Deps
	base    *url.URL
	http    *http.Client
	own     bool // http is ours to close
	flights flights
	tokens  calibration
	// What this server was found not to know.
	noUsageOption, newMaxTokens, slowEnd atomic.Bool
}

// New returns a client. Faults: ErrEndpoint, ErrPrice, outbound.ErrInsecure.
// The key is read when it is needed.
func New(d Deps) (*Client, error) {
	base, err := d.Endpoint.address()
	if err != nil {
		return nil, err
	}
	c := &Client{d: d, base: base}
	c.http, err = outbound.Origin(base, outbound.Options{AllowHTTP: d.Endpoint.AllowHTTP, Proxy: http.ProxyFromEnvironment})
	if err != nil {
		return nil, err
	}
	c.own = d.HTTP == nil
	if !c.own {
		given := *d.HTTP
		given.CheckRedirect = outbound.Stay(base)
		c.http = &given
	}
	if d.Budget != nil && (d.Price == nil || d.Price.Currency != d.Budget.currency) {
		return nil, ErrPrice.With("currency", d.Budget.currency, "model", d.Endpoint.Model)
	}
	if d.Clock == nil {
		c.d.Clock = SystemClock{}
	}
	if d.Jitter == nil {
		c.d.Jitter = systemJitter
	}
	if d.Env == nil {
		c.d.Env = os.Getenv
	}
	if d.Log == nil {
		c.d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Limiter == nil {
		c.d.Limiter = NewLimiter(LimiterOptions{}, c.d.Clock)
	}
	if d.Retries == nil {
		c.d.Retries = NewRetryBudget(0.2, 10)
	}
	c.d.Policy = d.Policy.withDefaults()
	for _, t := range []struct {
		d     *time.Duration
		usual time.Duration
	}{{&c.d.Timeouts.Connect, 15 * time.Second}, {&c.d.Timeouts.Answer, 2 * time.Minute},
		{&c.d.Timeouts.Idle, time.Minute}, {&c.d.Timeouts.Total, 10 * time.Minute}} {
		if *t.d <= 0 {
			*t.d = t.usual
		}
	}
	if d.MaxBytes <= 0 {
		c.d.MaxBytes = 32 << 20
	}
	if d.MaxEvent <= 0 {
		c.d.MaxEvent = 4 << 20
	}
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() {
	if c.own {
		c.http.CloseIdleConnections()
	}
}

// Endpoint returns the client's endpoint.
func (c *Client) Endpoint() Endpoint { return c.d.Endpoint }

// Limiter returns what bounds the calls in flight.
func (c *Client) Limiter() *Limiter { return c.d.Limiter }

// Calibration tells how well the estimates of tokens did so far.
func (c *Client) Calibration() Calibration { return c.tokens.state() }

// Estimate tells what a call may take, before it is made. It learns from the
// usage of the calls before it.
func (c *Client) Estimate(r Request) Estimate { return c.tokens.estimate(r.size(), c.d.Price) }

// job is a call in the making.
type job struct {
	method, path string
	size         size
	estimate     Estimate
	free         bool // costs nothing
	streamed     bool
	// body is asked before each attempt, since what a server was found not
	// to know is left out.
	body func() (sent, error)
	// read takes the answer in. It may be called again after it failed.
	read func(a *arrival) error
}

// sent is the body of a request and what the server may not know of in it.
type sent struct {
	body                      []byte
	usageOption, oldMaxTokens bool
}

// attempted is how an attempt ended.
type attempted struct {
	err       error
	retry     bool          // it may go better
	wait      time.Duration // that the server asked for
	asked     bool
	limited   bool // it was a rate limit
	adapted   bool // the client left out what the server does not know
	delivered bool
	outcome   Outcome
	latency   time.Duration
	usage     Usage // what may be billed
	billed    bool
	end       time.Time // when the answer was whole
}

// run makes the call: it waits for a slot and for money, asks, and tries again
// where that may help. It returns what the call took and what it cost.
func (c *Client) run(ctx context.Context, j job) (Measure, Money, error) {
	var m Measure
	paid := Money{}
	if c.d.Price != nil {
		paid.Currency = c.d.Price.Currency
	}
	c.d.Retries.call()
	for tries := 1; ; {
		a, err := c.guarded(ctx, j, &m, &paid)
		if err != nil {
			return m, paid, err
		}
		if a.err == nil {
			return m, paid, nil
		}
		if a.adapted {
			continue
		}
		if !a.retry || a.delivered || tries >= c.d.Policy.Attempts {
			return m, paid, a.err
		}
		switch {
		case a.asked && a.wait > 0:
			// The server says when, so this retry is no load that it does not
			// expect. Everybody waits, in Acquire; or fails there, if the wait
			// is longer than the policy allows.
			c.d.Limiter.Pause(a.wait)
		case !c.d.Retries.take():
			m.RetryDenied = true
			return m, paid, a.err
		default:
			d := c.d.Policy.backoff(tries, c.d.Jitter)
			if a.limited { // it is the same limit for everybody
				c.d.Limiter.Pause(min(d, c.d.Policy.MaxWait))
				break
			}
			from := c.d.Clock.Now()
			err := c.d.Clock.Sleep(ctx, d)
			m.Backoff += c.d.Clock.Now().Sub(from)
			if err != nil {
				return m, paid, c.ended(err)
			}
		}
		tries++
	}
}

// guarded makes one attempt with a slot and a reservation.
func (c *Client) guarded(ctx context.Context, j job, m *Measure, paid *Money) (attempted, error) {
	key, err := c.d.Endpoint.key(c.d.Env)
	if err != nil {
		return attempted{}, err
	}
	slot, w, err := c.d.Limiter.Acquire(ctx, c.d.Policy.MaxWait)
	m.Queue += w.Queue
	m.Rate += w.Rate
	if err != nil {
		return attempted{}, c.ended(err)
	}
	var held *Reservation
	if c.d.Budget != nil && !j.free {
		from := c.d.Clock.Now()
		held, err = c.d.Budget.Reserve(ctx, j.estimate.Most)
		m.Queue += c.d.Clock.Now().Sub(from)
		if err != nil {
			slot.Release(Neutral, 0)
			return attempted{}, c.ended(err)
		}
	}
	m.Attempts++
	from := c.d.Clock.Now()
	a := c.attempt(ctx, j, key)
	if a.end.IsZero() {
		a.end = c.d.Clock.Now()
	}
	took := a.end.Sub(from)
	if a.latency == 0 {
		a.latency = took
	}
	slot.Release(a.outcome, a.latency)
	cost := decimal.Zero
	if a.billed && c.d.Price != nil && !j.free {
		cost = c.d.Price.Cost(a.usage, j.size.images).Amount
		paid.Amount = paid.Amount.Add(cost)
	}
	if held != nil {
		held.Settle(cost)
	}
	if a.err != nil {
		m.Failed += took
	} else {
		m.Service = took
	}
	return a, nil
}

// ended makes a fault of a caller's deadline, and leaves other errors.
func (c *Client) ended(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ErrTooSlow.With("endpoint", c.d.Endpoint.Name, "limit", untilAsked).Because(err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("ask %s: %w", c.d.Endpoint.Name, err)
	}
	return err
}
