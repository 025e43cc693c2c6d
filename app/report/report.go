// Package report shows what a run found: as JSON, on a terminal, and as one
// self-contained HTML file, in Chinese and in English.
package report

import (
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/selection"
)

// Schema names the version of the JSON form. Fields are only ever added.
const Schema = "landfall.dev/report/v1"

// Report is everything that a run found, and what to do next. It is the JSON
// form of `landfall run -o json` and `landfall report -o json`.
type Report struct {
	Schema   string           `json:"schema"`
	Scenario Scenario         `json:"scenario"`
	Run      *Run             `json:"run,omitempty"` // nil if nothing was run yet
	Data     *Data            `json:"data,omitempty"`
	Raters   *Raters          `json:"raters,omitempty"`
	POC      *poc.Measurement `json:"poc,omitempty"`
	// Planned lists the candidates of the scenario that nobody has measured.
	Planned   []Planned         `json:"planned,omitempty"`
	Best      *Best             `json:"recommended,omitempty"`
	Boundary  *boundary.Result  `json:"boundary,omitempty"`
	Grade     *grade.Result     `json:"grade,omitempty"`
	ROI       *roi.Result       `json:"roi,omitempty"`
	Selection *selection.Result `json:"selection,omitempty"`
	Gates     []Gate            `json:"gates"`
	Evidence  []Evidence        `json:"evidence"`
	Loop      Loop              `json:"loop"`
	Next      Action            `json:"next"`
	// Probes is nil if the scenario declares none.
	Probes *probe.Measurement `json:"probes,omitempty"`
	// Unexpected lists where the outcome differs from what the scenario
	// file expects; empty if it states nothing or all is as stated.
	Unexpected []text.Text `json:"unexpected"`
	Exit       int         `json:"exit"` // the exit code of `landfall run`
	HTML       string      `json:"html,omitempty"`
	Generated  time.Time   `json:"generated"`
	Tool       string      `json:"tool"`
}

// Scenario is the head of the report.
type Scenario struct {
	ID        string         `json:"id"`
	Slug      string         `json:"slug"`
	Title     text.Text      `json:"title"`
	Summary   text.Text      `json:"summary"`
	Owner     string         `json:"owner"`
	Team      string         `json:"team"`
	Declared  scenario.Level `json:"declared"`
	DataClass string         `json:"data_class"`
	Bar       float64        `json:"bar"` // share of correct resolutions
	BarWhy    text.Text      `json:"bar_why"`
	Currency  string         `json:"currency"`
}

// Run says which run was reported.
type Run struct {
	ID          string    `json:"id"`
	State       poc.State `json:"state"`
	Exploratory bool      `json:"exploratory"`
	// Resumed is true if an earlier start of the run was interrupted.
	Resumed bool `json:"resumed"`
	// Reused is true if nothing had changed, so that the evidence at hand was
	// read instead of measured again.
	Reused   bool      `json:"reused"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
}

// Data says what was found about the cases.
type Data struct {
	Version        string        `json:"version"` // id of the dataset version
	Digest         string        `json:"digest"`
	Policy         string        `json:"policy"` // method, many-classes
	Passed         bool          `json:"passed"`
	Rules          []DataRule    `json:"rules"`
	Rows           int           `json:"rows"`
	Train          int           `json:"train"`
	Test           int           `json:"test"`
	Production     int           `json:"production"` // cases that came back from production
	Classes        int           `json:"classes"`
	Missing        []MissingCell `json:"missing"` // columns with missing values, worst first
	Duplicates     int           `json:"duplicates"`
	NearDuplicates int           `json:"near_duplicates"`
	Leaked         int           `json:"leaked"` // test cases whose text stands in training too
	NearLeaked     int           `json:"near_leaked"`
	Examples       []Pair        `json:"examples"` // of leaked and duplicate cases, by place
}

// DataRule is one rule of the data-quality gate.
type DataRule struct {
	ID       string    `json:"id"`
	Title    text.Text `json:"title"`
	Observed float64   `json:"observed"`
	Allowed  float64   `json:"allowed"`
	AtLeast  bool      `json:"at_least"` // else at most
	Passed   bool      `json:"passed"`
	Subject  string    `json:"subject"` // the column or class that decided
}

// MissingCell is the missing share of one column in one split.
type MissingCell struct {
	Column string  `json:"column"`
	Split  string  `json:"split"`
	Rows   int     `json:"rows"`
	Share  float64 `json:"share"`
}

// Pair names two cases that say the same.
type Pair struct {
	Kind string  `json:"kind"` // duplicate, near_duplicate, leak, near_leak
	A    string  `json:"a"`    // file:line
	B    string  `json:"b"`
	Sim  float64 `json:"similarity"`
}

// Planned is a candidate that somebody means to buy: its price is known, its
// accuracy is not.
type Planned struct {
	ID          string    `json:"id"`
	Title       text.Text `json:"title"`
	Rung        poc.Rung  `json:"rung"`
	CostPerTask poc.Cost  `json:"cost_per_task"`
}

// Best is the candidate that the run recommends for the scenario as a whole.
type Best struct {
	Candidate  string            `json:"candidate"`
	Accuracy   evidence.Estimate `json:"accuracy"`
	Sufficient bool              `json:"sufficient"`
}

// Gate is the verdict of one gate.
type Gate struct {
	Gate    string    `json:"gate"` // align, prove
	Title   text.Text `json:"title"`
	Outcome string    `json:"outcome"` // pass, fail, insufficient, undefined, not_due
	Rules   []Rule    `json:"rules"`
	Changed bool      `json:"changed"` // since the verdict before
}

// Rule is the verdict of one rule.
type Rule struct {
	ID      string    `json:"id"`
	Title   text.Text `json:"title"`
	Expr    string    `json:"expr"`
	Outcome string    `json:"outcome"` // pass, fail, insufficient, stale, assumed
	Reason  text.Text `json:"reason"`
	Method  text.Text `json:"method"`
	Fix     text.Text `json:"fix"`
	// Read lists the figures that the rule read.
	Read []Reading `json:"read"`
	// Assumed is true if a figure that it read rests on assumptions.
	Assumed bool `json:"assumed"`
}

// Reading is one figure that a rule read.
type Reading struct {
	Metric   string             `json:"metric"`
	Title    text.Text          `json:"title"`
	Unit     string             `json:"unit"`
	Value    float64            `json:"value"`
	Estimate *evidence.Estimate `json:"estimate,omitempty"`
	Evidence string             `json:"evidence"` // id
	Allowed  *float64           `json:"allowed,omitempty"`
}

// Evidence is an item that the report rests on.
type Evidence struct {
	ID         string              `json:"id"`
	Kind       string              `json:"kind"`
	Title      text.Text           `json:"title"`
	Leaf       int64               `json:"leaf"`
	Provenance evidence.Provenance `json:"provenance"`
	Stale      *text.Text          `json:"stale,omitempty"` // why, if it is
	At         time.Time           `json:"at"`
}

// Loop says how far the loop of six steps has come.
type Loop struct {
	Steps []Step `json:"steps"`
	// Failures is the number of failures imported from production.
	Failures int `json:"failures"`
	Modes    int `json:"modes"`
	Cases    int `json:"cases"`    // that failures became
	Reopened int `json:"reopened"` // times that a passed gate opened again
}

// Step is one step of the ring.
type Step struct {
	Stage string    `json:"stage"`
	Word  text.Text `json:"word"`
	State string    `json:"state"` // pass, fail, insufficient, later
}

// Action is the one thing to do next.
type Action struct {
	Text    text.Text `json:"text"`
	Command string    `json:"command,omitempty"`
}
