package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/text"
)

// now is when every verdict of these tests is given.
var now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// kinds are small, and have every case that a policy can meet: nested and flat
// metrics, both shapes, all directions, optional ones, an age limit.
func kinds() []evidence.Kind {
	return []evidence.Kind{
		{
			Name: "poc", URI: "https://landfall.dev/evidence/poc/v1", Roles: []string{"dataset", "candidate"},
			Title: text.Text{En: "proof of concept", Zh: "概念验证"},
			Metrics: []evidence.Metric{
				{Name: "recommended.accuracy", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated, Title: text.Text{En: "accuracy", Zh: "正确率"}},
				{Name: "recommended.latency_p95", Unit: "ms", Direction: evidence.Lower, Shape: evidence.Estimated, Optional: true, Title: text.Text{En: "p95 latency", Zh: "p95 延迟"}},
				{Name: "cases", Unit: "cases", Direction: evidence.Higher, Shape: evidence.Exact, Title: text.Text{En: "test cases", Zh: "评测用例数"}},
				{Name: "drift", Unit: "share", Direction: evidence.Neutral, Shape: evidence.Estimated, Optional: true, Title: text.Text{En: "drift", Zh: "漂移"}},
			},
		},
		{
			Name: "quality", URI: "https://landfall.dev/evidence/quality/v1", Roles: []string{"dataset"}, MaxAge: 365 * 24 * time.Hour,
			Title: text.Text{En: "data quality", Zh: "数据质量"},
			Metrics: []evidence.Metric{
				{Name: "missing_max", Unit: "share", Direction: evidence.Lower, Shape: evidence.Exact, Title: text.Text{En: "largest missing share", Zh: "最大缺失率"}},
				{Name: "rows", Unit: "rows", Direction: evidence.Neutral, Shape: evidence.Exact, Title: text.Text{En: "rows", Zh: "行数"}},
			},
		},
		gate.Kind(),
	}
}

var paramTypes = map[string]gate.ParamType{"floor": gate.Double, "missing_max": gate.Double, "least": gate.Int, "strict": gate.Bool, "method": gate.String}

func params() map[string]any {
	return map[string]any{"floor": 0.9, "missing_max": 0.1, "least": 100, "strict": true, "method": "clopper-pearson"}
}

func bindings() evidence.Bindings {
	return evidence.Bindings{"dataset": {"cases": hex("d1")}, "candidate": {"faq": hex("c1")}, "costs": {"prices": hex("p1")}}
}

// hex is a digest that begins with s.
func hex(s string) string {
	return s + strings.Repeat("0", 64-len(s))
}

// source is a policy file of one gate with the rules given as id: expression.
func source(name, of string, rules ...string) gate.Source {
	var b strings.Builder
	b.WriteString("gate: " + of + "\nrules:\n")
	for _, r := range rules {
		id, expr, _ := strings.Cut(r, ": ")
		expr, more, _ := strings.Cut(expr, " # ")
		b.WriteString("  - id: " + id + "\n    title: {en: Title, zh: 标题}\n    expr: " + expr +
			"\n    method: {en: Sentence., zh: 句子。}\n    fix: {en: \"label {more} more, {value} of {allowed}\", zh: \"再标 {more} 条\"}\n")
		for _, line := range strings.Split(more, ", ") {
			if line != "" {
				b.WriteString("    " + line + "\n")
			}
		}
	}
	return gate.Source{Name: name, Data: []byte(b.String())}
}

func compile(t testing.TB, sources ...gate.Source) *gate.Policies {
	t.Helper()
	p, err := gate.Compile(kinds(), paramTypes, sources...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func policy(t testing.TB, of string, rules ...string) *gate.Policy {
	t.Helper()
	p, err := compile(t, source("policy.yaml", of, rules...)).Gate(of)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// option changes a record.
type option func(*evidence.Record)

func exploratory(r *evidence.Record) { r.Statement.Predicate.Exploratory = true }

func provenance(p evidence.Provenance) option {
	return func(r *evidence.Record) { r.Statement.Predicate.Provenance = p }
}

func assumes(metrics ...string) option {
	return func(r *evidence.Record) { r.Statement.Predicate.Assumed = metrics }
}

func aged(d time.Duration) option {
	return func(r *evidence.Record) {
		r.Appended = now.Add(-d)
		r.Statement.Predicate.Started, r.Statement.Predicate.Finished = r.Appended, r.Appended
	}
}

func on(role, digest string) option {
	return func(r *evidence.Record) {
		for i, s := range r.Statement.Subject {
			if s.Role() == role {
				r.Statement.Subject[i] = evidence.NewSubject(role, s.Name, hex(digest))
			}
		}
	}
}

func supersedes(id string) option {
	return func(r *evidence.Record) { r.Statement.Predicate.Supersedes = id }
}

func named(id string) option {
	return func(r *evidence.Record) { r.Statement.Predicate.ID = id }
}

func with(metric string, v any) option {
	return func(r *evidence.Record) {
		m := r.Statement.Predicate.Metrics
		if first, rest, deeper := strings.Cut(metric, "."); deeper {
			m, metric = m[first].(map[string]any), rest
		}
		if v == nil {
			delete(m, metric)
			return
		}
		m[metric] = v
	}
}

// poc is an item of that kind with a lower bound of accuracy.
func poc(low float64, options ...option) evidence.Record {
	return record("poc", map[string]any{
		"recommended": map[string]any{
			"accuracy": map[string]any{"value": low + 0.03, "low": low, "high": low + 0.05, "n": 400.0, "method": "clopper-pearson", "level": 0.95},
		},
		"cases": 400.0,
	}, options, evidence.NewSubject("dataset", "cases", hex("d1")), evidence.NewSubject("candidate", "faq", hex("c1")))
}

func quality(missing float64, options ...option) evidence.Record {
	return record("quality", map[string]any{"missing_max": missing, "rows": 1200.0}, options, evidence.NewSubject("dataset", "cases", hex("d1")))
}

func record(kind string, metrics map[string]any, options []option, subjects ...evidence.Subject) evidence.Record {
	r := evidence.Record{Envelope: []byte(kind), Appended: now.Add(-time.Hour), Statement: evidence.Statement{
		Type: evidence.StatementType, PredicateType: "https://landfall.dev/evidence/" + kind + "/v1", Subject: subjects,
		Predicate: evidence.Predicate{ID: "ev_" + kind, Scenario: "sc_1", Provenance: evidence.Measured, Metrics: metrics,
			Started: now.Add(-2 * time.Hour), Finished: now.Add(-time.Hour)},
	}}
	for _, o := range options {
		o(&r)
	}
	return r
}

// logged numbers records as the log does.
func logged(rs ...evidence.Record) []evidence.Record {
	for i := range rs {
		rs[i].Leaf = int64(i)
	}
	return rs
}

func input(rs ...evidence.Record) gate.Input {
	return gate.Input{Scenario: "sc_1", Params: params(), Bindings: bindings(), Records: logged(rs...), Now: now}
}
