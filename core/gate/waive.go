package gate

import (
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// Waiver lets a gate be passed although a rule of it does not, on the
// responsibility of the one who approved it. What was measured stays what it
// is.
type Waiver struct {
	ID       string    `json:"waiver"`
	Gate     string    `json:"gate"`
	Rule     string    `json:"rule"`
	Why      string    `json:"why"`
	Until    time.Time `json:"until"`
	Asked    Who       `json:"requested_by"`
	Approved Who       `json:"approved_by"` // never the same person as Asked
	// Withdrawn is true in the item that takes it back.
	Withdrawn bool `json:"withdrawn"`
}

// Who is a person by id and by the name that they had then.
type Who struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// WaiverKind declares waivers as evidence. The newest item about a waiver in
// log order says whether it holds. Its subject is the policy that it makes an
// exception from; another policy does not end it, since rules keep their ids.
func WaiverKind() evidence.Kind {
	return evidence.Kind{
		Name: "waiver", URI: "https://landfall.dev/evidence/waiver/v1", Roles: []string{RolePolicy},
		Title: text.Text{En: "waiver", Zh: "豁免"},
		DetailSchema: []byte(`{"type":"object","required":["waiver","gate","rule","why","until","requested_by","approved_by","withdrawn"],
			"properties":{"waiver":{"type":"string"},"gate":{"type":"string"},"rule":{"type":"string"},"why":{"type":"string","minLength":1},
			"until":{"type":"string"},"withdrawn":{"type":"boolean"}}}`),
	}
}

// WaiverStatement makes the evidence of a waiver, for a policy of that digest.
func WaiverStatement(scenario string, w Waiver, policy string, at time.Time) (evidence.Statement, error) {
	detail, err := evidence.DetailOf(w)
	if err != nil {
		return evidence.Statement{}, err
	}
	// A waiver rests on somebody's word.
	return evidence.Statement{Subject: []evidence.Subject{evidence.NewSubject(RolePolicy, w.Gate, policy)}, PredicateType: WaiverKind().URI,
		Predicate: evidence.Predicate{Scenario: scenario, Provenance: evidence.Assumed, Source: w.Approved.Name, Detail: detail, Started: at, Finished: at}}, nil
}

// waivers returns the waivers of a gate that hold at that time, by rule. Of
// several for one rule the one that holds longest counts.
func waivers(records []evidence.Record, gate string, now time.Time) map[string]Waiver {
	last := map[string]Waiver{}
	uri := WaiverKind().URI
	for _, r := range records {
		if r.Statement.PredicateType != uri || r.Statement.Predicate.Exploratory {
			continue
		}
		var w Waiver
		if err := r.Detail(&w); err != nil || w.ID == "" {
			continue // what cannot be read waives nothing
		}
		last[w.ID] = w
	}
	out := map[string]Waiver{}
	for _, w := range last {
		if w.Withdrawn || w.Gate != gate || !now.Before(w.Until) || w.Asked.ID == w.Approved.ID || w.Approved.ID == "" {
			continue
		}
		if old, ok := out[w.Rule]; !ok || w.Until.After(old.Until) || w.Until.Equal(old.Until) && w.ID < old.ID {
			out[w.Rule] = w
		}
	}
	return out
}
