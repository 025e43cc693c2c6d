package probe

import (
	_ "embed"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

// perEdit is about how many characters are written for one slip; there is
// always one, and never more than maxEdits.
const (
	perEdit  = 25
	maxEdits = 4
)

// confusable.txt lists Chinese characters that are taken for each other: by
// sound, as input methods offer them, or by shape.
//
//go:embed confusable.txt
var confusableTable string

// confusable maps a character to those that stand on a line with it.
var confusable = sync.OnceValue(func() map[rune][]rune {
	m := map[rune][]rune{}
	for line := range strings.Lines(confusableTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rs := []rune(strings.TrimSpace(line))
		for _, r := range rs {
			for _, other := range rs {
				if other != r && !slices.Contains(m[r], other) {
					m[r] = append(m[r], other)
				}
			}
		}
	}
	return m
})

// neighbours are the keys beside a key on a QWERTY keyboard.
var neighbours = map[rune]string{
	'q': "wa", 'w': "qes", 'e': "wrd", 'r': "etf", 't': "ryg", 'y': "tuh", 'u': "yij", 'i': "uok", 'o': "ipl", 'p': "ol",
	'a': "qsz", 's': "awdx", 'd': "sefc", 'f': "drgv", 'g': "fthb", 'h': "gyjn", 'j': "hukm", 'k': "jil", 'l': "kop",
	'z': "asx", 'x': "zsdc", 'c': "xdfv", 'v': "cfgb", 'b': "vghn", 'n': "bhjm", 'm': "njk",
}

// typo makes slips in s: within Latin words two letters swapped, one left out,
// doubled, or the key beside it; a Chinese character taken for another, left
// out or doubled; or, of the whole text, other widths of signs or the
// traditional script. Digits stay: another number would ask something else.
// ok is false if s holds nothing to change.
func typo(rng *rand.Rand, s string) (_ string, ok bool) {
	if rng.IntN(6) == 0 {
		for _, i := range rng.Perm(len(whole)) {
			if t := whole[i](s); t != s {
				return t, true
			}
		}
	}
	rs := []rune(s)
	edits := min(maxEdits, 1+len(rs)/perEdit)
	for range edits {
		spots := editable(rs)
		if len(spots) == 0 {
			break
		}
		rs = slip(rng, rs, spots[rng.IntN(len(spots))])
	}
	return string(rs), string(rs) != s
}

// whole are changes of a whole text.
var whole = []func(string) string{grader.Traditional, widen, narrow}

// widen writes signs and letters in their full-width forms, digits and spaces
// apart.
func widen(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '!' && r <= '~' && !unicode.IsDigit(r) {
			return r + 0xfee0
		}
		return r
	}, s)
}

// narrow writes the full-width signs of Chinese text in half width.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '。':
			return '.'
		case r == '、':
			return ','
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xfee0
		}
		return r
	}, s)
}

// editable lists where a slip can be made: at a Chinese character, if more than
// two are there, and inside a Latin word of four letters or more, whose first
// and last letter people rarely miss.
func editable(rs []rune) []int {
	var out []int
	han := 0
	for _, r := range rs {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	for i := 0; i < len(rs); i++ {
		if unicode.Is(unicode.Han, rs[i]) && han > 2 {
			out = append(out, i)
			continue
		}
		end := i
		for end < len(rs) && latin(rs[end]) {
			end++
		}
		if end-i >= 4 {
			for k := i + 1; k < end-1; k++ {
				out = append(out, k)
			}
		}
		if end > i {
			i = end - 1
		}
	}
	return out
}

func latin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func slip(rng *rand.Rand, rs []rune, i int) []rune {
	r := rs[i]
	if !latin(r) {
		like := confusable()[r]
		switch n := rng.IntN(6); {
		case len(like) > 0 && n < 4: // by far the most frequent slip of input methods
			return replaced(rs, i, like[rng.IntN(len(like))])
		case n%2 == 0:
			return slices.Concat(rs[:i], rs[i+1:])
		}
		return slices.Concat(rs[:i], []rune{r}, rs[i:])
	}
	switch rng.IntN(4) {
	case 0:
		if rs[i+1] != r {
			return slices.Concat(rs[:i], []rune{rs[i+1], r}, rs[i+2:])
		}
	case 1:
		return slices.Concat(rs[:i], rs[i+1:])
	case 2:
		return slices.Concat(rs[:i], []rune{r}, rs[i:])
	}
	near := neighbours[unicode.ToLower(r)]
	key := rune(near[rng.IntN(len(near))])
	if unicode.IsUpper(r) {
		key = unicode.ToUpper(key)
	}
	return replaced(rs, i, key)
}

func replaced(rs []rune, i int, r rune) []rune {
	out := slices.Clone(rs)
	out[i] = r
	return out
}
