package poc

import (
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// Rung is a step of the candidate ladder, by cost.
type Rung string

// The rungs, cheapest first.
const (
	Rules      Rung = "rules"
	Classic    Rung = "classic"
	SmallModel Rung = "small-model"
	LargeModel Rung = "large-model"
	Multimodal Rung = "multimodal"
	Human      Rung = "human"
)

// Measurement is what one run measured about all candidates on one test set.
type Measurement struct {
	Cases      int                    `json:"cases"`
	Seed       uint64                 `json:"seed"`
	Candidates []CandidateMeasurement `json:"candidates"` // in ladder order, cheapest first
	// NotMeasured names the rungs, people apart, for which no candidate was
	// measured.
	NotMeasured []Rung `json:"not_measured"`
}

// CandidateMeasurement is what a run measured about one candidate.
type CandidateMeasurement struct {
	ID               string              `json:"id"`
	Title            text.Text           `json:"title"`
	Rung             Rung                `json:"rung"`
	Digest           string              `json:"digest"` // hex SHA-256 of what determines behaviour
	Provenance       evidence.Provenance `json:"provenance"`
	Source           string              `json:"source,omitempty"` // of imported and assumed figures
	Interpretability Interpretability    `json:"interpretability"`
	Settings         map[string]any      `json:"settings,omitempty"`
	Overall          Score               `json:"overall"`
	Slices           []SliceScore        `json:"slices"`
	Errors           int                 `json:"errors"` // cases that ended in an error: they count as wrong
	// LatencyMs is the service time of one case; nil if not measured.
	LatencyMs *Latency `json:"latency_ms,omitempty"`
	// Throughput is cases per second with the run's concurrency; 0 if not measured.
	Throughput  float64         `json:"throughput"`
	CostPerTask Cost            `json:"cost_per_task"`
	Coverage    []CoveragePoint `json:"coverage,omitempty"` // by falling threshold
	Surest80    *CoveragePoint  `json:"surest_80,omitempty"`
}

// Interpretability is the stated class of a method: how an answer can be explained.
type Interpretability struct {
	Class string    `json:"class"` // "transparent", "traceable", "opaque"
	Why   text.Text `json:"why"`
}

// Score is a share of correct resolutions. For assumed candidates N is 0 and
// Low and High are the stated range.
type Score struct {
	Correct  int     `json:"correct"`
	N        int     `json:"n"`
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"`  // two-sided Clopper–Pearson at Level
	High     float64 `json:"high"` // two-sided Clopper–Pearson at Level
	Level    float64 `json:"level"`
}

// SliceScore is a Score on one slice.
type SliceScore struct {
	Slice string `json:"slice"`
	Score
}

// Latency holds milliseconds.
type Latency struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	// P95High is the one-sided 95 % upper limit of p95 by order statistics; nil below 59 cases.
	P95High *float64 `json:"p95_high,omitempty"`
}

// Cost is money per task, as a decimal string with its ISO currency.
type Cost struct {
	Amount     string              `json:"amount"`
	Currency   string              `json:"currency"`
	Provenance evidence.Provenance `json:"provenance"`
}

// CoveragePoint is the accuracy among the cases that a candidate answers when
// it abstains below Threshold. The Threshold of Surest80 was chosen on
// validation data.
type CoveragePoint struct {
	Threshold float64 `json:"threshold"`
	Coverage  float64 `json:"coverage"`
	Accuracy  float64 `json:"accuracy"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	N         int     `json:"n"` // answered
}
