package poc

import (
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
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
	Cases int    `json:"cases"` // test cases of all suites
	Seed  uint64 `json:"seed"`
	// Attempt is how often this test set was consulted, this time included:
	// how many runs measured on any of its cases and led to a choice. Whatever
	// is decided on the measurement is decided at AlphaSpent. 0 counts as 1.
	Attempt    int                    `json:"attempt,omitempty"`
	Candidates []CandidateMeasurement `json:"candidates"` // in ladder order, cheapest first
	// NotMeasured names the rungs, people apart, for which no candidate was
	// measured.
	NotMeasured []Rung `json:"not_measured"`
	// Graders are those that ask a model, and how good they are.
	Graders []GraderMeasurement `json:"graders,omitempty"`
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
	// Suites are the scores by suite, if the scenario has several.
	Suites []SuiteScore `json:"suites,omitempty"`
	Errors int          `json:"errors"` // cases that ended in an error: they count as wrong
	// ErrorCodes counts those cases by the code of the error.
	ErrorCodes map[string]int `json:"error_codes,omitempty"`
	Severe     int            `json:"severe"`  // cases with a confusion that does grave harm
	Invalid    int            `json:"invalid"` // cases whose answer breaks the declared schema
	// Repeats is what asking each case more than once showed; nil if each was
	// asked once. It enters no other figure.
	Repeats *Repeats `json:"repeats,omitempty"`
	// MeanScore is the mean of part marks, 0 to 1.
	MeanScore float64 `json:"mean_score"`
	// FirstTokenMs is the time to the first token; nil if not measured.
	FirstTokenMs *Latency `json:"first_token_ms,omitempty"`
	// WaitedMs is the mean time that a case waited for a rate limit, apart from service time.
	WaitedMs     float64 `json:"waited_ms,omitempty"`
	InputTokens  int64   `json:"input_tokens,omitempty"`  // of all cases
	OutputTokens int64   `json:"output_tokens,omitempty"` // of all cases
	// LatencyMs is the service time of one case; nil if not measured.
	LatencyMs *Latency `json:"latency_ms,omitempty"`
	// Throughput is cases per second with the run's concurrency; 0 if not measured.
	Throughput  float64         `json:"throughput"`
	CostPerTask Cost            `json:"cost_per_task"`
	Coverage    []CoveragePoint `json:"coverage,omitempty"` // by falling threshold
	Surest80    *CoveragePoint  `json:"surest_80,omitempty"`
}

// Repeats says how steady a candidate is when the same case is asked again.
type Repeats struct {
	Each  int `json:"each"`  // how often a case was asked
	Cases int `json:"cases"` // asked so
	// Accuracy is the mean over cases of the share of right answers, with its
	// interval at Level.
	Accuracy evidence.Estimate `json:"accuracy"`
	// Flip is the chance that two answers to one case differ in being right.
	Flip float64 `json:"flip"`
	// Unstable counts the cases that were answered both rightly and wrongly.
	Unstable int `json:"unstable"`
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
	// Clusters is how many clusters of equal size the cases are worth; 0 if each
	// stands by itself. NEff is how many independent cases they are worth; the interval
	// is then approximate, and 0 to 1 below stats.MinClusters.
	Clusters int     `json:"clusters,omitempty"`
	NEff     float64 `json:"n_eff,omitempty"`
	// Judged is what a judge model said, if one graded: all else has its errors
	// taken out. Nil if none did.
	Judged *Judged `json:"judged,omitempty"`
}

// Count returns s as what bounds and tests are computed from.
func (s Score) Count() stats.Count {
	c := stats.Count{K: s.Correct, N: s.N, Clusters: s.Clusters, NEff: s.NEff}
	if s.Judged != nil && s.Judged.Sufficient {
		c.Parts = s.Judged.Verdicts
	}
	return c
}

// SliceScore is a Score on one slice.
type SliceScore struct {
	Slice string `json:"slice"`
	Score
}

// SuiteScore is a Score on one suite.
type SuiteScore struct {
	Suite string `json:"suite"`
	Score
}

// Suite returns what m measured on one suite: the candidates that answer it,
// with that suite's score as their overall one. Without several suites it is m.
func (m Measurement) Suite(id string) Measurement {
	out := m
	out.Candidates = []CandidateMeasurement{}
	for _, c := range m.Candidates {
		if c.Provenance == evidence.Assumed || len(c.Suites) == 0 {
			out.Candidates = append(out.Candidates, c)
			continue
		}
		for _, s := range c.Suites {
			if s.Suite == id {
				c.Overall = s.Score
				out.Candidates = append(out.Candidates, c)
			}
		}
	}
	return out
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
	Calls      string              `json:"calls,omitempty"` // the part that measured tokens cost by the stated price
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
