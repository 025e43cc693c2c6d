package grade

import (
	_ "embed"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Policy is this capability's part of the align gate.
//
//go:embed policy.yaml
var Policy []byte

// Kind declares the evidence of a grading.
func Kind() evidence.Kind {
	return evidence.Kind{
		Name:  "grade",
		URI:   "https://landfall.dev/evidence/grade/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleTargets, scenario.RoleTraffic},
		Title: text.Text{En: "grading", Zh: "分级"},
		Metrics: []evidence.Metric{
			{Name: "proven_share", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated,
				Title: text.Text{En: "share of traffic with a proven candidate", Zh: "已有合格方案的流量占比"}},
			{Name: "possible_share", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated,
				Title: text.Text{En: "share of traffic proven or still open", Zh: "已合格或尚待证实的流量占比"}},
			{Name: "slices", Unit: "slices", Direction: evidence.Neutral, Shape: evidence.Exact, Title: text.Text{En: "slices", Zh: "分组数"}},
			{Name: "slices_passed", Unit: "slices", Direction: evidence.Higher, Shape: evidence.Exact, Title: text.Text{En: "slices that pass", Zh: "通过的分组数"}},
			{Name: "slices_failed", Unit: "slices", Direction: evidence.Lower, Shape: evidence.Exact, Title: text.Text{En: "slices that fail", Zh: "未通过的分组数"}},
			{Name: "slices_insufficient", Unit: "slices", Direction: evidence.Lower, Shape: evidence.Exact, Title: text.Text{En: "slices without enough evidence", Zh: "证据不足的分组数"}},
		},
		DetailSchema: []byte(`{"type":"object","required":["declared","slices","proven","possible","levels","traffic"],
			"properties":{"declared":{"enum":["L1","L2","L3"]},"slices":{"type":"array","items":{"type":"object","required":["slice","outcome","bar","share","tests","why"],
			"properties":{"outcome":{"enum":["pass","fail","insufficient"]}}}}}}`),
	}
}

// Statement makes the evidence of a grading. A share without a traffic sample
// is assumed, and so is what rests on it.
func Statement(r Result, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(r)
	if err != nil {
		return evidence.Statement{}, err
	}
	count := map[Outcome]int{}
	for _, v := range r.Slices {
		count[v.Outcome]++
	}
	p := evidence.Predicate{
		Provenance: r.Traffic,
		Metrics: map[string]any{
			"proven_share":        estimate(r.Proven),
			"possible_share":      estimate(r.Possible),
			"slices":              len(r.Slices),
			"slices_passed":       count[Pass],
			"slices_failed":       count[Fail],
			"slices_insufficient": count[Insufficient],
		},
		Detail: detail, Started: started, Finished: finished,
	}
	if r.Traffic == evidence.Assumed {
		p.Assumed = []string{"proven_share", "possible_share"}
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: p}, nil
}

func estimate(s Share) evidence.Estimate {
	method := "clopper-pearson"
	if s.N == 0 {
		method = "in proportion to the test cases"
	}
	return evidence.Estimate{Value: s.Value, Low: s.Low, High: s.High, N: s.N, Method: method, Level: poc.Level}
}

// FromRecord reads a grading back out of its evidence.
func FromRecord(r evidence.Record) (Result, error) {
	var out Result
	err := r.Detail(&out)
	return out, err
}
