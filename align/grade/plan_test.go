package grade_test

import (
	"testing"

	"github.com/landfall-ai/landfall/align/grade"
)

// One candidate on one slice is the textbook's plan at the whole of alpha that
// a first attempt may spend; more candidates and later attempts need more.
func TestPlan(t *testing.T) {
	t.Parallel()
	in := []grade.PlanSlice{{Slice: grade.Slice{ID: "a", Bar: 0.9}, Cases: 100, Candidates: 1}}
	one := grade.NewPlan(in, 1, []float64{0.85, 0.95})
	if n := one.Slices[0].Needs; len(n) != 1 || n[0].True != 0.95 || n[0].Cases <= 203 || n[0].More != n[0].Cases-100 {
		t.Errorf("at alpha %g: %+v", one.AlphaUsed, n) // 203 is the exact plan at 0.05
	}
	in[0].Candidates = 4
	four := grade.NewPlan(in, 1, nil)
	third := grade.NewPlan(in, 3, nil)
	if len(four.Slices[0].Needs) != 3 || four.AlphaUsed != four.AlphaSpent/4 {
		t.Errorf("%+v", four)
	}
	if a, b := four.Slices[0].Needs[1], third.Slices[0].Needs[1]; a.True != 0.95 || a.Cases <= one.Slices[0].Needs[0].Cases || b.Cases <= a.Cases {
		t.Errorf("four candidates %+v, the third attempt %+v", a, b)
	}
	if p := four.WithPaired(0.03, 0.1).Paired; p == nil || p.Cases < 687 { // 687 at 0.05
		t.Errorf("%+v", p)
	}
}
