package evidence

import (
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
	URI     string // predicateType, with its version: https://landfall.dev/evidence/poc/v1
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
