package gate

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of policy tests, beside those of policy files.
var (
	ErrOutcome = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_outcome",
		En: "a gate never has the outcome {outcome}", Zh: "门禁不会有结论 {outcome}"}
	ErrRule = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_rule",
		En: "the gate {gate} has no rule {rule}", Zh: "门禁 {gate} 没有规则 {rule}",
		HintEn: "name a rule by its id, or by its expression", HintZh: "用规则编号或其表达式指明规则"}
	ErrProvenance = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_provenance",
		En: "there is no provenance {provenance}", Zh: "没有取证方式 {provenance}"}
)

// Failure is a policy test whose verdict is not the one that it wants.
type Failure struct {
	Test  string // its name, else its number
	Where string // file:line:column
	Text  text.Text
}

// testTime is the time of every policy test.
var testTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// RunTests runs a file of policy tests: a list of what is given, and what the
// verdict must be. Product owners can read it and add to it.
//
//   - name: too few cases          # may be left out
//     given:
//     poc.recommended.accuracy: {value: 0.93, low: 0.89, n: 400, age: 2d}
//     quality.missing_max: 0.12
//     poc: {stale: true}           # or exploratory: true, age: 90d, provenance: imported
//     params: {floor: 0.9}           # over those that RunTests was given
//     gate: align
//     want: {outcome: fail, because: [recommended-accuracy]}
//
// Each kind that given names is one item of evidence with the metrics listed:
// a number is an exact metric or the value of an estimate. What a metric does
// not state is not there, so that a rule which reads it is insufficient.
// provenance (measured, imported, assumed) and age may stand with a metric or
// with its kind; the oldest age counts. because lists exactly the rules that
// did not pass, by id or by expression; it may be left out.
//
// It returns the tests that fail, and an error if the file is malformed: all
// its faults joined, each with its place.
func RunTests(p *Policies, params map[string]any, src Source) ([]Failure, error) {
	doc, err := parseYAML(src)
	if err != nil {
		return nil, err
	}
	r := &reader{src: src}
	if doc.kind != sequenceKind || len(doc.items) == 0 {
		return nil, src.where(wrongType(text.Text{En: "the file", Zh: "文件"}, "a list of tests", "测试列表"), doc.at)
	}
	var failures []Failure
	for i, item := range doc.items {
		t, ok := r.test(item, i, p)
		if !ok {
			continue
		}
		in := Input{Params: maps.Clone(params), Records: t.records, Now: testTime}
		if in.Params == nil {
			in.Params = map[string]any{}
		}
		maps.Copy(in.Params, t.params)
		if f, failed := t.check(Evaluate(t.policy, in)); failed {
			failures = append(failures, f)
		}
	}
	return failures, errors.Join(r.errs...)
}

// policyTest is one test, decoded.
type policyTest struct {
	name, where string
	policy      *Policy
	params      map[string]any
	records     []evidence.Record
	outcome     Outcome
	because     []string // ids, sorted; nil if the test does not say
}

func (t policyTest) check(v Verdict) (Failure, bool) {
	got := []string{}
	var en, zh []string
	for _, r := range v.Blocking() {
		got = append(got, r.ID)
		en = append(en, r.ID+" is "+string(r.Outcome)+" ("+r.Reason.Text.En+")")
		zh = append(zh, r.ID+" 为 "+string(r.Outcome)+"("+r.Reason.Text.Zh+")")
	}
	slices.Sort(got)
	if v.Outcome == t.outcome && (t.because == nil || slices.Equal(t.because, got)) {
		return Failure{}, false
	}
	want := string(t.outcome)
	if t.because != nil {
		want += " [" + strings.Join(t.because, ", ") + "]"
	}
	found := string(v.Outcome) + " [" + strings.Join(got, ", ") + "]"
	out := text.Text{En: "want " + want + ", got " + found, Zh: "期望 " + want + "，实际 " + found}
	if len(en) > 0 {
		out.En += ": " + strings.Join(en, "; ")
		out.Zh += ":" + strings.Join(zh, ";")
	}
	return Failure{Test: t.name, Where: t.where, Text: out}, true
}

