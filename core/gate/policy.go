package gate

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Source is a policy file: a fragment of one gate, or a file of policy tests.
type Source struct {
	Name string // as errors name it
	Data []byte
}

// ParamType is the type of a declared parameter.
type ParamType string

// The types. A value of a Double may be any finite number, of an Int any
// whole one.
const (
	Double ParamType = "double"
	Int    ParamType = "int"
	Bool   ParamType = "bool"
	String ParamType = "string"
)

// maxRules bounds one gate.
const maxRules = 500

// Rule is one condition of a gate.
type Rule struct {
	ID    string
	Title text.Text
	// Expr is the CEL expression as written, without space around it.
	Expr string
	// Method is the sentence of the method that the rule stands for.
	Method text.Text
	// Fix says what to do when the rule does not pass. {value}, {allowed} and
	// {more} stand for what was measured, the bar, and the number of further
	// cases that would probably do.
	Fix text.Text
	// When names a parameter of type bool: where it is false, the rule is left
	// out of the verdict. "" is a rule that always stands.
	When string
	// AllowAssumed lets the rule pass on figures that were typed in.
	AllowAssumed bool
	// MaxAge after which evidence is stale for this rule; 0 leaves it to the kind.
	MaxAge time.Duration
	// Where the rule stands: file:line:column.
	Where string

	expression
}

// Kinds returns the kinds of evidence that the rule names, sorted.
func (r Rule) Kinds() []string { return slices.Clone(r.kinds) }

// Metrics returns the metrics that the rule names with their kinds, as in
// "poc.recommended.accuracy", sorted.
func (r Rule) Metrics() []string {
	out := []string{}
	for _, rd := range r.reads {
		out = append(out, rd.path())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Params returns the parameters that the rule reads, sorted.
func (r Rule) Params() []string { return slices.Clone(r.params) }

// Policy is the rules of one gate, checked.
type Policy struct {
	Gate  string
	Rules []Rule
	// Digest is the hex SHA-256 of what decides: gate, ids, expressions, when,
	// allow_assumed and max_age, in whatever order the files came. Words do
	// not enter it.
	Digest string

	lang *language
}

// Policies holds the policy of every gate.
type Policies struct {
	lang  *language
	gates map[string]*Policy
}

// Gate returns the policy of a gate. A known gate to which no source
// contributed has a policy without rules. It fails with ErrGate.
func (p *Policies) Gate(name string) (*Policy, error) {
	if g, ok := p.gates[name]; ok {
		return g, nil
	}
	return nil, suggest(ErrGate, name, Names(), "gate", name)
}

// Params returns the declared parameters with their types.
func (p *Policies) Params() map[string]ParamType {
	out := map[string]ParamType{}
	for k, v := range p.lang.params {
		out[k] = v
	}
	return out
}

// Compile reads and typechecks policy files against the declared kinds and
// parameters, and merges the fragments of each gate in the order given. Silent
// kinds (verdicts) cannot be read by policies. All faults found are joined,
// each with file, line and column; they are of kind fault.Invalid or TooLarge.
// A kind that cannot be declared to CEL is a plain error: the program's fault.
func Compile(kinds []evidence.Kind, params map[string]ParamType, sources ...Source) (*Policies, error) {
	lang, err := newLanguage(kinds, params)
	if err != nil {
		return nil, fmt.Errorf("declare kinds to policies: %w", err)
	}
	p := &Policies{lang: lang, gates: map[string]*Policy{}}
	for _, name := range Names() {
		p.gates[name] = &Policy{Gate: name, lang: lang}
	}
	var errs []error
	for _, src := range sources {
		errs = append(errs, p.add(src)...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, g := range p.gates {
		if g.Digest, err = g.digest(); err != nil {
			return nil, fmt.Errorf("digest policy of gate %s: %w", g.Gate, err)
		}
	}
	return p, nil
}

func (g *Policy) digest() (string, error) {
	type rule struct {
		ID           string `json:"id"`
		Expr         string `json:"expr"`
		AllowAssumed bool   `json:"allow_assumed"`
		MaxAge       int64  `json:"max_age_seconds"`
		When         string `json:"when,omitempty"`
	}
	rules := []rule{}
	for _, r := range g.Rules {
		rules = append(rules, rule{r.ID, r.Expr, r.AllowAssumed, int64(r.MaxAge / time.Second), r.When})
	}
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.ID, b.ID) })
	return evidence.Digest(map[string]any{"gate": g.Gate, "rules": rules})
}

// add reads one fragment into its gate and returns everything wrong with it.
func (p *Policies) add(src Source) []error {
	doc, err := parseYAML(src)
	if err != nil {
		return []error{err}
	}
	r := &reader{src: src}
	if !r.fields(doc, text.Text{En: "the file", Zh: "文件"}, "gate", "rules") {
		return r.errs
	}
	gate := r.str(doc, "gate")
	list := r.need(doc, "rules")
	if g := doc.get("gate"); gate != "" && p.gates[gate] == nil {
		r.add(src.where(suggest(ErrGate, gate, Names(), "gate", gate), g.at))
	}
	if list != nil && (list.kind != sequenceKind || len(list.items) == 0) {
		r.add(src.where(wrongType("rules", "a list of rules", "规则列表"), list.at))
		return r.errs
	}
	if len(r.errs) > 0 || list == nil {
		return r.errs
	}
	g := p.gates[gate]
	for _, item := range list.items {
		if len(g.Rules) >= maxRules {
			r.add(src.where(ErrTooManyRules.With("gate", gate, "limit", maxRules), item.at))
			break
		}
		rule, ok := r.rule(item, p.lang)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(g.Rules, func(o Rule) bool { return o.ID == rule.ID }); i >= 0 {
			r.add(src.where(ErrDuplicate.With("gate", gate, "id", rule.ID, "first", g.Rules[i].Where), item.get("id").at))
			continue
		}
		g.Rules = append(g.Rules, rule)
	}
	return r.errs
}

// reader decodes nodes and gathers what is wrong with them.
type reader struct {
	src  Source
	errs []error
}

func (r *reader) add(err error) { r.errs = append(r.errs, err) }

var ruleFields = []string{"id", "title", "expr", "method", "fix", "when", "allow_assumed", "max_age"}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

func (r *reader) rule(n *node, lang *language) (Rule, bool) {
	before := len(r.errs)
	if !r.fields(n, text.Text{En: "a rule", Zh: "规则"}, ruleFields...) {
		return Rule{}, false
	}
	out := Rule{Where: fault.Def{}.With().At(r.src.Name, n.at.line, n.at.col).Where}
	out.ID = r.str(n, "id")
	if out.ID != "" && !ruleID.MatchString(out.ID) {
		r.add(r.src.where(ErrRuleID.With("id", out.ID), n.get("id").at))
	}
	out.Title = r.words(n, "title")
	out.Method = r.words(n, "method")
	out.Fix = r.words(n, "fix")
	r.placeholders(n.get("fix"), out.Fix)
	if v := n.get("when"); v != nil {
		out.When = r.condition(v, lang)
	}
	if v := n.get("allow_assumed"); v != nil {
		b, ok := v.value.(bool)
		if !ok {
			r.add(r.src.where(wrongType("allow_assumed", "true or false", " true 或 false"), v.at))
		}
		out.AllowAssumed = b
	}
	if v := n.get("max_age"); v != nil {
		out.MaxAge = r.duration(v, "max_age")
	}
	if expr := r.str(n, "expr"); expr != "" {
		at := n.get("expr")
		if at.style == folded {
			r.add(r.src.where(ErrFolded.With(), at.at))
			return Rule{}, false
		}
		e, errs := lang.compile(r.src, at, expr)
		r.errs = append(r.errs, errs...)
		out.Expr, out.expression = strings.TrimSpace(expr), e
	}
	return out, len(r.errs) == before
}

// condition reads the name of a parameter of type bool.
func (r *reader) condition(n *node, lang *language) string {
	name, _ := n.text()
	if lang.params[name] == Bool {
		return name
	}
	var known []string
	for p, t := range lang.params {
		if t == Bool {
			known = append(known, p)
		}
	}
	slices.Sort(known)
	r.add(r.src.where(suggest(ErrWhen, name, known, "value", name), n.at))
	return ""
}

// fields reports whether n is a mapping with none but the known fields.
func (r *reader) fields(n *node, what any, known ...string) bool {
	if n.kind != mappingKind {
		r.add(r.src.where(wrongType(what, "a mapping of fields", "字段映射"), n.at))
		return false
	}
	ok := true
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			r.add(r.src.where(suggest(ErrField, e.key, known, "field", e.key), e.at))
			ok = false
		}
	}
	return ok
}

