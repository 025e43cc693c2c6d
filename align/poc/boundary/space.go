package boundary

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/core/dataset"
)

// SearchOptions steer the search for weak slices. The zero value takes the
// defaults.
type SearchOptions struct {
	// MinSupport is the smallest share of the cases that a rule covers; 0.05
	// by default.
	MinSupport float64
	// FalseDiscovery bounds the chance of reporting any slice that is not weaker
	// than the rest; 0.10 by default.
	FalseDiscovery float64
	// MaxConditions is how many conditions a rule has at most, from 1 to 3; 3
	// by default.
	MaxConditions int
}

func (o SearchOptions) filled() SearchOptions {
	if !(o.MinSupport > 0 && o.MinSupport < 1) {
		o.MinSupport = 0.05
	}
	if !(o.FalseDiscovery > 0 && o.FalseDiscovery < 1) {
		o.FalseDiscovery = 0.10
	}
	if o.MaxConditions < 1 || o.MaxConditions > maxConditions {
		o.MaxConditions = maxConditions
	}
	return o
}

const (
	maxConditions = 3
	// maxRules bounds the rules of one search, so that its time is bounded.
	maxRules = 20_000
	// maxWords bounds the words that rules ask for: the most frequent ones.
	maxWords = 60
	// mostOften is the share of texts above which a word tells nothing.
	mostOften = 0.5
	// redundant is the share of a rule's cases above which a further condition
	// that keeps them says nothing new.
	redundant = 0.95
)

// ConditionKind says what a condition asks about.
type ConditionKind string

// The conditions.
const (
	SliceIs    ConditionKind = "slice"
	TagIs      ConditionKind = "tag"
	LanguageIs ConditionKind = "language"
	LongerThan ConditionKind = "longer_than" // characters
	AtMost     ConditionKind = "at_most"     // characters
	Contains   ConditionKind = "contains"    // a word, or Chinese characters in a row
)

// Condition is one condition of a rule. Name is the tag's; Value is what it
// is compared with, a number of characters for the lengths.
type Condition struct {
	Kind  ConditionKind `json:"kind"`
	Name  string        `json:"name,omitempty"`
	Value string        `json:"value"`
}

// feature is what a condition asks about: a rule asks about each only once.
func (c Condition) feature() string {
	switch c.Kind {
	case LongerThan, AtMost:
		return "length"
	case Contains:
		return "text"
	case TagIs:
		return "tag " + c.Name
	}
	return string(c.Kind)
}

// Meets reports whether a case meets the condition.
func (c Condition) Meets(of dataset.Case) bool {
	switch c.Kind {
	case SliceIs:
		return of.Slice == c.Value
	case TagIs:
		return of.Tags[c.Name] == c.Value
	case LanguageIs:
		return string(Detect(of.Input)) == c.Value
	case LongerThan, AtMost:
		n, err := strconv.Atoi(c.Value)
		return err == nil && (utf8.RuneCountInString(of.Input) > n) == (c.Kind == LongerThan)
	case Contains:
		return slices.ContainsFunc(baseline.Tokenise(of.Input), func(s baseline.Span) bool {
			return s.Text == c.Value || s.CJK && strings.Contains(s.Text, c.Value)
		})
	}
	return false
}

