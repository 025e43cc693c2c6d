package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/cli"
	"github.com/landfall-ai/landfall/kit/rest/internal/sample"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// program runs the sample's command line: generated commands beside a verb
// written by hand. SAMPLE_USER=reader makes the person a mere reader.
func program(args []string, getenv func(string) string, in io.Reader, out, errs io.Writer) int {
	t := &term.Terminal{In: in, Out: out, Err: errs, Lang: term.Language(args, getenv)}
	root := build(t, getenv, nil)
	return term.Run(context.Background(), t, root, args)
}

func build(t *term.Terminal, getenv func(string) string, wrap func(http.RoundTripper) http.RoundTripper) *cobra.Command {
	reg := rest.New(rest.Config{Title: "Sample", Version: "1", Log: slog.New(slog.DiscardHandler)})
	sample.Register(reg, sample.New(700))
	who := auth.Local("os:me", "Me")
	root := term.NewRoot(t, "landfall", text.Text{En: "prove it", Zh: "用证据说话"}, func(*cobra.Command) error {
		switch getenv("SAMPLE_USER") {
		case "reader":
			who = auth.Principal{ID: "u", Teams: map[string]auth.Permission{"a": auth.Read}}
		case "bad":
			return fault.Def{Kind: fault.Unavailable, Code: "sample.env", En: "bad user", Zh: "用户有误"}.With()
		}
		return nil
	})
	runs := term.Noun(t, "runs", text.Text{En: "runs and what they measured", Zh: "运行记录及其结果"})
	runs.AddCommand(&cobra.Command{Use: "watch RUN", Short: t.Say("watch a run", "观察运行"), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return t.Talk("watching %s", "观察 %s", args[0]) }})
	root.AddCommand(runs)
	cli.Attach(t, root, reg.Operations(), map[string]text.Text{"trouble": {En: "trouble", Zh: "麻烦"}},
		func(context.Context) (cli.Session, error) {
			tr := rest.InProcess(reg.Handler(), who)
			if wrap != nil {
				tr = wrap(tr)
			}
			return cli.Session{Transport: tr, Base: "http://landfall" + reg.Prefix()}, nil
		})
	return root
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"landfall": func() { os.Exit(program(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits CODE ARGS... runs the program in process and wants that exit code.
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 {
					ts.Fatalf("use: exits CODE ARGS...")
				}
				got := program(args[1:], ts.Getenv, strings.NewReader(""), ts.Stdout(), ts.Stderr())
				if fmt.Sprint(got) != args[0] {
					ts.Fatalf("exit code %d, want %s", got, args[0])
				}
			}}})
}

// A whole in-process call leaves no goroutine, nor does an interrupted one.
func TestNothingLeaks(t *testing.T) {
	defer goleak.VerifyNone(t)
	none := func(string) string { return "" }
	var out, errs strings.Builder
	if code := program([]string{"runs", "list", "-o", "json"}, none, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() != 0 {
		t.Errorf("%d %s", code, errs.String())
	}
	var doc rest.Page[sample.Run]
	if err := json.Unmarshal([]byte(out.String()), &doc); err != nil || len(doc.Items) != 1400 || doc.Next != "" {
		t.Errorf("%d items, next %q, %v", len(doc.Items), doc.Next, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	scr := &term.Terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Lang: "zh"}
	if code := term.Run(ctx, scr, build(scr, none, nil), []string{"runs", "list"}); code != 130 {
		t.Errorf("interrupted: %d %s", code, errs.String())
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Servers that are not Landfall, or not there, are said to be so.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	page := func(status int, contentType, body string) trip {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Location": {"http://elsewhere/"}},
				Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
	}
	for name, c := range map[string]struct {
		answer trip
		code   int
		says   string
	}{
		"html":        {page(200, "text/html", "<html>"), 6, "cli.not_landfall"},
		"redirect":    {page(302, "text/html", ""), 6, "cli.not_landfall"},
		"bad gateway": {page(502, "text/plain", "upstream"), 6, "HTTP status 502"},
		"problem":     {page(409, "application/problem+json", `{"kind":"blocked","code":"quality.failed","detail":"no","exit":12}`), 12, "error [quality.failed]: no"},
		"stuck list":  {page(200, "application/json", `{"items":[],"next":"same"}`), 1, "internal"},
		"no server":   {func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }, 6, "cli.unreachable"},
	} {
		var out, errs strings.Builder
		scr := &term.Terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Lang: "en"}
		root := build(scr, func(string) string { return "" }, func(http.RoundTripper) http.RoundTripper { return c.answer })
		if code := term.Run(context.Background(), scr, root, []string{"runs", "list"}); code != c.code || !strings.Contains(errs.String(), c.says) || out.Len() != 0 {
			t.Errorf("%s: exit %d, %q, %q", name, code, errs.String(), out.String())
		}
	}
}

// A failing Close is not swallowed, and never hides the first error.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	for verb, want := range map[string]int{"bank-0000": 1, "none": 3} {
		var out, errs strings.Builder
		scr := &term.Terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Lang: "en"}
		reg := rest.New(rest.Config{Title: "x", Version: "1"})
		sample.Register(reg, sample.New(1))
		root := term.NewRoot(scr, "landfall", text.Text{En: "x", Zh: "x"})
		cli.Attach(scr, root, reg.Operations(), map[string]text.Text{"runs": {En: "x", Zh: "x"}, "trouble": {En: "x", Zh: "x"}},
			func(context.Context) (cli.Session, error) {
				return cli.Session{Transport: rest.InProcess(reg.Handler(), auth.Local("u", "U")), Base: "http://landfall" + reg.Prefix(),
					Close: func() error { return errors.New("disk full") }}, nil
			})
		if code := term.Run(context.Background(), scr, root, []string{"runs", "show", verb}); code != want {
			t.Errorf("%s: exit %d, want %d: %s", verb, code, want, errs.String())
		}
	}
}

func TestAttachPanics(t *testing.T) {
	t.Parallel()
	scr := &term.Terminal{Lang: "en"}
	op := func(noun, verb string, params ...rest.Param) []rest.Operation {
		return []rest.Operation{{Op: rest.Op{ID: "x", Noun: noun, Verb: verb}, Params: params, HasBody: true}}
	}
	for name, ops := range map[string][]rest.Operation{
		"no description": op("things", "list"),
		"verb is there":  op("runs", "watch"),
		"global flag":    op("runs", "go", rest.Param{Name: "output", In: "query", Type: "string"}),
		"file flag":      op("runs", "go", rest.Param{Name: "file", In: "query", Type: "string"}),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			cli.Attach(scr, build(scr, os.Getenv, nil), ops, nil, nil)
		}()
	}
}
