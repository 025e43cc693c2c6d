package grade_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
)

func TestFloor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		r       scenario.Rubric
		level   scenario.Level
		drivers []string
		open    []string
	}{
		{"nothing answered", scenario.Rubric{}, "", []string{}, []string{"input", "output", "autonomy", "knowledge"}},
		{"risk and latency set no level", scenario.Rubric{Risk: "high", Latency: "realtime"}, "", []string{}, []string{"input", "output", "autonomy", "knowledge"}},
		{"one answer", scenario.Rubric{Output: "json"}, scenario.L2, []string{"output=json"}, []string{"input", "autonomy", "knowledge"}},
		{"all easy", scenario.Rubric{Input: "text", Output: "text", Autonomy: "informs", Knowledge: "prompt", Risk: "high"}, scenario.L1,
			[]string{"input=text", "output=text", "autonomy=informs", "knowledge=prompt"}, []string{}},
		{"one hard need decides", scenario.Rubric{Input: "media", Output: "text", Autonomy: "informs", Knowledge: "prompt"}, scenario.L3, []string{"input=media"}, []string{}},
		{"two drive", scenario.Rubric{Input: "documents", Output: "json", Autonomy: "informs", Knowledge: "prompt"}, scenario.L2, []string{"input=documents", "output=json"}, []string{}},
	} {
		f := grade.FloorOf(c.r)
		if f.Level != c.level || !slices.Equal(f.Drivers, c.drivers) || !slices.Equal(f.Open, c.open) || f.Version != scenario.RubricVersion {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}

// Every answer that the schema of scenario.yaml allows is one of the rubric.
func TestQuestionsAreTheSchemas(t *testing.T) {
	t.Parallel()
	for _, q := range grade.Questions() {
		for _, o := range q.Options {
			src := "apiVersion: landfall/v1\nslug: x\ntitle: x\nowner: {name: x}\ndeclared: {level: L1, rubric: {" + q.ID + ": " + o.ID + "}}\n" +
				"data: {class: public, train: a.csv, test: b.csv, columns: {text: {role: input}, label: {role: label}}}\ntargets: {accuracy: 0.9}\ncandidates: [{builtin: tfidf}]\n"
			d, err := scenario.Parse("scenario.yaml", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Answer(*d.Declared.Rubric); got != o.ID {
				t.Errorf("%s=%s reads as %q", q.ID, o.ID, got)
			}
			if o.Text.En == "" || o.Text.Zh == "" || q.Text.En == "" || q.Text.Zh == "" || (o.Floor == "") != (q.Effect.En != "") {
				t.Errorf("%s=%s: %+v", q.ID, o.ID, o)
			}
		}
	}
}

// A harder answer never lowers the level, and no answer averages another away.
func TestFloorIsTheHardestNeed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r, harder scenario.Rubric
		want := scenario.Level("")
		for _, q := range grade.Questions() {
			i := rapid.IntRange(0, 2).Draw(t, q.ID)
			j := rapid.IntRange(i, 2).Draw(t, q.ID+" harder")
			q.Set(&r, q.Options[i].ID)
			q.Set(&harder, q.Options[j].ID)
			want = max(want, q.Options[i].Floor)
		}
		f := grade.FloorOf(r)
		if f.Level != want || grade.FloorOf(harder).Level < f.Level || len(f.Drivers) == 0 {
			t.Fatalf("%+v: %+v", r, f)
		}
	})
}

// High risk asks for a smaller error, so what passes there passes anyway.
func TestRiskNeverMakesPassingEasier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "n")
		m := measured([]int{n}, seen{"a", "0", poc.Classic, []int{rapid.IntRange(0, n).Draw(t, "k")}})
		in := slicesAt(.9, 10)
		usual := grade.Grade(in, scenario.L1, m, evidence.Imported)
		in[0].Rubric = &scenario.Rubric{Risk: "high"}
		strict := grade.Grade(in, scenario.L1, m, evidence.Imported)
		if strict.Slices[0].Outcome == grade.Pass && usual.Slices[0].Outcome != grade.Pass {
			t.Fatal("passes only where risk is high")
		}
		if got := strict.Slices[0].Tests[0].AlphaUsed; math.Abs(got-m.AlphaSpent()/5) > 1e-15 || got != strict.AlphaSpent {
			t.Fatalf("tested at %v", got)
		}
	})
}

