package grade_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
)

// truth is a scenario whose levels are known: the true shares of each
// candidate on each slice, and how alike the candidates' answers are.
type truth struct {
	bar   float64
	rates [][]float64 // candidate, slice
	alike float64
}

func drawTruth(rng *rand.Rand) truth {
	w := truth{bar: []float64{.8, .9, .95}[rng.IntN(3)], alike: rng.Float64()}
	for range 2 + rng.IntN(4) {
		c := make([]float64, 3)
		for i := range c {
			switch rng.IntN(4) {
			case 0:
				c[i] = w.bar - .001 // as near below as it gets: the hardest to tell
			case 1:
				c[i] = w.bar * rng.Float64()
			case 2:
				c[i] = w.bar
			default:
				c[i] = w.bar + (1-w.bar)*rng.Float64()
			}
		}
		w.rates = append(w.rates, c)
	}
	return w
}

// measure draws one attempt on n cases a slice, of which difficulty is how hard
// each is: the same at every attempt, as the test set is.
func (w truth) measure(rng *rand.Rand, difficulty [][]float64, n int) poc.Measurement {
	cs := make([]seen, len(w.rates))
	for i, rates := range w.rates {
		cs[i] = seen{id: fmt.Sprint("c", i), cost: fmt.Sprint(i), rung: poc.Classic, correct: make([]int, len(rates))}
		for s, p := range rates {
			for k := range n {
				u := difficulty[s][k]
				if rng.Float64() >= w.alike {
					u = rng.Float64()
				}
				if u < p {
					cs[i].correct[s]++
				}
			}
		}
	}
	return measured([]int{n, n, n}, cs...)
}

// Over 2,000 simulated scenarios of known level, each graded four times on
// one test set with candidates that are tried again until something new
// passes: the share with a slice at a level that its cheapest candidate does not
// truly reach stays within the stated alpha, and so does the share with a slice
// failed although a candidate reaches the bar.
func TestWrongLevelsOverAttempts(t *testing.T) {
	t.Parallel()
	const scenarios, attempts, n = 2000, 4, 120
	rng := stats.NewRand(41)
	passedWrongly, failedWrongly, naive, proven := 0, 0, 0, 0
	for range scenarios {
		w := drawTruth(rng)
		difficulty := make([][]float64, 3)
		for s := range difficulty {
			for range n {
				difficulty[s] = append(difficulty[s], rng.Float64())
			}
		}
		var passed, failed, uncounted bool
		for j := 1; j <= attempts; j++ {
			m := w.measure(rng, difficulty, n)
			look := func(attempt int) (pass, fail bool) {
				m.Attempt = attempt
				for s, v := range grade.Grade(slicesAt(w.bar, 1, 1, 1), scenario.L1, m, evidence.Imported).Slices {
					reached := false
					for i := range w.rates {
						reached = reached || w.rates[i][s] >= w.bar
						if fmt.Sprint("c", i) == v.Cheapest && w.rates[i][s] < w.bar {
							pass = true
						}
					}
					fail = fail || v.Outcome == grade.Fail && reached
					if v.Outcome == grade.Pass && j == 1 && attempt == 1 {
						proven++
					}
				}
				return pass, fail
			}
			p, f := look(j)
			passed, failed = passed || p, failed || f
			p, _ = look(1)
			uncounted = uncounted || p
		}
		for _, c := range []struct {
			is bool
			at *int
		}{{passed, &passedWrongly}, {failed, &failedWrongly}, {uncounted, &naive}} {
			if c.is {
				*c.at++
			}
		}
	}
	share := func(k int) float64 { return float64(k) / scenarios }
	t.Logf("wrong passes %.4f, wrong fails %.4f; without counting attempts %.4f; %.2f slices proven each", share(passedWrongly), share(failedWrongly), share(naive), share(proven))
	if share(passedWrongly) > grade.Alpha || share(failedWrongly) > grade.Alpha {
		t.Errorf("wrong passes in %.4f, wrong fails in %.4f of the scenarios", share(passedWrongly), share(failedWrongly))
	}
	if share(naive) <= share(passedWrongly) || share(proven) < .3 {
		t.Errorf("the simulation shows nothing: %.4f without counting, %.2f slices proven", share(naive), share(proven))
	}
}

func TestAnAttemptSpendsItsPart(t *testing.T) {
	t.Parallel()
	// 4,800 of 5,000 pass 0.95 at the first attempt, and later no more.
	m := measured([]int{5000}, seen{"a", "0", poc.Classic, []int{4790}})
	last := 0.0
	for attempt := 1; attempt <= 30; attempt++ {
		m.Attempt = attempt
		v := grade.Grade(slicesAt(.95, 1), scenario.L1, m, evidence.Imported)
		if want := stats.LowerBound(4790, 5000, stats.SpendAlpha(.05, attempt)); math.Abs(v.Slices[0].Tests[0].Low-want) > 1e-12 {
			t.Fatalf("attempt %d: bound %v, want %v", attempt, v.Slices[0].Tests[0].Low, want)
		}
		if v.Slices[0].Tests[0].Low > last && attempt > 1 {
			t.Fatalf("attempt %d has the better bound", attempt)
		}
		last = v.Slices[0].Tests[0].Low
		if want := attempt <= 2; (v.Slices[0].Outcome == grade.Pass) != want {
			t.Errorf("attempt %d: %s at %v", attempt, v.Slices[0].Outcome, last)
		}
		if v.Worn != (attempt > 10) {
			t.Errorf("attempt %d: worn %v", attempt, v.Worn)
		}
	}
}
