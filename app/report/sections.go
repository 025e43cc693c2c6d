package report

import (
	"cmp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/prove/selection"
)

// section is one chapter below the first screen.
type section struct {
	ID, Title, Lead string
	Evidence        []link
	Parts           []part
}

// part is one of a text, a list, a chart or a table.
type part struct {
	Text  string
	List  []string
	Dots  *dots
	Curve *curve
	Table *table
	Fold  string // the summary of the details that hide Table; "" shows it
}

type table struct {
	Caption string
	Head    []head
	Rows    []row
}

type head struct {
	Text string
	Num  bool
}

type row struct {
	ID    string // anchor
	Cells []cell // the first is the row's head
}

type cell struct {
	Text   string
	Sub    []string // smaller lines below
	Mark   *mark
	Num    bool
	Strong bool
	Code   bool
	Link   *link
	Label  string // of the column, for narrow screens
}

type link struct{ ID, Text string }

func plain(s string) cell { return cell{Text: capital(s)} }

func num(s string, sub ...string) cell { return cell{Text: s, Num: true, Sub: sub} }

func strong(s string, sub ...string) cell { return cell{Text: s, Num: true, Strong: true, Sub: sub} }

func (l lang) verdict(outcome string) cell { m := l.mark(outcome); return cell{Mark: &m} }

func column(en, zh string, l lang) head { return head{Text: l.say(en, zh)} }

func number(en, zh string, l lang) head { return head{Text: l.say(en, zh), Num: true} }

// labelled gives every cell the name of its column, which stands before it
// where the table is too narrow for columns, and cleans what data put there.
func labelled(t *table) *table {
	for i := range t.Rows {
		for j := range t.Rows[i].Cells {
			c := &t.Rows[i].Cells[j]
			c.Text, c.Label = term.Clean(c.Text), t.Head[j].Text
			for k := range c.Sub {
				c.Sub[k] = term.Clean(c.Sub[k])
			}
		}
	}
	return t
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// sections makes everything below the first screen; what was not measured has
// no section.
func sections(r Report, l lang) []section {
	var out []section
	for _, s := range []*section{unexpectedSection(r, l), sliceSection(r, l), candidateSection(r, l), crossSection(r, l), speedSection(r, l),
		coverageSection(r, l), roiSection(r, l), selectionSection(r, l), gateSection(r, l), dataSection(r, l), loopSection(r, l),
		evidenceSection(r, l), methodSection(r, l)} {
		if s != nil {
			out = append(out, *s)
		}
	}
	return out
}

// from links to the evidence of the given kinds.
func from(r Report, kinds ...string) []link {
	var out []link
	for _, e := range r.Evidence {
		if slices.Contains(kinds, e.Kind) {
			out = append(out, link{ID: e.ID, Text: short(e.ID)})
		}
	}
	return out
}

func unexpectedSection(r Report, l lang) *section {
	if len(r.Unexpected) == 0 {
		return nil
	}
	s := &section{ID: "unexpected", Title: l.say("Not as the scenario file expects", "与场景文件的预期不一致")}
	var items []string
	for _, u := range r.Unexpected {
		items = append(items, l.of(u))
	}
	s.Parts = []part{{List: items}}
	return s
}

func sliceSection(r Report, l lang) *section {
	if r.Grade == nil {
		return nil
	}
	t := &table{Caption: l.say("Verdict by slice", "各分组的结论"), Head: []head{
		column("Slice", "分组", l), column("Level", "级别", l), number("Traffic", "流量占比", l), column("Cheapest sufficient candidate", "最省合格方案", l),
		number("Correct", "正确率", l), number("Lower bound", "下限", l), number("Bar", "门槛", l), column("Verdict", "结论", l)}}
	for _, v := range byLevel(r.Grade.Slices) {
		share := num(l.pct(v.Share.Value))
		if v.Share.N > 0 {
			share.Sub = []string{l.ci(v.Share.Low, v.Share.High)}
		} else {
			share.Sub = []string{l.provenance(evidence.Assumed)}
		}
		who := cell{Text: term.None}
		switch {
		case v.Cheapest != "":
			who.Text = candidateTitle(r, v.Cheapest, l)
		case v.Closest != "":
			who.Sub = []string{l.colon(l.say("closest", "最接近"), candidateTitle(r, v.Closest, l))}
		}
		correct, low := num(l.outcome(notMeasured)), num(term.None)
		if x := closest(v); x != nil {
			correct = strong(l.pct(x.Accuracy), l.count(x.Correct)+" / "+l.count(x.N))
			low = num(l.pct(x.Low))
		}
		outcome, words := conclusion(v, l)
		m := l.mark(outcome)
		m.Word = capital(words)
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(v.Title), v.Slice)}, plain(string(v.Level)), share, who, correct, low,
			num(l.pct(v.Bar)), {Mark: &m}}})
	}
	return &section{ID: "slices", Title: l.say("Slices and levels", "分组与级别"), Evidence: from(r, "grade"),
		Lead: l.say("Declared, proven and cheapest sufficient are three things, and are never merged. A slice is proven only if the lower bound reaches the bar.",
			"申报的级别、已证明的级别、最省的合格方案是三件事，从不混为一谈。只有下限达到门槛，才算证明。"),
		Parts: []part{{Table: labelled(t)}}}
}

