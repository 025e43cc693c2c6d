package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// Nobody holds more streams than a person needs, and none outlives the rights
// with which it began by more than its age.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	model := llmtest.New(t, func(llmtest.Call) llmtest.Reply {
		<-release
		return llmtest.Reply{Text: "card"}
	})
	t.Cleanup(func() { close(release) })
	var later atomic.Int64
	a, err := app.Open(t.Context(), app.Config{Home: t.TempDir(), Version: "test", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	s := serving(t, a)
	s.app.Endpoints = func(context.Context) (scenario.Endpoints, error) {
		return scenario.Endpoints{"qwen": {BaseURL: model.BaseURL, Allows: []string{"internal"}, Defined: true, Key: "sk-1"}}, nil
	}
	s.create("all", "team_a", with(desk(), "scenario.yaml", strings.Replace(document, "  - builtin: keywords\n",
		"  - builtin: keywords\n  - model: {id: qwen-small, rung: small-model, endpoint: qwen, model: any}\n", 1)))
	var run app.StartedRun
	s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte("{}")}).decode(t, &run)
	watch := func(as string) *http.Response {
		return s.send(request{as: as, method: "GET", path: "/api/v1/runs/" + run.ID + "/events"})
	}
	var open []*http.Response
	for range 32 {
		res := watch("all")
		t.Cleanup(func() { _ = res.Body.Close() })
		if res.StatusCode != 200 {
			t.Fatalf("stream %d: %d", len(open), res.StatusCode)
		}
		open = append(open, res)
	}
	if got := s.call(request{as: "all", method: "GET", path: "/api/v1/runs/" + run.ID + "/events"}); got.status != 429 || got.p.Code != "run.watched" {
		t.Errorf("one more: %d %s", got.status, got.body)
	}
	other := watch("reads a")
	t.Cleanup(func() { _ = other.Body.Close() })
	if other.StatusCode != 200 {
		t.Errorf("somebody else: %d", other.StatusCode)
	}
	later.Store(int64(5 * time.Minute))
	for i, res := range append(open, other) {
		raw, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(raw), "event: progress\n") || strings.Contains(string(raw), "event: end\n") {
			t.Errorf("stream %d: %v %s", i, err, raw)
		}
	}
	again := watch("all")
	t.Cleanup(func() { _ = again.Body.Close() })
	if again.StatusCode != 200 {
		t.Errorf("after they have ended: %d", again.StatusCode)
	}
}
