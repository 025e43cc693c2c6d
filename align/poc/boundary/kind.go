package boundary

import (
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Kind declares the evidence of a capability boundary.
func Kind() evidence.Kind {
	return evidence.Kind{
		Name: "boundary", URI: "https://landfall.dev/evidence/boundary/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleCosts}, // costs of errors are among the costs
		Title: text.Text{En: "capability boundary", Zh: "能力边界"},
		Metrics: []evidence.Metric{
			{Name: "weak_slices", Unit: "slices", Direction: evidence.Lower, Shape: evidence.Exact,
				Title: text.Text{En: "weak slices found in the candidates to read first", Zh: "首要候选方案中发现的薄弱分组数"}},
			{Name: "weakest", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "correct resolutions in the weakest slice found", Zh: "所发现最薄弱分组的正确率"}},
			{Name: "calibration_error", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact, Optional: true,
				Title: text.Text{En: "expected calibration error of the main suite's candidate to read first", Zh: "主用例集首要候选方案的期望校准误差"}},
			{Name: "decision.miss_rate", Unit: "share", Direction: evidence.Lower, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "share of positive cases that were missed", Zh: "漏检率"}},
			{Name: "decision.false_rate", Unit: "share", Direction: evidence.Lower, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "share of negative cases with a false detection", Zh: "误检率"}},
		},
		DetailSchema: []byte(`{"type":"object","required":["suites"],"properties":{"suites":{"type":"array","items":{"type":"object",
			"required":["suite","focus","cases","candidates"]}}}}`),
	}
}

// Statement makes the evidence of a boundary. The caller fills scenario, run
// and subjects.
func Statement(r Result, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(r)
	if err != nil {
		return evidence.Statement{}, err
	}
	metrics := map[string]any{}
	weak := 0
	var weakest *Rule
	for i, s := range r.Suites {
		c, _ := s.Candidate(s.Focus)
		weak += len(c.Weak.Rules)
		for _, rule := range c.Weak.Rules {
			if weakest == nil || rule.Accuracy < weakest.Accuracy {
				weakest = &rule
			}
		}
		if i == 0 && c.Calibration != nil {
			metrics["calibration_error"] = c.Calibration.ECE
		}
		if d := c.Decision; d != nil {
			metrics["decision"] = map[string]any{"miss_rate": d.MissRate.estimate(), "false_rate": d.FalseRate.estimate()}
		}
	}
	metrics["weak_slices"] = weak
	if weakest != nil {
		metrics["weakest"] = evidence.Estimate{Value: weakest.Accuracy, Low: weakest.Low, High: weakest.High, N: weakest.N,
			Method: "clopper-pearson, bonferroni over the rules searched", Level: 1 - r.level()}
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: evidence.Predicate{Provenance: evidence.Measured, Metrics: metrics,
		Detail: detail, Started: started, Finished: finished}}, nil
}

func (r Result) level() float64 {
	for _, s := range r.Suites {
		for _, c := range s.Candidates {
			return c.Weak.FalseDiscovery
		}
	}
	return 0
}

func (c Cell) estimate() evidence.Estimate {
	return evidence.Estimate{Value: c.Accuracy, Low: c.Low, High: c.High, N: c.N, Method: "clopper-pearson", Level: Level}
}

// FromRecord reads a boundary back out of its evidence.
func FromRecord(r evidence.Record) (Result, error) {
	var out Result
	err := r.Detail(&out)
	return out, err
}
