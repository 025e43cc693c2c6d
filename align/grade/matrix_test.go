package grade_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
)

func matrix(t *testing.T, in []grade.Slice, declared scenario.Level, m poc.Measurement, x grade.Matrix) []grade.MatrixRow {
	t.Helper()
	x.Slices = in
	r, err := grade.WithMatrix(grade.Grade(in, declared, m, evidence.Imported), m, x)
	if err != nil {
		t.Fatal(err)
	}
	return r.Matrix
}

func kinds(fs []grade.Finding) []grade.FindingKind {
	var out []grade.FindingKind
	for _, f := range fs {
		out = append(out, f.Kind)
	}
	return out
}

func TestMatrixFindings(t *testing.T) {
	t.Parallel()
	economics := &scenario.Economics{BenefitRight: 1, CostWrong: 4, Incumbent: "human"}
	for _, c := range []struct {
		name     string
		correct  int // of 200 at a bar of 0.90: 195 passes, 185 needs more, 160 fails
		declared scenario.Level
		level    scenario.Level
		rubric   *scenario.Rubric
		x        grade.Matrix
		want     []grade.FindingKind
	}{
		{"as declared", 195, scenario.L1, scenario.L1, nil, grade.Matrix{}, nil},
		{"more was declared than is needed", 195, scenario.L3, scenario.L1, nil, grade.Matrix{Dearest: .16}, []grade.FindingKind{grade.OverSpecified}},
		{"less was declared than is tested", 195, scenario.L1, scenario.L2, nil, grade.Matrix{}, []grade.FindingKind{grade.UnderScoped}},
		{"too few cases", 185, scenario.L1, scenario.L1, nil, grade.Matrix{}, []grade.FindingKind{grade.NotShown}},
		{"hopeless", 160, scenario.L1, scenario.L1, nil, grade.Matrix{}, []grade.FindingKind{grade.NotFeasibleNow}},
		{"answers ask for more", 195, scenario.L1, scenario.L1, &scenario.Rubric{Output: "json"}, grade.Matrix{}, []grade.FindingKind{grade.RubricDiffers}},
		{"answers so far ask for less", 195, scenario.L2, scenario.L2, &scenario.Rubric{Output: "text"}, grade.Matrix{}, nil},
		{"all answers ask for less", 195, scenario.L2, scenario.L2, &scenario.Rubric{Input: "text", Output: "text", Autonomy: "informs", Knowledge: "prompt"},
			grade.Matrix{}, []grade.FindingKind{grade.RubricDiffers}},
		{"the bar is above what pays", 195, scenario.L1, scenario.L1, nil, grade.Matrix{Economics: economics}, nil},
		{"the bar is below what pays", 195, scenario.L1, scenario.L1, nil,
			grade.Matrix{Economics: &scenario.Economics{BenefitRight: 1, CostWrong: 19}}, []grade.FindingKind{grade.BarTooLow}},
		{"nothing pays", 195, scenario.L1, scenario.L1, nil,
			grade.Matrix{Economics: &scenario.Economics{BenefitRight: 1, CostWrong: 1, CostRun: 2}}, []grade.FindingKind{grade.NothingPays}},
	} {
		in := slicesAt(.9, 100)
		in[0].Level, in[0].Rubric = c.level, c.rubric
		row := matrix(t, in, c.declared, measured([]int{200}, seen{"a", "0.01", poc.Classic, []int{c.correct}}), c.x)[0]
		if got := kinds(row.Findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		for _, f := range row.Findings {
			if f.Text.En == "" || f.Text.Zh == "" {
				t.Errorf("%s: %s says nothing", c.name, f.Kind)
			}
			if f.Kind == grade.OverSpecified && f.SavedPer1k != 150 {
				t.Errorf("%s: saves %v", c.name, f.SavedPer1k)
			}
			if (f.Kind == grade.NotShown || f.Kind == grade.NotFeasibleNow) && (f.Candidate != "a" || f.Gap <= 0) {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if (row.MeasuredRung == poc.Classic) != (row.Verdict == grade.Pass) {
			t.Errorf("%s: rung %q at %s", c.name, row.MeasuredRung, row.Verdict)
		}
	}
}

// What was typed in stands in the matrix, marked, and decides nothing.
func TestMatrixShowsAssumedCandidates(t *testing.T) {
	t.Parallel()
	m := measured([]int{200}, seen{"a", "0", poc.Classic, []int{160}})
	m.Candidates = append(m.Candidates, poc.CandidateMeasurement{ID: "human", Rung: poc.Human, Provenance: evidence.Assumed,
		Overall: poc.Score{Accuracy: .99, Low: .98, High: 1}, CostPerTask: poc.Cost{Amount: "5"}})
	row := matrix(t, slicesAt(.9, 100), scenario.L1, m, grade.Matrix{Economics: &scenario.Economics{BenefitRight: 1, CostWrong: 4, Incumbent: "human"}})[0]
	h := row.Candidates[1]
	if h.Basis != evidence.Assumed || h.Verdict != grade.Insufficient || h.N != 0 || h.AlphaUsed != 0 || h.Est != .99 || h.Per1k != 5000 {
		t.Errorf("%+v", h)
	}
	if row.Verdict != grade.Fail || row.Bar.Economic.Measured != nil || row.Bar.Economic.Raised {
		t.Errorf("%+v", row)
	}
}

func TestMatrixFreezesTheBar(t *testing.T) {
	t.Parallel()
	frozen := func(correct int, x grade.Matrix) string {
		return matrix(t, slicesAt(.9, 100), scenario.L1, measured([]int{200}, seen{"a", "0", poc.Classic, []int{correct}}), x)[0].Bar.Frozen
	}
	one := frozen(195, grade.Matrix{LatencyP95Ms: 100})
	if len(one) != 64 || one != frozen(100, grade.Matrix{LatencyP95Ms: 100}) {
		t.Error("the digest follows the results")
	}
	if one == frozen(195, grade.Matrix{LatencyP95Ms: 200}) {
		t.Error("another limit has the same digest")
	}
}

// A higher bar never makes more pass, the cheapest that passes is truly the
// cheapest, and a row says the same as its verdict.
func TestMatrixProperties(t *testing.T) {
	t.Parallel()
	costs := []string{"0", "0.01", "0.01", "0.3"}
	rungs := []poc.Rung{poc.Rules, poc.Classic, poc.SmallModel, poc.LargeModel}
	rapid.Check(t, func(rt *rapid.T) {
		n := []int{rapid.IntRange(0, 300).Draw(rt, "n0"), rapid.IntRange(0, 300).Draw(rt, "n1")}
		var cs []seen
		for i := range rapid.IntRange(1, 4).Draw(rt, "candidates") {
			c := seen{id: string(rungs[i]), cost: costs[i], rung: rungs[i]}
			for _, x := range n {
				c.correct = append(c.correct, rapid.IntRange(0, x).Draw(rt, "k"))
			}
			cs = append(cs, c)
		}
		m := measured(n, cs...)
		bar := rapid.Float64Range(.05, .95).Draw(rt, "bar")
		rows := matrix(t, slicesAt(bar, 3, 7), scenario.L1, m, grade.Matrix{})
		strict := matrix(t, slicesAt(bar+rapid.Float64Range(0, 1-bar).Draw(rt, "more"), 3, 7), scenario.L1, m, grade.Matrix{})
		for i, row := range rows {
			if strict[i].Verdict == grade.Pass && row.Verdict != grade.Pass {
				rt.Fatalf("slice %d passes only at a higher bar", i)
			}
			cheapest := -1.0
			var rung poc.Rung
			for _, c := range row.Candidates {
				if (c.Verdict == grade.Pass) != (c.N > 0 && c.Low >= bar) {
					rt.Fatalf("%+v at %v", c, bar)
				}
				if c.Verdict == grade.Pass && (cheapest < 0 || c.Per1k < cheapest) {
					cheapest, rung = c.Per1k, c.Rung
				}
			}
			if row.MeasuredRung != rung || (rung != "") != (row.Verdict == grade.Pass) {
				rt.Fatalf("rung %q, cheapest passing %q, %s", row.MeasuredRung, rung, row.Verdict)
			}
		}
	})
}
