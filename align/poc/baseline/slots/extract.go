package slots

import (
	"cmp"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/poc/baseline"
)

// Extraction is what was read out of one text.
type Extraction struct {
	// JSON is the object with every field of the rules, null where nothing was
	// found, keys sorted.
	JSON string
	// Spans says which characters of the text (from, to; counted in runes) each
	// value was read from. Defaults have none.
	Spans map[string][2]int
	// Doubts counts fields for which several values stood in the text and none
	// was clearly meant.
	Doubts int
	// Found counts the fields that were read.
	Found int
}

// Extract reads text, of which the first baseline.MaxRunes characters count.
func (r *Rules) Extract(text string) Extraction {
	t := newReading(text)
	if r.reference != nil {
		if m := r.reference.FindStringSubmatchIndex(t.low); m != nil && m[2] >= 0 {
			if day, err := time.Parse(time.DateOnly, t.low[m[2]:m[3]]); err == nil {
				t.reference = day
			}
			t.hide(m[0], m[1])
		}
	}
	if r.ignore != nil {
		for _, m := range r.ignore.FindAllStringIndex(t.low, -1) {
			t.hide(m[0], m[1])
		}
	}
	if r.correction != nil {
		for _, m := range r.correction.FindAllStringIndex(t.low, -1) {
			t.turns = append(t.turns, m[1])
		}
	}
	out := Extraction{Spans: map[string][2]int{}}
	values := map[string]any{}
	read := map[string]find{}
	for _, f := range r.fields {
		if values[f.Name] != nil {
			continue
		}
		values[f.Name] = nil
		if !f.wanted(values) {
			continue
		}
		best, doubt := f.choose(t, read)
		if doubt {
			out.Doubts++
		}
		if best == nil {
			if f.Default != nil && (f.Type != "currency" || values[f.Of] != nil) {
				values[f.Name] = f.Default
			}
			continue
		}
		values[f.Name] = best.value
		read[f.Name] = *best
		if best.end > best.start {
			out.Found++
			out.Spans[f.Name] = [2]int{t.rune(best.start), t.rune(best.end)}
			if !f.Shares {
				t.hide(best.start, best.end)
			}
		}
	}
	if r.clauses != nil {
		values[r.doc.Citations] = r.cite(t, read)
	}
	raw, err := json.Marshal(values)
	if err != nil { // a default that JSON cannot hold (.inf)
		raw = []byte("{}")
	}
	out.JSON = string(raw)
	return out
}

// cite returns the number of the clause that each value stands in.
func (r *Rules) cite(t *reading, read map[string]find) map[string]any {
	type clause struct {
		start  int
		number int
	}
	var all []clause
	for _, m := range r.clauses.FindAllStringSubmatchIndex(t.whole, -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 {
				continue
			}
			if n, ok := number(t.whole[m[g]:m[g+1]]); ok {
				all = append(all, clause{m[0], int(n)})
			}
			break
		}
	}
	out := map[string]any{}
	for _, f := range r.fields {
		if f.Uncited {
			continue
		}
		if out[f.Name] == nil {
			out[f.Name] = nil
		}
		if v, ok := read[f.Name]; ok && v.end > v.start {
			n := 0
			for _, c := range all {
				if c.start <= v.start {
					n = c.number
				}
			}
			out[f.Name] = n
		}
	}
	return out
}

// reading is a text on its way through the fields. The forms low and cased
// have the same byte offsets.
type reading struct {
	raw       []rune // as given
	cased     string // half-width
	low       string // half-width, lower case, what was read hidden
	whole     string // low with nothing hidden
	offsets   []int  // byte offset of each rune
	reference time.Time
	turns     []int // where corrections end
}

func newReading(text string) *reading {
	t := &reading{}
	var cased, low strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		if len(t.raw) == baseline.MaxRunes {
			break
		}
		t.raw = append(t.raw, r)
		t.offsets = append(t.offsets, cased.Len())
		h := half(r)
		l := unicode.ToLower(h)
		if utf8.RuneLen(l) != utf8.RuneLen(h) {
			l = h
		}
		cased.WriteRune(h)
		low.WriteRune(l)
	}
	t.cased, t.low = cased.String(), low.String()
	t.whole = t.low
	return t
}

