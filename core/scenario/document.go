package scenario

import (
	"encoding/json"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// APIVersion is the only document version so far.
const APIVersion = "landfall/v1"

// FileName is the document's name in a scenario folder.
const FileName = "scenario.yaml"

// Level is what the work needs, or what a slice's cases test.
type Level string

// The levels.
const (
	L1 Level = "L1" // simple Q&A: the right answer
	L2 Level = "L2" // structured output: the right filled structure
	L3 Level = "L3" // multimodal decision: the right decision
)

// Document is a scenario as its folder states it. The JSON Schema in
// schema.json is the contract; this struct is what it decodes to.
type Document struct {
	APIVersion string       `json:"apiVersion"`
	Slug       string       `json:"slug"`
	Title      text.Text    `json:"title"`
	Summary    text.Text    `json:"summary"`
	Owner      Owner        `json:"owner"`
	Declared   Declared     `json:"declared"`
	Data       dataset.Spec `json:"data"`
	Task       Task         `json:"task"`
	Suites     []Suite      `json:"suites"`
	Endpoints  Endpoints    `json:"endpoints"`
	Slices     []Slice      `json:"slices"`
	Traffic    Traffic      `json:"traffic"`
	Targets    Targets      `json:"targets"`
	Candidates []Candidate  `json:"candidates"`
	Costs      Costs        `json:"costs"`
	Lifecycle  *Lifecycle   `json:"lifecycle,omitempty"`
	Probes     []Probe      `json:"probes,omitempty"`
	Run        RunOptions   `json:"run"`
	Expect     *Expect      `json:"expect,omitempty"`

	kept bool // see Reading
}

// Owner is who answers for the scenario.
type Owner struct {
	Name string `json:"name"`
	Team string `json:"team"`
}

// Declared is the level that the owner says the work needs.
type Declared struct {
	Level  Level     `json:"level"`
	Reason text.Text `json:"reason"`
	// Rubric is how they came to it; nil if nobody answered. Where it asks for
	// another level, grading reports both.
	Rubric *Rubric `json:"rubric,omitempty"`
}

// Slice is a named subset of cases and of traffic.
type Slice struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
	// Level is the level of resolution that the slice's cases test.
	Level Level `json:"level"`
	// Accuracy is the slice's own bar; Targets.Accuracy if 0.
	Accuracy float64 `json:"accuracy"`
	// Declared is nil if the slice is declared as the scenario is.
	Declared *SliceDeclared `json:"declared,omitempty"`
}

// Traffic says how often each slice occurs, apart from the cases: test cases
// are rarely sampled in proportion to traffic.
type Traffic struct {
	// File is a CSV with the columns slice and requests: counts of a sample.
	// A file that another system exported is imported; without one every
	// slice's share follows its test cases and is assumed.
	File string `json:"file"`
	// Source names the system that counted.
	Source string `json:"source"`
	// PerYear is the yearly number of requests.
	PerYear Amount `json:"per_year"`
}

// Targets are the bars that candidates are held to.
type Targets struct {
	Accuracy    float64   `json:"accuracy"` // share of correct resolutions, 0 to 1
	AccuracyWhy text.Text `json:"accuracy_why"`
	// LatencyP95Ms is a hard limit on p95 service time; 0 is none.
	LatencyP95Ms float64 `json:"latency_p95_ms"`
	// CostPerTask is a hard limit in Costs.Currency as a decimal; "" is none.
	CostPerTask string `json:"cost_per_task"`
	// Interpretability is the least class allowed: opaque (all), traceable, transparent.
	Interpretability string `json:"interpretability"`
	// ProvenShare is the share of traffic that must be proven for the align
	// gate to pass; 0.5 if 0.
	ProvenShare float64 `json:"proven_share"`
	// Economics derives a bar to set beside Accuracy; nil if nobody stated it.
	Economics *Economics `json:"economics,omitempty"`
}

// Amount is a number that may be uncertain: Value alone, or P10, P50 and P90.
type Amount struct {
	Value  *float64 `json:"value,omitempty"`
	P10    *float64 `json:"p10,omitempty"`
	P50    *float64 `json:"p50,omitempty"`
	P90    *float64 `json:"p90,omitempty"`
	Source string   `json:"source,omitempty"`
	// Imported is set on amounts that were read from an exported file.
	Imported bool `json:"-"`
}

// Provenance of an amount: imported from a file, else assumed.
func (a Amount) Provenance() evidence.Provenance {
	if a.Imported {
		return evidence.Imported
	}
	return evidence.Assumed
}

// UnmarshalJSON takes a bare number as the value.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var v float64
	if json.Unmarshal(b, &v) == nil {
		*a = Amount{Value: &v}
		return nil
	}
	type plain Amount
	return json.Unmarshal(b, (*plain)(a))
}

// IsZero reports whether nothing was stated.
func (a Amount) IsZero() bool { return a.Value == nil && a.P50 == nil }

// Mid returns the value, or the median of the range; 0 if nothing was stated.
func (a Amount) Mid() float64 {
	switch {
	case a.Value != nil:
		return *a.Value
	case a.P50 != nil:
		return *a.P50
	}
	return 0
}

// Range returns P10 and P90, or the value twice.
func (a Amount) Range() (low, high float64) {
	if a.P10 != nil && a.P90 != nil {
		return *a.P10, *a.P90
	}
	return a.Mid(), a.Mid()
}

