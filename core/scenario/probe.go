package scenario

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/kit/text"
)

// RoleProbes is the role of what a scenario's probes are: their declaration
// and their data, by probe.
const RoleProbes = "probes"

// ProbeFamily is a way in which cases are changed to see what a candidate does.
type ProbeFamily string

// The families.
const (
	ProbeTypos      ProbeFamily = "typos"      // slips of the keyboard, made by rule
	ProbeParaphrase ProbeFamily = "paraphrase" // the same said otherwise, from data
	ProbeLanguage   ProbeFamily = "language"   // the same in another language, from data
	ProbeInjection  ProbeFamily = "injection"  // orders inside the input
	ProbePII        ProbeFamily = "pii"        // personal data beside the question
	ProbeRefusal    ProbeFamily = "refusal"    // to refuse, and not to refuse, from data
)

// Defaults of a probe.
const (
	ProbeCases   = 120 // cases sampled by families that are made by rule
	probeDefault = 1   // variants of a case
)

// Probe is a suite of changed cases: it is measured beside the main
// measurement and never counts as more cases of it.
type Probe struct {
	ID     string      `json:"id"` // the family's name if ""
	Title  text.Text   `json:"title"`
	Family ProbeFamily `json:"family"`
	Suite  string      `json:"suite"` // MainSuite if ""
	// Cases is how many test cases are drawn, by the run's seed; ProbeCases if
	// 0. All rows of File are used.
	Cases int `json:"cases"`
	// Variants is how many changed forms each drawn case gets; 1 if 0. Variants
	// of one case are one cluster.
	Variants int `json:"variants"`
	// File holds what people made: CSV, TSV or JSONL.
	File string `json:"file"`
	// Refusal says how a refusal is recognised; nil is by an empty answer.
	Refusal *ProbeRefusals `json:"refusal,omitempty"`
	// MaxDrop is a bar: right answers on variants may be fewer by less than
	// this share. nil is none.
	MaxDrop *float64 `json:"max_drop,omitempty"`
	// MaxRate is a bar: harm (an order obeyed, personal data repeated, an
	// answer where it should refuse) may befall less than this share.
	MaxRate *float64 `json:"max_rate,omitempty"`
	// MaxOver is a bar: less than this share of what should be answered may be
	// refused.
	MaxOver *float64 `json:"max_over,omitempty"`
}

// ProbeRefusals says how a refusal is recognised, beside an empty answer.
type ProbeRefusals struct {
	// Answers are whole answers that refuse, after normalisation.
	Answers []string `json:"answers"`
	// Patterns are RE2 expressions that a refusing answer contains.
	Patterns []string `json:"patterns"`
	// Below is a confidence, 0 to 1: less sure answers would not be given.
	Below float64 `json:"below"`
}

// Held reports whether the probe has a bar.
func (p Probe) Held() bool { return p.MaxDrop != nil || p.MaxRate != nil || p.MaxOver != nil }

// ProbesHeld reports whether any probe of d has a bar.
func (d *Document) ProbesHeld() bool { return slices.ContainsFunc(d.Probes, Probe.Held) }

// needsFile reports whether a family is made of data, since only people, or a
// model that would have to be checked by them, can make it.
func (f ProbeFamily) needsFile() bool {
	return f == ProbeParaphrase || f == ProbeLanguage || f == ProbeRefusal
}

// harms reports whether the family looks for harm; if not, only for a drop.
func (f ProbeFamily) harms() bool {
	return f == ProbeInjection || f == ProbePII || f == ProbeRefusal
}

func (p *Probe) defaults() {
	p.ID, p.Suite = cmp.Or(p.ID, string(p.Family)), cmp.Or(p.Suite, MainSuite)
	p.Cases, p.Variants = cmp.Or(p.Cases, ProbeCases), cmp.Or(p.Variants, probeDefault)
	if p.Title.IsZero() {
		p.Title = p.Family.Title()
	}
}

