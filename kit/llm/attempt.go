package llm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// watch ends an attempt when the time for its present phase is over.
type watch struct {
	clock  Clock
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	stop  func() bool
	phase int
}

// begin starts a phase that ends with fault after d, instead of the last.
func (w *watch) begin(d time.Duration, f *fault.Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
	phase := w.phase
	w.stop = w.clock.AfterFunc(d, func() {
		w.mu.Lock()
		current := w.phase == phase
		w.mu.Unlock()
		if current {
			w.cancel(f)
		}
	})
}

// rest ends the phase.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
}

func (w *watch) end() {
	w.phase++
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// arrival is an answer that arrives.
type arrival struct {
	res   *http.Response
	body  *bufio.Reader
	start time.Time
	key   string
	watch *watch
	// What read finds out.
	usage     Usage // billed, also if the answer broke off
	delivered bool
	latency   time.Duration
	end       time.Time // when the answer was whole; zero is when read returned
}

// incoming reads a body: in time, and no more than allowed.
type incoming struct {
	r     io.Reader
	watch *watch
	idle  time.Duration
	slow  *fault.Error
	left  int
	limit int
}

func (i *incoming) Read(p []byte) (int, error) {
	i.watch.begin(i.idle, i.slow)
	n, err := i.r.Read(p)
	i.watch.rest()
	if i.left -= n; i.left < 0 {
		return 0, ErrTooLarge.With("what", whatAnswer, "limit", i.limit)
	}
	return n, err
}

// attempt asks once.
func (c *Client) attempt(parent context.Context, j job, key string) (a attempted) {
	name := c.d.Endpoint.Name
	s, err := j.body()
	if err != nil {
		a.err = err
		return a
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	t := c.d.Timeouts
	stop := c.d.Clock.AfterFunc(t.Total, func() {
		cancel(ErrTooSlow.With("endpoint", name, "limit", t.Total.String()))
	})
	defer stop()
	w := &watch{clock: c.d.Clock, cancel: cancel}
	defer w.rest()
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{
		GetConn: func(string) {
			w.begin(t.Connect, ErrConnectTimeout.With("endpoint", name, "host", c.base.Host, "limit", t.Connect.String()))
		},
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			if w.rest(); j.streamed {
				w.begin(t.Answer, ErrNoAnswer.With("endpoint", name, "limit", t.Answer.String()))
			}
		},
	}
	at := *c.base
	at.Path += j.path
	var content io.Reader
	if s.body != nil {
		content = bytes.NewReader(s.body) // sets ContentLength and GetBody
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), j.method, at.String(), content)
	if err != nil {
		a.err = fmt.Errorf("build request: %w", err)
		return a
	}
	req.Header = c.d.Endpoint.header(key)
	start := c.d.Clock.Now()
	res, err := c.http.Do(req)
	w.rest()
	if err != nil {
		// What was sent may be worked on, and billed, though no answer came.
		a.billed, a.usage = connected.Load(), Usage{Prompt: j.size.expected, Estimated: true}
		a.fail(c.broken(parent, ctx, err, connected.Load(), key))
		return a
	}
	defer res.Body.Close()
	in := &incoming{r: res.Body, watch: w, idle: t.Idle, left: c.d.MaxBytes, limit: c.d.MaxBytes,
		slow: ErrStalled.With("endpoint", name, "limit", t.Idle.String())}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		c.refused(&a, res, in, s, key)
		return a
	}
	arr := &arrival{res: res, body: bufio.NewReader(in), start: start, key: key, watch: w}
	err = j.read(arr)
	a.usage, a.billed, a.delivered, a.latency = arr.usage, true, arr.delivered, arr.latency
	a.end = arr.end
	if err == nil {
		a.outcome = Success
		return a
	}
	var inside *insideError
	if errors.As(err, &inside) {
		a.err, a.retry, a.limited, a.outcome = inside.a.err, inside.a.retry, inside.a.limited, inside.a.outcome
		return a
	}
	a.fail(c.broken(parent, ctx, err, true, key))
	return a
}

// insideError is an error inside an answer that claims success.
type insideError struct{ a attempted }

func (e *insideError) Error() string { return e.a.err.Error() }

func (c *Client) inside(s said, key string) error {
	var a attempted
	c.judge(&a, http.StatusOK, s, key)
	return &insideError{a}
}

// fail judges an error that is no answer of the server.
func (a *attempted) fail(err error) {
	a.err = err
	switch {
	case errors.Is(err, ErrNoAnswer), errors.Is(err, ErrStalled), errors.Is(err, ErrConnectTimeout):
		a.retry, a.outcome = true, Congested
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrCut), errors.Is(err, ErrEmpty):
		a.retry = true
	}
}

// broken says why reading or sending failed.
func (c *Client) broken(parent, ctx context.Context, err error, connected bool, key string) error {
	var f *fault.Error
	if cause := context.Cause(ctx); ctx.Err() != nil && errors.As(cause, &f) && parent.Err() == nil {
		return f
	}
	if parent.Err() != nil {
		return c.ended(parent.Err())
	}
	var own *deliveryError
	if errors.As(err, &own) {
		return err
	}
	if errors.As(err, &f) {
		return f
	}
	// The address stays out: its query may be secret.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	name := c.d.Endpoint.Name
	if connected && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		return ErrCut.With("endpoint", name).Because(err)
	}
	if connected {
		// HTTP/2 and chunked encoding have errors of their own.
		return ErrCut.With("endpoint", name).Because(errors.New(c.shown(err.Error(), key)))
	}
	return ErrUnreachable.With("endpoint", name, "host", c.base.Host, "problem", c.shown(err.Error(), key))
}

// kind is what a body is, whatever its header claims.
type bodyKind int

const (
	isJSON bodyKind = iota
	isEvents
	isPage
)

// kindOf looks at the header and at the first byte.
func (a *arrival) kindOf() (bodyKind, error) {
	first, err := a.body.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return isJSON, err
	}
	declared, _, err := mime.ParseMediaType(a.res.Header.Get("Content-Type"))
	if err != nil {
		declared = ""
	}
	switch {
	case declared == "text/html" || bytes.Equal(first, []byte("<")):
		return isPage, nil
	case bytes.Equal(first, []byte("{")):
		return isJSON, nil
	case declared == "text/event-stream", len(first) == 1 && bytes.ContainsAny(first, "de:ir"):
		return isEvents, nil
	}
	return isJSON, nil
}

// all reads the rest of a body.
func (c *Client) all(a *arrival) ([]byte, error) {
	b, err := io.ReadAll(a.body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, ErrJSON.With("endpoint", c.d.Endpoint.Name, "problem", text.Text{En: "the body is empty", Zh: "内容为空"})
	}
	return b, nil
}

// page is the fault of an answer in HTML.
func (c *Client) page(a *arrival) error {
	head, err := io.ReadAll(io.LimitReader(a.body, 4<<10))
	if err != nil && len(head) == 0 {
		return err
	}
	var detail any = aPage
	if t := title(head); t != "" {
		detail = c.shown(t, a.key)
	}
	return ErrHTML.With("endpoint", c.d.Endpoint.Name, "detail", detail)
}
