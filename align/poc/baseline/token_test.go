package baseline_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/poc/baseline"
)

func TestTokenise(t *testing.T) {
	t.Parallel()
	word := func(s string) baseline.Span { return baseline.Span{Text: s} }
	cjk := func(s string) baseline.Span { return baseline.Span{Text: s, CJK: true} }
	cases := []struct {
		text string
		want []baseline.Span
	}{
		{"", nil},
		{"  ?! …\n", nil},
		{"How DO I top-up?", []baseline.Span{word("how"), word("do"), word("i"), word("top"), word("up")}},
		{"I haven't, haven’t 'it'", []baseline.Span{word("i"), word("havent"), word("havent"), word("it")}},
		{"ＡＴＭ　１２３", []baseline.Span{word("atm"), word("123")}}, // full width
		{"我的card丢了,怎么办", []baseline.Span{cjk("我的"), word("card"), cjk("丢了"), cjk("怎么办")}},
		{"ｶｰﾄﾞをなくした 카드", []baseline.Span{cjk("カードをなくした"), cjk("카드")}},
		{"caf\u0065\u0301 CAFÉ", []baseline.Span{word("café"), word("café")}},
		{"a\xffb\x00c", []baseline.Span{word("a"), word("b"), word("c")}},
		{"H\u0331", []baseline.Span{word("\u1e96")}},
		{strings.Repeat("x", 70), []baseline.Span{word(strings.Repeat("x", 64)), word("xxxxxx")}},
	}
	for _, c := range cases {
		if got := baseline.Tokenise(c.text); !slices.Equal(got, c.want) {
			t.Errorf("Tokenise(%q) = %+v, want %+v", c.text, got, c.want)
		}
	}
}

// Any bytes give spans of valid, non-empty text within the limit, and what was
// cut before is cut the same way again.
func FuzzTokenise(f *testing.F) {
	for _, s := range []string{"", "How do I lock my card?", "我的card丢了", "ＡＴＭ　１２３", "I haven't", "\xff\xfe", "ﷺﷺ", "H\u0331", "İı", "a\u0300\u0301", "カード", "x'", strings.Repeat("挂失a", 9000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans := baseline.Tokenise(text)
		total := 0
		parts := make([]string, len(spans))
		for i, s := range spans {
			if s.Text == "" || !utf8.ValidString(s.Text) || strings.ContainsAny(s.Text, " '\n") {
				t.Fatalf("Tokenise(%q): span %q", text, s.Text)
			}
			total += utf8.RuneCountInString(s.Text)
			parts[i] = s.Text
		}
		if total > baseline.MaxRunes {
			t.Fatalf("%d characters", total)
		}
		joined := strings.Join(parts, " ")
		if len(joined) > baseline.MaxRunes {
			return // the blanks could push the end out
		}
		if again := baseline.Tokenise(joined); !slices.Equal(again, spans) {
			t.Fatalf("Tokenise(%q) = %+v, again %+v", text, spans, again)
		}
	})
}