// Title names the family.
func (f ProbeFamily) Title() text.Text {
	switch f {
	case ProbeTypos:
		return text.Text{En: "Typos", Zh: "错别字"}
	case ProbeParaphrase:
		return text.Text{En: "Paraphrase", Zh: "换种说法"}
	case ProbeLanguage:
		return text.Text{En: "Language switch", Zh: "切换语言"}
	case ProbeInjection:
		return text.Text{En: "Prompt injection", Zh: "提示词注入"}
	case ProbePII:
		return text.Text{En: "Leak of personal data", Zh: "个人信息泄露"}
	case ProbeRefusal:
		return text.Text{En: "Refusal", Zh: "拒答"}
	}
	return text.Text{En: string(f), Zh: string(f)}
}

// checkProbes holds probes to the rules that the schema cannot state.
func checkProbes(d *Document, wrong func(pointer, en, zh string, args ...any)) {
	suites := map[string]Suite{}
	known := []string{}
	for _, s := range d.AllSuites() {
		suites[s.ID], known = s, append(known, s.ID)
	}
	unique(d.Probes, func(p Probe) string { return p.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/probes/%d", i), "the probe %s stands twice; give one of them an id", "探测 %s 出现了两次；请为其中一个填写 id", id)
	})
	for i, p := range d.Probes {
		at := fmt.Sprintf("/probes/%d", i)
		suite, ok := suites[p.Suite]
		if !ok {
			wrong(at+"/suite", "there is no suite %s; known: %s", "没有用例集 %s；可用：%s", p.Suite, nearestFirst(p.Suite, known))
			continue
		}
		kind := suite.Task.Kind
		switch {
		case kind == TaskTools:
			wrong(at+"/suite", "probes change what is said and read what is answered; the suite %s asks for calls of tools", "探测改动的是提问、检查的是回答；用例集 %s 的任务是调用工具", p.Suite)
		case kind == TaskExtract && (p.Family == ProbeTypos || p.Family == ProbePII || p.Family == ProbeRefusal):
			wrong(at+"/suite", "the suite %s extracts: typos would change what is right, and personal data is what is asked for; use paraphrase, language or injection", "用例集 %s 的任务是抽取：错别字会改变正确答案，个人信息本就要抽取；请用 paraphrase、language 或 injection", p.Suite)
		}
		if p.Family.needsFile() && p.File == "" {
			wrong(at, "the family %s needs a file: only people can make its cases, Landfall cannot", "%s 需要 file：这类用例须由人编写，Landfall 无法生成", p.Family)
		}
		if p.File != "" && (p.Family == ProbeTypos || p.Family == ProbePII) {
			wrong(at+"/file", "the family %s is made by rule and takes no file", "%s 按规则生成，不使用文件", p.Family)
		}
		if p.Refusal != nil && p.Family != ProbeRefusal {
			wrong(at+"/refusal", "refusals are recognised by the family refusal only", "只有 refusal 需要识别拒答")
		}
		if p.MaxRate != nil && !p.Family.harms() {
			wrong(at+"/max_rate", "the family %s looks for no harm; its bar is max_drop", "%s 不检查危害；门槛请用 max_drop", p.Family)
		}
		if p.MaxOver != nil && p.Family != ProbeRefusal {
			wrong(at+"/max_over", "only the family refusal counts what was refused without need", "只有 refusal 统计不该拒答的拒答")
		}
		if p.MaxDrop != nil && p.Family == ProbeRefusal {
			wrong(at+"/max_drop", "refusal has no originals to drop from; its bars are max_rate and max_over", "refusal 没有原用例可比；门槛请用 max_rate 和 max_over")
		}
		if p.Refusal != nil {
			for j, pattern := range p.Refusal.Patterns {
				if _, err := regexp.Compile(pattern); err != nil {
					wrong(at+"/refusal/patterns/"+strconv.Itoa(j), "this is no regular expression (RE2): %s", "不是合法的正则表达式（RE2）：%s", err)
				}
			}
		}
	}
}
