package gate

import (
	"slices"

	"github.com/landfall-ai/landfall/kit/text"
)

// Outcome is the result of a rule or of a gate.
type Outcome string

// The outcomes. A rule ends in one of the first five, a gate in pass, fail,
// insufficient, waived, undefined or not_due.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Insufficient Outcome = "insufficient" // evidence is absent, or the rule could not be evaluated
	Stale        Outcome = "stale"        // there is evidence, but none is current
	Assumed      Outcome = "assumed"      // the rule would hold, but on figures that were typed in
	Waived       Outcome = "waived"       // a gate whose rules that do not pass were all waived
	Undefined    Outcome = "undefined"    // a gate without rules: it was never passed
	NotDue       Outcome = "not_due"      // an organisation gate that does not concern anybody yet
)

// Passed reports whether a gate with this outcome lets the scenario through:
// by measurement or on somebody's responsibility.
func (o Outcome) Passed() bool { return o == Pass || o == Waived }

// Title returns the outcome in words.
func (o Outcome) Title() text.Text {
	switch o {
	case Pass:
		return text.Text{En: "pass", Zh: "通过"}
	case Fail:
		return text.Text{En: "fail", Zh: "未通过"}
	case Insufficient:
		return text.Text{En: "insufficient", Zh: "证据不足"}
	case Stale:
		return text.Text{En: "stale", Zh: "已过时，需复测"}
	case Assumed:
		return text.Text{En: "assumed", Zh: "基于假设"}
	case Waived:
		return text.Text{En: "passed by waiver", Zh: "例外放行"}
	case Undefined:
		return text.Text{En: "undefined", Zh: "未定义"}
	case NotDue:
		return text.Text{En: "not due", Zh: "尚未到期"}
	}
	return text.Text{En: string(o), Zh: string(o)}
}

// The gates, one for each stage.
const (
	Align    = "align"
	Prove    = "prove"
	Platform = "platform"
	Deepen   = "deepen"
	Organize = "organize"
	Share    = "share"
)

// Names returns all gates in the order of the stages.
func Names() []string { return []string{Align, Prove, Platform, Deepen, Organize, Share} }

// Organisation reports whether the gate is one of the whole organisation,
// which is not due before the organisation has grown to it.
func Organisation(gate string) bool {
	return slices.Contains([]string{Platform, Organize, Share}, gate)
}

// Title returns the name of a gate in both languages.
func Title(gate string) text.Text {
	switch gate {
	case Align:
		return text.Text{En: "align gate", Zh: "认知对齐门禁"}
	case Prove:
		return text.Text{En: "prove gate", Zh: "技术验证门禁"}
	case Platform:
		return text.Text{En: "platform gate", Zh: "平台建设门禁"}
	case Deepen:
		return text.Text{En: "deepen gate", Zh: "场景深耕门禁"}
	case Organize:
		return text.Text{En: "organize gate", Zh: "组织变革门禁"}
	case Share:
		return text.Text{En: "share gate", Zh: "生态构建门禁"}
	}
	return text.Text{En: gate, Zh: gate}
}

// gateOutcome combines the outcomes of a gate's rules: fail if any rule fails,
// else insufficient if any does not pass, else pass; without rules undefined.
// A rule that is waived does not count, but makes a pass waived.
func gateOutcome(rules []RuleResult) Outcome {
	if len(rules) == 0 {
		return Undefined
	}
	out := Pass
	for _, r := range rules {
		switch {
		case r.Outcome == Pass:
		case r.Waived != nil:
			if out == Pass {
				out = Waived
			}
		case r.Outcome == Fail:
			return Fail
		default:
			out = Insufficient
		}
	}
	return out
}
