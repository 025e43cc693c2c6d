// Package slots is the built-in candidate for extraction: a rule engine that
// reads fields out of a text, as a rules file in the scenario's folder says
// (amounts, dates, times, account numbers, names, choices with synonyms), and
// cites the clause that each value stands in where the text has numbered
// clauses. It learns nothing; it shows what an afternoon of rules reaches,
// which a model has to beat. Pure Go without I/O.
package slots

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Version changes when the same rules could read a text differently. It belongs
// into the digest of the candidate, beside the rules file's own.
const Version = 1

// MaxRules bounds a rules file, in bytes.
const MaxRules = 256 << 10

const (
	maxFields   = 100
	maxPatterns = 500 // of one field
)

// Method describes the candidate as baseline.Methods describes the others.
var Method = baseline.Method{
	ID: "slots", Rung: "rules", Class: "transparent",
	Title: text.Text{En: "Extraction rules", Zh: "抽取规则"},
	Why: text.Text{En: "rules: every value names the words and the rule that it was read with",
		Zh: "规则:每个字段值都能指出所依据的原文和规则"},
}

// ErrBadRules says what is wrong with a rules file, with its place if known.
var ErrBadRules = fault.Def{Kind: fault.Invalid, Code: "slots.bad_rules",
	En: "the rules cannot be used: {problem}", Zh: "规则文件无法使用:{problem}",
	HintEn: "types and options of fields are in docs/slots.md", HintZh: "字段类型与选项见 docs/slots.md"}

// Document is a rules file. Patterns are Go regular expressions (RE2). All but
// those of text fields meet the text in lower case; full-width letters, digits
// and marks are half-width for all of them. {n} in a pattern stands for a
// numeral in digits or words.
type Document struct {
	// Reference finds the date that relative dates count from: group 1 is
	// YYYY-MM-DD. What it matches is not read again.
	Reference string `yaml:"reference"`
	// Correction finds words after which an earlier value no longer counts.
	Correction []string `yaml:"correction"`
	// Ignore finds what no field may read ("not the 5th").
	Ignore []string `yaml:"ignore"`
	// Clauses finds the heads of numbered clauses: its first group that took part
	// is the number.
	Clauses string `yaml:"clauses"`
	// Citations is the property that says for each field in which clause its
	// value stands: its number; 0 is before the first; null without a value.
	Citations string `yaml:"citations"`
	// Fields are read in this order; a field does not read what an earlier one
	// has read. A name that stands again is read where it found nothing yet.
	Fields []Field `yaml:"fields"`
}

// Field says how one property of the answer is read.
type Field struct {
	Name string `yaml:"name"`
	// Type is choice, digits, money, currency, date, time, period (in months),
	// number or text.
	Type string `yaml:"type"`
	// When lists, by an earlier field, the values under which this one is read
	// at all; else it is null.
	When map[string][]string `yaml:"when"`
	// In finds the sentences (up to 。；！？ or a line's end) that are read; all
	// if empty. Ignore hides parts of them from this field.
	In     []string `yaml:"in"`
	Ignore []string `yaml:"ignore"`
	// Shares: what this field reads may be read by later ones too.
	Shares bool `yaml:"shares"`
	// Uncited: the field has no citation.
	Uncited bool `yaml:"uncited"`
	// Default is the value where none is found. Of a currency: only where its
	// amount is.
	Default any `yaml:"default"`
	// Pick says which of several equally good finds counts: first (default) or
	// last; of a choice also order, which takes the value listed first.
	Pick string `yaml:"pick"`

	Values []Choice `yaml:"values"` // of choice
	// Patterns find numbers (group 1 is the numeral) and texts (group 1 is the
	// value). The first pattern that finds something decides.
	Patterns []Pattern `yaml:"patterns"`
	// Before and After: what must stand right before or after digits, or what
	// speaks for an amount or a period.
	Before []string `yaml:"before"`
	After  []string `yaml:"after"`
	// Min, Max: how many digits; of money the bounds of the amount.
	Min float64 `yaml:"min"`
	Max float64 `yaml:"max"`
	// Starts are the digits with which digits may begin.
	Starts []string `yaml:"starts"`
	Last   int      `yaml:"last"`   // digits: only so many at the end
	Marked bool     `yaml:"marked"` // money: only with a unit or a word of Before; period: only with such a word
	Of     string   `yaml:"of"`     // currency: the field with the amount
	// Past: where it finds something, days of the week lie before the reference.
	Past []string `yaml:"past"`
	// Open and Close are the hours between which a bare hour lies ("at 3").
	Open  int `yaml:"open"`
	Close int `yaml:"close"`
	// Trim is cut from both ends of a text; Stop are texts that count as none.
	Trim []string `yaml:"trim"`
	Stop []string `yaml:"stop"`
}

