package llm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// Each way to fail has a fault of its own, is tried again only where that may
// help, and shows the key nowhere.
func TestFaults(t *testing.T) {
	t.Parallel()
	leak := map[string]any{"message": "Incorrect API key provided: " + key + ". \n\x07Ask\tus.", "type": "invalid_request_error", "code": "invalid_api_key"}
	said := func(status int, code, message string) llmtest.Reply {
		return llmtest.Reply{Status: status, Error: map[string]any{"message": message, "code": code}}
	}
	raw := func(b, contentType string) llmtest.Reply {
		return llmtest.Reply{Raw: []byte(b), ContentType: contentType}
	}
	long := strings.Repeat("词", 3000)
	for _, c := range []struct {
		name     string
		reply    llmtest.Reply
		want     fault.Def
		attempts int
	}{
		{"key refused", llmtest.Reply{Status: 401, Error: leak}, llm.ErrKeyRefused, 1},
		{"forbidden", llmtest.Reply{Status: 403}, llm.ErrForbidden, 1},
		{"no such model", said(404, "model_not_found", "no"), llm.ErrUnknownModel, 1},
		{"FastAPI's 404", llmtest.Reply{Fault: llmtest.HTML, Status: 404}, llm.ErrUnknownModel, 1},
		{"too long", said(400, "context_length_exceeded", "no"), llm.ErrTooLong, 1},
		{"too long for vLLM", said(400, "", "This model's maximum context length is 4096 tokens."), llm.ErrTooLong, 1},
		{"content filter", said(400, "data_inspection_failed", "no"), llm.ErrFiltered, 1},
		{"bad request", said(400, "", long), llm.ErrRefused, 1},
		{"no balance", said(402, "", "no"), llm.ErrQuota, 1},
		{"no quota is no rate limit", said(429, "insufficient_quota", "no"), llm.ErrQuota, 1},
		{"Zhipu's balance", said(429, "1113", "no"), llm.ErrQuota, 1},
		{"rate limit", llmtest.Reply{Status: 429}, llm.ErrRateLimited, 4},
		{"server error", llmtest.Reply{Status: 500}, llm.ErrServer, 4},
		{"bad gateway with a page", llmtest.Reply{Fault: llmtest.HTML, Status: 502}, llm.ErrServer, 4},
		{"not implemented", llmtest.Reply{Status: 501}, llm.ErrServer, 1},
		{"told not to retry", llmtest.Reply{Status: 500, Header: map[string]string{"X-Should-Retry": "false"}}, llm.ErrServer, 1},
		{"told to retry", llmtest.Reply{Status: 400, Header: map[string]string{"X-Should-Retry": "true"}}, llm.ErrRefused, 4},
		{"a page", llmtest.Reply{Fault: llmtest.HTML}, llm.ErrHTML, 1},
		{"a page by its looks", raw("<html><title>"+key+"</title>", "application/json"), llm.ErrHTML, 1},
		{"cut", llmtest.Reply{Fault: llmtest.Cut, Text: "hello world"}, llm.ErrCut, 4},
		{"dropped", llmtest.Reply{Fault: llmtest.Drop}, llm.ErrCut, 4},
		{"bad JSON", llmtest.Reply{Fault: llmtest.BadJSON, Text: "x"}, fault.Def{}, 1}, // streamed: no fault
		{"JSON that is cut", raw(`{"choices": [{"message"`, ""), llm.ErrJSON, 1},
		{"nothing", raw("", "application/json"), llm.ErrJSON, 1},
		{"a list", raw("[]", ""), llm.ErrJSON, 1},
		{"prose", raw("It works! "+key, "text/plain"), llm.ErrJSON, 1},
		{"bad event", llmtest.Reply{Fault: llmtest.BadSSE, Text: "hello world"}, llm.ErrJSON, 1},
		{"a stream without an end", raw("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "text/event-stream"), llm.ErrCut, 4},
		{"an empty stream", raw("", "text/event-stream"), llm.ErrCut, 4},
		{"no choice", llmtest.Reply{Fault: llmtest.Empty}, llm.ErrEmpty, 4},
		{"no choice in a whole answer", raw(`{"choices":[]}`, ""), llm.ErrEmpty, 4},
		{"stop without a word", llmtest.Reply{}, llm.ErrEmpty, 4},
		{"stop after thoughts alone", llmtest.Reply{Reasoning: "hm"}, llm.ErrEmpty, 4},
		{"the same in a whole answer", raw(`{"choices":[{"index":0,"message":{"content":null},"finish_reason":"stop"}]}`, ""), llm.ErrEmpty, 4},
		{"length without a word", llmtest.Reply{Reasoning: "hm", Finish: "length"}, llm.ErrNoRoom, 1},
		{"length in a whole answer", raw(`{"choices":[{"index":0,"message":{"content":""},"finish_reason":"length"}]}`, ""), llm.ErrNoRoom, 1},
		{"filtered without a word", llmtest.Reply{Finish: "content_filter"}, llm.ErrFiltered, 1},
		{"oversize", llmtest.Reply{Fault: llmtest.Oversize, Text: "x"}, llm.ErrTooLarge, 1},
		{"an error in a stream", llmtest.Reply{Fault: llmtest.InOK, Text: "hello world", Error: leak}, llm.ErrInOK, 1},
		{"an error in a stream that may pass", llmtest.Reply{Fault: llmtest.InOK, Text: "hello world"}, llm.ErrInOK, 4},
		{"an error in a whole answer", raw(`{"error":"model is loading"}`, ""), llm.ErrInOK, 1},
		{"DashScope's", raw(`{"code":"InvalidParameter","message":"no","request_id":"1"}`, ""), llm.ErrInOK, 1},
		{"older vLLM's", raw(`{"object":"error","message":"no","code":500}`, ""), llm.ErrInOK, 4},
		{"a gateway's", raw(`{"code":500,"msg":"404 NOT_FOUND","success":false}`, ""), llm.ErrInOK, 4},
		{"a rate limit in a whole answer", raw(`{"error":{"code":429,"message":"slow down"}}`, ""), llm.ErrRateLimited, 4},
		{"llama.cpp's field", raw("error: {\"code\":400,\"message\":\"too much\"}\n\ndata: [DONE]\n\n", "text/event-stream"), llm.ErrInOK, 1},
		{"an event of that name", raw("event: error\ndata: {\"message\":\"no\"}\n\n", "text/event-stream"), llm.ErrInOK, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t, llmtest.Always(c.reply))
			cl, _ := client(t, s, func(d *llm.Deps) { d.Policy.Attempts, d.MaxBytes = 4, 1<<20 })
			a, err := cl.Chat(t.Context(), hello())
			if c.want.Code == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			f := fault.From(err)
			if !errors.Is(err, c.want) || len(s.Calls()) != c.attempts || a.Measure.Attempts != c.attempts || a.Finish != "" {
				t.Errorf("got %v after %d attempts, want %s after %d", err, len(s.Calls()), c.want.Code, c.attempts)
			}
			for _, lang := range []string{"en", "zh"} {
				m := f.Message(lang)
				if len([]rune(m)) > 500 || strings.ContainsAny(m, "{}\n\x07") && c.want.Code != llm.ErrJSON.Code {
					t.Errorf("%s: %q", lang, m)
				}
			}
			if all := fmt.Sprintf("%v %+v %s %s", err, a, f.Message("zh"), f.Hint("en")); strings.Contains(all, key) {
				t.Errorf("the key is in %s", all)
			}
			if st := cl.Limiter().State(); st.InFlight != 0 {
				t.Errorf("slots left: %+v", st)
			}
		})
	}
}

