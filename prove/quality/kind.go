package quality

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Policy is this capability's fragment of the prove gate. It reads the
// parameters missing_max and class_share_min (both double).
//
//go:embed policy.yaml
var Policy []byte

// Kind declares the evidence of the quality gate.
func Kind() evidence.Kind {
	metric := func(name, unit string, d evidence.Direction, en, zh string) evidence.Metric {
		return evidence.Metric{Name: name, Unit: unit, Direction: d, Shape: evidence.Exact, Title: text.Text{En: en, Zh: zh}}
	}
	return evidence.Kind{
		Name:  "quality",
		URI:   "https://landfall.dev/evidence/quality/v1",
		Roles: []string{scenario.RoleDataset, scenario.RoleQuality},
		Title: text.Text{En: "data quality", Zh: "数据质量"},
		Metrics: []evidence.Metric{
			metric("passed", "boolean", evidence.Higher, "all rules hold (1) or not (0)", "全部规则满足（1）或不满足（0）"),
			metric("missing_max", "share", evidence.Lower, "largest missing share of a required column in a split", "必填列在某一划分中的最大缺失率"),
			metric("classed", "boolean", evidence.Neutral, "rules about classes apply (1) or not (0)", "适用类别规则（1）或不适用（0）"),
			metric("classes", "classes", evidence.Neutral, "classes of the training split", "训练划分的类别数"),
			metric("class_share_min", "share", evidence.Higher, "share of the smallest class", "最小类别占比"),
			metric("class_count_min", "cases", evidence.Higher, "training cases of the smallest class", "最小类别的训练用例数"),
			metric("class_relative_min", "ratio", evidence.Higher, "smallest class share relative to an even one", "最小类别占比与均匀占比之比"),
			metric("many_classes", "boolean", evidence.Neutral, "the scenario chose the policy many-classes (1) or not (0)", "场景选择了 many-classes 策略（1）或未选择（0）"),
			metric("class_count_allowed", "cases", evidence.Neutral, "least count per class under many-classes", "many-classes 策略下每类最少条数"),
			metric("class_relative_allowed", "ratio", evidence.Neutral, "least relative class share under many-classes", "many-classes 策略下最低相对占比"),
			metric("rows", "rows", evidence.Neutral, "rows", "行数"),
			metric("train_rows", "rows", evidence.Neutral, "rows for training", "训练行数"),
			metric("test_rows", "rows", evidence.Neutral, "rows for testing", "测试行数"),
			metric("dropped", "rows", evidence.Lower, "rows without input or right answer", "缺少输入或正确答案的行数"),
			metric("duplicate_share", "share", evidence.Lower, "cases that repeat one of their split", "同一划分内重复用例占比"),
			metric("near_duplicate_share", "share", evidence.Lower, "cases with a near duplicate in their split", "同一划分内近似重复用例占比"),
			metric("leaked", "cases", evidence.Lower, "test cases with a duplicate or near duplicate in training", "在训练数据中有重复或近似重复的评测用例数"),
			metric("leaked_exact", "cases", evidence.Lower, "test cases that stand in training word for word", "原文出现在训练数据中的评测用例数"),
			metric("leaked_share", "share", evidence.Lower, "share of such test cases", "此类评测用例占比"),
			metric("conflicting", "cases", evidence.Lower, "cases with the same text and another right answer", "文本相同而正确答案不同的用例数"),
			metric("unseen", "cases", evidence.Lower, "test cases of classes without training cases", "所属类别没有训练用例的评测用例数"),
		},
		DetailSchema: []byte(`{"type":"object","required":["policy","passed","rules","smallest","unseen","profile"],` +
			`"properties":{"policy":{"enum":["method","many-classes"]},"passed":{"type":"boolean"},"rules":{"type":"array"},` +
			`"smallest":{"type":"array","maxItems":10},"unseen":{"type":"array","maxItems":50},"profile":{"type":"object"},"suites":{"type":"object"}}}`),
	}
}

// MarshalJSON writes the figures under the names of the metrics of Kind.
func (m Metrics) MarshalJSON() ([]byte, error) { return json.Marshal(m.tree()) }

func (m Metrics) tree() map[string]any {
	return map[string]any{
		"passed": boolean(m.Passed), "missing_max": m.MissingMax,
		"classed": boolean(m.Classed), "classes": m.Classes, "class_share_min": m.ClassShareMin, "class_count_min": m.ClassCountMin, "class_relative_min": m.ClassRelativeMin,
		"many_classes": boolean(m.ManyClasses), "class_count_allowed": m.ClassCountAllowed, "class_relative_allowed": m.ClassRelativeAllowed,
		"rows": m.Rows, "train_rows": m.TrainRows, "test_rows": m.TestRows, "dropped": m.Dropped,
		"duplicate_share": m.DuplicateShare, "near_duplicate_share": m.NearDuplicateShare,
		"leaked": m.Leaked, "leaked_exact": m.LeakedExact, "leaked_share": m.LeakedShare,
		"conflicting": m.Conflicting, "unseen": m.Unseen,
	}
}

// Statement makes the evidence of a result.
func Statement(r Result, started, finished time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(r)
	if err != nil {
		return evidence.Statement{}, err
	}
	delete(detail, "metrics") // they stand beside the detail
	return evidence.Statement{PredicateType: Kind().URI, Predicate: evidence.Predicate{
		Provenance: evidence.Measured, Metrics: r.Metrics.tree(), Detail: detail, Started: started, Finished: finished}}, nil
}

// FromRecord reads a result back out of its evidence.
func FromRecord(r evidence.Record) (Result, error) {
	whole := map[string]any{"metrics": r.Statement.Predicate.Metrics}
	maps.Copy(whole, r.Statement.Predicate.Detail)
	raw, err := json.Marshal(whole)
	if err != nil {
		return Result{}, fmt.Errorf("encode detail of %s: %w", r.ID(), err)
	}
	var out Result
	if err := json.Unmarshal(raw, &out); err != nil {
		return Result{}, fmt.Errorf("decode detail of %s: %w", r.ID(), err)
	}
	return out, nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Metrics) UnmarshalJSON(b []byte) error {
	v := map[string]float64{}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	n := func(name string) int { return int(v[name]) }
	*m = Metrics{Passed: v["passed"] == 1, MissingMax: v["missing_max"],
		Classed: v["classed"] == 1, Classes: n("classes"), ClassShareMin: v["class_share_min"], ClassCountMin: n("class_count_min"), ClassRelativeMin: v["class_relative_min"],
		ManyClasses: v["many_classes"] == 1, ClassCountAllowed: n("class_count_allowed"), ClassRelativeAllowed: v["class_relative_allowed"],
		Rows: n("rows"), TrainRows: n("train_rows"), TestRows: n("test_rows"), Dropped: n("dropped"),
		DuplicateShare: v["duplicate_share"], NearDuplicateShare: v["near_duplicate_share"],
		Leaked: n("leaked"), LeakedExact: n("leaked_exact"), LeakedShare: v["leaked_share"],
		Conflicting: n("conflicting"), Unseen: n("unseen")}
	return nil
}
