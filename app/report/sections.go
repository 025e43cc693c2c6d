package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

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
	Spans *spans
	Fan   *fan
	Table *table
	Fold  string // the summary of the details that hide Table; "" shows it
	Long  bool   // Table is left out in print
}

type table struct {
	Caption string
	Quiet   bool // the section's heading says the caption already
	Head    []head
	Rows    []row
}

type head struct {
	Text string
	Num  bool
	Word bool // our own words, which never break inside
}

// Class is the style of the cells of a column's head.
func (h head) Class() string { return cell{Num: h.Num, Word: h.Word}.Class() }

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
	Word   bool // our own words, which never break inside
	Link   *link
	Label  string // of the column, for narrow screens
}

// Class is the style of a cell.
func (c cell) Class() string {
	switch {
	case c.Num && c.Word:
		return "num w"
	case c.Num:
		return "num"
	case c.Word:
		return "w"
	}
	return ""
}

type link struct{ ID, Text string }

func plain(s string) cell { return cell{Text: capital(s), Word: true} }

func num(s string, sub ...string) cell { return cell{Text: s, Num: true, Sub: sub} }

func strong(s string, sub ...string) cell { return cell{Text: s, Num: true, Strong: true, Sub: sub} }

func (l lang) verdict(outcome string) cell { m := l.mark(outcome); return cell{Mark: &m, Word: true} }

func column(en, zh string, l lang) head { return head{Text: l.say(en, zh), Word: true} }

func number(en, zh string, l lang) head { return head{Text: l.say(en, zh), Num: true, Word: true} }

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
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// sections makes everything below the first screen; what was not measured has
// no section.
func sections(r Report, l lang) []section {
	var out []section
	for _, s := range []*section{unexpectedSection(r, l), sliceSection(r, l), candidateSection(r, l), crossSection(r, l), boundarySection(r, l),
		confusionSection(r, l), speedSection(r, l), coverageSection(r, l), calibrationSection(r, l), decisionSection(r, l), probeSection(r, l), roiSection(r, l), lifeSection(r, l), selectionSection(r, l), gateSection(r, l), dataSection(r, l), loopSection(r, l),
		evidenceSection(r, l), methodSection(r, l)} {
		if s == nil {
			continue
		}
		for _, p := range s.Parts {
			if p.Table != nil && (p.Table.Caption == s.Title || p.Fold != "") {
				p.Table.Quiet = true
			}
			if p.Curve != nil {
				p.Curve.Quiet = p.Curve.Title == s.Title
			}
		}
		out = append(out, *s)
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
			if x.Clusters > 0 && x.Clusters < x.N { // else every case stands by itself
				correct.Sub = append(correct.Sub, l.say(l.count(x.Clusters)+" clusters of equal size, worth "+l.count(int(x.NEff))+" cases", l.count(x.Clusters)+" 个等规模簇，相当于 "+l.count(int(x.NEff))+" 条独立用例"))
			}
			low = num(l.pct(x.Low))
		}
		outcome, words := conclusion(v, l)
		m := l.mark(outcome)
		m.Word = capital(words)
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: cmp.Or(l.of(v.Title), v.Slice)}, plain(string(v.Level)), share, who, correct, low,
			num(l.pct(v.Bar)), {Mark: &m, Word: true}}})
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
		prov := plain(l.provenance(c.Provenance))
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
	for _, c := range r.POC.Candidates {
		if c.Repeats != nil {
			s.Parts = append(s.Parts, part{Text: l.colon(l.of(c.Title), steadiness(*c.Repeats, l))})
		}
	}
	s.Parts = append(s.Parts, graderParts(r.POC.Graders, l)...)
	s.Parts = append(s.Parts, ratersParts(r.Raters, l)...)
	if w := l.of(r.Scenario.BarWhy); w != "" {
		s.Parts = append(s.Parts, part{Text: l.colon(l.say("Why this bar", "门槛的依据"), w)})
	}
	return s
}

