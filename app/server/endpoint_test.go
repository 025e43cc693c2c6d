package server_test

import (
	"context"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// Scenarios on a server reach what an administrator defined, with the data
// that may be seen there, and nothing else.
func TestDefinedEndpoints(t *testing.T) {
	t.Parallel()
	model := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		if strings.Contains(string(c.Body), "about the card") {
			return llmtest.Reply{Text: "card"}
		}
		return llmtest.Reply{Text: "loan"}
	})
	s := serve(t, t.TempDir())
	allows := []string{"public"}
	s.app.Endpoints = func(context.Context) (scenario.Endpoints, error) {
		return scenario.Endpoints{"qwen": {BaseURL: model.BaseURL, Allows: allows, Defined: true, Key: "sk-1"}}, nil
	}
	doc := strings.Replace(document, "  - builtin: keywords\n", "  - builtin: keywords\n  - model: {id: qwen-small, rung: small-model, endpoint: ENDPOINT, model: any}\n", 1)
	push := func(endpoint string) reply {
		return s.call(request{as: "all", method: "POST", path: "/api/v1/teams/team_a/scenarios", kind: gz,
			body: tarGz(t, with(desk(), "scenario.yaml", strings.Replace(doc, "ENDPOINT", endpoint, 1)))})
	}
	if got := push("other"); got.status != 422 || !strings.Contains(string(got.body), "known: qwen") || !strings.HasPrefix(got.p.Place, "scenario.yaml:21") {
		t.Errorf("an endpoint that nobody defined: %d %s", got.status, got.body)
	}
	if got := push("qwen"); got.status != 201 {
		t.Fatalf("push: %d %s", got.status, got.body)
	}
	start := func() reply {
		return s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte("{}")})
	}
	if got := start(); got.status != 403 {
		t.Errorf("internal data to what may see public data alone: %d %s", got.status, got.body)
	}
	allows = []string{"public", "internal"}
	var run app.StartedRun
	start().decode(t, &run)
	_, last := s.events("/api/v1/runs/"+run.ID+"/events", nil, func(string, string) bool { return false })
	if !strings.Contains(last, `"state":"done"`) {
		t.Fatalf("the run: %s", last)
	}
	report := s.call(request{as: "all", method: "GET", path: "/api/v1/runs/" + run.ID + "/report"})
	if !strings.Contains(string(report.body), `"id":"qwen-small"`) {
		t.Errorf("the model is not in the report: %.500s", report.body)
	}
	s.app.Endpoints = nil
	if got := s.call(request{as: "all", method: "GET", path: "/api/v1/scenarios/desk/report"}); got.status != 200 {
		t.Errorf("what was measured is gone with the endpoint: %d %s", got.status, got.body)
	}
}
