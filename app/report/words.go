package report

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// lang is the language of a report, "zh" or "en". Every word and every number
// that a reader sees is made by one of its methods.
type lang string

func (l lang) say(en, zh string) string {
	if l == "zh" {
		return zh
	}
	return en
}

// of is t in l, without what could turn the reading direction or command a
// terminal.
func (l lang) of(t text.Text) string {
	s := term.Clean(t.In(string(l)))
	if l == "zh" {
		s = fullWidth(s)
	}
	return s
}

// fullWidth writes the punctuation of Chinese text as type does: full width
// where it follows or precedes a Chinese character or quotation mark. Figures,
// code and Latin words keep theirs.
func fullWidth(s string) string {
	const half, full = ",:;!?()", "，：；！？（）"
	wide := []rune(full)
	chinese := func(r rune) bool {
		return unicode.Is(unicode.Han, r) || strings.ContainsRune("“”‘’、。《》"+full, r)
	}
	rs := []rune(s)
	for i, r := range rs {
		k := strings.IndexRune(half, r)
		if k < 0 {
			continue
		}
		before, after := i > 0 && chinese(rs[i-1]), i+1 < len(rs) && chinese(rs[i+1])
		if before || after {
			rs[i] = wide[k]
		}
	}
	return pairs(rs)
}

// pairs gives both brackets of a pair the width of its opening one.
func pairs(rs []rune) string {
	var open []int
	for i, r := range rs {
		switch r {
		case '(', '（':
			open = append(open, i)
		case ')', '）':
			if len(open) == 0 {
				continue
			}
			o := open[len(open)-1]
			open = open[:len(open)-1]
			if rs[o] == '（' || r == '）' {
				rs[o], rs[i] = '（', '）'
			}
		}
	}
	return string(rs)
}

// sentences joins sentences that carry their own full stop.
func (l lang) sentences(s ...string) string {
	kept := s[:0:0]
	for _, x := range s {
		if x != "" {
			kept = append(kept, x)
		}
	}
	return strings.Join(kept, l.say(" ", ""))
}

// list joins the parts of an enumeration.
func (l lang) list(s []string) string { return strings.Join(s, l.say(", ", "、")) }

// about puts a remark in brackets.
func (l lang) about(s, remark string) string {
	if remark == "" {
		return s
	}
	return s + l.say(" (", "（") + remark + l.say(")", "）")
}

// colon joins a label and what it labels.
func (l lang) colon(label, s string) string { return label + l.say(": ", "：") + s }

// level names a level with what it means.
func (l lang) level(v scenario.Level) string {
	switch v {
	case scenario.L1:
		return l.about("L1", l.say("simple Q&A", "简单问答"))
	case scenario.L2:
		return l.about("L2", l.say("structured output", "结构化输出"))
	case scenario.L3:
		return l.about("L3", l.say("multimodal decision", "多模态决策"))
	}
	return string(v)
}

func (l lang) rung(r poc.Rung) string {
	switch r {
	case poc.Rules:
		return l.say("rules", "规则")
	case poc.Classic:
		return l.say("classic model", "经典模型")
	case poc.SmallModel:
		return l.say("small model", "小模型")
	case poc.LargeModel:
		return l.say("large model", "大模型")
	case poc.Multimodal:
		return l.say("multimodal model", "多模态模型")
	case poc.Human:
		return l.say("people", "人工")
	}
	return string(r)
}

func (l lang) provenance(p evidence.Provenance) string {
	switch p {
	case evidence.Measured:
		return l.say("measured", "实测")
	case evidence.Imported:
		return l.say("imported", "导入")
	case evidence.Assumed:
		return l.say("assumed", "假设")
	}
	return string(p)
}

func (l lang) class(c string) string {
	switch c {
	case "transparent":
		return l.say("transparent", "透明")
	case "traceable":
		return l.say("traceable", "可追溯")
	case "opaque":
		return l.say("opaque", "不透明")
	}
	return c
}

func (l lang) split(s string) string {
	switch s {
	case "train":
		return l.say("training", "训练集")
	case "test":
		return l.say("test", "测试集")
	case "validation":
		return l.say("validation", "验证集")
	}
	return s
}

