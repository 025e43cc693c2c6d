package grader

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// FieldRule says how one field of a structure is compared.
type FieldRule struct {
	// Ignore leaves the field and everything below it out.
	Ignore bool `json:"ignore,omitempty" yaml:"ignore,omitempty"`
	// Absolute and Relative are how far a number may be off: by an amount, or
	// by a share of the expected number (0.01 is one percent). The larger holds.
	Absolute float64 `json:"absolute,omitempty" yaml:"absolute,omitempty"`
	Relative float64 `json:"relative,omitempty" yaml:"relative,omitempty"`
	// Normalise replaces the spec's rule for this string. Without one, strings
	// are compared by the default rule.
	Normalise *Normalise `json:"normalise,omitempty" yaml:"normalise,omitempty"`
	// Unordered compares the array as a bag.
	Unordered bool `json:"unordered,omitempty" yaml:"unordered,omitempty"`
}

// Outcome is how a field came out.
type Outcome string

// The outcomes.
const (
	Right   Outcome = "right"
	Wrong   Outcome = "wrong"   // there, with another value
	Missing Outcome = "missing" // expected and not there
	Extra   Outcome = "extra"   // there and not expected
)

// FieldGrade is one field: a scalar or an empty object or array.
type FieldGrade struct {
	Pointer string  `json:"pointer"` // JSON pointer in the reference, or in the answer if extra
	Path    string  `json:"path"`    // the same with * for array indexes
	Outcome Outcome `json:"outcome"`
	// Expected and Got are JSON, cut after 80 characters; "" if not there.
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
}

// Bounds of a comparison.
const (
	maxSteps    = 2_000_000 // pairs of values that are looked at
	maxExpected = 1_000     // fields of a reference
	maxExtra    = 100       // extra fields that are listed
	maxPairs    = 250_000   // of an unordered array; a larger one is compared in order
)

// comparison walks a reference and an answer side by side, both pruned.
type comparison struct {
	rules  map[string]FieldRule
	n      Normalise
	steps  *int
	silent bool // count only

	fields                       []FieldGrade
	right, wrong, missing, extra int
}

func (c *comparison) over() bool { *c.steps++; return *c.steps > maxSteps }

// f1 is the harmonic mean of precision and recall over fields; 1 if there are
// none on either side.
func (c *comparison) f1() float64 {
	want, got := c.right+c.wrong+c.missing, c.right+c.wrong+c.extra
	if want+got == 0 {
		return 1
	}
	return 2 * float64(c.right) / float64(want+got)
}

func (c *comparison) exact() bool { return c.wrong+c.missing+c.extra == 0 }

func (c *comparison) note(o Outcome, at place, want, got any) {
	n := 0
	switch o {
	case Right:
		c.right++
	case Wrong:
		c.wrong++
	case Missing:
		c.missing++
	case Extra:
		c.extra++
		n = c.extra
	}
	if !c.silent && n <= maxExtra {
		c.fields = append(c.fields, FieldGrade{Pointer: at.pointer, Path: at.path, Outcome: o, Expected: briefJSON(want), Got: briefJSON(got)})
	}
}

// place is a position: as it is, and with * for indexes.
type place struct{ pointer, path string }

func (p place) name(s string) place {
	s = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
	return place{p.pointer + s, p.path + s}
}

func (p place) index(i int) place { return place{p.pointer + "/" + strconv.Itoa(i), p.path + "/*"} }

func (c *comparison) compare(at place, want, got any) {
	rule := c.rules[at.path]
	if rule.Ignore || c.over() {
		return
	}
	switch {
	case want == nil && got == nil:
		return
	case want == nil:
		c.leaves(Extra, at, got)
		return
	case got == nil:
		c.leaves(Missing, at, want)
		return
	}
	if w, ok := want.(map[string]any); ok && len(w) > 0 {
		if g, ok := got.(map[string]any); ok && len(g) > 0 {
			for _, name := range slices.Sorted(maps.Keys(w)) {
				c.compare(at.name(name), w[name], g[name])
			}
			for _, name := range slices.Sorted(maps.Keys(g)) {
				if _, known := w[name]; !known {
					c.compare(at.name(name), nil, g[name])
				}
			}
			return
		}
	}
	if w, ok := want.([]any); ok && len(w) > 0 {
		if g, ok := got.([]any); ok && len(g) > 0 {
			if rule.Unordered && len(w)*len(g) <= maxPairs {
				c.bag(at, w, g)
				return
			}
			for i := range max(len(w), len(g)) {
				c.compare(at.index(i), item(w, i), item(g, i))
			}
			return
		}
	}
	if container(want) || container(got) {
		c.leaves(Missing, at, want)
		c.leaves(Extra, at, got)
		return
	}
	if c.same(rule, want, got) {
		c.note(Right, at, want, got)
	} else {
		c.note(Wrong, at, want, got)
	}
}

// prune takes out what is null, since a null says the same as a field that is
// not there: names of objects, the end of arrays, and what that leaves empty.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, x := range v {
			if x = prune(x); x != nil {
				out[name] = x
			}
		}
		if len(out) > 0 || len(v) == 0 {
			return out
		}
		return nil
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = prune(x)
		}
		for len(out) > 0 && out[len(out)-1] == nil {
			out = out[:len(out)-1]
		}
		if len(out) > 0 || len(v) == 0 {
			return out
		}
		return nil
	}
	return v
}

