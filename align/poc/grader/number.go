package grader

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Number declares grading of a quantity.
type Number struct {
	// Absolute and Relative are how far the number may be off: by an amount, in
	// the base unit, or by a share of the expected number. The larger holds.
	Absolute float64 `json:"absolute,omitempty" yaml:"absolute,omitempty"`
	Relative float64 `json:"relative,omitempty" yaml:"relative,omitempty"`
	// Units are the units that may follow a number, each with what it is worth
	// in the base unit: {元: 1, 万元: 10000, fen: 0.01}. A number without one is
	// in the base unit.
	Units map[string]float64 `json:"units,omitempty" yaml:"units,omitempty"`
	// UnitRequired: a number without a known unit is none.
	UnitRequired bool `json:"unit_required,omitempty" yaml:"unit_required,omitempty"`
	// PlainPercent takes 12% for 12, not for 0.12.
	PlainPercent bool `json:"plain_percent,omitempty" yaml:"plain_percent,omitempty"`
	// Pick says which number counts if an answer holds several different ones:
	// only (none: it hedges), first or last. Empty means only.
	Pick string `json:"pick,omitempty" yaml:"pick,omitempty"`
}

// maxQuantities is how many numbers of an answer are read.
const maxQuantities = 1000

func newNumber(s Spec, p *problems) one {
	g := quantity{}
	if s.Number != nil {
		g.spec = *s.Number
	}
	if !(g.spec.Absolute >= 0 && g.spec.Absolute < 1e15) {
		p.add("/number/absolute", "a tolerance must be a number from 0 up", "容差须为不小于 0 的数")
	}
	if !(g.spec.Relative >= 0 && g.spec.Relative < 1e15) {
		p.add("/number/relative", "a tolerance must be a number from 0 up", "容差须为不小于 0 的数")
	}
	if !slices.Contains([]string{"", "only", "first", "last"}, g.spec.Pick) {
		p.add("/number/pick", "this is only, first or last", "可选值:only、first、last")
	}
	if g.spec.UnitRequired && len(g.spec.Units) == 0 {
		p.add("/number/unit_required", "no units are declared", "尚未声明单位")
	}
	for name, worth := range g.spec.Units {
		norm := unitNorm.Text(name)
		if norm == "" || strings.ContainsAny(norm, "0123456789") || !(worth > 0 && worth < 1e15) {
			p.add("/number/units"+place{}.name(name).path, "a unit is a word with a positive worth", "单位须为文字,且折算值大于 0")
			continue
		}
		g.units = append(g.units, unit{norm, decimal(worth)})
	}
	// The longest first, so that 万元 is not taken for 万.
	slices.SortFunc(g.units, func(a, b unit) int {
		if d := len(b.name) - len(a.name); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	return g
}

var (
	quantityNorm = Normalise{Numerals: true, Script: true}
	unitNorm     = Normalise{Script: true}
)

type unit struct {
	name  string
	worth *big.Rat
}

type quantity struct {
	spec  Number
	units []unit
}

func (q quantity) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	var wants []*big.Rat
	for _, r := range refs {
		vs := q.read(r)
		if len(vs) != 1 {
			return Grade{}, ErrCase.With("why", both("%s is not one number", "%s 不是一个数", brief(r)))
		}
		wants = append(wants, vs[0])
	}
	got := q.read(a.Text)
	switch {
	case len(got) == 0:
		return wrong("the answer holds no number", "答案中没有数值"), nil
	case len(got) > 1 && q.spec.Pick == "first":
		got = got[:1]
	case len(got) > 1 && q.spec.Pick == "last":
		got = got[len(got)-1:]
	case len(got) > 1:
		return wrong("the answer holds several numbers, so it is not clear which one is meant", "答案中有多个不同的数值,无法确定以哪个为准"), nil
	}
	for _, w := range wants {
		if closeEnough(w, got[0], q.spec.Absolute, q.spec.Relative) {
			return right("%s is near enough to %s", "%s 与 %s 的差在容差之内", show(got[0]), show(w)), nil
		}
	}
	return wrong("expected %s, got %s", "期望 %s,实际 %s", show(wants[0]), show(got[0])), nil
}

func show(r *big.Rat) string {
	if s := r.FloatString(6); len(s) < 40 {
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	f, _ := new(big.Float).SetRat(r).Float64()
	return strings.TrimSpace(briefJSON(f))
}

// read returns the different quantities in s, in order.
func (q quantity) read(s string) []*big.Rat {
	s = quantityNorm.Text(s)
	var out []*big.Rat
	for i := 0; i < len(s) && len(out) < maxQuantities; {
		start, end := numberAt(s, i)
		if end == 0 {
			break
		}
		i = end
		lit := strings.ReplaceAll(s[start:end], ",", "")
		if checkNumber(lit) != nil {
			continue
		}
		v := rat(lit)
		if v == nil {
			continue
		}
		var ok bool
		if i, ok = q.suffix(s, start, end, v); !ok {
			continue
		}
		if !slices.ContainsFunc(out, func(o *big.Rat) bool { return o.Cmp(v) == 0 }) {
			out = append(out, v)
		}
	}
	return out
}

// numberAt returns the place of the next number in s from i on; 0, 0 if none.
// A number that is part of a word (h2o, b-12) is none; a minus belongs to it
// unless it stands between two values (2020-2024).
func numberAt(s string, i int) (start, end int) {
	for ; i < len(s); i++ {
		if !asciiDigit(rune(s[i])) {
			continue
		}
		start = i
		before, _ := utf8.DecodeLastRuneInString(s[:start])
		if start > 0 && s[start-1] == '.' && (start < 2 || !asciiDigit(rune(s[start-2]))) {
			start-- // .5
			before, _ = utf8.DecodeLastRuneInString(s[:start])
		}
		if before == '-' || before == '+' || before == '−' {
			sign := start - utf8.RuneLen(before)
			prior, _ := utf8.DecodeLastRuneInString(s[:sign])
			if sign == 0 || !unicode.IsLetter(prior) && !unicode.IsDigit(prior) || han(prior) {
				start, before = sign, prior
			}
		}
		for end = i; end < len(s); end++ {
			c := s[end]
			if asciiDigit(rune(c)) || (c == '.' || c == ',') && end+1 < len(s) && asciiDigit(rune(s[end+1])) {
				continue
			}
			if c == 'e' && end+1 < len(s) {
				k := end + 1
				if (s[k] == '-' || s[k] == '+') && k+1 < len(s) {
					k++
				}
				if asciiDigit(rune(s[k])) {
					end = k
					continue
				}
			}
			break
		}
		if before < utf8.RuneSelf && unicode.IsLetter(before) {
			i = end - 1
			continue
		}
		return start, end
	}
	return 0, 0
}

// suffix applies what stands around the number at s[start:end]: a percent or
// permille sign, 百分之 before it, a magnitude, a unit. It returns where to go
// on, and false if a unit is required and not there.
func (q quantity) suffix(s string, start, end int, v *big.Rat) (next int, ok bool) {
	scale := func(num, den int64) { v.Mul(v, big.NewRat(num, den)) }
	rest := strings.TrimLeft(s[end:], " ")
	eat := func(words ...string) bool {
		for _, w := range words {
			if r, ok := strings.CutPrefix(rest, w); ok {
				if last := w[len(w)-1]; last < utf8.RuneSelf && unicode.IsLetter(rune(last)) && startsWithLatin(r) {
					continue // m is not meters' m
				}
				rest = strings.TrimLeft(r, " ")
				return true
			}
		}
		return false
	}
	percent := strings.HasSuffix(strings.TrimRight(s[:start], " "), "百分之")
	permille := strings.HasSuffix(strings.TrimRight(s[:start], " "), "千分之")
	unitFound := false
	for _, u := range q.units {
		if eat(u.name) {
			v.Mul(v, u.worth)
			unitFound = true
			break
		}
	}
	if !unitFound {
		switch {
		case eat("%", "percent", "per cent"):
			percent = true
		case eat("‰"):
			permille = true
		case eat("million"):
			scale(1_000_000, 1)
		case eat("billion"):
			scale(1_000_000_000, 1)
		case eat("thousand", "k"):
			scale(1000, 1)
		}
		for _, u := range q.units {
			if eat(u.name) {
				v.Mul(v, u.worth)
				unitFound = true
				break
			}
		}
	}
	if percent && !q.spec.PlainPercent {
		scale(1, 100)
	}
	if permille && !q.spec.PlainPercent {
		scale(1, 1000)
	}
	return len(s) - len(rest), unitFound || !q.spec.UnitRequired
}

func startsWithLatin(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r < utf8.RuneSelf && unicode.IsLetter(r)
}
