// Package fault holds the one error type that crosses package boundaries:
// few kinds, each tied to an HTTP status and an exit code, and stable codes
// with parameters, so that every surface can say the same thing in Chinese
// and in English.
package fault

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the class of a fault. It alone decides the HTTP status and, but for
// Blocked, the exit code.
type Kind string

// The kinds. An error that carries none is Internal, and its text stays in
// the log.
const (
	Invalid         Kind = "invalid"
	Unauthenticated Kind = "unauthenticated"
	Denied          Kind = "denied"
	NotFound        Kind = "not_found"
	Conflict        Kind = "conflict"
	Precondition    Kind = "precondition"
	TooLarge        Kind = "too_large"
	RateLimited     Kind = "rate_limited"
	Blocked         Kind = "blocked"
	Unavailable     Kind = "unavailable"
	Internal        Kind = "internal"
	Canceled        Kind = "canceled"
)

// Exit codes of the command line that are not tied to a kind.
const (
	ExitOK           = 0
	ExitRuleFailed   = 10
	ExitInsufficient = 11
	ExitDataQuality  = 12
	ExitGuardrail    = 13
)

// Status returns the HTTP status of k.
func (k Kind) Status() int { s, _ := k.codes(); return s }

// Exit returns the exit code of k.
func (k Kind) Exit() int { _, e := k.codes(); return e }

func (k Kind) codes() (status, exit int) {
	switch k {
	case Invalid:
		return 422, 2
	case Unauthenticated:
		return 401, 5
	case Denied:
		return 403, 5
	case NotFound:
		return 404, 3
	case Conflict:
		return 409, 4
	case Precondition:
		return 412, 4
	case TooLarge:
		return 413, 2
	case RateLimited:
		return 429, 6
	case Blocked:
		return 409, ExitRuleFailed
	case Unavailable:
		return 503, 6
	case Canceled:
		return 499, 130
	}
	return 500, 1
}

// Def declares a fault once: its kind, its stable code, and what it says in
// both languages. {name} stands for the parameter of that name. Definitions
// are package-level variables; docs/errors.md is made from them.
//
// A Def is itself an error, so that errors.Is(err, scenario.ErrUnknown) works.
type Def struct {
	Kind           Kind
	Code           string // package.what_is_wrong
	En, Zh         string
	HintEn, HintZh string
	Exit           int // of Blocked faults that have a code of their own
}

func (d Def) Error() string { return d.Code }

// With makes the fault that d declares, with parameters as key, value pairs.
func (d Def) With(kv ...any) *Error {
	if len(kv)%2 != 0 {
		panic("fault: odd number of parameters for " + d.Code)
	}
	e := &Error{Def: d}
	for i := 0; i < len(kv); i += 2 {
		e.Params = append(e.Params, Param{Name: kv[i].(string), Value: kv[i+1]})
	}
	return e
}

// Param is a named value inside a message.
type Param struct {
	Name  string
	Value any
}

// Error is a fault that happened.
type Error struct {
	Def
	Params []Param
	// Where is the place in a file: "scenario.yaml:12:3". Empty if none.
	Where string
	// Pointer is the place in a document: a JSON pointer. Empty if none.
	Pointer string
	// Cause is logged and unwrapped, never shown to a client.
	Cause error
}

// At sets the file and, from 1 and only if known, line and column.
func (e *Error) At(file string, line, col int) *Error {
	e.Where = file
	if line > 0 {
		e.Where += ":" + strconv.Itoa(line)
		if col > 0 {
			e.Where += ":" + strconv.Itoa(col)
		}
	}
	return e
}

// In sets the JSON pointer of the field that is wrong.
func (e *Error) In(pointer string) *Error { e.Pointer = pointer; return e }

// Because keeps the error that led here.
func (e *Error) Because(err error) *Error { e.Cause = err; return e }

func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target declares the same code.
func (e *Error) Is(target error) bool {
	d, ok := target.(Def)
	return ok && d.Code == e.Code
}

// Exit returns the exit code: the definition's own, else the kind's.
func (e *Error) Exit() int {
	if e.Def.Exit != 0 {
		return e.Def.Exit
	}
	return e.Kind.Exit()
}

// Error is the English message with its place, for logs and for wrapping.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message("en")
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Message returns what happened in "zh" or, for every other value, English.
func (e *Error) Message(lang string) string { return e.fill(lang, pick(lang, e.En, e.Zh)) }

// Hint returns what to do about it, or "".
func (e *Error) Hint(lang string) string { return e.fill(lang, pick(lang, e.HintEn, e.HintZh)) }

// Param returns the value of a parameter, or nil.
func (e *Error) Param(name string) any {
	i := slices.IndexFunc(e.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return e.Params[i].Value
}

// fill puts the parameters in, in one pass, so that a value that looks like a
// placeholder stays as it is.
func (e *Error) fill(lang, s string) string {
	pairs := make([]string, 0, 2*len(e.Params))
	for _, p := range e.Params {
		pairs = append(pairs, "{"+p.Name+"}", format(lang, p.Value))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// format writes a parameter. Values with an In method (text.Text) say
// themselves in either language.
func format(lang string, v any) string {
	switch v := v.(type) {
	case interface{ In(lang string) string }:
		return v.In(lang)
	case []string:
		return strings.Join(v, ", ")
	case float64:
		return number(v)
	}
	return fmt.Sprint(v)
}

// number writes a float without an exponent where a person would.
func number(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func pick(lang, en, zh string) string {
	if lang == "zh" && zh != "" {
		return zh
	}
	return en
}

// ErrInternal is what clients see of an error that has no kind.
var ErrInternal = Def{Kind: Internal, Code: "internal",
	En: "something went wrong inside Landfall", Zh: "Landfall 内部出错",
	HintEn: "the log has the details; run again with --verbose to see them",
	HintZh: "日志中有详情；加 --verbose 重新运行可看到"}

// ErrCanceled is what is left when a person stopped the work.
var ErrCanceled = Def{Kind: Canceled, Code: "canceled",
	En: "interrupted; what was finished is kept", Zh: "已中断；已完成的部分均已保存",
	HintEn: "run the same command again to go on", HintZh: "再次运行同一命令即可继续"}

// From returns the fault inside err, or wraps err as Internal (Canceled for
// context.Canceled). From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return ErrCanceled.With().Because(err)
	}
	return ErrInternal.With().Because(err)
}

// All returns the faults of an error that is several (the problems of a file):
// the first is From(err). It has one element for any other error, and none for
// nil.
func All(err error) []*Error {
	first := From(err)
	if first == nil {
		return nil
	}
	out := []*Error{first}
	var several interface {
		error
		Unwrap() []error
	}
	if errors.As(err, &several) {
		for _, e := range several.Unwrap() {
			var f *Error
			if errors.As(e, &f) && f != first {
				out = append(out, f)
			}
		}
	}
	return out
}
