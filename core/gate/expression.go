package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// expression is a checked rule, ready to be evaluated.
type expression struct {
	program     cel.Program
	kinds       []string // sorted
	params      []string // sorted
	reads       []read   // in the order of the text
	comparisons []comparison
}

// read is one place where an expression names a metric.
type read struct {
	kind   string
	metric evidence.Metric
	field  string // of an estimate: low, high, …; "" for an exact metric or has()
	test   bool   // has(): the metric may be absent
}

// path is the metric with its kind: "poc.recommended.accuracy".
func (r read) path() string { return r.kind + "." + r.metric.Name }

// comparison is a part of an expression of the form METRIC OP BAR that must
// hold, or may (under ||), for the rule to pass.
type comparison struct {
	read  read
	op    string // >=, >, <=, <, ==, !=, with the metric on the left
	param string // the bar is a parameter …
	value any    // … or a number
}

// functions that an expression may call, as CEL names them.
var functions = []string{
	operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.In,
	operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
	"double", "int",
}

// compile checks an expression and makes it ready. n is where it stands.
func (l *language) compile(src Source, n *node, expr string) (expression, []error) {
	// CEL's columns count from the first character of what it is given, so
	// it gets the text as it is, with the space around it.
	parsed, issues := l.env.Parse(expr)
	if issues.Err() != nil {
		return expression{}, l.explain(src, n, issues)
	}
	w := &walker{lang: l, src: src, at: n, expr: expr, info: parsed.NativeRep().SourceInfo()}
	w.walk(parsed.NativeRep().Expr())
	if len(w.errs) > 0 {
		return expression{}, w.errs
	}
	checked, issues := l.env.Check(parsed)
	if issues.Err() != nil {
		return expression{}, l.explain(src, n, issues)
	}
	start := n.place(1, len(expr)-len(strings.TrimLeft(expr, " \n")))
	if !checked.OutputType().IsExactType(types.BoolType) {
		return expression{}, []error{src.where(ErrNotBool.With("type", typeName(checked.OutputType().String())), start)}
	}
	// What the rule reads comes from the checked tree, not from the text.
	w = &walker{lang: l, src: src, at: n, expr: expr, info: checked.NativeRep().SourceInfo()}
	root := checked.NativeRep().Expr()
	w.walk(root)
	w.compare(root)
	if len(w.errs) > 0 {
		return expression{}, w.errs
	}
	e := expression{reads: w.reads, comparisons: w.comparisons, params: w.params}
	for _, r := range w.reads {
		e.kinds = append(e.kinds, r.kind)
	}
	slices.Sort(e.kinds)
	e.kinds = slices.Compact(e.kinds)
	slices.Sort(e.params)
	e.params = slices.Compact(e.params)
	if len(e.kinds) == 0 {
		return expression{}, []error{src.where(ErrNoEvidence.With(), start)}
	}
	var err error
	// The state keeps what every part came to: a NaN or an error that the
	// rest of the expression absorbed is found there.
	if e.program, err = l.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptTrackState)); err != nil {
		return expression{}, []error{src.where(ErrExpression.With("problem", err.Error()), start)}
	}
	return e, nil
}

// walker goes through an expression, gathers what it names and finds what it
// must not name, in our words rather than CEL's.
type walker struct {
	lang        *language
	src         Source
	at          *node
	expr        string
	info        *ast.SourceInfo
	reads       []read
	params      []string
	comparisons []comparison
	errs        []error
}

func (w *walker) fail(e *fault.Error, at position) { w.errs = append(w.errs, w.src.where(e, at)) }

// start returns where an expression begins. A selection's own place is its
// dot; what is meant there is the name after it.
func (w *walker) start(e ast.Expr) position {
	loc := w.info.GetStartLocation(e.ID())
	line, col := loc.Line(), loc.Column()
	if e.Kind() == ast.SelectKind {
		lines := strings.Split(w.expr, "\n")
		if line >= 1 && line <= len(lines) {
			runes := []rune(lines[line-1])
			for col < len(runes) && (runes[col] == '.' || runes[col] == ' ') {
				col++
			}
		}
	}
	return w.at.place(line, col)
}