// half returns the half-width form of a full-width letter, digit or mark.
func half(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0x3000 || r == 0xA0:
		return ' '
	case r == 0xFFE5:
		return '¥'
	}
	return r
}

// rune returns the number of the rune at byte offset b.
func (t *reading) rune(b int) int {
	i, _ := slices.BinarySearch(t.offsets, b)
	return i
}

// hide blanks out bytes from start to end, so that offsets stay.
func (t *reading) hide(start, end int) {
	blank := strings.Repeat("\x00", end-start)
	t.low = t.low[:start] + blank + t.low[end:]
	t.cased = t.cased[:start] + blank + t.cased[end:]
}

// find is a value with the bytes that it was read from; higher scores are
// better founded. unit is the currency beside an amount.
type find struct {
	start, end int
	value      any
	score      int
	unit       string
}

func (f *field) wanted(values map[string]any) bool {
	for name, allowed := range f.When {
		v, _ := values[name].(string)
		if !slices.Contains(allowed, v) {
			return false
		}
	}
	return true
}

// choose returns the find that counts, nil if there is none, and whether others
// with another value were as well founded. After a correction only what follows
// it counts, if something does.
func (f *field) choose(t *reading, read map[string]find) (*find, bool) {
	low, cased := t.low, t.cased
	if f.in != nil {
		low, cased = f.within(low), f.within2(low, cased)
	}
	if f.hide != nil {
		for _, m := range f.hide.FindAllStringIndex(low, -1) {
			blank := strings.Repeat("\x00", m[1]-m[0])
			low, cased = low[:m[0]]+blank+low[m[1]:], cased[:m[0]]+blank+cased[m[1]:]
		}
	}
	finds := f.finds(t, low, cased, read)
	for i := len(t.turns) - 1; i >= 0; i-- {
		after := slices.DeleteFunc(slices.Clone(finds), func(v find) bool { return v.start < t.turns[i] })
		if len(after) > 0 && len(after) < len(finds) {
			finds = after
			break
		}
	}
	if len(finds) == 0 {
		return nil, false
	}
	slices.SortStableFunc(finds, func(a, b find) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		if f.Pick == "last" {
			return cmp.Compare(b.start, a.start)
		}
		return cmp.Compare(a.start, b.start)
	})
	doubt := slices.ContainsFunc(finds, func(v find) bool { return v.score == finds[0].score && v.value != finds[0].value })
	return &finds[0], doubt
}

var sentence = regexp.MustCompile(`[^。;；!！?？\n]+`)

// within blanks out the sentences that the field does not read.
func (f *field) within(low string) string { return f.within2(low, low) }

