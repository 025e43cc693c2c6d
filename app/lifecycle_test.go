package app_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/examples"
)

// TestLifecycleFromRunToActuals runs the shipped example: what it measured
// flows into the return, which is shown, exported and compared later.
func TestLifecycleFromRunToActuals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "bank")
	if err := app.CopyExample(examples.BankSupport, dir); err != nil {
		t.Fatal(err)
	}
	a := opened(t)
	if _, err := a.Return(ctx, dir); !errors.Is(err, app.ErrNoLifecycle) {
		t.Errorf("before a run: %v", err)
	}
	if _, err := a.Run(ctx, dir, app.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := a.Return(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Life.Options) != 5 || r.Life.Proposed != "graded" || r.Life.Lines[0].Kind != "wrong_answers" || len(r.Life.Fan) != 37 || len(r.Life.Tornado) == 0 {
		t.Fatalf("%+v", r.Life)
	}
	measured := map[string]roi.LifeInput{}
	for _, in := range r.Model.Inputs {
		measured[in.ID] = in
	}
	if in := measured["wrong.accuracy"]; in.Quantity.N == 0 || in.Provenance == evidence.Assumed {
		t.Errorf("the measured accuracy did not flow in: %+v", in)
	}
	if in := measured["saved.share"]; in.Quantity.N != 5000 || in.Quantity.K != 4070 || in.Provenance != evidence.Imported {
		t.Errorf("the proven share is %+v", in)
	}
	if in := measured["wrong-small.accuracy"]; in.Quantity.N == 0 || in.Provenance != evidence.Imported {
		t.Errorf("recorded answers are imported: %+v", in)
	}
	// The kept model computes the kept result again.
	again, err := roi.ComputeLife(*r.Model)
	if err != nil || again.NPV != r.Life.NPV || again.Assumed != r.Life.Assumed {
		t.Errorf("computed again: %+v, %+v, %v", again.NPV, r.Life.NPV, err)
	}
	var book bytes.Buffer
	if err := r.Workbook(&book, "zh"); err != nil || book.Len() < 5000 {
		t.Errorf("%d bytes, %v", book.Len(), err)
	}
	found, err := r.Compare([]roi.Actual{{Line: "ops", Month: 1, Amount: 1e6}})
	if err != nil || len(found.Lines) != 1 || found.Lines[0].Percentile != 1 || found.NPV.Mean >= found.Before.Mean {
		t.Errorf("%+v, %v", found, err)
	}
	whole, err := a.Report(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for lang, words := range map[string]string{"en": "Return over the whole life", "zh": "全周期投入产出"} {
		var page bytes.Buffer
		if err := report.HTML(&page, *whole, lang); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{words, `class="fan"`, `class="dots spans"`} {
			if !strings.Contains(page.String(), part) {
				t.Errorf("the page in %s has no %s", lang, part)
			}
		}
	}

	// Another number: the old return is stale.
	file := filepath.Join(dir, scenario.FileName)
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(src, []byte("discount: 0.08"), []byte("discount: 0.1"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Return(ctx, dir); !errors.Is(err, app.ErrNoLifecycle) {
		t.Errorf("after a change: %v", err)
	}
}
