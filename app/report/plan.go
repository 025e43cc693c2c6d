package report

import (
	"cmp"
	"fmt"
	"io"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/kit/term"
)

// PlanTerminal writes a plan of test cases.
func PlanTerminal(t *term.Terminal, w io.Writer, p grade.Plan) error {
	l := lang(t.Lang)
	var rows [][]string
	for _, s := range p.Slices {
		for i, n := range s.Needs {
			cells := []string{"", "", ""}
			if i == 0 {
				cells = []string{term.Clean(cmp.Or(l.of(s.Title), s.Slice)), l.pct(s.Bar), l.count(s.Cases)}
			}
			need, more := l.count(n.Cases), l.count(n.More)
			switch {
			case n.Cases == 0:
				need, more = "> 1,000,000", term.None
			case n.More == 0:
				more = term.None
			}
			rows = append(rows, append(cells, l.pct(n.True), need, more))
		}
	}
	if err := t.Grid(w, []string{l.say("SLICE", "分组"), l.say("BAR", "门槛"), l.say("CASES", "现有用例"), l.say("IF TRULY", "若真实正确率"), l.say("NEEDED", "需要"), l.say("MORE", "还差")},
		[]bool{false, true, true, true, true, true}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+l.say(
		fmt.Sprintf("With a chance of %s each, as attempt %d on this test set, with %d tests: one-sided error %.4f in all, %.5f for the first.", l.pct(p.Power), p.Attempt, p.Tests, p.AlphaSpent, p.AlphaUsed),
		fmt.Sprintf("各项的把握为 %s；这是该评测集上的第 %d 次尝试，共 %d 项检验：单侧错误率合计 %.4f，首项 %.5f。", l.pct(p.Power), p.Attempt, p.Tests, p.AlphaSpent, p.AlphaUsed)))
	if err != nil || p.Paired == nil {
		return err
	}
	x := *p.Paired
	_, err = fmt.Fprintln(w, l.say(
		fmt.Sprintf("To show that a cheaper candidate is less than %s worse than a dearer one that differs on %s of the cases: %s cases.", l.pct(x.Margin), l.pct(x.Differ), l.count(x.Cases)),
		fmt.Sprintf("要证明便宜方案比昂贵方案差不到 %s（两者在 %s 的用例上结果不同）：需要 %s 条用例。", l.pct(x.Margin), l.pct(x.Differ), l.count(x.Cases))))
	return err
}
