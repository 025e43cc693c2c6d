package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/term"
)

// screenRows is how many slices the first screen shows; the report has all.
const screenRows = 16

// screen writes lines for a terminal. Whatever comes from data is cleaned of
// what could command one.
type screen struct {
	l   lang
	t   *term.Terminal
	buf bytes.Buffer
}

func newScreen(language string, color bool) *screen {
	s := &screen{l: "en"}
	if language == "zh" {
		s.l = "zh"
	}
	s.t = &term.Terminal{Out: &s.buf, OutTTY: color, Lang: string(s.l)}
	return s
}

func (s *screen) line(parts ...string) {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	s.buf.WriteString(strings.Join(kept, "  ") + "\n")
}

func (s *screen) flush(w io.Writer) error {
	if _, err := s.buf.WriteTo(w); err != nil {
		return fmt.Errorf("write first screen: %w", err)
	}
	return nil
}

// verdict writes an outcome's mark, followed by what the word alone does not
// say.
func (s *screen) verdict(outcome, words string) string {
	return s.t.Mark(outcome) + term.Clean(strings.TrimPrefix(words, s.l.outcome(outcome)))
}

// Terminal writes the first screen of r in lang ("zh" or "en"): the sentence,
// a line for each slice, the money, the gates and one next step.
func Terminal(w io.Writer, r Report, language string, color bool) error {
	if blockedByData(r) {
		return DataFailure(w, r, language, color)
	}
	s := newScreen(language, color)
	l := s.l
	s.line(line(kicker(r, l)))
	if r.Run != nil && r.Run.Exploratory {
		s.line(s.t.Bold("⚠ " + exploratory(l)))
	}
	s.line(s.t.Bold(term.Clean(headline(r, l))))
	if err := s.slices(r); err != nil {
		return err
	}
	s.failures(r)
	s.weak(r)
	s.probes(r)
	if m := moneyLine(r, l); m != "" {
		if restsOnAssumptions(r) {
			m += "  " + onAssumptions(l)
		}
		s.line(line(m))
	} else if r.Grade != nil {
		s.line(s.t.Faint(noMoney(r, l)))
	}
	s.gates(r)
	for _, u := range r.Unexpected {
		s.line(s.t.Bold(l.colon(l.say("Not as expected", "与预期不一致"), line(l.of(u)))))
	}
	s.next(r)
	return s.flush(w)
}

func (s *screen) slices(r Report) error {
	l := s.l
	if r.Grade == nil || len(r.Grade.Slices) == 0 {
		return nil
	}
	head := []string{"", l.say("slice", "分组"), l.say("traffic", "流量"), l.say("cheapest sufficient", "最省合格方案"),
		l.say("correct", "正确率"), l.say("low", "下限"), l.say("bar", "门槛"), l.say("verdict", "结论")}
	right := []bool{false, false, true, false, true, true, true, false}
	sorted := byLevel(r.Grade.Slices)
	hidden := 0
	if len(sorted) > screenRows {
		hidden = len(sorted) - screenRows
		sorted = sorted[:screenRows]
	}
	var rows [][]string
	last := ""
	for _, v := range sorted {
		level := line(string(v.Level))
		if level == last {
			level = ""
		} else {
			last = level
		}
		rows = append(rows, append([]string{level}, s.sliceRow(r, v)...))
	}
	if err := s.t.Grid(&s.buf, head, right, rows); err != nil {
		return fmt.Errorf("write slices: %w", err)
	}
	if hidden > 0 {
		s.line(s.t.Faint(l.say("… and "+l.count(hidden)+" slices more, in the report", "……另有 "+l.count(hidden)+" 个分组，见报告")))
	}
	return nil
}

func (s *screen) sliceRow(r Report, v grade.Verdict) []string {
	l := s.l
	who := term.None
	if v.Cheapest != "" {
		who = candidateTitle(r, v.Cheapest, l)
	}
	correct, low := l.outcome(notMeasured), ""
	if x := closest(v); x != nil {
		correct, low = l.pct(x.Accuracy), l.pct(x.Low)
	}
	return []string{line(cmp.Or(l.of(v.Title), v.Slice)), l.pct(v.Share.Value), line(who), correct, low, l.pctShort(v.Bar), s.verdict(conclusion(v, l))}
}

// failures says of each candidate which cases ended in an error, and in which.
func (s *screen) failures(r Report) {
	if r.POC == nil {
		return
	}
	l := s.l
	for _, c := range r.POC.Candidates {
		if c.Errors == 0 {
			continue
		}
		what := l.say(l.count(c.Errors)+" of "+l.count(c.Overall.N)+" cases ended in an error and count as wrong: ",
			l.count(c.Overall.N)+" 条用例中有 "+l.count(c.Errors)+" 条出错，按答错计：")
		s.line(l.colon(line(l.of(c.Title)), what+strings.Join(errorCodes(c, l), l.say(", ", "、"))))
	}
}

