package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/term"
)

// spans is a chart of bars that begin anywhere: cost lines, or a tornado.
type spans struct {
	Title, Note string
	Zero        string // x of the line that bars are read from; "" without one
	Rows        []spanRow
}

type spanRow struct {
	Label, Sub   string
	Bars         []spanBar
	Low, High    string // x of a whisker; "" without one
	Value, Aside string
	Desc         string
}

type spanBar struct {
	X, Width, Class string
	Hatched         bool
}

// fan is the sum of the money by month, with its band.
type fan struct {
	Title, Desc, Note, XLabel string
	XTicks, YTicks            []tick
	Band, P10, P50, P90       string // in a box of 1000 × 1000
	Zero                      string // y of no money
}

// costChart draws what each line of the proposed option costs.
func costChart(r roi.LifeResult, l lang) *spans {
	out := &spans{Title: l.say("What it costs over the whole life", "全周期成本构成"),
		Note: l.say("Bars are means, lines P10 to P90, not discounted. Hatched: at least one factor was typed in.",
			"条形为均值，线为 P10–P90，未折现。斜线：至少有一个因素是假设值。")}
	top := 0.0
	for _, x := range r.Lines {
		if !x.Benefit {
			top = max(top, x.Amount.P90, x.Amount.Mean)
		}
	}
	if top == 0 {
		return nil
	}
	for _, line := range r.Lines {
		if line.Benefit {
			continue
		}
		row := spanRow{Label: cmp.Or(l.of(line.Title), line.ID), Value: l.money(line.Amount.Mean, r.Currency), Aside: l.pct(line.Share),
			Low: x(line.Amount.P10 / top), High: x(line.Amount.P90 / top),
			Bars: []spanBar{{X: "0", Width: x(line.Amount.Mean / top), Class: "graded", Hatched: line.Provenance == evidence.Assumed}}}
		row.Desc = l.colon(row.Label, l.list([]string{row.Value, l.say("share ", "占比 ") + row.Aside, l.provenance(line.Provenance)}))
		out.Rows = append(out.Rows, row)
	}
	return out
}

// tornadoRows is how many inputs the drawing shows; the JSON has more.
const tornadoRows = 10

// tornadoChart draws what each input alone does to the net present value.
func tornadoChart(r roi.LifeResult, l lang) *spans {
	if len(r.Tornado) == 0 {
		return nil
	}
	rows := r.Tornado[:min(len(r.Tornado), tornadoRows)]
	low, high := r.Expected, r.Expected
	for _, s := range rows {
		low, high = min(low, s.Low, s.High), max(high, s.Low, s.High)
	}
	if high == low {
		return nil
	}
	at := func(v float64) float64 { return (v - low) / (high - low) }
	out := &spans{Title: l.say("What moves the net present value", "影响净现值的因素"), Zero: x(at(r.Expected)),
		Note: l.say("Each input alone at its P10 (plain) and P90 (hatched), all others at their means. The line is the expected value, ",
			"每次只把一项取 P10（实心）或 P90（斜线），其余取均值。竖线为期望净现值：") + l.money(r.Expected, r.Currency) + l.say(".", "。")}
	for _, s := range rows {
		bar := func(v float64, class string, hatched bool) spanBar {
			a, b := min(v, r.Expected), max(v, r.Expected)
			return spanBar{X: x(at(a)), Width: x(at(b) - at(a)), Class: class, Hatched: hatched}
		}
		row := spanRow{Label: cmp.Or(l.of(s.Title), s.Input), Sub: l.provenance(s.Provenance),
			Bars:  []spanBar{bar(s.Low, "graded", false), bar(s.High, "all", true)},
			Value: l.money(math.Abs(s.High-s.Low), r.Currency)}
		row.Desc = l.colon(row.Label, l.money(s.Low, r.Currency)+l.say(" to ", " 至 ")+l.money(s.High, r.Currency))
		out.Rows = append(out.Rows, row)
	}
	return out
}

