package quality

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
)

// Likeness tells how two texts are alike.
type Likeness string

// The likenesses, the strongest first.
const (
	Identical Likeness = "identical" // equal but for spaces around them
	Same      Likeness = "same"      // equal by Normalise
	Alike     Likeness = "near"      // near duplicates
)

// Duplicates is what is double in the cases. It counts cases, not pairs.
type Duplicates struct {
	// Repeated cases have the same text (by Normalise) as an earlier case of
	// their split. A text that stands three times repeats twice.
	Repeated int `json:"repeated"`
	// Near cases have a near duplicate in their split, the same text apart.
	Near int `json:"near"`
	// Leaked test cases have a counterpart in training, each counted once, by
	// its strongest likeness.
	LeakedIdentical int `json:"leaked_identical"`
	LeakedSame      int `json:"leaked_same"`
	LeakedNear      int `json:"leaked_near"`
	// Conflicting cases share their text with a case that has another right answer.
	Conflicting int `json:"conflicting"`
	// Complete is false if near duplicates were not searched to the end; then
	// Near and LeakedNear are lower bounds.
	Complete bool `json:"complete"`
	// Pairs are examples, at most MaxPairs: leaks first, the strongest first.
	Pairs []Pair `json:"pairs"`
}

// MaxPairs bounds the examples in Duplicates.
const MaxPairs = 100

// Leaked returns how many test cases have a counterpart in training.
func (d Duplicates) Leaked() int { return d.LeakedIdentical + d.LeakedSame + d.LeakedNear }

// Pair is two cases that are alike. It names places, never texts.
type Pair struct {
	Likeness   Likeness `json:"likeness"`
	Similarity float64  `json:"similarity"`
	Leak       bool     `json:"leak"`     // A is in training, B is a test case
	Conflict   bool     `json:"conflict"` // their right answers differ
	A          Place    `json:"a"`
	B          Place    `json:"b"`
}

// Place is where a case stands.
type Place struct {
	ID    string        `json:"id"`
	Split dataset.Split `json:"split"`
	File  string        `json:"file"`
	Line  int           `json:"line"`
}

func placeOf(c *dataset.Case) Place { return Place{c.ID, c.Split, c.File, c.Line} }

// group is the cases with one text, by Normalise, of each split.
type group struct{ train, test []*dataset.Case }

// FindDuplicates compares the inputs of all cases. The order of the cases
// matters only for which pairs stand as examples.
func FindDuplicates(train, test []dataset.Case) Duplicates {
	groups, texts := byText(train, test)
	near, complete := Near(texts)
	d := Duplicates{Complete: complete}
	e := examples{}

	nearIn := map[dataset.Split][]bool{dataset.Train: make([]bool, len(groups)), dataset.Test: make([]bool, len(groups))}
	leakedNear := make([]bool, len(groups)) // the group's test cases have a near duplicate in training
	for _, p := range near {
		for _, ab := range [][2]int{{p.A, p.B}, {p.B, p.A}} {
			a, b := groups[ab[0]], groups[ab[1]]
			if len(a.train) > 0 && len(b.train) > 0 {
				nearIn[dataset.Train][ab[0]] = true
			}
			if len(a.test) > 0 && len(b.test) > 0 {
				nearIn[dataset.Test][ab[0]] = true
			}
			if len(a.train) > 0 && len(b.test) > 0 {
				leakedNear[ab[1]] = true
				e.add(Alike, p.Similarity, a.train[0], b.test[0])
			}
		}
		a, b := groups[p.A], groups[p.B]
		for _, ab := range [][2][]*dataset.Case{{a.train, b.train}, {a.test, b.test}} {
			if len(ab[0]) > 0 && len(ab[1]) > 0 {
				e.add(Alike, p.Similarity, ab[0][0], ab[1][0])
			}
		}
	}
	for i, g := range groups {
		for s, cs := range map[dataset.Split][]*dataset.Case{dataset.Train: g.train, dataset.Test: g.test} {
			d.Repeated += max(0, len(cs)-1)
			if nearIn[s][i] {
				d.Near += len(cs)
			}
		}
		d.leaks(g, leakedNear[i], &e)
		for _, cs := range [][]*dataset.Case{g.train, g.test} {
			for _, c := range cs[min(1, len(cs)):] {
				e.add(likeness(cs[0], c), 1, cs[0], c)
			}
		}
		d.conflicts(g)
	}
	d.Pairs = e.best()
	return d
}

func (d *Duplicates) leaks(g group, near bool, e *examples) {
	for _, c := range g.test {
		if len(g.train) == 0 {
			if near {
				d.LeakedNear++
			}
			continue
		}
		i := slices.IndexFunc(g.train, func(t *dataset.Case) bool { return likeness(t, c) == Identical })
		if i >= 0 {
			d.LeakedIdentical++
		} else {
			d.LeakedSame++
		}
		from := g.train[max(i, 0)]
		e.add(likeness(from, c), 1, from, c)
	}
}

func (d *Duplicates) conflicts(g group) {
	all := slices.Concat(g.train, g.test)
	if slices.ContainsFunc(all, func(c *dataset.Case) bool { return c.Resolution != all[0].Resolution }) {
		d.Conflicting += len(all)
	}
}

func likeness(a, b *dataset.Case) Likeness {
	if a.ImageHash == b.ImageHash && strings.TrimSpace(a.Input) == strings.TrimSpace(b.Input) {
		return Identical
	}
	return Same
}

// byText groups the cases by their normalised text, in order of appearance. An
// image stands in the text by its digest, so that the same image in both splits
// is a leak and the same question about two images is no duplicate.
func byText(train, test []dataset.Case) ([]group, []string) {
	at := map[string]int{}
	var groups []group
	var texts []string
	find := func(c *dataset.Case) *group {
		t := Normalise(c.Input)
		if c.ImageHash != "" {
			t = c.ImageHash + " " + t
		}
		i, ok := at[t]
		if !ok {
			i = len(groups)
			at[t] = i
			groups, texts = append(groups, group{}), append(texts, t)
		}
		return &groups[i]
	}
	for i := range train {
		g := find(&train[i])
		g.train = append(g.train, &train[i])
	}
	for i := range test {
		g := find(&test[i])
		g.test = append(g.test, &test[i])
	}
	return groups, texts
}

// examples keeps the best pairs without keeping all.
type examples struct{ pairs []Pair }

func (e *examples) add(l Likeness, similarity float64, a, b *dataset.Case) {
	e.pairs = append(e.pairs, Pair{Likeness: l, Similarity: similarity, Leak: a.Split != b.Split, Conflict: a.Resolution != b.Resolution,
		A: placeOf(a), B: placeOf(b)})
	if len(e.pairs) >= 20*MaxPairs {
		e.pairs = e.best()
	}
}

func (e *examples) best() []Pair {
	rank := func(p Pair) int {
		r := map[Likeness]int{Identical: 0, Same: 1, Alike: 2}[p.Likeness]
		if !p.Leak {
			r += 10
		}
		return r
	}
	slices.SortStableFunc(e.pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Similarity, a.Similarity),
			cmp.Compare(a.B.File, b.B.File), cmp.Compare(a.B.Line, b.B.Line), cmp.Compare(a.B.ID, b.B.ID), cmp.Compare(a.A.ID, b.A.ID))
	})
	return slices.Clone(e.pairs[:min(len(e.pairs), MaxPairs)])
}