func candidateSection(r Report, l lang) *section {
	d := dotChart(r, l)
	if d == nil {
		return nil
	}
	t := &table{Caption: d.Title, Head: []head{column("Candidate", "候选方案", l), column("Rung", "梯级", l), number("Correct", "正确率", l),
		number("95% interval", "95% 区间", l), number("Corrected lower bound", "校正后下限", l), column("Provenance", "取证方式", l), column("Verdict", "结论", l)}}
	for _, c := range r.POC.Candidates {
		o := overall(c, r.Selection, r.Scenario.Bar)
		value, ci, low := num(l.outcome(notMeasured)), num(term.None), num(term.None)
		if o != notMeasured {
			value, ci = strong(l.pct(c.Overall.Accuracy)), num(l.ci(c.Overall.Low, c.Overall.High))
			if c.Overall.N > 0 {
				value.Sub = []string{l.count(c.Overall.Correct) + " / " + l.count(c.Overall.N)}
			}
		}
		if s := selected(r.Selection, c.ID); s != nil {
			low = num(l.pct(s.AccuracyLow))
		}
		prov := cell{Text: l.provenance(c.Provenance)}
		if c.Source != "" {
			prov.Sub = []string{c.Source}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: l.of(c.Title)}, plain(l.rung(c.Rung)), value, ci, low, prov, l.verdict(o)}})
	}
	for _, m := range missing(r, l) {
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: m.Label}, plain(m.Sub), num(l.outcome(notMeasured)), num(term.None), num(term.None), plain(term.None), l.verdict(notMeasured)}})
	}
	s := &section{ID: "candidates", Title: l.say("Candidates", "候选方案"), Evidence: from(r, "poc"),
		Parts: []part{{Dots: d}, {Table: labelled(t), Fold: l.say("View as table", "以表格查看")}}}
	if b := r.Best; b != nil {
		name := candidateTitle(r, b.Candidate, l)
		s.Lead = l.say("Recommended for the whole: "+name+", lower bound "+l.pct(b.Accuracy.Low)+", which "+pick(b.Sufficient, "reaches", "does not reach")+" the bar of "+l.pct(r.Scenario.Bar)+".",
			"整体推荐："+name+"，下限 "+l.pct(b.Accuracy.Low)+"，"+pick(b.Sufficient, "达到", "未达到")+"门槛 "+l.pct(r.Scenario.Bar)+"。")
	}
	if w := l.of(r.Scenario.BarWhy); w != "" {
		s.Parts = append(s.Parts, part{Text: l.colon(l.say("Why this bar", "门槛的依据"), w)})
	}
	return s
}

