package scenario

import (
	"cmp"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/text"
)

// Candidate is one way to do the task. Exactly one of Builtin, Model, HTTP,
// Recorded, Human and Planned is set.
type Candidate struct {
	Builtin  string    `json:"builtin"` // majority, keywords, bm25, tfidf, faq, slots, image-linear
	Model    *Model    `json:"model"`
	HTTP     *HTTP     `json:"http"`
	Recorded *Recorded `json:"recorded"`
	Human    *Human    `json:"human"`
	Planned  *Planned  `json:"planned"`
	// Suites are the ids of the suites that it answers; the main one if empty.
	Suites []string `json:"suites"`

	// Of a built-in candidate only:
	BuiltinID string        `json:"id"` // Builtin if ""
	Title     text.Text     `json:"title"`
	Rules     string        `json:"rules"` // file of the rules of slots
	Train     dataset.Paths `json:"train"` // other training files than the suite's own
}

// ID returns the candidate's id within the scenario.
func (c Candidate) ID() string {
	switch {
	case c.Model != nil:
		return c.Model.ID
	case c.HTTP != nil:
		return c.HTTP.ID
	case c.Recorded != nil:
		return c.Recorded.ID
	case c.Human != nil:
		return "human"
	case c.Planned != nil:
		return c.Planned.ID
	}
	return cmp.Or(c.BuiltinID, c.Builtin)
}

// kinds returns how many of the ways to do the task are set.
func (c Candidate) kinds() int {
	n := 0
	for _, set := range []bool{c.Builtin != "", c.Model != nil, c.HTTP != nil, c.Recorded != nil, c.Human != nil, c.Planned != nil} {
		if set {
			n++
		}
	}
	return n
}

// SuiteIDs returns the ids of the suites that c answers.
func (c Candidate) SuiteIDs() []string {
	if len(c.Suites) == 0 {
		return []string{MainSuite}
	}
	return c.Suites
}

// Endpoint is where a model or an application is reached.
type Endpoint struct {
	BaseURL string `json:"base_url"`
	// KeyEnv names the environment variable with the key; "" is no key.
	KeyEnv string `json:"key_env"`
	// KeyHeader carries the key as it is; "" is Authorization, as a bearer token.
	KeyHeader string `json:"key_header"`
	// Allows lists the data classes that may be sent there.
	Allows   []string `json:"allows"`
	TimeoutS float64  `json:"timeout_s"` // of one call; 0 is the client's default
	// Defined is set on endpoints that an administrator defined, and Key is
	// what they gave with it; neither is ever part of a document.
	Defined bool   `json:"-"`
	Key     string `json:"-"`
}

// Endpoints are addresses by name.
type Endpoints map[string]Endpoint

// Price is what calls cost, as decimals in Costs.Currency: per million tokens
// read (Cached if the provider had them in a cache) and written, and per
// request. It is typed in, so it is assumed.
type Price struct {
	Version string `json:"version"`
	Input   string `json:"input"`
	Cached  string `json:"cached"`
	Output  string `json:"output"`
	Request string `json:"request"`
}

// Model is a model behind an OpenAI-compatible API, with what it is told.
type Model struct {
	ID       string    `json:"id"`
	Title    text.Text `json:"title"`
	Rung     string    `json:"rung"`
	Endpoint string    `json:"endpoint"`
	Model    string    `json:"model"`
	System   string    `json:"system"` // file of a template; "" is no system message
	Prompt   string    `json:"prompt"` // file of a template; "" is Landfall's own for the task
	// Parameters are sent as they are.
	Parameters  map[string]any `json:"parameters"`
	Structured  string         `json:"structured"` // json_schema (default), json_object_schema, json_object, none
	Answer      string         `json:"answer"`     // JSON pointer; "" is the whole reply
	Confidence  string         `json:"confidence"` // JSON pointer; "" is none
	Price       *Price         `json:"price"`
	Concurrency int            `json:"concurrency"` // calls in flight at most; RunOptions.Concurrency if 0
	Repeats     int            `json:"repeats"`     // how often each case is asked; once if 0
}

// HTTP is an application behind HTTP, judged as it is.
type HTTP struct {
	ID          string            `json:"id"`
	Title       text.Text         `json:"title"`
	Rung        string            `json:"rung"`
	Endpoint    string            `json:"endpoint"`
	Path        string            `json:"path"`
	Method      string            `json:"method"` // POST if ""
	Headers     map[string]string `json:"headers"`
	Request     string            `json:"request"` // file of a template that makes JSON
	Answer      string            `json:"answer"`  // JSON pointers into the response
	Citations   string            `json:"citations"`
	Confidence  string            `json:"confidence"`
	Version     string            `json:"version"` // of the application
	Price       *Price            `json:"price"`
	Concurrency int               `json:"concurrency"`
	Repeats     int               `json:"repeats"`
}

// Recorded is what another system answered. It proves what that system did,
// not that it did it: its provenance is imported.
type Recorded struct {
	ID      string            `json:"id"`
	Title   text.Text         `json:"title"`
	Rung    string            `json:"rung"`
	File    string            `json:"file"`   // CSV, TSV, JSONL or Excel
	System  string            `json:"system"` // who gave the answers
	Model   string            `json:"model"`
	Date    string            `json:"date"`    // of the recording, YYYY-MM-DD
	Columns map[string]string `json:"columns"` // field → name of its column, where they differ
	// Sample says that the answers are a sample: cases without one are left
	// out. Otherwise a case without an answer counts as wrong, so that nobody
	// can leave out what is hard.
	Sample bool   `json:"sample"`
	Price  *Price `json:"price"`
}

// Human is today's process. Figures that are typed in are assumed; with sampled
// answers it is measured like any other candidate, and imported.
type Human struct {
	Title    text.Text `json:"title"`
	Accuracy Amount    `json:"accuracy"` // share of correct resolutions
	// LatencyMs is the median handling time.
	LatencyMs float64 `json:"latency_ms"`
	Source    string  `json:"source"`
	Answers   string  `json:"answers"` // file of sampled answers
	System    string  `json:"system"`  // where the sample comes from
}

// Planned is what somebody means to buy and nobody has measured. It has costs,
// and no accuracy until it is measured.
type Planned struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
	Rung  string    `json:"rung"` // small-model, large-model, multimodal
}

// Repeats returns how often c is asked each case, at least once.
func (c Candidate) Repeats() int {
	switch {
	case c.Model != nil:
		return max(1, c.Model.Repeats)
	case c.HTTP != nil:
		return max(1, c.HTTP.Repeats)
	}
	return 1
}
