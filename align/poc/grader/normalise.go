package grader

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalise says what two texts may differ in and still be the same answer.
// The zero value is the default rule: full-width forms, upper and lower case,
// surrounding space, quotes and brackets, closing sentence marks.
type Normalise struct {
	// Numerals reads numbers that are written out: 一百二十, 壹佰贰拾 and 1,200
	// become 120, 120 and 1200.
	Numerals bool `json:"numerals,omitempty" yaml:"numerals,omitempty"`
	// Script folds traditional characters to simplified ones, one by one.
	Script bool `json:"script,omitempty" yaml:"script,omitempty"`
	// Punctuation drops every punctuation mark; signs (+, -, %, #, …) and the
	// marks inside a number stay.
	Punctuation bool `json:"punctuation,omitempty" yaml:"punctuation,omitempty"`
	// Spaces takes every run of white space for one space, and none between
	// Chinese characters.
	Spaces bool `json:"spaces,omitempty" yaml:"spaces,omitempty"`
}

// Text returns the normal form of s: texts are the same answer if their normal
// forms are equal. It is idempotent, and takes time linear in len(s). A text of
// nothing but marks has the normal form "".
func (n Normalise) Text(s string) string {
	s = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(s, "\ufffd")))
	s = norm.NFKC.String(s) // J with a caron has a composed form in lower case only
	if n.Script {
		s = simplified(s)
	}
	if n.Punctuation {
		s = norm.NFKC.String(dropPunctuation(s)) // an accent may have lost what stood before it
	}
	if n.Spaces {
		s = norm.NFKC.String(joinSpaces(s))
	}
	if n.Numerals { // last, since a mark or a space that goes joins two halves
		s = numerals(s)
	}
	return trimMarks(s)
}

// Same reports whether got is the answer that was expected. Where got is
// nothing but marks, they are the answer and must be equal as they stand. An
// empty answer is an abstention and never the same.
func (n Normalise) Same(expected, got string) bool {
	if g := n.Text(got); g != "" {
		return g == n.Text(expected)
	}
	return got != "" && got == expected
}

// Correct reports whether got is the expected resolution by the default rule:
// equal after Unicode compatibility normalisation (which folds full-width
// forms), lower-casing and trimming of surrounding space, quotes and brackets
// and of closing sentence marks. Other signs are part of an answer: -1 is not
// 1, and C# is not C. An abstention is never correct.
func Correct(expected, got string) bool { return Normalise{}.Same(expected, got) }

func trimMarks(s string) string {
	s = strings.TrimRightFunc(s, func(r rune) bool { return wraps(r) || strings.ContainsRune(".,;:!?…。、", r) })
	return strings.TrimLeftFunc(s, wraps)
}

// wraps reports whether r is space, a quote or a bracket.
func wraps(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pi, unicode.Pf, unicode.Ps, unicode.Pe) || strings.ContainsRune("\"'`", r)
}

// dropPunctuation takes out every punctuation mark, but for signs that change
// what is said: in a number (3.5, 1/2, -1), and %, #, @, & and *.
func dropPunctuation(s string) string {
	runes := []rune(s)
	digit := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsDigit(runes[i]) || hanNumeral(runes[i]))
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range runes {
		switch {
		case !unicode.IsPunct(r), strings.ContainsRune("%#@&*", r):
		case strings.ContainsRune(".,/:", r) && digit(i-1) && digit(i+1):
		case r == '-' && digit(i+1):
		default:
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// joinSpaces takes runs of space for one, and drops those beside a Chinese
// character, where a space says nothing.
func joinSpaces(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	var last rune
	gap := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			gap = true
			continue
		}
		if gap && last != 0 && !han(last) && !han(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last, gap = r, false
	}
	return b.String()
}

// han reports whether r is written without spaces between words.
func han(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo)
}

//go:embed traditional.txt
var traditional string

// toSimplified maps a traditional character to its simplified form.
var toSimplified = sync.OnceValue(func() map[rune]rune {
	m := make(map[rune]rune, 4200)
	for line := range strings.Lines(traditional) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(rs); i += 2 {
			m[rs[i]] = rs[i+1]
		}
	}
	return m
})

// simplified folds character by character, without a look at the words: where
// two traditional characters share a simplified one (髮 and 發, 後 and 后), they
// become equal.
func simplified(s string) string {
	m := toSimplified()
	return strings.Map(func(r rune) rune {
		if t, ok := m[r]; ok && r > 0x2e80 {
			return t
		}
		return r
	}, s)
}
