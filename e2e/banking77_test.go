//go:build e2e

package e2e

import (
	"path/filepath"
	"testing"
)

// TestBanking77 takes 13,083 real queries to their verdict. The bars are those
// of docs/benchmarks.md: what was measured for an untuned classifier of the
// same class (Casanueva et al. 2020 give the data and its official split).
func TestBanking77(t *testing.T) {
	dir := example(t, "banking77")
	home := filepath.Join(t.TempDir(), "home")
	if r := finish(t, command(t, home, "data", "pull", dir)); r.exit != 0 {
		missing(t, "BANKING77 is neither under LANDFALL_DATA_DIR nor on the network: "+r.err)
	}
	r := landfall(t, home, 11, "run", dir, "-o", "json") // as its scenario.yaml expects: no costs are stated
	t.Logf("all built-ins: %.1f s of processor time, peak %d MiB", r.seconds, r.maxRSS/1024)
	if limit := int64(400 * 1000 * 1000 / 1024); r.maxRSS > limit {
		t.Errorf("peak memory %d KiB, at most %d", r.maxRSS, limit)
	}
	var report struct {
		Selection struct{ Recommended string }
		POC       struct {
			Candidates []struct {
				ID       string
				Overall  struct{ Accuracy float64 }
				Surest80 struct{ Accuracy, Coverage float64 } `json:"surest_80"`
			}
		}
	}
	decode(t, r.out, &report)
	found := false
	for _, c := range report.POC.Candidates {
		t.Logf("%s: %.4f, surest %.1f %%: %.4f", c.ID, c.Overall.Accuracy, 100*c.Surest80.Coverage, c.Surest80.Accuracy)
		if c.ID != report.Selection.Recommended {
			continue
		}
		found = true
		if c.Overall.Accuracy < 0.905 || c.Surest80.Accuracy < 0.975 {
			t.Errorf("%s is right on %.4f of all and %.4f of the surest", c.ID, c.Overall.Accuracy, c.Surest80.Accuracy)
		}
		if c.Surest80.Coverage < 0.75 || c.Surest80.Coverage > 0.85 {
			t.Errorf("the threshold of validation covers %.3f of the test cases, not about 80 %%", c.Surest80.Coverage)
		}
	}
	if !found {
		t.Errorf("the recommended candidate %q was not measured", report.Selection.Recommended)
	}
	for _, e := range evidenceIDs(t, home) {
		if e.Kind != "quality" {
			continue
		}
		var shown struct {
			Statement struct {
				Predicate struct{ Metrics map[string]float64 }
			}
		}
		decode(t, landfall(t, home, 0, "evidence", "show", e.ID, "-o", "json").out, &shown)
		if n := shown.Statement.Predicate.Metrics["leaked_exact"]; n != 6 {
			t.Errorf("%v texts stand in both splits, want 6", n)
		}
		return
	}
	t.Error("there is no evidence of the data's quality")
}
