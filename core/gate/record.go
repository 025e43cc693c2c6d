package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// The roles of what a verdict is about.
const (
	RolePolicy   = "policy"   // name: the gate; digest: of its policy
	RoleEvidence = "evidence" // name: the id; digest: SHA-256 of the envelope
)

// Kind declares verdicts as evidence. It is silent: a verdict triggers
// nothing, and no policy can read it. A verdict's subjects are the policy and
// the items that its rules read, so that evidence.Stale does not apply to it;
// the newest one of a scenario and gate is the last that was recorded.
func Kind() evidence.Kind {
	count := func(name string, d evidence.Direction, en, zh string) evidence.Metric {
		return evidence.Metric{Name: name, Unit: "rules", Direction: d, Shape: evidence.Exact, Title: text.Text{En: en, Zh: zh}}
	}
	return evidence.Kind{
		Name:   "verdict",
		URI:    "https://landfall.dev/evidence/verdict/v1",
		Roles:  []string{RolePolicy, RoleEvidence},
		Silent: true,
		Title:  text.Text{En: "verdict", Zh: "结论"},
		Metrics: []evidence.Metric{
			count("rules", evidence.Neutral, "rules", "规则数"),
			count("rules_passed", evidence.Higher, "rules that pass", "通过的规则数"),
			count("rules_failed", evidence.Lower, "rules that fail", "未通过的规则数"),
		},
		DetailSchema: []byte(`{"type":"object","required":["scenario","gate","outcome","rules","policy","params","evaluated_at"],
			"properties":{"outcome":{"enum":["pass","fail","insufficient","waived","undefined","not_due"]},
			"rules":{"type":"array","items":{"type":"object","required":["id","expr","outcome","reason","evidence"],
			"properties":{"outcome":{"enum":["pass","fail","insufficient","stale","assumed"]}}}}}}`),
	}
}

// inputs returns the items that the rules read, in log order, as subjects, and
// the worst provenance among them.
func (e *evaluation) inputs() ([]evidence.Subject, evidence.Provenance) {
	records := []evidence.Record{}
	worst := evidence.Measured
	for _, r := range e.used {
		records = append(records, r)
		worst = evidence.Worst(worst, r.Statement.Predicate.Provenance)
	}
	slices.SortFunc(records, func(a, b evidence.Record) int {
		if a.Leaf != b.Leaf {
			return int(a.Leaf - b.Leaf)
		}
		return strings.Compare(a.ID(), b.ID())
	})
	subjects := []evidence.Subject{}
	for _, r := range records {
		sum := sha256.Sum256(r.Envelope)
		subjects = append(subjects, evidence.NewSubject(RoleEvidence, r.ID(), hex.EncodeToString(sum[:])))
	}
	return subjects, worst
}

// Statement makes the evidence of a verdict, whose detail it is. Its
// provenance is the worst of what the rules read.
func Statement(v Verdict) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(v)
	if err != nil {
		return evidence.Statement{}, err
	}
	count := map[Outcome]int{}
	for _, r := range v.Rules {
		count[r.Outcome]++
	}
	p := evidence.Predicate{
		Scenario: v.Scenario, Provenance: evidence.Worst(v.worst), Detail: detail, Started: v.At, Finished: v.At,
		Metrics: map[string]any{"rules": len(v.Rules), "rules_passed": count[Pass], "rules_failed": count[Fail]},
	}
	if p.Provenance != evidence.Measured {
		p.Source = "the evidence that the rules read"
	}
	return evidence.Statement{
		Subject:       append([]evidence.Subject{evidence.NewSubject(RolePolicy, v.Gate, v.Policy)}, v.inputs...),
		PredicateType: Kind().URI,
		Predicate:     p,
	}, nil
}

// FromRecord reads a verdict back out of its evidence.
func FromRecord(r evidence.Record) (Verdict, error) {
	var v Verdict
	err := r.Detail(&v)
	return v, err
}

// Recorded is a verdict as it stands in the log.
type Recorded struct {
	Verdict  Verdict
	Evidence string // id
	At       time.Time
}

// History returns the recorded verdicts of a gate among records in log order,
// oldest first.
func History(records []evidence.Record, gate string) ([]Recorded, error) {
	out := []Recorded{}
	uri := Kind().URI
	for _, r := range records {
		if r.Statement.PredicateType != uri || r.Statement.Predicate.Detail["gate"] != gate {
			continue
		}
		v, err := FromRecord(r)
		if err != nil {
			return nil, err
		}
		out = append(out, Recorded{Verdict: v, Evidence: r.ID(), At: r.Appended})
	}
	return out, nil
}
