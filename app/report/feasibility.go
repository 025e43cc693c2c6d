package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/term"
)

// matrixPage is what the template of a feasibility matrix shows.
type matrixPage struct {
	Lang, Title, Kicker, Lead string
	Sections                  []section
	Foot                      []string
}

// FeasibilityHTML writes a feasibility matrix as one self-contained file in
// language ("zh" or "en").
func FeasibilityHTML(w io.Writer, m grade.Feasibility, at time.Time, tool, language string) error {
	l := lang("en")
	if language == "zh" {
		l = "zh"
	}
	p := matrixPage{Lang: l.say("en", "zh-CN"), Title: l.say("Feasibility matrix", "可行性矩阵"),
		Kicker: l.counted(len(m.Rows), "scenario", "个场景"), Lead: rankedBy(m, l),
		Sections: []section{matrixSection(m, l), missingSection(m, l)}, Foot: []string{l.colon(l.say("Generated", "生成时间"), l.at(at)), tool}}
	var buf bytes.Buffer // so that an error leaves no half of a file
	if err := document.ExecuteTemplate(&buf, "matrix.tmpl", p); err != nil {
		return fmt.Errorf("render feasibility: %w", err)
	}
	if _, err := buf.WriteTo(w); err != nil {
		return fmt.Errorf("write feasibility: %w", err)
	}
	return nil
}

// FeasibilityTerminal writes the matrix for a person at a terminal.
func FeasibilityTerminal(t *term.Terminal, w io.Writer, m grade.Feasibility) error {
	l := lang(t.Lang)
	if len(m.Rows) == 0 {
		_, err := fmt.Fprintln(w, noScenario(l))
		return err
	}
	head := []string{"#", l.say("SCENARIO", "场景"), l.say("STANDS", "状态"), "L1", "L2", "L3", l.say("DATA", "数据"), l.say("P95", "P95"),
		l.say("PER 1,000", "每千次成本"), l.say("WRONG IN 1,000", "每千次错误"), l.say("AT STAKE A YEAR", "年涉及金额")}
	rows := make([][]string, len(m.Rows))
	for i, r := range m.Rows {
		rows[i] = []string{strconv.Itoa(r.Rank), term.Clean(r.Scenario), l.tier(r.Tier)}
		for _, c := range cells(r) {
			switch text := l.cellText(c, r.Currency); {
			case c.Figure == nil:
				rows[i] = append(rows[i], t.Mark(string(c.Verdict)))
			case c.Verdict == grade.NoLimit:
				rows[i] = append(rows[i], text)
			default:
				rows[i] = append(rows[i], l.about(t.Mark(string(c.Verdict)), text))
			}
		}
	}
	if err := t.Grid(w, head, nil, rows); err != nil {
		return err
	}
	for _, r := range m.Rows {
		for _, x := range r.Missing {
			if _, err := fmt.Fprintf(w, "%s: %s\n", term.Clean(r.Scenario), l.of(x)); err != nil {
				return fmt.Errorf("write feasibility: %w", err)
			}
		}
	}
	_, err := fmt.Fprintln(w, rankedBy(m, l))
	return err
}

// cells are the figures of a row, in the order of the columns.
func cells(r grade.FeasibilityRow) []grade.Cell {
	return []grade.Cell{r.L1, r.L2, r.L3, r.Data, r.Latency, r.Cost, r.Risk, r.Value}
}

// known is a verdict that marks and words know.
func (l lang) known(o grade.Outcome) string {
	if o == grade.NoLimit {
		return "none"
	}
	return string(o)
}

func (l lang) tier(t grade.Tier) string {
	switch t {
	case grade.Ready:
		return l.say("ready", "可以开工")
	case grade.Open:
		return l.say("open", "尚待证实")
	case grade.Blocked:
		return l.say("blocked", "受阻")
	}
	return l.say("not measured", "未测")
}

func (l lang) cellText(c grade.Cell, currency string) string {
	if c.Figure == nil {
		return l.outcome(notMeasured)
	}
	switch c.Unit {
	case "currency/1k":
		return l.money(*c.Figure, currency)
	case "wrong/1k":
		return strconv.FormatFloat(*c.Figure, 'f', 1, 64)
	}
	return l.figure(*c.Figure, c.Unit, currency)
}

// cellSpan is the interval below a figure.
func (l lang) cellSpan(c grade.Cell, currency string) string {
	switch {
	case c.Figure == nil:
		return ""
	case c.Low != nil && c.High != nil:
		if c.Unit == "share" && *c.Low == *c.High {
			return ""
		}
		return l.span(evidence.Estimate{Low: *c.Low, High: *c.High}, c.Unit, currency)
	case c.High != nil:
		high := c
		high.Figure = c.High
		return l.say("at most ", "至多 ") + l.cellText(high, currency)
	}
	return ""
}

