package gate

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
)

// Input is all that a verdict is a function of, beside the policy.
type Input struct {
	Scenario string
	// Params are the values of the declared parameters. A rule that reads one
	// without a value is insufficient.
	Params   map[string]any
	Bindings evidence.Bindings
	// Records of the scenario in log order, superseded and exploratory ones
	// included. Kinds that the policies do not know are passed over.
	Records []evidence.Record
	Now     time.Time
	// NotDue, of an organisation gate that does not concern anybody yet, says
	// why: no rule is evaluated then, and nothing is blocked.
	NotDue *Reason
}

// Evaluate gives the verdict of a gate. It is a pure function; see the package
// for how it fails closed. A rule is
//
//   - insufficient if a kind that it names has no evidence (exploratory apart),
//     a metric or parameter that it reads is not there, or the evaluation fails;
//   - stale if a kind has evidence, but none that is current: not superseded,
//     measured on what the scenario is bound to now, and young enough;
//   - fail if it does not hold, even if only by assumed figures: an assumption
//     cannot open a gate, but it can close it;
//   - assumed if it holds, but an item or a figure that it read was typed in,
//     unless it allows that;
//   - pass else.
//
// A rule whose When is false is left out: it concerns another kind of scenario.
func Evaluate(p *Policy, in Input) Verdict {
	v := Verdict{Scenario: in.Scenario, Gate: p.Gate, Policy: p.Digest, At: in.Now.UTC(),
		Rules: []RuleResult{}, Params: map[string]any{}, worst: evidence.Measured}
	if in.NotDue != nil {
		v.Outcome, v.Reason = NotDue, in.NotDue
		return v
	}
	e := newEvaluation(p.lang, in)
	waived := waivers(in.Records, p.Gate, in.Now)
	for _, rule := range p.Rules {
		if stands, ok := e.params[rule.When].(bool); ok && !stands {
			continue
		}
		for _, name := range rule.params {
			if value, ok := e.params[name]; ok { // of its type, and finite
				v.Params[name] = value
			}
		}
		result := e.rule(rule)
		if w, ok := waived[rule.ID]; ok && result.Outcome != Pass {
			result.Waived = &w
		}
		v.Rules = append(v.Rules, result)
	}
	v.Outcome = gateOutcome(v.Rules)
	if v.Outcome == Undefined {
		r := noRules
		v.Reason = &r
	}
	v.inputs, v.worst = e.inputs()
	return v
}

// evaluation is the state of one Evaluate.
type evaluation struct {
	lang       *language
	in         Input
	params     map[string]any
	byKind     map[string][]evidence.Record // of each kind, in log order
	superseded map[string]bool
	used       map[string]evidence.Record // that a rule read, by id
}

func newEvaluation(l *language, in Input) *evaluation {
	e := &evaluation{lang: l, in: in, params: map[string]any{}, byKind: map[string][]evidence.Record{},
		superseded: map[string]bool{}, used: map[string]evidence.Record{}}
	for _, r := range in.Records {
		if id := r.Statement.Predicate.Supersedes; id != "" {
			e.superseded[id] = true
		}
		if r.SupersededBy != "" {
			e.superseded[r.ID()] = true
		}
		if k := l.byURI[r.Statement.PredicateType]; k != nil {
			e.byKind[k.Name] = append(e.byKind[k.Name], r)
		}
	}
	for name, typ := range l.params {
		if value, ok := typed(in.Params[name], typ); ok {
			e.params[name] = value
		}
	}
	return e
}

// typed turns a value into what CEL takes for a parameter of a type.
func typed(v any, typ ParamType) (any, bool) {
	switch typ {
	case Double:
		f, ok := number(v)
		return f, ok
	case Int:
		f, ok := number(v)
		return int64(f), ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53
	case Bool:
		b, ok := v.(bool)
		return b, ok
	case String:
		s, ok := v.(string)
		return s, ok
	}
	return nil, false
}

// number returns v as a finite double.
func number(v any) (float64, bool) {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case float32:
		f = float64(v)
	case int:
		f = float64(v)
	case int32:
		f = float64(v)
	case int64:
		f = float64(v)
	case json.Number:
		var err error
		if f, err = v.Float64(); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, finite(f)
}

