package report

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

func dataSection(r Report, l lang) *section {
	d := r.Data
	if d == nil {
		return nil
	}
	policy := map[string]string{"method": l.say("the method's own", "方法默认"), "many-classes": l.say("many classes", "多类别")}[d.Policy]
	s := &section{ID: "data", Title: l.say("Data", "数据"), Evidence: from(r, "quality", "dataset"),
		Lead: l.list([]string{l.counted(d.Rows, "row", "行"), l.say("training ", "训练 ") + l.count(d.Train), l.say("test ", "测试 ") + l.count(d.Test),
			l.say("from production ", "生产回流 ") + l.count(d.Production), l.say("classes ", "类别 ") + l.count(d.Classes)}) +
			l.say(". Policy: ", "。质量策略：") + cmp.Or(policy, d.Policy) + l.say(".", "。")}
	rules := &table{Caption: l.say("Quality gate", "质量门禁"), Head: []head{column("Rule", "规则", l), column("Column or class", "列或类别", l), number("Observed", "观测", l), number("Allowed", "允许", l), column("Verdict", "结论", l)}}
	for _, x := range d.Rules {
		observed, allowed := dataFigures(x, l)
		rules.Rows = append(rules.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(x.Title), x.ID)}, {Text: cmp.Or(x.Subject, term.None)}, strong(observed), num(allowed), l.verdict(passFail(x.Passed))}})
	}
	if len(rules.Rows) > 0 {
		s.Parts = append(s.Parts, part{Table: labelled(rules)})
	}
	if d.Classes > manyClasses && d.Policy == "method" && !d.Passed {
		s.Parts = append(s.Parts, part{Text: offerManyClasses(d.Classes, l)})
	}
	if len(d.Missing) > 0 {
		t := &table{Caption: l.say("Missing values", "缺失值"), Head: []head{column("Column", "列", l), column("Split", "划分", l), number("Rows", "行数", l), number("Share", "占比", l)}}
		for _, m := range d.Missing {
			t.Rows = append(t.Rows, row{Cells: []cell{{Text: m.Column}, {Text: capital(l.split(m.Split))}, num(l.count(m.Rows)), num(l.pct(m.Share))}})
		}
		s.Parts = append(s.Parts, part{Table: labelled(t)})
	}
	s.Parts = append(s.Parts, part{Text: l.say(
		"Exact duplicates "+l.count(d.Duplicates)+", near duplicates "+l.count(d.NearDuplicates)+"; test cases that stand in training too: "+l.count(d.Leaked)+" exactly, "+l.count(d.NearLeaked)+" nearly.",
		"完全重复 "+l.count(d.Duplicates)+" 条，近似重复 "+l.count(d.NearDuplicates)+" 条；同时出现在训练集中的测试用例：完全相同 "+l.count(d.Leaked)+" 条，近似 "+l.count(d.NearLeaked)+" 条。")})
	if len(d.Examples) > 0 {
		t := &table{Caption: l.say("Where they stand", "所在位置"), Head: []head{column("Kind", "类型", l), column("One", "其一", l), column("Other", "其二", l), number("Similarity", "相似度", l)}}
		for _, p := range d.Examples {
			t.Rows = append(t.Rows, row{Cells: []cell{{Text: l.pair(p.Kind)}, {Text: p.A, Code: true}, {Text: p.B, Code: true}, num(strconv.FormatFloat(p.Sim, 'f', 2, 64))}})
		}
		s.Parts = append(s.Parts, part{Table: labelled(t), Fold: l.say("Duplicates and leaks by place", "重复与泄漏的位置")})
	}
	return s
}

func (l lang) pair(kind string) string {
	switch kind {
	case "duplicate":
		return l.say("duplicate", "完全重复")
	case "near_duplicate":
		return l.say("near duplicate", "近似重复")
	case "leak":
		return l.say("leak into training", "泄漏到训练集")
	case "near_leak":
		return l.say("near leak into training", "近似泄漏到训练集")
	}
	return kind
}

