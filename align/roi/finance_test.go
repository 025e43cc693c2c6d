package roi_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/roi"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The examples of Microsoft's pages on IRR, MIRR and XIRR
// (support.microsoft.com, "IRR function", "MIRR function", "XIRR function"), to
// the digits printed there; NPV(6.5%, -10000, 3000, 3400, 7700) = 2,055.38 is
// the example of "Formula Functions / NPV" of Spread.NET (docs.mescius.jp), and
// NPV(0.10, 500, 1500, 4000, 10000) = 11529.60863329007 that of Adobe's
// FormCalc reference (help.adobe.com).
func TestSpreadsheetExamples(t *testing.T) {
	t.Parallel()
	business := []float64{-70000, 12000, 15000, 18000, 21000, 26000}
	for years, want := range map[int]float64{4: -0.021, 5: 0.087, 2: -0.444} {
		r := roi.IRR(business[:years+1])
		if r.Value == nil {
			t.Fatalf("IRR after %d years: %s", years, r.Why.En)
		}
		near(t, "IRR", *r.Value, want, 0.0005)
	}
	loan := []float64{-120000, 39000, 30000, 21000, 37000, 46000}
	for _, c := range []struct {
		flows          []float64
		reinvest, want float64
	}{{loan, 0.12, 0.13}, {loan[:4], 0.12, -0.05}, {loan, 0.14, 0.13}} {
		got, ok := roi.MIRR(c.flows, 0.1, c.reinvest)
		if !ok {
			t.Fatal("no MIRR")
		}
		near(t, "MIRR", got, c.want, 0.005)
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	x := roi.XIRR([]roi.Payment{{day(2008, 1, 1), -10000}, {day(2008, 3, 1), 2750}, {day(2008, 10, 30), 4250}, {day(2009, 2, 15), 3250}, {day(2009, 4, 1), 2750}})
	if x.Value == nil {
		t.Fatal(x.Why.En)
	}
	near(t, "XIRR", *x.Value, 0.373362535, 5e-9)

	near(t, "NPV", roi.NPV(0.065, []float64{0, -10000, 3000, 3400, 7700}), 2055.38, 0.005)
	near(t, "NPV", roi.NPV(0.10, []float64{0, 500, 1500, 4000, 10000}), 11529.60863329007, 5e-11)
}

// Flows with two rates: the CFA practice question that 300hours.com and
// edupristine.com discuss ("two IRRs of approximately 38% and 260%"), and the
// one with four, 25, 33 1/3, 42 6/7 and 66 2/3 percent, of Ross, Westerfield
// and Jaffe, Corporate Finance, "Multiple IRRs" (-252, 1431, -3035, 2850, -1000).
func TestSeveralRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flows, want []float64
		within      float64
	}{
		{[]float64{-2000, 10000, -10000}, []float64{0.38, 2.6}, 0.025},
		{[]float64{-252, 1431, -3035, 2850, -1000}, []float64{1. / 4, 1. / 3, 3. / 7, 2. / 3}, 1e-9},
	} {
		r := roi.IRR(c.flows)
		if r.Value != nil || r.Why.IsZero() || len(r.All) != len(c.want) {
			t.Fatalf("%v: %+v", c.flows, r)
		}
		for i, w := range c.want {
			near(t, "rate", r.All[i], w, c.within)
		}
	}
	for _, flows := range [][]float64{{1, 2}, {-1, -2}, {}, {100, -150, 100}} {
		if r := roi.IRR(flows); r.Value != nil || len(r.All) != 0 || r.Why.IsZero() {
			t.Errorf("%v: %+v", flows, r)
		}
	}
	if _, ok := roi.MIRR([]float64{1, 2}, 0.1, 0.1); ok {
		t.Error("a MIRR of what nobody paid")
	}
}

func TestPayback(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flows      []float64
		rate, want float64
		never      bool
	}{
		{[]float64{-100, 40, 40, 40}, 0, 2.5, false},
		{[]float64{-100, 110}, 0.1, 1, false},
		{[]float64{-100, 60, 60, -50, 20}, 0, 0, true}, // reached, and lost again
		{[]float64{-100, 200, -150, 100}, 0, 2.5, false},
		{[]float64{5, 5}, 0, 0, false},
	} {
		got, ok := roi.Payback(c.flows, c.rate)
		if ok == c.never {
			t.Fatalf("%v: %v", c.flows, ok)
		}
		if ok {
			near(t, "payback", got, c.want, 1e-9)
		}
	}
}

// At an internal rate of return nothing is left; one investment that pays
// back has exactly one rate.
func TestRateBalances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		flows := append([]float64{-rapid.Float64Range(1, 1e6).Draw(t, "paid")}, rapid.SliceOfN(rapid.Float64Range(1, 1e6), 1, 30).Draw(t, "in")...)
		r := roi.IRR(flows)
		if len(r.All) > 1 {
			t.Fatalf("%v rates", len(r.All))
		}
		if r.Value == nil {
			return // beyond the range that is searched
		}
		// What is left, in the money of the last period, so that rates near
		// -100 % do not blow it up.
		size, left := 0.0, 0.0
		for i, f := range flows {
			w := math.Pow(1+*r.Value, float64(len(flows)-1-i))
			left += f * w
			size += math.Abs(f) * w
		}
		if math.Abs(left) > 1e-9*size {
			t.Fatalf("%v is left of %v", left, size)
		}
	})
}
