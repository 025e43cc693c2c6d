package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/gate"
)

// boundaryCells is how many parts of one axis the drawing shows; the table and
// the JSON have more.
const boundaryCells = 8

// boundaryCases is how many cases a part needs to be drawn: an interval of
// fewer spans most of the width.
const boundaryCases = 20

// suiteTitle names a suite before what is said of it; "" if there is but one.
func suiteTitle(r Report, s boundary.SuiteMap, l lang) string {
	if len(r.Boundary.Suites) < 2 {
		return ""
	}
	return cmp.Or(l.of(s.Title), s.Suite)
}

// under puts a suite's name before a title.
func (l lang) under(suite, title string) string {
	if suite == "" {
		return title
	}
	return l.colon(suite, title)
}

// boundarySection says where candidates are strong and weak.
func boundarySection(r Report, l lang) *section {
	if r.Boundary == nil || len(r.Boundary.Suites) == 0 {
		return nil
	}
	s := &section{ID: "boundary", Title: l.say("Capability boundary", "能力边界"), Evidence: from(r, "boundary"), Lead: boundaryLead(r, l)}
	cases := 0
	for _, m := range r.Boundary.Suites {
		cases += m.Cases
	}
	s.Lead = l.sentences(s.Lead, l.say("Figures count all "+l.counted(cases, "test case", "")+"; nothing is sampled.", "数字基于全部 "+l.count(cases)+" 条评测用例，没有抽样。"))
	for _, m := range r.Boundary.Suites {
		c, ok := m.Candidate(m.Focus)
		if !ok {
			continue
		}
		name := suiteTitle(r, m, l)
		if d := partsChart(r, m, c, name, l); d != nil {
			s.Parts = append(s.Parts, part{Dots: d})
		}
		if rules := weakRules(c, l); len(rules) > 0 {
			s.Parts = append(s.Parts, part{Text: l.under(name, l.say("Weak slices", "薄弱分组")), List: rules})
		}
		s.Parts = append(s.Parts, part{Text: l.under(name, l.of(c.Weak.Summary))})
		if t := partsTable(r, m, l); t != nil {
			t.Caption = l.under(name, t.Caption)
			s.Parts = append(s.Parts, part{Table: labelled(t), Fold: l.under(name, l.say("All candidates by part, as a table", "各候选方案分项对照表")), Long: true})
		}
	}
	return s
}

// boundaryLead says in plain words what to do about the boundary, and how sure
// it is.
func boundaryLead(r Report, l lang) string {
	weak, suites := 0, []string{}
	sure := 0.0
	for _, m := range r.Boundary.Suites {
		c, ok := m.Candidate(m.Focus)
		if !ok {
			continue
		}
		sure = 1 - c.Weak.FalseDiscovery
		if n := len(c.Weak.Rules); n > 0 {
			weak += n
			suites = append(suites, candidateTitle(r, m.Focus, l))
		}
	}
	if weak == 0 {
		return l.say("No part of the cases is provably weaker than the rest, so there is none to take out first.", "没有哪一部分用例明显弱于其余部分，因此没有需要先剔除的内容。")
	}
	slices.Sort(suites)
	names := l.list(slices.Compact(suites))
	return l.say("Where "+names+" is weak, send requests to people or to a stronger candidate first, and label training cases there. Each finding below is corrected for the search; with "+l.pct(sure)+" confidence none of them is chance.",
		"在 "+names+" 的薄弱之处，先把请求转给人工或更强的方案，并优先补充这部分训练数据。下列发现都已就检索次数校正；有 "+l.pct(sure)+" 的把握其中没有一项出于偶然。")
}

func weakRules(c boundary.CandidateMap, l lang) []string {
	var out []string
	for _, rule := range c.Weak.Rules {
		out = append(out, l.of(rule.Text)+l.say("; between ", "；区间 ")+l.ci(rule.Low, rule.High))
	}
	return out
}

