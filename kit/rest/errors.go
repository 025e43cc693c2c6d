package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults that any operation may answer with.
var (
	ErrSignIn = fault.Def{Kind: fault.Unauthenticated, Code: "rest.sign_in",
		En: "nobody is signed in", Zh: "尚未登录",
		HintEn: "sign in, or send an API token", HintZh: "请先登录，或附上 API 令牌"}
	ErrDenied = fault.Def{Kind: fault.Denied, Code: "rest.denied",
		En: "this takes the permission to {right}", Zh: "此操作需要“{right}”权限",
		HintEn: "ask an owner of the team, or an administrator", HintZh: "请联系团队负责人或管理员"}
	ErrNoSuch = fault.Def{Kind: fault.NotFound, Code: "rest.no_such",
		En: `there is no {resource} "{id}"`, Zh: `没有这个{resource}：{id}`,
		HintEn: "check the id; a list shows those that you may see", HintZh: "请核对编号；列表中可看到您有权查看的全部内容"}
	ErrRoute = fault.Def{Kind: fault.NotFound, Code: "rest.no_route",
		En: "there is nothing at {method} {path}", Zh: "{method} {path} 不存在",
		HintEn: "openapi.json lists every operation", HintZh: "openapi.json 列出了全部接口"}
	ErrMethod = fault.Def{Kind: fault.Invalid, Code: "rest.method",
		En: "{path} does not take {method}", Zh: "{path} 不支持 {method}",
		HintEn: "it takes: {allowed}", HintZh: "支持：{allowed}"}
	ErrRequest = fault.Def{Kind: fault.Invalid, Code: "rest.invalid_request",
		En: "the request does not fit: {problem}", Zh: "请求不符合要求：{problem}",
		HintEn: "openapi.json says what it takes; on the command line, --help", HintZh: "要求见 openapi.json；命令行请看 --help"}
	ErrMedia = fault.Def{Kind: fault.Invalid, Code: "rest.media_type",
		En: "this media type is not understood", Zh: "不支持该内容类型",
		HintEn: "send application/json", HintZh: "请发送 application/json"}
	ErrMediaOf = fault.Def{Kind: fault.Invalid, Code: "rest.body_type",
		En: "a body of this media type is not understood here", Zh: "此接口不支持该内容类型",
		HintEn: "send one of: {takes}", HintZh: "可用类型：{takes}"}
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "rest.too_large",
		En: "the request's body is larger than this operation takes", Zh: "请求体超出此接口的大小限制",
		HintEn: "send less at a time", HintZh: "请分批发送"}
	ErrSlow = fault.Def{Kind: fault.Invalid, Code: "rest.too_slow",
		En: "the request's body did not arrive in time", Zh: "请求体未在限定时间内到达",
		HintEn: "send it again", HintZh: "请重新发送"}
)

// huma makes its errors through these globals. They are set here, once and
// before anything runs, so that its own refusals look like all others.
func init() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(ctx.Context(), status, msg, errs)
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(context.Background(), status, msg, errs)
	}
}

// fromHuma turns one of huma's refusals into a problem. Where HTTP has a
// status of its own for what went wrong with the message, it stays.
func fromHuma(ctx context.Context, status int, msg string, errs []error) *problem.Problem {
	var f *fault.Error
	switch {
	case status >= 500:
		return problemOf(ctx, errors.Join(append([]error{errors.New(msg)}, errs...)...))
	case status == http.StatusRequestEntityTooLarge:
		f = ErrTooLarge.With()
	case status == http.StatusUnsupportedMediaType || status == http.StatusNotAcceptable:
		f = ErrMedia.With()
	case status == http.StatusRequestTimeout:
		f = ErrSlow.With()
	default:
		f = badRequest(msg, errs)
		status = f.Kind.Status()
	}
	p := problemOf(ctx, f)
	p.Status = status
	return p
}

// badRequest names everything that huma found wrong, in both languages.
func badRequest(msg string, errs []error) *fault.Error {
	var en, zh []string
	pointer := ""
	for _, err := range errs {
		var d *huma.ErrorDetail
		if !errors.As(err, &d) {
			en, zh = append(en, err.Error()), append(zh, err.Error())
			continue
		}
		where := d.Location
		if rest, ok := strings.CutPrefix(d.Location, "body"); ok {
			where = toPointer(rest)
			if pointer == "" {
				pointer = where
			}
		} else if _, name, ok := strings.Cut(d.Location, "."); ok {
			where = name
		}
		if where != "" {
			where += ": "
		}
		en, zh = append(en, where+d.Message), append(zh, where+inChinese(d.Message))
	}
	if en == nil {
		en, zh = []string{msg}, []string{inChinese(msg)}
	}
	return ErrRequest.With("problem", text.Text{En: strings.Join(en, "; "), Zh: strings.Join(zh, ";")}).In(pointer)
}

