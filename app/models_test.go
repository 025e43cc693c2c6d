package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// answering is a model that tells refunds from deliveries and fails where fail
// says so.
func answering(t *testing.T, fail func(call int32, prompt string) llmtest.Reply) (*llmtest.Server, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	return llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		n := calls.Add(1)
		prompt := string(c.Body)
		if r := fail(n, prompt); r.Status != 0 || r.Raw != nil || r.Text != "" {
			return r
		}
		text := "refund"
		if strings.Contains(prompt, "parcel") {
			text = "delivery"
		}
		return llmtest.Reply{Text: text}
	}), &calls
}

const near = `endpoints: {near: {base_url: %URL%, allows: [internal]}}
costs: {currency: CNY, lines: [{id: calls, for: m, per: task, amount: 0.01}]}
traffic: {per_year: 1000}
run: {concurrency: 4, spend: "%SPEND%"}`

func withModel(t *testing.T, s *llmtest.Server, spend string) string {
	t.Helper()
	head := strings.NewReplacer("%URL%", s.BaseURL, "%SPEND%", spend).Replace(near)
	return handedOver(t, head, `  - model: {id: m, endpoint: near, model: x, rung: small-model, parameters: {max_tokens: 10}, price: {version: v1, request: "0.01"}}
`)
}

func measured(t *testing.T, a *app.App, dir string, info app.RunInfo) poc.CandidateMeasurement {
	t.Helper()
	r, err := a.Report(t.Context(), dir, &info)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.POC.Candidates {
		if c.ID == "m" {
			return c
		}
	}
	t.Fatal("the model is not in the report")
	return poc.CandidateMeasurement{}
}

func TestModelIsMeasured(t *testing.T) {
	t.Parallel()
	// Every fortieth call is refused for good, whatever is tried.
	server, calls := answering(t, func(_ int32, prompt string) llmtest.Reply {
		if strings.Contains(prompt, "parcel 7\"") || strings.Contains(prompt, "parcel 7\\n") {
			return llmtest.Reply{Status: 400}
		}
		return llmtest.Reply{}
	})
	a, dir := opened(t), withModel(t, server, "100")
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := measured(t, a, dir, info)
	if c.Overall.N != 120 || c.Overall.Correct < 118 || c.Overall.Correct+c.Errors != 120 || c.LatencyMs == nil || c.OutputTokens == 0 {
		t.Errorf("%+v", c)
	}
	if c.Errors != len(c.ErrorCodes) && c.ErrorCodes["llm.refused"] != c.Errors {
		t.Errorf("errors %d, by code %v", c.Errors, c.ErrorCodes)
	}
	if c.CostPerTask.Calls != "0.01" || c.CostPerTask.Amount != "0.02" {
		t.Errorf("cost %+v", c.CostPerTask)
	}
	// Measured again, only what failed is asked again.
	before := calls.Load()
	if _, err := a.Run(t.Context(), dir, app.RunOptions{Again: true}); err != nil {
		t.Fatal(err)
	}
	if asked := calls.Load() - before; int(asked) > c.Errors {
		t.Errorf("%d calls for %d failed cases", asked, c.Errors)
	}
}

// A spend limit ends the run with what was answered kept; a higher one goes on.
func TestSpendLimitStopsCleanly(t *testing.T) {
	t.Parallel()
	server, calls := answering(t, func(int32, string) llmtest.Reply { return llmtest.Reply{} })
	a, dir := opened(t), withModel(t, server, "0.50")
	_, err := a.Run(t.Context(), dir, app.RunOptions{})
	if !errors.Is(err, llm.ErrSpend) {
		t.Fatalf("ended with %v", err)
	}
	if n := calls.Load(); n > 50 || n < 40 {
		t.Errorf("%d calls at 0.01 within 0.50", n)
	}
	path := filepath.Join(dir, "scenario.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), `"0.50"`, `"5"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := measured(t, a, dir, info); c.Overall.Correct != 120 || calls.Load() > 120 {
		t.Errorf("%d right after %d calls", c.Overall.Correct, calls.Load())
	}
}

// Data of a class that the endpoint may not see never leaves.
func TestDataClassIsCheckedBeforeAnything(t *testing.T) {
	t.Parallel()
	server, calls := answering(t, func(int32, string) llmtest.Reply { return llmtest.Reply{} })
	a, dir := opened(t), withModel(t, server, "5")
	path := filepath.Join(dir, "scenario.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), "class: internal", "class: personal", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run(context.Background(), dir, app.RunOptions{}); !errors.Is(err, llm.ErrClass) || calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// A model that is asked three times per case is measured on as many cases as
// one that is asked once; what differs between its answers is its own figure.
func TestRepeatsAreNoCases(t *testing.T) {
	t.Parallel()
	var seen sync.Map // how often a prompt came
	var calls atomic.Int32
	server := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		calls.Add(1)
		prompt := string(c.Body)
		n, _ := seen.LoadOrStore(prompt, new(atomic.Int32))
		again := n.(*atomic.Int32).Add(1)
		switch {
		case !strings.Contains(prompt, "parcel"), again == 3 && strings.Contains(prompt, "parcel 1"): // wrong, the third time
			return llmtest.Reply{Text: "refund"}
		}
		return llmtest.Reply{Text: "delivery"}
	})
	a, dir := opened(t), withModel(t, server, "100")
	path := filepath.Join(dir, "scenario.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := strings.Replace(string(raw), "rung: small-model,", "rung: small-model, repeats: 3,", 1)
	if err := os.WriteFile(path, []byte(again), 0o600); err != nil {
		t.Fatal(err)
	}
	var sends []app.Sending
	info, err := a.Run(t.Context(), dir, app.RunOptions{Announce: func(s []app.Sending, _ llm.Money) { sends = s }})
	if err != nil {
		t.Fatal(err)
	}
	c := measured(t, a, dir, info)
	if r := c.Repeats; c.Overall.N != 120 || r == nil || r.Each != 3 || r.Cases != 120 || r.Unstable == 0 || r.Unstable > 60 ||
		!(r.Flip > 0 && r.Accuracy.Value < float64(c.Overall.Correct)/120) {
		t.Errorf("%+v, repeats %+v", c.Overall, r)
	}
	if n := calls.Load(); n != 360 || len(sends) != 1 || sends[0].Repeats != 3 || sends[0].Most.Amount.String() != "3.6" {
		t.Errorf("%d calls, announced %+v", n, sends)
	}
}
