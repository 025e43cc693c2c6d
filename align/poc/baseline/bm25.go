package baseline

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// index finds the texts most like a query by Okapi BM25 (Robertson and
// Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009,
// with the never negative idf log(1 + (N - df + 0.5)/(df + 0.5)) of Lucene).
type index struct {
	postings [][]posting // by feature
	best     []float32   // idf*(k1+1) by feature: the most that it can add
	units    int
}

type posting struct {
	unit   int32
	weight float32
}

// hit is a unit with its score for a query, above 0.
type hit struct {
	unit  int32
	score float32
}

// newIndex indexes units, each a list of counts by ascending feature; names
// are the features' names. Features of kinds that are not in kinds are left
// out. k1 > 0 bounds what repetition adds; b in [0,1] is how much long units
// are marked down.
func newIndex(units [][]count, names []string, kinds func(kind byte) bool, k1, b float64) *index {
	x := &index{postings: make([][]posting, len(names)), best: make([]float32, len(names)), units: len(units)}
	df := make([]int32, len(names))
	lengths := make([]float64, len(units))
	total := 0.0
	for u, doc := range units {
		for _, f := range doc {
			if kinds(names[f.id][0]) {
				df[f.id]++
				lengths[u] += float64(f.n)
			}
		}
		total += lengths[u]
	}
	mean := max(total/float64(max(len(units), 1)), 1)
	for u, doc := range units {
		for _, f := range doc {
			if !kinds(names[f.id][0]) {
				continue
			}
			idf := math.Log(1 + (float64(len(units)-int(df[f.id]))+0.5)/(float64(df[f.id])+0.5))
			tf := float64(f.n)
			w := idf * tf * (k1 + 1) / (tf + k1*(1-b+b*lengths[u]/mean))
			if x.postings[f.id] == nil {
				x.postings[f.id] = make([]posting, 0, df[f.id])
				x.best[f.id] = float32(idf)
			}
			x.postings[f.id] = append(x.postings[f.id], posting{int32(u), float32(w)})
		}
	}
	return x
}

// nearest returns up to k units with the highest scores, best first (ties by
// unit), and the share of the query's weight that units of the index cover at
// all: a scale for the scores.
func (x *index) nearest(query []count, k int) (hits []hit, weight float64) {
	scores := make([]float32, x.units)
	for _, f := range query {
		for _, p := range x.postings[f.id] {
			scores[p.unit] += p.weight
		}
		weight += float64(x.best[f.id])
	}
	for u, s := range scores {
		if s <= 0 || (len(hits) == k && s <= hits[k-1].score) {
			continue
		}
		at, _ := slices.BinarySearchFunc(hits, s, func(h hit, s float32) int {
			if h.score >= s {
				return -1
			}
			return 1
		})
		if len(hits) < k {
			hits = append(hits, hit{})
		}
		copy(hits[at+1:], hits[at:])
		hits[at] = hit{int32(u), s}
	}
	return hits, weight
}

// neighbours lets the training texts most like a text vote for its answer.
type neighbours struct {
	index  *index
	labels []int32  // by unit
	texts  []string // by unit
	k      int
	power  float64
}

// k is the number of voters. A vote weighs score^power. chars adds the
// character 3- and 4-grams of words, pairs the pairs of neighbouring words.
var neighbourAxes = []axis{
	{"chars", []any{false, true}},
	{"pairs", []any{false, true}},
	{"k1", []any{1.2, 0.5}},
	{"b", []any{0.75, 0.3}},
	{"k", []any{10, 5, 20}},
	{"power", []any{2.0, 4.0, 1.0}},
}

func fitNeighbours(ctx context.Context, c *corpus, rows []int, s settings, _ uint64) (scorer, error) {
	m := &neighbours{k: pick[int](s, "k"), power: pick[float64](s, "power")}
	units := make([][]count, len(rows))
	for i, r := range rows {
		units[i] = c.docs[r]
		m.labels = append(m.labels, c.labels[r])
		m.texts = append(m.texts, c.texts[r])
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.index = newIndex(units, c.dict.names, kindsOf(s), pick[float64](s, "k1"), pick[float64](s, "b"))
	return m, nil
}

// kindsOf says which kinds of features the settings pairs and chars admit.
func kindsOf(s settings) func(byte) bool {
	pairs, chars := pick[bool](s, "pairs"), pick[bool](s, "chars")
	return func(kind byte) bool {
		return kind == kindTerm || (kind == kindPair && pairs) || (kind == kindChars && chars)
	}
}

func (m *neighbours) score(doc []count) (int32, []float64) {
	hits, weight := m.index.nearest(doc, m.k)
	return vote(hits, m.labels, m.power, weight)
}

// vote returns the class with the most votes (ties: whose nearest unit comes
// first), and as signs the share of its votes, its lead over the second, and
// how like the nearest unit is.
func vote(hits []hit, labels []int32, power, weight float64) (int32, []float64) {
	if len(hits) == 0 {
		return -1, nil
	}
	type tally struct {
		class int32
		votes float64
	}
	var all []tally
	total := 0.0
	for _, h := range hits {
		v := math.Pow(float64(h.score/hits[0].score), power)
		total += v
		i := slices.IndexFunc(all, func(t tally) bool { return t.class == labels[h.unit] })
		if i < 0 {
			i = len(all)
			all = append(all, tally{class: labels[h.unit]})
		}
		all[i].votes += v
	}
	slices.SortStableFunc(all, func(a, b tally) int { return cmp.Compare(b.votes, a.votes) })
	second := 0.0
	if len(all) > 1 {
		second = all[1].votes
	}
	return all[0].class, []float64{all[0].votes / total, (all[0].votes - second) / total, float64(hits[0].score) / max(weight, 1e-9)}
}

func (m *neighbours) explain(doc []count, class int32) []string {
	hits, _ := m.index.nearest(doc, m.k)
	var out []string
	for _, h := range hits {
		if m.labels[h.unit] == class && len(out) < 3 {
			out = append(out, m.texts[h.unit])
		}
	}
	return out
}
