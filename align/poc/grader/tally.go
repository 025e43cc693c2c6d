package grader

import (
	"maps"
	"slices"

	"github.com/landfall-ai/landfall/kit/stats"
)

// FieldCount counts outcomes of one field, or of all, over cases.
type FieldCount struct {
	Path    string `json:"path"`
	Right   int    `json:"right"`
	Wrong   int    `json:"wrong"`
	Missing int    `json:"missing"`
	Extra   int    `json:"extra"`
}

// Precision is the share of the fields that were given that are right; 1 if
// none was given.
func (c FieldCount) Precision() float64 { return share(c.Right, c.Right+c.Wrong+c.Extra) }

// Recall is the share of the expected fields that are right; 1 if none was
// expected.
func (c FieldCount) Recall() float64 { return share(c.Right, c.Right+c.Wrong+c.Missing) }

// F1 is the harmonic mean of precision and recall.
func (c FieldCount) F1() float64 {
	return share(2*c.Right, 2*c.Right+2*c.Wrong+c.Missing+c.Extra)
}

func share(k, n int) float64 {
	if n == 0 {
		return 1
	}
	return float64(k) / float64(n)
}

// Tally adds up the grades of structures over cases. Fields of one case are no
// independent draws, so shares of fields carry no interval; shares of cases do.
type Tally struct {
	N, Exact, Valid, Repaired int
	byPath                    map[string]*FieldCount
}

// Add counts one grade in.
func (t *Tally) Add(g Grade) {
	t.N++
	if g.Correct {
		t.Exact++
	}
	if !g.Invalid && !g.Abstained {
		t.Valid++
	}
	if g.Repaired {
		t.Repaired++
	}
	if t.byPath == nil {
		t.byPath = map[string]*FieldCount{}
	}
	at := func(path string) *FieldCount {
		if t.byPath[path] == nil {
			t.byPath[path] = &FieldCount{Path: path}
		}
		return t.byPath[path]
	}
	for _, f := range g.Fields {
		c := at(f.Path)
		switch f.Outcome {
		case Right:
			c.Right++
		case Wrong:
			c.Wrong++
		case Missing:
			c.Missing++
		case Extra:
			c.Extra++
		}
	}
	if g.MoreExtra > 0 {
		at("").Extra += g.MoreExtra // which ones is not kept
	}
}

// Fields are the counts by path, in order of path.
func (t *Tally) Fields() []FieldCount {
	var out []FieldCount
	for _, path := range slices.Sorted(maps.Keys(t.byPath)) {
		out = append(out, *t.byPath[path])
	}
	return out
}

// Total is the count over all fields (micro average).
func (t *Tally) Total() FieldCount {
	var out FieldCount
	for _, c := range t.byPath {
		out.Right += c.Right
		out.Wrong += c.Wrong
		out.Missing += c.Missing
		out.Extra += c.Extra
	}
	return out
}

// ExactShare is the exact interval of the share of cases that are correct.
func (t *Tally) ExactShare(level float64) stats.Interval {
	return stats.ClopperPearson(t.Exact, t.N, level)
}

// ValidShare is the exact interval of the share of cases whose answer can be
// read and keeps to the schema.
func (t *Tally) ValidShare(level float64) stats.Interval {
	return stats.ClopperPearson(t.Valid, t.N, level)
}