func (w *walker) walk(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
	case ast.IdentKind, ast.SelectKind:
		w.name(e)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			w.walk(item)
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() || !slices.Contains(functions, call.FunctionName()) {
			w.fail(ErrFunction.With("name", display(call.FunctionName())), w.start(e))
			return
		}
		for _, arg := range call.Args() {
			w.walk(arg)
		}
	default:
		w.fail(ErrFunction.With("name", "{…}"), w.start(e))
	}
}

// name resolves a path like poc.recommended.accuracy.low.
func (w *walker) name(e ast.Expr) {
	var steps []ast.Expr // selections, innermost first
	base := e
	for base.Kind() == ast.SelectKind {
		steps = append(steps, base)
		base = base.AsSelect().Operand()
	}
	slices.Reverse(steps)
	if base.Kind() != ast.IdentKind {
		w.fail(ErrFunction.With("name", "."+steps[0].AsSelect().FieldName()), w.start(steps[0]))
		return
	}
	test := e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly()
	if base.AsIdent() == paramName {
		w.param(base, steps, test)
		return
	}
	k, ok := w.lang.kinds[base.AsIdent()]
	if !ok {
		valid := []string{paramName}
		for name := range w.lang.kinds {
			valid = append(valid, name)
		}
		slices.Sort(valid)
		w.fail(suggest(ErrKind, base.AsIdent(), valid, "kind", base.AsIdent()), w.start(base))
		return
	}
	w.metric(k, base, steps, test)
}

func (w *walker) param(base ast.Expr, steps []ast.Expr, test bool) {
	var valid []string
	for name := range w.lang.params {
		valid = append(valid, name)
	}
	slices.Sort(valid)
	switch {
	case test:
		w.fail(ErrHas.With("name", paramName+"."+steps[0].AsSelect().FieldName()), w.start(base))
	case len(steps) == 0:
		w.fail(ErrGroup.With("name", paramName, "valid", strings.Join(valid, ", ")), w.start(base))
	case len(steps) > 1:
		name := paramName + "." + steps[0].AsSelect().FieldName()
		w.fail(ErrMetric.With("parent", name, "name", steps[1].AsSelect().FieldName()), w.start(steps[1]))
	default:
		name := steps[0].AsSelect().FieldName()
		if _, ok := w.lang.params[name]; !ok {
			w.fail(suggest(ErrParam, name, valid, "name", name), w.start(steps[0]))
			return
		}
		w.params = append(w.params, name)
	}
}

func (w *walker) metric(k *kind, base ast.Expr, steps []ast.Expr, test bool) {
	path, b := k.Name, k.root
	for i, step := range steps {
		field := step.AsSelect().FieldName()
		if b.metric != nil {
			w.field(k, *b.metric, steps[i:], test)
			return
		}
		next := b.children[field]
		if next == nil {
			w.fail(w.noMetric(k, b, path, field), w.start(step))
			return
		}
		path, b = path+"."+field, next
	}
	last := base
	if len(steps) > 0 {
		last = steps[len(steps)-1]
	}
	switch {
	case b.metric == nil && test:
		w.fail(ErrHas.With("name", path), w.start(base))
	case b.metric == nil:
		w.fail(ErrGroup.With("name", path, "valid", strings.Join(b.names(), ", ")), w.start(last))
	case test:
		w.reads = append(w.reads, read{kind: k.Name, metric: *b.metric, test: true})
	case b.metric.Shape == evidence.Estimated:
		w.fail(ErrEstimate.With("metric", path, "advice", advice(path, b.metric.Direction)), w.start(base))
	default:
		w.reads = append(w.reads, read{kind: k.Name, metric: *b.metric})
	}
}