// fanChart draws the sum of the money by month.
func fanChart(r roi.LifeResult, l lang) *fan {
	if len(r.Fan) < 2 {
		return nil
	}
	low, high := 0.0, 0.0
	for _, p := range r.Fan {
		low, high = min(low, p.P10), max(high, p.P90)
	}
	if high == low {
		return nil
	}
	y := func(v float64) float64 { return (high - v) / (high - low) }
	last := r.Fan[len(r.Fan)-1]
	out := &fan{Title: l.say("Money so far, month by month", "逐月累计现金"), XLabel: l.say("months after the start", "启动后月数"), Zero: x(y(0)),
		Desc: l.say("After ", "第 ") + strconv.Itoa(last.Month) + l.say(" months: P10 ", " 个月：P10 ") + l.money(last.P10, r.Currency) + ", P50 " + l.money(last.P50, r.Currency) + ", P90 " + l.money(last.P90, r.Currency),
		Note: l.say("The line is the median, the band P10 to P90, not discounted; the strong line is no money.", "线为中位数，色带为 P10–P90，未折现；粗线为零。")}
	num := func(v float64) string { return strconv.FormatFloat(math.Round(v*1e4)/10, 'f', -1, 64) }
	var p10, p50, p90, back []string
	for i, p := range r.Fan {
		at := num(float64(i)/float64(len(r.Fan)-1)) + ","
		p10, p50, p90 = append(p10, at+num(y(p.P10))), append(p50, at+num(y(p.P50))), append(p90, at+num(y(p.P90)))
	}
	for i := len(p10) - 1; i >= 0; i-- {
		back = append(back, p10[i])
	}
	out.P10, out.P50, out.P90 = strings.Join(p10, " "), strings.Join(p50, " "), strings.Join(p90, " ")
	out.Band = out.P90 + " " + strings.Join(back, " ")
	step := max(1, int(math.Ceil(float64(r.Months)/48))) * 12
	if r.Months < 24 {
		step = 3
	}
	for m := 0; m <= r.Months; m += step {
		t := tick{X: x(float64(m) / float64(r.Months)), Label: strconv.Itoa(m), Anchor: "middle"}
		switch m {
		case 0:
			t.Anchor = "start"
		case r.Months:
			t.Anchor = "end"
		}
		out.XTicks = append(out.XTicks, t)
	}
	for _, v := range []float64{high, 0, low} {
		if v != 0 || low < -0.08*(high-low) && high > 0.08*(high-low) || v == high || v == low {
			out.YTicks = append(out.YTicks, tick{X: x(y(v)), Label: l.money(v, r.Currency)})
		}
	}
	return out
}

// lifeSection is the return over the whole life.
func lifeSection(r Report, l lang) *section {
	if r.ROI == nil || r.ROI.Life == nil {
		return nil
	}
	m := *r.ROI.Life
	s := &section{ID: "life", Title: l.say("Return over the whole life", "全周期投入产出"), Evidence: from(r, "roi"), Lead: l.sentences(lifeWords(m, l)...)}
	t := &table{Caption: l.say("Options", "方案对比"), Head: []head{column("Option", "方案", l), number("Net present value", "净现值", l),
		number("Cost of the whole life", "全周期成本", l), number("Cost per task", "单次成本", l), number("Best in", "最优概率", l)}}
	for _, o := range m.Options {
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: l.of(o.Title)}, strong(l.money(o.NPV.P50, m.Currency), lifeBand(o.NPV, m.Currency, l)),
			num(l.money(o.Cost.P50, m.Currency), lifeBand(o.Cost, m.Currency, l)), num(l.price(o.CostPerTask.P50, m.Currency)), num(l.pct(o.Best))}})
	}
	s.Parts = []part{{Table: labelled(t)}, {Spans: costChart(m, l)}, {Fan: fanChart(m, l)}, {Spans: tornadoChart(m, l)}}
	if len(m.Measure) > 0 {
		w := &table{Caption: l.say("What to measure next", "下一步该测什么"), Head: []head{column("Input", "输入项", l), number("Worth knowing", "测准的价值", l), column("Provenance", "取证方式", l)}}
		for _, x := range m.Measure[:min(len(m.Measure), 5)] {
			w.Rows = append(w.Rows, row{Cells: []cell{{Text: l.of(x.Title)}, strong(l.money(x.Value, m.Currency)), plain(l.provenance(x.Provenance))}})
		}
		s.Parts = append(s.Parts, part{Table: labelled(w)})
	}
	return s
}

