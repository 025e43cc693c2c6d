package poc

import (
	"context"
	"time"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/text"
)

// Input is what a candidate sees of a case: never its expected resolution.
type Input struct {
	CaseID string
	Suite  string // "" if the scenario has but one
	Text   string
	// Image is the file as it is, not decoded; nil if the case has none.
	Image []byte
	Tags  map[string]string
	// Sample tells repeats of one case apart, from 0.
	Sample int
}

// Answer is what a candidate said to one input.
type Answer struct {
	// Resolution is what the customer would get: an answer or its id, a filled
	// structure as JSON, a decision; "" means that the candidate abstained.
	Resolution string
	// Confidence lies between 0 and 1; higher answers are surer.
	Confidence float64
	// Citations and Calls are set by candidates that return them apart.
	Citations []grader.Citation
	Calls     []grader.Call
	Took      Took
}

// Took is what an answer took beside its time, as far as the candidate tells.
type Took struct {
	// Service is the time that the call took, of a candidate that can tell it
	// apart from waiting; 0 stands for the time that the runner saw.
	Service time.Duration
	// Waited is time spent waiting for a rate limit, or for room under it.
	Waited time.Duration
	// FirstToken is the time to the first token; 0 if unknown.
	FirstToken                time.Duration
	InputTokens, OutputTokens int64
}

// Stop makes an error end the run instead of counting as a wrong answer: no
// further case could fare otherwise. What is finished is kept.
type Stop struct{ Err error }

func (s Stop) Error() string { return s.Err.Error() }

// Unwrap returns the error.
func (s Stop) Unwrap() error { return s.Err }

// Candidate does the task. Answer may be called from many goroutines at once;
// an error counts as a wrong answer and is kept with the case.
type Candidate interface {
	Answer(ctx context.Context, in Input) (Answer, error)
}

// Entrant is a candidate as it enters a run.
type Entrant struct {
	ID               string
	Title            text.Text
	Rung             Rung
	Digest           string // hex SHA-256 of what determines its behaviour
	Interpretability Interpretability
	Cost             Cost
	// Price makes costs of the tokens that its answers took, beside Cost; nil
	// if it has none.
	Price *llm.Price
	// Cases are the test cases that it answers.
	Cases []dataset.Case
	// Provenance is imported if another system gave the answers; Source then
	// names it. "" is measured.
	Provenance evidence.Provenance
	Source     string
	// Concurrency is the number of cases in flight at once.
	Concurrency int
	// Repeats is how often each case is asked; 0 and 1 are once. More than
	// once measures how steady a candidate is: repeats are never cases.
	Repeats int
	// Prepare makes the candidate ready (trains it). It is called once, before
	// the candidate's first case, and not at all if nothing is left to do but
	// to summarise.
	Prepare func(ctx context.Context) (Prepared, error)
}

// Prepared is a candidate that is ready to answer.
type Prepared struct {
	Candidate Candidate
	// Settings are the settings that were chosen on validation data.
	Settings map[string]any
	// Threshold80 is the confidence above which 80 % of validation cases
	// were answered; 0 if the candidate has none.
	Threshold80 float64
}

// Assumption is a candidate whose figures somebody typed in.
type Assumption struct {
	ID        string
	Title     text.Text
	Rung      Rung
	Digest    string
	Source    string
	Accuracy  Score
	LatencyMs *Latency
	Cost      Cost
	Why       Interpretability
}
