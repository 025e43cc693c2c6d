package baseline

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// Limits of the linear model: of its weights (features times classes; the
// least frequent features are left out) and of the state of its training
// (texts times classes; a seeded sample of the texts is used), each four bytes.
const (
	maxWeights = 1 << 24
	maxDuals   = 1 << 25
)

// linear is a softmax regression over TF-IDF features. Words with pairs of
// neighbouring words (and n-grams of CJK characters) form one block, character
// n-grams within words the other; each block has length 1.
type linear struct {
	*softmax
	names  []string  // of features by column
	column []int32   // by feature, -1: not used
	idf    []float32 // by column
}

// c is the inverse strength of the L2 penalty.
var tfidfAxes = []axis{{"c", []any{20.0, 5.0, 80.0}}}

// When training stops: passes over the texts at most, and the tolerance, which
// 5 to 8 passes usually reach. Going on changes hardly any answer.
const (
	passes    = 20
	tolerance = 0.01
)

func fitTFIDF(ctx context.Context, c *corpus, rows []int, s settings, seed uint64) (scorer, error) {
	rows = sample(c.labels, rows, max(maxDuals/len(c.classes), 1), len(c.classes), seed)
	df := documentFrequency(c.docs, rows, len(c.dict.names))
	least := int32(2)
	if len(rows) < 200 {
		least = 1
	}
	column, n := selectFrequent(df, least, maxWeights/stride(len(c.classes)))
	m := &linear{column: column, names: make([]string, n), idf: make([]float32, n)}
	for id, col := range column {
		if col >= 0 {
			m.names[col] = c.dict.names[id]
			m.idf[col] = float32(idf(len(rows), df[id]))
		}
	}
	xs := make([]vector, len(rows))
	ys := make([]int32, len(rows))
	for i, r := range rows {
		xs[i], ys[i] = m.vector(c.docs[r]), c.labels[r]
	}
	var err error
	m.softmax, err = trainSoftmax(ctx, xs, ys, n, len(c.classes), pick[float64](s, "c"), tolerance, passes, seed)
	return m, err
}

// sample returns rows if they are at most most, else as many of them drawn by
// seed, with one of each class first as far as that goes; ascending.
func sample(labels []int32, rows []int, most, classes int, seed uint64) []int {
	if len(rows) <= most {
		return rows
	}
	random := rand.New(rand.NewPCG(seed, 0x5a3b1e))
	rows = slices.Clone(rows)
	random.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
	seen := make([]bool, classes)
	rank := make(map[int]int, classes) // row → 0 if it is the first of its class
	for _, r := range rows {
		if k := labels[r]; !seen[k] {
			seen[k] = true
			rank[r] = -1
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	rows = rows[:most]
	slices.Sort(rows)
	return rows
}

// vector returns the TF-IDF vector of doc: (1 + log tf) * idf, each block
// divided by its length.
func (m *linear) vector(doc []count) vector {
	v := vector{ids: make([]uint32, 0, len(doc)), values: make([]float32, 0, len(doc))}
	var square [2]float64 // by block
	for _, f := range doc {
		col := m.column[f.id]
		if col < 0 {
			continue
		}
		w := float32(1+math.Log(float64(f.n))) * m.idf[col]
		square[block(m.names[col])] += float64(w) * float64(w)
		v.ids = append(v.ids, uint32(col))
		v.values = append(v.values, w)
	}
	for i, col := range v.ids {
		v.values[i] /= float32(math.Sqrt(square[block(m.names[col])]))
	}
	return v
}

func block(name string) int {
	if name[0] == kindChars {
		return 1
	}
	return 0
}

func (m *linear) score(doc []count) (int32, []float64) {
	x := m.vector(doc)
	if len(x.ids) == 0 {
		return -1, nil
	}
	z := make([]float32, m.stride)
	m.scores(x, z)
	z = z[:m.classes]
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	second := float32(math.Inf(-1))
	for k, v := range z {
		if k != best {
			second = max(second, v)
		}
	}
	p := make([]float64, m.classes)
	normalise(z, p)
	return int32(best), []float64{logit(p[best]), float64(z[best] - second)}
}

// explain names the words that speak most for class against the mean class.
func (m *linear) explain(doc []count, class int32) []string {
	type part struct {
		name string
		gain float32
	}
	var parts []part
	x := m.vector(doc)
	for i, col := range x.ids {
		if block(m.names[col]) != 0 {
			continue
		}
		row := m.row(col)[:m.classes]
		mean := float32(0)
		for _, w := range row {
			mean += w / float32(m.classes)
		}
		if gain := x.values[i] * (row[class] - mean); gain > 0 {
			parts = append(parts, part{m.names[col][1:], gain})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.gain, a.gain) })
	var out []string
	for _, p := range parts[:min(3, len(parts))] {
		out = append(out, p.name)
	}
	return out
}