func lifeBand(v roi.Range, currency string, l lang) string {
	return "P10–P90 " + l.money(v.P10, currency) + " – " + l.money(v.P90, currency)
}

// lifeWords says the result in sentences.
func lifeWords(m roi.LifeResult, l lang) []string {
	name := map[string]string{}
	for _, o := range m.Options {
		name[o.ID] = l.of(o.Title)
	}
	against := ""
	if m.Baseline != "" {
		against = l.say(" against ", "相对") + name[m.Baseline]
	}
	out := []string{l.colon(name[m.Proposed]+against, l.say("net present value ", "净现值 ")+l.money(m.NPV.P50, m.Currency)+
		l.say(" (", "（")+lifeBand(m.NPV, m.Currency, l)+l.say("), a loss in ", "），亏损概率 ")+l.pct(m.ProbabilityOfLoss)+l.say(" of the draws.", "。"))}
	if p := m.Payback; p.P50 != nil {
		out = append(out, l.say("It pays back after ", "回收期 ")+months(*p.P50)+l.say(" months.", " 个月。"))
	} else {
		out = append(out, l.say("It does not pay back within ", "在 ")+strconv.Itoa(m.Months)+l.say(" months.", " 个月内收不回投入。"))
	}
	if m.IRR.Value != nil {
		out = append(out, l.say("The internal rate of return is ", "内部收益率 ")+l.pct(*m.IRR.Value)+l.say(" a year.", "/年。"))
	} else {
		out = append(out, l.say("There is no internal rate of return: ", "没有内部收益率：")+l.of(m.IRR.Why)+l.say(".", "。"))
	}
	if b := m.BreakEven; b.PerYear != nil {
		out = append(out, l.say("It breaks even at ", "盈亏平衡点为每年 ")+l.count(int(math.Round(*b.PerYear)))+l.say(" requests a year.", " 次请求。"))
	}
	tokens, any := 0.0, false
	for _, x := range m.Lines {
		if x.Kind == "tokens" {
			tokens, any = tokens+x.Share, true
		}
	}
	if any {
		out = append(out, l.say("Tokens are ", "词元费用占成本的 ")+l.pct(tokens)+l.say(" of the cost.", "。"))
	}
	return append(out, l.say("Assumed inputs cause ", "可解释的不确定性中，")+l.pct(m.Assumed)+l.say(" of the uncertainty that single inputs explain.", " 来自假设的输入。"))
}

