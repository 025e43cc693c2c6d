package diff_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/diff"
	"github.com/landfall-ai/landfall/kit/stats"
)

// sides makes two sides from the four cells of a table: both right, only a,
// only b, neither.
func sides(both, onlyA, onlyB, neither int) (a, b diff.Side) {
	a.Name, b.Name = "run-1", "run-2"
	put := func(n int, okA, okB bool) {
		for range n {
			id := fmt.Sprint("c", len(a.Results))
			a.Results = append(a.Results, diff.Result{CaseID: id, Slice: "s", Resolution: fmt.Sprint(okA), Correct: okA})
			b.Results = append(b.Results, diff.Result{CaseID: id, Slice: "s", Resolution: fmt.Sprint(okB), Correct: okB})
		}
	}
	put(both, true, true)
	put(onlyA, true, false)
	put(onlyB, false, true)
	put(neither, false, false)
	return a, b
}

func compare(t *testing.T, a, b diff.Side) diff.Diff {
	t.Helper()
	d, err := diff.Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if d.Summary.En == "" || d.Summary.Zh == "" {
		t.Errorf("no summary: %+v", d)
	}
	return d
}

// Fagerland, Lydersen and Laake 2013 and 2014, airway hyper-responsiveness:
// 1 both, 1 and 7 discordant, 12 neither. Mid-p 0.039, exact 0.070, and
// Tango's interval -0.517 to -0.026 for the first less the second.
func TestPublishedTable(t *testing.T) {
	t.Parallel()
	d := compare(t, func() diff.Side { a, _ := sides(1, 1, 7, 12); return a }(), func() diff.Side { _, b := sides(1, 1, 7, 12); return b }())
	for what, c := range map[string][2]float64{"mid-p": {d.P, .039}, "exact": {d.Exact, .070}, "low": {d.Low, .026}, "high": {d.High, .517}} {
		if math.Abs(c[0]-c[1]) > .0005 {
			t.Errorf("%s = %.4f, printed %.3f", what, c[0], c[1])
		}
	}
	if d.Verdict != diff.Better || len(d.Gained) != 7 || len(d.Lost) != 1 || d.CorrectA != 2 || d.CorrectB != 8 || d.Cases != 21 {
		t.Errorf("%+v", d)
	}
	if d.Gained[0] != (diff.Flip{CaseID: "c2", Slice: "s", Was: "false", Is: "true"}) {
		t.Errorf("%+v", d.Gained[0])
	}
	want := "Of 21 cases, 7 went from wrong to right and 1 from right to wrong. This is more than noise: if both were equally good, " +
		"a gap like this would arise in 3.9% of comparisons. run-2 is better, by between +2.6 and +51.7 points."
	if d.Summary.En != want {
		t.Errorf("%q", d.Summary.En)
	}
	if want := "共比较 21 条用例：7 条由错变对，1 条由对变错。这不是噪声：如果两者一样好，出现这样差距的可能性为 3.9%。run-2 更好，差异在 +2.6 到 +51.7 个百分点之间。"; d.Summary.Zh != want {
		t.Errorf("%q", d.Summary.Zh)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		both, onlyA, onlyB, neither int
		want                        diff.Verdict
		says                        string
	}{
		{90, 0, 0, 10, diff.Same, "none changed"},
		{80, 9, 6, 5, diff.Noise, "Nor does it show that they are equally good"},
		{60, 30, 4, 6, diff.Worse, "run-2 is worse"},
		{60, 4, 30, 6, diff.Better, "less than 0.1%"},
		{0, 0, 0, 0, diff.Nothing, "nothing to compare"},
	} {
		a, b := sides(c.both, c.onlyA, c.onlyB, c.neither)
		d := compare(t, a, b)
		if d.Verdict != c.want || !strings.Contains(d.Summary.En, c.says) {
			t.Errorf("%+v: %s, %q", c, d.Verdict, d.Summary.En)
		}
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	}
}

