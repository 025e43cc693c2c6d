package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/prove/selection"
)

// Charts are geometry in percent of their width and strings: the templates only
// write them down. A drawing in percent keeps its letters at their size on a
// telephone, which a scaled one does not.

// x writes a share of the width as an SVG length.
func x(share float64) string {
	share = min(1, max(0, share))
	return strconv.FormatFloat(math.Round(share*1e4)/100, 'f', -1, 64) + "%"
}

// mark is a verdict as shape, word and colour; Shape names both the symbol and
// the class of its colour.
type mark struct{ Shape, Word string }

func (l lang) mark(outcome string) mark {
	shape := outcome
	switch outcome {
	case string(gate.Pass), string(gate.Fail), string(gate.Insufficient), string(gate.Stale), string(gate.Assumed), notMeasured:
	default:
		shape = "none"
	}
	return mark{Shape: shape, Word: capital(l.outcome(outcome))}
}

// claims is the pair of bars: what the owner declared against what is proven.
type claims struct {
	Title, Desc          string
	Claimed, ClaimedText string
	Proven               []segment
	ProvenLabel          string
	ProvenDesc           string
	Note                 string
}

type segment struct {
	X, Width, Mid string
	Shape         string // class
	Text          string // inside; "" if it does not fit
	Mark          mark
	Label, Share  string // in the legend
}

func claimBars(r Report, l lang) claims {
	p := parts{NotTested: 1} // nothing graded is nothing proven
	if r.Grade != nil && len(r.Grade.Slices) > 0 {
		p = divide(*r.Grade)
	}
	declared := l.level(r.Scenario.Declared)
	if r.Scenario.Declared == "" {
		declared = l.say("no level", "未申报级别")
	}
	c := claims{Title: l.say("Claimed against proven, by share of traffic", "申报与实证（按流量占比）"),
		Claimed: l.say("Declared", "业务申报"), ClaimedText: declared + " 100%",
		ProvenLabel: l.say("Proven", "已证明")}
	at := 0.0
	add := func(share float64, outcome, name string) {
		if share <= 0 {
			return
		}
		s := segment{X: x(at), Width: x(share), Mid: x(at + share/2), Shape: l.mark(outcome).Shape, Mark: l.mark(outcome),
			Label: name, Share: l.pct(share)}
		if share >= 0.14 {
			s.Text = l.pct(share)
			switch {
			case outcome == string(gate.Pass):
				s.Text = strings.TrimSpace(firstWord(name) + " " + s.Text)
			case share >= 0.4:
				s.Text = s.Mark.Word + " " + s.Text
			}
		}
		c.Proven = append(c.Proven, s)
		at += share
	}
	for _, v := range levels {
		add(p.Proven[v], string(gate.Pass), l.level(v))
	}
	add(p.Open, string(gate.Insufficient), "")
	add(p.Failed, string(gate.Fail), "")
	add(p.NotTested, notMeasured, "")
	var said []string
	for _, s := range c.Proven {
		said = append(said, strings.TrimSpace(s.Mark.Word+" "+s.Label)+" "+s.Share)
	}
	c.ProvenDesc = l.colon(c.ProvenLabel, l.list(said))
	c.Desc = l.colon(c.Claimed, c.ClaimedText)
	if r.Grade != nil && r.Grade.Traffic == evidence.Assumed {
		c.Note = l.say("Shares follow the number of test cases: assumed.", "占比按评测用例数推算：假设。")
	}
	return c
}

// firstWord cuts a level's name to its letter and digit.
func firstWord(s string) string {
	if i := strings.IndexAny(s, " （("); i > 0 {
		return s[:i]
	}
	return s
}

// moneyBars compares yearly costs.
type moneyBars struct {
	Title   string
	Rows    []moneyRow
	Assumed string // said if some input was typed in
	Note    string
}

type moneyRow struct {
	Label, Amount, Band      string
	Known, AssumedX, Assumed string // widths of the solid and the hatched part
	Low, High                string
	Shape                    string // class of the fill
	Desc                     string
}