func (r *reader) test(n *node, index int, p *Policies) (policyTest, bool) {
	before := len(r.errs)
	if !r.fields(n, text.Text{En: "a test", Zh: "测试"}, "name", "given", "params", "gate", "want") {
		return policyTest{}, false
	}
	t := policyTest{name: "#" + plain(float64(index+1)), params: map[string]any{},
		where: fault.Def{}.With().At(r.src.Name, n.at.line, n.at.col).Where}
	if n.get("name") != nil {
		t.name = r.str(n, "name")
	}
	if gate := r.str(n, "gate"); gate != "" {
		policy, err := p.Gate(gate)
		var e *fault.Error
		if errors.As(err, &e) {
			r.add(r.src.where(e, n.get("gate").at))
		}
		t.policy = policy
	}
	if given := r.need(n, "given"); given != nil {
		t.records = r.given(given, p.lang)
	}
	if params := n.get("params"); params != nil {
		r.testParams(params, p.lang, t.params)
	}
	if want := r.need(n, "want"); want != nil && t.policy != nil && r.fields(want, "want", "outcome", "because") {
		t.outcome = Outcome(r.str(want, "outcome"))
		valid := []string{string(Pass), string(Fail), string(Insufficient), string(Undefined)}
		if t.outcome != "" && !slices.Contains(valid, string(t.outcome)) {
			r.add(r.src.where(suggest(ErrOutcome, string(t.outcome), valid, "outcome", string(t.outcome)), want.get("outcome").at))
		}
		if because := want.get("because"); because != nil {
			t.because = r.because(because, t.policy)
		}
	}
	return t, len(r.errs) == before
}

func (r *reader) testParams(n *node, l *language, into map[string]any) {
	if !r.fields(n, "params", slices.Sorted(maps.Keys(l.params))...) {
		return
	}
	for _, e := range n.entries {
		if _, ok := typed(e.val.value, l.params[e.key]); !ok {
			typ := string(l.params[e.key])
			r.add(r.src.where(wrongType(e.key, "of type "+typ, " "+typ+" 类型"), e.val.at))
			continue
		}
		into[e.key] = e.val.value
	}
}

