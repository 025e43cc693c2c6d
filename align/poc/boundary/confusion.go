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
}

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
	return c
}