// outcome is a verdict in one word.
func (l lang) outcome(o string) string {
	switch o {
	case notMeasured:
		return l.say("not measured", "未测")
	case later:
		return l.say("later", "以后")
	case string(gate.Stale):
		return l.say("stale", "已过时")
	}
	return l.of(gate.Outcome(o).Title())
}

// Outcomes that no gate has: of a slice without measurements, and of a step of
// the loop that is yet to come.
const (
	notMeasured = "not_measured"
	later       = "later"
)

func (l lang) pct(share float64) string { return term.Percent(share) }

func (l lang) ci(low, high float64) string { return term.Interval(low, high) }

func (l lang) count(n int) string { return term.Count(int64(n)) }

// counted writes a number of things; en is singular and takes a plural s.
func (l lang) counted(n int, en, zh string) string {
	if l == "zh" {
		return l.count(n) + " " + zh
	}
	if n != 1 {
		en += "s"
	}
	return l.count(n) + " " + en
}

// money writes a yearly or total amount.
func (l lang) money(x float64, currency string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return term.None
	}
	return term.Money(decimal.NewFromFloat(x).Round(2), currency, string(l))
}

func (l lang) perYear(x float64, currency string) string {
	return l.money(x, currency) + l.say(" a year", "/年")
}

// price writes what one task costs, to three significant digits: such amounts
// are often far below a hundredth of the currency.
func (l lang) price(x float64, currency string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return term.None
	}
	if x == 0 || math.Abs(x) >= 1 {
		return l.money(x, currency)
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(x))))
	num := strconv.FormatFloat(x, 'f', digits, 64)
	num = strings.TrimRight(num, "0")
	// The unit is what Money writes behind, or before, a zero.
	return strings.Replace(l.money(0, currency), "0", num, 1)
}

func (l lang) ms(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > 1e15 {
		return term.None
	}
	return term.Duration(time.Duration(x*float64(time.Millisecond)), string(l))
}

func (l lang) rate(x float64) string { return term.Rate(x, string(l)) }

// figure writes a metric's value by its unit.
func (l lang) figure(x float64, unit, currency string) string {
	switch unit {
	case "share":
		return l.pct(x)
	case "ms":
		return l.ms(x)
	case "currency/year":
		return l.perYear(x, currency)
	case "currency", "currency/task":
		return l.price(x, currency)
	}
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return l.count(int(x))
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// span writes the interval of a metric by its unit.
func (l lang) span(e evidence.Estimate, unit, currency string) string {
	switch unit {
	case "share":
		return l.ci(e.Low, e.High)
	case "currency/year":
		return l.money(e.Low, currency) + " – " + l.money(e.High, currency)
	}
	return l.figure(e.Low, unit, currency) + " – " + l.figure(e.High, unit, currency)
}

func (l lang) at(t time.Time) string {
	if t.IsZero() {
		return term.None
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// short abbreviates an id or a digest by its end; the beginning of our ids is
// the time, which neighbours share.
func short(id string) string {
	prefix, rest, found := strings.Cut(id, "_")
	if !found {
		prefix, rest = "", id
	} else {
		prefix += "_"
	}
	if r := []rune(rest); len(r) > 12 {
		return prefix + "…" + string(r[len(r)-8:])
	}
	return id
}

// noSteps is the loop before anything is known of it.
func noSteps() []Step {
	words := []struct{ stage, en, zh string }{
		{gate.Align, "Align", "认知"}, {gate.Prove, "Prove", "验证"}, {gate.Platform, "Build", "建设"},
		{gate.Deepen, "Deepen", "赋能"}, {gate.Organize, "Organize", "变革"}, {gate.Share, "Evolve", "进化"},
	}
	out := make([]Step, len(words))
	for i, w := range words {
		out[i] = Step{Stage: w.stage, Word: text.Text{En: w.en, Zh: w.zh}, State: later}
	}
	return out
}

func onAssumptions(l lang) string { return l.say("⚠ rests on assumptions", "⚠ 含假设") }
