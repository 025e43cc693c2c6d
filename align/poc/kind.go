package poc

import (
	_ "embed"
	"strconv"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Policy is this capability's part of the align gate.
//
//go:embed policy.yaml
var Policy []byte

//go:embed detail.schema.json
var detailSchema []byte

// Kind declares the evidence of a POC run.
func Kind() evidence.Kind {
	return evidence.Kind{
		Name: "poc",
		URI:  "https://landfall.dev/evidence/poc/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleTargets,
			scenario.RoleCosts}, // the recommended candidate is the cheapest sufficient one
		Title: text.Text{En: "proof of concept", Zh: "概念验证"},
		Metrics: []evidence.Metric{
			{Name: "recommended.accuracy", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated,
				Title: text.Text{En: "correct resolutions of the recommended candidate", Zh: "推荐候选方案的正确率"}},
			{Name: "recommended.latency_p95", Unit: "ms", Direction: evidence.Lower, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "p95 latency of the recommended candidate", Zh: "推荐候选方案的 p95 延迟"}},
			{Name: "recommended.surest_80", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "correct resolutions among the cases it is surest of", Zh: "推荐候选方案最有把握部分的正确率"}},
			{Name: "cases", Unit: "cases", Direction: evidence.Higher, Shape: evidence.Exact,
				Title: text.Text{En: "test cases", Zh: "评测用例数"}},
			{Name: "candidates", Unit: "candidates", Direction: evidence.Neutral, Shape: evidence.Exact,
				Title: text.Text{En: "measured candidates", Zh: "实测候选方案数"}},
			{Name: "error_share", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact,
				Title: text.Text{En: "share of calls of the recommended candidate that ended in an error", Zh: "推荐候选方案调用出错的占比"}},
		},
		DetailSchema: detailSchema,
	}
}

// Statement makes the evidence of a run: one item with all candidates. The
// caller fills scenario, run and subjects.
func Statement(m Measurement, rec Recommended, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(m)
	if err != nil {
		return evidence.Statement{}, err
	}
	detail["recommended"] = rec.Candidate.ID
	detail["sufficient"] = rec.Sufficient
	c := rec.Candidate
	best := map[string]any{"accuracy": rec.Accuracy}
	if l := c.LatencyMs; l != nil && l.P95High != nil {
		best["latency_p95"] = evidence.Estimate{Value: l.P95, Low: 0, High: *l.P95High, N: l.N, Method: "order statistic, one-sided", Level: 1 - p95Alpha}
	}
	if s := c.Surest80; s != nil && s.N > 0 {
		best["surest_80"] = evidence.Estimate{Value: s.Accuracy, Low: s.Low, High: s.High, N: s.N, Method: "clopper-pearson", Level: Level}
	}
	measured := 0
	for _, c := range m.Candidates {
		if c.Overall.N > 0 {
			measured++
		}
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: evidence.Predicate{
		Provenance: evidence.Measured,
		Metrics: map[string]any{
			"recommended": best,
			"cases":       m.Cases,
			"candidates":  measured,
			"error_share": float64(c.Errors) / float64(max(1, c.Overall.N)),
		},
		Detail: detail, Started: started, Finished: finished,
	}}, nil
}

// FromRecord reads the measurement back out of a POC's evidence.
func FromRecord(r evidence.Record) (m Measurement, recommended string, sufficient bool, err error) {
	var d struct {
		Measurement
		Recommended string `json:"recommended"`
		Sufficient  bool   `json:"sufficient"`
	}
	err = r.Detail(&d)
	return d.Measurement, d.Recommended, d.Sufficient, err
}

// Float returns the amount for comparing and charting; 0 if there is none.
func (c Cost) Float() float64 {
	v, err := strconv.ParseFloat(c.Amount, 64)
	if err != nil {
		return 0
	}
	return v
}
