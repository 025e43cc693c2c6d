// Package problem is how a fault travels: RFC 9457 problem details with the
// members that a client needs to react (kind, code, params, place, hint). The
// server writes them, the command line reads them back and prints the same
// document on stderr.
package problem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// Problem is a fault on the wire, its texts in one language.
type Problem struct {
	Type    string         `json:"type" doc:"A URI that names the kind of problem: urn:landfall:error:CODE."`
	Title   string         `json:"title" doc:"The kind in words."`
	Status  int            `json:"status" doc:"The HTTP status."`
	Detail  string         `json:"detail" doc:"What happened."`
	Kind    fault.Kind     `json:"kind" doc:"The class of the problem; it decides status and exit code."`
	Code    string         `json:"code" doc:"A stable code: package.what_is_wrong."`
	Exit    int            `json:"exit" doc:"The exit code of the command line."`
	Params  map[string]any `json:"params,omitempty" doc:"The values inside the message."`
	Place   string         `json:"place,omitempty" doc:"The place in a file: file:line:column."`
	Pointer string         `json:"pointer,omitempty" doc:"The place in the request's body: a JSON pointer."`
	Hint    string         `json:"hint,omitempty" doc:"What to do about it."`
	Others  []Other        `json:"others,omitempty" doc:"What else is wrong, if several things are."`
}

// Other is a further fault beside a problem's own.
type Other struct {
	Detail  string `json:"detail" doc:"What happened."`
	Code    string `json:"code" doc:"A stable code: package.what_is_wrong."`
	Place   string `json:"place,omitempty" doc:"The place in a file: file:line:column."`
	Pointer string `json:"pointer,omitempty" doc:"The place in the request's body: a JSON pointer."`
}

// Of returns err as a problem in lang ("zh" or "en"). What carries no kind is
// Internal and keeps its text to itself.
func Of(err error, lang string) *Problem {
	f := fault.From(err)
	p := &Problem{
		Type: "urn:landfall:error:" + f.Code, Title: title(f.Kind, lang), Status: f.Kind.Status(),
		Detail: f.Message(lang), Kind: f.Kind, Code: f.Code, Exit: f.Exit(),
		Place: f.Where, Pointer: f.Pointer, Hint: f.Hint(lang),
	}
	for _, x := range f.Params {
		if p.Params == nil {
			p.Params = map[string]any{}
		}
		p.Params[x.Name] = wireValue(x.Value)
	}
	for _, o := range fault.All(err)[1:] {
		p.Others = append(p.Others, Other{Detail: o.Message(lang), Code: o.Code, Place: o.Where, Pointer: o.Pointer})
	}
	return p
}

// wireValue keeps what JSON can say and writes the rest as text, so that a
// problem can always be sent.
func wireValue(v any) any {
	if e, ok := v.(error); ok {
		return e.Error()
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Sprint(v)
	}
	return v
}

// Error, GetStatus and ContentType make a Problem an error that huma writes
// as it stands.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// RetryAfter is the parameter of a RateLimited or Unavailable fault that says
// after how many whole seconds it is worth another try.
const RetryAfter = "retry_after"

// GetHeaders returns what an answer says outside of its body.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if s, ok := p.Params[RetryAfter]; ok {
		h.Set("Retry-After", fmt.Sprint(s))
	}
	return h
}

// ContentType returns the media type, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ContentType }

// Fault returns the fault that p carries. Its texts exist in p's language
// only; exit code, kind and code are those of the sender.
func (p *Problem) Fault() *fault.Error {
	kind := p.Kind
	if kind == "" {
		kind = fault.Internal
	}
	d := fault.Def{Kind: kind, Code: p.Code, En: p.Detail, Zh: p.Detail, HintEn: p.Hint, HintZh: p.Hint}
	if p.Exit != kind.Exit() {
		d.Exit = p.Exit
	}
	f := d.With()
	for _, n := range slices.Sorted(maps.Keys(p.Params)) {
		f.Params = append(f.Params, fault.Param{Name: n, Value: p.Params[n]})
	}
	f.Where, f.Pointer = p.Place, p.Pointer
	return f
}

// Err returns everything that p carries: its fault, and those beside it as one
// error that fault.All takes apart.
func (p *Problem) Err() error {
	first := p.Fault()
	if len(p.Others) == 0 {
		return first
	}
	all := several{first}
	for _, o := range p.Others {
		f := fault.Def{Kind: first.Kind, Code: o.Code, En: o.Detail, Zh: o.Detail}.With()
		f.Where, f.Pointer = o.Place, o.Pointer
		all = append(all, f)
	}
	return all
}

type several []error

func (s several) Error() string   { return s[0].Error() }
func (s several) Unwrap() []error { return s }

// Parse reads a problem. ok is false if body is none; a document that lacks a
// kind is none.
func Parse(contentType string, body []byte) (p *Problem, ok bool) {
	if !strings.HasPrefix(contentType, ContentType) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	p = &Problem{}
	if err := dec.Decode(p); err != nil || p.Kind == "" {
		return nil, false
	}
	return p, true
}

func title(k fault.Kind, lang string) string {
	en, zh := titles(k)
	if lang == "zh" {
		return zh
	}
	return en
}

func titles(k fault.Kind) (en, zh string) {
	switch k {
	case fault.Invalid:
		return "invalid input", "输入有误"
	case fault.Unauthenticated:
		return "not signed in", "未登录"
	case fault.Denied:
		return "not allowed", "没有权限"
	case fault.NotFound:
		return "not found", "未找到"
	case fault.Conflict:
		return "conflict", "冲突"
	case fault.Precondition:
		return "changed in between", "已被他人更改"
	case fault.TooLarge:
		return "too large", "超出大小限制"
	case fault.RateLimited:
		return "too many requests", "请求过于频繁"
	case fault.Blocked:
		return "blocked", "被阻止"
	case fault.Unavailable:
		return "unavailable", "暂不可用"
	case fault.Canceled:
		return "interrupted", "已中断"
	}
	return "internal error", "内部错误"
}