func pick(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func selected(s *selection.Result, id string) *selection.Row {
	if s == nil {
		return nil
	}
	if i := slices.IndexFunc(s.Rows, func(r selection.Row) bool { return r.Candidate == id }); i >= 0 {
		return &s.Rows[i]
	}
	return nil
}

// crossSection is accuracy by slice and candidate.
func crossSection(r Report, l lang) *section {
	if r.Grade == nil || r.POC == nil {
		return nil
	}
	var cs []poc.CandidateMeasurement
	for _, c := range r.POC.Candidates {
		if len(c.Slices) > 0 {
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		return nil
	}
	t := &table{Caption: l.say("Share of correct resolutions with its corrected lower bound", "正确率与校正后的下限"), Head: []head{column("Slice", "分组", l)}}
	for _, c := range cs {
		t.Head = append(t.Head, head{Text: l.of(c.Title), Num: true})
	}
	for _, v := range byLevel(r.Grade.Slices) {
		cells := []cell{{Text: cmp.Or(l.of(v.Title), v.Slice), Sub: []string{string(v.Level) + " · " + l.say("bar ", "门槛 ") + l.pct(v.Bar)}}}
		for _, c := range cs {
			x := tested(v, c.ID)
			if x == nil {
				cells = append(cells, num(l.outcome(notMeasured)))
				continue
			}
			m := l.mark(string(x.Outcome))
			cells = append(cells, cell{Text: l.pct(x.Accuracy), Num: true, Strong: true, Mark: &m,
				Sub: []string{"≥ " + l.pct(x.Low)}})
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return &section{ID: "cross", Title: l.say("Slices by candidate", "分组 × 候选方案"), Evidence: from(r, "grade", "poc"), Parts: []part{{Table: labelled(t)}}}
}

func speedSection(r Report, l lang) *section {
	if r.POC == nil || len(r.POC.Candidates) == 0 {
		return nil
	}
	t := &table{Caption: l.say("Service time, throughput and cost", "响应时间、吞吐与成本"), Head: []head{column("Candidate", "候选方案", l),
		number("p50", "p50", l), number("p95", "p95", l), number("p95, upper limit", "p95 上限", l), number("p99", "p99", l),
		number("Throughput", "吞吐", l), number("Errors", "出错", l), number("Cost per task", "单次成本", l)}}
	for _, c := range r.POC.Candidates {
		p50, p95, high, p99, rate, errs := num(term.None), num(term.None), num(term.None), num(term.None), num(term.None), num(term.None)
		if x := c.LatencyMs; x != nil {
			p50 = num(l.ms(x.P50))
			if x.N > 0 {
				p95, p99 = strong(l.ms(x.P95)), num(l.ms(x.P99))
			} else {
				p50.Sub = []string{l.provenance(c.Provenance)}
			}
			if x.P95High != nil {
				high = num(l.ms(*x.P95High))
			}
		}
		if c.Throughput > 0 {
			rate = num(l.rate(c.Throughput))
		}
		if c.Overall.N > 0 {
			errs = num(l.count(c.Errors))
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: l.of(c.Title)}, p50, p95, high, p99, rate, errs, costCell(c.CostPerTask, l)}})
	}
	for _, p := range r.Planned {
		none := num(l.outcome(notMeasured))
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(p.Title), p.ID)}, none, none, none, none, none, none, costCell(p.CostPerTask, l)}})
	}
	return &section{ID: "speed", Title: l.say("Speed and cost", "速度与成本"), Evidence: from(r, "poc"), Parts: []part{{Table: labelled(t)}}}
}

func costCell(c poc.Cost, l lang) cell {
	if c.Amount == "" {
		return num(term.None)
	}
	return num(l.price(c.Float(), c.Currency), l.provenance(c.Provenance))
}

