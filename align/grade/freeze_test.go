package grade_test

import (
	"math"
	"slices"
	"testing"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

func TestFreeze(t *testing.T) {
	t.Parallel()
	freeze := func(ss []grade.Slice) string {
		t.Helper()
		d, err := grade.Freeze(ss, "match/2", "tokens/1")
		if err != nil || len(d) != 64 {
			t.Fatalf("%q, %v", d, err)
		}
		return d
	}
	bars := []grade.Slice{{ID: "a", Level: scenario.L1, Bar: .9}, {ID: "b", Level: scenario.L2, Bar: .8}}
	frozen := freeze(bars)
	// What nobody is held to makes no difference.
	same := slices.Clone(bars)
	slices.Reverse(same)
	same[0].Title, same[1].Requests = text.Text{En: "B", Zh: "乙"}, 70
	if freeze(same) != frozen || grade.Exploratory(frozen, freeze(same)) {
		t.Error("the same bars in another order are other bars")
	}
	for name, change := range map[string]func(s []grade.Slice) []grade.Slice{
		"a lower bar":     func(s []grade.Slice) []grade.Slice { s[0].Bar = .899; return s },
		"a lower level":   func(s []grade.Slice) []grade.Slice { s[1].Level = scenario.L1; return s },
		"a slice less":    func(s []grade.Slice) []grade.Slice { return s[:1] },
		"another slice":   func(s []grade.Slice) []grade.Slice { s[1].ID = "c"; return s },
		"bars exchanged":  func(s []grade.Slice) []grade.Slice { s[0].Bar, s[1].Bar = s[1].Bar, s[0].Bar; return s },
		"no slice at all": func([]grade.Slice) []grade.Slice { return nil },
	} {
		if got := freeze(change(slices.Clone(bars))); got == frozen || !grade.Exploratory(frozen, got) {
			t.Errorf("%s goes unnoticed", name)
		}
	}
	if d, err := grade.Freeze(bars, "tokens/1", "match/2"); err != nil || d != frozen {
		t.Error("the same graders in another order are other graders")
	}
	if d, err := grade.Freeze(bars, "match/3", "tokens/1"); err != nil || d == frozen {
		t.Error("another version of a grader goes unnoticed")
	}
	if !grade.Exploratory("", frozen) {
		t.Error("without frozen bars everything only explores")
	}
	if _, err := grade.Freeze([]grade.Slice{{ID: "a", Bar: math.NaN()}}); err == nil {
		t.Error("a bar that is no number is frozen")
	}
}