func moneyChart(r Report, l lang) *moneyBars {
	if r.ROI == nil {
		return nil
	}
	m := r.ROI
	top := 0.0
	for _, v := range []roi.Range{m.AllDearest.PerYear, m.Graded.PerYear} {
		top = max(top, v.P50, v.P90)
	}
	if top <= 0 {
		top = 1
	}
	row := func(shape, label string, p roi.Plan) moneyRow {
		v := p.PerYear
		known := v.P50 / top * (1 - p.AssumedShare)
		out := moneyRow{Label: label, Shape: shape, Amount: l.perYear(v.P50, m.Currency),
			Band:  "P10–P90 " + l.money(v.P10, m.Currency) + " – " + l.money(v.P90, m.Currency),
			Known: x(known), AssumedX: x(known), Assumed: x(v.P50 / top * p.AssumedShare),
			Low: x(v.P10 / top), High: x(v.P90 / top)}
		out.Desc = l.colon(label, l.list([]string{out.Amount, out.Band,
			l.say("of which assumed ", "其中假设占 ") + l.pct(p.AssumedShare)}))
		return out
	}
	saved := l.say("Saves ", "每年省 ") + l.money(m.Saving.P50, m.Currency) + l.say(" a year", "")
	if m.Saving.P50 < 0 {
		saved = l.say("Costs ", "每年多花 ") + l.money(-m.Saving.P50, m.Currency) + l.say(" a year more", "")
	}
	assumed := ""
	if restsOnAssumptions(r) {
		assumed = onAssumptions(l)
	}
	return &moneyBars{Assumed: assumed,
		Title: l.say("Yearly cost", "每年成本"),
		Rows: []moneyRow{
			row("all", everythingWith(r, l), m.AllDearest),
			row("graded", l.say("Graded mix", "分级方案"), m.Graded),
		},
		Note: saved + " " + band(m.Saving.P10, m.Saving.P90, m.Currency, l) + l.say("; chance of no saving ", "；不省钱的概率 ") + l.pct(m.ProbabilityOfLoss) +
			l.say(". What is not proven counts at the dearer price.", "。未证明的流量按更贵的方案计。"),
	}
}

// zhGap is the space between Chinese and a Latin word.
func zhGap(next string) string {
	if next != "" && next[0] < 0x80 {
		return " "
	}
	return ""
}

// dots is the chart of candidates: a symbol and an interval against the bar.
type dots struct {
	Title, Note string
	Ticks       []tick
	Bar         string // x of the bar; "" without one
	BarLabel    string
	BarAnchor   string
	Rows        []dot
}

type tick struct{ X, Label, Anchor string }

type dot struct {
	Label, Sub  string
	Missing     string // said instead of a drawing
	X, Low, Wid string
	High        string
	Shape       string // class and symbol
	Assumed     bool
	Value       string
	Aside       string // said after the value, instead of the mark's word
	Mark        mark
	Desc        string
}

// overall is a candidate's verdict on the whole test set against bar, by the
// corrected lower bound where the selection has computed it.
func overall(c poc.CandidateMeasurement, s *selection.Result, bar float64) string {
	if c.Provenance == evidence.Assumed {
		return string(gate.Assumed)
	}
	if c.Overall.N == 0 {
		return notMeasured
	}
	low := c.Overall.Low
	if s != nil {
		if i := slices.IndexFunc(s.Rows, func(r selection.Row) bool { return r.Candidate == c.ID }); i >= 0 {
			low = s.Rows[i].AccuracyLow
		}
	}
	switch {
	case low >= bar:
		return string(gate.Pass)
	case c.Overall.High < bar:
		return string(gate.Fail)
	}
	return string(gate.Insufficient)
}

// axis chooses where a chart of shares begins, so that lowest is in it, and
// draws its ticks and the bar (0 is none). It returns the share of the width
// at which a share stands.
func (d *dots) axis(lowest, bar float64, l lang) func(float64) float64 {
	from := min(0.9, max(0, math.Floor(lowest*10)/10))
	step := 0.1
	if from < 0.5 {
		step = 0.2
		from = max(0, math.Floor(from/step)*step)
	}
	scale := func(v float64) float64 { return (v - from) / (1 - from) }
	for v := from; v < 1+1e-9; v += step {
		t := tick{X: x(scale(v)), Label: strconv.Itoa(int(math.Round(v*100))) + "%", Anchor: "middle"}
		switch {
		case scale(v) < 0.02:
			t.Anchor = "start"
		case scale(v) > 0.98:
			t.Anchor = "end"
		}
		d.Ticks = append(d.Ticks, t)
	}
	if bar > 0 {
		d.Bar, d.BarLabel, d.BarAnchor = x(scale(bar)), l.say("bar ", "门槛 ")+l.pct(bar), "middle"
		switch {
		case scale(bar) > 0.85:
			d.BarAnchor = "end"
		case scale(bar) < 0.15:
			d.BarAnchor = "start"
		}
	}
	return scale
}

// x0 is where a share stands on a scale; widthOf how wide an interval is.
func x0(scale func(float64) float64, v float64) string { return x(scale(v)) }

func widthOf(scale func(float64) float64, low, high float64) string {
	return x(max(0, scale(high)) - max(0, scale(low)))
}

