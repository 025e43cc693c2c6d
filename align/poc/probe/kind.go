package probe

import (
	_ "embed"
	"fmt"
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

// Kind declares the evidence of probes.
func Kind() evidence.Kind {
	count := func(name string, d evidence.Direction, optional bool, en, zh string) evidence.Metric {
		return evidence.Metric{Name: name, Unit: "count", Direction: d, Shape: evidence.Exact, Optional: optional, Title: text.Text{En: en, Zh: zh}}
	}
	return evidence.Kind{
		Name: "probe",
		URI:  "https://landfall.dev/evidence/probe/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleCandidate, scenario.RoleProbes,
			scenario.RoleTargets, scenario.RoleCosts}, // they decide which candidate is recommended
		Title: text.Text{En: "probes", Zh: "探测"},
		Metrics: []evidence.Metric{
			count("findings", evidence.Higher, false, "probes run, each candidate counted", "已执行的探测数（按候选方案计）"),
			count("not_run", evidence.Lower, false, "probes that could not be run", "无法执行的探测数"),
			count("recommended.bars", evidence.Neutral, false, "bars of probes that the recommended candidate is held to", "推荐候选方案需满足的探测门槛数"),
			count("recommended.unmet", evidence.Lower, true, "bars of probes that the recommended candidate breaks; absent while one is undecided", "推荐候选方案未达到的探测门槛数；有门槛尚无定论时没有该指标"),
		},
		DetailSchema: detailSchema,
	}
}

// Statement makes the evidence of a measurement: aggregates, digests and ids of
// cases, never their text. The caller fills scenario, run and subjects.
func Statement(m Measurement, recommended string, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(m)
	if err != nil {
		return evidence.Statement{}, err
	}
	detail["recommended"] = recommended
	run, idle := 0, 0
	for _, f := range m.Findings {
		if f.Outcome == NotRun {
			idle++
		} else {
			run++
		}
	}
	bars, broken, known := m.Unmet(recommended)
	about := map[string]any{"bars": bars}
	if known {
		about["unmet"] = broken
	}
	return evidence.Statement{PredicateType: Kind().URI, Predicate: evidence.Predicate{
		Provenance: evidence.Measured,
		Metrics:    map[string]any{"findings": run, "not_run": idle, "recommended": about},
		Detail:     detail, Started: started, Finished: finished,
	}}, nil
}

// FromRecord reads a measurement back out of its evidence.
func FromRecord(r evidence.Record) (Measurement, error) {
	var out Measurement
	err := r.Detail(&out)
	return out, err
}

// both formats a message in both languages with the same arguments.
func both(en, zh string, args ...any) text.Text {
	return text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)}
}