func coverageSection(r Report, l lang) *section {
	c := coverageCurve(r, l)
	if c == nil {
		return nil
	}
	t := &table{Caption: c.Title, Head: []head{column("Candidate", "候选方案", l), number("Threshold", "阈值", l), number("Coverage", "覆盖率", l),
		number("Error", "错误率", l), number("95% interval of correct", "正确率 95% 区间", l), number("Answered", "作答", l)}}
	add := func(name string, p poc.CoveragePoint, sub ...string) {
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: name, Sub: sub}, num(strconv.FormatFloat(p.Threshold, 'f', 3, 64)), num(l.pct(p.Coverage)),
			strong(l.pct(1 - p.Accuracy)), num(l.ci(p.Low, p.High)), num(l.count(p.N))}})
	}
	for _, c := range r.POC.Candidates {
		if c.Surest80 != nil {
			add(l.of(c.Title), *c.Surest80, l.say("threshold chosen on validation data", "阈值在验证集上选定"))
		}
		for _, p := range c.Coverage {
			add(l.of(c.Title), p)
		}
	}
	return &section{ID: "coverage", Title: c.Title, Evidence: from(r, "poc"),
		Parts: []part{{Curve: c}, {Table: labelled(t), Fold: l.say("View as table", "以表格查看")}}}
}

func roiSection(r Report, l lang) *section {
	s := &section{ID: "roi", Title: l.say("Yearly cost, line by line", "年度成本明细"), Evidence: from(r, "roi")}
	if r.ROI == nil {
		if r.Grade == nil {
			return nil
		}
		s.Parts = []part{{Text: noMoney(l)}}
		return s
	}
	m := r.ROI
	sum := &table{Caption: l.say("Plans", "方案"), Head: []head{column("Plan", "方案", l), number("P10", "P10", l), number("P50", "P50", l), number("P90", "P90", l), number("Assumed share", "假设占比", l)}}
	add := func(name string, v roi.Range, assumed string) {
		sum.Rows = append(sum.Rows, row{Cells: []cell{{Text: name}, num(l.money(v.P10, m.Currency)), strong(l.money(v.P50, m.Currency)), num(l.money(v.P90, m.Currency)), num(assumed)}})
	}
	add(l.say("Everything with ", "全部用")+l.say("", zhGap(candidateTitle(r, m.Dearest, l)))+candidateTitle(r, m.Dearest, l), m.AllDearest.PerYear, l.pct(m.AllDearest.AssumedShare))
	add(l.say("Graded mix", "分级方案"), m.Graded.PerYear, l.pct(m.Graded.AssumedShare))
	add(l.say("Saving", "节省"), m.Saving, term.None)
	if m.Today != nil {
		add(l.say("Everything by people (today)", "全部人工（现状）"), m.Today.PerYear, l.pct(m.Today.AssumedShare))
	}
	if m.Handover != nil {
		add(l.say("People on the unproven slices, until proven", "未证明的分组暂由人工处理"), *m.Handover, term.None)
	}
	lines := &table{Caption: l.say("Cost lines", "成本项"), Head: []head{column("Line", "成本项", l), number("Everything with the dearest", "全部用最贵方案", l),
		number("Graded mix", "分级方案", l), column("Provenance", "取证方式", l)}}
	type pair struct{ all, graded *roi.Paid }
	var order []string
	byID := map[string]*pair{}
	get := func(id string) *pair {
		if byID[id] == nil {
			byID[id] = &pair{}
			order = append(order, id)
		}
		return byID[id]
	}
	for i := range m.AllDearest.Lines {
		get(m.AllDearest.Lines[i].ID).all = &m.AllDearest.Lines[i]
	}
	for i := range m.Graded.Lines {
		get(m.Graded.Lines[i].ID).graded = &m.Graded.Lines[i]
	}
	for _, id := range order {
		p := byID[id]
		any := cmp.Or(p.all, p.graded)
		amount := func(x *roi.Paid) cell {
			if x == nil {
				return num(term.None)
			}
			return num(l.money(x.Mean, m.Currency))
		}
		prov := l.verdict(string(gate.Assumed))
		prov.Mark.Word = capital(l.provenance(any.Provenance))
		if any.Provenance != evidence.Assumed {
			prov = cell{Text: l.provenance(any.Provenance)}
		}
		lines.Rows = append(lines.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(any.Title), any.ID)}, amount(p.all), amount(p.graded), prov}})
	}
	s.Lead = l.say("Means over "+l.count(m.Draws)+" draws. The mix counts unproven traffic at the dearest candidate's price.",
		"各项为 "+l.count(m.Draws)+" 次抽样的均值；分级方案中未证明的流量按最贵方案的价格计。")
	if restsOnAssumptions(r) {
		s.Lead = l.sentences(s.Lead, l.say("Amounts marked assumed were typed in, not measured.", "标为“假设”的金额是填写的，不是测得的。"))
	}
	s.Parts = []part{{Table: labelled(sum)}, {Table: labelled(lines)}}
	return s
}