// field resolves what stands after a metric.
func (w *walker) field(k *kind, m evidence.Metric, steps []ast.Expr, test bool) {
	path, field := k.Name+"."+m.Name, steps[0].AsSelect().FieldName()
	valid := []string{}
	if m.Shape == evidence.Estimated {
		valid = []string{"low", "high", "value", "n", "level", "method"}
	}
	switch {
	case !slices.Contains(valid, field):
		w.fail(suggest(ErrMetric, field, valid, "parent", path, "name", field), w.start(steps[0]))
	case len(steps) > 1:
		w.fail(ErrMetric.With("parent", path+"."+field, "name", steps[1].AsSelect().FieldName()), w.start(steps[1]))
	case test:
		w.fail(ErrHas.With("name", path+"."+field), w.start(steps[0]))
	default:
		w.reads = append(w.reads, read{kind: k.Name, metric: m, field: field})
	}
}

// noMetric offers the nearest name at this level, else a metric of the kind
// that has the name further down.
func (w *walker) noMetric(k *kind, b *branch, path, field string) *fault.Error {
	e := suggest(ErrMetric, field, b.names(), "parent", path, "name", field)
	if e.Param("nearest") != "" {
		return e
	}
	for _, m := range k.Metrics {
		if slices.Contains(strings.Split(m.Name, "."), field) {
			return suggest(ErrMetric, k.Name+"."+m.Name, []string{k.Name + "." + m.Name}, "parent", path, "name", field)
		}
	}
	return e
}

// advice says which bound of an estimate decides honestly: the worse one.
func advice(path string, d evidence.Direction) text.Text {
	switch d {
	case evidence.Higher:
		return text.Text{En: path + ".low, since higher is better", Zh: path + ".low（越高越好，故看下限）"}
	case evidence.Lower:
		return text.Text{En: path + ".high, since lower is better", Zh: path + ".high（越低越好，故看上限）"}
	case evidence.Neutral:
	}
	return text.Text{En: path + ".low or " + path + ".high", Zh: path + ".low 或 " + path + ".high"}
}

// mirror turns an operator round when its sides change places.
var mirror = map[string]string{
	operators.GreaterEquals: operators.LessEquals, operators.LessEquals: operators.GreaterEquals,
	operators.Greater: operators.Less, operators.Less: operators.Greater,
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
}

// compare gathers the comparisons of one metric with one bar that stand at the
// top, or below && and ||.
func (w *walker) compare(e ast.Expr) {
	if e.Kind() != ast.CallKind {
		return
	}
	call := e.AsCall()
	args := call.Args()
	if f := call.FunctionName(); f == operators.LogicalAnd || f == operators.LogicalOr {
		for _, arg := range args {
			w.compare(arg)
		}
		return
	}
	flipped, ok := mirror[call.FunctionName()]
	if !ok {
		return
	}
	if c, ok := w.comparison(args[0], call.FunctionName(), args[1]); ok {
		w.comparisons = append(w.comparisons, c)
	} else if c, ok := w.comparison(args[1], flipped, args[0]); ok {
		w.comparisons = append(w.comparisons, c)
	}
}

func (w *walker) comparison(metric ast.Expr, op string, bar ast.Expr) (comparison, bool) {
	if metric.Kind() != ast.SelectKind {
		return comparison{}, false
	}
	sub := &walker{lang: w.lang, src: w.src, at: w.at, expr: w.expr, info: w.info}
	sub.walk(metric)
	if len(sub.reads) != 1 || sub.reads[0].test || sub.reads[0].field == "method" {
		return comparison{}, false
	}
	c := comparison{read: sub.reads[0], op: display(op)}
	switch bar.Kind() {
	case ast.LiteralKind:
		c.value = bar.AsLiteral().Value()
		_, isFloat := c.value.(float64)
		_, isInt := c.value.(int64)
		return c, isFloat || isInt
	case ast.SelectKind:
		sub := &walker{lang: w.lang, src: w.src, at: w.at, expr: w.expr, info: w.info}
		sub.walk(bar)
		if len(sub.params) == 1 {
			c.param = sub.params[0]
			return c, true
		}
	default:
	}
	return comparison{}, false
}