func months(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// LifeTerminal writes the return over the whole life for a person at a
// terminal.
func LifeTerminal(t *term.Terminal, w io.Writer, m roi.LifeResult) error {
	l := lang(t.Lang)
	if _, err := fmt.Fprintf(w, "%s\n\n", term.Clean(l.sentences(lifeWords(m, l)...))); err != nil {
		return fmt.Errorf("write the return: %w", err)
	}
	rows := make([][]string, len(m.Options))
	for i, o := range m.Options {
		rows[i] = []string{term.Clean(l.of(o.Title)), l.money(o.NPV.P10, m.Currency), l.money(o.NPV.P50, m.Currency), l.money(o.NPV.P90, m.Currency),
			l.money(o.Cost.P50, m.Currency), l.price(o.CostPerTask.P50, m.Currency), l.pct(o.Best)}
	}
	if err := t.Grid(w, []string{l.say("OPTION", "方案"), l.say("NPV P10", "净现值 P10"), "P50", "P90", l.say("COST P50", "成本 P50"), l.say("PER TASK", "单次"), l.say("BEST IN", "最优概率")},
		[]bool{false, true, true, true, true, true, true}, rows); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return fmt.Errorf("write the return: %w", err)
	}
	rows = make([][]string, len(m.Lines))
	for i, x := range m.Lines {
		kind := l.say("cost", "成本")
		if x.Benefit {
			kind = l.say("benefit", "收益")
		}
		rows[i] = []string{term.Clean(l.of(x.Title)), kind, l.money(x.Amount.P10, m.Currency), l.money(x.Amount.Mean, m.Currency), l.money(x.Amount.P90, m.Currency), l.pct(x.Share), l.provenance(x.Provenance)}
	}
	if err := t.Grid(w, []string{l.say("LINE", "项目"), l.say("KIND", "类别"), "P10", l.say("MEAN", "均值"), "P90", l.say("SHARE", "占比"), l.say("PROVENANCE", "取证方式")},
		[]bool{false, false, true, true, true, true, false}, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		head  []string
		right []bool
		rows  [][]string
	}{
		{[]string{l.say("WHAT MOVES IT", "影响因素"), l.say("AT P10", "取 P10"), l.say("AT P90", "取 P90"), l.say("OF VARIANCE", "方差占比"), l.say("PROVENANCE", "取证方式")}, []bool{false, true, true, true, false}, swings(m, l)},
		{[]string{l.say("MEASURE NEXT", "下一步该测"), l.say("WORTH", "价值"), l.say("PROVENANCE", "取证方式")}, []bool{false, true, false}, worths(m, l)},
	} {
		if len(part.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return fmt.Errorf("write the return: %w", err)
		}
		if err := t.Grid(w, part.head, part.right, part.rows); err != nil {
			return err
		}
	}
	return nil
}

func swings(m roi.LifeResult, l lang) [][]string {
	var out [][]string
	for _, s := range m.Tornado[:min(len(m.Tornado), tornadoRows)] {
		out = append(out, []string{term.Clean(l.of(s.Title)), l.money(s.Low, m.Currency), l.money(s.High, m.Currency), l.pct(s.Variance), l.provenance(s.Provenance)})
	}
	return out
}

func worths(m roi.LifeResult, l lang) [][]string {
	var out [][]string
	for _, x := range m.Measure[:min(len(m.Measure), 5)] {
		out = append(out, []string{term.Clean(l.of(x.Title)), l.money(x.Value, m.Currency), l.provenance(x.Provenance)})
	}
	return out
}

// RealityTerminal writes forecast and actual amounts side by side, and what
// they do to the net present value.
func RealityTerminal(t *term.Terminal, w io.Writer, r roi.Reality, currency string) error {
	l := lang(t.Lang)
	rows := make([][]string, len(r.Lines))
	for i, s := range r.Lines {
		rows[i] = []string{term.Clean(l.of(s.Title)), strconv.Itoa(s.Months), l.money(s.Forecast.P10, currency), l.money(s.Forecast.P50, currency), l.money(s.Forecast.P90, currency),
			l.money(s.Actual, currency), l.pct(s.Percentile)}
	}
	if err := t.Grid(w, []string{l.say("LINE", "项目"), l.say("MONTHS", "月数"), l.say("FORECAST P10", "预测 P10"), "P50", "P90", l.say("ACTUAL", "实际"), l.say("PERCENTILE", "所处百分位")},
		[]bool{false, true, true, true, true, true, true}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+l.say(
		fmt.Sprintf("With what is known the net present value is %s (P10–P90 %s – %s), forecast was %s; a loss in %s of the draws.",
			l.money(r.NPV.P50, currency), l.money(r.NPV.P10, currency), l.money(r.NPV.P90, currency), l.money(r.Before.P50, currency), l.pct(r.ProbabilityOfLoss)),
		fmt.Sprintf("代入实际发生额后，净现值为 %s（P10–P90 %s – %s），原预测为 %s；亏损概率 %s。",
			l.money(r.NPV.P50, currency), l.money(r.NPV.P10, currency), l.money(r.NPV.P90, currency), l.money(r.Before.P50, currency), l.pct(r.ProbabilityOfLoss))))
	return err
}
