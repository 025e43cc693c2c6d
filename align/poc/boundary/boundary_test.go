package boundary_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/stats"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]boundary.Language{
		"How do I lock my card?": boundary.English,
		"怎么挂失银行卡":                boundary.Chinese,
		"我的card丢了":               boundary.Mixed,
		"请问在ATM机上取款的时候被吞卡了应该怎么办才能尽快拿回来呢": boundary.Chinese, // one word of twenty
		"please refund 退款 now": boundary.Mixed,
		"カードをなくした":             boundary.Other,
		"카드를 잃어버렸어요":           boundary.Other,
		"где моя карта":        boundary.Other,
		"12345 ?!":             boundary.Other,
		"":                     boundary.Other,
		"ＡＴＭ":                  boundary.English, // full width
	} {
		if got := boundary.Detect(s); got != want {
			t.Errorf("Detect(%q) = %s, want %s", s, got, want)
		}
	}
}

// six cases by hand.
func six() ([]dataset.Case, []boundary.Candidate) {
	cases := []dataset.Case{
		{ID: "1", Input: "lock my card", Resolution: "block", Slice: "cards", Tags: map[string]string{"channel": "app"}},
		{ID: "2", Input: "lost card", Resolution: "block", Slice: "cards", Tags: map[string]string{"channel": "web"}},
		{ID: "3", Input: "转账失败了", Resolution: "transfer", Slice: "transfers", Tags: map[string]string{"channel": "app"}},
		{ID: "4", Input: "转账没到", Resolution: "transfer", Slice: "transfers"},
		{ID: "5", Input: "rate", Resolution: "rate", Slice: "other", Tags: map[string]string{"channel": "app"}},
		{ID: "6", Input: "where is my card now please", Resolution: "delivery", Slice: "cards", Tags: map[string]string{"channel": "web"}},
	}
	yes := func(s string, c float64) boundary.Answer {
		return boundary.Answer{Resolution: s, Correct: true, Confidence: c}
	}
	no := func(s string, c float64) boundary.Answer { return boundary.Answer{Resolution: s, Confidence: c} }
	return cases, []boundary.Candidate{
		{ID: "a", Answers: []boundary.Answer{yes("block", .9), no("rate", .4), yes("transfer", .8), no("", 0), yes("rate", .7), no("block", .6)}},
		{ID: "b", Answers: []boundary.Answer{yes("block", 1), yes("block", 1), no("rate", 1), no("rate", 1), yes("rate", 1), no("block", 1)}},
		{ID: "c", Answers: []boundary.Answer{yes("block", 1), no("rate", 1), yes("transfer", 1), no("rate", 1), yes("rate", 1), no("rate", 1)}},
	}
}