// weak says where the recommended candidate is weakest, and how many more weak
// slices the report lists.
func (s *screen) weak(r Report) {
	if r.Boundary == nil || len(r.Boundary.Suites) == 0 {
		return
	}
	l := s.l
	m := r.Boundary.Suites[0]
	c, ok := m.Candidate(m.Focus)
	if !ok || len(c.Weak.Rules) == 0 {
		return
	}
	more := ""
	if n := len(c.Weak.Rules) - 1; n > 0 {
		more = l.say("; "+l.count(n)+" more in the report", "；另有 "+l.count(n)+" 处见报告")
	}
	s.line(l.colon(l.say("Weak spot of ", "薄弱处 · ")+line(candidateTitle(r, c.Candidate, l)), line(l.of(c.Weak.Rules[0].Text))+more))
}

func (s *screen) gates(r Report) {
	l := s.l
	if len(r.Gates) == 0 {
		s.line(l.say("No gate has been evaluated", "尚未评估任何门禁"))
	}
	for _, g := range r.Gates {
		head := l.colon(line(l.gateTitle(g)), s.t.Mark(g.Outcome))
		if len(g.Rules) > 0 {
			head += fmt.Sprintf(" %d/%d", passed(g), len(g.Rules))
		}
		s.line(head)
		rule := blockingRule(g)
		if rule == nil || g.Outcome == string(gate.Pass) {
			continue
		}
		s.line("", "  "+line(l.of(rule.Title)))
		if why := l.of(rule.Reason); why != "" {
			s.line("", "  "+s.t.Faint(line(why)))
		}
	}
}

func (s *screen) next(r Report) {
	l := s.l
	if n, cmd := line(l.of(r.Next.Text)), line(r.Next.Command); n != "" || cmd != "" {
		s.line(l.colon(l.say("Next", "下一步"), n))
		if cmd != "" {
			s.line("  " + s.t.Bold(cmd))
		}
	}
	if r.HTML != "" {
		s.line(l.colon(l.say("Report", "报告"), line(r.HTML)))
	}
}

// DataFailure writes the screen of a run that the data-quality gate stopped:
// which rules failed, on which columns or classes, observed and allowed.
func DataFailure(w io.Writer, r Report, language string, color bool) error {
	s := newScreen(language, color)
	l := s.l
	s.line(line(kicker(r, l)))
	s.line(s.t.Bold(headline(r, l)))
	if r.Data != nil {
		if err := s.data(*r.Data); err != nil {
			return err
		}
	}
	s.gates(r)
	s.next(r)
	if r.Next.Text.IsZero() && r.Next.Command == "" {
		s.line(l.colon(l.say("Next", "下一步"), lead(r, l)))
	}
	return s.flush(w)
}

func (s *screen) data(d Data) error {
	l := s.l
	head := []string{l.say("code", "代码"), l.say("rule", "规则"), l.say("column or class", "列或类别"), l.say("observed", "观测"), l.say("allowed", "允许"), l.say("verdict", "结论")}
	var rows [][]string
	held := 0
	for _, x := range d.Rules {
		if x.Passed {
			held++
			continue
		}
		observed, allowed := dataFigures(x, l)
		rows = append(rows, []string{line(x.ID), line(cmp.Or(l.of(x.Title), x.ID)), line(cmp.Or(x.Subject, term.None)), observed, allowed, s.t.Mark(passFail(x.Passed))})
	}
	if len(rows) > 0 {
		if err := s.t.Grid(&s.buf, head, []bool{false, false, false, true, true, false}, rows); err != nil {
			return fmt.Errorf("write data rules: %w", err)
		}
	}
	if held > 0 {
		s.line(s.t.Mark("pass") + " " + l.say(fmt.Sprintf("%d other rules hold", held), fmt.Sprintf("其余 %d 条规则均满足", held)))
	}
	s.line(l.list([]string{l.counted(d.Rows, "row", "行"), l.say("training ", "训练 ") + l.count(d.Train), l.say("test ", "测试 ") + l.count(d.Test), l.say("classes ", "类别 ") + l.count(d.Classes)}))
	for i, m := range d.Missing {
		if i == 5 {
			s.line("  " + s.t.Faint(l.say("… and more columns", "……以及其他列")))
			break
		}
		s.line("  " + l.say("missing in ", "缺失：") + line(m.Column) + l.about("", l.split(line(m.Split))) + l.say(": ", "，") +
			l.counted(m.Rows, "row", "行") + l.say(", ", "，") + l.pct(m.Share))
	}
	if d.Classes > manyClasses && d.Policy == "method" {
		s.line(offerManyClasses(d.Classes, l))
	}
	return nil
}

// line makes one clean line of s.
func line(s string) string { return strings.Join(strings.Fields(term.Clean(s)), " ") }