// terms returns a text's words, and its Chinese characters two and three in a
// row, each once.
func terms(input string) []string {
	seen := map[string]bool{}
	var out []string
	note := func(w string) {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	for _, span := range baseline.Tokenise(input) {
		if !span.CJK {
			note(span.Text)
			continue
		}
		runes := []rune(span.Text)
		for n := 2; n <= 3; n++ {
			for i := 0; i+n <= len(runes); i++ {
				note(string(runes[i : i+n]))
			}
		}
	}
	return out
}

// Space holds the rules that a search goes through. It is made of the cases
// alone, without a look at any answer, which is what makes the correction for
// the search valid; so one Space serves all candidates.
type Space struct {
	opts  SearchOptions
	n     int
	conds []Condition
	sets  []set   // the cases of each condition
	rules []combo // by number of conditions
	// tests counts the rules with 1, 2 and 3 conditions.
	tests  [maxConditions]int
	capped bool
}

// combo is a rule as indices of its conditions, rising, -1 beyond the last.
type combo struct {
	at [maxConditions]int
	n  int // conditions
}

// set is a set of cases, one bit each.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// NewSpace lists the rules over cases: conjunctions of up to three conditions
// on slice, tags, language, length and words, each of which covers at least
// MinSupport of the cases. A rule whose cases are those of another, or nearly
// those of the rule without its last condition, is left out.
func NewSpace(cases []dataset.Case, opts SearchOptions) *Space {
	return newSpace(cases, read(cases), opts)
}

func newSpace(cases []dataset.Case, in []input, opts SearchOptions) *Space {
	s := &Space{opts: opts.filled(), n: len(cases)}
	s.single(cases, in)
	s.conjoin()
	return s
}

// least is the smallest number of cases that a rule covers.
func (s *Space) least(n int) int { return max(1, int(ceil(s.opts.MinSupport*float64(n)))) }

func ceil(x float64) float64 {
	if f := float64(int(x)); f >= x-1e-9 {
		return f
	}
	return float64(int(x)) + 1
}

// single makes the conditions.
func (s *Space) single(cases []dataset.Case, in []input) {
	type found struct {
		cond Condition
		in   set
	}
	var all []found
	at := map[Condition]int{}
	put := func(c Condition, i int) {
		j, ok := at[c]
		if !ok {
			j = len(all)
			at[c] = j
			all = append(all, found{c, newSet(s.n)})
		}
		all[j].in.add(i)
	}
	lengths := lengthsOf(in)
	tops := quantileTops(lengths, lengthBins)
	long := quantileTops(lengths, 10)
	for i, c := range cases {
		if c.Slice != "" {
			put(Condition{Kind: SliceIs, Value: c.Slice}, i)
		}
		for _, k := range slices.Sorted(maps.Keys(c.Tags)) {
			if v := c.Tags[k]; v != "" {
				put(Condition{Kind: TagIs, Name: k, Value: v}, i)
			}
		}
		put(Condition{Kind: LanguageIs, Value: string(in[i].language)}, i)
		for j, top := range tops[:max(0, len(tops)-1)] {
			if lengths[i] > top {
				put(Condition{Kind: LongerThan, Value: strconv.Itoa(top)}, i)
			} else if j < 2 {
				put(Condition{Kind: AtMost, Value: strconv.Itoa(top)}, i)
			}
		}
		if len(long) == 10 && lengths[i] > long[8] {
			put(Condition{Kind: LongerThan, Value: strconv.Itoa(long[8])}, i)
		}
	}
	for w, in := range words(cases, s.least(s.n)) {
		all = append(all, found{Condition{Kind: Contains, Value: w}, in})
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.cond.Kind, b.cond.Kind), cmp.Compare(a.cond.Name, b.cond.Name), cmp.Compare(a.cond.Value, b.cond.Value))
	})
	seen := map[uint64]bool{}
	for _, f := range all {
		// A condition that nearly every case meets says nothing.
		if n := f.in.count(); n >= s.least(s.n) && float64(n) < redundant*float64(s.n) && s.fresh(seen, f.in) {
			s.conds, s.sets = append(s.conds, f.cond), append(s.sets, f.in)
		}
	}
}

// fresh reports whether in is none of the sets seen before, and notes it. Sets
// are told apart by 64 bits of hash (the mixing of SplitMix64, the same in
// every process); a collision would only leave out a rule.
func (s *Space) fresh(seen map[uint64]bool, in set) bool {
	sum := uint64(len(in))
	for _, w := range in {
		sum = (sum ^ w) + 0x9e3779b97f4a7c15
		sum = (sum ^ sum>>30) * 0xbf58476d1ce4e5b9
		sum = (sum ^ sum>>27) * 0x94d049bb133111eb
		sum ^= sum >> 31
	}
	if seen[sum] {
		return false
	}
	seen[sum] = true
	return true
}