func (r *reader) because(n *node, p *Policy) []string {
	out := []string{}
	if n.kind != sequenceKind {
		r.add(r.src.where(wrongType("because", "a list of rules", "规则列表"), n.at))
		return out
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, item := range n.items {
		s, _ := item.text()
		i := slices.IndexFunc(p.Rules, func(rule Rule) bool { return rule.ID == s || squeeze(rule.Expr) == squeeze(s) })
		if i < 0 {
			valid := []string{}
			for _, rule := range p.Rules {
				valid = append(valid, rule.ID)
			}
			r.add(r.src.where(suggest(ErrRule, s, valid, "gate", p.Gate, "rule", s), item.at))
			continue
		}
		out = append(out, p.Rules[i].ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// item is the evidence of one kind while it is put together.
type item struct {
	kind        *kind
	metrics     map[string]any
	assumed     []string
	provenance  []evidence.Provenance
	age         time.Duration
	stale       bool
	exploratory bool
}

// given turns the flat map of metrics into one record for each kind.
func (r *reader) given(n *node, l *language) []evidence.Record {
	if n.kind != mappingKind {
		r.add(r.src.where(wrongType("given", "a mapping of metrics", "指标映射"), n.at))
		return nil
	}
	items := map[string]*item{}
	for _, e := range n.entries {
		name, metric, _ := strings.Cut(e.key, ".")
		k, ok := l.kinds[name]
		if !ok {
			r.add(r.src.where(suggest(ErrKind, name, slices.Sorted(maps.Keys(l.kinds)), "kind", name), e.at))
			continue
		}
		it := items[name]
		if it == nil {
			it = &item{kind: k, metrics: map[string]any{}}
			items[name] = it
		}
		if metric == "" {
			r.whole(it, e.val)
			continue
		}
		m, ok := k.Metric(metric)
		if !ok {
			valid := []string{}
			for _, m := range k.Metrics {
				valid = append(valid, m.Name)
			}
			r.add(r.src.where(suggest(ErrMetric, metric, valid, "parent", name, "name", metric), e.at))
			continue
		}
		r.figure(it, m, e.val)
	}
	out := []evidence.Record{}
	for i, name := range slices.Sorted(maps.Keys(items)) {
		out = append(out, items[name].record(int64(i)))
	}
	return out
}

// record makes the evidence. In a test nothing is bound, so that an item
// without subjects is current, and one that is superseded is not.
func (it *item) record(leaf int64) evidence.Record {
	at := testTime.Add(-it.age)
	r := evidence.Record{Leaf: leaf, Appended: at, Statement: evidence.Statement{
		Type: evidence.StatementType, PredicateType: it.kind.URI,
		Predicate: evidence.Predicate{ID: "given-" + it.kind.Name, Exploratory: it.exploratory, Metrics: evidence.MetricTree(it.metrics),
			Provenance: evidence.Worst(it.provenance...), Assumed: it.assumed, Started: at, Finished: at},
	}}
	if it.stale {
		r.SupersededBy = "given-later"
	}
	return r
}

// whole reads what is said of an item as a whole.
func (r *reader) whole(it *item, n *node) {
	if !r.fields(n, it.kind.Name, "stale", "exploratory", "age", "provenance") {
		return
	}
	for _, e := range n.entries {
		switch e.key {
		case "age":
			it.age = max(it.age, r.duration(e.val, "age"))
		case "provenance":
			it.provenance = append(it.provenance, r.provenance(e.val))
		default:
			b, ok := e.val.value.(bool)
			if !ok {
				r.add(r.src.where(wrongType(e.key, "true or false", " true 或 false"), e.val.at))
			}
			if e.key == "stale" {
				it.stale = b
			} else {
				it.exploratory = b
			}
		}
	}
}

// figure reads one metric: a number, or a mapping.
func (r *reader) figure(it *item, m evidence.Metric, n *node) {
	estimate := m.Shape == evidence.Estimated
	if n.kind == scalarKind {
		v, ok := number(n.value)
		switch {
		case !ok:
			r.add(r.src.where(wrongType(m.Name, "a number", "数值"), n.at))
		case estimate:
			it.metrics[m.Name] = map[string]any{"value": v}
		default:
			it.metrics[m.Name] = v
		}
		return
	}
	known := []string{"value", "age", "provenance"}
	if estimate {
		known = append(known, "low", "high", "n", "level", "method")
	}
	if !r.fields(n, m.Name, known...) {
		return
	}
	fields := map[string]any{}
	for _, e := range n.entries {
		switch e.key {
		case "age":
			it.age = max(it.age, r.duration(e.val, "age"))
		case "provenance":
			if p := r.provenance(e.val); p == evidence.Assumed {
				it.assumed = append(it.assumed, m.Name)
			} else {
				it.provenance = append(it.provenance, p)
			}
		default:
			fields[e.key] = e.val.value
		}
	}
	if !estimate {
		v, ok := number(fields["value"])
		if !ok {
			r.add(r.src.where(wrongType(m.Name, "a number", "数值"), n.at))
			return
		}
		it.metrics[m.Name] = v
		return
	}
	if _, ok := readEstimate(fields); !ok {
		r.add(r.src.where(wrongType(m.Name, "an estimate with numbers", "由数值构成的估计值"), n.at))
		return
	}
	it.metrics[m.Name] = fields
}

func (r *reader) provenance(n *node) evidence.Provenance {
	valid := []string{string(evidence.Measured), string(evidence.Imported), string(evidence.Assumed)}
	s, _ := n.text()
	if !slices.Contains(valid, s) {
		r.add(r.src.where(suggest(ErrProvenance, s, valid, "provenance", s), n.at))
		return evidence.Measured
	}
	return evidence.Provenance(s)
}
