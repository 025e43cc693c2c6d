package gate_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
)

// expressions draws rules of every form that the language has.
func expressions(t *rapid.T, depth int, label string) string {
	atoms := []string{
		"poc.recommended.accuracy.low >= param.floor", "poc.recommended.accuracy.high < 0.95", "poc.cases > 100", "poc.cases <= quality.rows",
		"quality.missing_max <= param.missing_max", "has(poc.drift)", "(has(poc.drift) && poc.drift.high < 0.1)", "param.strict",
		"poc.drift.low > 0.0", "poc.cases / quality.missing_max > 1.0", "poc.recommended.accuracy.n / int(quality.rows) >= 0",
		"poc.recommended.accuracy.method in ['clopper-pearson', param.method]", "(quality.rows > 5 ? poc.cases > 1 : quality.missing_max < 0.5)",
	}
	if depth == 0 || rapid.Bool().Draw(t, label+"leaf") {
		return rapid.SampledFrom(atoms).Draw(t, label)
	}
	a := expressions(t, depth-1, label+"a")
	switch rapid.SampledFrom([]string{"&&", "||", "!"}).Draw(t, label+"op") {
	case "!":
		return "!(" + a + ")"
	case "&&":
		return "(" + a + " && " + expressions(t, depth-1, label+"b") + ")"
	}
	return "(" + a + " || " + expressions(t, depth-1, label+"b") + ")"
}

// rules draws a policy whose rules all read evidence.
func rules(t *rapid.T, least int) []string {
	out := []string{}
	for i := range rapid.IntRange(least, 4).Draw(t, "rules") {
		e := fmt.Sprintf("r%d: \"poc.cases >= 0 && %s\"", i, expressions(t, 3, fmt.Sprint("e", i)))
		if rapid.Bool().Draw(t, "allow") {
			e += " # allow_assumed: true"
		}
		out = append(out, e)
	}
	return out
}

// item draws evidence of one kind, most of it sound.
func item(t *rapid.T, id string, isPOC bool) evidence.Record {
	numbers := rapid.SampledFrom([]float64{0, 0.05, 0.1, 0.5, 0.9, 0.95, 1, 400})
	odd := rapid.SampledFrom([]any{nil, "x", math.NaN(), math.Inf(1), true, map[string]any{"low": 1.0}})
	options := []option{named(id)}
	add := func(often int, label string, o option) {
		if rapid.IntRange(1, often).Draw(t, id+label) == 1 {
			options = append(options, o)
		}
	}
	if isPOC {
		low := numbers.Draw(t, id+"low")
		add(2, "drift", with("drift", evidence.Estimate{Value: low, Low: low, High: low, N: 10, Method: "m", Level: 0.9}))
		add(8, "odd", with("cases", odd.Draw(t, id+"odd value")))
		add(8, "odd drift", with("drift", odd.Draw(t, id+"odd drift value")))
		add(6, "assumed", assumes("cases"))
	}
	add(6, "stale", on("dataset", "d0"))
	add(6, "exploratory", exploratory)
	add(6, "provenance", provenance(evidence.Assumed))
	add(6, "old", aged(1000*24*time.Hour))
	if isPOC {
		return poc(numbers.Draw(t, id+"accuracy"), options...)
	}
	return quality(numbers.Draw(t, id+"missing"), options...)
}

// rank orders outcomes of gates: a gate is better than another if it is higher.
func rank(o gate.Outcome) int {
	return slices.Index([]gate.Outcome{gate.Fail, gate.Insufficient, gate.Undefined, gate.Pass}, o)
}

func TestAddingARuleNeverImprovesAGate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := rules(rt, 1)
		in := input(item(rt, "a", true), item(rt, "b", false))
		before := gate.Evaluate(policy(t, gate.Align, all...), in)
		more := append(slices.Clone(all), "extra: \""+"poc.cases >= 0 && "+expressions(rt, 2, "extra")+"\"")
		after := gate.Evaluate(policy(t, gate.Align, more...), in)
		if rank(after.Outcome) > rank(before.Outcome) {
			rt.Fatalf("%v is %s, with another rule %s", all, before.Outcome, after.Outcome)
		}
		fails := gate.Evaluate(policy(t, gate.Align, append(slices.Clone(all), "never: poc.recommended.accuracy.low > 1e9")...), in)
		if extra := fails.Rules[len(all)].Outcome; extra == gate.Pass || (extra == gate.Fail) != (fails.Outcome == gate.Fail && extra == gate.Fail) {
			rt.Fatalf("a rule that cannot hold is %s, the gate %s", extra, fails.Outcome)
		}
	})
}

