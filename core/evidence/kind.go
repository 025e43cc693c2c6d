package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// Shape tells how a metric's value looks.
type Shape string

// The shapes.
const (
	Exact     Shape = "exact"     // a number
	Estimated Shape = "estimated" // an Estimate
)

// Direction tells which way a metric is better.
type Direction string

// The directions.
const (
	Higher  Direction = "higher"
	Lower   Direction = "lower"
	Neutral Direction = "neutral"
)

// Metric declares one metric of a kind.
type Metric struct {
	// Name is dotted: "recommended.accuracy". In a policy it reads as
	// KIND.recommended.accuracy (.low, .high, .value, .n if estimated).
	Name      string
	Unit      string // "share", "ms", "CNY/year", "cases", …
	Direction Direction
	Shape     Shape
	Optional  bool // may be absent; a rule that reads it is then insufficient
	Title     text.Text
}

// Kind declares a kind of evidence: what a capability may append and what a
// policy may read.
type Kind struct {
	Name    string // as policies write it: "poc"
	URI     string // predicateType, ends in name and version: https://landfall.dev/evidence/poc/v1
	Roles   []string
	Metrics []Metric
	// DetailSchema is the JSON Schema of predicate.detail. Empty if the kind has none.
	DetailSchema []byte
	// Silent kinds (verdicts) cause no event when appended.
	Silent bool
	// MaxAge after which evidence is stale unless a policy says otherwise; 0 is never.
	MaxAge time.Duration
	Title  text.Text
}

// KindName returns the name of a kind from its URI, whose last two segments
// are the name and the version: ".../poc/v1" is of the kind "poc". It is ""
// for any other string.
func KindName(uri string) string {
	m := kindURI.FindStringSubmatch(uri)
	if m == nil {
		return ""
	}
	return m[1]
}

var kindURI = regexp.MustCompile(`^https://[^\s?#]+/([a-z][a-z0-9_]*)/v[1-9][0-9]*$`)

// Metric returns the declaration of the metric of that name.
func (k Kind) Metric(name string) (Metric, bool) {
	i := slices.IndexFunc(k.Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return k.Metrics[i], true
}

// check says what is wrong with a declaration.
func (k Kind) check() error {
	if k.Name == "" || KindName(k.URI) != k.Name {
		return fmt.Errorf("kind %q: the URI %q does not end in /%s/v1 or another version", k.Name, k.URI, k.Name)
	}
	for i, r := range k.Roles {
		if r == "" || slices.Contains(k.Roles[:i], r) {
			return fmt.Errorf("kind %s: role %q is empty or declared twice", k.Name, r)
		}
	}
	for i, m := range k.Metrics {
		if !metricName.MatchString(m.Name) {
			return fmt.Errorf("kind %s: metric name %q is not dotted lower-case words", k.Name, m.Name)
		}
		if m.Shape != Exact && m.Shape != Estimated {
			return fmt.Errorf("kind %s: metric %s has no shape", k.Name, m.Name)
		}
		if m.Direction != Higher && m.Direction != Lower && m.Direction != Neutral {
			return fmt.Errorf("kind %s: metric %s has no direction", k.Name, m.Name)
		}
		for _, o := range k.Metrics[:i] {
			if m.Name == o.Name || strings.HasPrefix(m.Name, o.Name+".") || strings.HasPrefix(o.Name, m.Name+".") {
				return fmt.Errorf("kind %s: the metrics %s and %s stand in each other's place", k.Name, o.Name, m.Name)
			}
		}
	}
	return nil
}

var metricName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// ScenarioID names a scenario in operations: its id or its slug.
type ScenarioID string
