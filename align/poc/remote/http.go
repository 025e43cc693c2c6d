package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
)

// Faults of an application behind HTTP.
var (
	ErrUnreachable = fault.Def{Kind: fault.Unavailable, Code: "remote.unreachable",
		En: "the application at {host} cannot be reached, or broke off: {problem}", Zh: "无法连接 {host} 上的应用，或连接中断：{problem}",
		HintEn: "is it running, and is the address right?", HintZh: "请检查应用是否已启动、地址是否正确"}
	ErrSlow = fault.Def{Kind: fault.Unavailable, Code: "remote.slow",
		En: "the application at {host} did not answer within {limit}", Zh: "{host} 上的应用未能在 {limit} 内应答"}
	ErrStatus = fault.Def{Kind: fault.Unavailable, Code: "remote.status",
		En: "the application at {host} answered with status {status}", Zh: "{host} 上的应用返回状态码 {status}"}
	ErrRefusedKey = fault.Def{Kind: fault.Denied, Code: "remote.key_refused",
		En: "the application at {host} refuses the key (status {status})", Zh: "{host} 上的应用拒绝了密钥（状态码 {status}）",
		HintEn: "check the variable that key_env names, and key_header", HintZh: "请检查 key_env 所指的环境变量和 key_header"}
	ErrNotJSON = fault.Def{Kind: fault.Unavailable, Code: "remote.not_json",
		En: "the application at {host} answered with {type}, not with JSON", Zh: "{host} 上的应用返回的是 {type}，而不是 JSON"}
	ErrNoAnswer = fault.Def{Kind: fault.Unavailable, Code: "remote.no_answer",
		En: "there is nothing at {pointer} in the application's response", Zh: "应用的响应中没有 {pointer}",
		HintEn: "the pointer under http.answer is a JSON pointer such as /data/outputs/answer", HintZh: "http.answer 是 JSON 指针，例如 /data/outputs/answer"}
)

// maxResponse bounds what is read of a response, in bytes.
const maxResponse = 8 << 20

// App is an application behind HTTP as a candidate for one task.
type App struct {
	Client  *http.Client // stays at the endpoint's origin
	URL     string
	Method  string
	Header  http.Header // with the key; never logged
	Request *Template
	Task    Task
	Timeout time.Duration // of one call
	Limiter *llm.Limiter
	Clock   llm.Clock
	Budget  *llm.Budget // of the run; nil is no limit
	Cost    llm.Money   // of one call, whatever comes of it; a refusal for the rate is free

	Answer, Citations, Confidence string // JSON pointers into the response
}

// attempts bounds how often a call that was refused for its rate is repeated.
const attempts = 5

// Ask asks the application. Refusals for the rate (429, 503) are obeyed and
// repeated; nothing else is, since an application may do more than answer.
func (a *App) Ask(ctx context.Context, in poc.Input) (poc.Answer, error) {
	body, err := a.Body(in)
	if errors.Is(err, ErrMade) {
		return poc.Answer{}, poc.Stop{Err: err}
	}
	if err != nil {
		return poc.Answer{}, err
	}
	var took poc.Took
	for try := 1; ; try++ {
		slot, waited, err := a.Limiter.Acquire(ctx, 2*time.Minute)
		took.Waited += waited.Queue + waited.Rate
		if err != nil {
			return poc.Answer{Took: took}, err
		}
		var held *llm.Reservation
		if a.Budget != nil {
			if held, err = a.Budget.Reserve(ctx, a.Cost); err != nil {
				slot.Release(llm.Neutral, 0)
				return poc.Answer{Took: took}, Stopping(err)
			}
		}
		start := a.Clock.Now()
		answer, wait, err := a.once(ctx, body)
		if held != nil && wait > 0 {
			held.Settle(decimal.Zero)
		} else if held != nil {
			held.Settle(a.Cost.Amount)
		}
		took.Service = a.Clock.Now().Sub(start)
		switch {
		case wait > 0:
			slot.Release(llm.Congested, took.Service)
			if try < attempts {
				a.Limiter.Pause(wait)
				continue
			}
		case err != nil:
			slot.Release(llm.Neutral, 0)
		default:
			slot.Release(llm.Success, took.Service)
		}
		answer.Took = took
		return answer, err
	}
}

// Body returns what is sent for a case. It fails with ErrMade if the template
// does not make JSON.
func (a *App) Body(in poc.Input) (string, error) {
	body, err := a.Request.make(in, a.Task)
	if err == nil && !json.Valid([]byte(body)) {
		err = ErrMade.With("problem", "it is not JSON; write {{json .Input}}, not {{.Input}}, where text stands").At(a.Request.file, 0, 0)
	}
	return body, err
}

// once calls the application once. wait is positive if it asked to come again.
func (a *App) once(ctx context.Context, body string) (_ poc.Answer, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, a.Timeout, errSlow)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, a.Method, a.URL, strings.NewReader(body))
	if err != nil {
		return poc.Answer{}, 0, fmt.Errorf("make the request: %w", err)
	}
	req.Header = a.Header.Clone()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	host := req.URL.Host
	res, err := a.Client.Do(req)
	if err != nil {
		return poc.Answer{}, 0, a.explain(ctx, host, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
	if err != nil {
		return poc.Answer{}, 0, a.explain(ctx, host, err)
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		wait, ok := llm.RetryAfter(res.Header, a.Clock.Now())
		if !ok || wait <= 0 {
			wait = time.Second
		}
		return poc.Answer{}, min(wait, time.Minute), ErrStatus.With("host", host, "status", res.StatusCode)
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return poc.Answer{}, 0, poc.Stop{Err: ErrRefusedKey.With("host", host, "status", res.StatusCode)}
	case res.StatusCode < 200 || res.StatusCode > 299:
		return poc.Answer{}, 0, ErrStatus.With("host", host, "status", res.StatusCode)
	}
	out, err := a.read(host, res.Header.Get("Content-Type"), raw)
	return out, 0, err
}

var errSlow = errors.New("the call took too long")

func (a *App) explain(ctx context.Context, host string, err error) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return ErrSlow.With("host", host, "limit", a.Timeout.String())
	}
	if ctx.Err() != nil {
		return fmt.Errorf("ask the application: %w", context.Cause(ctx))
	}
	return ErrUnreachable.With("host", host, "problem", rootCause(err)).Because(err)
}

// rootCause is what lies below the layers of net/http, which repeat the URL.
func rootCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

func (a *App) read(host, contentType string, raw []byte) (poc.Answer, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(&v); err != nil || len(raw) > maxResponse {
		kind, _, merr := mime.ParseMediaType(contentType)
		if merr != nil || kind == "" || kind == "application/json" {
			kind = "something else"
		}
		return poc.Answer{}, ErrNotJSON.With("host", host, "type", kind)
	}
	x, ok := at(v, a.Answer)
	if !ok {
		return poc.Answer{}, ErrNoAnswer.With("pointer", a.Answer)
	}
	out := poc.Answer{Resolution: asText(x)}
	if a.Confidence != "" {
		if x, ok := at(v, a.Confidence); ok {
			out.Confidence = asNumber(x)
		}
	}
	if a.Citations != "" {
		if x, ok := at(v, a.Citations); ok {
			list, _ := x.([]any)
			for _, c := range list {
				if m, ok := c.(map[string]any); ok { // {"id": …, "quote": …}
					out.Citations = append(out.Citations, grader.Citation{ID: asText(m["id"]), Quote: asText(m["quote"])})
					continue
				}
				out.Citations = append(out.Citations, grader.Citation{ID: asText(c)})
			}
		}
	}
	return out, nil
}
