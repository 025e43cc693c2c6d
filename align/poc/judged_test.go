package poc_test

import (
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/kit/stats"
)

func score(correct, n int) poc.Score {
	ci := stats.ClopperPearson(correct, n, poc.Level)
	return poc.Score{Correct: correct, N: n, Accuracy: float64(correct) / float64(n), Low: ci.Low, High: ci.High, Level: poc.Level}
}

func judgedBy(c stats.Calibration, suites ...poc.SuiteScore) poc.CandidateMeasurement {
	all := poc.CandidateMeasurement{Suites: suites}
	k, n := 0, 0
	for _, s := range suites {
		all.Slices = append(all.Slices, poc.SliceScore{Slice: s.Suite, Score: s.Score})
		k, n = k+s.Correct, n+s.N
	}
	all.Overall = score(k, n)
	j := judge.Measurement{Calibration: c, Standing: judge.Standing{Sufficient: true}}
	m := poc.Measurement{Candidates: []poc.CandidateMeasurement{all}}
	return m.WithJudge(suites[0].Suite, map[string]bool{suites[0].Suite: true}, len(suites) == 1, j).Candidates[0]
}

// A judge that made no error on 50 items of either kind may still make some:
// the bounds must say so where every sampling error that is estimated is 0, in
// one suite and in several together.
func TestPerfectJudgeIsNoOracle(t *testing.T) {
	t.Parallel()
	perfect := stats.Calibration{TruePositive: 50, Positive: 50, TrueNegative: 50, Negative: 50}
	one := judgedBy(perfect, poc.SuiteScore{Suite: "a", Score: score(300, 300)})
	two := judgedBy(perfect, poc.SuiteScore{Suite: "a", Score: score(300, 300)}, poc.SuiteScore{Suite: "b", Score: score(300, 300)})
	for _, alpha := range []float64{0.05, 0.005, 0.0005} {
		if low, _ := one.Overall.Count().Bounds(alpha); low >= stats.LowerBound(300, 300, alpha) || low < 0.9 {
			t.Errorf("one suite at %v: %v", alpha, low)
		}
		if low, _ := two.Overall.Count().Bounds(alpha); low >= stats.LowerBound(600, 600, alpha) || low < 0.9 {
			t.Errorf("two suites at %v: %v", alpha, low)
		}
		if a, _ := one.Overall.Count().Bounds(alpha); a != first(one.Slices[0].Count().Bounds(alpha)) {
			t.Errorf("the slice that is the suite has other bounds at %v", alpha)
		}
	}
}

func first(low, _ float64) float64 { return low }

// A share exactly at the bar whose judge had luck with the labels: 50 of 50
// where it finds nine of ten. That the share is below the bar is not shown.
func TestLuckyLabelsFailNothing(t *testing.T) {
	t.Parallel()
	// 0.95 good, of which 0.9 are found, and one in ten of the rest: 258 of 300.
	c := judgedBy(stats.Calibration{TruePositive: 49, Positive: 50, TrueNegative: 45, Negative: 50}, poc.SuiteScore{Suite: "a", Score: score(258, 300)})
	if p := c.Overall.Count().Less(0.95); p < 0.02 {
		t.Errorf("p %v", p)
	}
}

// More cases do not help where too little is known of the judge.
func TestMoreCasesDoNotCalibrateTheJudge(t *testing.T) {
	t.Parallel()
	few := stats.Calibration{TruePositive: 27, Positive: 30, TrueNegative: 63, Negative: 70}
	many := stats.Calibration{TruePositive: 2700, Positive: 3000, TrueNegative: 6300, Negative: 7000}
	s := poc.SuiteScore{Suite: "a", Score: score(260, 300)}
	if more, ok := judgedBy(few, s).Overall.Count().More(0.93, 0.01, 0.8); ok {
		t.Errorf("%d more", more)
	}
	if _, ok := judgedBy(many, s).Overall.Count().More(0.93, 0.01, 0.8); !ok {
		t.Error("a judge known well does not hold the cases back")
	}
}
