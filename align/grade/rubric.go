package grade

import (
	"slices"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Question is one attribute of the work with the answers that it may have.
type Question struct {
	ID      string         `json:"id"` // the field in scenario.yaml
	Text    text.Text      `json:"text"`
	Options []RubricOption `json:"options"` // the least demanding first
	// Effect says what an answer moves where it is not the level; zero for
	// questions that have floors.
	Effect text.Text `json:"effect"`

	get func(scenario.Rubric) string
	set func(*scenario.Rubric, string)
}

// RubricOption is one answer.
type RubricOption struct {
	ID    string         `json:"id"`
	Text  text.Text      `json:"text"`
	Floor scenario.Level `json:"floor,omitempty"` // the least level that suffices; "" sets none
}

// Answer returns what r answers; "" if it does not.
func (q Question) Answer(r scenario.Rubric) string { return q.get(r) }

// Set puts an answer into r.
func (q Question) Set(r *scenario.Rubric, answer string) { q.set(r, answer) }

// Option returns the option with that id.
func (q Question) Option(id string) (RubricOption, bool) {
	i := slices.IndexFunc(q.Options, func(o RubricOption) bool { return o.ID == id })
	if i < 0 {
		return RubricOption{}, false
	}
	return q.Options[i], true
}

// Questions returns the rubric of scenario.RubricVersion. The rubric is our
// own proposal: no published standard of the three levels is known to us.
func Questions() []Question {
	opt := func(id string, floor scenario.Level, en, zh string) RubricOption {
		return RubricOption{ID: id, Floor: floor, Text: text.Text{En: en, Zh: zh}}
	}
	return []Question{
		{ID: "input", Text: text.Text{En: "What does a request consist of?", Zh: "请求由什么构成？"},
			get: func(r scenario.Rubric) string { return r.Input }, set: func(r *scenario.Rubric, s string) { r.Input = s },
			Options: []RubricOption{
				opt("text", scenario.L1, "plain text", "纯文本"),
				opt("documents", scenario.L2, "text with tables, or documents that have a text layer", "文本加表格，或带文字层的文档"),
				opt("media", scenario.L3, "images, audio, video or scans", "图像、音频、视频或扫描件"),
			}},
		{ID: "output", Text: text.Text{En: "What must come out?", Zh: "要产出什么？"},
			get: func(r scenario.Rubric) string { return r.Output }, set: func(r *scenario.Rubric, s string) { r.Output = s },
			Options: []RubricOption{
				opt("text", scenario.L1, "free text, or a label from a closed list", "自由文本，或固定列表中的一个标签"),
				opt("json", scenario.L2, "a structure with two or more fields, or arguments of a tool", "两个及以上字段的结构化结果，或工具调用参数"),
				opt("decision", scenario.L3, "a decision with its evidence", "附带依据的决策"),
			}},
		{ID: "autonomy", Text: text.Text{En: "What happens with the output?", Zh: "产出之后谁来用？"},
			get: func(r scenario.Rubric) string { return r.Autonomy }, set: func(r *scenario.Rubric, s string) { r.Autonomy = s },
			Options: []RubricOption{
				opt("informs", scenario.L1, "it informs a person, who does the work", "供人参考，事情由人来办"),
				opt("drafts", scenario.L2, "it drafts, and a person approves", "由系统起草，人工审核后生效"),
				opt("acts", scenario.L3, "it acts, or is used without review", "直接执行，或不经审核就使用"),
			}},
		{ID: "knowledge", Text: text.Text{En: "Where does the knowledge come from?", Zh: "所需知识从哪里来？"},
			get: func(r scenario.Rubric) string { return r.Knowledge }, set: func(r *scenario.Rubric, s string) { r.Knowledge = s },
			Options: []RubricOption{
				opt("prompt", scenario.L1, "from the prompt, or one passage", "提示词里就有，或只需一段资料"),
				opt("sources", scenario.L2, "found in several sources", "需要检索多个来源"),
				opt("reasoning", scenario.L3, "reasoning across sources that may contradict each other", "跨来源推理，资料之间可能互相矛盾"),
			}},
		{ID: "risk", Text: text.Text{En: "What does one wrong answer do?", Zh: "答错一次会怎样？"},
			Effect: text.Text{En: "sets the bar, the review and the error that the test may make; never the level", Zh: "决定门槛、复核方式和检验允许的错误率，不影响级别"},
			get:    func(r scenario.Rubric) string { return r.Risk }, set: func(r *scenario.Rubric, s string) { r.Risk = s },
			Options: []RubricOption{
				opt("low", "", "annoys, and is put right at once", "带来不便，当场可以纠正"),
				opt("medium", "", "costs money or a customer's trust", "造成经济损失或失去客户信任"),
				opt("high", "", "harms people, breaks a law, or cannot be undone", "伤及人身、违反法规，或无法挽回"),
			}},
		{ID: "latency", Text: text.Text{En: "How soon is the answer needed?", Zh: "多久之内要有结果？"},
			Effect: text.Text{En: "sets the bar on response time only", Zh: "只影响响应时间的门槛"},
			get:    func(r scenario.Rubric) string { return r.Latency }, set: func(r *scenario.Rubric, s string) { r.Latency = s },
			Options: []RubricOption{
				opt("batch", "", "minutes or more: nobody waits", "几分钟以上：没有人在等"),
				opt("interactive", "", "seconds: a person waits", "几秒：有人在等"),
				opt("realtime", "", "well below a second: a conversation or a machine waits", "远低于一秒：通话或设备在等"),
			}},
	}
}

// Floor is what a rubric's answers add up to.
type Floor struct {
	Version string         `json:"version"`
	By      string         `json:"by"`
	Level   scenario.Level `json:"level"` // "" if no question with a floor was answered
	// Drivers are the answers that decided, as "input=media".
	Drivers []string `json:"drivers"`
	// Open are the questions with a floor that nobody answered: Level is then
	// a least one.
	Open []string `json:"open"`
	Risk string   `json:"risk"` // "" if not answered
}

// FloorOf returns the level that r asks for: the highest floor of its answers,
// so that one hard need cannot be averaged away. Risk and latency have no say
// in it.
func FloorOf(r scenario.Rubric) Floor {
	f := Floor{Version: r.Version, By: r.By, Drivers: []string{}, Open: []string{}, Risk: r.Risk}
	if f.Version == "" {
		f.Version = scenario.RubricVersion
	}
	for _, q := range Questions() {
		o, answered := q.Option(q.Answer(r))
		switch {
		case q.Options[0].Floor == "":
		case !answered:
			f.Open = append(f.Open, q.ID)
		case o.Floor > f.Level:
			f.Level, f.Drivers = o.Floor, []string{q.ID + "=" + o.ID}
		case o.Floor == f.Level:
			f.Drivers = append(f.Drivers, q.ID+"="+o.ID)
		}
	}
	return f
}

// AlphaFor is the one-sided error that a grading may make where one wrong
// answer does what risk says: Alpha, and a fifth of it where harm is done.
func AlphaFor(risk string) float64 {
	if risk == "high" {
		return Alpha / 5
	}
	return Alpha
}

// riskAlpha is the least error that the risk of any slice allows.
func riskAlpha(in []Slice) float64 {
	alpha := Alpha
	for _, s := range in {
		if s.Rubric != nil {
			alpha = min(alpha, AlphaFor(s.Rubric.Risk))
		}
	}
	return alpha
}

// spent is the error of a grading as a whole: its measurement's part of what
// the risk allows.
func spent(in []Slice, m poc.Measurement) float64 { return m.AlphaSpent() * (riskAlpha(in) / Alpha) }

// Agreement is how far two raters agree on one question, or on the level.
type Agreement struct {
	Question string `json:"question"` // "level" for what the answers add up to
	N        int    `json:"n"`        // items that both answered
	Same     int    `json:"same"`
	// Kappa is Cohen's, unweighted, with its interval at poc.Level.
	Kappa float64 `json:"kappa"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Agree compares the answers of two raters to the same items, in the same
// order, question by question and for the level. Items that either left open
// are left out, and so is a question that nobody answered twice.
func Agree(a, b []scenario.Rubric) []Agreement {
	labels := []struct {
		id  string
		get func(scenario.Rubric) string
	}{{"level", func(r scenario.Rubric) string { return string(FloorOf(r).Level) }}}
	for _, q := range Questions() {
		labels = append(labels, struct {
			id  string
			get func(scenario.Rubric) string
		}{q.ID, q.Answer})
	}
	out := []Agreement{}
	for _, l := range labels {
		var x, y []string
		at := Agreement{Question: l.id}
		for i := range min(len(a), len(b)) {
			p, q := l.get(a[i]), l.get(b[i])
			if p == "" || q == "" {
				continue
			}
			x, y = append(x, p), append(y, q)
			if p == q {
				at.Same++
			}
		}
		if at.N = len(x); at.N == 0 {
			continue
		}
		k := stats.Kappa(table(x, y), stats.Identity, poc.Level)
		at.Kappa, at.Low, at.High = k.Kappa, k.Low, k.High
		out = append(out, at)
	}
	return out
}

// table counts how often the first rater said one thing and the second another.
func table(a, b []string) [][]int {
	kinds := slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
	out := make([][]int, len(kinds))
	for i := range out {
		out[i] = make([]int, len(kinds))
	}
	for i := range a {
		out[slices.Index(kinds, a[i])][slices.Index(kinds, b[i])]++
	}
	return out
}
