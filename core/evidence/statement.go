package evidence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// StatementType is the in-toto Statement v1 type
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md).
const StatementType = "https://in-toto.io/Statement/v1"

// Statement says what was measured about which subjects. It holds aggregates
// and digests, never the text of a case, so that personal data can be erased
// without touching evidence.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"` // the kind's URI
	Predicate     Predicate `json:"predicate"`
}

// Subject is one thing that the evidence is about.
type Subject struct {
	Name        string            `json:"name"`
	Digest      map[string]string `json:"digest"` // {"sha256": hex}
	Annotations Annotations       `json:"annotations"`
}

// Annotations carries the role in which a subject was measured.
type Annotations struct {
	Role string `json:"role"`
}

// NewSubject names a subject by role, name and hex SHA-256.
func NewSubject(role, name, sha256 string) Subject {
	return Subject{Name: name, Digest: map[string]string{"sha256": sha256}, Annotations: Annotations{Role: role}}
}

// Role returns the subject's role.
func (s Subject) Role() string { return s.Annotations.Role }

// SHA256 returns the subject's digest in hex.
func (s Subject) SHA256() string { return s.Digest["sha256"] }

// Provenance says how a figure came about. The worst input wins.
type Provenance string

// The provenances, best first.
const (
	Measured Provenance = "measured" // by Landfall
	Imported Provenance = "imported" // measured by a named other system
	Assumed  Provenance = "assumed"  // typed in
)

// Worst returns the worst of ps: assumed, else imported, else measured.
func Worst(ps ...Provenance) Provenance {
	w := Measured
	for _, p := range ps {
		if p == Assumed || (p == Imported && w == Measured) {
			w = p
		}
	}
	return w
}

// Predicate is the body of a statement.
type Predicate struct {
	ID          string     `json:"id"` // ev_…
	Scenario    string     `json:"scenario"`
	Exploratory bool       `json:"exploratory"`
	Supersedes  string     `json:"supersedes,omitempty"`
	Provenance  Provenance `json:"provenance"`
	// Source names the other system, or the person, unless measured.
	Source string `json:"source,omitempty"`
	Run    string `json:"run,omitempty"`
	Tool   string `json:"tool"` // "landfall/VERSION"
	// Metrics is a tree: a metric declared as "recommended.accuracy" stands
	// at metrics.recommended.accuracy. Leaves are numbers (exact) or
	// Estimate objects.
	Metrics map[string]any `json:"metrics"`
	// Detail is what the kind's JSON Schema describes: the tables behind the
	// metrics, for people and for reports. No gate reads it.
	Detail map[string]any `json:"detail,omitempty"`
	// Assumed lists the metrics whose inputs were (partly) typed in.
	Assumed  []string  `json:"assumed,omitempty"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Appended is when the log took it. Append sets it.
	Appended time.Time `json:"appended"`
}

// Estimate is the value of a metric that was estimated from a sample.
type Estimate struct {
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	N      int     `json:"n"`
	Method string  `json:"method"` // "clopper-pearson", "order-statistic", …
	Level  float64 `json:"level"`  // of the two-sided interval, 0 to 1
}

// Record is an item of evidence as it stands in the log.
type Record struct {
	Leaf      int64     // position in the log, from 0
	LeafHash  string    // hex
	Statement Statement // decoded from the envelope
	Envelope  []byte    // DSSE, as signed and hashed
	Appended  time.Time
	// SupersededBy is the id of the evidence that corrects this one; "" if none.
	SupersededBy string
}

// ID returns the id of the evidence.
func (r Record) ID() string { return r.Statement.Predicate.ID }

// DetailOf returns v as the detail of a statement: what its JSON holds.
func DetailOf(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a detail of %T: %w", v, err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("decode a detail of %T: %w", v, err)
	}
	return out, nil
}

// Detail reads what DetailOf was given back into v, a pointer.
func (r Record) Detail(v any) error {
	raw, err := json.Marshal(r.Statement.Predicate.Detail)
	if err != nil {
		return fmt.Errorf("encode detail of %s: %w", r.ID(), err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode detail of %s: %w", r.ID(), err)
	}
	return nil
}

// Exact returns the value of an exact metric by its dotted name; false if it
// is absent or an estimate.
func (r Record) Exact(name string) (float64, bool) {
	v, ok := metricAt(r.Statement.Predicate.Metrics, name)
	if !ok {
		return 0, false
	}
	f, ok := v.(float64)
	return f, ok
}

// Estimate returns an estimated metric by its dotted name; false if it is
// absent or exact.
func (r Record) Estimate(name string) (Estimate, bool) {
	v, ok := metricAt(r.Statement.Predicate.Metrics, name)
	if !ok {
		return Estimate{}, false
	}
	e, why := readEstimate(v)
	return e, why.IsZero()
}

// MetricTree builds the tree that Predicate.Metrics holds from dotted names.
// A name that another one passes through is overwritten; a kind never declares
// such a pair.
func MetricTree(byName map[string]any) map[string]any {
	root := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		at, parts := root, strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = byName[name]
	}
	return root
}

func metricAt(tree map[string]any, name string) (any, bool) {
	first, rest, deeper := strings.Cut(name, ".")
	v, ok := tree[first]
	if !deeper || !ok {
		return v, ok
	}
	under, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return metricAt(under, rest)
}

// Bindings maps role to subject name to hex SHA-256: what a scenario is bound
// to now. Evidence whose subjects differ in a role that its kind declares is
// stale.
type Bindings map[string]map[string]string
