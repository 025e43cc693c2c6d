package app_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
)

// A run keeps its boundary as evidence, and the report draws every part of it.
func TestBoundaryIsReported(t *testing.T) {
	t.Parallel()
	a, dir := opened(t), filepath.Join(t.TempDir(), "plant")
	if err := app.CopyExample("quality-inspection", dir); err != nil {
		t.Fatal(err)
	}
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(context.WithoutCancel(t.Context()), dir, &info)
	if err != nil {
		t.Fatal(err)
	}
	if r.Boundary == nil || len(r.Boundary.Suites) != 1 {
		t.Fatalf("%+v", r.Boundary)
	}
	for _, c := range r.Boundary.Suites[0].Candidates {
		if d := c.Decision; d == nil || d.Positives != 120 || d.Negatives != 120 || d.Costs.Miss != 380 {
			t.Errorf("%s: %+v", c.Candidate, d)
		}
	}
	for lang, word := range map[string]string{"en": "Misses and false detections", "zh": "漏检与误检"} {
		var page bytes.Buffer
		if err := report.HTML(&page, *r, lang); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`id="boundary"`, `id="confusion"`, `id="calibration"`, `id="decision"`, word} {
			if !strings.Contains(page.String(), part) {
				t.Errorf("the page in %s has no %s", lang, part)
			}
		}
	}
	st := false
	for _, e := range r.Evidence {
		st = st || e.Kind == "boundary" && e.Stale == nil
	}
	if !st {
		t.Error("no current evidence of the boundary")
	}
}
