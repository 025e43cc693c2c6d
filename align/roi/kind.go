package roi

import (
	_ "embed"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Policy is this capability's part of the align gate.
//
//go:embed policy.yaml
var Policy []byte

// Kind declares the evidence of a return computation.
func Kind() evidence.Kind {
	money := func(name string, d evidence.Direction, en, zh string) evidence.Metric {
		return evidence.Metric{Name: name, Unit: "currency/year", Direction: d, Shape: evidence.Estimated, Title: text.Text{En: en, Zh: zh}}
	}
	return evidence.Kind{
		Name: "roi",
		URI:  "https://landfall.dev/evidence/roi/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleTargets, scenario.RoleTraffic,
			scenario.RoleCosts},
		Title: text.Text{En: "return", Zh: "投入产出"},
		Metrics: []evidence.Metric{
			money("saving", evidence.Higher, "yearly saving of the graded mix", "分级后每年节省"),
			money("graded", evidence.Lower, "yearly cost of the graded mix", "分级方案年成本"),
			money("all_dearest", evidence.Lower, "yearly cost with the dearest candidate", "全部用最贵方案的年成本"),
			{Name: "probability_of_loss", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact,
				Title: text.Text{En: "probability that grading saves nothing", Zh: "分级没有节省的概率"}},
			{Name: "assumed_share", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact,
				Title: text.Text{En: "share of the graded cost that rests on assumptions", Zh: "分级成本中基于假设的占比"}},
			{Name: "life.npv", Unit: "currency", Direction: evidence.Higher, Shape: evidence.Estimated, Optional: true,
				Title: text.Text{En: "net present value of the proposed option over its life", Zh: "建议方案全周期净现值"}},
			{Name: "life.payback_months", Unit: "months", Direction: evidence.Lower, Shape: evidence.Exact, Optional: true,
				Title: text.Text{En: "median payback; absent if half of the draws never pay back", Zh: "回收期中位数；半数以上抽样无法回收时没有该指标"}},
			{Name: "life.probability_of_loss", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact, Optional: true,
				Title: text.Text{En: "probability that the proposed option loses money over its life", Zh: "建议方案全周期亏损的概率"}},
			{Name: "life.assumed_share", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact, Optional: true,
				Title: text.Text{En: "share of the explained variance that assumed inputs cause", Zh: "可解释方差中由假设输入造成的占比"}},
		},
		DetailSchema: []byte(`{"type":"object","required":["currency","dearest","all_dearest","graded","saving","draws","seed"]}`),
	}
}

// Statement makes the evidence of a result.
func Statement(r Result, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(r)
	if err != nil {
		return evidence.Statement{}, err
	}
	est := func(x Range) evidence.Estimate {
		return evidence.Estimate{Value: x.P50, Low: x.P10, High: x.P90, N: r.Draws, Method: "monte carlo, P10 to P90", Level: 0.8}
	}
	p := evidence.Predicate{
		Provenance: r.Provenance,
		Metrics: map[string]any{
			"saving": est(r.Saving), "graded": est(r.Graded.PerYear), "all_dearest": est(r.AllDearest.PerYear),
			"probability_of_loss": r.ProbabilityOfLoss, "assumed_share": r.Graded.AssumedShare,
		},
		Detail: detail, Started: started, Finished: finished,
	}
	if r.Provenance == evidence.Assumed {
		p.Assumed = []string{"saving", "graded", "all_dearest", "probability_of_loss"}
	}
	if x := r.Life; x != nil {
		p.Metrics["life.npv"], p.Metrics["life.probability_of_loss"], p.Metrics["life.assumed_share"] = est(x.NPV), x.ProbabilityOfLoss, x.Assumed
		named := []string{"life.npv", "life.probability_of_loss", "life.assumed_share"}
		if x.Payback.P50 != nil {
			p.Metrics["life.payback_months"] = *x.Payback.P50
			named = append(named, "life.payback_months")
		}
		// An assumed lifecycle marks its own metrics: the provenance of the
		// whole would mark the others, which do not rest on it.
		switch x.Provenance {
		case evidence.Assumed:
			p.Assumed = append(p.Assumed, named...)
		default:
			p.Provenance = evidence.Worst(p.Provenance, x.Provenance)
		}
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: p}, nil
}

// FromRecord reads a result back out of its evidence.
func FromRecord(r evidence.Record) (Result, error) {
	var out Result
	err := r.Detail(&out)
	return out, err
}
