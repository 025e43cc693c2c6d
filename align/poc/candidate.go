package poc

import (
	"context"

	"github.com/landfall-ai/landfall/kit/text"
)

// Input is what a candidate sees of a case: never its expected resolution.
type Input struct {
	CaseID string
	Text   string
}

// Answer is what a candidate said to one input.
type Answer struct {
	// Resolution is the id of the answer that the customer would get; "" means
	// that the candidate abstained.
	Resolution string
	// Confidence lies between 0 and 1; higher answers are surer.
	Confidence float64
}

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
	// Concurrency is the number of cases in flight at once.
	Concurrency int
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