// dataFigures writes what a data rule observed and allows. Both are shares
// unless one of them is above 1: then they count.
func dataFigures(x DataRule, l lang) (observed, allowed string) {
	write := l.pct
	if x.Observed > 1 || x.Allowed > 1 {
		write = func(v float64) string { return l.figure(v, "", "") }
	}
	sign := "≤ "
	if x.AtLeast {
		sign = "≥ "
	}
	return write(x.Observed), sign + write(x.Allowed)
}

func passFail(ok bool) string {
	if ok {
		return string(gate.Pass)
	}
	return string(gate.Fail)
}

// manyClasses is the number of classes above which no smallest class can hold
// the method's share of 5 %.
const manyClasses = 20

func offerManyClasses(n int, l lang) string {
	return l.say("With "+l.count(n)+" classes the smallest can never hold 5%. If so many are right, choose data.quality.policy: many-classes in scenario.yaml: a least count per class and a least share relative to uniform.",
		"共有 "+l.count(n)+" 个类别，最小类别不可能占到 5%。如果确实需要这么多类别，请在 scenario.yaml 中选择 data.quality.policy: many-classes：改为要求每类的最少条数和相对均匀分布的最小占比。")
}

func loopSection(r Report, l lang) *section {
	p := r.Loop
	if p.Failures+p.Modes+p.Cases+p.Reopened == 0 {
		return nil
	}
	return &section{ID: "loop", Title: l.say("From production back to stage one", "从生产回到第一阶段"), Parts: []part{{Text: l.say(
		l.counted(p.Failures, "failure", "")+" imported from production became "+l.counted(p.Modes, "failure mode", "")+" and "+l.counted(p.Cases, "evaluation case", "")+"; passed gates reopened "+l.counted(p.Reopened, "time", "")+".",
		"从生产导入失败 "+l.counted(p.Failures, "", "条")+"，归为故障模式 "+l.counted(p.Modes, "", "个")+"，成为评测用例 "+l.counted(p.Cases, "", "条")+"；已通过的门禁重新打开 "+l.counted(p.Reopened, "", "次")+"。")}}}
}

func evidenceSection(r Report, l lang) *section {
	if len(r.Evidence) == 0 {
		return nil
	}
	t := &table{Caption: l.say("Evidence in the log", "证据日志中的条目"), Head: []head{column("Evidence", "证据", l), column("What", "内容", l), number("Leaf", "日志序号", l),
		column("Provenance", "取证方式", l), column("At", "时间", l), column("Current", "是否有效", l)}}
	for _, e := range r.Evidence {
		state := l.verdict(string(gate.Pass))
		state.Mark.Word = l.say("Current", "有效")
		if e.Stale != nil {
			state = l.verdict(string(gate.Stale))
			if why := l.of(*e.Stale); why != "" {
				state.Sub = []string{why}
			}
		}
		t.Rows = append(t.Rows, row{ID: e.ID, Cells: []cell{{Text: e.ID, Code: true}, {Text: capital(cmp.Or(l.of(e.Title), e.Kind))}, num(strconv.FormatInt(e.Leaf, 10)),
			plain(l.provenance(e.Provenance)), plain(l.at(e.At)), state}})
	}
	return &section{ID: "evidence", Title: l.say("Evidence", "证据"),
		Lead: l.say("Every item is signed and stands in a tamper-evident log: `landfall evidence verify` checks all of it, `landfall evidence show ID` prints one.",
			"每条证据都有签名，存于防篡改日志：landfall evidence verify 核验全部，landfall evidence show ID 查看其一。"),
		Parts: []part{{Table: labelled(t)}}}
}