// words returns the texts' words, and their Chinese characters two and three
// in a row, that stand in at least least texts and in at most half of them: the
// maxWords most frequent ones. Of those that stand in the same texts the
// longest is kept, and grown to the phrase that they are pieces of.
func words(cases []dataset.Case, least int) map[string]set {
	count := map[string]int{}
	for _, c := range cases {
		for _, w := range terms(c.Input) {
			count[w]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < least || float64(n) > mostOften*float64(len(cases)) })
	// Three times as many as are kept, since many stand in the same texts.
	top := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(utf8.RuneCountInString(b), utf8.RuneCountInString(a)), cmp.Compare(a, b))
	})
	top = top[:min(len(top), 3*maxWords)]
	out := map[string]set{}
	for _, w := range top {
		out[w] = newSet(len(cases))
	}
	for i, c := range cases {
		for _, w := range terms(c.Input) {
			if in, ok := out[w]; ok {
				in.add(i)
			}
		}
	}
	kept := map[string]set{}
	gone := map[string]bool{}
	for _, w := range top {
		if len(kept) == maxWords {
			break
		}
		if gone[w] {
			continue
		}
		var same []string
		for _, o := range top {
			if count[o] == count[w] && slices.Equal(out[o], out[w]) {
				same, gone[o] = append(same, o), true
			}
		}
		whole := Condition{Kind: Contains, Value: joined(w, same)}
		if whole.Value != w && slices.ContainsFunc(cases, func(c dataset.Case) bool { return whole.Meets(c) != (Condition{Kind: Contains, Value: w}).Meets(c) }) {
			whole.Value = w
		}
		kept[whole.Value] = out[w]
	}
	return kept
}

// joined lengthens w, of Chinese characters, by those of the others that
// overlap it in all but one, so that a reader sees a phrase and not a piece.
func joined(w string, others []string) string {
	const longest = 12
	runes := []rune(w)
	for grown := true; grown && len(runes) < longest; {
		grown = false
		for _, o := range others {
			r := []rune(o)
			n := len(r)
			if n < 2 || n > len(runes) {
				continue
			}
			switch {
			case slices.Equal(r[:n-1], runes[len(runes)-n+1:]) && !strings.Contains(string(runes), o):
				runes, grown = append(runes, r[n-1]), true
			case slices.Equal(r[1:], runes[:n-1]) && !strings.Contains(string(runes), o):
				runes, grown = append([]rune{r[0]}, runes...), true
			}
		}
	}
	return string(runes)
}

// conjoin lists the rules.
func (s *Space) conjoin() {
	least := s.least(s.n)
	seen := map[uint64]bool{}
	for i := range s.conds {
		s.fresh(seen, s.sets[i])
		s.rules = append(s.rules, combo{at: [maxConditions]int{i, -1, -1}, n: 1})
	}
	s.tests[0] = len(s.rules)
	from := 0
	both := newSet(s.n)
	for size := 2; size <= s.opts.MaxConditions; size++ {
		to := len(s.rules)
		for _, r := range s.rules[from:to] {
			base := s.cases(r)
			in := base.count()
			for j := r.at[size-2] + 1; j < len(s.conds); j++ {
				if s.asks(r, s.conds[j].feature()) {
					continue
				}
				for w := range both {
					both[w] = base[w] & s.sets[j][w]
				}
				n := both.count()
				if n < least || float64(n) > redundant*float64(in) || !s.fresh(seen, both) {
					continue
				}
				if len(s.rules) == maxRules {
					s.capped = true
					return
				}
				next := r
				next.at[size-1], next.n = j, size
				s.rules = append(s.rules, next)
				s.tests[size-1]++
			}
		}
		from = to
	}
}

func (s *Space) asks(r combo, feature string) bool {
	for _, i := range r.at[:r.n] {
		if s.conds[i].feature() == feature {
			return true
		}
	}
	return false
}

// cases returns the cases of a rule.
func (s *Space) cases(r combo) set {
	out := slices.Clone(s.sets[r.at[0]])
	for _, i := range r.at[1:r.n] {
		for w := range out {
			out[w] &= s.sets[i][w]
		}
	}
	return out
}
