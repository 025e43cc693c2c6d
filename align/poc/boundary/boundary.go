package boundary

import (
	"cmp"
	"slices"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Level of the two-sided intervals of the map. They hold one by one: a reader
// who picks the lowest of many cells picks a low chance too. What survives
// that is among the weak slices.
const Level = 0.95

// Answer is what became of one case with one candidate.
type Answer struct {
	// Resolution is what the candidate gave; "" if it abstained or ended in an
	// error.
	Resolution string
	Correct    bool
	// Confidence lies between 0 and 1.
	Confidence float64
}

// Candidate is one candidate's answers, in the order of the cases.
type Candidate struct {
	ID      string
	Answers []Answer
}

// ErrAnswers is given where answers and cases are not in step.
var ErrAnswers = fault.Def{Kind: fault.Invalid, Code: "boundary.answers",
	En: "candidate {candidate} has {answers} answers to {cases} cases", Zh: "候选方案 {candidate} 有 {answers} 个回答，而评测用例有 {cases} 条",
	HintEn: "measure every candidate on the same test cases: landfall run DIR",
	HintZh: "请让每个候选方案都在同一组评测用例上评测：landfall run DIR"}

// Map is the boundary of all candidates on one test set.
type Map struct {
	Cases      int            `json:"cases"`
	Candidates []CandidateMap `json:"candidates"`
}

// CandidateMap is the boundary of one candidate.
type CandidateMap struct {
	Candidate   string       `json:"candidate"`
	Overall     Cell         `json:"overall"`
	Axes        []Axis       `json:"axes"`
	Weak        Weakness     `json:"weak"`
	Confusion   Confusion    `json:"confusion"`
	Calibration *Calibration `json:"calibration,omitempty"` // nil if its confidences do not differ
	Decision    *Decision    `json:"decision,omitempty"`    // of a yes-or-no decision whose errors have costs
}

// Axis is one way to part the cases.
type Axis struct {
	Kind  AxisKind  `json:"kind"`
	Name  string    `json:"name,omitempty"` // of a tag
	Title text.Text `json:"title"`
	Cells []Cell    `json:"cells"`
}

// AxisKind says what an axis parts by.
type AxisKind string

// The axes.
const (
	BySlice      AxisKind = "slice"
	ByLength     AxisKind = "length"
	ByLanguage   AxisKind = "language"
	ByTag        AxisKind = "tag"
	ByDifficulty AxisKind = "difficulty"
)

// Cell is a part of the cases with its share of correct answers and the exact
// two-sided interval at Level.
type Cell struct {
	Value    string    `json:"value"`
	Title    text.Text `json:"title"`
	N        int       `json:"n"`
	Correct  int       `json:"correct"`
	Accuracy float64   `json:"accuracy"`
	Low      float64   `json:"low"`
	High     float64   `json:"high"`
}

// Draw computes the map of every candidate on the cases of one suite, since
// answers of different tasks have no common accuracy. The search for weak slices follows
// opts. It fails with ErrAnswers if a candidate has not one answer per case.
func Draw(cases []dataset.Case, candidates []Candidate, opts SearchOptions) (Map, error) {
	m := Map{Cases: len(cases), Candidates: []CandidateMap{}}
	for _, c := range candidates {
		if len(c.Answers) != len(cases) {
			return Map{}, ErrAnswers.With("candidate", c.ID, "answers", len(c.Answers), "cases", len(cases))
		}
	}
	in := read(cases)
	parts := partings(cases, in)
	space := newSpace(cases, in, opts)
	for i, c := range candidates {
		axes := []Axis{}
		for _, p := range parts {
			axes = append(axes, p.axis(c.Answers))
		}
		if p, ok := difficulty(candidates, i); ok {
			axes = append(axes, p.axis(c.Answers))
		}
		correct := make([]bool, len(cases))
		for j, a := range c.Answers {
			correct[j] = a.Correct
		}
		weak := space.Search(correct)
		m.Candidates = append(m.Candidates, CandidateMap{Candidate: c.ID, Overall: overall(c.Answers), Axes: axes, Weak: weak,
			Confusion: Confuse(cases, c.Answers, TopPairs), Calibration: Calibrate(c.Answers)})
	}
	return m, nil
}

func overall(as []Answer) Cell {
	k := 0
	for _, a := range as {
		if a.Correct {
			k++
		}
	}
	return cell("", text.Text{En: "all cases", Zh: "全部用例"}, k, len(as))
}

func cell(value string, title text.Text, k, n int) Cell {
	c := Cell{Value: value, Title: title, N: n, Correct: k, High: 1}
	if n > 0 {
		ci := stats.ClopperPearson(k, n, Level)
		c.Accuracy, c.Low, c.High = float64(k)/float64(n), ci.Low, ci.High
	}
	return c
}

// parting is an axis before anybody answered.
type parting struct {
	kind   AxisKind
	name   string
	title  text.Text
	values []string    // in the order of cells
	titles []text.Text // of values
	of     []int       // index of the value of each case, -1 if it has none
}

func (p parting) axis(as []Answer) Axis {
	n, k := make([]int, len(p.values)), make([]int, len(p.values))
	for i, v := range p.of {
		if v < 0 {
			continue
		}
		n[v]++
		if as[i].Correct {
			k[v]++
		}
	}
	out := Axis{Kind: p.kind, Name: p.name, Title: p.title, Cells: []Cell{}}
	for v := range p.values {
		if n[v] > 0 {
			out.Cells = append(out.Cells, cell(p.values[v], p.titles[v], k[v], n[v]))
		}
	}
	return out
}

// MaxCells is how many values of a slice or tag an axis shows; the rarest
// beyond are pooled as one.
const MaxCells = 50

// pooled is the value of what MaxCells left out.
const pooled = "…"

// byValue parts by a string, "" being none: the most frequent first.
func byValue(kind AxisKind, name string, title text.Text, values []string) parting {
	p := parting{kind: kind, name: name, title: title, of: make([]int, len(values))}
	count := map[string]int{}
	for _, v := range values {
		if v != "" {
			count[v]++
		}
	}
	for v := range count {
		p.values = append(p.values, v)
	}
	slices.SortFunc(p.values, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	rest := -1
	if len(p.values) > MaxCells {
		p.values = append(p.values[:MaxCells-1:MaxCells-1], pooled)
		rest = MaxCells - 1
	}
	at := map[string]int{}
	for i, v := range p.values {
		at[v] = i
		t := text.Text{En: v, Zh: v}
		if i == rest {
			t = text.Text{En: "all others", Zh: "其余各项"}
		}
		p.titles = append(p.titles, t)
	}
	for i, v := range values {
		j, ok := at[v]
		switch {
		case v == "":
			j = -1
		case !ok:
			j = rest
		}
		p.of[i] = j
	}
	return p
}