// current returns the newest current item of a kind in log order, or the
// reason why there is none, with the newest item that was not exploratory.
func (e *evaluation) current(k *kind, maxAge time.Duration) (evidence.Record, *Reason, Outcome) {
	records := e.byKind[k.Name]
	var newest *evidence.Record
	var why evidence.Reason
	for i := len(records) - 1; i >= 0; i-- {
		r := records[i]
		if r.Statement.Predicate.Exploratory {
			continue
		}
		reason, isStale := evidence.Stale(k.Kind, r, e.in.Bindings, e.superseded[r.ID()], maxAge, e.in.Now)
		if !isStale {
			return r, nil, Pass
		}
		if newest == nil {
			newest, why = &r, reason
		}
	}
	if newest != nil {
		reason := stale(k.Kind, newest.ID(), why)
		return *newest, &reason, Stale
	}
	reason := absent(k.Kind)
	if len(records) > 0 {
		reason = exploratoryOnly(k.Kind)
	}
	return evidence.Record{}, &reason, Insufficient
}

func (e *evaluation) rule(rule Rule) RuleResult {
	out := RuleResult{ID: rule.ID, Title: rule.Title, Expr: rule.Expr, Method: rule.Method,
		Readings: []Reading{}, Evidence: []string{}}
	read := map[string]evidence.Record{}
	var named []evidence.Record
	for _, name := range rule.kinds {
		r, reason, outcome := e.current(e.lang.kinds[name], rule.MaxAge)
		if r.ID() != "" {
			named = append(named, r)
		}
		switch {
		case reason == nil:
			read[name] = r
		case out.Outcome == "" || (out.Outcome == Stale && outcome == Insufficient):
			out.Outcome, out.Reason = outcome, *reason
		}
	}
	slices.SortStableFunc(named, func(a, b evidence.Record) int { return int(a.Leaf - b.Leaf) })
	for _, r := range named {
		out.Evidence = append(out.Evidence, r.ID())
		e.used[r.ID()] = r
	}
	if out.Outcome == "" {
		e.decide(rule, read, &out)
	}
	if out.Outcome != Pass {
		out.Fix = fix(rule.Fix, out.Reason, out.Readings)
	}
	return out
}

// decide evaluates a rule all of whose kinds have a current item.
func (e *evaluation) decide(rule Rule, records map[string]evidence.Record, out *RuleResult) {
	vars := map[string]any{paramName: e.params}
	trees := map[string]figureTree{}
	for name, r := range records {
		trees[name] = newFigures(e.lang.kinds[name], r)
		vars[name] = trees[name].tree
	}
	assumedMetrics := []string{}
	var missing *Reason
	for _, rd := range rule.reads {
		r := records[rd.kind]
		reading, problem := e.reading(rule, rd, r, trees[rd.kind])
		if problem != nil && missing == nil {
			missing = problem
		}
		if reading == nil {
			continue
		}
		if reading.Assumed && !slices.Contains(assumedMetrics, rd.path()) {
			assumedMetrics = append(assumedMetrics, rd.path())
		}
		out.Readings = append(out.Readings, *reading)
	}
	out.Assumed = len(assumedMetrics) > 0
	for _, name := range rule.params {
		if _, ok := e.params[name]; !ok && missing == nil {
			reason := noParam(name)
			missing = &reason
		}
	}
	if missing != nil {
		out.Outcome, out.Reason = Insufficient, *missing
		return
	}
	holds, problem := rule.holds(vars)
	switch {
	case problem != "":
		out.Outcome, out.Reason = Insufficient, unevaluated(problem)
	case !holds:
		out.Outcome, out.Reason = Fail, decided(false, rule.Expr, out.Readings)
	case out.Assumed && !rule.AllowAssumed:
		out.Outcome, out.Reason = Assumed, assumed(assumedMetrics)
	default:
		out.Outcome, out.Reason = Pass, decided(true, rule.Expr, out.Readings)
	}
}

// holds evaluates the expression. problem is not empty if no decision can rest
// on the result.
func (x expression) holds(vars map[string]any) (holds bool, problem string) {
	result, details, err := x.program.Eval(vars)
	if err != nil {
		return false, err.Error()
	}
	if v, bad := adverse(details); bad {
		if err, ok := v.Value().(error); ok {
			return false, err.Error()
		}
		return false, "a part of it is not a finite number"
	}
	b, ok := result.Value().(bool)
	if !ok {
		return false, "the result is neither true nor false"
	}
	return b, ""
}

