package roi_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/scenario"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	l := life(t, document(24, 0,
		scenario.LifecycleLine{ID: "gain", Kind: "revenue", Values: values{"amount": between(0, 1200)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "fee", Kind: "per_task", Values: values{"amount": num(.1)}, Options: []string{"a"}},
		scenario.LifecycleLine{ID: "other", Kind: "compliance", Values: values{"amount": num(1)}, Options: []string{"b"}}))
	// The model is kept as JSON and read back.
	raw, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var kept roi.Life
	if err := json.Unmarshal(raw, &kept); err != nil {
		t.Fatal(err)
	}
	got, err := roi.Compare(kept, []roi.Actual{{"gain", 1, 80}, {"gain", 2, 100}, {"fee", 1, 100}, {"fee", 2, 100}})
	if err != nil || len(got.Lines) != 2 {
		t.Fatal(got, err)
	}
	// Undiscounted, the mean moves by what the two months brought beyond
	// the 100 expected of them.
	near(t, "moved", got.NPV.Mean-got.Before.Mean, 80, 3)
	// Two months of a twelfth of U(0, 1200) are U(0, 200): 180 is at 0.9.
	near(t, "percentile", got.Lines[0].Percentile, .9, .02)
	near(t, "forecast", got.Lines[0].Forecast.P50, 100, 3)
	near(t, "actual", got.Lines[0].Actual, 180, 0)
	// 1,000 requests a month at 0.1 are exactly what was paid.
	near(t, "fee", got.Lines[1].Forecast.P50, 200, 1e-9)
	for _, c := range []struct {
		a    []roi.Actual
		want error
	}{
		{[]roi.Actual{{"other", 1, 1}}, roi.ErrActualLine},
		{[]roi.Actual{{"fee", 25, 1}}, roi.ErrActualMonth},
		{[]roi.Actual{{"fee", 1, 1}, {"fee", 1, 2}}, roi.ErrActualMonth},
	} {
		if _, err := roi.Compare(l, c.a); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.a, err)
		}
	}
}
