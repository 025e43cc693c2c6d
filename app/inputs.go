package app

import (
	"fmt"
	"strconv"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/prove/selection"
)

// ErrSlice is returned for a case of a slice that the scenario does not have.
var ErrSlice = fault.Def{Kind: fault.Invalid, Code: "scenario.case_slice",
	En:     "the case {case} belongs to the slice {slice}, which the scenario does not have; known: {known}",
	Zh:     "用例 {case} 属于分组 {slice}，但场景中没有该分组；已有：{known}",
	HintEn: "add the slice to scenario.yaml, or correct the case", HintZh: "在 scenario.yaml 中添加该分组，或修正用例"}

// params are the parameters that default policies may read: the scenario's
// own targets and the method's thresholds.
var params = map[string]gate.ParamType{
	"floor":           gate.Double,
	"proven_share":    gate.Double,
	"missing_max":     gate.Double,
	"class_share_min": gate.Double,
	"probes_held":     gate.Bool,
}

func paramsOf(doc *scenario.Document) map[string]any {
	return map[string]any{
		"floor":           doc.Targets.Accuracy,
		"proven_share":    doc.Targets.ProvenShare,
		"missing_max":     0.1,
		"class_share_min": 0.05,
		"probes_held":     doc.ProbesHeld(),
	}
}

func (b *bound) gradeSlices() []grade.Slice {
	f := b.folder
	out := make([]grade.Slice, len(f.Document.Slices))
	for i, s := range f.Document.Slices {
		d := f.Document.DeclaredFor(s)
		out[i] = grade.Slice{ID: s.ID, Title: s.Title, Level: s.Level, Bar: f.Document.Bar(s),
			Requests: f.Traffic.Requests[s.ID], Declared: d.Level, Rubric: d.Rubric}
	}
	return out
}

// cheapest maps each slice that passes to its cheapest sufficient candidate.
func cheapest(g grade.Result) map[string]string {
	out := map[string]string{}
	for _, v := range g.Slices {
		if v.Cheapest != "" {
			out[v.Slice] = v.Cheapest
		}
	}
	return out
}

func limits(doc *scenario.Document) (selection.Limits, error) {
	l := selection.Limits{Accuracy: doc.Targets.Accuracy, LatencyP95Ms: doc.Targets.LatencyP95Ms, Interpretability: doc.Targets.Interpretability}
	if doc.Targets.CostPerTask != "" {
		v, err := strconv.ParseFloat(doc.Targets.CostPerTask, 64)
		if err != nil {
			return l, fmt.Errorf("targets.cost_per_task: %w", err)
		}
		l.CostPerTask = v
	}
	return l, nil
}