// within2 blanks out in s the sentences that f.in does not find in low.
func (f *field) within2(low, s string) string {
	var b strings.Builder
	last := 0
	for _, m := range sentence.FindAllStringIndex(low, -1) {
		b.WriteString(s[last:m[0]])
		if f.in.MatchString(low[m[0]:m[1]]) {
			b.WriteString(s[m[0]:m[1]])
		} else {
			b.WriteString(strings.Repeat("\x00", m[1]-m[0]))
		}
		last = m[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

func (f *field) finds(t *reading, low, cased string, read map[string]find) []find {
	switch f.Type {
	case "choice":
		return f.choices(low)
	case "digits":
		return f.digits(low)
	case "money":
		return f.amounts(low)
	case "currency":
		return f.currency(low, read)
	case "date":
		return f.dates(low, t.reference)
	case "time":
		return f.times(low)
	case "period":
		return f.periods(low)
	case "number":
		return f.numbers(low)
	}
	return f.texts(t, cased)
}

func (f *field) choices(low string) []find {
	var out []find
	for i, re := range f.values {
		for _, m := range re.FindAllStringIndex(low, -1) {
			v := find{start: m[0], end: m[1], value: f.Values[i].Value}
			if f.Pick == "order" {
				v.score = -i
			}
			out = append(out, v)
		}
	}
	// Of finds that overlap the longer one was meant: 人民路 within 新人民路.
	return slices.DeleteFunc(slices.Clone(out), func(a find) bool {
		return slices.ContainsFunc(out, func(b find) bool {
			return b.start <= a.start && a.end <= b.end && b.end-b.start > a.end-a.start
		})
	})
}

var (
	digitRun   = regexp.MustCompile(`[0-9](?:[ \t-]?[0-9])*|[零〇一二三四五六七八九]{2,}`)
	spelledRun = regexp.MustCompile(`\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)(?:[ -](?:zero|oh|one|two|three|four|five|six|seven|eight|nine)){2,}\b`)
)

func (f *field) digits(low string) []find {
	var out []find
	add := func(m []int, digits string) {
		if n := float64(len(digits)); n < f.Min || f.Max > 0 && n > f.Max {
			return
		}
		if len(f.Starts) > 0 && !slices.ContainsFunc(f.Starts, func(s string) bool { return strings.HasPrefix(digits, s) }) {
			return
		}
		v := find{start: m[0], end: m[1]}
		if (f.before != nil || f.after != nil) &&
			(f.before == nil || !f.before.MatchString(low[:m[0]])) && (f.after == nil || !f.after.MatchString(low[m[1]:])) {
			return
		}
		if f.Last > 0 && len(digits) > f.Last {
			digits = digits[len(digits)-f.Last:]
		}
		v.value = digits
		out = append(out, v)
	}
	for _, m := range digitRun.FindAllStringIndex(low, -1) {
		add(m, digitsOf(low[m[0]:m[1]]))
	}
	for _, m := range spelledRun.FindAllStringIndex(low, -1) {
		add(m, digitsOf(spelled.Replace(low[m[0]:m[1]])))
	}
	return out
}

func (f *field) numbers(low string) []find {
	var out []find
	for i, re := range f.patterns {
		for _, m := range re.FindAllStringSubmatchIndex(low, -1) {
			if v := f.Patterns[i].Value; v != nil {
				out = append(out, find{start: m[0], end: m[1], value: v, score: -i})
				continue
			}
			if m[2] < 0 {
				continue
			}
			n, ok := number(low[m[2]:m[3]])
			if !ok {
				continue
			}
			if times := f.Patterns[i].Times; times != 0 {
				n = math.Round(n*times*1e6) / 1e6
			}
			out = append(out, find{start: m[0], end: m[1], value: n, score: -i})
		}
	}
	return out
}

func (f *field) texts(t *reading, cased string) []find {
	var out []find
	for i, re := range f.patterns {
		for _, m := range re.FindAllStringSubmatchIndex(cased, -1) {
			if v := f.Patterns[i].Value; v != nil {
				out = append(out, find{start: m[0], end: m[1], value: v, score: -i})
				continue
			}
			if m[2] < 0 {
				continue
			}
			start, end := f.trimmed(cased, m[2], m[3])
			s := cased[start:end]
			if s == "" || strings.ContainsRune(s, 0) || f.stop != nil && f.stop.MatchString(s) {
				continue
			}
			out = append(out, find{start: start, end: end, value: string(t.raw[t.rune(start):t.rune(end)]), score: -i})
		}
	}
	return out
}

// trimmed narrows s[start:end] by surrounding space and what the field trims.
func (f *field) trimmed(s string, start, end int) (int, int) {
	for range 8 {
		part := s[start:end]
		start += len(part) - len(strings.TrimLeft(part, " \t\x00"))
		end -= len(part) - len(strings.TrimRight(part, " \t\x00"))
		if start >= end {
			return start, start
		}
		if f.trim == nil {
			break
		}
		m := f.trim.FindStringIndex(s[start:end])
		if m == nil {
			break
		}
		if m[0] == 0 {
			start += m[1]
		} else {
			end = start + m[0]
		}
		if start >= end {
			return start, start
		}
	}
	return start, end
}
