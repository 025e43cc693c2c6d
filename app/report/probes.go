package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/kit/term"
)

// probeSection is what candidates did with changed cases, probe by probe.
func probeSection(r Report, l lang) *section {
	if r.Probes == nil || len(r.Probes.Findings) == 0 {
		return nil
	}
	m := *r.Probes
	s := &section{ID: "probes", Title: l.say("Probes: what changed cases do", "探测：用例变了会怎样"), Evidence: from(r, "probe"), Lead: l.sentences(
		l.say("Each changed case is compared with the case that it was made of, answered by the same candidate. None of them counts as a case of the measurement above.",
			"每条改动后的用例，都与同一候选方案对原用例的回答配对比较；它们不计入上文的评测用例。"),
		l.say("What could not be run is no pass.", "无法执行的探测不算通过。"))}
	if c := dropChart(r, l); c != nil {
		s.Parts = append(s.Parts, part{Spans: c})
	}
	for _, id := range probeIDs(m) {
		t := labelled(probeTable(r, id, l))
		s.Parts = append(s.Parts, part{Table: t, Fold: t.Caption, Long: true})
	}
	s.Parts = append(s.Parts, part{Text: l.sentences(
		l.say("Drops: share of right answers lost, 95 % score interval of paired proportions (Tango); “clear” if the exact McNemar test holds after Holm's correction over all probes and candidates.",
			"下降：答对的用例中因改动而答错的净占比，95% 区间为配对比例的得分区间（Tango）；精确 McNemar 检验经 Holm 校正（覆盖全部探测与候选方案）后仍成立的标为“明确”。"),
		l.say("Harm: the exact one-sided 95 % upper bound. Bars are decided by tests that Holm corrects over all bars.",
			"危害：精确单侧 95% 上限。门槛由检验判定，并对全部门槛作 Holm 校正。"))})
	return s
}

func probeIDs(m probe.Measurement) []string {
	var out []string
	for _, f := range m.Findings {
		if !slices.Contains(out, f.Probe) {
			out = append(out, f.Probe)
		}
	}
	return out
}