// partsChart draws the parts of the candidate to read first against the bar.
func partsChart(r Report, m boundary.SuiteMap, c boundary.CandidateMap, suite string, l lang) *dots {
	bar := suiteBar(r, m)
	d := &dots{Title: l.under(suite, candidateTitle(r, c.Candidate, l)+l.say(", part by part", "：分项正确率")),
		Note: l.say("Lines are exact 95% intervals, part by part: whoever picks the lowest of many picks chance too. What survives the search is listed below.",
			"线为各部分各自的精确 95% 区间；从很多部分里挑最低的，会挑到偶然。经得起检索校正的见下方。")}
	lowest := 1.0
	type group struct {
		title string
		cells []boundary.Cell
	}
	var groups []group
	for _, a := range c.Axes {
		cells := slices.DeleteFunc(slices.Clone(a.Cells), func(x boundary.Cell) bool { return x.N < boundaryCases })
		if len(cells) == 0 {
			continue
		}
		if len(cells) > boundaryCells {
			slices.SortStableFunc(cells, func(a, b boundary.Cell) int { return cmp.Compare(b.N, a.N) })
			cells = cells[:boundaryCells]
		}
		for _, x := range cells {
			lowest = min(lowest, x.Low)
		}
		groups = append(groups, group{capital(l.of(a.Title)), cells})
	}
	if len(groups) == 0 {
		return nil
	}
	scale := d.axis(min(lowest, cmp.Or(bar, 1)), bar, l)
	for _, g := range groups {
		for i, x := range g.cells {
			o := string(gate.Insufficient)
			switch {
			case bar == 0:
				o = "none"
			case x.Low >= bar:
				o = string(gate.Pass)
			case x.High < bar:
				o = string(gate.Fail)
			}
			row := dot{Label: line(sliceTitle(r, cmp.Or(l.of(x.Title), x.Value), l)), Shape: l.mark(o).Shape, Mark: l.mark(o),
				X: x0(scale, x.Accuracy), Low: x0(scale, x.Low), High: x0(scale, x.High), Value: l.pct(x.Accuracy)}
			row.Wid = widthOf(scale, x.Low, x.High)
			if i == 0 {
				row.Sub = g.title
			}
			row.Aside = l.say("n ", "n ") + l.count(x.N)
			row.Desc = l.colon(g.title+" "+row.Label, l.list([]string{row.Value, l.ci(x.Low, x.High), row.Aside}))
			d.Rows = append(d.Rows, row)
		}
	}
	return d
}

// sliceTitle gives a slice's id its title.
func sliceTitle(r Report, value string, l lang) string {
	if r.Grade != nil {
		for _, v := range r.Grade.Slices {
			if v.Slice == value {
				return cmp.Or(l.of(v.Title), value)
			}
		}
	}
	return value
}

// suiteBar is the bar of a suite if all of its slices share one; 0 otherwise.
func suiteBar(r Report, m boundary.SuiteMap) float64 {
	if r.Grade == nil {
		return r.Scenario.Bar
	}
	bar := 0.0
	for _, v := range r.Grade.Slices {
		for _, c := range m.Candidates {
			for _, a := range c.Axes {
				for _, x := range a.Cells {
					if a.Kind != boundary.BySlice || x.Value != v.Slice {
						continue
					}
					if bar != 0 && bar != v.Bar {
						return 0
					}
					bar = v.Bar
				}
			}
		}
		if v.Slice == m.Suite {
			return v.Bar
		}
	}
	return cmp.Or(bar, r.Scenario.Bar)
}