var overload = regexp.MustCompile(`(?s)^found no matching overload for '([^']+)' applied to '\((.*)\)'$`)

// explain puts CEL's issues into our words where they have a common form.
func (l *language) explain(src Source, n *node, issues *cel.Issues) []error {
	var out []error
	for _, issue := range issues.Errors() {
		at := n.place(issue.Location.Line(), issue.Location.Column())
		if issue.Location == common.NoLocation || issue.Location.Line() < 1 {
			at = n.place(1, 0)
		}
		m := overload.FindStringSubmatch(issue.Message)
		if m == nil {
			out = append(out, src.where(ErrExpression.With("problem", syntax(issue.Message)), at))
			continue
		}
		operands := strings.Split(m[2], ", ")
		for i, o := range operands {
			operands[i] = typeName(o)
		}
		d := ErrOperands
		if slices.Contains(operands, "int") && slices.Contains(operands, "double") {
			d.HintEn = "write whole numbers with a decimal point (2.0), or convert with double(…)"
			d.HintZh = "整数请写成带小数点的形式（2.0），或用 double(…) 转换"
		}
		out = append(out, src.where(d.With("operator", display(m[1]), "types", strings.Join(operands, ", ")), at))
	}
	if len(out) == 0 {
		out = append(out, src.where(ErrExpression.With("problem", fmt.Sprint(issues.Err())), n.place(1, 0)))
	}
	return out
}

var (
	unexpected = regexp.MustCompile(`^(?:mismatched input|extraneous input|no viable alternative at input|token recognition error at:) (.+)$`)
	lacking    = regexp.MustCompile(`^missing (.+) at (.+)$`)
)

// syntax says what the parser said, without the list of every token that
// could stand there.
func syntax(message string) text.Text {
	m, _, _ := strings.Cut(strings.TrimPrefix(message, "Syntax error: "), "\n")
	m, _, _ = strings.Cut(m, " expecting ")
	out := text.Text{En: m, Zh: m}
	if s := unexpected.FindStringSubmatch(m); s != nil {
		out = text.Text{En: "unexpected " + s[1], Zh: "意外的 " + s[1]}
	} else if s := lacking.FindStringSubmatch(m); s != nil {
		out = text.Text{En: m, Zh: s[2] + " 处缺少 " + s[1]}
	}
	out.En = strings.ReplaceAll(out.En, "'<EOF>'", "end of the expression")
	out.Zh = strings.ReplaceAll(out.Zh, "'<EOF>'", "表达式结尾")
	return out
}

// typeName shows a type as a policy's author knows it.
func typeName(t string) string {
	if t == estimateType {
		return "estimate"
	}
	return strings.TrimPrefix(t, "#")
}

// display shows an operator as it is written: >= for _>=_.
func display(function string) string {
	if op, ok := operators.FindReverse(function); ok && op != "" {
		return op
	}
	switch function {
	case operators.Conditional:
		return "?:"
	case operators.Index:
		return "[…]"
	}
	return function
}

// adverse returns the first value among what an evaluation came to, in the
// order of the text, that no decision can rest on: an error, NaN or infinity.
func adverse(details *cel.EvalDetails) (ref.Val, bool) {
	state := details.State()
	ids := state.IDs()
	slices.Sort(ids)
	for _, id := range ids {
		v, ok := state.Value(id)
		if !ok {
			continue
		}
		if types.IsUnknownOrError(v) {
			return v, true
		}
		if d, ok := v.(types.Double); ok && !finite(float64(d)) {
			return v, true
		}
	}
	return nil, false
}
