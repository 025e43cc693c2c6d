package grader

import "github.com/landfall-ai/landfall/align/poc/grader/judge"

// Price is what calls cost, as a candidate's (scenario.Price).
type Price struct {
	Version string `json:"version" yaml:"version"`
	Input   string `json:"input,omitempty" yaml:"input,omitempty"`
	Cached  string `json:"cached,omitempty" yaml:"cached,omitempty"`
	Output  string `json:"output,omitempty" yaml:"output,omitempty"`
	Request string `json:"request,omitempty" yaml:"request,omitempty"`
}

// Asked is a model that a grader asks, at an endpoint of the scenario.
type Asked struct {
	Endpoint string `json:"endpoint" yaml:"endpoint"`
	Model    string `json:"model" yaml:"model"`
	// Parameters are sent as they are.
	Parameters map[string]any `json:"parameters,omitempty" yaml:"parameters,omitempty"`
	// Price is what calls cost; nil is unknown.
	Price *Price `json:"price,omitempty" yaml:"price,omitempty"`
	// Concurrency is how many calls are in flight at most; 0 means 4.
	Concurrency int `json:"concurrency,omitempty" yaml:"concurrency,omitempty"`
}

// Judge declares the model that judges by a rubric, and how it is measured
// itself.
type Judge struct {
	Asked `yaml:",inline"`
	// Labels is a file of answers that people judged: columns input, answer,
	// good, and optionally id and expected. Without it the judge is unmeasured,
	// and what it says is no evidence.
	Labels string `json:"labels,omitempty" yaml:"labels,omitempty"`
	// Repeats is how often each labelled answer is judged, 2 to 20; 0 means 3.
	Repeats int `json:"repeats,omitempty" yaml:"repeats,omitempty"`
	// Swap says whether pairs of a better and a worse answer are compared in
	// both orders; nil means yes.
	Swap *bool     `json:"swap,omitempty" yaml:"swap,omitempty"`
	Bar  judge.Bar `json:"bar,omitzero" yaml:"bar,omitempty"`
}

// Embed declares the model that similarity takes its vectors from.
type Embed struct {
	Asked `yaml:",inline"`
	// Dimensions is what is asked for; 0 is the model's own.
	Dimensions int `json:"dimensions,omitempty" yaml:"dimensions,omitempty"`
	// Labels is a file of pairs that people judged: columns expected, answer,
	// good (they mean the same). The threshold is chosen on them.
	Labels string `json:"labels,omitempty" yaml:"labels,omitempty"`
}