func TestTakingEvidenceAwayNeverOpensAGate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := policy(t, gate.Align, rules(rt, 1)...)
		full := gate.Evaluate(p, input(item(rt, "a", true), item(rt, "b", false)))
		for _, rest := range [][]evidence.Record{{item(rt, "a", true)}, {item(rt, "b", false)}, nil} {
			v := gate.Evaluate(p, input(rest...))
			for i, r := range v.Rules {
				named := p.Rules[i].Kinds()
				lacks := slices.ContainsFunc(named, func(k string) bool {
					return !slices.ContainsFunc(rest, func(e evidence.Record) bool {
						return e.Statement.PredicateType == "https://landfall.dev/evidence/"+k+"/v1"
					})
				})
				if lacks && r.Outcome != gate.Insufficient && r.Outcome != gate.Stale {
					rt.Fatalf("%s names %v and is %s without", p.Rules[i].Expr, named, r.Outcome)
				}
			}
		}
		if len(full.Rules) != len(p.Rules) {
			rt.Fatalf("%d of %d rules have a result", len(full.Rules), len(p.Rules))
		}
	})
}

// Nothing that is worse about an item makes a rule pass: figures typed in, an
// item that is exploratory, superseded or about something else.
func TestWorseEvidenceNeverOpensAGate(t *testing.T) {
	t.Parallel()
	worse := map[string]option{"assumed": provenance(evidence.Assumed), "exploratory": exploratory, "stale": on("dataset", "gone"),
		"superseded": func(r *evidence.Record) { r.SupersededBy = "ev_z" }}
	rapid.Check(t, func(rt *rapid.T) {
		p := policy(t, gate.Align, rules(rt, 1)...)
		a, b := item(rt, "a", true), item(rt, "b", false)
		before := gate.Evaluate(p, input(a, b))
		name := rapid.SampledFrom(slices.Sorted(func(yield func(string) bool) {
			for k := range worse {
				if !yield(k) {
					return
				}
			}
		})).Draw(rt, "worse")
		worse[name](&a)
		after := gate.Evaluate(p, input(a, b))
		for i := range p.Rules {
			if before.Rules[i].Outcome != gate.Pass && after.Rules[i].Outcome == gate.Pass {
				rt.Fatalf("%s was %s and passes %s", p.Rules[i].Expr, before.Rules[i].Outcome, name)
			}
		}
	})
}

func TestUnrelatedEvidenceDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := policy(t, gate.Align, rules(rt, 1)...)
		pocs := []evidence.Record{item(rt, "p1", true), item(rt, "p2", true)}
		qualities := []evidence.Record{item(rt, "q1", false), item(rt, "q2", false)}
		others := []evidence.Record{record("unknown", map[string]any{"x": 1.0}, []option{named("u1")}), record("verdict", nil, []option{named("v1")})}
		want := gate.Evaluate(p, input(slices.Concat(pocs, qualities)...))
		// Any interleaving that keeps each kind's own order.
		var mixed []evidence.Record
		queues := [][]evidence.Record{slices.Clone(pocs), slices.Clone(qualities), others}
		for len(queues[0])+len(queues[1])+len(queues[2]) > 0 {
			i := rapid.IntRange(0, 2).Draw(rt, "next")
			if len(queues[i]) > 0 {
				mixed, queues[i] = append(mixed, queues[i][0]), queues[i][1:]
			}
		}
		got := gate.Evaluate(p, input(mixed...))
		if !got.Same(want) {
			rt.Fatalf("%s in one order, %s in another", want.Outcome, got.Outcome)
		}
		for i := range want.Rules {
			a, b := slices.Sorted(slices.Values(want.Rules[i].Evidence)), slices.Sorted(slices.Values(got.Rules[i].Evidence))
			if !slices.Equal(a, b) || want.Rules[i].Reason.Code != got.Rules[i].Reason.Code {
				rt.Fatalf("rule %d reads %v in one order, %v in another", i, a, b)
			}
		}
	})
}