func TestMapByHand(t *testing.T) {
	t.Parallel()
	cases, cs := six()
	m, err := boundary.Draw(cases, cs, boundary.SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := m.Candidates[0]
	var got []string
	for _, x := range a.Axes {
		var cells []string
		for _, c := range x.Cells {
			cells = append(cells, fmt.Sprintf("%s %d/%d", c.Value, c.Correct, c.N))
			if ci := stats.ClopperPearson(c.Correct, c.N, .95); c.Low != ci.Low || c.High != ci.High || c.Title.En == "" || c.Title.Zh == "" {
				t.Errorf("%s: %+v", x.Kind, c)
			}
		}
		got = append(got, fmt.Sprintf("%s%s: %s", x.Kind, x.Name, strings.Join(cells, ", ")))
	}
	want := []string{
		"slice: cards 1/3, transfers 1/2, other 1/1",
		"length: 4–4 1/2, 5–5 1/1, 6–12 1/2, 13–27 0/1",
		"language: en 2/4, zh 1/2",
		"tagchannel: app 3/3, web 0/2",
		"difficulty: easy 2/2, contested 1/2, hard 0/2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("axes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if a.Overall.Correct != 3 || a.Overall.N != 6 {
		t.Errorf("overall %+v", a.Overall)
	}
	if f := a.Confusion; f.Wrong != 3 || f.Unanswered != 1 || f.Distinct != 2 || f.Pairs[0] != (boundary.Pair{Expected: "block", Given: "rate", N: 1, Share: .5}) ||
		f.Pairs[1] != (boundary.Pair{Expected: "delivery", Given: "block", N: 1, Share: 1}) {
		t.Errorf("confusion %+v", f)
	}
	if c := m.Candidates[2].Confusion; c.Wrong != 3 || c.Distinct != 3 {
		t.Errorf("confusion of c %+v", c)
	}
	// a: five answers of confidence .9+ .4- .8+ .7+ .6-.
	if c := a.Calibration; c == nil || c.Answered != 5 || math.Abs(c.Brier-(.01+.16+.04+.09+.36)/5) > 1e-12 ||
		c.Curve[len(c.Curve)-1].N != 5 || math.Abs(c.Curve[len(c.Curve)-1].Coverage-5.0/6) > 1e-12 || c.Curve[0].Threshold != .9 {
		t.Errorf("calibration %+v", c)
	}
	if m.Candidates[1].Calibration != nil {
		t.Error("a confidence that never differs is calibrated")
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
	cs[1].Answers = cs[1].Answers[:5]
	if _, err := boundary.Draw(cases, cs, boundary.SearchOptions{}); !errors.Is(err, boundary.ErrAnswers) {
		t.Errorf("an answer short: %v", err)
	}
	if m, err := boundary.Draw(nil, []boundary.Candidate{{ID: "a"}}, boundary.SearchOptions{}); err != nil || m.Candidates[0].Overall.High != 1 {
		t.Errorf("no cases: %+v, %v", m, err)
	}
}

func TestRareValuesArePooled(t *testing.T) {
	t.Parallel()
	var cases []dataset.Case
	c := boundary.Candidate{ID: "a"}
	for i := range 200 {
		for range 1 + i%3 {
			cases = append(cases, dataset.Case{Input: "x", Slice: fmt.Sprint("s", i)})
			c.Answers = append(c.Answers, boundary.Answer{Resolution: "y", Correct: true})
		}
	}
	m, err := boundary.Draw(cases, []boundary.Candidate{c}, boundary.SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells, n := m.Candidates[0].Axes[0].Cells, 0
	for _, c := range cells {
		n += c.N
	}
	if len(cells) != boundary.MaxCells || n != len(cases) || cells[len(cells)-1].Title.Zh != "其余各项" {
		t.Errorf("%d cells hold %d of %d", len(cells), n, len(cases))
	}
}

// Whatever the cases: every axis holds each case at most once, and the
// conditions of the space say in words what its sets hold.
func TestAxesAndConditionsAgreeWithCases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"card", "退款", "transfer", "银行卡", "信用卡丢了", "fee", "今天", "カード", "…"})
		cases := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) dataset.Case {
			c := dataset.Case{Input: strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), " "),
				Slice: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "slice")}
			if rapid.Bool().Draw(t, "tagged") {
				c.Tags = map[string]string{"k": rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "tag")}
			}
			return c
		}), 0, 80).Draw(t, "cases")
		c := boundary.Candidate{ID: "a"}
		for range cases {
			c.Answers = append(c.Answers, boundary.Answer{Resolution: rapid.SampledFrom([]string{"", "r"}).Draw(t, "given"),
				Correct: rapid.Bool().Draw(t, "correct"), Confidence: rapid.Float64Range(0, 1).Draw(t, "confidence")})
		}
		m, err := boundary.Draw(cases, []boundary.Candidate{c}, boundary.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range m.Candidates[0].Axes {
			n, k := 0, 0
			for _, cell := range x.Cells {
				n, k = n+cell.N, k+cell.Correct
				if cell.N == 0 || cell.Low > cell.Accuracy || cell.High < cell.Accuracy {
					t.Fatalf("%+v", cell)
				}
			}
			all := m.Candidates[0].Overall
			if n > all.N || k > all.Correct || (x.Kind == boundary.ByLength || x.Kind == boundary.ByLanguage) && (n != all.N || k != all.Correct) {
				t.Fatalf("%s holds %d/%d of %+v", x.Kind, k, n, all)
			}
		}
		for _, r := range boundary.Pool(boundary.NewSpace(cases, boundary.SearchOptions{MinSupport: 0.1})) {
			features := map[string]bool{}
			for i, c := range cases {
				if meets(c, r.Conds) != r.Has(i) {
					t.Fatalf("%+v: case %q says %v, the set %v", r.Conds, c.Input, meets(c, r.Conds), r.Has(i))
				}
			}
			for _, c := range r.Conds {
				key := string(c.Kind) + c.Name
				if c.Kind == boundary.AtMost {
					key = string(boundary.LongerThan)
				}
				if features[key] {
					t.Fatalf("a rule asks twice about %s: %+v", key, r.Conds)
				}
				features[key] = true
			}
			if float64(r.N) < 0.1*float64(len(cases))-1e-9 {
				t.Fatalf("%+v covers %d of %d", r.Conds, r.N, len(cases))
			}
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	rng := stats.NewRand(1)
	for _, n := range []int{2000, 100_000} {
		cases := drawCases(rng, n)
		var cs []boundary.Candidate
		for c := range 4 {
			x := boundary.Candidate{ID: fmt.Sprint(c)}
			for _, ok := range outcome(rng, n, .9, 0, nil) {
				x.Answers = append(x.Answers, boundary.Answer{Resolution: "r", Correct: ok, Confidence: rng.Float64()})
			}
			cs = append(cs, x)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := boundary.Draw(cases, cs, boundary.SearchOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
