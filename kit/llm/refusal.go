package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/kit/text"
)

const (
	maxErrorBody = 64 << 10
	maxDetail    = 300 // runes of what a server said that are shown
)

// said is what a server says about an error.
type said struct{ message, kind, code, param string }

// is reports whether code or kind is one of names.
func (s said) is(names ...string) bool {
	return slices.Contains(names, s.code) || s.kind != "" && slices.Contains(names, s.kind)
}

// loose is a JSON value that servers write as string, number, list or null.
type loose string

// UnmarshalJSON takes anything: a string as it is, of a list of parts their
// texts, null as nothing, the rest as written.
func (l *loose) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '"':
		if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) { // most pieces of a stream
			*l = loose(b[1 : len(b)-1])
			return nil
		}
		return json.Unmarshal(b, (*string)(l))
	case b[0] == '[':
		var parts []struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(b, &parts) == nil {
			*l = ""
			for _, p := range parts {
				*l += loose(p.Text)
			}
			return nil
		}
	}
	*l = loose(b)
	return nil
}

type wireFault struct {
	Message loose `json:"message"`
	Msg     loose `json:"msg"`
	Type    loose `json:"type"`
	Code    loose `json:"code"`
	Param   loose `json:"param"`
	Detail  loose `json:"detail"`
}

func (w wireFault) said() said {
	s := said{string(w.Message), string(w.Type), string(w.Code), string(w.Param)}
	for _, other := range []loose{w.Msg, w.Detail} {
		if s.message == "" {
			s.message = string(other)
		}
	}
	return s
}

// readSaid reads an error: an object, or a bare string.
func readSaid(raw []byte) said {
	var w wireFault
	if json.Unmarshal(raw, &w) == nil {
		return w.said()
	}
	var l loose
	if json.Unmarshal(raw, &l) == nil {
		return said{message: string(l)}
	}
	return said{message: string(raw)}
}

// errorIn finds the error in an object: under error, or the object itself if
// it has a message with a code and no choices (DashScope, older vLLM, gateways
// of China).
func errorIn(raw []byte) (said, bool) {
	var w struct {
		Error json.RawMessage `json:"error"`
		// Any of these makes it an answer.
		Choices, Data, Object json.RawMessage
		wireFault
	}
	if json.Unmarshal(raw, &w) != nil {
		return said{}, false
	}
	if len(w.Error) > 0 && !slices.Contains([]string{"null", "{}", `""`, "false"}, string(w.Error)) {
		return readSaid(w.Error), true
	}
	s := w.said()
	wrong := s.message != "" && s.code != "" && s.code != "0" && s.code != "200" || string(w.Object) == `"error"`
	return s, wrong && w.Choices == nil && w.Data == nil
}

// refused judges an answer with a status other than success.
func (c *Client) refused(a *attempted, res *http.Response, in io.Reader, s sent, key string) {
	b, err := io.ReadAll(io.LimitReader(in, maxErrorBody))
	if err != nil {
		b = nil // the status says enough
	}
	what, ok := errorIn(b)
	if !ok {
		if what = readSaid(b); what.message == "" {
			what.message = string(b)
		}
		if t := title(b); t != "" || bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")) {
			what = said{message: t}
		}
	}
	if s.usageOption && isRequestFault(res.StatusCode) && mentions(b, "stream_options", "include_usage") {
		c.noUsageOption.Store(true)
		a.adapted = true
	}
	if s.oldMaxTokens && isRequestFault(res.StatusCode) && mentions(b, "max_completion_tokens") {
		c.newMaxTokens.Store(true)
		a.adapted = true
	}
	a.wait, a.asked = RetryAfter(res.Header, c.d.Clock.Now())
	c.judge(a, res.StatusCode, what, key)
	switch res.Header.Get("X-Should-Retry") {
	case "true":
		a.retry = true
	case "false":
		a.retry = false
	}
	a.asked = a.asked && a.retry && (res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "")
}

func isRequestFault(status int) bool { return status == 400 || status == 422 }

func mentions(b []byte, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(b, []byte(w)) })
}

// judge says what a status and an error mean. A status of 200 stands for an
// error inside an answer that claims success: then its code says what it is.
func (c *Client) judge(a *attempted, status int, s said, key string) {
	name, model := c.d.Endpoint.Name, any(c.d.Endpoint.Model)
	if c.d.Endpoint.Model == "" {
		model = text.Text{En: "such a model", Zh: "该模型"}
	}
	var detail any = noDetail
	if shown := c.shown(s.message, key); shown != "" {
		detail = shown
	}
	inside := status == http.StatusOK
	if n, err := strconv.Atoi(s.code); inside && err == nil && n >= 400 && n < 600 {
		status = n
	}
	lower := strings.ToLower(s.message)
	switch {
	case status == 402, s.is("insufficient_quota", "exceeded_current_quota_error", "insufficient_balance", "Arrearage", "1113", "billing_hard_limit_reached"):
		a.err = ErrQuota.With("endpoint", name, "detail", detail)
	case status == 429, s.is("rate_limit_exceeded", "rate_limit_error", "rate_limit_reached_error", "Throttling", "Throttling.RateQuota", "1302", "1305"):
		var wait any = text.Text{En: "for a while", Zh: "一段时间"}
		if a.asked {
			wait = a.wait.Round(time.Millisecond).String()
		}
		a.err = ErrRateLimited.With("wait", wait).Because(errors.New(c.shown(s.message, key)))
		a.retry, a.limited, a.outcome = true, true, Congested
	case status == 413, s.is("context_length_exceeded", "exceed_context_size_error"),
		isRequestFault(status) && (strings.Contains(lower, "maximum context length") || strings.Contains(lower, "context size") || strings.Contains(lower, "range of input length")):
		a.err = ErrTooLong.With("model", model, "detail", detail)
	case s.is("content_filter", "content_policy_violation", "data_inspection_failed", "DataInspectionFailed", "1301", "content_filter_error"):
		a.err = ErrFiltered.With("endpoint", name, "detail", detail)
	case inside:
		// Whether it is the server's trouble or the request's, its code tells.
		a.err = ErrInOK.With("endpoint", name, "detail", detail)
		a.retry = status >= 500 || s.is("server_error", "internal_error", "overloaded_error", "overloaded", "service_unavailable", "timeout", "InternalError")
	case status == 401:
		a.err = ErrKeyRefused.With("endpoint", name, "detail", detail)
	case status == 403:
		a.err = ErrForbidden.With("endpoint", name, "detail", detail)
	case status == 404:
		a.err = ErrUnknownModel.With("endpoint", name, "model", model, "detail", detail)
	case status >= 500 || status == 408:
		a.err = ErrServer.With("endpoint", name, "status", status, "detail", detail)
		a.retry = status != 501
		if status == 503 || status == 529 || status == 504 {
			a.outcome = Congested
		}
	default:
		a.err = ErrRefused.With("endpoint", name, "status", status, "detail", detail)
		a.retry = status == 409 || status == 425
	}
}

// shown is what a server said, without secrets, on one line, cut to a length.
func (c *Client) shown(s, key string) string {
	s = c.d.Endpoint.scrub(s, key)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(strings.ToValidUTF8(s, "�")); len(r) > maxDetail {
		return string(r[:maxDetail]) + "…"
	}
	return strings.ToValidUTF8(s, "�")
}

var titles = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func title(page []byte) string {
	m := titles.FindSubmatch(page)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(html.UnescapeString(string(m[1])))
}
