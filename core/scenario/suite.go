package scenario

import (
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/text"
)

// MainSuite is the id of the cases under data.
const MainSuite = "cases"

// TaskKind says what a right resolution is.
type TaskKind string

// The kinds of task.
const (
	TaskAnswer  TaskKind = "answer"  // the right answer, retrieved or generated
	TaskExtract TaskKind = "extract" // the right filled structure
	TaskDecide  TaskKind = "decide"  // the right one of a few decisions
	TaskTools   TaskKind = "tools"   // the right calls of tools
)

// Task is what candidates do with a case, and how right is told from wrong.
type Task struct {
	Kind    TaskKind    `json:"kind"`
	Schema  string      `json:"schema"`  // file of the JSON Schema of an extraction
	Tools   string      `json:"tools"`   // file of the tools that may be called
	Choices []string    `json:"choices"` // of a decision
	Severe  []Confusion `json:"severe"`  // confusions that do grave harm
	// Detect says of a decision which one means that something was found, and
	// what errors cost; nil if it is none of that kind.
	Detect *Detect `json:"detect"`
	// Grader is the declaration of align/poc/grader; nil is the task's own.
	Grader map[string]any `json:"grader"`
}

// Detect is what the errors of a detection cost each, in the currency of the
// costs.
type Detect struct {
	Positive  string  `json:"positive"` // the choice that means found
	CostMiss  float64 `json:"cost_miss"`
	CostFalse float64 `json:"cost_false"`
	Source    string  `json:"source,omitempty"` // of the two costs
}

// Confusion is one decision given where another was right.
type Confusion struct {
	Expected string `json:"expected"`
	Given    string `json:"given"`
}

// Suite is a set of cases with one task. A scenario has its main suite and may
// have more. Without a slice column all cases of a further suite belong to the
// slice with the suite's id.
type Suite struct {
	ID    string       `json:"id"`
	Title text.Text    `json:"title"`
	Task  Task         `json:"task"`
	Data  dataset.Spec `json:"data"`
}

// AllSuites returns every suite of d, the main one first.
func (d *Document) AllSuites() []Suite {
	return append([]Suite{{ID: MainSuite, Title: d.Title, Task: d.Task, Data: d.Data}}, d.Suites...)
}

// defaults fills in what a suite does not state.
func (s *Suite) defaults(production string) {
	if s.Task.Kind == "" {
		s.Task.Kind = TaskAnswer
	}
	if s.Data.Quality.Policy == "" {
		s.Data.Quality.Policy = "method"
	}
	if s.Data.Production == "" {
		s.Data.Production = production
	}
	if s.Title.IsZero() {
		s.Title = text.Text{En: s.ID, Zh: s.ID}
	}
	s.Data.Unclassed = s.Task.Kind == TaskExtract || s.Task.Kind == TaskTools
}