// Costs are the scenario's cost lines. Amounts that are typed in are assumed;
// amounts from a file that another system exported are imported.
type Costs struct {
	Currency string `json:"currency"` // ISO 4217
	// File is a CSV with the columns line and amount, or line, p10, p50, p90.
	File string `json:"file"`
	// Source names the system that exported File.
	Source string     `json:"source"`
	Lines  []CostLine `json:"lines"`
}

// CostLine is one thing that is paid for.
type CostLine struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
	// For is the candidate id or the rung that causes the cost; "" is the
	// scenario as a whole, whatever serves it.
	For string `json:"for"`
	// Per is task, year, or once (spread over Years).
	Per    string  `json:"per"`
	Years  float64 `json:"years"`
	Amount Amount  `json:"amount"`
}

// RunOptions bound a run.
type RunOptions struct {
	Concurrency int    `json:"concurrency"` // cases in flight per candidate; 8 if 0
	Seed        uint64 `json:"seed"`
	// Spend is the most that the calls of one run may cost in
	// Costs.Currency, as a decimal; "" is no limit.
	Spend string `json:"spend"`
}

// Expect states the verdict that an example should reach; a test holds it to
// that and `run` says when it differs.
type Expect struct {
	Align  string            `json:"align"`
	Prove  string            `json:"prove"`
	Slices map[string]string `json:"slices"`
	Exit   *int              `json:"exit"`
}

// Bar returns the accuracy that slice s is held to.
func (d *Document) Bar(s Slice) float64 {
	if s.Accuracy > 0 {
		return s.Accuracy
	}
	return d.Targets.Accuracy
}

// The roles of a scenario's bindings.
const (
	RoleDataset   = "dataset"
	RoleCandidate = "candidate"
	RoleTargets   = "targets"
	RoleTraffic   = "traffic"
	RoleCosts     = "costs"
	RoleQuality   = "quality-policy"
)

// Bind returns what d is bound to, given the digests of its dataset versions
// by suite, of its traffic sample ("" without one) and of each candidate by id.
// Title, owner and tool version bind nothing.
func (d *Document) Bind(datasets map[string]string, trafficDigest string, candidates map[string]string) (evidence.Bindings, error) {
	targets, costs := d.Targets, Costs{Currency: d.Costs.Currency, Source: d.Costs.Source}
	targets.AccuracyWhy = text.Text{}
	imported := []string{} // evidence that rests on imported amounts is none on typed ones
	for _, l := range d.Costs.Lines {
		l.Title = text.Text{}
		costs.Lines = append(costs.Lines, l)
		if l.Amount.Imported {
			imported = append(imported, l.ID)
		}
	}
	b := evidence.Bindings{
		RoleDataset:   datasets,
		RoleCandidate: candidates,
	}
	held := map[string]any{"targets": targets, "slices": d.bars(), "declared": d.Declared.Level}
	if rs := d.rubrics(); len(rs) > 0 {
		answers := map[string]Rubric{}
		for at, r := range rs {
			x := *r
			x.By = "" // who answered binds nothing, as the owner does
			answers[at] = x
		}
		held["rubrics"] = answers
	}
	for role, v := range map[string]any{
		RoleTargets: held,
		RoleTraffic: map[string]any{"sample": trafficDigest, "source": d.Traffic.Source, "per_year": d.Traffic.PerYear},
		RoleCosts:   d.bindLifecycle(d.bindDetect(map[string]any{"costs": costs, "imported": imported})),
		RoleQuality: d.qualityPolicies(),
	} {
		digest, err := evidence.Digest(v)
		if err != nil {
			return nil, err
		}
		b[role] = map[string]string{role: digest}
	}
	return b, nil
}

// bindDetect adds what errors of detections cost, where somebody stated it.
func (d *Document) bindDetect(costs map[string]any) map[string]any {
	of := map[string]Detect{}
	for _, s := range d.AllSuites() {
		if s.Task.Detect != nil {
			of[s.ID] = *s.Task.Detect
		}
	}
	if len(of) > 0 {
		costs["detect"] = of
	}
	return costs
}

// Subjects returns the subjects of b in the given roles, sorted by role and
// name: what evidence of a kind with these roles must name.
func Subjects(b evidence.Bindings, roles ...string) []evidence.Subject {
	var out []evidence.Subject
	for _, role := range roles {
		for _, name := range sortedKeys(b[role]) {
			out = append(out, evidence.NewSubject(role, name, b[role][name]))
		}
	}
	return out
}

// qualityPolicies is the policy of the main suite alone, or of every suite by id.
func (d *Document) qualityPolicies() any {
	if len(d.Suites) == 0 {
		return d.Data.Quality
	}
	out := map[string]any{}
	for _, s := range d.AllSuites() {
		out[s.ID] = s.Data.Quality
	}
	return out
}

// bars returns what each slice is held to, by id.
func (d *Document) bars() map[string]any {
	out := map[string]any{}
	for _, s := range d.Slices {
		bar := map[string]any{"level": s.Level, "accuracy": d.Bar(s)}
		if s.Declared != nil && s.Declared.Level != "" {
			bar["declared"] = s.Declared.Level
		}
		out[s.ID] = bar
	}
	return out
}