func dotChart(r Report, l lang) *dots {
	if r.POC == nil || len(r.POC.Candidates) == 0 {
		return nil
	}
	bar := r.Scenario.Bar
	lowest := 1.0
	if bar > 0 {
		lowest = bar
	}
	for _, c := range r.POC.Candidates {
		if c.Overall.N > 0 || c.Provenance == evidence.Assumed {
			lowest = min(lowest, c.Overall.Low)
		}
	}
	d := &dots{Title: l.say("Candidates against the bar", "候选方案与门槛"),
		Note: l.say("Symbols are shares of correct resolutions, lines are 95% intervals. An interval across the bar decides nothing. Circle: passes; square: fails; diamond: not enough evidence; dashed: assumed.",
			"符号为正确率，线为 95% 区间；跨过门槛的区间不作结论。圆：通过；方：未通过；菱形：证据不足；虚线：假设。")}
	scale := d.axis(lowest, bar, l)
	for _, c := range r.POC.Candidates {
		o := overall(c, r.Selection, bar)
		row := dot{Label: l.of(c.Title), Sub: l.rung(c.Rung), Mark: l.mark(o), Shape: l.mark(o).Shape, Assumed: o == string(gate.Assumed)}
		if o == notMeasured {
			row.Missing = l.outcome(notMeasured)
		} else {
			row.X, row.Low, row.High = x0(scale, c.Overall.Accuracy), x0(scale, c.Overall.Low), x0(scale, c.Overall.High)
			row.Wid = widthOf(scale, c.Overall.Low, c.Overall.High)
			row.Value = l.pct(c.Overall.Accuracy)
		}
		row.Desc = l.colon(row.Label, l.list([]string{cmp.Or(row.Value, row.Missing), l.ci(c.Overall.Low, c.Overall.High), row.Mark.Word}))
		d.Rows = append(d.Rows, row)
	}
	for _, m := range missing(r, l) {
		word := l.outcome(notMeasured)
		d.Rows = append(d.Rows, dot{Label: m.Label, Sub: m.Sub, Missing: word, Mark: l.mark(notMeasured), Shape: notMeasured, Desc: l.colon(m.Label, word)})
	}
	return d
}

// missing lists what was not measured: planned candidates, and rungs without
// any candidate at all.
func missing(r Report, l lang) []struct{ Label, Sub string } {
	var out []struct{ Label, Sub string }
	for _, p := range r.Planned {
		out = append(out, struct{ Label, Sub string }{capital(cmp.Or(l.of(p.Title), p.ID)), l.about(l.rung(p.Rung), l.say("planned", "计划中"))})
	}
	if r.POC == nil {
		return out
	}
	for _, rung := range r.POC.NotMeasured {
		if !slices.ContainsFunc(r.Planned, func(p Planned) bool { return p.Rung == rung }) {
			out = append(out, struct{ Label, Sub string }{capital(l.rung(rung)), l.say("no candidate", "没有候选方案")})
		}
	}
	return out
}

// curve is error against coverage.
type curve struct {
	Title, Desc, Note string
	Quiet             bool // the section's heading says the title already
	XTicks, YTicks    []tick
	Lines             []curveLine
	XLabel, YLabel    string
}

type curveLine struct {
	Label  string
	Points string // in a box of 1000 × 1000
	Class  string // s1 … s6: colour and dashes
	MarkX  string // of the surest 80 %; "" without one
	MarkY  string
}

// quarters draws the ticks of both axes at 0, ¼, ½, ¾ and 1 of their length.
func (c *curve) quarters(across, up func(share float64) string) {
	for i := range 5 {
		v := float64(i) / 4
		t := tick{X: x(v), Label: across(v), Anchor: "middle"}
		switch i {
		case 0:
			t.Anchor = "start"
		case 4:
			t.Anchor = "end"
		}
		c.XTicks = append(c.XTicks, t)
		c.YTicks = append(c.YTicks, tick{X: x(1 - v), Label: up(v)})
	}
}

// thousandth writes a share of a side of 1000.
func thousandth(share float64) string {
	return strconv.FormatFloat(math.Round(min(1, max(0, share))*1e4)/10, 'f', -1, 64)
}

// curveLines is how many lines can still be told apart.
const curveLines = 6

