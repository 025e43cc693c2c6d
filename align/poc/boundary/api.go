package boundary

import (
	"context"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ErrNone is returned for the boundary of a run that has none.
var ErrNone = fault.Def{Kind: fault.Conflict, Code: "boundary.none",
	En: "run {id} is {state} and has no capability boundary", Zh: "运行记录 {id} 的状态为 {state}，没有能力边界",
	HintEn: "measure the scenario: landfall run DIR", HintZh: "请先评测该场景：landfall run DIR"}

type listInput struct {
	rest.PageParams
	Run       poc.RunID `path:"run"`
	Suite     string    `query:"suite" doc:"only of this suite" zh:"只看该用例集"`
	Candidate string    `query:"candidate" doc:"only of this candidate" zh:"只看该候选方案"`
}

// Row is one part of the cases with one candidate, as lists show it.
type Row struct {
	Suite     string   `json:"suite"`
	Candidate string   `json:"candidate"`
	Kind      AxisKind `json:"kind"` // of the axis; "weak" of a weak slice
	Part      string   `json:"part"` // value of the axis, or the rule in words
	N         int      `json:"n"`
	Accuracy  float64  `json:"accuracy"`
	Low       float64  `json:"low"`
	High      float64  `json:"high"`
	// P is the p-value of a weak slice, corrected for the search; 0 of a part.
	P float64 `json:"p,omitempty"`
}

// Weak is the kind of rows that the search for weak slices found.
const Weak AxisKind = "weak"

// Rows returns every part and weak slice of r in a fixed order.
func (r Result) Rows() []Row {
	out := []Row{}
	for _, s := range r.Suites {
		for _, c := range s.Candidates {
			for _, rule := range c.Weak.Rules {
				out = append(out, Row{Suite: s.Suite, Candidate: c.Candidate, Kind: Weak, Part: rule.Text.En, N: rule.N,
					Accuracy: rule.Accuracy, Low: rule.Low, High: rule.High, P: rule.P})
			}
			for _, a := range c.Axes {
				for _, x := range a.Cells {
					part := x.Value
					if a.Name != "" {
						part = a.Name + "=" + x.Value
					}
					out = append(out, Row{Suite: s.Suite, Candidate: c.Candidate, Kind: a.Kind, Part: part, N: x.N, Accuracy: x.Accuracy, Low: x.Low, High: x.High})
				}
			}
		}
	}
	return out
}

var rowColumns = []term.Column{
	{Field: "suite", Head: text.Text{En: "SUITE", Zh: "用例集"}},
	{Field: "candidate", Head: text.Text{En: "CANDIDATE", Zh: "候选方案"}},
	{Field: "kind", Head: text.Text{En: "BY", Zh: "划分"}},
	{Field: "part", Head: text.Text{En: "PART", Zh: "部分"}},
	{Field: "n", Head: text.Text{En: "CASES", Zh: "用例"}, Form: term.AsCount},
	{Field: "accuracy", Head: text.Text{En: "CORRECT", Zh: "正确率"}, Form: term.AsShare},
	{Field: "low", Head: text.Text{En: "LOW", Zh: "下限"}, Form: term.AsShare},
	{Field: "high", Head: text.Text{En: "HIGH", Zh: "上限"}, Form: term.AsShare},
}

// Operations registers what can be asked about boundaries. of reads the one
// that a run found.
func Operations(r *rest.Registry, of func(context.Context, poc.RunID) (*Result, error)) {
	rest.Add(r, rest.Op{ID: "list-run-boundary", Method: "GET", Path: "/runs/{run}/boundary", Perm: auth.Read, Noun: "runs", Verb: "boundary",
		Doc:     text.Text{En: "List where the candidates of a run are strong and weak: by slice, length, language, tag and difficulty, weak slices first.", Zh: "列出一次运行中各候选方案的强弱：按分组、长度、语言、标签与难度划分，薄弱分组在前。"},
		Columns: rowColumns, Errors: []fault.Def{poc.ErrUnknownRun, ErrNone}},
		func(ctx context.Context, in *listInput) (*rest.Page[Row], error) {
			m, err := of(ctx, in.Run)
			if err != nil {
				return nil, err
			}
			var rows []Row
			for _, row := range m.Rows() {
				if (in.Suite == "" || row.Suite == in.Suite) && (in.Candidate == "" || row.Candidate == in.Candidate) {
					rows = append(rows, row)
				}
			}
			return rest.PageOf(ctx, in.PageParams, []string{string(in.Run), in.Suite, in.Candidate}, rows)
		})
}