func selectionSection(r Report, l lang) *section {
	if r.Selection == nil || len(r.Selection.Rows) == 0 {
		return nil
	}
	lim := r.Selection.Limits
	limits := []string{l.say("correct ≥ ", "正确率下限 ≥ ") + l.pct(lim.Accuracy)}
	if lim.LatencyP95Ms > 0 {
		limits = append(limits, "p95 ≤ "+l.ms(lim.LatencyP95Ms))
	}
	if lim.CostPerTask > 0 {
		limits = append(limits, l.say("cost per task ≤ ", "单次成本 ≤ ")+l.price(lim.CostPerTask, r.Scenario.Currency))
	}
	if lim.Interpretability != "" {
		limits = append(limits, l.say("interpretability at least ", "可解释性不低于“")+l.class(lim.Interpretability)+l.say("", "”"))
	}
	t := &table{Caption: l.say("Selection", "选型"), Head: []head{column("Candidate", "候选方案", l), number("Accuracy, lower bound", "正确率下限", l), number("p95, upper limit", "p95 上限", l),
		number("Cost per task", "单次成本", l), column("Interpretability", "可解释性", l), column("Pareto front", "帕累托前沿", l), column("Limits", "硬性限制", l)}}
	for _, x := range r.Selection.Rows {
		p95 := num(l.outcome(notMeasured))
		if x.LatencyP95High != nil {
			p95 = num(l.ms(*x.LatencyP95High))
		}
		front := cell{Text: term.None}
		if x.Pareto {
			front.Text = "◆ " + l.say("on the front", "在前沿上")
		}
		kept := l.verdict(string(gate.Pass))
		kept.Mark.Word = l.say("Kept", "满足")
		if len(x.Broken) > 0 {
			var names []string
			for _, b := range x.Broken {
				names = append(names, l.broken(b))
			}
			kept = l.verdict(string(gate.Fail))
			kept.Mark.Word = l.colon(l.say("Not shown to keep", "未能证明满足"), l.list(names))
		}
		name := cell{Text: cmp.Or(l.of(x.Title), x.Candidate)}
		if x.Candidate == r.Selection.Recommended {
			name.Sub = []string{l.say("recommended", "推荐")}
		}
		class := cell{Text: l.class(x.Interpretability)}
		if w := l.of(x.Why); w != "" {
			class.Sub = []string{w}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{name, strong(l.pct(x.AccuracyLow)), p95, num(l.price(x.CostPerTask, r.Scenario.Currency), l.provenance(x.CostProvenance)), class, front, kept}})
	}
	who := l.say("Recommended: none", "推荐：无")
	if id := r.Selection.Recommended; id != "" {
		who = l.colon(l.say("Recommended", "推荐"), candidateTitle(r, id, l))
	}
	return &section{ID: "selection", Title: l.say("Selection", "选型"), Evidence: from(r, "selection"),
		Lead:  l.sentences(l.about(who, l.of(r.Selection.Reason))+l.say(".", "。"), l.colon(l.say("Hard limits", "硬性限制"), l.list(limits))+l.say(".", "。")),
		Parts: []part{{Table: labelled(t)}}}
}

func (l lang) broken(b selection.Broken) string {
	switch b {
	case selection.BrokenAccuracy:
		return l.say("accuracy", "正确率")
	case selection.BrokenLatency:
		return l.say("latency", "延迟")
	case selection.BrokenCost:
		return l.say("cost", "成本")
	case selection.BrokenInterpretability:
		return l.say("interpretability", "可解释性")
	}
	return string(b)
}

