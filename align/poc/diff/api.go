package diff

import (
	"context"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of a comparison of runs.
var (
	ErrScenario = fault.Def{Kind: fault.Invalid, Code: "diff.scenario",
		En: "run {a} and run {b} are of different scenarios", Zh: "运行记录 {a} 与 {b} 属于不同场景",
		HintEn: "compare two runs of one scenario: landfall runs list --scenario NAME", HintZh: "请比较同一场景的两次运行：landfall runs list --scenario NAME"}
	ErrCandidate = fault.Def{Kind: fault.NotFound, Code: "diff.candidate",
		En: "run {run} has no answers of {candidate}; it has those of: {known}", Zh: "运行记录 {run} 中没有 {candidate} 的回答；已有：{known}",
		HintEn: "name another one with --candidate", HintZh: "请用 --candidate 指定其他候选方案"}
)

// Query names what to compare: B with A.
type Query struct {
	A poc.RunID `path:"run"`
	B poc.RunID `path:"with"`
	// Candidate is whose answers are compared, WithCandidate those of B if it
	// is another one. Without them each run's recommended candidate is.
	Candidate     string `query:"candidate" doc:"whose answers; else each run's recommended candidate" zh:"比较哪个候选方案；缺省为各次运行推荐的方案"`
	WithCandidate string `query:"with_candidate" doc:"whose answers in the second run, if another's" zh:"第二次运行中比较哪个候选方案（若不同）"`
	Suite         string `query:"suite" doc:"only the cases of this suite" zh:"只比较该用例集"`
}

// Operations registers the comparison of runs, which compare makes.
func Operations(r *rest.Registry, compare func(context.Context, Query) (*Diff, error)) {
	rest.Add(r, rest.Op{ID: "diff-runs", Method: "GET", Path: "/runs/{run}/diff/{with}", Perm: auth.Read,
		Doc:    text.Text{En: "Compare the second run with the first, case by case: which flipped, and is it noise?", Zh: "逐条比较两次运行：哪些用例变了，是不是噪声？"},
		Errors: []fault.Def{poc.ErrUnknownRun, poc.ErrNotSealed, ErrScenario, ErrCandidate}},
		func(ctx context.Context, in *Query) (*Diff, error) { return compare(ctx, *in) })
}
