package report

import (
	"fmt"
	"strings"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
)

// graderParts says how good the graders are that ask a model.
func graderParts(gs []poc.GraderMeasurement, l lang) []part {
	var out []part
	for _, g := range gs {
		switch {
		case g.Judge != nil:
			out = append(out, part{Text: l.colon(l.say("The judge "+line(g.Model), "裁判 "+line(g.Model)), judged(*g.Judge, l))})
			t := judgeTable(*g.Judge, l)
			out = append(out, part{Table: labelled(t), Fold: l.say("How the judge was measured", "裁判的实测结果")})
		case g.Threshold != nil:
			out = append(out, part{Text: l.colon(l.say("The threshold of similarity", "相似度阈值"), thresholdWords(*g.Threshold, l))})
		}
	}
	return out
}

// judged says whether a judge may be relied on, why not, and what would help.
func judged(m judge.Measurement, l lang) string {
	if m.Standing.Sufficient {
		return l.say(
			fmt.Sprintf("agrees with people on %s labelled answers, kappa %.2f (%.2f to %.2f). Its errors are taken out of all shares that it judged, and their intervals are wider by what is not known of them.",
				l.count(m.Items), m.Kappa.Kappa, m.Kappa.Low, m.Kappa.High),
			fmt.Sprintf("在 %s 条人工标注的答案上与人一致，kappa %.2f（%.2f 至 %.2f）。凡由它评判的比例均已扣除其误差，区间也计入了这些误差本身的不确定性。",
				l.count(m.Items), m.Kappa.Kappa, m.Kappa.Low, m.Kappa.High))
	}
	why := make([]string, len(m.Standing.Lacks))
	for i, x := range m.Standing.Lacks {
		why[i] = l.of(x.Why)
	}
	s := l.say("not good enough, so what it judged is no evidence: ", "未达到要求，其评判不能作为证据：") + strings.Join(why, l.say("; ", "；")) + l.say(". ", "。")
	if n := m.Standing.MoreLabels; n > 0 {
		return s + l.say(fmt.Sprintf("Label about %s more answers.", l.count(n)), fmt.Sprintf("约需再标注 %s 条答案。", l.count(n)))
	}
	return s + l.say("More labels alone will not help: choose another model or a clearer rubric.", "仅增加标注无济于事：请换用其他模型，或把评分标准写得更明确。")
}

func judgeTable(m judge.Measurement, l lang) *table {
	t := &table{Caption: l.say("The judge against people and against itself", "裁判与人工、与自身的一致性"),
		Head: []head{column("Figure", "指标", l), number("Value", "数值", l), number("Interval", "区间", l), number("Items", "样本数", l)}}
	add := func(name, value, low, high string, n int) {
		t.Rows = append(t.Rows, row{Cells: []cell{plain(name), num(value), num(low + "–" + high), num(l.count(n))}})
	}
	two := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	add(l.say("agreement with people (kappa)", "与人工一致性（kappa）"), two(m.Kappa.Kappa), two(m.Kappa.Low), two(m.Kappa.High), m.Kappa.N)
	for _, x := range []struct {
		name string
		r    judge.Rate
	}{
		{l.say("good answers that it passes (sensitivity)", "好答案判为通过（灵敏度）"), m.Sensitivity},
		{l.say("bad answers that it fails (specificity)", "差答案判为不通过（特异度）"), m.Specificity},
		{l.say("answers judged otherwise when asked again", "重复评判结论不一"), m.Flips},
		{l.say("pairs with another winner when swapped", "交换先后后胜者改变"), m.Swaps},
		{l.say("of those, for what stands first", "其中偏向靠前者"), m.FirstFavoured},
		{l.say("answers without a verdict", "未给出结论"), m.Failed},
	} {
		if x.r.N > 0 {
			add(x.name, l.pct(x.r.Value()), l.pct(x.r.Low), l.pct(x.r.High), x.r.N)
		}
	}
	return t
}

func thresholdWords(t grader.Threshold, l lang) string {
	return l.say(
		fmt.Sprintf("%.3f, chosen on %s labelled pairs; on pairs held out it decides %s otherwise than people (%s to %s).",
			t.Value, l.count(t.N), l.pct(t.Error), l.pct(t.ErrorInterval.Low), l.pct(t.ErrorInterval.High)),
		fmt.Sprintf("%.3f，在 %s 个人工标注的文本对上选定；在留出的文本对上，与人工判断不一致的占 %s（%s 至 %s）。",
			t.Value, l.count(t.N), l.pct(t.Error), l.pct(t.ErrorInterval.Low), l.pct(t.ErrorInterval.High)))
}