// The same where nothing is streamed.
func TestFaultsOfWholeAnswers(t *testing.T) {
	t.Parallel()
	for f, want := range map[llmtest.Fault]fault.Def{
		llmtest.BadJSON: llm.ErrJSON, llmtest.Cut: llm.ErrCut, llmtest.Drop: llm.ErrCut, llmtest.InOK: llm.ErrInOK,
		llmtest.Empty: llm.ErrEmpty, llmtest.HTML: llm.ErrHTML, llmtest.Oversize: llm.ErrTooLarge,
	} {
		s := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: f, Text: "hello"}))
		c, _ := client(t, s, func(d *llm.Deps) { d.Endpoint.Unstreamed, d.MaxBytes = true, 1<<20 })
		if _, err := c.Chat(t.Context(), hello()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", f, err, want.Code)
		}
	}
}

// A server that hangs, at each place where it can.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		fault      llmtest.Fault
		unstreamed bool
		limit      time.Duration // that is waited for
		want       fault.Def
	}{
		{"no answer", llmtest.Hang, false, 20 * time.Second, llm.ErrNoAnswer},
		{"no whole answer", llmtest.Hang, true, 40 * time.Second, llm.ErrTooSlow},
		{"stalls in a stream", llmtest.HangBody, false, 10 * time.Second, llm.ErrStalled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := llmtest.NewClock()
			s := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: c.fault, Pieces: []string{"a", "b"}}))
			cl, _ := client(t, s, func(d *llm.Deps) {
				d.Clock, d.Endpoint.Unstreamed, d.Policy.Attempts = clock, c.unstreamed, 1
				d.Timeouts = llm.Timeouts{Connect: 5 * time.Second, Answer: 20 * time.Second, Idle: 10 * time.Second, Total: 40 * time.Second}
			})
			type result struct {
				a   llm.Answer
				err error
			}
			done := make(chan result)
			piece := make(chan struct{}, 1)
			go func() {
				a, err := cl.Stream(t.Context(), hello(), func(llm.Delta) error { piece <- struct{}{}; return nil })
				done <- result{a, err}
			}()
			if c.fault == llmtest.HangBody {
				<-piece // what it says before it stalls
			}
			// The phase before may still wait when the clock moves: then it is
			// that one's time that is over. So wait for this one's.
			for {
				clock.AwaitTimer(c.limit)
				if n := len(s.Calls()); n == 1 {
					break
				}
			}
			clock.Advance(c.limit)
			r := <-done
			if !errors.Is(r.err, c.want) || !strings.Contains(r.err.Error(), c.limit.String()) {
				t.Errorf("got %v, want %s", r.err, c.want.Code)
			}
			if r.a.Measure.Failed != c.limit || r.a.Measure.Service != 0 {
				t.Errorf("measured %+v", r.a.Measure)
			}
		})
	}
}