// steadiness says what asking each case more than once showed.
func steadiness(x poc.Repeats, l lang) string {
	return l.say(
		fmt.Sprintf("asked %s cases %d times each: %s of answer pairs differ in being right, %s cases were answered both rightly and wrongly, %s right on average. Repeats count as no further cases.",
			l.count(x.Cases), x.Each, l.pct(x.Flip), l.count(x.Unstable), l.pct(x.Accuracy.Value)),
		fmt.Sprintf("%s 条用例各问 %d 次：同一条的两次回答对错不一的占 %s，%s 条时对时错，平均正确率 %s。重复提问不算新增用例。",
			l.count(x.Cases), x.Each, l.pct(x.Flip), l.count(x.Unstable), l.pct(x.Accuracy.Value)))
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
			if f := c.FirstTokenMs; f != nil {
				p50.Sub = append(p50.Sub, l.say("first token ", "首个词元 ")+l.ms(f.P50))
				p95.Sub = append(p95.Sub, l.say("first token ", "首个词元 ")+l.ms(f.P95))
			}
		}
		if c.Throughput > 0 {
			rate = num(l.rate(c.Throughput))
		}
		if c.Overall.N > 0 {
			errs = num(l.count(c.Errors))
			errs.Sub = errorCodes(c, l)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: l.of(c.Title)}, p50, p95, high, p99, rate, errs, costCell(c.CostPerTask, l)}})
	}
	for _, p := range r.Planned {
		none := num(l.outcome(notMeasured))
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: capital(cmp.Or(l.of(p.Title), p.ID))}, none, none, none, none, none, none, costCell(p.CostPerTask, l)}})
	}
	return &section{ID: "speed", Title: l.say("Speed and cost", "速度与成本"), Evidence: from(r, "poc"), Parts: []part{{Table: labelled(t)}}}
}

// errorCodes counts the cases that ended in an error, by its code.
func errorCodes(c poc.CandidateMeasurement, l lang) []string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(c.ErrorCodes)) {
		out = append(out, line(code)+" "+l.count(c.ErrorCodes[code]))
	}
	return out
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
		Parts: []part{{Curve: c}, {Table: labelled(t), Fold: l.say("View as table", "以表格查看"), Long: true}}}
}

func roiSection(r Report, l lang) *section {
	s := &section{ID: "roi", Title: l.say("Yearly cost, line by line", "年度成本明细"), Evidence: from(r, "roi")}
	if r.ROI == nil {
		if r.Grade == nil {
			return nil
		}
		s.Parts = []part{{Text: noMoney(r, l)}}
		return s
	}
	m := r.ROI
	sum := &table{Caption: l.say("Plans", "方案"), Head: []head{column("Plan", "方案", l), number("P10", "P10", l), number("P50", "P50", l), number("P90", "P90", l), number("Assumed share", "假设占比", l)}}
	add := func(name string, v roi.Range, assumed string) {
		sum.Rows = append(sum.Rows, row{Cells: []cell{{Text: name}, num(l.money(v.P10, m.Currency)), strong(l.money(v.P50, m.Currency)), num(l.money(v.P90, m.Currency)), num(assumed)}})
	}
	add(everythingWith(r, l), m.AllDearest.PerYear, l.pct(m.AllDearest.AssumedShare))
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
			prov = plain(l.provenance(any.Provenance))
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
		class := plain(l.class(x.Interpretability))
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
			t.Rows = append(t.Rows, ruleRow(r, rule, l))
		}
		if len(t.Rows) == 0 {
			s.Parts = append(s.Parts, part{Text: t.Caption})
			continue
		}
		s.Parts = append(s.Parts, part{Table: labelled(t)})
	}
	return s
}

func ruleRow(r Report, rule Rule, l lang) row {
	currency := r.Scenario.Currency
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
			known := slices.ContainsFunc(r.Evidence, func(e Evidence) bool { return e.ID == x.Evidence })
			switch {
			case known:
				ev = cell{Link: &link{ID: x.Evidence, Text: short(x.Evidence)}}
			case x.Evidence != "":
				ev = cell{Text: x.Evidence, Code: true}
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
