package baseline

import (
	"cmp"
	"context"
	"slices"
)

// similar says what becomes of the training texts (相似问): "each" makes each
// one a further question of its entry, "joined" adds their words to the entry,
// "none" leaves them out. question_weight is how much more a word in a
// question counts than one in an answer. The other settings are those of
// neighbourAxes: k units vote for their entry.
var faqAxes = []axis{
	{"similar", []any{"each", "joined", "none"}},
	{"question_weight", []any{2.0, 1.0, 4.0}},
	{"chars", []any{false, true}},
	{"pairs", []any{false, true}},
	{"k1", []any{1.2, 0.5}},
	{"b", []any{0.75, 0.3}},
	{"k", []any{5, 1, 10}},
	{"power", []any{2.0, 4.0}},
}

// fitFAQ indexes the FAQ entries and, by the setting similar, the training
// texts in rows with them. Texts whose answer has no entry are left out.
func fitFAQ(ctx context.Context, c *corpus, rows []int, s settings, _ uint64) (scorer, error) {
	similar, weight := pick[string](s, "similar"), float32(pick[float64](s, "question_weight"))
	m := &neighbours{k: pick[int](s, "k"), power: pick[float64](s, "power")}
	var units [][]count
	first := map[int32]int{} // class → its first unit
	for _, e := range c.entries {
		if _, ok := first[e.class]; !ok {
			first[e.class] = len(units)
		}
		unit := slices.Clone(e.lead)
		for i := range unit {
			unit[i].n *= weight
		}
		units = append(units, merge(append(unit, e.others...)))
		m.labels = append(m.labels, e.class)
		m.texts = append(m.texts, e.title)
	}
	joined := make([][]count, len(units))
	for _, r := range rows {
		at, ok := first[c.labels[r]]
		switch {
		case !ok:
		case similar == "each":
			units = append(units, c.docs[r])
			m.labels = append(m.labels, c.labels[r])
			m.texts = append(m.texts, c.texts[r])
		case similar == "joined":
			joined[at] = append(joined[at], c.docs[r]...)
		}
	}
	for u, more := range joined {
		if len(more) > 0 {
			units[u] = merge(append(more, units[u]...))
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.index = newIndex(units, c.dict.names, kindsOf(s), pick[float64](s, "k1"), pick[float64](s, "b"))
	return m, nil
}

// merge sorts counts by id, in place, and adds up those of the same id.
func merge(all []count) []count {
	slices.SortFunc(all, func(a, b count) int { return cmp.Compare(a.id, b.id) })
	out := all[:0]
	for _, f := range all {
		if n := len(out); n > 0 && out[n-1].id == f.id {
			out[n-1].n += f.n
		} else {
			out = append(out, f)
		}
	}
	return out
}
