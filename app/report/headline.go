package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

var levels = []scenario.Level{scenario.L1, scenario.L2, scenario.L3}

// claim is one clause of the sentence, with the interval of its share.
type claim struct {
	Text     string
	Interval string // "" if the share is no estimate
}

// kicker says what the report is about: title and declared level.
func kicker(r Report, l lang) string {
	title := cmp.Or(l.of(r.Scenario.Title), r.Scenario.Slug)
	if r.Scenario.Declared == "" {
		return title
	}
	return title + " · " + l.say("declared ", "业务申报 ") + l.level(r.Scenario.Declared)
}

// blockedByData reports whether the run stopped at the data-quality gate.
func blockedByData(r Report) bool { return r.Data != nil && !r.Data.Passed && r.POC == nil }

// sentence says what the report found, no more than its evidence bears: the
// share of traffic per level that is proven, or that nothing is.
func sentence(r Report, l lang) []claim {
	switch {
	case blockedByData(r):
		return []claim{{Text: l.say("The data failed the quality gate. The run stopped there, and nothing was spent",
			"数据未通过质量门禁，运行就此停止，没有产生任何费用")}}
	case r.Grade == nil && r.Run == nil:
		return []claim{{Text: l.say("Nothing has been run yet, so nothing is proven", "尚未运行，因此还没有任何结论")}}
	case r.Grade == nil:
		return []claim{{Text: l.say("There is no grading yet, so no share of the traffic is proven", "尚未分级，还不能说明任何流量够用")}}
	}
	var out []claim
	for _, v := range levels {
		s := r.Grade.Levels[v]
		if s.Value <= 0 {
			continue
		}
		c := claim{Text: l.pct(s.Value) + servedAt(v, r.Grade.Declared, len(out) == 0, l)}
		if s.N > 0 {
			c.Interval = l.ci(s.Low, s.High)
		}
		out = append(out, c)
	}
	switch {
	case len(out) > 0:
		return out
	case len(r.Grade.Slices) > 0 && r.Grade.Possible.Value == 0:
		return []claim{{Text: l.say("No candidate reaches the bar on any part of the traffic", "没有任何候选方案在任何一部分流量上达到门槛")}}
	}
	return []claim{{Text: l.say("The evidence does not yet prove any candidate good enough for any of the traffic",
		"现有证据还不能证明任何流量有够用的候选方案")}}
}

// servedAt says what a proven share means against the declared level: less than
// was declared suffices, exactly that does, or more is needed.
func servedAt(v, declared scenario.Level, first bool, l lang) string {
	level := l.level(v)
	switch {
	case declared == "" || v == declared:
		if first {
			return l.say(" of the traffic is proven to be served at ", " 的流量已证明 ") + level + l.say("", " 方案够用")
		}
		return l.say(" is proven at ", " 的流量已证明 ") + level + l.say("", " 方案够用")
	case v < declared:
		if first {
			return l.say(" of the traffic needs no more than ", " 的流量只需 ") + level
		}
		return l.say(" no more than ", " 只需 ") + level
	}
	if first {
		return l.say(" of the traffic needs ", " 的流量需要 ") + level
	}
	return " " + l.say("needs ", "需要 ") + level
}

// parts is how the traffic divides by verdict; the shares add up to 1 unless
// there are no slices.
type parts struct {
	Proven    map[scenario.Level]float64
	Open      float64 // insufficient evidence
	Failed    float64
	NotTested float64
}

func divide(g grade.Result) parts {
	p := parts{Proven: map[scenario.Level]float64{}}
	for _, v := range g.Slices {
		switch {
		case v.Outcome == grade.Pass:
			p.Proven[v.Proven] += v.Share.Value
		case v.Outcome == grade.Fail:
			p.Failed += v.Share.Value
		case v.Why == grade.WhyNotMeasured:
			p.NotTested += v.Share.Value
		default:
			p.Open += v.Share.Value
		}
	}
	return p
}

// lead is what stands below the sentence: the rest of the traffic, and whether
// the shares themselves rest on assumptions.
func lead(r Report, l lang) string {
	if blockedByData(r) {
		return l.say("Mend the data, or go on with --explore: its evidence is marked and passes no gate.",
			"请先修复数据；也可以用 --explore 继续，但其证据会被标记，不能通过任何门禁。")
	}
	if r.Grade == nil {
		return l.of(r.Scenario.Summary)
	}
	p := divide(*r.Grade)
	var rest []string
	add := func(share float64, outcome string) {
		if share > 0 {
			rest = append(rest, l.pct(share)+" "+l.outcome(outcome))
		}
	}
	add(p.Open, string(gate.Insufficient))
	add(p.Failed, string(gate.Fail))
	add(p.NotTested, notMeasured)
	var of, assumed string
	switch {
	case len(rest) > 0 && r.Grade.Proven.Value > 0:
		of = l.colon(l.say("The rest", "其余流量"), l.list(rest)+l.say(".", "。"))
	case len(rest) > 0:
		of = l.colon(l.say("All the traffic", "全部流量"), l.list(rest)+l.say(".", "。"))
	case r.Grade.Proven.Value > 0:
		of = l.say("No traffic is left open.", "没有流量悬而未决。")
	}
	if r.Grade.Traffic == evidence.Assumed {
		assumed = l.say("The shares of traffic are assumed: there is no sample of it.", "流量占比为假设：没有流量抽样。")
	}
	bar := ""
	if r.Scenario.Bar > 0 {
		bar = l.say("Good enough is "+l.pct(r.Scenario.Bar)+" of requests resolved correctly, at the lower bound.",
			"“够用”指正确率的下限不低于 "+l.pct(r.Scenario.Bar)+"。")
	}
	return l.sentences(of, bar, assumed)
}