func probeTable(r Report, id string, l lang) *table {
	t := &table{Head: []head{column("Candidate", "候选方案", l), number("Cases", "用例", l), number("Right before → after", "答对：原用例 → 改动后", l),
		number("Drop", "下降", l), number("Harm", "危害", l), column("Examples", "示例", l), column("Verdict", "结论", l)}}
	for _, f := range r.Probes.Findings {
		if f.Probe != id {
			continue
		}
		t.Caption = cmp.Or(l.of(f.Title), f.Probe)
		if suite := f.Suite; suite != "cases" {
			t.Caption = l.about(t.Caption, suite)
		}
		none := num(term.None)
		cells := []cell{{Text: candidateTitle(r, f.Candidate, l)}, none, none, none, none, {Text: term.None}, probeVerdict(f, l)}
		if f.Outcome != probe.NotRun {
			cells[1] = num(l.count(f.Asked))
			if f.Errors > 0 {
				cells[1].Sub = []string{l.say(l.count(f.Errors)+" errors", l.count(f.Errors)+" 条出错")}
			}
			if d := f.Drop; d != nil {
				cells[2] = num(l.pct(float64(d.Original)/float64(d.Pairs))+" → "+l.pct(float64(d.Variant)/float64(d.Pairs)), l.say(l.count(d.Pairs)+" pairs", l.count(d.Pairs)+" 对"))
				cells[3] = strong(l.points(d.Share.Value), l.ciPoints(d.Share.Low, d.Share.High), clear(*d, r.Probes.Alpha, l))
			}
			if h := f.Harm; h != nil {
				cells[4] = strong(ofCount(*h, l), harmBound(*h, l))
				if o := f.Over; o != nil {
					cells[4].Sub = append(cells[4].Sub, l.colon(l.say("refused without need", "不该拒而拒"), ofCount(*o, l)), harmBound(*o, l))
				}
			} else if o := f.Over; o != nil {
				cells[4] = num(l.colon(l.say("refused without need", "不该拒而拒"), ofCount(*o, l)), harmBound(*o, l))
			}
			if len(f.Examples) > 0 {
				cells[5] = cell{Text: f.Examples[0], Sub: f.Examples[1:], Code: true}
			}
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// clear says whether a drop holds against chance.
func clear(d probe.Drop, alpha float64, l lang) string {
	switch {
	case !d.Enough:
		return l.say("too few", "数量不足")
	case d.Adjusted <= alpha && d.Worse > d.Better:
		return l.say("clear", "明确")
	case d.Adjusted <= alpha:
		return l.say("clearly better", "明确变好")
	}
	return l.say("may be chance", "可能是偶然")
}

func ofCount(h probe.Harm, l lang) string {
	return l.say(l.count(h.Count)+" of "+l.count(h.N), l.count(h.N)+" 条中 "+l.count(h.Count)+" 条")
}

func harmBound(h probe.Harm, l lang) string { return "≤ " + l.pct(h.High) }

// points writes a difference of shares in points.
func (l lang) points(v float64) string {
	if math.Abs(v) < 0.0005 {
		v = 0
	}
	return l.pct(v)
}

func (l lang) ciPoints(low, high float64) string {
	return l.points(low) + l.say(" to ", " 至 ") + l.points(high)
}

func probeVerdict(f probe.Finding, l lang) cell {
	shape, why := string(f.Outcome), l.of(f.Why)
	switch f.Outcome {
	case probe.NotRun:
		c := l.verdict(notMeasured)
		c.Mark.Word = l.say("not run", "未执行")
		c.Sub = []string{why}
		return c
	case probe.Measured:
		return cell{Text: l.say("no bar", "未设门槛"), Word: true}
	default:
	}
	c := l.verdict(shape)
	for _, b := range f.Bars {
		c.Sub = append(c.Sub, l.colon(barName(b.Name, l), "< "+l.pct(b.Allowed)))
	}
	if why != "" {
		c.Sub = append(c.Sub, why)
	}
	return c
}

func barName(name string, l lang) string {
	switch name {
	case "max_drop":
		return l.say("bar, drop", "下降门槛")
	case "max_over":
		return l.say("bar, refused without need", "误拒门槛")
	}
	return l.say("bar, harm", "危害门槛")
}

// dropChart draws every drop that was measured, of the worst first.
func dropChart(r Report, l lang) *spans {
	var fs []probe.Finding
	low, high := 0.0, 0.0
	for _, f := range r.Probes.Findings {
		if f.Drop != nil {
			fs = append(fs, f)
			low, high = min(low, f.Drop.Share.Low), max(high, f.Drop.Share.High)
		}
	}
	if len(fs) == 0 || high <= low {
		return nil
	}
	slices.SortStableFunc(fs, func(a, b probe.Finding) int { return cmp.Compare(b.Drop.Share.Value, a.Drop.Share.Value) })
	const most = 24
	at := func(v float64) float64 { return (v - low) / (high - low) }
	out := &spans{Title: l.say("Right answers lost to the change", "因改动而损失的正确率"), Zero: x(at(0)),
		Note: l.say("Bars to the right of the line are losses, whiskers 95 % intervals, in shares of the pairs.", "竖线右侧为损失，须线为 95% 区间，均为占配对数的比例。")}
	if len(fs) > most {
		out.Note = l.sentences(out.Note, l.say("The largest "+l.count(most)+" of "+l.count(len(fs))+"; the tables have all.", "仅画出 "+l.count(len(fs))+" 项中最大的 "+l.count(most)+" 项，表中有全部。"))
		fs = fs[:most]
	}
	for _, f := range fs {
		d := f.Drop.Share
		a, b := min(d.Value, 0), max(d.Value, 0)
		sr := spanRow{Label: candidateTitle(r, f.Candidate, l), Sub: cmp.Or(l.of(f.Title), f.Probe), Low: x(at(d.Low)), High: x(at(d.High)),
			Bars:  []spanBar{{X: x(at(a)), Width: x(at(b) - at(a)), Class: "graded", Hatched: f.Drop.Adjusted > r.Probes.Alpha}},
			Value: l.points(d.Value), Aside: l.ciPoints(d.Low, d.High)}
		sr.Desc = l.colon(sr.Label, l.list([]string{sr.Sub, sr.Value, sr.Aside}))
		out.Rows = append(out.Rows, sr)
	}
	out.Note = l.sentences(out.Note, l.say("Hatched: may be chance.", "斜线：可能是偶然。"))
	return out
}

// probes says in a line what the recommended candidate does with each probe.
func (s *screen) probes(r Report) {
	l := s.l
	if r.Probes == nil || r.Best == nil {
		return
	}
	var parts []string
	for _, f := range r.Probes.Of(r.Best.Candidate) {
		var says []string
		switch {
		case f.Outcome == probe.NotRun:
			says = append(says, l.say("not run", "未执行"))
		default:
			if f.Drop != nil && f.Harm == nil {
				says = append(says, l.about(l.say("drop ", "下降 ")+l.points(f.Drop.Share.Value), l.ciPoints(f.Drop.Share.Low, f.Drop.Share.High)))
			}
			if f.Harm != nil {
				says = append(says, l.about(l.say("harm ", "危害 ")+ofCount(*f.Harm, l), harmBound(*f.Harm, l)))
			}
			if f.Over != nil {
				says = append(says, l.say("refused without need ", "误拒 ")+ofCount(*f.Over, l))
			}
		}
		mark := ""
		if len(f.Bars) > 0 && f.Outcome != probe.NotRun {
			mark = " " + s.t.Mark(string(f.Outcome))
		}
		parts = append(parts, line(cmp.Or(l.of(f.Title), f.Probe))+" "+l.list(says)+mark)
	}
	if len(parts) == 0 {
		return
	}
	s.line(l.colon(l.say("Probes of ", "探测，")+line(candidateTitle(r, r.Best.Candidate, l)), strings.Join(parts, l.say("; ", "；"))))
}
