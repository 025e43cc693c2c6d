package workbook_test

import (
	"bytes"
	"math"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/align/roi/workbook"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

func num(v float64) scenario.Quantity { return scenario.Quantity{Value: &v} }

func between(low, high float64) scenario.Quantity { return scenario.Quantity{Low: &low, High: &high} }

type values = map[string]scenario.Quantity

func model(t *testing.T) roi.Life {
	t.Helper()
	volume := 240_000.0
	d := &scenario.Document{Lifecycle: &scenario.Lifecycle{Months: 36, Start: "2027-01", Discount: .08, Growth: num(.06), Baseline: "today",
		Adoption: &scenario.Adoption{Shape: "logistic", Months: 9, From: .1},
		Options:  []scenario.LifecycleOption{{ID: "own"}, {ID: "today"}},
		Lines: []scenario.LifecycleLine{
			{ID: "machines", Kind: "hardware", Values: values{"count": num(2), "price": between(90_000, 130_000), "years": num(2)}, Options: []string{"own"}},
			{ID: "power", Kind: "energy", Accelerator: "ascend-910b", Values: values{"count": num(2), "pue": num(1.4), "price_kwh": num(.8)}, Options: []string{"own"}},
			{ID: "tokens", Kind: "tokens", PriceGrowth: num(-.2), Options: []string{"own"},
				Values: values{"share": num(.3), "input_tokens": num(2000), "output_tokens": num(300), "price_input": num(4), "price_output": num(12)}},
			{ID: "wrong", Kind: "wrong_answers", Options: []string{"own"}, Values: values{"accuracy": num(.93), "cost": num(4)}},
			{ID: "saved", Kind: "time_saved", Options: []string{"own"}, Values: values{"minutes": num(4), "wage": num(45), "realised": num(.6)}},
			{ID: "people", Kind: "operations", Options: []string{"today"}, From: 3, Values: values{"people": num(1), "salary": num(200_000)}},
			{ID: "end", Kind: "decommissioning", Options: []string{"own"}, Values: values{"amount": num(20_000)}},
			{ID: "=cmd", Kind: "compliance", Title: text.Text{En: "=1+1", Zh: "=1+1"}, Values: values{"amount": num(1)}, Options: []string{"own"}},
		}}}
	d.Costs.Currency, d.Traffic.PerYear.Value = "CNY", &volume
	l, err := roi.NewLife(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestRecalculated computes the workbook with another engine and compares it
// with ours, to the cent; then changes an input in both.
func TestRecalculated(t *testing.T) {
	t.Parallel()
	l := model(t)
	var b bytes.Buffer
	if err := workbook.Write(&b, l, "en"); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	compare := func() {
		t.Helper()
		r, err := roi.ComputeLife(l)
		if err != nil {
			t.Fatal(err)
		}
		means, err := l.Means()
		if err != nil {
			t.Fatal(err)
		}
		flows := l.Flows(means)
		payback, ok := roi.Payback(flows, 0)
		if !ok || r.IRR.Value == nil || r.MIRR == nil {
			t.Fatalf("%+v", r.IRR)
		}
		requests := 0.0
		for _, v := range l.Requests(means) {
			requests += v
		}
		for cell, want := range map[string]float64{workbook.CellNPV: r.Expected, workbook.CellIRR: *r.IRR.Value,
			workbook.CellMIRR: *r.MIRR, workbook.CellPayback: payback, workbook.CellRequests: requests} {
			got := calc(t, f, workbook.Result, cell)
			if within := 0.005; math.Abs(got-want) > within || cell == workbook.CellIRR && math.Abs(got-want) > 1e-6*(1+want) {
				t.Errorf("%s is %v in the workbook, %v here", cell, got, want)
			}
		}
		for m := range flows {
			cell, err := excelize.CoordinatesToCellName(3+m, 5+len(l.Lines))
			if err != nil {
				t.Fatal(err)
			}
			if got := calc(t, f, workbook.Cash, cell); math.Abs(got-flows[m]) > 0.005 {
				t.Errorf("month %d is %v in the workbook, %v here", m, got, flows[m])
			}
		}
	}
	compare()
	for i, in := range l.Inputs {
		if in.ID == "machines.price" {
			l.Inputs[i].Quantity = num(150_000)
			if err := f.SetCellValue(workbook.Inputs, "D"+strconv.Itoa(3+i), 150_000); err != nil {
				t.Fatal(err)
			}
		}
	}
	compare()
	if got, err := f.GetCellFormula(workbook.Cash, "B12"); err != nil || got != "" {
		t.Errorf("a title became the formula %q, %v", got, err)
	}
}

func calc(t *testing.T, f *excelize.File, sheet, cell string) float64 {
	t.Helper()
	s, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatalf("%s!%s: %v", sheet, cell, err)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%s!%s is %q", sheet, cell, s)
	}
	return v
}