func noScenario(l lang) string {
	return l.say("There is no scenario yet: make one with landfall init, and run it.", "还没有场景：用 landfall init 创建一个并运行。")
}

func matrixSection(m grade.Feasibility, l lang) section {
	t := &table{Caption: l.say("Feasibility", "可行性"), Quiet: true, Head: []head{column("Scenario", "场景", l), column("Stands", "状态", l),
		column("L1", "L1", l), column("L2", "L2", l), column("L3", "L3", l), column("Data rules kept", "数据规则满足率", l), column("p95", "p95", l),
		column("Cost per 1,000", "每千次成本", l), column("Wrong in 1,000", "每千次错误", l), column("At stake a year", "年涉及金额", l), column("Stays above the next", "排序稳定区间", l)}}
	for _, r := range m.Rows {
		name := cell{Text: strconv.Itoa(r.Rank) + ". " + cmp.Or(l.of(r.Title), r.Scenario), Sub: []string{r.Scenario}}
		stands := plain(l.tier(r.Tier))
		row := row{ID: r.Scenario, Cells: []cell{name, stands}}
		for _, c := range cells(r) {
			row.Cells = append(row.Cells, l.matrixCell(c, r.Currency))
		}
		stay := cell{Text: term.None}
		if r.KeepsFrom != nil {
			stay = cell{Text: l.ci(*r.KeepsFrom, *r.KeepsTo), Word: true}
		}
		row.Cells = append(row.Cells, stay)
		t.Rows = append(t.Rows, row)
	}
	return section{ID: "matrix", Title: t.Caption, Lead: l.say(
		"Every figure names its evidence. A level's figure is the share of its traffic that is proven, and what it may be with what is still open.",
		"每个数字都注明证据。级别列为该级别流量中已证明的占比，以及计入尚待证实部分后的上限。"), Parts: []part{{Table: labelled(t)}}}
}

func (l lang) matrixCell(c grade.Cell, currency string) cell {
	m := l.mark(l.known(c.Verdict))
	if c.Figure == nil {
		m = l.mark(notMeasured)
	} else {
		m.Word = l.cellText(c, currency)
	}
	out := cell{Mark: &m}
	add := func(s string) {
		if s != "" {
			out.Sub = append(out.Sub, s)
		}
	}
	add(l.cellSpan(c, currency))
	if c.Figure != nil {
		switch c.Verdict {
		case grade.NoLimit:
			if c.Unit == "ms" || c.Unit == "currency/1k" {
				add(l.say("no limit stated", "未设上限"))
			}
		default:
			add(l.outcome(string(c.Verdict)))
		}
	}
	if c.Basis == evidence.Assumed {
		add(l.provenance(c.Basis))
	}
	if c.Unit == "wrong/1k" { // what the other notes say stands under what is missing
		add(l.of(c.Note))
	}
	if c.Evidence != "" {
		add(short(c.Evidence))
	}
	return out
}

func missingSection(m grade.Feasibility, l lang) section {
	s := section{ID: "missing", Title: l.say("What is missing", "尚缺什么")}
	if len(m.Rows) == 0 {
		s.Parts = []part{{Text: noScenario(l)}}
		return s
	}
	for _, r := range m.Rows {
		if len(r.Missing) == 0 {
			continue
		}
		var items []string
		for _, x := range r.Missing {
			items = append(items, capital(l.of(x)))
		}
		s.Parts = append(s.Parts, part{Text: cmp.Or(l.of(r.Title), r.Scenario)}, part{List: items})
	}
	if len(s.Parts) == 0 {
		s.Parts = []part{{Text: l.say("Nothing.", "没有。")}}
	}
	return s
}

// rankedBy says how the rows are ordered, and how far that holds.
func rankedBy(m grade.Feasibility, l lang) string {
	s := l.say("Ranked by hard constraints first, then by the money at stake a year times the proven share of traffic (its lower bound).",
		"先按硬性约束排序，再按“年涉及金额 × 已证明流量占比（下限）”排序。")
	compared := false
	for _, r := range m.Rows {
		compared = compared || r.KeepsFrom != nil
	}
	if !compared {
		return s
	}
	return l.sentences(s, l.say("The order stays as long as money has a weight of "+l.ci(m.KeepsFrom, m.KeepsTo)+" against the proven share.",
		"金额相对于已证明占比的权重在 "+l.ci(m.KeepsFrom, m.KeepsTo)+" 之间时，排序不变。"))
}