// container reports whether v has fields of its own.
func container(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return false
}

func item(a []any, i int) any {
	if i < len(a) {
		return a[i]
	}
	return nil
}

// leaves notes every field below v.
func (c *comparison) leaves(o Outcome, at place, v any) {
	if c.rules[at.path].Ignore || c.over() {
		return
	}
	switch v := v.(type) {
	case nil:
		return
	case map[string]any:
		if len(v) > 0 {
			for _, name := range slices.Sorted(maps.Keys(v)) {
				c.leaves(o, at.name(name), v[name])
			}
			return
		}
	case []any:
		if len(v) > 0 {
			for i, x := range v {
				c.leaves(o, at.index(i), x)
			}
			return
		}
	}
	if o == Extra {
		c.note(o, at, nil, v)
	} else {
		c.note(o, at, v, nil)
	}
}

// bag pairs the items of an unordered array: as many equal pairs as possible
// (a maximum matching), then among the rest the pair with the most right fields
// first. So equality is exact, and credit for parts deterministic.
func (c *comparison) bag(at place, want, got []any) {
	rights := make([][]int, len(want)) // -1: equal
	for i, w := range want {
		rights[i] = make([]int, len(got))
		for j, g := range got {
			sub := comparison{rules: c.rules, n: c.n, steps: c.steps, silent: true}
			sub.compare(at.index(i), w, g)
			if rights[i][j] = sub.right; sub.exact() {
				rights[i][j] = -1
			}
		}
	}
	of := make([]int, len(got)) // the reference item that an answer item is paired with, or -1
	for j := range of {
		of[j] = -1
	}
	seen := make([]int, len(got))
	var find func(i, round int) bool
	find = func(i, round int) bool {
		for j := range got {
			if rights[i][j] != -1 || seen[j] == round {
				continue
			}
			seen[j] = round
			if of[j] < 0 || find(of[j], round) {
				of[j] = i
				return true
			}
		}
		return false
	}
	for i := range want {
		find(i, i+1)
	}
	paired := make([]int, len(want))
	for i := range paired {
		paired[i] = -1
	}
	for j, i := range of {
		if i >= 0 {
			paired[i] = j
		}
	}
	type pair struct{ i, j, right int }
	var rest []pair
	for i := range want {
		for j := range got {
			if paired[i] < 0 && of[j] < 0 && rights[i][j] > 0 {
				rest = append(rest, pair{i, j, rights[i][j]})
			}
		}
	}
	slices.SortStableFunc(rest, func(a, b pair) int { return b.right - a.right })
	for _, p := range rest {
		if paired[p.i] < 0 && of[p.j] < 0 {
			paired[p.i], of[p.j] = p.j, p.i
		}
	}
	// What is left over is paired in order: one wrong item, not one missing and
	// one extra.
	j := 0
	for i := range want {
		if paired[i] >= 0 {
			continue
		}
		for j < len(got) && of[j] >= 0 {
			j++
		}
		if j < len(got) {
			paired[i], of[j] = j, i
		}
	}
	for i, w := range want {
		var g any
		if paired[i] >= 0 {
			g = got[paired[i]]
		}
		c.compare(at.index(i), w, g)
	}
	for j, i := range of {
		if i < 0 {
			c.compare(at.index(j), nil, got[j])
		}
	}
}

// same compares two scalars or empty containers.
func (c *comparison) same(rule FieldRule, want, got any) bool {
	switch w := want.(type) {
	case json.Number:
		g, ok := got.(json.Number)
		return ok && closeEnough(rat(w.String()), rat(g.String()), rule.Absolute, rule.Relative)
	case string:
		g, ok := got.(string)
		n := c.n
		if rule.Normalise != nil {
			n = *rule.Normalise
		}
		return ok && (w == g || n.Same(w, g))
	case bool:
		g, ok := got.(bool)
		return ok && w == g
	case map[string]any:
		g, ok := got.(map[string]any)
		return ok && len(w) == 0 && len(g) == 0
	case []any:
		g, ok := got.([]any)
		return ok && len(w) == 0 && len(g) == 0
	}
	return false
}

// rat is a number that checkNumber has passed, exactly; nil if it is none.
func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

// closeEnough reports whether got is off want by no more than the larger of an
// amount and a share of want, exactly: 0.29 is within 0.01 of 0.28.
func closeEnough(want, got *big.Rat, absolute, relative float64) bool {
	if want == nil || got == nil {
		return false
	}
	off := new(big.Rat).Sub(want, got)
	off.Abs(off)
	if off.Sign() == 0 {
		return true
	}
	if off.Cmp(decimal(absolute)) <= 0 {
		return true
	}
	share := new(big.Rat).Mul(decimal(relative), new(big.Rat).Abs(want))
	return off.Cmp(share) <= 0
}

// decimal is the number that a person wrote as the shortest decimal of f.
func decimal(f float64) *big.Rat {
	r := rat(strconv.FormatFloat(f, 'g', -1, 64))
	if r == nil {
		return new(big.Rat)
	}
	return r
}

func briefJSON(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	n := 0
	for i := range string(b) {
		if n++; n > 80 {
			return string(b[:i]) + "…"
		}
	}
	return string(b)
}
