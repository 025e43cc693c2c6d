package selection

import (
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Kind declares the evidence of a selection.
func Kind() evidence.Kind {
	return evidence.Kind{
		Name: "selection",
		URI:  "https://landfall.dev/evidence/selection/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleTargets,
			scenario.RoleCosts},
		Title: text.Text{En: "model selection", Zh: "模型选型"},
		Metrics: []evidence.Metric{
			{Name: "candidates", Unit: "candidates", Direction: evidence.Neutral, Shape: evidence.Exact,
				Title: text.Text{En: "candidates compared", Zh: "参与比较的候选方案数"}},
			{Name: "within_limits", Unit: "candidates", Direction: evidence.Higher, Shape: evidence.Exact,
				Title: text.Text{En: "candidates that provably keep every hard limit", Zh: "可证明满足全部硬性限制的候选方案数"}},
			{Name: "pareto_front", Unit: "candidates", Direction: evidence.Neutral, Shape: evidence.Exact,
				Title: text.Text{En: "candidates on the Pareto front", Zh: "帕累托前沿上的候选方案数"}},
		},
		DetailSchema: []byte(`{"type":"object","required":["limits","rows","recommended","reason"]}`),
	}
}

// Statement makes the evidence of a selection.
func Statement(r Result, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(r)
	if err != nil {
		return evidence.Statement{}, err
	}
	within, front := 0, 0
	prov := evidence.Measured
	for _, row := range r.Rows {
		if len(row.Broken) == 0 {
			within++
		}
		if row.Pareto {
			front++
		}
		if row.CostPerTask > 0 {
			prov = evidence.Worst(prov, row.CostProvenance)
		}
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: evidence.Predicate{
		Provenance: prov,
		Metrics:    map[string]any{"candidates": len(r.Rows), "within_limits": within, "pareto_front": front},
		Detail:     detail, Started: started, Finished: finished,
	}}, nil
}

// FromRecord reads a selection back out of its evidence.
func FromRecord(r evidence.Record) (Result, error) {
	var out Result
	err := r.Detail(&out)
	return out, err
}
