package grade_test

import (
	"fmt"
	"testing"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
)

// 190 of 200 independent cases prove 0.9; the same answers in 40 clusters of
// five that are right or wrong together do not, and in ten clusters nothing can
// be said.
func TestClusters(t *testing.T) {
	t.Parallel()
	grading := func(clusters int) (poc.Measurement, grade.Result) {
		o := poc.Outcome{Entrant: poc.Entrant{ID: "one", Rung: poc.Classic, Cost: poc.Cost{Amount: "1", Currency: "CNY"}}}
		for i := range 200 {
			c := dataset.Case{ID: fmt.Sprint(i), Slice: "all"}
			if clusters > 0 {
				c.Cluster = fmt.Sprint(i * clusters / 200)
			}
			o.Entrant.Cases = append(o.Entrant.Cases, c)
			o.Results = append(o.Results, poc.Result{Resolution: "x", Correct: i >= 10})
		}
		m := poc.Measure(200, []string{"all"}, []poc.Outcome{o}, nil, 1)
		return m, grade.Grade([]grade.Slice{{ID: "all", Level: scenario.L1, Bar: 0.9}}, scenario.L1, m, evidence.Assumed)
	}
	m, r := grading(0)
	if v := r.Slices[0]; v.Outcome != grade.Pass || m.Candidates[0].Overall.Clusters != 0 {
		t.Errorf("independent: %+v", v)
	}
	m, r = grading(40)
	v := r.Slices[0]
	if x := m.Candidates[0].Overall; x.Clusters != 40 || !(x.NEff > 30 && x.NEff < 50) {
		t.Errorf("40 clusters are worth %g cases", x.NEff)
	}
	if v.Outcome != grade.Insufficient || v.Why != grade.WhyMoreCases || v.More < 200 || v.Tests[0].Clusters != 40 {
		t.Errorf("in 40 clusters: %+v", v)
	}
	if rec, _ := poc.Recommend(m, 0.9); rec.Sufficient {
		t.Errorf("recommended as sufficient: %+v", rec.Accuracy)
	}
	if _, r = grading(10); r.Slices[0].Outcome != grade.Insufficient || r.Slices[0].Why != grade.WhyFewClusters || r.Slices[0].Tests[0].Low != 0 {
		t.Errorf("in ten clusters: %+v", r.Slices[0])
	}
}

// Routing keeps a cluster in one fold, so that no threshold is fitted on a
// case's own kin.
func TestRoutingByCluster(t *testing.T) {
	t.Parallel()
	in := grade.RoutingInput{Bar: 0.5, Seed: 1, Bars: map[string]float64{"s": 0.5}}
	for i := range 400 {
		in.Cases, in.Slices, in.Clusters = append(in.Cases, fmt.Sprint(i)), append(in.Slices, "s"), append(in.Clusters, i/4)
	}
	for j, cost := range []float64{1, 2} {
		x := grade.Router{ID: fmt.Sprint(j), Cost: cost}
		for i := range in.Cases {
			x.Answers = append(x.Answers, grade.Answer{Correct: i/4%10 >= 4-3*j, Answered: true, Confidence: float64(i/4%10) / 10})
		}
		in.Routers = append(in.Routers, x)
	}
	together := grade.Route(in)
	in.Clusters = nil
	alone := grade.Route(in)
	if a, b := together.Policy, alone.Policy; !(a.LowerBound < b.LowerBound) || a.Measured.High-a.Measured.Low <= b.Measured.High-b.Measured.Low {
		t.Errorf("bounds in clusters %g %+v, without %g %+v", a.LowerBound, a.Measured, b.LowerBound, b.Measured)
	}
}
