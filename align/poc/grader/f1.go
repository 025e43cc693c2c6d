package grader

import (
	"context"
	"strings"
	"unicode"
)

// F1 declares grading by the tokens that answer and reference share.
type F1 struct {
	// AtLeast is the score from which on an answer is correct; 0 means 1 (all
	// tokens, in any order).
	AtLeast float64 `json:"at_least,omitempty" yaml:"at_least,omitempty"`
}

func newF1(s Spec, p *problems) one {
	r := overlap{n: s.Normalise, least: 1}
	if s.F1 != nil && s.F1.AtLeast != 0 {
		if !(s.F1.AtLeast > 0 && s.F1.AtLeast <= 1) {
			p.add("/f1/at_least", "this must lie between 0 and 1", "须在 0 与 1 之间")
		}
		r.least = s.F1.AtLeast
	}
	return r
}

type overlap struct {
	n     Normalise
	least float64
}

func (o overlap) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	best := 0.0
	got := tokens(o.n.Text(a.Text))
	for _, r := range refs {
		best = max(best, tokenF1(tokens(o.n.Text(r)), got))
	}
	out := wrong("the tokens overlap by %.2f; %.2f is required", "词重合度 %.2f,要求至少 %.2f", best, o.least)
	out.Score, out.Correct = best, best >= o.least-1e-12
	return out, nil
}

// TokenF1 is the harmonic mean of the shares of tokens that answer and
// reference have in common, as the evaluation script of SQuAD 2.0 computes it
// (lower case, no punctuation, no English articles), with two differences:
// Chinese and Japanese characters are tokens each, as in CMRC 2018, and every
// Unicode punctuation mark is dropped, not the ASCII ones only. Where one has
// no token at all it is 1 if neither has, else 0.
func TokenF1(expected, got string) float64 {
	n := Normalise{}
	return tokenF1(tokens(n.Text(expected)), tokens(n.Text(got)))
}

func tokenF1(want, got []string) float64 {
	if len(want) == 0 || len(got) == 0 {
		if len(want) == len(got) {
			return 1
		}
		return 0
	}
	left := make(map[string]int, len(want))
	for _, t := range want {
		left[t]++
	}
	same := 0
	for _, t := range got {
		if left[t] > 0 {
			left[t]--
			same++
		}
	}
	return 2 * float64(same) / float64(len(want)+len(got))
}

// squadPunctuation are the signs of Python's string.punctuation that Unicode
// does not count as punctuation.
const squadPunctuation = "$+<=>^`|~"

// tokens splits text in normal form.
func tokens(s string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		if w := word.String(); w != "" && w != "a" && w != "an" && w != "the" {
			out = append(out, w)
		}
		word.Reset()
	}
	for _, r := range s {
		switch {
		case unicode.IsPunct(r), strings.ContainsRune(squadPunctuation, r): // deleted, so that U.S. is one token
		case unicode.IsSpace(r):
			flush()
		case han(r):
			flush()
			out = append(out, string(r))
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return out
}
