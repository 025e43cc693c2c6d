package baseline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What is read of one text. Longer texts are cut, so that a text of any size
// costs at most what a text of MaxRunes costs.
const (
	MaxRunes = 8192         // characters of the normalised text
	maxBytes = 4 * MaxRunes // bytes of the raw text
	maxWord  = 64           // characters of one word; what follows starts a new word
)

// Span is a run of one script in a normalised text: a word, or a stretch of
// characters that are written without spaces.
type Span struct {
	Text string
	CJK  bool // Han, kana, Hangul or Bopomofo
}

// Tokenise normalises text (NFKC, which folds full-width forms, and lower
// case) and cuts it into words and stretches of CJK characters, in order.
// Everything that is neither letter, digit nor mark separates, except that an
// apostrophe within a word is dropped ("haven't" is "havent"). Bytes that are
// not UTF-8 separate too. Only the first MaxRunes characters are read.
func Tokenise(text string) []Span {
	if len(text) > maxBytes {
		cut := maxBytes
		for cut > maxBytes-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	// Lower case can leave what composes only then (a capital H with a macron
	// below has no form of its own, the small one has): hence twice.
	text = norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(text, " "))))
	var (
		spans []Span
		cur   strings.Builder
		cjk   bool
		count int
	)
	flush := func() {
		if cur.Len() > 0 {
			spans = append(spans, Span{Text: cur.String(), CJK: cjk})
			cur.Reset()
			count = 0
		}
	}
	read := 0
	for _, r := range text {
		if read++; read > MaxRunes {
			break
		}
		switch {
		case isCJK(r):
			if !cjk {
				flush()
			}
			cjk = true
			cur.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			if cjk || count == maxWord {
				flush()
			}
			cjk = false
			cur.WriteRune(r)
			count++
		case (r == '\'' || r == '’') && !cjk && count > 0:
			// Within a word: dropped without ending the word.
		default:
			flush()
		}
	}
	flush()
	return spans
}

func isCJK(r rune) bool {
	// The mark of long vowels belongs to no script.
	return r == 'ー' || r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
}

// The kinds of features: the first byte of a feature's name.
const (
	kindTerm  = 'w' // a word; of CJK text a 1-, 2- or 3-gram of characters
	kindPair  = 'p' // two neighbouring words, joined by a blank
	kindChars = 'c' // a 2- to 5-gram of characters of a word or CJK stretch with a blank before and after
)

// features returns the features of text that are of the given kinds, as often
// as they occur, each name with its kind before it.
func features(text, kinds string) []string {
	if kinds == "" {
		return nil
	}
	var out []string
	last := ""
	for _, s := range Tokenise(text) {
		if s.CJK {
			out = grams(out, "w", s.Text, 1, 3)
		} else {
			out = append(out, "w"+s.Text)
			if last != "" {
				out = append(out, "p"+last+" "+s.Text)
			}
		}
		last = ""
		if !s.CJK {
			last = s.Text
		}
		if strings.IndexByte(kinds, kindChars) >= 0 {
			out = grams(out, "c", " "+s.Text+" ", 2, 5)
		}
	}
	return out
}

// grams appends the character n-grams of s with low <= n <= high, each after
// kind.
func grams(out []string, kind, s string, low, high int) []string {
	starts := make([]int, 0, len(s)+1)
	for i := range s {
		starts = append(starts, i)
	}
	starts = append(starts, len(s))
	for n := low; n <= high; n++ {
		for i := 0; i+n < len(starts); i++ {
			out = append(out, kind+s[starts[i]:starts[i+n]])
		}
	}
	return out
}
