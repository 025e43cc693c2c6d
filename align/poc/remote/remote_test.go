package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

func tpl(t *testing.T, text string) *Template {
	t.Helper()
	x, err := Parse("prompt.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	in := poc.Input{CaseID: "c1", Text: "it's \"lost\"", Tags: map[string]string{"lang": "en"}}
	task := Task{Choices: []string{"accept", "reject"}, Schema: json.RawMessage(`{"type":"object"}`), Documents: []dataset.Document{{ID: "d1", Fields: []string{"Q", "A"}}}}
	for text, want := range map[string]string{
		`{{.Input}}`:                             `it's "lost"`,
		`{"q": {{json .Input}}}`:                 `{"q": "it's \"lost\""}`,
		`{{.Tags.lang}}-{{.Tags.none}}-`:         `en--`,
		`{{join .Choices "/"}} {{.Schema}}`:      `accept/reject {"type":"object"}`,
		`{{range .Documents}}{{.ID}};{{end}}`:    `d1;`,
		`{{range .Documents}}{{.Fields}}{{end}}`: `[Q A]`,
	} {
		if got, err := tpl(t, text).make(in, task); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// Nothing of the right answer is at a template's hand, and what cannot work is
// said when the template is read, at its line.
func TestTemplateFaults(t *testing.T) {
	t.Parallel()
	for text, where := range map[string]string{
		"":                            "p.txt",
		"ok\n{{.Inptu}}":              "p.txt",
		"{{.Expected}}":               "p.txt",
		"{{.Resolution}}":             "p.txt",
		"line\n{{if}}":                "p.txt:2",
		"{{call .Input}}":             "p.txt",
		`{{template "other" .Input}}`: "p.txt",
	} {
		_, err := Parse("p.txt", text)
		var f *fault.Error
		if !errors.Is(err, ErrTemplate) || !errors.As(err, &f) || f.Where != where {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, bomb := range []string{
		strings.Repeat("{{range .Choices}}", 3) + strings.Repeat("{{end}}", 3),
		`{{$x := "a"}}{{range .Choices}}{{$x = print $x $x}}{{end}}`,
		`{{range .Choices}}{{printf "%1000000d" 1}}{{end}}`,
		`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
	} {
		if _, err := Parse("p.txt", bomb); !errors.Is(err, ErrTemplate) {
			t.Errorf("%s: %v", bomb, err)
		}
	}
	many := Task{Choices: strings.Split(strings.Repeat("x", 4000), "")}
	if _, err := tpl(t, "{{range .Choices}}{{range $.Choices}}x{{end}}{{end}}").make(poc.Input{}, many); err == nil {
		t.Error("a template made 16 MB")
	}
}

func model(t *testing.T, s *llmtest.Server, m Model) *Model {
	t.Helper()
	client, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "near", BaseURL: s.BaseURL, Model: "m", Classes: []string{"internal"}}})
	if err != nil {
		t.Fatal(err)
	}
	m.Client, m.Class = client, "internal"
	if m.Prompt == nil {
		m.Prompt = tpl(t, Prompt(m.Task.Kind))
	}
	return &m
}

func TestModel(t *testing.T) {
	t.Parallel()
	reply := func(text string) func(llmtest.Call) llmtest.Reply {
		return func(llmtest.Call) llmtest.Reply { return llmtest.Reply{Text: text} }
	}
	for name, c := range map[string]struct {
		task       Task
		m          Model
		reply      string
		want       string
		confidence float64
		bad        bool
	}{
		"answer":        {task: Task{Kind: "answer"}, reply: "card-lost", want: "card-lost"},
		"extract":       {task: Task{Kind: "extract", Schema: json.RawMessage(`{"type":"object"}`)}, reply: `{"a":1}`, want: `{"a":1}`},
		"decide":        {task: Task{Kind: "decide", Choices: []string{"yes", "no"}}, reply: "no", want: "no"},
		"by pointer":    {task: Task{Kind: "answer"}, m: Model{Answer: "/answer", Confidence: "/sure"}, reply: "```json\n{\"answer\":\"x\",\"sure\":0.7}\n```", want: "x", confidence: .7},
		"not JSON":      {task: Task{Kind: "answer"}, m: Model{Answer: "/answer"}, reply: "I think x", bad: true},
		"nothing there": {task: Task{Kind: "answer"}, m: Model{Answer: "/answer"}, reply: `{"other":1}`, want: ""},
	} {
		c.m.Task = c.task
		a, err := model(t, llmtest.New(t, reply(c.reply)), c.m).Ask(context.Background(), poc.Input{CaseID: "1", Text: "where is my card"})
		if (err != nil) != c.bad || err == nil && (a.Resolution != c.want || a.Confidence != c.confidence) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		if err == nil && (a.Took.Service <= 0 || a.Took.OutputTokens <= 0) {
			t.Errorf("%s: nothing was measured: %+v", name, a.Took)
		}
	}
}

// A refused data class ends the run, and nothing was sent.
func TestModelStops(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, func(llmtest.Call) llmtest.Reply { return llmtest.Reply{Text: "x"} })
	m := model(t, s, Model{Task: Task{Kind: "answer"}})
	m.Class = "personal"
	_, err := m.Ask(context.Background(), poc.Input{Text: "secret"})
	var stop poc.Stop
	if !errors.As(err, &stop) || !errors.Is(err, llm.ErrClass) || len(s.Calls()) != 0 {
		t.Errorf("%v after %d calls", err, len(s.Calls()))
	}
}

func app(t *testing.T, h http.HandlerFunc, answer string) *App {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &App{Client: server.Client(), URL: server.URL + "/v1/chat-messages", Method: http.MethodPost, Header: http.Header{"Authorization": {"Bearer hunter2"}},
		Request: tpl(t, `{"query": {{json .Input}}, "response_mode": "blocking"}`), Timeout: 10 * time.Second,
		Limiter: llm.NewLimiter(llm.LimiterOptions{}, nil), Clock: llm.SystemClock{}, Answer: answer, Citations: "/metadata/sources"}
}

// The shapes of an application's answers, as Dify and DashScope write them.
func TestAppAnswers(t *testing.T) {
	t.Parallel()
	for pointer, body := range map[string]string{
		"/answer":      `{"answer": "faq-3", "metadata": {"sources": [{"id": "d1", "quote": "words"}, "d2"]}}`,
		"/output/text": `{"output": {"text": "faq-3"}, "metadata": {"sources": ["d1", "d2"]}}`,
		"/data/0/text": `{"data": [{"text": "faq-3"}], "metadata": {"sources": ["d1", "d2"]}}`,
	} {
		a := app(t, func(w http.ResponseWriter, r *http.Request) {
			got, _ := io.ReadAll(r.Body)
			if string(got) != `{"query": "say \"hi\"", "response_mode": "blocking"}` || r.Header.Get("Authorization") != "Bearer hunter2" {
				t.Errorf("asked %s", got)
			}
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, body) //nolint:errcheck // the test fails anyway
		}, pointer)
		got, err := a.Ask(context.Background(), poc.Input{Text: `say "hi"`})
		if err != nil || got.Resolution != "faq-3" || len(got.Citations) != 2 || got.Citations[1].ID != "d2" || got.Took.Service <= 0 {
			t.Errorf("%s: %+v, %v", pointer, got, err)
		}
	}
}

func TestAppFaults(t *testing.T) {
	t.Parallel()
	hijack := func(w http.ResponseWriter, before string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(conn, before) //nolint:errcheck // it is cut on purpose
			conn.Close()                 //nolint:errcheck // it is cut on purpose
		}
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want fault.Def
		stop bool
	}{
		"web page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>")
		}, ErrNotJSON, false}, //nolint:errcheck // test
		"error in 200": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"error": "overloaded"}`) }, ErrNoAnswer, false}, //nolint:errcheck // test
		"500":          {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, ErrStatus, false},
		"key refused":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, ErrRefusedKey, true},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ans")
		}, ErrUnreachable, false},
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() }, ErrSlow, false},
	} {
		a := app(t, c.h, "/answer")
		if name == "hangs" {
			a.Timeout = 50 * time.Millisecond
		}
		_, err := a.Ask(context.Background(), poc.Input{Text: "x"})
		var stop poc.Stop
		if !errors.Is(err, c.want) || errors.As(err, &stop) != c.stop {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the key shows: %v", name, err)
		}
	}
}

// A refusal for the rate is obeyed and repeated; the wait is no service time.
func TestAppWaitsForRate(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	a := app(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 3 {
			w.Header().Set("Retry-After-Ms", "20")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, `{"answer": "yes"}`) //nolint:errcheck // the test fails anyway
	}, "/answer")
	got, err := a.Ask(context.Background(), poc.Input{Text: "x"})
	if err != nil || got.Resolution != "yes" || calls.Load() != 3 || got.Took.Waited < 40*time.Millisecond || got.Took.Service <= 0 {
		t.Errorf("%+v after %d calls: %v", got, calls.Load(), err)
	}
}

// A template that puts text into JSON unescaped would break on a quote: that is
// the folder's mistake, so the run stops.
func TestAppTemplateMustMakeJSON(t *testing.T) {
	t.Parallel()
	a := app(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") }, "/answer")
	a.Request = tpl(t, `{"query": "{{.Input}}"}`)
	_, err := a.Ask(context.Background(), poc.Input{Text: `say "hi"`})
	var stop poc.Stop
	if !errors.Is(err, ErrMade) || !errors.As(err, &stop) {
		t.Error(err)
	}
}

// An interrupted run repeats the calls that were in flight and no others: an
// answer is in the cache before its case is graded, and a result in the journal
// before its worker takes the next case.
func TestInterruptionRepeatsCallsInFlightAlone(t *testing.T) {
	t.Parallel()
	const cases, concurrency = 80, 4
	for _, at := range []int{1, 17, 40, 79} {
		ctx, interrupt := context.WithCancel(t.Context())
		s := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
			r := llmtest.Reply{Text: "yes"}
			if c.N == at {
				r.Before = interrupt
			}
			if c.N == at+2 && at > 1 { // a silent answer on the way is asked again
				return llmtest.Reply{}
			}
			return r
		})
		client, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "near", BaseURL: s.BaseURL, Model: "m", Classes: []string{"internal"}},
			Cache: &llm.Memory{}, Policy: llm.RetryPolicy{Base: time.Nanosecond}})
		if err != nil {
			t.Fatal(err)
		}
		m := &Model{Client: client, Class: "internal", Task: Task{Kind: "answer"}, Prompt: tpl(t, "{{.Input}}")}
		e := poc.Entrant{ID: "m", Concurrency: concurrency, Prepare: func(context.Context) (poc.Prepared, error) {
			return poc.Prepared{Candidate: asks(m.Ask)}, nil
		}}
		for i := range cases {
			e.Cases = append(e.Cases, dataset.Case{ID: fmt.Sprint(i), Input: fmt.Sprint("case ", i), Resolution: "yes"})
		}
		plan := poc.Plan{Entrants: []poc.Entrant{e}, Journal: filepath.Join(t.TempDir(), "run.db"), Now: time.Now,
			Grade: func(_ context.Context, c dataset.Case, a poc.Answer) (grader.Grade, error) {
				return grader.Grade{Correct: a.Resolution == c.Resolution}, nil
			}}
		if _, err := poc.Execute(ctx, plan, quiet{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at call %d: %v", at, err)
		}
		out, err := poc.Execute(t.Context(), plan, quiet{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out[0].Results {
			if !r.Correct {
				t.Errorf("interrupted at call %d: %+v", at, r)
			}
		}
		if n := len(s.Calls()); n < cases || n > cases+concurrency+1 {
			t.Errorf("interrupted at call %d: %d calls for %d cases, %d at once", at, n, cases, concurrency)
		}
	}
}

type asks func(context.Context, poc.Input) (poc.Answer, error)

func (a asks) Answer(ctx context.Context, in poc.Input) (poc.Answer, error) { return a(ctx, in) }

type quiet struct{}

func (quiet) Phase(string, string, int, int) {}
func (quiet) Step(string, bool)              {}
func (quiet) End(string)                     {}
