package evidence

import "time"

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
}

// ID returns the id of the evidence.
func (r Record) ID() string { return r.Statement.Predicate.ID }

// Bindings maps role to subject name to hex SHA-256: what a scenario is bound
// to now. Evidence whose subjects differ in a role that its kind declares is
// stale.
type Bindings map[string]map[string]string
