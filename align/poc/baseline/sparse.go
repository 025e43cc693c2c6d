package baseline

import (
	"cmp"
	"math"
	"slices"
)

// count is how often a feature occurs in one text.
type count struct {
	id uint32
	n  float32
}

// dictionary numbers the features of the training texts in order of first
// appearance.
type dictionary struct {
	ids   map[string]uint32
	names []string
}

func newDictionary() *dictionary { return &dictionary{ids: map[string]uint32{}} }

// learn returns the counts of names, sorted by id; unseen names get an id.
func (d *dictionary) learn(names []string) []count {
	ids := make([]uint32, len(names))
	for i, name := range names {
		id, ok := d.ids[name]
		if !ok {
			id = uint32(len(d.names))
			d.ids[name] = id
			d.names = append(d.names, name)
		}
		ids[i] = id
	}
	return tally(ids)
}

// read returns the counts of the names that d knows, sorted by id.
func (d *dictionary) read(names []string) []count {
	ids := make([]uint32, 0, len(names))
	for _, name := range names {
		if id, ok := d.ids[name]; ok {
			ids = append(ids, id)
		}
	}
	return tally(ids)
}

func tally(ids []uint32) []count {
	slices.Sort(ids)
	out := make([]count, 0, len(ids))
	for _, id := range ids {
		if n := len(out); n > 0 && out[n-1].id == id {
			out[n-1].n++
		} else {
			out = append(out, count{id, 1})
		}
	}
	return slices.Clip(out)
}

// vector is a sparse vector; ids ascend.
type vector struct {
	ids    []uint32
	values []float32
}

// documentFrequency counts in how many of the rows of docs each of size
// features occurs.
func documentFrequency(docs [][]count, rows []int, size int) []int32 {
	df := make([]int32, size)
	for _, r := range rows {
		for _, c := range docs[r] {
			df[c.id]++
		}
	}
	return df
}

// selectFrequent maps feature ids to 0..n-1 for the features that occur in at
// least least texts, at most most of them (the most frequent; ties by id);
// the others map to -1.
func selectFrequent(df []int32, least int32, most int) (column []int32, n int) {
	var kept []uint32
	for id, f := range df {
		if f >= least {
			kept = append(kept, uint32(id))
		}
	}
	if len(kept) > most {
		slices.SortFunc(kept, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(df[b], df[a]), cmp.Compare(a, b))
		})
		kept = kept[:most]
		slices.Sort(kept)
	}
	column = make([]int32, len(df))
	for i := range column {
		column[i] = -1
	}
	for i, id := range kept {
		column[id] = int32(i)
	}
	return column, len(kept)
}

// idf is the smoothed inverse document frequency log((1+n)/(1+df)) + 1 of
// Salton and Buckley (1988) as scikit-learn writes it.
func idf(n int, df int32) float64 {
	return math.Log(float64(1+n)/float64(1+df)) + 1
}