// methodSection says how the figures were made.
func methodSection(r Report, l lang) *section {
	if r.POC == nil && r.Grade == nil {
		return nil
	}
	alpha := l.pct0(grade.Alpha)
	var attempt text.Text
	if g := r.Grade; g != nil && g.Attempt > 0 {
		attempt = text.Text{En: fmt.Sprintf(" over all attempts on this test set, of which this one, number %d, spends %s", g.Attempt, l.pct(g.AlphaSpent)),
			Zh: fmt.Sprintf("（同一测试集上的历次尝试合计；本次为第 %d 次，占用 %s）", g.Attempt, l.pct(g.AlphaSpent))}
		if g.Worn {
			attempt.En += "; the set was consulted too often to settle anything more: label fresh cases"
			attempt.Zh += "；该测试集使用次数过多，已不足以得出新结论，请标注新的用例"
		}
	}
	items := []string{
		l.say("Correct: the share of test cases whose resolution is the expected one. A call that ends in an error or without an answer counts as wrong. Intervals are exact two-sided Clopper–Pearson intervals at 95%.",
			"正确率：给出预期解决结果的评测用例占比；调用出错或没有作答都计为答错。区间是 95% 双侧 Clopper–Pearson 精确区间。"),
		l.say("Verdict by slice: an exact one-sided binomial test of every measured candidate on every slice, corrected by Holm over all candidates and slices, so that the chance of any false pass is at most "+alpha+attempt.En+". The lower bound is the one at the level at which Holm tested it.",
			"分组结论：对每个分组上的每个实测候选方案做单侧精确二项检验，并用 Holm 方法对全部候选方案和分组校正，出现任何一次误判“通过”的概率不超过 "+alpha+attempt.Zh+"。下限即 Holm 检验该项时所用水平的下限。"),
		l.say("Three verdicts: pass if the lower bound reaches the bar, fail if the upper bound stays below it, else the evidence is insufficient. “About so many more” cases prove a pass with a chance of "+l.pct0(grade.Power)+", if the true share is what was seen.",
			"三种结论：下限达到门槛为通过，上限低于门槛为未通过，其余为证据不足。“约需再标”的条数，是在真实正确率等于观测值时以 "+l.pct0(grade.Power)+" 的把握证明通过所需的数量。"),
		l.say("Recommended candidate: the cheapest whose lower bound reaches the bar, with bounds corrected by Bonferroni over all measured candidates. Choosing the luckiest of many gains nothing.",
			"推荐的候选方案：下限达到门槛者中单次成本最低的一个；下限按实测候选方案数做 Bonferroni 校正，“多试几个挑运气最好的”占不到便宜。"),
		l.say("Shares of traffic come from a sample of requests apart from the test cases, with 95% intervals; without a sample they follow the test cases and are assumed.",
			"流量占比来自独立于评测用例的流量抽样，带 95% 区间；没有抽样时按评测用例数推算，标为假设。"),
		l.say("The upper limit of p95 is a one-sided 95% limit by order statistics; below 59 cases there is none.",
			"p95 上限是基于次序统计量的单侧 95% 上限；不足 59 条用例时给不出。"),
		l.say("Assumed: typed in by somebody, not measured by Landfall (measured) or by a named other system (imported). The worst input decides: a result that touches an assumption is assumed, and proves nothing unless a rule allows it by name.",
			"假设：由人填写，既不是 Landfall 测得的（实测），也不是指明的其他系统测得的（导入）。最差的输入决定结果：只要用到假设，结果就是假设；除非规则明确允许，否则不能作为证明。"),
	}
	if r.ROI != nil {
		items = append(items, l.say("Money: "+l.count(r.ROI.Draws)+" draws over the ranges of all inputs, seed "+strconv.FormatUint(r.ROI.Seed, 10)+"; P10, P50 and P90 of the draws.",
			"金额：在所有输入的范围上抽样 "+l.count(r.ROI.Draws)+" 次（种子 "+strconv.FormatUint(r.ROI.Seed, 10)+"），取 P10、P50、P90。"))
	}
	if r.Selection != nil {
		items = append(items, l.say("Selection: hard limits first, by bound; then the Pareto front over accuracy, p95, cost and interpretability; then the cheapest. There is no weighted score: adding a useless candidate can turn one round.",
			"选型：先看硬性限制（按界限判断），再看正确率、p95、成本、可解释性的帕累托前沿，最后取最便宜的。不用加权打分：多加一个无用的候选方案就可能颠倒其名次。"))
	}
	return &section{ID: "methods", Title: l.say("How these figures were made", "这些数字怎么来的"), Parts: []part{{List: items}}}
}