func coverageCurve(r Report, l lang) *curve {
	if r.POC == nil {
		return nil
	}
	top := 0.0
	var cs []poc.CandidateMeasurement
	for _, c := range r.POC.Candidates {
		if len(c.Coverage) < 2 {
			continue
		}
		cs = append(cs, c)
		for _, p := range c.Coverage {
			top = max(top, 1-p.Accuracy)
		}
	}
	if len(cs) == 0 {
		return nil
	}
	if len(cs) > curveLines { // the most accurate ones
		slices.SortStableFunc(cs, func(a, b poc.CandidateMeasurement) int { return cmp.Compare(b.Overall.Accuracy, a.Overall.Accuracy) })
		cs = cs[:curveLines]
	}
	for _, nice := range []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1} {
		if top <= nice {
			top = nice
			break
		}
	}
	out := &curve{Title: l.say("Error against coverage", "误差与覆盖率"),
		XLabel: l.say("coverage: share of requests answered", "覆盖率：作答的占比"), YLabel: l.say("error among the answered", "作答部分的错误率"),
		Note: l.say("A candidate that abstains when it is unsure answers less and errs less. The symbol is the threshold that would have answered 80% of the validation cases.",
			"没有把握时弃答（转人工），答得少，错得也少。符号为在验证集上恰好作答 80% 的置信度阈值。")}
	out.quarters(l.pct0, func(v float64) string { return l.pctShort(v * top) })
	var said []string
	for i, c := range cs {
		line := curveLine{Label: l.of(c.Title), Class: "s" + strconv.Itoa(i+1)}
		var pts []string
		for _, p := range c.Coverage {
			pts = append(pts, thousandth(p.Coverage)+","+thousandth(1-(1-p.Accuracy)/top))
		}
		line.Points = strings.Join(pts, " ")
		last := c.Coverage[len(c.Coverage)-1]
		if s := c.Surest80; s != nil && s.N > 0 {
			line.MarkX, line.MarkY = x(s.Coverage), x(1-(1-s.Accuracy)/top)
			said = append(said, l.colon(line.Label, l.say("error ", "错误率 ")+l.pct(1-s.Accuracy)+l.say(" at coverage ", "，覆盖率 ")+l.pct(s.Coverage)))
		} else {
			said = append(said, l.colon(line.Label, l.say("error ", "错误率 ")+l.pct(1-last.Accuracy)+l.say(" at coverage ", "，覆盖率 ")+l.pct(last.Coverage)))
		}
		out.Lines = append(out.Lines, line)
	}
	out.Desc = strings.Join(said, l.say("; ", "；"))
	return out
}

func (l lang) pct0(v float64) string { return strconv.Itoa(int(math.Round(v*100))) + "%" }

// pctShort writes a tick: no decimal where none is needed.
func (l lang) pctShort(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/10, 'f', -1, 64) + "%"
}

// ring is the loop of six steps, drawn in a box of 320 × 232.
type ring struct {
	Title, Desc string
	Nodes       []node
}

type node struct {
	X, Y           string
	TextX, TextY   string
	StateY, Anchor string
	Word           string
	Mark           mark
	Arc            string // from this node to the next
}

// The ring's middle and radius.
const (
	ringX, ringY = 160.0, 116.0
	ringR        = 66.0
)

func loopRing(loop Loop, l lang) ring {
	steps := loop.Steps
	if len(steps) == 0 {
		steps = noSteps()
	}
	out := ring{Title: l.say("The loop", "闭环")}
	num := func(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
	at := func(angle, radius float64) (float64, float64) {
		return ringX + radius*math.Cos(angle), ringY + radius*math.Sin(angle)
	}
	turn := 2 * math.Pi / float64(len(steps))
	var said []string
	for i, s := range steps {
		a := -math.Pi/2 + turn*float64(i)
		px, py := at(a, ringR)
		n := node{X: num(px), Y: num(py), Word: l.of(s.Word), Mark: l.mark(s.State), Anchor: "middle"}
		tx, ty := px, py
		switch c := math.Cos(a); {
		case c > 0.2:
			n.Anchor, tx, ty = "start", px+20, py-2
		case c < -0.2:
			n.Anchor, tx, ty = "end", px-20, py-2
		case math.Sin(a) < 0:
			ty = py - 36
		default:
			ty = py + 32
		}
		n.TextX, n.TextY, n.StateY = num(tx), num(ty), num(ty+16)
		// The arc leaves room for the symbols at both ends.
		x1, y1 := at(a+0.29, ringR)
		x2, y2 := at(a+turn-0.33, ringR)
		n.Arc = "M" + num(x1) + " " + num(y1) + "A" + num(ringR) + " " + num(ringR) + " 0 0 1 " + num(x2) + " " + num(y2)
		out.Nodes = append(out.Nodes, n)
		said = append(said, n.Word+" "+n.Mark.Word)
	}
	out.Desc = strings.Join(said, " → ")
	return out
}

// closest returns the test that a slice's row shows; nil if there is none.
func closest(v grade.Verdict) *grade.Test { return tested(v, v.Closest) }
