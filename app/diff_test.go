package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/diff"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// Two runs between which a prompt changed are compared case by case; a case
// that is asked again shows what is sent, and what changed since.
func TestDiffAndReplay(t *testing.T) {
	t.Parallel()
	server := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		prompt := string(c.Body)
		if strings.Contains(prompt, "parcel") || !strings.Contains(prompt, "CAREFUL") && strings.Contains(prompt, "money back for 1") {
			return llmtest.Reply{Text: "delivery"}
		}
		return llmtest.Reply{Text: "refund"}
	})
	a, dir := opened(t), withModel(t, server, "100")
	first, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "scenario.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), "model: x,", "model: x, prompt: careful.txt,", 1)
	if err := errors.Join(os.WriteFile(path, []byte(changed), 0o600),
		os.WriteFile(filepath.Join(dir, "careful.txt"), []byte("CAREFUL: {{.Input}}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	second, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Diff(t.Context(), diff.Query{A: poc.RunID(first.ID), B: poc.RunID(second.ID), Candidate: "m"})
	if err != nil {
		t.Fatal(err)
	}
	// "money back for 1" and 10 to 19.
	if d.Cases != 120 || len(d.Gained) != 11 || len(d.Lost) != 0 || d.Verdict != diff.Better || d.Gained[0].Expected != "refund" || d.Gained[0].Was != "delivery" {
		t.Errorf("%+v", d)
	}
	if d, err := a.Diff(t.Context(), diff.Query{A: poc.RunID(first.ID), B: poc.RunID(first.ID), Candidate: "majority", WithCandidate: "m"}); err != nil || d.Verdict != diff.Better {
		t.Errorf("two candidates of a run: %+v, %v", d, err)
	}
	r, err := a.Replay(t.Context(), poc.RunID(first.ID), d.Gained[0].CaseID, "m", app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Same || r.Then.Correct || !r.Now.Correct || len(r.Changed) != 1 || !strings.Contains(r.Asked, "CAREFUL: money back for 1") {
		t.Errorf("%+v", r)
	}
	again, err := a.Replay(t.Context(), poc.RunID(second.ID), d.Gained[0].CaseID, "m", app.RunOptions{})
	if err != nil || !again.Same || len(again.Changed) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	for want, q := range map[*struct{ run, id, candidate string }]error{
		{first.ID, "nowhere", "m"}: app.ErrCase,
		{first.ID, "x", "nobody"}:  diff.ErrCandidate,
		{"run_unknown", "x", "m"}:  poc.ErrUnknownRun,
	} {
		if _, err := a.Replay(t.Context(), poc.RunID(want.run), want.id, want.candidate, app.RunOptions{}); !errors.Is(err, q) {
			t.Errorf("%+v: %v", want, err)
		}
	}
}