// reading returns the figure that a rule reads at one place, or what keeps it
// from being read. Both are nil for a metric that may be absent and is.
func (e *evaluation) reading(rule Rule, rd read, r evidence.Record, f figureTree) (*Reading, *Reason) {
	name := rd.metric.Name
	if f.bad[name] {
		reason := malformed(rd, r.ID())
		return nil, &reason
	}
	out := Reading{Metric: rd.path(), Title: rd.metric.Title, Unit: rd.metric.Unit, Field: rd.field,
		Evidence: r.ID(), From: r.Statement.Predicate.Provenance, Assumed: isAssumed(r, name),
		AgeSeconds: int64(e.in.Now.Sub(r.Statement.Predicate.Finished) / time.Second)}
	exactly, isExact := f.exact[name]
	est, isEstimate := f.estimates[name]
	switch {
	case !isExact && !isEstimate, rd.field != "" && est[rd.field] == nil:
		// A metric that has() guards somewhere in the rule may be absent.
		if rd.test || slices.ContainsFunc(rule.reads, func(o read) bool { return o.test && o.path() == rd.path() }) {
			return nil, nil
		}
		reason := noMetric(rd, r.ID())
		return nil, &reason
	case isExact:
		if !rd.test {
			out.Value = &exactly
		}
	default:
		whole := wholeEstimate(est)
		out.Estimate = &whole
		if v, ok := number(est[rd.field]); ok {
			out.Value = &v
		}
	}
	e.bar(rule, rd, &out)
	return &out, nil
}

// bar adds the bar that a rule compares a reading with.
func (e *evaluation) bar(rule Rule, rd read, out *Reading) {
	for _, c := range rule.comparisons {
		if rd.test || c.read.path() != rd.path() || c.read.field != rd.field {
			continue
		}
		value := c.value
		if c.param != "" {
			value = e.params[c.param]
		}
		bar, ok := number(value)
		if !ok {
			return
		}
		out.Op, out.Allowed = c.op, &bar
		if n, ok := more(*out); ok {
			out.More = &n
		}
		return
	}
}

// isAssumed reports whether a metric of a record was typed in, or rests on
// what was. A name in predicate.assumed covers what stands below it.
func isAssumed(r evidence.Record, metric string) bool {
	p := r.Statement.Predicate
	return p.Provenance == evidence.Assumed || slices.ContainsFunc(p.Assumed, func(a string) bool {
		return a == metric || strings.HasPrefix(metric, a+".")
	})
}

// figureTree is the metrics of a record as expressions see them.
type figureTree struct {
	tree      map[string]any
	exact     map[string]float64
	estimates map[string]map[string]any
	bad       map[string]bool // there, but not what the kind declares
}

// newFigures reads the declared metrics of a record. What is absent is left
// out, groups are always there: a rule asks has() of a metric, not of a group.
func newFigures(k *kind, r evidence.Record) figureTree {
	f := figureTree{exact: map[string]float64{}, estimates: map[string]map[string]any{}, bad: map[string]bool{}}
	var build func(b *branch, v any) map[string]any
	build = func(b *branch, v any) map[string]any {
		in, _ := v.(map[string]any)
		out := map[string]any{}
		for name, child := range b.children {
			value, there := in[name]
			switch {
			case child.metric == nil:
				out[name] = build(child, value)
			case !there || value == nil:
			case child.metric.Shape == evidence.Exact:
				x, ok := number(value)
				if !ok {
					f.bad[child.metric.Name] = true
					continue
				}
				f.exact[child.metric.Name], out[name] = x, x
			default:
				est, ok := readEstimate(value)
				if !ok {
					f.bad[child.metric.Name] = true
					continue
				}
				f.estimates[child.metric.Name], out[name] = est, est
			}
		}
		return out
	}
	f.tree = build(k.root, r.Statement.Predicate.Metrics)
	return f
}

// readEstimate returns an estimate's fields as CEL reads them. Fields that are
// absent stay absent, so that a rule which reads one is insufficient.
func readEstimate(v any) (map[string]any, bool) {
	var in map[string]any
	switch v := v.(type) {
	case evidence.Estimate:
		in = map[string]any{"value": v.Value, "low": v.Low, "high": v.High, "n": v.N, "level": v.Level, "method": v.Method}
	case *evidence.Estimate:
		return readEstimate(*v)
	case map[string]any:
		in = v
	default:
		return nil, false
	}
	out := map[string]any{}
	for name, value := range in {
		switch name {
		case "value", "low", "high", "level":
			f, ok := number(value)
			if !ok {
				return nil, false
			}
			out[name] = f
		case "n":
			f, ok := typed(value, Int)
			if !ok {
				return nil, false
			}
			out[name] = f
		case "method":
			s, ok := value.(string)
			if !ok {
				return nil, false
			}
			out[name] = s
		default:
			return nil, false
		}
	}
	return out, true
}

func wholeEstimate(m map[string]any) evidence.Estimate {
	var e evidence.Estimate
	for name, to := range map[string]*float64{"value": &e.Value, "low": &e.Low, "high": &e.High, "level": &e.Level} {
		if f, ok := m[name].(float64); ok {
			*to = f
		}
	}
	if n, ok := m["n"].(int64); ok {
		e.N = int(n)
	}
	if s, ok := m["method"].(string); ok {
		e.Method = s
	}
	return e
}
