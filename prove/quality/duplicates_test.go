package quality_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/prove/quality"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  Can't I top-up?! ": "cant i top up",
		"我 的 卡,没收到。":          "我的卡没收到",
		"ATM 取款 失败":           "atm 取款失败",
		"ABC１２３":              "abc123",
		"€5 is not $5":        "€5 is not $5",
		"a\u200bb\tc\n":       "ab c",
		"???":                 "???",
		"Ⅷ ﬁne":               "viii fine",
		"":                    "",
	} {
		if got := quality.Normalise(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNormaliseTwiceIsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("aB ’'?-,。中 文①ﬁ\u00ad"))).Draw(rt, "text")
		if once := quality.Normalise(s); quality.Normalise(once) != once {
			rt.Fatalf("%q → %q → %q", s, once, quality.Normalise(once))
		}
	})
}

// jaccard is the definition, as plainly as possible.
func jaccard(a, b string) float64 {
	set := func(s string) map[string]bool {
		r, out := []rune(s), map[string]bool{}
		for i := 0; i+3 <= len(r); i++ {
			out[string(r[i:i+3])] = true
		}
		if len(r) < 3 {
			out[s] = true
		}
		return out
	}
	x, y := set(a), set(b)
	both := 0
	for g := range x {
		if y[g] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

// Near finds exactly the pairs that comparing all with all finds.
func TestNearIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		bases := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc 中文")), 0, 40, -1), 1, 4).Draw(rt, "bases")
		seen := map[string]bool{}
		var texts []string
		for range rapid.IntRange(2, 25).Draw(rt, "n") {
			r := []rune(rapid.SampledFrom(bases).Draw(rt, "base"))
			for range rapid.IntRange(0, 2).Draw(rt, "edits") {
				if len(r) > 0 {
					r[rapid.IntRange(0, len(r)-1).Draw(rt, "at")] = rapid.SampledFrom([]rune("xyab")).Draw(rt, "to")
				}
			}
			if s := string(r); !seen[s] {
				seen[s] = true
				texts = append(texts, s)
			}
		}
		want := []quality.NearPair{}
		for i := range texts {
			for j := i + 1; j < len(texts); j++ {
				if s := jaccard(texts[i], texts[j]); s >= quality.NearThreshold {
					want = append(want, quality.NearPair{A: i, B: j, Similarity: s})
				}
			}
		}
		got, complete := quality.Near(texts)
		if !complete || fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("texts %q\ngot  %v\nwant %v", texts, got, want)
		}
	})
}

// Not parallel: it measures time.
func TestNearGivesUpInTime(t *testing.T) {
	texts := make([]string, 40_000) // all alike: 800 million pairs
	for i := range texts {
		texts[i] = strings.Repeat("the same words as in every other text ", 3) + fmt.Sprint(i)
	}
	start := time.Now()
	pairs, complete := quality.Near(texts)
	if complete || len(pairs) == 0 {
		t.Errorf("%d pairs, complete %v", len(pairs), complete)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}

func cases(split dataset.Split, rows ...string) []dataset.Case {
	out := []dataset.Case{}
	for i, r := range rows {
		input, answer, _ := strings.Cut(r, "|")
		out = append(out, dataset.Case{ID: fmt.Sprintf("%s%d", split, i), Input: input, Resolution: answer, Split: split, File: string(split) + ".csv", Line: i + 2})
	}
	return out
}

func TestFindDuplicates(t *testing.T) {
	t.Parallel()
	train := cases(dataset.Train, "Where is my card?|a", "where is my CARD|a", "I want to know where my new bank card is now|a", "How do I pay|b", "How do I pay|c", "unlike the others|d")
	test := cases(dataset.Test, " Where is my card? |a", "WHERE is my card|a", "I want to know where my new bank card is|a", "how do i pay!|b", "something else entirely|d", "I want to know where my new bank card is  |a")
	d := quality.FindDuplicates(train, test)
	if d.Repeated != 4 || d.LeakedIdentical != 1 || d.LeakedSame != 2 || d.LeakedNear != 2 || d.Leaked() != 5 || d.Conflicting != 3 || d.Near != 0 || !d.Complete {
		t.Errorf("%+v", d)
	}
	first := d.Pairs[0]
	if first.Likeness != quality.Identical || !first.Leak || first.A.ID != "train0" || first.B.ID != "test0" || first.A.Line != 2 {
		t.Errorf("first pair %+v", first)
	}
	for i, p := range d.Pairs {
		if i > 0 && p.Leak && !d.Pairs[i-1].Leak {
			t.Errorf("a leak stands behind other pairs: %+v", d.Pairs)
		}
	}
	if near := quality.FindDuplicates(train[2:3], nil).Near + quality.FindDuplicates(append(train[2:3:3], cases(dataset.Train, "I want to know where my new bank card is|a")...), nil).Near; near != 2 {
		t.Errorf("%d near duplicates within a split, want 2", near)
	}
	if d := quality.FindDuplicates(nil, nil); d.Leaked() != 0 || !d.Complete {
		t.Errorf("without cases: %+v", d)
	}
}

func TestExamplesAreBounded(t *testing.T) {
	t.Parallel()
	rows := make([]string, 5000)
	for i := range rows {
		rows[i] = "the same|a"
	}
	test := cases(dataset.Test, "other words|a", "THE same|a")
	d := quality.FindDuplicates(append(cases(dataset.Train, rows...), cases(dataset.Train, "the  same|b")...), test)
	if d.Repeated != 5000 || len(d.Pairs) != quality.MaxPairs || !d.Pairs[0].Leak || d.Conflicting != 5002 {
		t.Errorf("repeated %d, %d pairs, first %+v, conflicting %d", d.Repeated, len(d.Pairs), d.Pairs[0], d.Conflicting)
	}
}

func banking77(t testing.TB) (dataset.Spec, *dataset.Data) {
	t.Helper()
	root := os.Getenv("LANDFALL_DATA_DIR")
	if root == "" {
		root = "../../../shared/data"
	}
	spec := dataset.Spec{Train: dataset.Paths{"train.csv"}, Test: dataset.Paths{"test.csv"},
		Columns: map[string]dataset.Column{"text": {Role: dataset.RoleInput, Required: true}, "category": {Role: dataset.RoleLabel, Required: true}}}
	d, err := dataset.Load(context.Background(), filepath.Join(root, "banking77"), spec)
	if err != nil {
		if os.Getenv("LANDFALL_STRICT") == "1" {
			t.Fatal(err)
		}
		t.Skip("no data: ", err)
	}
	return spec, d
}

// Six exact texts (but for the line breaks around some) stand in both splits
// of BANKING77.
func TestBanking77Duplicates(t *testing.T) {
	_, data := banking77(t)
	start := time.Now()
	d := quality.FindDuplicates(data.Train, data.Test)
	t.Logf("%s: %+v", time.Since(start), struct{ R, N, LI, LS, LN, C int }{d.Repeated, d.Near, d.LeakedIdentical, d.LeakedSame, d.LeakedNear, d.Conflicting})
	if d.LeakedIdentical != 6 || !d.Complete {
		t.Errorf("%d texts stand in both splits, want 6", d.LeakedIdentical)
	}
	for _, p := range d.Pairs[:6] {
		if p.Likeness != quality.Identical || !p.Leak {
			t.Errorf("not a leak: %+v", p)
		}
	}
}

func BenchmarkFindDuplicates(b *testing.B) {
	_, data := banking77(b)
	b.ReportAllocs()
	for b.Loop() {
		quality.FindDuplicates(data.Train, data.Test)
	}
}
