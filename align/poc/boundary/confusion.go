package boundary

import (
	"cmp"
	"maps"
	"slices"

	"github.com/landfall-ai/landfall/core/dataset"
)

// TopPairs is how many confusions a map shows.
const TopPairs = 20

// Confusion is what a candidate takes for what. It names expected and given
// resolutions, so it is for reports, and for evidence only where resolutions
// come from a closed list.
type Confusion struct {
	Wrong int `json:"wrong"` // all wrong answers
	// Unanswered counts those of them without an answer: abstentions and errors.
	Unanswered int    `json:"unanswered"`
	Distinct   int    `json:"distinct"` // pairs, however rare
	Pairs      []Pair `json:"pairs"`    // the most frequent first
	// Matrix counts every pair where few resolutions are right ones; nil
	// otherwise.
	Matrix *Matrix `json:"matrix,omitempty"`
}

// MatrixClasses is how many expected resolutions a matrix has at most.
const MatrixClasses = 12

// Matrix counts the cases by what was expected and what was given.
type Matrix struct {
	Classes []string `json:"classes"` // expected ones, sorted
	// Counts has a row per expected class and a column per class given, right
	// answers on its diagonal.
	Counts [][]int `json:"counts"`
	// Other counts, by expected class, answers that are no class; None those
	// without an answer.
	Other []int `json:"other"`
	None  []int `json:"none"`
}

// matrix counts all pairs; nil with more than MatrixClasses classes, or one.
func matrix(cases []dataset.Case, answers []Answer) *Matrix {
	at := map[string]int{}
	for _, c := range cases {
		at[c.Resolution] = 0
	}
	if len(at) < 2 || len(at) > MatrixClasses {
		return nil
	}
	m := &Matrix{Classes: slices.Sorted(maps.Keys(at)), Other: make([]int, len(at)), None: make([]int, len(at))}
	for i, c := range m.Classes {
		at[c] = i
		m.Counts = append(m.Counts, make([]int, len(at)))
	}
	for i, a := range answers {
		row := at[cases[i].Resolution]
		given, known := at[a.Resolution]
		switch {
		case a.Correct: // however it was written
			m.Counts[row][row]++
		case a.Resolution == "":
			m.None[row]++
		case !known || given == row: // wrong beside the class, as a missing citation is
			m.Other[row]++
		default:
			m.Counts[row][given]++
		}
	}
	return m
}

// Closed returns c without what candidates wrote that is no resolution of a
// closed list: what others were given is counted together as Others.
func (c Confusion) Closed(known map[string]bool) Confusion {
	out := c
	out.Pairs = []Pair{}
	others := map[string]int{} // place in out.Pairs, by expected
	for _, p := range c.Pairs {
		if !known[p.Given] {
			if i, seen := others[p.Expected]; seen {
				out.Pairs[i].N, out.Pairs[i].Share = out.Pairs[i].N+p.N, out.Pairs[i].Share+p.Share
				continue
			}
			others[p.Expected] = len(out.Pairs)
			p.Given = Others
		}
		out.Pairs = append(out.Pairs, p)
	}
	return out
}

// Others stands for resolutions outside a closed list.
const Others = "…"

// Pair is one resolution taken for another.
type Pair struct {
	Expected string `json:"expected"`
	Given    string `json:"given"`
	N        int    `json:"n"`
	// Share is of the cases that expect Expected.
	Share float64 `json:"share"`
}

// Confuse counts the wrong answers by what was expected and what was given,
// and keeps the top most frequent pairs. cases and answers are in step.
func Confuse(cases []dataset.Case, answers []Answer, top int) Confusion {
	type pair struct{ expected, given string }
	count, expected := map[pair]int{}, map[string]int{}
	var c Confusion
	for i, a := range answers {
		expected[cases[i].Resolution]++
		switch {
		case a.Correct:
		case a.Resolution == "":
			c.Wrong++
			c.Unanswered++
		default:
			c.Wrong++
			count[pair{cases[i].Resolution, a.Resolution}]++
		}
	}
	c.Distinct = len(count)
	c.Pairs = []Pair{}
	for _, p := range slices.SortedFunc(maps.Keys(count), func(a, b pair) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.expected, b.expected), cmp.Compare(a.given, b.given))
	}) {
		if len(c.Pairs) == top {
			break
		}
		c.Pairs = append(c.Pairs, Pair{Expected: p.expected, Given: p.given, N: count[p], Share: float64(count[p]) / float64(expected[p.expected])})
	}
	c.Matrix = matrix(cases, answers)
	return c
}