// partsTable sets all candidates of a suite side by side.
func partsTable(r Report, m boundary.SuiteMap, l lang) *table {
	t := &table{Caption: l.say("Share of correct resolutions by part", "分项正确率"), Head: []head{column("Part", "部分", l), number("Cases", "用例", l)}}
	at := map[string]int{}
	for j, c := range m.Candidates {
		t.Head = append(t.Head, head{Text: candidateTitle(r, c.Candidate, l), Num: true})
		for _, a := range c.Axes {
			if a.Kind == boundary.ByDifficulty { // of each candidate by itself
				continue
			}
			for _, x := range a.Cells {
				key := l.of(a.Title) + "\x00" + x.Value
				i, ok := at[key]
				if !ok {
					i = len(t.Rows)
					at[key] = i
					cells := []cell{{Text: sliceTitle(r, cmp.Or(l.of(x.Title), x.Value), l), Sub: []string{l.of(a.Title)}}, num(l.count(x.N))}
					for range m.Candidates {
						cells = append(cells, num(l.outcome(notMeasured)))
					}
					t.Rows = append(t.Rows, row{Cells: cells})
				}
				t.Rows[i].Cells[2+j] = strong(l.pct(x.Accuracy), l.ci(x.Low, x.High))
			}
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// confusionRows is how many confusions a table shows.
const confusionRows = 10

// confusionSection says what the candidates to read first take for what.
func confusionSection(r Report, l lang) *section {
	if r.Boundary == nil {
		return nil
	}
	s := &section{ID: "confusion", Title: l.say("What is taken for what", "混淆情况"), Evidence: from(r, "boundary")}
	for _, m := range r.Boundary.Suites {
		c, ok := m.Candidate(m.Focus)
		if !ok || c.Confusion.Wrong == 0 {
			continue
		}
		title := l.under(suiteTitle(r, m, l), candidateTitle(r, c.Candidate, l))
		x := c.Confusion
		switch {
		case x.Matrix != nil:
			s.Parts = append(s.Parts, part{Table: labelled(confusionMatrix(*x.Matrix, title, l))})
		case len(x.Pairs) > 0:
			t := &table{Caption: title, Head: []head{column("Expected", "应答", l), column("Given", "实答", l), number("Cases", "用例", l), number("Of those expected", "占该类", l)}}
			for _, p := range x.Pairs[:min(len(x.Pairs), confusionRows)] {
				given := p.Given
				if given == boundary.Others {
					given = l.say("none of the known ones", "不在已知答案之列")
				}
				t.Rows = append(t.Rows, row{Cells: []cell{{Text: p.Expected}, {Text: given}, num(l.count(p.N)), strong(l.pct(p.Share))}})
			}
			s.Parts = append(s.Parts, part{Table: labelled(t)})
		default:
			continue
		}
		s.Parts = append(s.Parts, part{Text: l.say(
			l.count(x.Wrong)+" wrong, "+l.count(x.Unanswered)+" of them without an answer; "+l.count(x.Distinct)+" different confusions.",
			"共答错 "+l.count(x.Wrong)+" 条，其中 "+l.count(x.Unanswered)+" 条没有作答；不同的混淆共 "+l.count(x.Distinct)+" 种。")})
	}
	if len(s.Parts) == 0 {
		return nil
	}
	return s
}

func confusionMatrix(m boundary.Matrix, title string, l lang) *table {
	t := &table{Caption: title + l.say(": expected down, given across", "：行为应答，列为实答"), Head: []head{column("Expected", "应答", l)}}
	for _, c := range m.Classes {
		t.Head = append(t.Head, head{Text: c, Num: true})
	}
	other, none := slices.Max(m.Other) > 0, slices.Max(m.None) > 0
	if other {
		t.Head = append(t.Head, number("Other", "其他", l))
	}
	if none {
		t.Head = append(t.Head, number("No answer", "未作答", l))
	}
	for i, c := range m.Classes {
		cells := []cell{{Text: c}}
		for j, n := range m.Counts[i] {
			x := num(l.count(n))
			x.Strong = i == j
			cells = append(cells, x)
		}
		if other {
			cells = append(cells, num(l.count(m.Other[i])))
		}
		if none {
			cells = append(cells, num(l.count(m.None[i])))
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// calibrationSection says what confidences are worth.
func calibrationSection(r Report, l lang) *section {
	if r.Boundary == nil {
		return nil
	}
	s := &section{ID: "calibration", Title: l.say("What a confidence is worth", "置信度可不可信"), Evidence: from(r, "boundary"),
		Lead: l.say("On the diagonal a confidence of 80% is right in 80% of the cases. Below it the candidate is too sure of itself: do not route by its confidence as it is.",
			"落在对角线上，说明“80% 把握”确实有 80% 答对；低于对角线则过于自信，不能直接按其置信度分流。")}
	for _, m := range r.Boundary.Suites {
		var cs []boundary.CandidateMap
		for _, c := range m.Candidates {
			if c.Calibration != nil {
				cs = append(cs, c)
			}
		}
		if len(cs) == 0 {
			continue
		}
		slices.SortStableFunc(cs, func(a, b boundary.CandidateMap) int { return cmp.Compare(b.Overall.Accuracy, a.Overall.Accuracy) })
		name := suiteTitle(r, m, l)
		t := &table{Caption: l.under(name, l.say("Calibration", "校准")), Head: []head{column("Candidate", "候选方案", l), number("Answered", "作答", l),
			number("Calibration error", "校准误差", l), number("Brier score", "Brier 分数", l), number("Error area", "误差面积", l), number("Beyond a perfect order", "高于完美排序", l)}}
		for _, c := range cs {
			x := c.Calibration
			t.Rows = append(t.Rows, row{Cells: []cell{{Text: candidateTitle(r, c.Candidate, l)}, num(l.count(x.Answered)), strong(l.pct(x.ECE)),
				num(strconv.FormatFloat(x.Brier, 'f', 3, 64)), num(strconv.FormatFloat(x.AURC, 'f', 3, 64)), num(strconv.FormatFloat(x.Excess, 'f', 3, 64))}})
		}
		s.Parts = append(s.Parts, part{Curve: reliability(r, cs, name, l)}, part{Table: labelled(t), Fold: l.say("View as table", "以表格查看")})
	}
	if len(s.Parts) == 0 {
		return nil
	}
	return s
}

// reliability draws confidence against accuracy, bin by bin.
func reliability(r Report, cs []boundary.CandidateMap, suite string, l lang) *curve {
	out := &curve{Title: l.under(suite, l.say("Confidence against correctness", "置信度与正确率")),
		XLabel: l.say("confidence that the candidate gave", "候选方案给出的置信度"), YLabel: l.say("share that was right", "实际正确率"),
		Note: l.say("Ten bins of equal numbers of cases.", "按用例数等分为十档。")}
	out.quarters(l.pct0, l.pct0)
	var said []string
	for i, c := range cs[:min(len(cs), curveLines-1)] {
		var pts []string
		for _, b := range c.Calibration.Bins {
			pts = append(pts, thousandth(b.Confidence)+","+thousandth(1-b.Accuracy))
		}
		name := candidateTitle(r, c.Candidate, l)
		out.Lines = append(out.Lines, curveLine{Label: name, Class: "s" + strconv.Itoa(i+1), Points: strings.Join(pts, " ")})
		said = append(said, l.colon(name, l.say("calibration error ", "校准误差 ")+l.pct(c.Calibration.ECE)))
	}
	out.Lines = append(out.Lines, curveLine{Label: l.say("perfectly calibrated", "完全校准"), Class: "s5", Points: "0,1000 1000,0"})
	out.Desc = strings.Join(said, l.say("; ", "；"))
	return out
}

// decisionSection says what misses and false detections cost.
func decisionSection(r Report, l lang) *section {
	if r.Boundary == nil {
		return nil
	}
	s := &section{ID: "decision", Title: l.say("Misses and false detections", "漏检与误检"), Evidence: from(r, "boundary")}
	for _, m := range r.Boundary.Suites {
		name := suiteTitle(r, m, l)
		t := &table{Caption: l.under(name, l.say("At the threshold in use", "按当前阈值")), Head: []head{column("Candidate", "候选方案", l),
			number("Missed", "漏检率", l), number("False detections", "误检率", l), number("Cost of errors per case", "单件错误代价", l), number("At the best threshold on these cases", "在这些用例上的最优阈值下", l)}}
		var cs []boundary.CandidateMap
		for _, c := range m.Candidates {
			if d := c.Decision; d != nil {
				cs = append(cs, c)
				t.Rows = append(t.Rows, row{Cells: []cell{{Text: candidateTitle(r, c.Candidate, l)},
					strong(l.pct(d.MissRate.Accuracy), l.ci(d.MissRate.Low, d.MissRate.High), l.count(d.MissRate.Correct)+" / "+l.count(d.MissRate.N)),
					strong(l.pct(d.FalseRate.Accuracy), l.ci(d.FalseRate.Low, d.FalseRate.High), l.count(d.FalseRate.Correct)+" / "+l.count(d.FalseRate.N)),
					num(l.price(d.Cost, r.Scenario.Currency), l.price(d.CostLow, r.Scenario.Currency)+" – "+l.price(d.CostHigh, r.Scenario.Currency)),
					num(l.price(d.CostAtBest, r.Scenario.Currency))}})
			}
		}
		if len(cs) == 0 {
			continue
		}
		costs := cs[0].Decision.Costs
		s.Parts = append(s.Parts, part{Table: labelled(t)},
			part{Text: l.say("One miss counts "+l.price(costs.Miss, r.Scenario.Currency)+", one false detection "+l.price(costs.False, r.Scenario.Currency)+": typed in, so the costs are assumed; the rates are measured. The best threshold was looked for on these very cases and is no promise.",
				"一次漏检按 "+l.price(costs.Miss, r.Scenario.Currency)+"、一次误检按 "+l.price(costs.False, r.Scenario.Currency)+" 计：这两个数是填写的，因此代价属于假设，而比率是实测。最优阈值是在同一批用例上找出来的，不能作为承诺。")},
			part{Curve: sweep(r, cs, name, l)})
	}
	if len(s.Parts) == 0 {
		return nil
	}
	return s
}

// sweep draws the cost of errors against the threshold.
func sweep(r Report, cs []boundary.CandidateMap, suite string, l lang) *curve {
	top := 0.0
	for _, c := range cs {
		for _, p := range c.Decision.Curve {
			top = max(top, p.Cost)
		}
	}
	if top == 0 {
		top = 1
	}
	out := &curve{Title: l.under(suite, l.say("Cost of errors by threshold", "不同阈值下的错误代价")),
		XLabel: l.say("threshold: the least score at which something counts as found", "阈值：分数达到多少算检出"), YLabel: l.say("cost of errors per case", "单件错误代价"),
		Note: l.say("The symbol is the threshold in use. Left of it more false detections, right of it more misses.", "符号为当前阈值；向左误检增多，向右漏检增多。")}
	out.quarters(func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }, func(v float64) string { return l.price(v*top, r.Scenario.Currency) })
	var said []string
	// A candidate that gives all cases one score has no threshold to move.
	cs = slices.DeleteFunc(slices.Clone(cs), func(c boundary.CandidateMap) bool { return len(c.Decision.Curve) < 3 })
	if len(cs) == 0 {
		return nil
	}
	for i, c := range cs[:min(len(cs), curveLines)] {
		name := candidateTitle(r, c.Candidate, l)
		ln := curveLine{Label: name, Class: "s" + strconv.Itoa(i+1)}
		var pts []string
		for _, p := range c.Decision.Curve {
			pts = append(pts, thousandth(p.Threshold)+","+thousandth(1-p.Cost/top))
		}
		ln.Points = strings.Join(pts, " ")
		ln.MarkX, ln.MarkY = x(c.Decision.Threshold), x(1-c.Decision.Cost/top)
		out.Lines = append(out.Lines, ln)
		said = append(said, l.colon(name, l.price(c.Decision.Cost, r.Scenario.Currency)))
	}
	out.Desc = strings.Join(said, l.say("; ", "；"))
	return out
}
