package poc_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/text"
)

// mock answers rightly after a while, as a model behind a network would.
type mock time.Duration

func (m mock) Answer(ctx context.Context, _ poc.Input) (poc.Answer, error) {
	if m > 0 {
		select {
		case <-time.After(time.Duration(m)):
		case <-ctx.Done():
			return poc.Answer{}, ctx.Err()
		}
	}
	return poc.Answer{Resolution: "yes", Confidence: 1}, nil
}

const wide = 32

func benchCases(n int) []dataset.Case {
	cases := make([]dataset.Case, n)
	for i := range cases {
		cases[i] = dataset.Case{ID: fmt.Sprintf("case-%05d", i), Input: "a question", Resolution: "yes"}
	}
	return cases
}

type unheard struct{}

func (unheard) Phase(string, string, int, int) {}
func (unheard) Step(string, bool)              {}
func (unheard) End(string)                     {}

// execute runs the cases through the runner: every result is stored.
func execute(b *testing.B, cases []dataset.Case, m mock) time.Duration {
	b.Helper()
	path := filepath.Join(b.TempDir(), "run.db")
	same := func(_ context.Context, c dataset.Case, a poc.Answer) (grader.Grade, error) {
		return grader.Grade{Correct: a.Resolution == c.Resolution, Score: 1}, nil
	}
	plan := poc.Plan{Grade: same, Journal: path, Now: time.Now, Entrants: []poc.Entrant{{ID: "mock", Title: text.Text{En: "Mock", Zh: "模拟"},
		Cases: cases, Rung: poc.LargeModel, Concurrency: wide, Prepare: func(context.Context) (poc.Prepared, error) { return poc.Prepared{Candidate: m}, nil }}}}
	began := time.Now()
	out, err := poc.Execute(b.Context(), plan, unheard{})
	took := time.Since(began)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range out[0].Results {
		if !r.Correct {
			b.Fatalf("%+v is not stored", r)
		}
	}
	return took
}

// bare asks the same candidate as often, as wide, and stores nothing.
func bare(b *testing.B, cases []dataset.Case, m mock) time.Duration {
	b.Helper()
	began := time.Now()
	next := make(chan dataset.Case)
	var wg sync.WaitGroup
	for range wide {
		wg.Go(func() {
			for c := range next {
				if _, err := m.Answer(b.Context(), poc.Input{CaseID: c.ID, Text: c.Input}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, c := range cases {
		next <- c
	}
	close(next)
	wg.Wait()
	return time.Since(began)
}

func benchSize() int {
	if testing.Short() {
		return 200
	}
	return 2000
}

// BenchmarkRunnerSlow: 100 ms a case, 32 in flight, against a bare loop in the
// same run.
func BenchmarkRunnerSlow(b *testing.B) {
	cases := benchCases(benchSize())
	var runner, loop time.Duration
	for b.Loop() {
		loop += bare(b, cases, mock(100*time.Millisecond))
		runner += execute(b, cases, mock(100*time.Millisecond))
	}
	b.ReportMetric(runner.Seconds()/loop.Seconds(), "x-bare-loop")
	b.ReportMetric(float64(len(cases)*b.N)/runner.Seconds(), "cases/s")
}

// BenchmarkRunnerInstant: what storing every result costs.
func BenchmarkRunnerInstant(b *testing.B) {
	cases := benchCases(benchSize())
	var took time.Duration
	for b.Loop() {
		took += execute(b, cases, mock(0))
	}
	b.ReportMetric(float64(len(cases)*b.N)/took.Seconds(), "cases/s")
}