func gateSection(r Report, l lang) *section {
	if len(r.Gates) == 0 {
		return nil
	}
	s := &section{ID: "gates", Title: l.say("Gates, rule by rule", "门禁逐条")}
	for _, g := range r.Gates {
		t := &table{Head: []head{column("Rule", "规则", l), number("Measured", "实测", l), number("Interval", "区间", l),
			number("Allowed", "要求", l), column("Evidence", "证据", l), column("Verdict", "结论", l)}}
		t.Caption = l.gateTitle(g) + " · " + l.outcome(g.Outcome)
		if len(g.Rules) > 0 {
			t.Caption += l.say(", ", "，") + l.ruleCount(g)
		}
		if g.Changed {
			t.Caption += l.say(", changed since the last verdict", "，较上次结论有变化")
		}
		for _, rule := range g.Rules {
			t.Rows = append(t.Rows, ruleRow(rule, r.Scenario.Currency, l))
		}
		if len(t.Rows) == 0 {
			s.Parts = append(s.Parts, part{Text: t.Caption})
			continue
		}
		s.Parts = append(s.Parts, part{Table: labelled(t)})
	}
	return s
}

func ruleRow(rule Rule, currency string, l lang) row {
	name := cell{Text: cmp.Or(l.of(rule.Title), rule.ID)}
	if m := l.of(rule.Reason); m != "" {
		name.Sub = append(name.Sub, capital(m))
	}
	if m := l.of(rule.Method); m != "" {
		name.Sub = append(name.Sub, l.colon(l.say("The method", "方法"), m))
	}
	if m := l.of(rule.Fix); m != "" && rule.Outcome != string(gate.Pass) {
		name.Sub = append(name.Sub, l.colon(l.say("How to fix", "如何修复"), m))
	}
	value, span, allowed, ev := num(term.None), num(term.None), num(term.None), cell{Text: term.None}
	for i, x := range rule.Read {
		v, iv, al := l.figure(x.Value, x.Unit, currency), term.None, term.None
		if x.Estimate != nil {
			v, iv = l.figure(x.Estimate.Value, x.Unit, currency), l.span(*x.Estimate, x.Unit, currency)
		}
		if x.Allowed != nil {
			al = l.figure(*x.Allowed, x.Unit, currency)
		}
		if i == 0 {
			value, span, allowed = strong(v), num(iv), num(al)
			if x.Evidence != "" {
				ev = cell{Link: &link{ID: x.Evidence, Text: short(x.Evidence)}}
			}
			continue
		}
		// Further figures of the same rule stand below, with their names.
		value.Sub = append(value.Sub, l.colon(l.of(x.Title), v))
	}
	v := l.verdict(rule.Outcome)
	if rule.Assumed {
		v.Sub = []string{onAssumptions(l)}
	}
	return row{Cells: []cell{name, value, span, allowed, ev, v}}
}

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
		rules.Rows = append(rules.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(x.Title), x.ID)}, plain(cmp.Or(x.Subject, term.None)), strong(observed), num(allowed), l.verdict(passFail(x.Passed))}})
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
			t.Rows = append(t.Rows, row{Cells: []cell{{Text: m.Column}, plain(l.split(m.Split)), num(l.count(m.Rows)), num(l.pct(m.Share))}})
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
		t.Rows = append(t.Rows, row{ID: e.ID, Cells: []cell{{Text: e.ID, Code: true}, plain(cmp.Or(l.of(e.Title), e.Kind)), num(strconv.FormatInt(e.Leaf, 10)),
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
	items := []string{
		l.say("Correct: the share of test cases whose resolution is the expected one. A call that ends in an error or without an answer counts as wrong. Intervals are exact two-sided Clopper–Pearson intervals at 95%.",
			"正确率：给出预期解决结果的评测用例占比；调用出错或没有作答都计为答错。区间是 95% 双侧 Clopper–Pearson 精确区间。"),
		l.say("Verdict by slice: an exact one-sided binomial test of every measured candidate on every slice, corrected by Holm over all candidates and slices, so that the chance of any false pass is at most "+alpha+". The lower bound is the one at the level at which Holm tested it.",
			"分组结论：对每个分组上的每个实测候选方案做单侧精确二项检验，并用 Holm 方法对全部候选方案和分组校正，出现任何一次误判“通过”的概率不超过 "+alpha+"。下限即 Holm 检验该项时所用水平的下限。"),
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
