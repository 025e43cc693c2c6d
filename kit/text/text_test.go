package text_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/text"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want text.Text
		ok   bool
	}{
		{`"both"`, text.Text{En: "both", Zh: "both"}, true},
		{`{"en":"a","zh":"甲"}`, text.Text{En: "a", Zh: "甲"}, true},
		{`{"zh":"甲"}`, text.Text{Zh: "甲"}, true},
		{`{}`, text.Text{}, true},
		{`null`, text.Text{}, true},
		{`7`, text.Text{}, false},
		{`["a"]`, text.Text{}, false},
		{`{"en":7}`, text.Text{}, false},
	} {
		var got text.Text
		err := json.Unmarshal([]byte(c.in), &got)
		if (err == nil) != c.ok || err == nil && got != c.want {
			t.Errorf("%s: %+v, %v", c.in, got, err)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := text.Text{En: rapid.String().Draw(t, "en"), Zh: rapid.String().Draw(t, "zh")}
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got text.Text
		if err := json.Unmarshal(raw, &got); err != nil || got != want {
			t.Fatalf("%+v became %+v (%v)", want, got, err)
		}
	})
}

func TestIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t        text.Text
		lang     string
		want     string
		wantZero bool
	}{
		{text.Text{En: "a", Zh: "甲"}, "en", "a", false},
		{text.Text{En: "a", Zh: "甲"}, "zh", "甲", false},
		{text.Text{En: "a", Zh: "甲"}, "fr", "a", false},
		{text.Text{En: "a"}, "zh", "a", false},
		{text.Text{Zh: "甲"}, "en", "甲", false},
		{text.Text{}, "zh", "", true},
	} {
		if got := c.t.In(c.lang); got != c.want || c.t.IsZero() != c.wantZero {
			t.Errorf("%+v in %s: %q, zero %v", c.t, c.lang, got, c.t.IsZero())
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, candidates, want string }{
		{"targts", "targets traffic title", "targets"},
		{"tfdif", "bm25 faq tfidf", "tfidf"}, // two letters swapped are one edit
		{"acuracy", "accuracy latency_p95_ms", "accuracy"},
		{"latencyP95Ms", "accuracy latency_p95_ms", "latency_p95_ms"},
		{"TARGETS", "targets", "targets"},
		{"l1", "L1 L2 L3", "L1"},
		{"L4", "L1 L2 L3", "L1"}, // equally near: the first in order
		{"Faq", "FAQ Faq faq", "Faq"},
		{"exact", "exact exacts", "exact"},
		{"colour", "weight", ""},
		{"abcdefghijkl", "efghijkl", ""}, // four edits
		{"x", "y", ""},                   // nothing in common
		{"", "a", ""},
		{"", "", ""},
		{"中文", "英语", ""}, // letters count, not bytes
		{"简单问达", "简单问答 多模态决策", "简单问答"},
		{"anything", "", ""},
	} {
		if got := text.Nearest(c.name, strings.Fields(c.candidates)); got != c.want {
			t.Errorf("%q of [%s]: %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
}

func TestNearestProperties(t *testing.T) {
	t.Parallel()
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcAB_甲乙")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		name := word.Draw(t, "name")
		list := rapid.SliceOfN(word, 0, 8).Draw(t, "candidates")
		got := text.Nearest(name, list)
		if got != "" && !slices.Contains(list, got) {
			t.Fatalf("%q is no candidate", got)
		}
		if name != "" && slices.Contains(list, name) && got != name {
			t.Fatalf("%q is a candidate, got %q", name, got)
		}
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		if again := text.Nearest(name, shuffled); again != got {
			t.Fatalf("the order of candidates matters: %q, %q", got, again)
		}
		a, b := len([]rune(name)), len([]rune(got))
		if got != "" && (a-b > 3 || b-a > 3) {
			t.Fatalf("%q is too far from %q", got, name)
		}
		// One typing error in a name of three letters or more is found out.
		long := []rune(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 3, 9, -1).Draw(t, "long"))
		i := rapid.IntRange(0, len(long)-1).Draw(t, "i")
		typo := slices.Clone(long)
		typo[i] = 'x'
		if text.Nearest(string(typo), []string{string(long)}) != string(long) {
			t.Fatalf("%s is near %s", string(typo), string(long))
		}
	})
}

func TestNearestOfAHugeName(t *testing.T) {
	t.Parallel()
	if got := text.Nearest(strings.Repeat("a", 1<<20), []string{"accuracy", "a"}); got != "" {
		t.Errorf("got %q", got)
	}
}