func (r *reader) need(n *node, field string) *node {
	v := n.get(field)
	if v == nil {
		r.add(r.src.where(ErrMissing.With("field", field), n.at))
	}
	return v
}

// str returns a string that must be there and not be empty; "" after a fault.
func (r *reader) str(n *node, field string) string {
	v := r.need(n, field)
	if v == nil {
		return ""
	}
	s, ok := v.text()
	if !ok || strings.TrimSpace(s) == "" {
		r.add(r.src.where(wrongType(field, "a text that is not empty", "非空文本"), v.at))
		return ""
	}
	return s
}

// words returns a text that must be there in both languages.
func (r *reader) words(n *node, field string) text.Text {
	v := r.need(n, field)
	if v == nil {
		return text.Text{}
	}
	if v.kind != mappingKind {
		r.add(r.src.where(ErrTranslation.With("field", field, "language", text.Text{En: "both languages", Zh: "中英双语"}), v.at))
		return text.Text{}
	}
	if !r.fields(v, field, "en", "zh") {
		return text.Text{}
	}
	one := func(lang, en, zh string) string {
		at := v.at
		if t := v.get(lang); t != nil {
			s, ok := t.text()
			if s = strings.TrimSpace(s); ok && s != "" {
				return s
			}
			at = t.at
		}
		r.add(r.src.where(ErrTranslation.With("field", field, "language", text.Text{En: en, Zh: zh}), at))
		return ""
	}
	return text.Text{En: one("en", "English", "英文"), Zh: one("zh", "Chinese", "中文")}
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func (r *reader) placeholders(at *node, fix text.Text) {
	known := []string{"{value}", "{allowed}", "{more}"}
	for _, s := range []string{fix.En, fix.Zh} {
		for _, p := range placeholder.FindAllString(s, -1) {
			if !slices.Contains(known, p) {
				r.add(r.src.where(ErrPlaceholder.With("placeholder", p, "valid", strings.Join(known, ", ")), at.at))
			}
		}
	}
}

var durationForm = regexp.MustCompile(`^([0-9]{1,6})([mhdw])$`)

// duration reads "30m", "12h", "90d" or "2w"; a day has 24 hours.
func (r *reader) duration(n *node, field string) time.Duration {
	s, ok := n.text()
	m := durationForm.FindStringSubmatch(s)
	if !ok || m == nil {
		if !ok {
			s = field
			if n.kind == scalarKind && n.value != nil {
				s = fmt.Sprint(n.value)
			}
		}
		r.add(r.src.where(ErrMaxAge.With("value", s), n.at))
		return 0
	}
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
	count, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || count == 0 || count > int64(math.MaxInt64/unit) {
		r.add(r.src.where(ErrMaxAge.With("value", s), n.at))
		return 0
	}
	return time.Duration(count) * unit
}