// P[X ≥ 189 | 200, 0.9] = 0.0168 lies between what a first attempt may spend
// of 0.05, 0.0304, and of 0.01, 0.0061.
func TestRiskSetsTheError(t *testing.T) {
	t.Parallel()
	m := measured([]int{200}, seen{"a", "0", poc.Classic, []int{189}})
	in := slicesAt(.9, 10)
	if got := grade.Grade(in, scenario.L1, m, evidence.Imported).Slices[0].Outcome; got != grade.Pass {
		t.Errorf("at 0.0304: %s", got)
	}
	in[0].Rubric = &scenario.Rubric{Risk: "high"}
	if got := grade.Grade(in, scenario.L1, m, evidence.Imported).Slices[0].Outcome; got != grade.Insufficient {
		t.Errorf("at 0.0061: %s", got)
	}
}

// Items that either rater left open are left out; who agrees as often as chance
// would has a kappa of 0. The counts 20, 5, 10, 15 and their kappa of 0.4 are
// the worked example of Wikipedia, "Cohen's kappa": (0.7 − 0.5)/(1 − 0.5).
func TestAgree(t *testing.T) {
	t.Parallel()
	var a, b []scenario.Rubric
	add := func(n int, x, y string) {
		for range n {
			a, b = append(a, scenario.Rubric{Input: x}), append(b, scenario.Rubric{Input: y})
		}
	}
	add(20, "text", "text")
	add(5, "text", "media")
	add(10, "media", "text")
	add(15, "media", "media")
	add(7, "", "text")
	got := grade.Agree(a, b)
	if len(got) != 2 || got[0].Question != "level" || got[1].Question != "input" {
		t.Fatalf("%+v", got)
	}
	for _, x := range got {
		if x.N != 50 || x.Same != 35 || math.Abs(x.Kappa-.4) > 1e-12 || x.Low >= .4 || x.High <= .4 {
			t.Errorf("%+v", x)
		}
	}
}

func TestDeriveBar(t *testing.T) {
	t.Parallel()
	at := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name     string
		e        scenario.Economics
		measured *float64
		want     float64
		raised   bool
		feasible bool
	}{
		{"a wrong answer costs four right ones", scenario.Economics{BenefitRight: 1, CostWrong: 4}, nil, .8, false, true},
		{"running costs count", scenario.Economics{BenefitRight: 1, CostWrong: 4, CostRun: .5}, nil, .9, false, true},
		{"harmless answers need only pay for themselves", scenario.Economics{BenefitRight: 2, CostRun: .5}, nil, .25, false, true},
		{"the incumbent raises it", scenario.Economics{BenefitRight: 1, CostWrong: 4, Margin: .02}, at(.93), .91, true, true},
		{"a weak incumbent does not", scenario.Economics{BenefitRight: 1, CostWrong: 4}, at(.7), .8, false, true},
		{"nothing pays", scenario.Economics{BenefitRight: 1, CostWrong: 4, CostRun: 2}, nil, 1.2, false, false},
	} {
		b := grade.DeriveBar(c.e, c.measured)
		if math.Abs(b.Quality-c.want) > 1e-12 || b.Raised != c.raised || b.Feasible != c.feasible {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := func(name string) float64 { return rapid.Float64Range(0, 1e6).Draw(t, name) }
		e := scenario.Economics{BenefitRight: f("benefit") + 1e-3, CostWrong: f("wrong"), CostRun: f("run")}
		q := grade.DeriveBar(e, nil).Quality
		worth := func(q float64) float64 { return q*e.BenefitRight - (1-q)*e.CostWrong - e.CostRun }
		tiny := 1e-6 * (1 + e.BenefitRight + e.CostWrong + e.CostRun)
		if math.Abs(worth(q)) > tiny || worth(q+.01) <= 0 || worth(q-.01) >= 0 {
			t.Fatalf("%+v breaks even at %v: %v", e, q, worth(q))
		}
		dearer := e
		dearer.CostWrong *= 2
		if b := grade.DeriveBar(dearer, nil); b.Feasible && b.Quality < q-1e-9 {
			t.Fatal("a dearer mistake lowers the bar")
		}
	})
}
