package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// The table of DESIGN: kind, HTTP status, exit code.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind         fault.Kind
		status, exit int
	}{
		{fault.Invalid, 422, 2},
		{fault.Unauthenticated, 401, 5},
		{fault.Denied, 403, 5},
		{fault.NotFound, 404, 3},
		{fault.Conflict, 409, 4},
		{fault.Precondition, 412, 4},
		{fault.TooLarge, 413, 2},
		{fault.RateLimited, 429, 6},
		{fault.Blocked, 409, fault.ExitRuleFailed},
		{fault.Unavailable, 503, 6},
		{fault.Internal, 500, 1},
		{fault.Canceled, 499, 130},
		{"no kind", 500, 1},
	} {
		d := fault.Def{Kind: c.kind, Code: "test.x"}
		if c.kind.Status() != c.status || c.kind.Exit() != c.exit || d.With().Exit() != c.exit {
			t.Errorf("%s: %d, %d", c.kind, c.kind.Status(), c.kind.Exit())
		}
	}
	if got := (fault.Def{Kind: fault.Blocked, Code: "test.x", Exit: fault.ExitDataQuality}).With().Exit(); got != 12 {
		t.Errorf("a blocked fault's own exit code: %d", got)
	}
}

var errTest = fault.Def{Kind: fault.Invalid, Code: "test.wrong",
	En: "{what} is {value}, not {limit}", Zh: "{what}为 {value},应为 {limit}",
	HintEn: "try {limit}", HintZh: "可试 {limit}"}

func TestMessages(t *testing.T) {
	t.Parallel()
	e := errTest.With("what", text.Text{En: "the bar", Zh: "门槛"}, "value", "{limit}", "limit", 0.9)
	for _, c := range []struct{ got, want string }{
		{e.Message("en"), "the bar is {limit}, not 0.9"}, // a value that looks like a placeholder stays
		{e.Message("zh"), "门槛为 {limit},应为 0.9"},
		{e.Message("fr"), "the bar is {limit}, not 0.9"},
		{e.Hint("en"), "try 0.9"},
		{e.Hint("zh"), "可试 0.9"},
		{errTest.With("what", "it").Message("en"), "it is {value}, not {limit}"}, // what is not given shows
		{fault.Def{En: "only English"}.With().Message("zh"), "only English"},
		{fault.Def{}.With().Hint("zh"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if e.Param("limit") != 0.9 || e.Param("nothing") != nil {
		t.Errorf("parameters: %v, %v", e.Param("limit"), e.Param("nothing"))
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		want string
	}{
		{1_000_000.0, "1000000"},
		{0.05, "0.05"},
		{0.0, "0"},
		{-2.5, "-2.5"},
		{1e-9, "1e-09"},
		{1e300, "1e+300"},
		{math.Inf(1), "+Inf"},
		{[]string{"a", "b"}, "a, b"},
		{[]string{}, ""},
		{7, "7"},
		{true, "true"},
		{io.EOF, "EOF"},
	} {
		if got := (fault.Def{En: "{v}"}).With("v", c.v).Message("en"); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, col int
		want      string
	}{{12, 3, "f.yaml:12:3"}, {12, 0, "f.yaml:12"}, {0, 3, "f.yaml"}, {0, 0, "f.yaml"}} {
		e := errTest.With().At("f.yaml", c.line, c.col).In("/a/b")
		if e.Where != c.want || e.Pointer != "/a/b" || !strings.HasPrefix(e.Error(), c.want+": test.wrong: ") {
			t.Errorf("%d:%d: %q, %q, %q", c.line, c.col, e.Where, e.Pointer, e.Error())
		}
	}
}

func TestIsAndUnwrap(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read it: %w", errTest.With("what", "x").Because(io.ErrUnexpectedEOF))
	if !errors.Is(err, errTest) || errors.Is(err, fault.ErrInternal) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("Is does not find the definition or the cause")
	}
	// What a fault says may be reworded; its code makes it the same.
	if !errors.Is(err, fault.Def{Code: "test.wrong"}) {
		t.Error("Is compares more than the code")
	}
	if !strings.HasSuffix(err.Error(), ": unexpected EOF") {
		t.Errorf("the cause is not in the log line: %s", err)
	}
	if strings.Contains(fault.From(err).Message("en"), "EOF") {
		t.Error("the cause is shown to the client")
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	if fault.From(nil) != nil {
		t.Error("nil became a fault")
	}
	for _, c := range []struct {
		err  error
		code string
		exit int
	}{
		{errTest.With(), "test.wrong", 2},
		{fmt.Errorf("a: %w", fmt.Errorf("b: %w", errTest.With())), "test.wrong", 2},
		{errors.Join(io.EOF, errTest.With()), "test.wrong", 2},
		{fmt.Errorf("wait: %w", context.Canceled), "canceled", 130},
		{context.DeadlineExceeded, "internal", 1}, // a deadline is the code's own
		{io.EOF, "internal", 1},
		{errTest.With().Because(context.Canceled), "test.wrong", 2},
	} {
		e := fault.From(c.err)
		if e.Code != c.code || e.Exit() != c.exit {
			t.Errorf("%v: %s, exit %d", c.err, e.Code, e.Exit())
		}
	}
	if !errors.Is(fault.From(io.EOF), io.EOF) || !errors.Is(fault.From(context.Canceled), context.Canceled) {
		t.Error("the cause is lost")
	}
	if e := fault.From(errors.New("password=x")); strings.Contains(e.Message("en")+e.Message("zh")+e.Hint("en"), "password") {
		t.Error("an internal error's text is shown")
	}
}

func TestWithRefusesHalfAPair(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	//lint:ignore SA5012 the odd number is what is tested
	_ = errTest.With("what")
}

func TestMessageNeverLosesAValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		got := (fault.Def{En: "{a}|{b}"}).With("a", a, "b", b).Message("en")
		if got != a+"|"+b {
			t.Fatalf("%q", got)
		}
	})
}
