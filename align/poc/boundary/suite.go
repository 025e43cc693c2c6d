package boundary

import (
	"slices"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Result is the boundary of every candidate on every suite of a run.
type Result struct {
	Suites []SuiteMap `json:"suites"`
}

// SuiteMap is the boundary on one suite.
type SuiteMap struct {
	Suite string    `json:"suite"`
	Title text.Text `json:"title"`
	// Focus is the candidate to read first: the recommended one where it
	// answers this suite, else, of those whose answers differ at all, the one
	// that is right most often.
	Focus string `json:"focus"`
	Map
}

// Candidate returns the map of one candidate of s; ok is false if it has none.
func (s SuiteMap) Candidate(id string) (CandidateMap, bool) {
	i := slices.IndexFunc(s.Candidates, func(c CandidateMap) bool { return c.Candidate == id })
	if i < 0 {
		return CandidateMap{}, false
	}
	return s.Candidates[i], true
}

// SuiteInput is a suite as it enters a run's boundary.
type SuiteInput struct {
	ID    string
	Title text.Text
	// Known are the resolutions of a closed list. It is nil where resolutions
	// are free text or structures: then nothing is said of what was taken for
	// what, since evidence holds no text of cases or answers.
	Known map[string]bool
	// Costs of the errors of a yes-or-no decision; nil if it is none.
	Costs *Costs
}

// OfRun computes the boundary of what a run measured, suite by suite. A
// candidate that was not asked all cases of a suite is left out of it.
// Candidates and focus are as in outcomes; a suite that nobody answered whole
// is left out.
func OfRun(outcomes []poc.Outcome, suites []SuiteInput, focus string, opts SearchOptions) (Result, error) {
	out := Result{Suites: []SuiteMap{}}
	for _, s := range suites {
		cases, candidates := asked(outcomes, s.ID)
		if len(candidates) == 0 {
			continue
		}
		clustered := poc.Clusters(cases) != nil
		own := opts.filled()
		own.MinSupport = min(0.5, max(own.MinSupport, leastRule/float64(len(cases))))
		m, err := Draw(cases, candidates, own)
		if err != nil {
			return Result{}, err
		}
		for i := range m.Candidates {
			c := &m.Candidates[i]
			c.Axes = shared(c.Axes)
			if clustered {
				c.Weak.Summary.En += " Cases come in clusters and were taken as independent here: it claims to be surer than it is."
				c.Weak.Summary.Zh += "用例存在成簇现象，此处按相互独立处理，实际把握低于上述数值。"
			}
			if s.Known == nil {
				c.Confusion.Pairs, c.Confusion.Matrix = []Pair{}, nil
			} else {
				c.Confusion = c.Confusion.Closed(s.Known)
			}
			if s.Costs != nil {
				scored, unanswered := Score(cases, candidates[i].Answers, *s.Costs)
				if d, ok := Decide(scored, nil, unanswered, *s.Costs); ok {
					c.Decision = &d
				}
			}
		}
		out.Suites = append(out.Suites, SuiteMap{Suite: s.ID, Title: s.Title, Focus: pick(m, candidates, focus), Map: m})
	}
	return out, nil
}

// pick returns focus if it is in m, else the candidate most often right. One
// that answers every case alike has no boundary to read, so it comes last.
func pick(m Map, candidates []Candidate, focus string) string {
	best, bestTells := m.Candidates[0], false
	for i, c := range m.Candidates {
		if c.Candidate == focus {
			return focus
		}
		tells := slices.ContainsFunc(candidates[i].Answers, func(a Answer) bool { return a.Resolution != candidates[i].Answers[0].Resolution })
		if tells && !bestTells || tells == bestTells && c.Overall.Accuracy > best.Overall.Accuracy {
			best, bestTells = c, tells
		}
	}
	return best.Candidate
}

// asked returns the cases of a suite in the order in which the candidate with
// the most of them was asked, and the answers of everybody who was asked all.
func asked(outcomes []poc.Outcome, suite string) ([]dataset.Case, []Candidate) {
	var cases []dataset.Case
	for _, o := range outcomes {
		var own []dataset.Case
		for _, c := range o.Entrant.Cases {
			if of(c) == suite {
				own = append(own, c)
			}
		}
		if len(own) > len(cases) {
			cases = own
		}
	}
	at := make(map[string]int, len(cases))
	for i, c := range cases {
		at[c.ID] = i
	}
	var out []Candidate
	for _, o := range outcomes {
		answers, n := make([]Answer, len(cases)), 0
		for i, r := range o.Results {
			if c := o.Entrant.Cases[i]; of(c) == suite {
				answers[at[c.ID]] = Answer{Resolution: r.Resolution, Correct: r.Correct, Confidence: r.Confidence}
				n++
			}
		}
		if n == len(cases) && n > 0 {
			out = append(out, Candidate{ID: o.Entrant.ID, Answers: answers})
		}
	}
	return cases, out
}

// of returns the suite of a case; a scenario with one suite leaves it open.
func of(c dataset.Case) string {
	if c.Suite == "" {
		return scenario.MainSuite
	}
	return c.Suite
}

const (
	// leastRule is how many cases a weak slice of a run covers at least,
	// whatever share of the cases that is: its rule may quote a word of them.
	leastRule = 10
	// leastValue is how many cases share a tag's value that is shown: what
	// fewer share could single out a person.
	leastValue = 5
)

// shared pools the values of tags that few cases share, and leaves out a tag
// that has no others.
func shared(axes []Axis) []Axis {
	out := []Axis{}
	for _, a := range axes {
		if a.Kind != ByTag {
			out = append(out, a)
			continue
		}
		kept := a
		kept.Cells = nil
		n, k := 0, 0
		for _, c := range a.Cells {
			if c.Value == pooled || c.N < leastValue {
				n, k = n+c.N, k+c.Correct
				continue
			}
			kept.Cells = append(kept.Cells, c)
		}
		if len(kept.Cells) == 0 {
			continue
		}
		if n > 0 {
			kept.Cells = append(kept.Cells, cell(pooled, text.Text{En: "all others", Zh: "其余各项"}, k, n))
		}
		out = append(out, kept)
	}
	return out
}
