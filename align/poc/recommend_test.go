package poc_test

import (
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/kit/stats"
)

func candidate(id, cost string, correct, n int) poc.CandidateMeasurement {
	return poc.CandidateMeasurement{ID: id, Rung: poc.Classic, Overall: poc.Score{Correct: correct, N: n, Accuracy: float64(correct) / float64(max(1, n))},
		CostPerTask: poc.Cost{Amount: cost, Currency: "CNY"}}
}

// The bound is the exact one at the attempt's part of alpha over the number of
// measured candidates, and what suffices at the first attempt need not later.
func TestRecommendSpendsAlpha(t *testing.T) {
	t.Parallel()
	m := poc.Measurement{Candidates: []poc.CandidateMeasurement{candidate("dear", "2", 990, 1000), candidate("cheap", "1", 923, 1000), candidate("typed", "0", 0, 0)}}
	for _, c := range []struct {
		attempt, spent int
		want           string
	}{{0, 1, "cheap"}, {1, 1, "cheap"}, {2, 2, "dear"}, {11, 11, "dear"}} {
		m.Attempt = c.attempt
		r, ok := poc.Recommend(m, .9)
		if !ok || r.Candidate.ID != c.want || !r.Sufficient {
			t.Fatalf("attempt %d: %+v", c.attempt, r)
		}
		if want := stats.LowerBound(r.Candidate.Overall.Correct, 1000, stats.SpendAlpha(poc.Alpha, c.spent)/2); r.Accuracy.Low != want {
			t.Errorf("attempt %d: bound %v, want %v", c.attempt, r.Accuracy.Low, want)
		}
		if m.Worn() != (c.attempt > 10) {
			t.Errorf("attempt %d: worn %v", c.attempt, m.Worn())
		}
	}
	if _, ok := poc.Recommend(poc.Measurement{Candidates: m.Candidates[2:]}, .9); ok {
		t.Error("what nobody measured is recommended")
	}
}
