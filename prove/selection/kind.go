package selection

import (
	"encoding/json"
	"fmt"
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
	raw, err := json.Marshal(r)
	if err != nil {
		return evidence.Statement{}, fmt.Errorf("encode selection: %w", err)
	}
	var detail map[string]any
	if err := json.Unmarshal(raw, &detail); err != nil {
		return evidence.Statement{}, fmt.Errorf("decode selection: %w", err)
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
	raw, err := json.Marshal(r.Statement.Predicate.Detail)
	if err != nil {
		return Result{}, fmt.Errorf("encode detail of %s: %w", r.ID(), err)
	}
	var out Result
	if err := json.Unmarshal(raw, &out); err != nil {
		return Result{}, fmt.Errorf("decode detail of %s: %w", r.ID(), err)
	}
	return out, nil
}
