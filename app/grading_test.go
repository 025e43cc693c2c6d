package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/examples"
	"github.com/landfall-ai/landfall/kit/term"
)

// TestGradingFromRunToRoutes runs the shipped example: what it measured stands
// in the matrix and routes, until the scenario changes.
func TestGradingFromRunToRoutes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "bank")
	if err := app.CopyExample(examples.BankSupport, dir); err != nil {
		t.Fatal(err)
	}
	a := opened(t)
	if _, err := a.Routes(ctx, dir, time.Hour); !errors.Is(err, grade.ErrRoutesNone) {
		t.Errorf("before a run: %v", err)
	}
	if m, err := a.Feasibility(ctx, nil); err != nil || len(m.Rows) != 1 || m.Rows[0].Tier != grade.Unknown {
		t.Errorf("before a run: %+v, %v", m, err)
	}
	if _, err := a.Run(ctx, dir, app.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Grade == nil || len(r.Grade.Matrix) != len(r.Grade.Slices) || r.Grade.Routing == nil || r.Grade.Routing.Curve == nil {
		t.Fatalf("the report has no matrix or routing: %+v", r.Grade)
	}
	routes, err := a.Routes(ctx, dir, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range routes.Slices {
		if v := r.Grade.Slices[i]; s.Proven != (v.Outcome == grade.Pass) || s.Proven && s.Candidate != v.Cheapest {
			t.Errorf("%s goes to %q, graded %+v", s.Slice, s.Candidate, v)
		}
	}
	var b bytes.Buffer
	if err := term.WriteYAML(&b, routes); err != nil {
		t.Fatal(err)
	}
	if back, err := grade.ParseRoutes(b.Bytes()); err != nil || back.Digest != routes.Digest {
		t.Errorf("read back: %v", err)
	}
	m, err := a.Feasibility(ctx, []string{dir, dir})
	if err != nil || len(m.Rows) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	row := m.Rows[0]
	if row.L1.Figure == nil || row.L1.Evidence != routes.Evidence || row.Data.Figure == nil || row.Value.Figure == nil || row.Worth <= 0 {
		t.Errorf("%+v", row)
	}

	// Another bar: what was measured against the old one routes nothing.
	file := filepath.Join(dir, scenario.FileName)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(raw, []byte("accuracy: 0.80"), []byte("accuracy: 0.81"), 1)
	if bytes.Equal(raw, changed) {
		t.Fatal("the example has another bar")
	}
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Routes(ctx, dir, time.Hour); !errors.Is(err, grade.ErrRoutesNone) {
		t.Errorf("after a change: %v", err)
	}
	if m, err := a.Feasibility(ctx, []string{dir}); err != nil || m.Rows[0].L1.Verdict != grade.Stale || m.Rows[0].Worth != 0 {
		t.Errorf("after a change: %+v, %v", m, err)
	}
}

// TestInitWritesAnswers: what was answered stands in the new scenario and says
// its level, unless another one was declared.
func TestInitWritesAnswers(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "cases.csv")
	rows := "text,label\n"
	for i := range 60 {
		rows += fmt.Sprintf("what about case number %d,%s\n", i, []string{"yes", "no"}[i%2])
	}
	if err := os.WriteFile(data, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	answers := scenario.Rubric{Input: "text", Output: "json", Risk: "high"}
	for declared, want := range map[scenario.Level]scenario.Level{"": scenario.L2, scenario.L3: scenario.L3} {
		dir := filepath.Join(t.TempDir(), "made")
		if _, err := app.Init(t.Context(), dir, app.InitOptions{Data: data, Owner: `Lin "x"`, Level: declared, Rubric: answers}); err != nil {
			t.Fatal(err)
		}
		of, err := app.Rubric(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(of) != 1 || of[0].Declared != want || of[0].Floor.Level != scenario.L2 || of[0].Answers.By != `Lin "x"` || of[0].Answers.Risk != "high" || of[0].Answers.Autonomy != "" {
			t.Errorf("declared %q: %+v %+v", declared, of[0], of[0].Answers)
		}
	}
}