// The moment at which a whole answer stalls cannot be seen from outside, so
// this one takes a little real time.
func TestWholeAnswerStalls(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: llmtest.HangBody, Text: "hello"}))
	c, _ := client(t, s, func(d *llm.Deps) {
		d.Clock, d.Endpoint.Unstreamed, d.Policy.Attempts, d.Timeouts.Idle = llm.SystemClock{}, true, 1, 20*time.Millisecond
	})
	if _, err := c.Chat(t.Context(), hello()); !errors.Is(err, llm.ErrStalled) {
		t.Errorf("got %v", err)
	}
}

func TestConnecting(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{}))
	c, _ := client(t, s, func(d *llm.Deps) {
		d.Clock, d.Policy.Attempts = clock, 1
		d.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
	})
	done := make(chan error)
	go func() { _, err := c.Chat(t.Context(), hello()); done <- err }()
	clock.AwaitTimer(15 * time.Second)
	clock.Advance(15 * time.Second)
	if err := <-done; !errors.Is(err, llm.ErrConnectTimeout) {
		t.Errorf("got %v", err)
	}
	gone := llmtest.Start(llmtest.Always(llmtest.Reply{}))
	gone.Close()
	c, _ = client(t, gone, nil)
	a, err := c.Chat(t.Context(), hello())
	if !errors.Is(err, llm.ErrUnreachable) || a.Measure.Attempts != 5 || strings.Contains(err.Error(), "chat/completions") {
		t.Errorf("refused: %v after %d attempts", err, a.Measure.Attempts)
	}
}

// Once a piece was delivered, nothing is asked again.
func TestNoRetryAfterDelivery(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Sequence(llmtest.Reply{Fault: llmtest.Cut, Text: "hello world"}, llmtest.Reply{Text: "hello world"}))
	c, _ := client(t, s, nil)
	var got string
	a, err := c.Stream(t.Context(), hello(), func(d llm.Delta) error { got += d.Text; return nil })
	if !errors.Is(err, llm.ErrCut) || got != "hell" || a.Text != "hell" || len(s.Calls()) != 1 {
		t.Errorf("%v, %q, %d calls", err, got, len(s.Calls()))
	}
	// Without a taker nothing was delivered: the whole answer comes.
	s = llmtest.New(t, llmtest.Sequence(llmtest.Reply{Fault: llmtest.Cut, Text: "hello world"}, llmtest.Reply{Text: "hello world"}))
	c, _ = client(t, s, nil)
	if a, err := c.Chat(t.Context(), hello()); err != nil || a.Text != "hello world" || a.Measure.Attempts != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}

// Everybody waits as the server asks, and all calls are answered.
func TestFlood(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Flood(12, 3, llmtest.Reply{Text: "ok"}))
	c, clock := client(t, s, func(d *llm.Deps) { d.Policy.Attempts = 20 })
	from := clock.Now()
	errs := make(chan error)
	for range 10 {
		go func() { _, err := c.Chat(t.Context(), hello()); errs <- err }()
	}
	for range 10 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if waited := clock.Now().Sub(from); waited < 3*time.Second {
		t.Errorf("waited %v", waited)
	}
	if n := len(s.Calls()); n != 22 {
		t.Errorf("%d calls: 12 refused and 10 answered are 22", n)
	}
}