// Choice is a value of a choice with what says it.
type Choice struct {
	Value string   `yaml:"value"`
	Words []string `yaml:"words"`
}

// Pattern is a regular expression. A number found by it is multiplied by Times;
// of Value, where it is set, the match means just that value.
type Pattern struct {
	Match string  `yaml:"match"`
	Times float64 `yaml:"times"`
	Value any     `yaml:"value"`
}

// Rules are ready to read texts. They are safe for concurrent use.
type Rules struct {
	doc        Document
	reference  *regexp.Regexp
	correction *regexp.Regexp
	ignore     *regexp.Regexp
	clauses    *regexp.Regexp
	fields     []field
}

// field is a Field with its patterns compiled.
type field struct {
	Field
	in, hide, before, after, past, trim, stop *regexp.Regexp
	values                                    []*regexp.Regexp
	patterns                                  []*regexp.Regexp
}

// Fields returns the names of the fields, sorted.
func (r *Rules) Fields() []string {
	var out []string
	for _, f := range r.fields {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Parse reads a rules file. It fails with ErrBadRules at the place in file.
func Parse(file string, raw []byte) (*Rules, error) {
	bad := func(line, col int, problem any) error {
		return ErrBadRules.With("problem", problem).At(file, line, col)
	}
	if len(raw) > MaxRules {
		return nil, bad(0, 0, wrongf("it is larger than %d KiB", "超过 %d KiB", MaxRules>>10).text)
	}
	tree, err := parser.ParseBytes(raw, 0)
	if err != nil {
		line, col, problem := place(err)
		return nil, bad(line, col, problem)
	}
	if a := alias(tree); a != nil {
		return nil, bad(a.GetToken().Position.Line, a.GetToken().Position.Column, wrongf("aliases are not allowed", "不允许使用 YAML 别名").text)
	}
	var d Document
	if err := yaml.UnmarshalWithOptions(raw, &d, yaml.Strict()); err != nil {
		line, col, problem := place(err)
		return nil, bad(line, col, problem)
	}
	r, problem := d.compile()
	if problem != nil {
		return nil, bad(0, 0, problem.text)
	}
	return r, nil
}

// wrong is what a field or pattern has wrong, in both languages.
type wrong struct{ text text.Text }

func wrongf(en, zh string, args ...any) *wrong {
	return &wrong{text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)}}
}

// place takes place and first line out of goccy's "[3:5] message\n…".
func place(err error) (line, col int, problem string) {
	problem, _, _ = strings.Cut(err.Error(), "\n")
	if n, _ := fmt.Sscanf(problem, "[%d:%d]", &line, &col); n == 2 {
		_, problem, _ = strings.Cut(problem, "] ")
	}
	return line, col, problem
}

type aliases struct{ found ast.Node }

func (v *aliases) Visit(n ast.Node) ast.Visitor {
	if n.Type() == ast.AliasType && v.found == nil {
		v.found = n
	}
	return v
}

func alias(f *ast.File) ast.Node {
	v := &aliases{}
	for _, d := range f.Docs {
		if d.Body != nil {
			ast.Walk(v, d.Body)
		}
	}
	return v.found
}

var fieldTypes = []string{"choice", "digits", "money", "currency", "date", "time", "period", "number", "text"}

func (d Document) compile() (*Rules, *wrong) {
	r := &Rules{doc: d}
	if len(d.Fields) == 0 || len(d.Fields) > maxFields {
		return nil, wrongf("fields: 1 to %d are needed", "fields:需要 1 到 %d 个字段", maxFields)
	}
	var err *wrong
	set := func(to **regexp.Regexp, what string, patterns ...string) {
		if err == nil {
			*to, err = join(what, patterns)
		}
	}
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	set(&r.reference, "reference", one(d.Reference)...)
	set(&r.correction, "correction", d.Correction...)
	set(&r.ignore, "ignore", d.Ignore...)
	set(&r.clauses, "clauses", one(d.Clauses)...)
	if err != nil {
		return nil, err
	}
	if r.reference != nil && r.reference.NumSubexp() < 1 {
		return nil, wrongf("reference: group 1 must hold the date", "reference:第 1 个分组须为日期")
	}
	if (r.clauses == nil) != (d.Citations == "") {
		return nil, wrongf("clauses and citations belong together", "clauses 与 citations 须同时给出")
	}
	if r.clauses != nil && r.clauses.NumSubexp() < 1 {
		return nil, wrongf("clauses: group 1 must hold the number", "clauses:须有分组给出条款号")
	}
	seen := map[string]bool{}
	for i, f := range d.Fields {
		at := fmt.Sprintf("fields[%d] %s", i, f.Name)
		if f.Name == "" || f.Name == d.Citations {
			return nil, wrongf("%s: the name is missing, or that of the citations", "%s:缺少名称,或与 citations 同名", at)
		}
		c, err := f.compile(at, seen)
		if err != nil {
			return nil, err
		}
		seen[f.Name] = true
		r.fields = append(r.fields, c)
	}
	return r, nil
}

