package gate

import (
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// Verdict is what a gate decides, with its reasons. Its JSON form is stable:
// fields are only ever added.
type Verdict struct {
	Scenario string  `json:"scenario"`
	Gate     string  `json:"gate"`
	Outcome  Outcome `json:"outcome"`
	// Reason is set where no rule gives one: undefined and not due.
	Reason *Reason      `json:"reason,omitempty"`
	Rules  []RuleResult `json:"rules"` // in the order of the policy
	Policy string       `json:"policy"`
	// Params are the parameters that the rules read, with their values.
	Params map[string]any `json:"params"`
	At     time.Time      `json:"evaluated_at"`

	inputs []evidence.Subject
	worst  evidence.Provenance
}

// RuleResult is what became of one rule.
type RuleResult struct {
	ID      string    `json:"id"`
	Title   text.Text `json:"title"`
	Expr    string    `json:"expr"`
	Outcome Outcome   `json:"outcome"`
	Reason  Reason    `json:"reason"`
	Method  text.Text `json:"method"`
	// Fix says what to do; empty if the rule passed.
	Fix text.Text `json:"fix"`
	// Readings are the figures that the rule read, in the order of its text.
	Readings []Reading `json:"readings"`
	// Evidence lists the ids of the items that were read, in log order; of a
	// stale rule, the newest item of each kind that would have been.
	Evidence []string `json:"evidence"`
	// Assumed is true if a figure that was read rests on assumptions, whether
	// or not the rule allows it.
	Assumed bool `json:"assumed"`
	// Waived is the waiver under which the rule does not block the gate. The
	// outcome stays what was measured.
	Waived *Waiver `json:"waived,omitempty"`
}

// Reading is a figure that a rule read.
type Reading struct {
	Metric string    `json:"metric"` // with its kind: "poc.recommended.accuracy"
	Title  text.Text `json:"title"`
	Unit   string    `json:"unit"`
	// Field is the part of an estimate that was read: low, high, …; empty for
	// an exact metric, and if the rule asked only whether the metric is there.
	Field string `json:"field,omitempty"`
	// Value is what was read as a number; nil for method and for has().
	Value    *float64            `json:"value,omitempty"`
	Estimate *evidence.Estimate  `json:"estimate,omitempty"` // of an estimated metric, whole
	Op       string              `json:"op,omitempty"`       // of a simple comparison: >=, <, …
	Allowed  *float64            `json:"allowed,omitempty"`  // its bar
	Evidence string              `json:"evidence"`           // id
	From     evidence.Provenance `json:"provenance"`
	Assumed  bool                `json:"assumed"`
	// AgeSeconds since it was measured, when the verdict was given.
	AgeSeconds int64 `json:"age_seconds"`
	// More is about how many further cases would carry the bound over the
	// bar if the value stayed what it is, or the count to it; nil if it does
	// not apply, or if no number would.
	More *int `json:"more_cases,omitempty"`
}

// Reason says why an outcome is what it is, in both languages.
type Reason struct {
	Code   string            `json:"code"`
	Params map[string]string `json:"params,omitempty"`
	Text   text.Text         `json:"text"`
}

// Blocking returns the rules that did not pass and are not waived: those that failed first, each
// group in the order of the policy.
func (v Verdict) Blocking() []RuleResult {
	out := []RuleResult{}
	for _, r := range v.Rules {
		if r.Outcome == Fail && r.Waived == nil {
			out = append(out, r)
		}
	}
	for _, r := range v.Rules {
		if r.Outcome != Fail && r.Outcome != Pass && r.Waived == nil {
			out = append(out, r)
		}
	}
	return out
}

// Same reports whether two verdicts of a gate have the same outcome, of the
// gate and of every rule, and the same rules waived. Only a verdict that is not the same is news.
func (v Verdict) Same(o Verdict) bool {
	if v.Scenario != o.Scenario || v.Gate != o.Gate || v.Outcome != o.Outcome || len(v.Rules) != len(o.Rules) {
		return false
	}
	type state struct {
		outcome Outcome
		waived  bool
	}
	states := map[string]state{}
	for _, r := range v.Rules {
		states[r.ID] = state{r.Outcome, r.Waived != nil}
	}
	for _, r := range o.Rules {
		if states[r.ID] != (state{r.Outcome, r.Waived != nil}) {
			return false
		}
	}
	return true
}