// Without a stated wait everybody backs off.
func TestFloodWithoutAWord(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Flood(3, -1, llmtest.Reply{Text: "ok"}))
	c, _ := client(t, s, nil)
	a, err := c.Chat(t.Context(), hello())
	if want := (1 + 2 + 4) * 250 * time.Millisecond; err != nil || a.Measure.Rate != want || a.Measure.Backoff != 0 {
		t.Errorf("%+v, %v; want a wait of %v", a.Measure, err, want)
	}
}

// A wait that is too long ends the call at once, and those after it before
// they are sent.
func TestTooLongAWait(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Flood(1, 3600, llmtest.Reply{Text: "ok"}))
	c, clock := client(t, s, nil)
	for range 3 {
		_, err := c.Chat(t.Context(), hello())
		if f := fault.From(err); !errors.Is(err, llm.ErrRateLimited) || f.Message("en") != "the rate limit is reached; the server asks to wait 1h0m0s" {
			t.Errorf("got %v", err)
		}
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("%d calls", n)
	}
	clock.Advance(time.Hour)
	if _, err := c.Chat(t.Context(), hello()); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// A server that always fails is asked for no more than the calls and the
// budget.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Status: 500}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Retries = llm.NewRetryBudget(0.2, 10) })
	denied := 0
	for range 100 {
		a, err := c.Chat(t.Context(), hello())
		if !errors.Is(err, llm.ErrServer) {
			t.Fatal(err)
		}
		if a.Measure.RetryDenied {
			denied++
		}
	}
	if n := len(s.Calls()); n < 120 || n > 130 || denied < 80 {
		t.Errorf("%d calls, %d denied: 100 calls allow 20 retries, and 10 there are in reserve", n, denied)
	}
}

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Status: 500}))
	for jitter, want := range map[float64]time.Duration{0: 0, 0.5: (1 + 2 + 4 + 5 + 5) * time.Second / 2} {
		c, _ := client(t, s, func(d *llm.Deps) {
			d.Policy = llm.RetryPolicy{Attempts: 6, Base: time.Second, Cap: 5 * time.Second}
			d.Jitter = func() float64 { return jitter }
		})
		if a, _ := c.Chat(t.Context(), hello()); a.Measure.Backoff != want || a.Measure.Rate != 0 {
			t.Errorf("jitter %v: waited %v, want %v", jitter, a.Measure.Backoff, want)
		}
	}
}

// What a strict server does not know is left out, once found.
func TestServersThatKnowLess(t *testing.T) {
	t.Parallel()
	for _, f := range []llmtest.Fault{llmtest.NoOptions, llmtest.NewTokens} {
		s := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: f, Text: "ok"}))
		c, _ := client(t, s, nil)
		for i, want := range []int{2, 1} {
			a, err := c.Chat(t.Context(), hello())
			if err != nil || a.Text != "ok" || a.Measure.Attempts != want || a.Usage.Estimated != (f == llmtest.NoOptions) {
				t.Errorf("%s, call %d: %+v, %v", f, i+1, a, err)
			}
		}
		if last := s.Calls()[2]; f == llmtest.NewTokens && !bytes.Contains(last.Body, []byte(`"max_completion_tokens":50`)) {
			t.Errorf("sent %s", last.Body)
		}
	}
	for _, f := range []llmtest.Fault{llmtest.NoDone, llmtest.NoUsage} {
		s := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: f, Text: "ok"}))
		c, _ := client(t, s, nil)
		if a, err := c.Chat(t.Context(), hello()); err != nil || a.Text != "ok" || a.Usage.Estimated != (f == llmtest.NoUsage) {
			t.Errorf("%s: %+v, %v", f, a, err)
		}
	}
}

func TestSecretsStayOutOfPrint(t *testing.T) {
	t.Parallel()
	e := llm.Endpoint{Name: "e", BaseURL: "https://example.com/v1?token=" + key, Model: "m", Headers: map[string]string{"Api-Key": key}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("uses", "endpoint", e)
	for how, got := range map[string]string{"%v": fmt.Sprintf("%v", e), "%+v": fmt.Sprintf("%+v", e), "%#v": fmt.Sprintf("%#v", e), "log": log.String()} {
		if strings.Contains(got, key) || !strings.Contains(got, "example.com") {
			t.Errorf("%s: %s", how, got)
		}
	}
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Status: 400, Error: map[string]any{"message": "bad header " + key}}))
	c, _ := client(t, s, func(d *llm.Deps) {
		d.Endpoint.Key, d.Endpoint.Headers = nil, map[string]string{"Api-Key": key}
	})
	if _, err := c.Chat(t.Context(), hello()); err == nil || strings.Contains(err.Error(), key) {
		t.Errorf("got %v", err)
	}
	if got := s.Calls()[0].Header; got.Get("Api-Key") != key || got.Get("Authorization") != "" {
		t.Errorf("sent %v", got)
	}
}