var index = regexp.MustCompile(`\[(\d+)\]`)

// toPointer turns huma's ".items[3].tags" into "/items/3/tags".
func toPointer(path string) string {
	return strings.ReplaceAll(index.ReplaceAllString(path, ".$1"), ".", "/")
}

// problemOf is the one way out for errors: the fault in the caller's
// language. What carries no kind is logged here and nowhere else.
func problemOf(ctx context.Context, err error) *problem.Problem {
	c := callOf(ctx)
	var ready *problem.Problem
	if errors.As(err, &ready) {
		return ready
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		c.log.ErrorContext(ctx, "operation failed", "operation", c.operation, "request", c.request, "error", err)
	}
	return problem.Of(err, c.lang)
}

func writeProblem(w http.ResponseWriter, p *problem.Problem) {
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte(`{"kind":"internal","code":"internal"}`) // params are all encodable: problem.Of saw to it
	}
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problem.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(p.Status)
	// The client is gone if this fails, and nobody is left to tell.
	_, _ = w.Write(b)
}

// call is what a request carries besides its principal.
type call struct {
	lang, request, operation string
	known                    string // If-None-Match
	log                      *slog.Logger
}

type callKey struct{}

func callOf(ctx context.Context) call {
	if c, ok := ctx.Value(callKey{}).(call); ok {
		return c
	}
	return call{lang: "en", log: slog.Default()}
}

func withOperation(ctx context.Context, id string) context.Context {
	c := callOf(ctx)
	c.operation = id
	return context.WithValue(ctx, callKey{}, c)
}

func operationOf(ctx context.Context) string { return callOf(ctx).operation }

// Lang returns the language of the request in ctx: "zh" or "en".
func Lang(ctx context.Context) string { return callOf(ctx).lang }

// inChinese translates what huma says of a value. Texts that it does not know
// stay in English: they name what was expected all the same.
func inChinese(msg string) string {
	for _, t := range translations() {
		if rest, ok := strings.CutPrefix(msg, t[0]); ok {
			before, after, hole := strings.Cut(t[1], "%")
			if hole {
				return before + strings.TrimSuffix(strings.Trim(rest, `"`), " to be present") + after
			}
			if rest == "" {
				return t[1]
			}
		}
	}
	return msg
}

// translations maps the beginnings of huma's messages (huma/v2/validation) to
// Chinese; % takes what follows.
func translations() [][2]string {
	return [][2]string{
		{"unexpected property", "没有这个字段"},
		{"unknown query parameter", "没有这个参数"},
		{"expected required property ", "缺少必填字段 %"},
		{"required query parameter is missing", "缺少必填参数"},
		{"required header parameter is missing", "缺少必填请求头"},
		{"request body is required", "缺少请求体"},
		{"validation failed", "校验未通过"},
		{"invalid integer", "应为整数"},
		{"invalid float", "应为数字"},
		{"invalid boolean", "应为 true 或 false"},
		{"expected boolean", "应为 true 或 false"},
		{"expected integer", "应为整数"},
		{"expected number >= ", "应不小于 %"},
		{"expected number > ", "应大于 %"},
		{"expected number <= ", "应不大于 %"},
		{"expected number < ", "应小于 %"},
		{"expected number to be a multiple of ", "应为 % 的倍数"},
		{"expected number", "应为数字"},
		{"expected string to be RFC 3339 date-time", "应为 RFC 3339 时间"},
		{"expected string to be RFC 3339 date", "应为日期，如 2026-01-31"},
		{"expected string to match pattern ", "应符合格式 %"},
		{"expected string to be ", "应为 %"},
		{"expected string", "应为字符串"},
		{"expected array length >= ", "至少应有 % 项"},
		{"expected array length <= ", "至多 % 项"},
		{"expected array items to be unique", "各项不可重复"},
		{"expected array", "应为列表"},
		{"expected object", "应为对象"},
		{"expected length >= ", "长度应不小于 %"},
		{"expected length <= ", "长度应不大于 %"},
		{"expected value to be one of ", "应为其中之一：%"},
	}
}

// recovered is an internal error made of a panic.
func recovered(v any, stack []byte) error { return fmt.Errorf("panic: %v\n%s", v, stack) }
