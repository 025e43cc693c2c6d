package baseline

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// keywords is a list of rules "a text that contains this term has this
// answer". Of the rules that match a text, the most precise one decides, so
// that each answer is explained by one term.
type keywords struct {
	dict  *dictionary
	rules map[uint32]rule // by term
}

type rule struct {
	class     int32
	precision float64 // smoothed share of the class among the texts with the term
	support   int32   // texts of the class with the term
}

// A term is a word, a character 1- to 3-gram of CJK text or, if pairs is set,
// two neighbouring words. per_class bounds the rules for one answer; caution
// is the number of contrary texts that each rule is assumed to have met beside
// the real ones, so that rare terms are trusted less.
var keywordAxes = []axis{
	{"pairs", []any{true, false}},
	{"per_class", []any{50, 20, 200}},
	{"caution", []any{1.0, 0.3, 3.0}},
}

func fitKeywords(ctx context.Context, c *corpus, rows []int, s settings, _ uint64) (scorer, error) {
	pairs, caution := pick[bool](s, "pairs"), pick[float64](s, "caution")
	// Texts with each term, and texts of each class with it.
	type pair struct {
		term  uint32
		class int32
	}
	with := make([]int32, len(c.dict.names))
	of := map[pair]int32{}
	for _, r := range rows {
		for _, f := range c.docs[r] {
			if pairs || c.dict.names[f.id][0] == kindTerm {
				with[f.id]++
				of[pair{f.id, c.labels[r]}]++
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type candidate struct {
		term uint32
		rule
	}
	byClass := make([][]candidate, len(c.classes))
	for p, n := range of {
		if n < 2 {
			continue // one text proves no rule
		}
		precision := float64(n) / (float64(with[p.term]) + caution)
		byClass[p.class] = append(byClass[p.class], candidate{p.term, rule{p.class, precision, n}})
	}
	m := &keywords{dict: c.dict, rules: map[uint32]rule{}}
	for _, all := range byClass {
		// The most telling terms: those that would settle most texts rightly.
		slices.SortFunc(all, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(b.precision*math.Sqrt(float64(b.support)), a.precision*math.Sqrt(float64(a.support))),
				cmp.Compare(a.term, b.term))
		})
		for _, r := range all[:min(len(all), pick[int](s, "per_class"))] {
			if old, ok := m.rules[r.term]; !ok || r.beats(old) {
				m.rules[r.term] = r.rule
			}
		}
	}
	return m, nil
}

// beats orders rules by precision, then support, then class.
func (r rule) beats(o rule) bool {
	return cmp.Or(cmp.Compare(r.precision, o.precision), cmp.Compare(r.support, o.support), cmp.Compare(o.class, r.class)) > 0
}

// match returns the term whose rule decides doc.
func (m *keywords) match(doc []count) (term uint32, r rule, ok bool) {
	for _, f := range doc {
		if next, found := m.rules[f.id]; found && (!ok || next.beats(r)) {
			term, r, ok = f.id, next, true
		}
	}
	return term, r, ok
}

func (m *keywords) score(doc []count) (int32, []float64) {
	_, r, ok := m.match(doc)
	if !ok {
		return -1, nil
	}
	return r.class, []float64{logit(r.precision), math.Log(float64(r.support))}
}

func (m *keywords) explain(doc []count, _ int32) []string {
	term, _, ok := m.match(doc)
	if !ok {
		return nil
	}
	return []string{m.dict.names[term][1:]}
}

// logit of p, which is kept off 0 and 1.
func logit(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Log(p / (1 - p))
}