// headline joins the clauses as one line of plain text.
func headline(r Report, l lang) string {
	var b strings.Builder
	for i, c := range sentence(r, l) {
		if i > 0 {
			b.WriteString(l.say(", ", "，"))
		}
		b.WriteString(c.Text)
		if c.Interval != "" {
			b.WriteString("  " + c.Interval)
		}
	}
	return b.String()
}

// blocking returns the gate that decides what to do next: the first that
// failed, else the first that is not passed, else nil.
func blocking(gates []Gate) *Gate {
	due := func(g Gate) bool { return !gate.Outcome(g.Outcome).Passed() && g.Outcome != string(gate.NotDue) }
	for _, want := range []func(Gate) bool{func(g Gate) bool { return g.Outcome == string(gate.Fail) }, due} {
		if i := slices.IndexFunc(gates, want); i >= 0 {
			return &gates[i]
		}
	}
	return nil
}

// blockingRule returns the rule that keeps g closed: the first that failed, else
// the first that does not pass, else nil.
func blockingRule(g Gate) *Rule {
	for _, want := range []func(Rule) bool{
		func(r Rule) bool { return r.Outcome == string(gate.Fail) },
		func(r Rule) bool { return r.Outcome != string(gate.Pass) },
	} {
		if i := slices.IndexFunc(g.Rules, want); i >= 0 {
			return &g.Rules[i]
		}
	}
	return nil
}

// passed counts the rules of g that pass.
func passed(g Gate) int {
	n := 0
	for _, r := range g.Rules {
		if r.Outcome == string(gate.Pass) {
			n++
		}
	}
	return n
}

// tested finds the test of a candidate on a slice.
func tested(v grade.Verdict, candidate string) *grade.Test {
	if i := slices.IndexFunc(v.Tests, func(t grade.Test) bool { return t.Candidate == candidate }); i >= 0 {
		return &v.Tests[i]
	}
	return nil
}

// conclusion is a slice's verdict: its outcome, and in words what follows.
func conclusion(v grade.Verdict, l lang) (outcome, words string) {
	switch v.Why {
	case grade.WhyNotMeasured:
		return notMeasured, l.say("not measured → goes to people", "未测 → 转人工")
	case grade.WhyMoreCases:
		return string(v.Outcome), l.outcome(string(v.Outcome)) + l.say(", label about "+l.count(v.More)+" more", "，约需再标 "+l.count(v.More)+" 条")
	case grade.WhyFewClusters:
		return string(v.Outcome), l.outcome(string(v.Outcome)) + l.say(", too few clusters", "，簇太少")
	case grade.WhyNotClose:
		return string(v.Outcome), l.outcome(string(v.Outcome)) + l.say(", and the best looks too weak", "，且最好的方案看来不够")
	}
	return string(v.Outcome), l.outcome(string(v.Outcome))
}

// byLevel returns the slices grouped by level, in their order within it.
func byLevel(vs []grade.Verdict) []grade.Verdict {
	out := slices.Clone(vs)
	slices.SortStableFunc(out, func(a, b grade.Verdict) int { return cmp.Compare(a.Level, b.Level) })
	return out
}

// candidateTitle names a candidate: as measured, as planned, by its rung, or
// by its id.
func candidateTitle(r Report, id string, l lang) string {
	var t text.Text
	if r.POC != nil {
		if i := slices.IndexFunc(r.POC.Candidates, func(c poc.CandidateMeasurement) bool { return c.ID == id }); i >= 0 {
			t = r.POC.Candidates[i].Title
		}
	}
	if i := slices.IndexFunc(r.Planned, func(p Planned) bool { return p.ID == id }); t.IsZero() && i >= 0 {
		t = r.Planned[i].Title
	}
	if t.IsZero() {
		return l.rung(poc.Rung(id))
	}
	return l.of(t)
}

// moneyLine says what everything with the dearest candidate costs, and the
// graded mix. "" if there is no return model.
func moneyLine(r Report, l lang) string {
	if r.ROI == nil {
		return ""
	}
	m, cur := r.ROI, r.ROI.Currency
	return everythingWith(r, l) + " " + l.perYear(m.AllDearest.PerYear.P50, cur) +
		" → " + l.say("graded ", "分级 ") + l.perYear(m.Graded.PerYear.P50, cur) + " " + band(m.Graded.PerYear.P10, m.Graded.PerYear.P90, cur, l)
}

// everythingWith names the plan of r.ROI that serves all with one candidate.
func everythingWith(r Report, l lang) string {
	name := candidateTitle(r, r.ROI.Dearest, l)
	return l.say("Everything with ", "全部用"+zhGap(name)) + name
}

func band(low, high float64, currency string, l lang) string {
	return "[P10 " + l.money(low, currency) + l.say(", ", "，") + "P90 " + l.money(high, currency) + "]"
}

// restsOnAssumptions reports whether any input of the return was typed in.
func restsOnAssumptions(r Report) bool {
	return r.ROI != nil && (r.ROI.Provenance == evidence.Assumed || r.ROI.AllDearest.AssumedShare > 0 || r.ROI.Graded.AssumedShare > 0)
}

// noMoney says what is missing for a return model.
func noMoney(r Report, l lang) string {
	if r.Grade == nil {
		return l.say("No cost is compared yet: that needs a graded run.", "尚无成本比较：需要先完成一次运行和分级。")
	}
	return l.say("No cost is compared: state costs.lines (one of them per task, for a candidate) and traffic.per_year in scenario.yaml.",
		"尚无成本比较：请在 scenario.yaml 中补充 costs.lines（至少一项按次计费并归属候选方案）与 traffic.per_year。")
}