func (f Field) compile(at string, earlier map[string]bool) (field, *wrong) {
	c := field{Field: f}
	if !slices.Contains(fieldTypes, f.Type) {
		return c, wrongf("%s: type is one of %s", "%s:type 须为以下之一:%s", at, strings.Join(fieldTypes, ", "))
	}
	if f.Pick != "" && f.Pick != "first" && f.Pick != "last" && (f.Pick != "order" || f.Type != "choice") {
		return c, wrongf("%s: pick is first or last, of a choice also order", "%s:pick 为 first 或 last,choice 还可用 order", at)
	}
	for name := range f.When {
		if !earlier[name] {
			return c, wrongf("%s: when: %s is no earlier field", "%s:when:前面没有字段 %s", at, name)
		}
	}
	if f.Type == "currency" && !earlier[f.Of] {
		return c, wrongf("%s: of must name an earlier field", "%s:of 须为前面的字段", at)
	}
	if f.Open < 0 || f.Close > 24 || f.Open > f.Close {
		return c, wrongf("%s: open and close are hours", "%s:open 与 close 为小时数", at)
	}
	if n := len(f.Values) + len(f.Patterns) + len(f.Before) + len(f.After); n > maxPatterns {
		return c, wrongf("%s: more than %d patterns", "%s:模式超过 %d 个", at, maxPatterns)
	}
	var err *wrong
	set := func(to **regexp.Regexp, what string, patterns []string) {
		if err == nil {
			*to, err = join(at+": "+what, patterns)
		}
	}
	set(&c.in, "in", f.In)
	set(&c.hide, "ignore", f.Ignore)
	set(&c.past, "past", f.Past)
	set(&c.before, "before", tail(f.Before))
	set(&c.after, "after", head(f.After))
	set(&c.trim, "trim", ends(f.Trim))
	set(&c.stop, "stop", whole(f.Stop))
	for _, v := range f.Values {
		if v.Value == "" || len(v.Words) == 0 {
			return c, wrongf("%s: a value needs words", "%s:每个取值都要有 words", at)
		}
		var re *regexp.Regexp
		set(&re, v.Value, v.Words)
		c.values = append(c.values, re)
	}
	for _, p := range f.Patterns {
		var re *regexp.Regexp
		set(&re, "patterns", []string{p.Match})
		if err == nil && (re == nil || re.NumSubexp() < 1 && p.Value == nil) {
			return c, wrongf("%s: patterns: group 1 must hold the value", "%s:patterns:第 1 个分组须为取值", at)
		}
		c.patterns = append(c.patterns, re)
	}
	if (f.Type == "choice") != (len(f.Values) > 0) || (f.Type == "number" || f.Type == "text") != (len(f.Patterns) > 0) {
		return c, wrongf("%s: a choice has values, number and text have patterns, and no other type", "%s:choice 要有 values,number 与 text 要有 patterns,其他类型都不能有", at)
	}
	return c, err
}

// join compiles alternatives to one expression; nil without any.
func join(what string, patterns []string) (*regexp.Regexp, *wrong) {
	if len(patterns) == 0 {
		return nil, nil
	}
	patterns = slices.Clone(patterns)
	for i, p := range patterns {
		patterns[i] = strings.ReplaceAll(p, "{n}", numeral)
	}
	all := patterns[0]
	if len(patterns) > 1 {
		all = "(?:" + strings.Join(patterns, ")|(?:") + ")"
	}
	re, err := regexp.Compile(all)
	if err != nil {
		return nil, wrongf("%s: %v", "%s:%v", what, err)
	}
	if re.MatchString("") {
		return nil, wrongf("%s: a pattern matches the empty text", "%s:有模式能匹配空文本", what)
	}
	return re, nil
}

func around(ps []string, before, after string) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = before + "(?:" + p + ")" + after
	}
	return out
}

func tail(ps []string) []string  { return around(ps, "", `\s*$`) }
func head(ps []string) []string  { return around(ps, `^\s*`, "") }
func whole(ps []string) []string { return around(ps, "^", "$") }
func ends(ps []string) []string {
	return append(around(ps, "^", ""), around(ps, "", "$")...)
}