func TestCaseSetsThatDiffer(t *testing.T) {
	t.Parallel()
	a, b := sides(10, 2, 3, 5)
	a.Results = append(a.Results, diff.Result{CaseID: "old", Correct: true})
	b.Results = append(b.Results, diff.Result{CaseID: "new"}, diff.Result{CaseID: "newer"})
	d := compare(t, a, b)
	if d.Cases != 20 || d.OnlyA != 1 || d.OnlyB != 2 || d.CorrectA != 12 || !strings.Contains(d.Summary.En, "1 only in run-1 and 2 only in run-2 were left out") ||
		!strings.Contains(d.Summary.Zh, "仅 run-1 有的 1 条、仅 run-2 有的 2 条未参与比较") {
		t.Errorf("%+v", d)
	}
	b.Results = append(b.Results, diff.Result{CaseID: "new"})
	if _, err := diff.Compare(a, b); !errors.Is(err, diff.ErrRepeated) {
		t.Errorf("a case twice: %v", err)
	}
}

func TestSlices(t *testing.T) {
	t.Parallel()
	a, b := sides(200, 20, 20, 40)
	// Everything lost on one slice, everything gained elsewhere, and a third
	// slice with a flip that alone would look like something.
	for i := range a.Results {
		switch ok := a.Results[i].Correct; {
		case ok && !b.Results[i].Correct:
			a.Results[i].Slice = "loans"
		case !ok && b.Results[i].Correct:
			a.Results[i].Slice = "cards"
		}
	}
	d := compare(t, a, b)
	if d.Verdict != diff.Noise || len(d.Slices) != 3 || d.Slices[0].Verdict != diff.Better || d.Slices[1].Verdict != diff.Worse || d.Slices[2].Verdict != diff.Same {
		t.Fatalf("%+v", d.Slices)
	}
	if !strings.Contains(d.Summary.En, "better on: cards") || !strings.Contains(d.Summary.En, "worse on: loans") || !strings.Contains(d.Summary.Zh, "变差的分组：loans") {
		t.Errorf("%q", d.Summary.En)
	}
	_, mid := stats.McNemar(20, 0)
	if want := math.Min(1, 3*mid); math.Abs(d.Slices[0].P-want) > 1e-12 {
		t.Errorf("P = %g, by Holm %g", d.Slices[0].P, want)
	}
}

// Two runs of equally good candidates are told apart in about Alpha of all
// comparisons at most, and B against A is the mirror of A against B.
func TestNoiseIsCalledNoise(t *testing.T) {
	t.Parallel()
	const trials = 2000
	rng, alarms := stats.NewRand(5), 0
	for range trials {
		var a, b diff.Side
		for i := range 300 {
			p := .6 + .4*rng.Float64()
			id := fmt.Sprint(i)
			a.Results = append(a.Results, diff.Result{CaseID: id, Correct: rng.Float64() < p})
			b.Results = append(b.Results, diff.Result{CaseID: id, Correct: rng.Float64() < p})
		}
		d, err := diff.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if d.Verdict == diff.Better || d.Verdict == diff.Worse {
			alarms++
		}
	}
	t.Logf("false alarms: %.4f", float64(alarms)/trials)
	if got := float64(alarms) / trials; got > diff.Alpha+3*math.Sqrt(diff.Alpha*(1-diff.Alpha)/trials) || got < .02 {
		t.Errorf("false alarms in %.4f", got)
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 40).Draw(t, name) }
		a, b := sides(n("both"), n("a"), n("b"), n("neither"))
		x, err := diff.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		y, err := diff.Compare(b, a)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Gained) != len(y.Lost) || x.Difference != -y.Difference || x.Cases > 0 && (x.Low != -y.High || x.High != -y.Low) || math.Abs(x.P-y.P) > 1e-12 {
			t.Fatalf("%+v\n%+v", x, y)
		}
		if x.CorrectB-x.CorrectA != len(x.Gained)-len(x.Lost) {
			t.Fatalf("%+v", x)
		}
	})
}
