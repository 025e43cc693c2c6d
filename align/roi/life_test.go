package roi_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
)

func num(v float64) scenario.Quantity { return scenario.Quantity{Value: &v} }

func between(low, high float64) scenario.Quantity { return scenario.Quantity{Low: &low, High: &high} }

func pert(low, mode, high float64) scenario.Quantity {
	return scenario.Quantity{Low: &low, Mode: &mode, High: &high}
}

type values = map[string]scenario.Quantity

// document holds a lifecycle with options a and b, 12,000 requests a year.
func document(months int, discount float64, lines ...scenario.LifecycleLine) *scenario.Document {
	volume := 12000.0
	d := &scenario.Document{Lifecycle: &scenario.Lifecycle{Months: months, Discount: discount, Start: "2027-01",
		Options: []scenario.LifecycleOption{{ID: "a"}, {ID: "b"}}, Lines: lines}}
	d.Costs.Currency, d.Traffic.PerYear.Value, d.Run.Seed = "CNY", &volume, 7
	return d
}

func life(t fataler, d *scenario.Document) roi.Life {
	l, err := roi.NewLife(d, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return l
}

func computeLife(t fataler, l roi.Life) roi.LifeResult {
	r, err := roi.ComputeLife(l)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// Every formula, worked out by hand for one year without discounting.
func TestFormulas(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		v    values
		want float64
	}{
		"wrong_answers":   {values{"share": num(.5), "accuracy": num(.9), "cost": num(3)}, -12000 * .5 * .1 * 3},
		"handling":        {values{"minutes": num(6), "wage": num(50)}, -12000 * 5},
		"operations":      {values{"people": num(2), "share": num(.25), "salary": num(300000)}, -150000},
		"hardware":        {values{"count": num(8), "price": num(1000), "years": num(.5), "utilisation": num(.5)}, -8000},
		"hardware_rented": {values{"count": num(2), "price_hour": num(10), "hours": num(100)}, -24000},
		"energy":          {values{"count": num(4), "watts": num(500), "load": num(.5), "pue": num(1.5), "price_kwh": num(.8), "hours": num(730)}, -4 * .5 * .5 * 1.5 * .8 * 730 * 12},
		"tokens":          {values{"input_tokens": num(2000), "output_tokens": num(500), "price_input": num(4), "price_output": num(16)}, -12000 * (.008 + .008)},
		"per_task":        {values{"amount": num(.2)}, -2400},
		"annotation":      {values{"items": num(1000), "price": num(3), "redundancy": num(2), "rework": num(.2)}, -7200},
		"integration":     {values{"amount": num(99)}, -99},
		"evaluation":      {values{"amount": num(120)}, -120},
		"retraining":      {values{"times": num(4), "cost": num(50)}, -200},
		"compliance":      {values{"amount": num(70)}, -70},
		"decommissioning": {values{"amount": num(11)}, -11},
		"time_saved":      {values{"minutes": num(6), "wage": num(50), "realised": num(.5), "share": num(.8)}, 12000 * 5 * .5 * .8},
		"errors_avoided":  {values{"errors": num(10), "cost": num(7)}, 70},
		"revenue":         {values{"amount": num(500)}, 500},
	} {
		l := life(t, document(12, 0, scenario.LifecycleLine{ID: "x", Kind: kind, Values: c.v, Options: []string{"a"}}))
		r := computeLife(t, l)
		near(t, kind, r.Expected, c.want, 1e-9*math.Abs(c.want))
		for _, got := range []float64{r.NPV.P10, r.NPV.P50, r.NPV.P90, r.NPV.Mean} {
			near(t, kind+" drawn", got, c.want, 1e-9*math.Abs(c.want))
		}
	}
	for _, k := range scenario.LifecycleKinds() {
		d := document(12, 0, scenario.LifecycleLine{ID: "x", Kind: k.ID, Values: values{}})
		for _, v := range k.Values {
			if v.Default == nil {
				d.Lifecycle.Lines[0].Values[v.Name] = num(.5)
			}
		}
		life(t, d) // every declared kind has a formula over its declared values
	}
}

// A plan that a person can check: 1,200 now, 100 a month back from month 1 on,
// at 12.68 % a year, which is 1 % a month. The present value of 24 payments of
// 100 at 1 % is 2,124.34 (any annuity table: 21.2434).
func TestAnnuity(t *testing.T) {
	t.Parallel()
	rate := math.Pow(1.01, 12) - 1
	r := computeLife(t, life(t, document(24, rate,
		scenario.LifecycleLine{ID: "build", Kind: "integration", Values: values{"amount": num(1200)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "gain", Kind: "revenue", Values: values{"amount": num(1200)}, Options: []string{"a"}})))
	near(t, "NPV", r.Expected, 2124.34-1200, 0.005)
	near(t, "payback", *r.Payback.P50, 12, 1e-9)
	// 1,200 of annuity at 1 %: n = -ln(1-12×0.01)/ln(1.01) = 12.85, within a
	// month by the straight line.
	near(t, "discounted payback", *r.DiscountedPayback.P50, 12.85, 0.01)
	if r.IRR.Value == nil || r.MIRR == nil || r.XIRR.Value == nil {
		t.Fatalf("%+v", r)
	}
	monthly := math.Pow(1+*r.IRR.Value, 1./12) - 1
	near(t, "annuity at the IRR", (1-math.Pow(1+monthly, -24))/monthly, 12, 1e-9)
	near(t, "XIRR beside the IRR", *r.XIRR.Value, *r.IRR.Value, 0.02)
	near(t, "fan at the end", r.Fan[24].P50, 1200, 1e-6)
	if r.BreakEven.PerYear != nil || r.BreakEven.Why.IsZero() {
		t.Errorf("a volume that nothing depends on breaks even at %+v", r.BreakEven)
	}
	if r.ProbabilityOfLoss != 0 || r.Options[0].Best != 1 {
		t.Errorf("%+v", r.Options)
	}
}

// The first-order indices of a sum of independent inputs are their shares of
// its variance. Two uniform amounts, one twice as wide: 4/5 and 1/5.
func TestVarianceShares(t *testing.T) {
	t.Parallel()
	wide := between(0, 2000)
	wide.Imported = "ledger"
	r := computeLife(t, life(t, document(12, 0,
		scenario.LifecycleLine{ID: "wide", Kind: "revenue", Values: values{"amount": wide}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "slim", Kind: "revenue", Values: values{"amount": between(0, 1000)}, Options: []string{"a"}})))
	if r.Tornado[0].Input != "wide.amount" || len(r.Tornado) != 2 {
		t.Fatalf("%+v", r.Tornado)
	}
	near(t, "wide", r.Tornado[0].Variance, .8, .02)
	near(t, "slim", r.Tornado[1].Variance, .2, .02)
	near(t, "assumed", r.Assumed, .2, .02)
	near(t, "explained", r.Explained, 1, .02)
	near(t, "P10 of wide", r.Tornado[0].Low, 200+500, 1e-6)
	near(t, "P90 of wide", r.Tornado[0].High, 1800+500, 1e-6)
	if r.Provenance != evidence.Assumed {
		t.Error(r.Provenance)
	}
}

// What measuring is worth, by hand: a sure 1,000 against X, uniform on
// 0..2,000. Knowing X first is worth E[max(X, 1000)] - 1000 = 250. An input of
// both options is worth nothing.
func TestWorthOfMeasuring(t *testing.T) {
	t.Parallel()
	r := computeLife(t, life(t, document(12, 0,
		scenario.LifecycleLine{ID: "x", Kind: "revenue", Values: values{"amount": between(0, 2000)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "sure", Kind: "revenue", Values: values{"amount": num(1000)}, Options: []string{"b"}},
		scenario.LifecycleLine{ID: "both", Kind: "compliance", Values: values{"amount": between(0, 5000)}})))
	if len(r.Measure) == 0 || r.Measure[0].Input != "x.amount" {
		t.Fatalf("%+v", r.Measure)
	}
	near(t, "worth of x", r.Measure[0].Value, 250, 15)
	for _, w := range r.Measure[1:] {
		if w.Value > 20 { // five standard errors of what chance adds
			t.Errorf("an input of both options is worth %v", w.Value)
		}
	}
	near(t, "best", r.Options[0].Best, .5, .02)
}

// Break-even, by hand: 6,000 a year fixed, 0.5 a request gained.
func TestBreakEven(t *testing.T) {
	t.Parallel()
	lines := []scenario.LifecycleLine{
		{ID: "fixed", Kind: "compliance", Values: values{"amount": num(6000)}, Options: []string{"a"}},
		{ID: "gain", Kind: "time_saved", Values: values{"minutes": num(1), "wage": num(30), "realised": num(1)}, Options: []string{"a"}}}
	r := computeLife(t, life(t, document(36, 0, lines...)))
	if r.BreakEven.PerYear == nil {
		t.Fatal(r.BreakEven.Why.En)
	}
	near(t, "break-even", *r.BreakEven.PerYear, 12000, 1e-6)
	lines[1].Kind, lines[1].Values = "per_task", values{"amount": num(1)}
	r = computeLife(t, life(t, document(36, 0, lines...)))
	if r.BreakEven.PerYear != nil || r.IRR.Value != nil || r.IRR.Why.IsZero() || r.MIRR != nil || r.Payback.P50 != nil || r.Payback.Never != 1 {
		t.Errorf("what only costs: %+v", r)
	}
}

// Against a baseline everything is the difference; what both pay cancels out.
func TestBaseline(t *testing.T) {
	t.Parallel()
	d := document(12, 0,
		scenario.LifecycleLine{ID: "people", Kind: "handling", Values: values{"minutes": num(6), "wage": num(10)}, Options: []string{"b"}},
		scenario.LifecycleLine{ID: "tokens", Kind: "per_task", Values: values{"amount": num(.1)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "office", Kind: "compliance", Values: values{"amount": num(500)}})
	d.Lifecycle.Baseline = "b"
	r := computeLife(t, life(t, d))
	near(t, "NPV", r.NPV.P50, 12000-1200, 1e-6)
	near(t, "a", r.Options[0].NPV.P50, -1700, 1e-6)
	near(t, "b", r.Options[1].NPV.P50, -12500, 1e-6)
	near(t, "gain", r.Options[0].Gain.P50, 10800, 1e-6)
	near(t, "cost per task", r.Options[0].CostPerTask.P50, 1700./12000, 1e-12)
	near(t, "share of tokens", r.Lines[0].Share, 1200./1700, 1e-12)
}

func TestRamp(t *testing.T) {
	t.Parallel()
	gain := scenario.LifecycleLine{ID: "x", Kind: "revenue", Values: values{"amount": num(12)}, Options: []string{"a"}}
	for _, c := range []struct {
		a    scenario.Adoption
		want []float64
	}{
		{scenario.Adoption{Shape: "linear", Months: 4, From: 0, To: .8}, []float64{0, .2, .4, .6, .8, .8, .8}},
		{scenario.Adoption{Shape: "table", Table: []float64{.1, .5, .9}}, []float64{0, .1, .5, .9, .9, .9, .9}},
		{scenario.Adoption{Shape: "logistic", Months: 4, From: .1}, []float64{0, .14066, .55, .95934, 1, 1, 1}},
	} {
		d := document(6, 0, gain)
		d.Lifecycle.Adoption = &c.a
		l := life(t, d)
		means, err := l.Means()
		if err != nil {
			t.Fatal(err)
		}
		for m, got := range l.Flows(means) {
			near(t, fmt.Sprintf("%s, month %d", c.a.Shape, m), got, c.want[m], 1e-5)
		}
	}
}

// What a line does must not depend on whether its growth is drawn, nor other
// inputs on whether a line was added.
func TestDrawnGrowthAndStableDraws(t *testing.T) {
	t.Parallel()
	build := func(growth, price scenario.Quantity, more ...scenario.LifecycleLine) roi.LifeResult {
		d := document(30, .08, append([]scenario.LifecycleLine{
			{ID: "x", Kind: "per_task", Values: values{"amount": between(.1, .3)}, PriceGrowth: price, Options: []string{"a"}},
			{ID: "y", Kind: "revenue", Values: values{"amount": pert(1000, 2000, 9000)}, From: 5, Until: 20, Options: []string{"a"}}}, more...)...)
		d.Lifecycle.Growth = growth
		d.Lifecycle.Adoption = &scenario.Adoption{Shape: "linear", Months: 10, From: .2}
		return computeLife(t, life(t, d))
	}
	fixed := build(num(.1), num(-.2))
	drawn := build(between(.1, .1+1e-13), between(-.2, -.2+1e-13))
	near(t, "NPV", drawn.NPV.P50, fixed.NPV.P50, 1e-6)
	near(t, "tasks", drawn.Options[0].CostPerTask.P50, fixed.Options[0].CostPerTask.P50, 1e-9)
	for m := range fixed.Fan {
		near(t, "fan", drawn.Fan[m].P90, fixed.Fan[m].P90, 1e-6)
	}
	if again := build(num(.1), num(-.2)); !reflect.DeepEqual(again, fixed) {
		t.Error("the same model gave another result")
	}
	more := build(num(.1), num(-.2), scenario.LifecycleLine{ID: "z", Kind: "revenue", Values: values{"amount": between(1, 9)}, Options: []string{"b"}})
	if more.NPV != fixed.NPV {
		t.Errorf("a line of another option changed the draws: %+v, %+v", more.NPV, fixed.NPV)
	}
}

func TestMeasuredFlowsIn(t *testing.T) {
	t.Parallel()
	line := scenario.LifecycleLine{ID: "wrong", Kind: "wrong_answers", Options: []string{"a"},
		Values: values{"accuracy": {Measured: "accuracy", Candidate: "bm25"}, "cost": num(10)}}
	d := document(12, 0, line)
	if _, err := roi.NewLife(d, nil); !errors.Is(err, roi.ErrNotMeasured) {
		t.Fatalf("%v", err)
	}
	l, err := roi.NewLife(d, map[roi.FactKey]roi.Fact{{Measured: "accuracy", Candidate: "bm25"}: {
		Quantity: scenario.Quantity{K: 180, N: 200}, Provenance: evidence.Measured}})
	if err != nil {
		t.Fatal(err)
	}
	r := computeLife(t, l)
	// The mean of Beta(180.5, 20.5) leaves 20.5/201 wrong.
	near(t, "wrong answers", -r.Expected, 12000*10*20.5/201, 1e-6)
	if r.NPV.P10 == r.NPV.P90 {
		t.Error("a share of 200 cases is no certainty")
	}
	i := slices.IndexFunc(l.Inputs, func(in roi.LifeInput) bool { return in.ID == "wrong.accuracy" })
	if l.Inputs[i].Provenance != evidence.Measured {
		t.Error(l.Inputs[i].Provenance)
	}
	near(t, "variance of what was measured", r.Tornado[0].Variance, 1, .02)
	near(t, "assumed", r.Assumed, 0, .01)
}

// A lifecycle adds metrics that a policy may read, and marks its own alone as
// assumed.
func TestLifeMetrics(t *testing.T) {
	t.Parallel()
	r := compute(t, points(t))
	l := life(t, document(12, 0, scenario.LifecycleLine{ID: "x", Kind: "revenue", Values: values{"amount": between(1, 3)}}))
	x := computeLife(t, l)
	r.Life, r.Model = &x, &l
	st, err := roi.Statement(r, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	p := st.Predicate
	for _, m := range roi.Kind().Metrics {
		if _, ok := p.Metrics[m.Name]; !ok {
			t.Errorf("the metric %s is missing", m.Name)
		}
	}
	if p.Provenance == evidence.Assumed || slices.Contains(p.Assumed, "saving") || !slices.Contains(p.Assumed, "life.npv") {
		t.Errorf("%s, assumed %v", p.Provenance, p.Assumed)
	}
	back, err := roi.FromRecord(evidence.Record{Statement: st})
	if err != nil || !reflect.DeepEqual(*back.Model, l) || back.Life.NPV != x.NPV {
		t.Errorf("read back: %v", err)
	}
}

// A named machine brings its power draw: imported where a page is named,
// assumed where none is; stated watts go before it.
func TestAccelerators(t *testing.T) {
	t.Parallel()
	for _, a := range roi.Accelerators() {
		line := scenario.LifecycleLine{ID: "power", Kind: "energy", Accelerator: a.ID, Values: values{"count": num(1), "price_kwh": num(1)}}
		l := life(t, document(12, 0, line))
		i := slices.IndexFunc(l.Inputs, func(in roi.LifeInput) bool { return in.ID == "power.watts" })
		want := evidence.Assumed
		if a.Source != "" {
			want = evidence.Imported
		}
		if in := l.Inputs[i]; a.Watts <= 0 || a.MemoryGB <= 0 || *in.Quantity.Value != a.Watts || in.Provenance != want {
			t.Errorf("%s: %+v", a.ID, in)
		}
	}
}

// The same number in two options is drawn once: they differ by nothing else.
func TestSame(t *testing.T) {
	t.Parallel()
	l := life(t, document(12, 0,
		scenario.LifecycleLine{ID: "x", Kind: "revenue", Values: values{"amount": between(0, 1000)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "y", Kind: "revenue", Values: values{"amount": {Same: "x.amount"}}, Options: []string{"b"}},
		scenario.LifecycleLine{ID: "fee", Kind: "compliance", Values: values{"amount": num(1)}, Options: []string{"b"}}))
	r := computeLife(t, l)
	if r.Options[0].Best != 1 || len(r.Measure) != 0 {
		t.Errorf("%+v, %+v", r.Options, r.Measure)
	}
}

func TestProbabilitiesAndOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := func(name string) scenario.Quantity {
			a := rapid.Float64Range(0, 1000).Draw(t, name)
			return between(a, a+rapid.Float64Range(0, 1000).Draw(t, name+" width"))
		}
		l := life(t, document(rapid.IntRange(1, 60).Draw(t, "months"), rapid.Float64Range(0, .5).Draw(t, "rate"),
			scenario.LifecycleLine{ID: "gain", Kind: "revenue", Values: values{"amount": q("gain")}, Options: []string{"a"}},
			scenario.LifecycleLine{ID: "cost", Kind: "compliance", Values: values{"amount": q("cost")}, Options: []string{"a"}},
			scenario.LifecycleLine{ID: "once", Kind: "integration", Values: values{"amount": q("once")}}))
		l.Draws = 500
		r := computeLife(t, l)
		best := 0.0
		for _, o := range r.Options {
			best += o.Best
			if !(o.NPV.P10 <= o.NPV.P50 && o.NPV.P50 <= o.NPV.P90) {
				t.Fatalf("%+v", o)
			}
		}
		if math.Abs(best-1) > 1e-9 || r.ProbabilityOfLoss < 0 || r.ProbabilityOfLoss > 1 || r.Assumed > 1 || len(r.Fan) != l.Months+1 {
			t.Fatalf("%+v", r)
		}
		if got := math.Abs(r.NPV.Mean - r.Expected); got > 6*(r.NPV.P90-r.NPV.P10+1)/math.Sqrt(500) {
			t.Fatalf("the mean over draws is %v away from the expected value", got)
		}
	})
}

// large has 40 lines of 60 months over several options, every input uncertain.
func large(b fataler) roi.Life {
	d := document(60, .08)
	d.Lifecycle.Growth = between(.02, .2)
	d.Lifecycle.Adoption = &scenario.Adoption{Shape: "logistic", Months: 18, From: .1}
	kinds := []string{"per_task", "compliance", "tokens", "time_saved", "operations", "revenue", "energy", "retraining", "wrong_answers", "annotation"}
	for i := range 40 {
		l := scenario.LifecycleLine{ID: fmt.Sprint("line-", i), Kind: kinds[i%len(kinds)], Values: values{}}
		if i%3 == 0 {
			l.Options = []string{"a"}
		}
		if i%4 == 0 {
			l.PriceGrowth = between(-.3, 0)
		}
		k, _ := scenario.Kind(l.Kind)
		for _, v := range k.Values {
			if v.Default == nil {
				l.Values[v.Name] = pert(.1, .4, .9)
			}
		}
		d.Lifecycle.Lines = append(d.Lifecycle.Lines, l)
	}
	return life(b, d)
}

// The bar is 250 ms on one core: 10,000 draws, 40 lines, 60 months, with every
// statistic.
func BenchmarkLife(b *testing.B) {
	l := large(b)
	b.ReportAllocs()
	for b.Loop() {
		computeLife(b, l)
	}
}
