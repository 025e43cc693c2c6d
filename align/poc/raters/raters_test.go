package raters_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc/raters"
)

// sheet is a file of ratings: first of n yes, the rest no.
func sheet(good func(i int) bool, n int) string {
	var b strings.Builder
	b.WriteString("id,input,answer,good\n")
	for i := range n {
		fmt.Fprintf(&b, "c%d,q,a,%s\n", i, map[bool]string{true: "是", false: "No"}[good(i)])
	}
	return b.String()
}

func read(t *testing.T, s string) []raters.Rating {
	t.Helper()
	out, _, err := raters.Read("r.csv", []byte(s), "input", "answer")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Two readers of 50 proposals: both say yes to 20, both no to 15, the first
// alone yes to 5, the second alone to 10. Kappa is 0.40 (the worked example of
// Wikipedia's article on Cohen's kappa, section "Simple example").
func TestCompare(t *testing.T) {
	t.Parallel()
	first := read(t, sheet(func(i int) bool { return i < 25 }, 50))
	second := read(t, sheet(func(i int) bool { return i < 20 || i >= 40 }, 50))
	a, err := raters.Compare(first, second)
	if err != nil || math.Abs(a.Kappa.Kappa-0.4) > 1e-9 || a.Both != 50 || len(a.Disagreements) != 15 || !(a.Kappa.Low < 0.4 && 0.4 < a.Kappa.High) {
		t.Errorf("%+v, %v", a, err)
	}
	if d := a.Disagreements[0]; d.ID != "c20" || d.First != "yes" || d.Second != "no" {
		t.Errorf("%+v", d)
	}
	if a, err = raters.Compare(first[:30], second[10:]); err != nil || a.Both != 20 || a.OnlyFirst != 10 || a.OnlySecond != 20 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := raters.Compare(first[:10], second[10:]); !errors.Is(err, raters.ErrApart) {
		t.Errorf("nothing in common: %v", err)
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]error{
		"id,input,answer\na,b,c\n":                         raters.ErrColumns,
		"id,input,answer,good\na,b,c,perhaps\n":            raters.ErrGood,
		"id,input,answer,good\na,b,c,yes\na,b,c,no\n":      raters.ErrTwice,
		"id,input,answer,good\na,b,c,\nb,b,c,\n":           raters.ErrNone,
		`{"id":"a","input":"x","answer":"y","good":"ja"}`:  raters.ErrGood,
		"id,input,answer,good\na,b,c,yes\nb,b,c,\nc,d,e,0": nil,
	} {
		name := "r.csv"
		if strings.HasPrefix(raw, "{") {
			name = "r.jsonl"
		}
		out, open, err := raters.Read(name, []byte(raw), "input", "answer")
		if !errors.Is(err, want) || want == nil && (len(out) != 2 || open != 1 || !out[0].Good || out[1].Good) {
			t.Errorf("%q: %+v, %d open, %v", raw, out, open, err)
		}
	}
}

func TestCompareChoices(t *testing.T) {
	t.Parallel()
	options := map[string][]string{"input": {"text", "document", "media"}, "risk": {"low", "medium", "high"}}
	one := "slice,question,answer\n,input,text\n,risk,high\ns,input,media\n"
	two := "slice,question,answer\n,input,Text\n,risk,medium\ns,input,media\n"
	a, at, err := raters.ReadChoices("a.csv", []byte(one), options)
	if err != nil {
		t.Fatal(err)
	}
	b, bt, err := raters.ReadChoices("b.csv", []byte(two), options)
	if err != nil {
		t.Fatal(err)
	}
	got, err := raters.CompareChoices(a, b, at, bt, 3)
	// Linear weights: observed (1+1+0.5)/3; rows {1,0,2}/3, columns {1,1,1}/3;
	// expected 1/9(1+0.5+0) + 2/9(0+0.5+1) = 0.5.
	if err != nil || math.Abs(got.Kappa.Kappa-(2.5/3-0.5)/0.5) > 1e-9 || len(got.Disagreements) != 1 || got.Disagreements[0].ID != "/risk" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := raters.ReadChoices("a.csv", []byte("question,answer\ninput,voice\n"), options); !errors.Is(err, raters.ErrChoice) {
		t.Error(err)
	}
}
