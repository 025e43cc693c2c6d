package scenario_test

import (
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/scenario"
)

const lifecycled = minimal + `traffic: {per_year: 12000}
costs:
  currency: CNY
  lines: [{id: cpu, per: year, amount: 10}]
lifecycle:
  months: 36
  start: "2027-01"
  discount: 0.08
  growth: {low: 0, mode: 0.05, high: 0.1}
  adoption: {shape: linear, months: 6, from: 0.1, to: 0.9}
  proposed: api
  baseline: today
  options: [{id: api}, {id: today}]
  lines:
    - {id: saved, kind: time_saved, options: [api], values: {minutes: 4, wage: 60, realised: {low: 0.2, high: 0.5}}}
    - {id: wrong, kind: wrong_answers, options: [api], values: {accuracy: {measured: accuracy, candidate: tfidf}, cost: {p10: 1, p50: 2, p90: 5}}}
    - {id: cards, kind: hardware, options: [api], values: {count: 2, price: 90000, years: 3}}
    - {id: power, kind: energy, accelerator: nvidia-l4, options: [api], values: {count: 2, price_kwh: 0.8}}
    - {id: tokens, kind: tokens, options: [api], price_growth: -0.2, values: {input_tokens: 1000, output_tokens: 100, price_input: 4, price_output: 8}}
    - {id: people, kind: handling, options: [today], values: {minutes: {same: saved.minutes}, wage: {same: saved.wage}}}
`

func TestLifecycle(t *testing.T) {
	t.Parallel()
	d, err := scenario.Parse("scenario.yaml", []byte(lifecycled))
	if err != nil {
		t.Fatal(err)
	}
	l := d.Lifecycle
	if l == nil || len(l.Lines) != 6 || *l.Lines[0].Values["wage"].Value != 60 || l.Lines[1].Values["accuracy"].Measured != "accuracy" || *l.Lines[4].PriceGrowth.Value != -.2 {
		t.Errorf("%+v", l)
	}
	if d, err := scenario.Parse("scenario.yaml", []byte(minimal)); err != nil || d.Lifecycle != nil {
		t.Errorf("a document without a lifecycle: %+v, %v", d.Lifecycle, err)
	}
}

func TestLifecycleSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, says string }{
		{"unknown kind", "kind: hardware", "kind: hardwear", "did you mean hardware?"},
		{"missing value", "minutes: 4, ", "", "minutes"},
		{"unknown value", "wage: 60", "wages: 60", "known: wage"},
		{"unknown option", "options: [today]", "options: [tody]", "known: today"},
		{"no such proposal", "proposed: api", "proposed: apy", "known: api"},
		{"baseline of itself", "baseline: today", "baseline: api", "the proposed option itself"},
		{"no range", "{low: 0.2, high: 0.5}", "{low: 0.6, high: 0.5}", "low ≤ mode ≤ high"},
		{"share above 1", "{low: 0.2, high: 0.5}", "{low: 0.2, high: 1.5}", "outside 0 to 1"},
		{"share by percentiles", "{low: 0.2, high: 0.5}", "{p10: 0.2, p50: 0.3, p90: 0.5}", "low, mode and high"},
		{"shrinking below nothing", "price_growth: -0.2", "price_growth: -1.5", "outside -0.95 to 10"},
		{"unknown candidate", "candidate: tfidf}", "candidate: tfdif}", "known: tfidf"},
		{"another measurement", "measured: accuracy,", "measured: cost_per_task,", "no measurement of this value"},
		{"uncertain life of a machine", "years: 3", "years: {low: 2, high: 4}", "one number of years"},
		{"energy of nothing", "accelerator: nvidia-l4, ", "", "accelerator"},
		{"unknown machine", "accelerator: nvidia-l4", "accelerator: nvidia-l5", "nvidia-l4"},
		{"same as nothing", "same: saved.wage", "same: saved.wages", "known: saved.wage"},
		{"same as a later one", "minutes: 4, ", "minutes: {same: people.minutes}, ", "no earlier line"},
		{"same as another", "wage: {same: saved.wage}", "wage: {same: saved.minutes}", "another value"},
		{"beyond the end", "{id: cards,", "{id: cards, from: 40,", "ends in month 36"},
		{"ends before it begins", "{id: cards,", "{id: cards, from: 9, until: 3,", "ends before"},
		{"twice", "{id: cards,", "{id: wrong,", "stands twice"},
		{"ramp without months", "months: 6, ", "", "needs months"},
		{"empty table", "shape: linear, months: 6, from: 0.1, to: 0.9", "shape: table", "needs a table"},
		{"no volume", "traffic: {per_year: 12000}\n", "", "traffic.per_year"},
		{"two numbers", "cost: {p10: 1, p50: 2, p90: 5}", "cost: {value: 1, low: 2, high: 5}", ""},
		{"a count is not stated", "cost: {p10: 1, p50: 2, p90: 5}", "cost: {k: 1, n: 2}", "k"},
	} {
		src := strings.Replace(lifecycled, c.old, c.new, 1)
		if src == lifecycled {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		if _, err := scenario.Parse("scenario.yaml", []byte(src)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A title binds nothing, a number does; a document without a lifecycle is
// bound as it was before there were any.
func TestLifecycleBindsCosts(t *testing.T) {
	t.Parallel()
	costs := func(src string) string {
		t.Helper()
		d, err := scenario.Parse("scenario.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Bind(nil, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		return b[scenario.RoleCosts][scenario.RoleCosts]
	}
	base := costs(lifecycled)
	if got := costs(strings.Replace(lifecycled, "{id: cards,", "{id: cards, title: {en: Cards, zh: 卡},", 1)); got != base {
		t.Error("a title binds")
	}
	for _, change := range [][2]string{{"wage: 60", "wage: 61"}, {"months: 36", "months: 48"}, {"discount: 0.08", "discount: 0.1"}} {
		if costs(strings.Replace(lifecycled, change[0], change[1], 1)) == base {
			t.Errorf("%s binds nothing", change[1])
		}
	}
}
