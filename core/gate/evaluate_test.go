package gate_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/text"
)

const day = 24 * time.Hour

func TestRuleOutcomes(t *testing.T) {
	t.Parallel()
	const (
		accuracy = "accuracy: poc.recommended.accuracy.low >= param.floor"
		missing  = "missing: quality.missing_max <= param.missing_max"
	)
	tests := map[string]struct {
		rule    string
		records []evidence.Record
		params  map[string]any
		outcome gate.Outcome
		reason  string
		text    string // a part of the English reason
	}{
		"holds":              {rule: accuracy, records: []evidence.Record{poc(0.92)}, outcome: gate.Pass, reason: gate.ReasonMet, text: "accuracy: lower bound 92%; at least 90% is required"},
		"boundary":           {rule: accuracy, records: []evidence.Record{poc(0.9)}, outcome: gate.Pass, reason: gate.ReasonMet},
		"boundary strict":    {rule: "a: poc.recommended.accuracy.low > param.floor", records: []evidence.Record{poc(0.9)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "more than 90% is required"},
		"just below":         {rule: accuracy, records: []evidence.Record{poc(math.Nextafter(0.9, 0))}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "lower bound 0.8999999999999999; at least 0.9 is required"},
		"looks equal":        {rule: accuracy, records: []evidence.Record{poc(0.899999)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "lower bound 89.9999%; at least 90% is required"},
		"does not hold":      {rule: accuracy, records: []evidence.Record{poc(0.896)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "accuracy: lower bound 89.6%; at least 90% is required"},
		"exact boundary":     {rule: missing, records: []evidence.Record{quality(0.1)}, outcome: gate.Pass, reason: gate.ReasonMet},
		"exact fails":        {rule: missing, records: []evidence.Record{quality(0.14)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "largest missing share: 14%; at most 10% is allowed"},
		"absent":             {rule: accuracy, records: nil, outcome: gate.Insufficient, reason: gate.ReasonAbsent, text: "poc (proof of concept)"},
		"another kind only":  {rule: accuracy, records: []evidence.Record{quality(0)}, outcome: gate.Insufficient, reason: gate.ReasonAbsent},
		"exploratory only":   {rule: accuracy, records: []evidence.Record{poc(0.99, exploratory)}, outcome: gate.Insufficient, reason: gate.ReasonExploratory},
		"exploratory newest": {rule: accuracy, records: []evidence.Record{poc(0.8), poc(0.99, exploratory)}, outcome: gate.Fail, reason: gate.ReasonNotMet},
		"stale by binding":   {rule: accuracy, records: []evidence.Record{poc(0.92, on("dataset", "d0"))}, outcome: gate.Stale, reason: gate.ReasonStale, text: "cases changed"},
		"stale by candidate": {rule: accuracy, records: []evidence.Record{poc(0.92, on("candidate", "c0"))}, outcome: gate.Stale, reason: gate.ReasonStale, text: "faq changed"},
		"stale by age of rule": {rule: accuracy + " # max_age: 90d", records: []evidence.Record{poc(0.92, aged(91*day))},
			outcome: gate.Stale, reason: gate.ReasonStale, text: "91 days"},
		"just young enough":    {rule: accuracy + " # max_age: 90d", records: []evidence.Record{poc(0.92, aged(90*day))}, outcome: gate.Pass, reason: gate.ReasonMet},
		"stale by age of kind": {rule: missing, records: []evidence.Record{quality(0, aged(366*day))}, outcome: gate.Stale, reason: gate.ReasonStale},
		"rule's age over kind's": {rule: missing + " # max_age: 500d", records: []evidence.Record{quality(0, aged(366*day))},
			outcome: gate.Pass, reason: gate.ReasonMet},
		"superseded": {rule: accuracy, records: []evidence.Record{poc(0.92, named("ev_a")), quality(0, supersedes("ev_a"))},
			outcome: gate.Stale, reason: gate.ReasonStale, text: "superseded"},
		"corrected": {rule: accuracy, records: []evidence.Record{poc(0.92, named("ev_a")), poc(0.8, named("ev_b"), supersedes("ev_a"))},
			outcome: gate.Fail, reason: gate.ReasonNotMet},
		"superseded by another scenario's count": {rule: accuracy, records: []evidence.Record{poc(0.92, func(r *evidence.Record) { r.SupersededBy = "ev_x" })},
			outcome: gate.Stale, reason: gate.ReasonStale},
		"newest of two": {rule: accuracy, records: []evidence.Record{poc(0.92), poc(0.8)}, outcome: gate.Fail, reason: gate.ReasonNotMet},
		"log order counts, not time": {rule: accuracy, records: []evidence.Record{poc(0.8), poc(0.92, aged(5*day))},
			outcome: gate.Pass, reason: gate.ReasonMet},
		"older one is current again": {rule: accuracy, records: []evidence.Record{poc(0.92), poc(0.8, on("dataset", "d2"))},
			outcome: gate.Pass, reason: gate.ReasonMet},
		"stale and absent": {rule: "a: poc.cases > 1 && quality.rows > 1", records: []evidence.Record{poc(0.92, on("dataset", "d0"))},
			outcome: gate.Insufficient, reason: gate.ReasonAbsent, text: "quality"},
		"absent and stale": {rule: "a: poc.cases > 1 && quality.rows > 1", records: []evidence.Record{quality(0, on("dataset", "d0"))},
			outcome: gate.Insufficient, reason: gate.ReasonAbsent, text: "poc"},
		"two kinds": {rule: "a: poc.recommended.accuracy.low >= param.floor && quality.missing_max <= param.missing_max",
			records: []evidence.Record{poc(0.92), quality(0.14)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "largest missing share: 14%"},
		"two kinds hold": {rule: "a: poc.cases <= quality.rows", records: []evidence.Record{poc(0.92), quality(0)}, outcome: gate.Pass, reason: gate.ReasonMet, text: "the rule holds"},
		"absent behind or": {rule: "a: quality.missing_max <= param.missing_max || poc.cases > 1", records: []evidence.Record{quality(0)},
			outcome: gate.Insufficient, reason: gate.ReasonAbsent},
		"either": {rule: "a: quality.missing_max <= param.missing_max || poc.cases > 1", records: []evidence.Record{quality(0.5), poc(0.5)},
			outcome: gate.Pass, reason: gate.ReasonMet},
		"optional metric absent": {rule: "a: poc.recommended.latency_p95.high < 800", records: []evidence.Record{poc(0.92)},
			outcome: gate.Insufficient, reason: gate.ReasonNoMetric, text: "poc.recommended.latency_p95.high"},
		"optional metric absent behind or": {rule: "a: poc.cases > 1 || poc.recommended.latency_p95.high < 800", records: []evidence.Record{poc(0.92)},
			outcome: gate.Insufficient, reason: gate.ReasonNoMetric},
		"guarded": {rule: "a: \"!has(poc.recommended.latency_p95) || poc.recommended.latency_p95.high < 800\"", records: []evidence.Record{poc(0.92)},
			outcome: gate.Pass, reason: gate.ReasonMet},
		"guarded the wrong way round": {rule: "a: poc.recommended.latency_p95.high < 800 || !has(poc.recommended.latency_p95)", records: []evidence.Record{poc(0.92)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation},
		"guarded metric there": {rule: "a: \"!has(poc.recommended.latency_p95) || poc.recommended.latency_p95.high < 800\"",
			records: []evidence.Record{poc(0.92, with("recommended.latency_p95", evidence.Estimate{Value: 700, Low: 0, High: 900, N: 400, Method: "m", Level: 0.9}))},
			outcome: gate.Fail, reason: gate.ReasonNotMet, text: "p95 latency: upper bound 900 ms; less than 800 ms is required"},
		"guard does not excuse a kind": {rule: "a: \"!has(poc.drift) || poc.drift.high < 0.1\"", records: []evidence.Record{quality(0)},
			outcome: gate.Insufficient, reason: gate.ReasonAbsent},
		"required metric missing": {rule: "a: poc.cases > 1", records: []evidence.Record{poc(0.92, with("cases", nil))}, outcome: gate.Insufficient, reason: gate.ReasonNoMetric},
		"NaN":                     {rule: "a: poc.cases > 1", records: []evidence.Record{poc(0.92, with("cases", math.NaN()))}, outcome: gate.Insufficient, reason: gate.ReasonMalformed},
		"NaN in an estimate": {rule: "a: poc.recommended.accuracy.high > 0.1", records: []evidence.Record{poc(0.92, with("recommended.accuracy",
			evidence.Estimate{Value: math.NaN(), Low: 1, High: 1, N: 1}))}, outcome: gate.Insufficient, reason: gate.ReasonMalformed},
		"a number for an estimate": {rule: accuracy, records: []evidence.Record{poc(0.92, with("recommended.accuracy", 0.99))}, outcome: gate.Insufficient, reason: gate.ReasonMalformed},
		"an estimate for a number": {rule: "a: poc.cases > 1", records: []evidence.Record{poc(0.92, with("cases", evidence.Estimate{Value: 3}))}, outcome: gate.Insufficient, reason: gate.ReasonMalformed},
		"malformed but guarded":    {rule: "a: \"!has(poc.drift) || poc.drift.low > 0\"", records: []evidence.Record{poc(0.92, with("drift", "much"))}, outcome: gate.Insufficient, reason: gate.ReasonMalformed},
		"NaN made by the rule": {rule: "a: \"!(quality.missing_max / quality.missing_max < 0.5)\"", records: []evidence.Record{quality(0)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation, text: "finite"},
		"infinity made by the rule": {rule: "a: 1.0 / quality.missing_max > 0.5", records: []evidence.Record{quality(0)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation},
		"NaN that or absorbs": {rule: "a: 0.0 / quality.missing_max > 0.5 || quality.rows > 1", records: []evidence.Record{quality(0)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation},
		"error": {rule: "a: poc.recommended.accuracy.n / 0 > 1", records: []evidence.Record{poc(0.92)}, outcome: gate.Insufficient, reason: gate.ReasonEvaluation, text: "zero"},
		"error that or absorbs": {rule: "a: poc.recommended.accuracy.n / 0 > 1 || poc.cases > 1", records: []evidence.Record{poc(0.92)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation},
		"error that and absorbs": {rule: "a: \"!(poc.recommended.accuracy.n / 0 > 1 && poc.cases < 1)\"", records: []evidence.Record{poc(0.92)},
			outcome: gate.Insufficient, reason: gate.ReasonEvaluation},
		"assumed item":              {rule: accuracy, records: []evidence.Record{poc(0.92, provenance(evidence.Assumed))}, outcome: gate.Assumed, reason: gate.ReasonAssumed, text: "poc.recommended.accuracy"},
		"assumed metric":            {rule: accuracy, records: []evidence.Record{poc(0.92, assumes("recommended.accuracy"))}, outcome: gate.Assumed, reason: gate.ReasonAssumed},
		"assumed group":             {rule: accuracy, records: []evidence.Record{poc(0.92, assumes("recommended"))}, outcome: gate.Assumed, reason: gate.ReasonAssumed},
		"another metric assumed":    {rule: accuracy, records: []evidence.Record{poc(0.92, assumes("cases"))}, outcome: gate.Pass, reason: gate.ReasonMet},
		"assumed and allowed":       {rule: accuracy + " # allow_assumed: true", records: []evidence.Record{poc(0.92, provenance(evidence.Assumed))}, outcome: gate.Pass, reason: gate.ReasonMet},
		"assumed and does not hold": {rule: accuracy, records: []evidence.Record{poc(0.8, provenance(evidence.Assumed))}, outcome: gate.Fail, reason: gate.ReasonNotMet},
		"imported":                  {rule: accuracy, records: []evidence.Record{poc(0.92, provenance(evidence.Imported))}, outcome: gate.Pass, reason: gate.ReasonMet},
		"no parameter":              {rule: accuracy, records: []evidence.Record{poc(0.92)}, params: map[string]any{}, outcome: gate.Insufficient, reason: gate.ReasonParam, text: "floor"},
		"parameter of another type": {rule: accuracy, records: []evidence.Record{poc(0.92)}, params: map[string]any{"floor": "0.9"}, outcome: gate.Insufficient, reason: gate.ReasonParam},
		"parameter is NaN":          {rule: accuracy, records: []evidence.Record{poc(0.92)}, params: map[string]any{"floor": math.NaN()}, outcome: gate.Insufficient, reason: gate.ReasonParam},
		"whole number for a double": {rule: accuracy, records: []evidence.Record{poc(0.92)}, params: map[string]any{"floor": 1}, outcome: gate.Fail, reason: gate.ReasonNotMet},
		"all types of parameters": {rule: "a: param.strict && poc.recommended.accuracy.n >= param.least && poc.recommended.accuracy.method == param.method",
			records: []evidence.Record{poc(0.92)}, outcome: gate.Pass, reason: gate.ReasonMet, text: "number of cases 400; at least 100 is required"},
		"bar on the left": {rule: "a: param.floor <= poc.recommended.accuracy.low", records: []evidence.Record{poc(0.8)}, outcome: gate.Fail, reason: gate.ReasonNotMet, text: "lower bound 80%; at least 90%"},
		"decoded as native values": {rule: accuracy, records: []evidence.Record{poc(0.92, with("recommended.accuracy", evidence.Estimate{Value: 0.95, Low: 0.91, High: 0.97, N: 10, Method: "m", Level: 0.9}), with("cases", 400))},
			outcome: gate.Pass, reason: gate.ReasonMet},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(tt.records...)
			if tt.params != nil {
				in.Params = tt.params
			}
			v := gate.Evaluate(policy(t, gate.Align, tt.rule), in)
			r := v.Rules[0]
			if r.Outcome != tt.outcome || r.Reason.Code != tt.reason || !strings.Contains(r.Reason.Text.En, tt.text) {
				t.Errorf("%s %s %q; want %s %s %q", r.Outcome, r.Reason.Code, r.Reason.Text.En, tt.outcome, tt.reason, tt.text)
			}
			if r.Reason.Text.Zh == "" || strings.ContainsAny(r.Reason.Text.Zh+r.Reason.Text.En+r.Fix.En+r.Fix.Zh, "{}") {
				t.Errorf("the reason or fix is not complete: %+v %+v", r.Reason, r.Fix)
			}
			if (r.Outcome == gate.Pass) != r.Fix.IsZero() {
				t.Errorf("outcome %s has fix %+v", r.Outcome, r.Fix)
			}
			if _, err := gate.Statement(v); err != nil {
				t.Errorf("the verdict cannot be recorded: %v", err)
			}
			if (r.Outcome == gate.Pass) != (v.Outcome == gate.Pass) {
				t.Errorf("the rule is %s, the gate %s", r.Outcome, v.Outcome)
			}
		})
	}
}

func TestGateOutcomes(t *testing.T) {
	t.Parallel()
	const (
		passes  = "passes: poc.cases > 1"
		fails   = "fails: poc.cases < 1"
		lacks   = "lacks: quality.rows > 1"
		assumed = "assumed: poc.recommended.accuracy.low > 0.1"
	)
	tests := map[string]struct {
		rules []string
		want  gate.Outcome
	}{
		"all pass":         {[]string{passes}, gate.Pass},
		"one fails":        {[]string{passes, fails}, gate.Fail},
		"one lacks":        {[]string{passes, lacks}, gate.Insufficient},
		"assumed":          {[]string{passes, assumed}, gate.Insufficient},
		"fail beats lacks": {[]string{lacks, fails}, gate.Fail},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := gate.Evaluate(policy(t, gate.Prove, tt.rules...), input(poc(0.92, assumes("recommended.accuracy"))))
			if v.Outcome != tt.want {
				t.Errorf("got %s, want %s", v.Outcome, tt.want)
			}
		})
	}
}

func TestGateWithoutRulesIsNeverPassed(t *testing.T) {
	t.Parallel()
	p, err := compile(t).Gate(gate.Deepen)
	if err != nil {
		t.Fatal(err)
	}
	v := gate.Evaluate(p, input(poc(1)))
	if v.Outcome != gate.Undefined || v.Reason == nil || v.Reason.Code != gate.ReasonNoRules {
		t.Errorf("got %+v", v)
	}
}

func TestNotDue(t *testing.T) {
	t.Parallel()
	why := gate.NewReason("stack.few_scenarios", text.Text{En: "due above {n} live scenarios", Zh: "超过 {n} 个在线场景后启用"}, "n", "5")
	in := input(poc(0.1))
	in.NotDue = &why
	v := gate.Evaluate(policy(t, gate.Platform, "fails: poc.cases < 1"), in)
	if v.Outcome != gate.NotDue || len(v.Rules) != 0 || v.Reason.Text.En != "due above 5 live scenarios" {
		t.Errorf("got %+v", v)
	}
}

func TestReadings(t *testing.T) {
	t.Parallel()
	// 0.944 looks green and is not: the half-width 0.048 must shrink to
	// 0.044, so 850 · (0.048/0.044)² = 1011.6 cases are needed: 162 more.
	r := poc(0, with("recommended.accuracy", evidence.Estimate{Value: 0.944, Low: 0.896, High: 0.97, N: 850, Method: "clopper-pearson", Level: 0.95}))
	v := gate.Evaluate(policy(t, gate.Align, "a: poc.recommended.accuracy.low >= param.floor && poc.cases > 5"), input(quality(0), r))
	got := v.Rules[0]
	if got.Outcome != gate.Fail || len(got.Readings) != 2 || len(got.Evidence) != 1 || got.Evidence[0] != "ev_poc" {
		t.Fatalf("got %+v", got)
	}
	a := got.Readings[0]
	if a.Metric != "poc.recommended.accuracy" || a.Field != "low" || *a.Value != 0.896 || a.Estimate.N != 850 || a.Op != ">=" ||
		*a.Allowed != 0.9 || a.Evidence != "ev_poc" || a.AgeSeconds != 3600 || a.More == nil || *a.More != 162 {
		t.Errorf("got %+v, %v more", a, a.More)
	}
	if got.Fix.En != "label 162 more, 89.6% of 90%" || got.Fix.Zh != "再标 162 条" {
		t.Errorf("fix %+v", got.Fix)
	}
	if c := got.Readings[1]; c.Metric != "poc.cases" || c.Estimate != nil || *c.Value != 400 || c.More != nil {
		t.Errorf("got %+v", c)
	}
	if v.Params["floor"] != 0.9 || len(v.Params) != 1 {
		t.Errorf("params %v", v.Params)
	}
	if b := v.Blocking(); len(b) != 1 || b[0].ID != "a" {
		t.Errorf("blocking %v", b)
	}
}

func TestCountOfCasesSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	r := gate.Evaluate(policy(t, gate.Align, "a: poc.cases >= 560.5"), input(poc(0.92))).Rules[0]
	if m := r.Readings[0].More; m == nil || *m != 161 || r.Fix.Zh != "再标 161 条" {
		t.Errorf("more %v, fix %+v", m, r.Fix)
	}
}

// No number of cases helps where the value itself is below the bar.
func TestNoNumberOfCasesIsPromised(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]evidence.Estimate{
		"value below the bar": {Value: 0.88, Low: 0.8, High: 0.92, N: 100, Method: "m", Level: 0.95},
		"value at the bar":    {Value: 0.9, Low: 0.8, High: 0.92, N: 100, Method: "m", Level: 0.95},
		"no sample":           {Value: 0.95, Low: 0.8, High: 1, Method: "m", Level: 0.95},
		"enough already":      {Value: 0.95, Low: 0.93, High: 1, N: 100, Method: "m", Level: 0.95},
	} {
		v := gate.Evaluate(policy(t, gate.Align, "a: poc.recommended.accuracy.low >= param.floor"), input(poc(0, with("recommended.accuracy", e))))
		if m := v.Rules[0].Readings[0].More; m != nil {
			t.Errorf("%s: promises %d", name, *m)
		}
	}
}

func TestVerdictJSONIsStable(t *testing.T) {
	t.Parallel()
	v := gate.Evaluate(policy(t, gate.Align, "a: poc.cases >= 500", "b: quality.rows > 1"), input(poc(0.92)))
	got, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "verdict.json", string(got)+"\n")
	var back gate.Verdict
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(back, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(got) {
		t.Errorf("decoding and encoding changes it:\n%s", again)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p := policy(b, gate.Align, "a: poc.recommended.accuracy.low >= param.floor", "b: poc.cases >= param.least",
		"c: quality.missing_max <= param.missing_max", "d: \"!has(poc.drift) || poc.drift.high < 0.1\"")
	in := input(poc(0.92), quality(0))
	b.ReportAllocs()
	for b.Loop() {
		if v := gate.Evaluate(p, in); v.Outcome != gate.Pass {
			b.Fatal(v.Outcome)
		}
	}
}

func TestNamesInBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[text.Text]bool{}
	add := func(name string, title text.Text) {
		if title.En == "" || title.Zh == "" || title.Zh == title.En || seen[title] {
			t.Errorf("%s is called %+v", name, title)
		}
		seen[title] = true
	}
	for _, o := range []gate.Outcome{gate.Pass, gate.Fail, gate.Insufficient, gate.Stale, gate.Assumed, gate.Undefined, gate.NotDue} {
		add(string(o), o.Title())
	}
	for _, g := range gate.Names() {
		add(g, gate.Title(g))
	}
}
