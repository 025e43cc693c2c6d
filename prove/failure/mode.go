package failure

import (
	"cmp"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/prove/quality"
)

// Mode is a failure mode: failures whose texts are the same or alike.
type Mode struct {
	ID          string    `json:"id"`   // fm_…; "" before it is stored
	Text        string    `json:"text"` // of its earliest failure: an example
	Occurrences int       `json:"occurrences"`
	First       time.Time `json:"first"` // zero if no failure has a time
	Last        time.Time `json:"last"`
	// Failures are its members, earliest first; where they stand is in them.
	// Lists of modes leave them out.
	Failures []Failure `json:"failures,omitempty"`
}

// Cluster groups failures by what their texts say: equal by quality.Normalise,
// or linked by a chain of near duplicates. Modes come with the most frequent
// first. Adding failures can grow and join modes, never part them. The order
// of the failures does not matter.
func Cluster(failures []Failure) []Mode {
	at := map[string]int{}
	var texts []string
	var members [][]Failure
	for _, f := range failures {
		t := quality.Normalise(f.Text)
		i, ok := at[t]
		if !ok {
			i = len(texts)
			at[t] = i
			texts, members = append(texts, t), append(members, nil)
		}
		members[i] = append(members[i], f)
	}
	parent := make([]int, len(texts))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	// Where the search for near duplicates had to stop, some modes stay apart.
	pairs, _ := quality.Near(texts)
	for _, p := range pairs {
		parent[root(p.B)] = root(p.A)
	}
	joined := map[int][]Failure{}
	for i := range texts {
		joined[root(i)] = append(joined[root(i)], members[i]...)
	}
	modes := make([]Mode, 0, len(joined))
	for _, fs := range joined {
		modes = append(modes, mode(fs))
	}
	slices.SortFunc(modes, func(a, b Mode) int {
		return cmp.Or(cmp.Compare(b.Occurrences, a.Occurrences), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Failures[0].Digest, b.Failures[0].Digest))
	})
	return modes
}

func mode(fs []Failure) Mode {
	slices.SortFunc(fs, func(a, b Failure) int {
		if a.Occurred.IsZero() != b.Occurred.IsZero() { // those without a time last
			if a.Occurred.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Occurred.Compare(b.Occurred), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Digest, b.Digest))
	})
	m := Mode{Text: fs[0].Text, Occurrences: len(fs), Failures: fs, First: fs[0].Occurred}
	for _, f := range fs {
		if f.Occurred.After(m.Last) {
			m.Last = f.Occurred
		}
	}
	return m
}
