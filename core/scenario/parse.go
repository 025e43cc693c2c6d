package scenario

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Schema is the published JSON Schema of scenario.yaml.
//
//go:embed schema.json
var Schema []byte

// Faults of a document's content.
var (
	ErrNoDocument = fault.Def{Kind: fault.NotFound, Code: "scenario.no_document",
		En: "there is no scenario.yaml in {dir}", Zh: "{dir} 中没有 scenario.yaml",
		HintEn: "make one with: landfall init {dir}", HintZh: "创建一个：landfall init {dir}"}
	ErrUnknownField = fault.Def{Kind: fault.Invalid, Code: "scenario.unknown_field",
		En: "there is no field {name} here; {suggestion}", Zh: "这里没有字段 {name}；{suggestion}"}
	ErrMissingField = fault.Def{Kind: fault.Invalid, Code: "scenario.missing_field",
		En: "the field {name} is required here", Zh: "这里缺少必填字段 {name}"}
	ErrValue = fault.Def{Kind: fault.Invalid, Code: "scenario.value",
		En: "{field}: {problem}", Zh: "{field}:{problem}"}
)

// Problems is every fault that a document has, in the order of its lines.
type Problems []*fault.Error

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first fault and errors.Is any of them.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, e := range p {
		out[i] = e
	}
	return out
}

// Read reads and checks DIR/scenario.yaml. It fails with fault.NotFound if
// there is none, and with Problems (kind Invalid, each with file:line:column)
// if it is wrong. It does not look at the data files.
func Read(dir string) (*Document, []byte, error) { return ReadAs(dir, Reading{}) }

// ReadAs is Read for a document that is read elsewhere than in a folder of
// one's own.
func ReadAs(dir string, r Reading) (*Document, []byte, error) {
	file := filepath.Join(dir, FileName)
	// What is no plain file is not opened at all: a pipe would wait for ever.
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		return nil, nil, ErrFile.With("problem", both("this is not a plain file", "这不是普通文件")).At(file, 0, 0)
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(file)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, ErrNoDocument.With("dir", dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", file, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", file, err)
	}
	doc, err := ParseAs(file, data, r)
	return doc, data, err
}

// Parse checks data against the schema and the rules that a schema cannot
// state, and decodes it. file is used for places only.
func Parse(file string, data []byte) (*Document, error) { return ParseAs(file, data, Reading{}) }

// ParseAs is Parse for a document that is read elsewhere than in a folder of
// one's own.
func ParseAs(file string, data []byte, r Reading) (*Document, error) {
	t, err := parseYAML(file, data)
	if err != nil {
		return nil, err
	}
	if err := validateSchema(file, t); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(t.value)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", file, err)
	}
	doc := &Document{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(doc); err != nil {
		return nil, fmt.Errorf("decode %s: %w", file, err)
	}
	doc.defaults()
	ps := r.prepare(doc, file, t)
	err = check(doc, file, t)
	var found Problems
	if errors.As(err, &found) {
		ps = append(ps, found...)
		sortProblems(ps, t)
	} else if err != nil {
		return doc, err
	}
	if len(ps) > 0 {
		return doc, ps
	}
	return doc, nil
}

// validateSchema maps the schema's complaints to places and nearest names.
func validateSchema(file string, t *tree) error {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return fmt.Errorf("read the scenario schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", schema); err != nil {
		return fmt.Errorf("add the scenario schema: %w", err)
	}
	compiled, err := c.Compile("scenario.json")
	if err != nil {
		return fmt.Errorf("compile the scenario schema: %w", err)
	}
	var verr *jsonschema.ValidationError
	if err := compiled.Validate(t.value); err == nil {
		return nil
	} else if !errors.As(err, &verr) {
		return fmt.Errorf("validate %s: %w", file, err)
	}
	var ps Problems
	collect(verr, file, t, schema, &ps)
	ps = dropExplained(ps)
	sortProblems(ps, t)
	return ps
}

// dropExplained leaves out a missing field where a misspelt one stands: it is
// one mistake.
func dropExplained(ps Problems) Problems {
	all := slices.Clone(ps)
	return slices.DeleteFunc(ps, func(m *fault.Error) bool {
		return m.Code == ErrMissingField.Code && slices.ContainsFunc(all, func(u *fault.Error) bool {
			return u.Code == ErrUnknownField.Code && u.Param("nearest") == m.Param("name") &&
				u.Pointer[:strings.LastIndexByte(u.Pointer, '/')] == m.Pointer
		})
	})
}

// collect walks to the leaves of a validation error. Of alternatives (oneOf)
// only the one that fits the value's type best is reported.
func collect(e *jsonschema.ValidationError, file string, t *tree, schema any, ps *Problems) {
	pointer := pointerOf(e.InstanceLocation)
	if _, ok := e.ErrorKind.(*kind.OneOf); ok {
		var best *jsonschema.ValidationError
		for _, c := range e.Causes {
			if !typeMismatch(c, e.InstanceLocation) {
				best = c
			}
		}
		if best == nil {
			*ps = append(*ps, at(ErrValue.With("field", last(pointer), "problem", both("the value has the wrong type; allowed: %s", "值的类型不对；允许：%s", alternatives(e))), file, t, pointer))
			return
		}
		collect(best, file, t, schema, ps)
		return
	}
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			collect(c, file, t, schema, ps)
		}
		return
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			valid := propertiesAt(schema, e.SchemaURL)
			s := both("known here: %s", "可用的有：%s", strings.Join(valid, ", "))
			near := text.Nearest(name, valid)
			if near != "" {
				s = both("did you mean %s?", "是否想写 %s?", near)
			}
			*ps = append(*ps, at(ErrUnknownField.With("name", name, "suggestion", s, "nearest", near), file, t, pointer+"/"+escape(name)))
		}
	case *kind.Required:
		for _, name := range k.Missing {
			*ps = append(*ps, at(ErrMissingField.With("name", name), file, t, pointer))
		}
	default:
		*ps = append(*ps, at(ErrValue.With("field", last(pointer), "problem", problem(k)), file, t, pointer))
	}
}

// problem says what a schema keyword found, in both languages for those that
// the scenario schema uses.
func problem(k jsonschema.ErrorKind) text.Text {
	num := func(r *big.Rat) string {
		f, _ := r.Float64()
		if math.Abs(f) < 1e21 {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	switch k := k.(type) {
	case *kind.Type:
		return both("this is a value of type %s; allowed: %s", "值的类型是 %s；允许：%s", k.Got, strings.Join(k.Want, ", "))
	case *kind.Enum:
		want := make([]string, len(k.Want))
		for i, w := range k.Want {
			want[i] = fmt.Sprint(w)
		}
		got := fmt.Sprint(k.Got)
		if near := text.Nearest(got, want); near != "" {
			return both("%q is not allowed; did you mean %s? Allowed: %s", "不允许 %q；是否想写 %s?允许：%s", got, near, strings.Join(want, ", "))
		}
		return both("%q is not allowed; allowed: %s", "不允许 %q；允许：%s", got, strings.Join(want, ", "))
	case *kind.Const:
		return both("this must be %v", "必须是 %v", k.Want)
	case *kind.Minimum:
		return both("%s is too small; it must be at least %s", "%s 太小；至少为 %s", num(k.Got), num(k.Want))
	case *kind.ExclusiveMinimum:
		return both("%s is too small; it must be more than %s", "%s 太小；必须大于 %s", num(k.Got), num(k.Want))
	case *kind.ExclusiveMaximum:
		return both("%s is too large; it must be less than %s", "%s 太大；必须小于 %s", num(k.Got), num(k.Want))
	case *kind.Maximum:
		return both("%s is too large; it must be at most %s", "%s 太大；至多为 %s", num(k.Got), num(k.Want))
	case *kind.Pattern:
		return both("%q does not have the form %s", "%q 不符合格式 %s", k.Got, k.Want)
	case *kind.MinLength:
		return both("this must have at least %d characters", "至少需要 %d 个字符", k.Want)
	case *kind.MaxLength:
		return both("this must have at most %d characters", "至多 %d 个字符", k.Want)
	case *kind.MinItems:
		return both("this must have at least %d items", "至少需要 %d 项", k.Want)
	case *kind.MaxItems:
		return both("this must have at most %d items", "至多 %d 项", k.Want)
	case *kind.MinProperties:
		return both("this must have at least %d fields", "至少需要 %d 个字段", k.Want)
	case *kind.MaxProperties:
		return both("this may have only %d of the fields", "只能填写其中 %d 个字段", k.Want)
	}
	s := k.LocalizedString(message.NewPrinter(language.English))
	return text.Text{En: s, Zh: s}
}

func typeMismatch(e *jsonschema.ValidationError, loc []string) bool {
	if _, ok := e.ErrorKind.(*kind.Type); ok && slices.Equal(e.InstanceLocation, loc) {
		return true
	}
	return slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return typeMismatch(c, loc) })
}

func alternatives(e *jsonschema.ValidationError) string {
	var want []string
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		if k, ok := e.ErrorKind.(*kind.Type); ok {
			want = append(want, k.Want...)
		}
		for _, c := range e.Causes {
			visit(c)
		}
	}
	visit(e)
	slices.Sort(want)
	return strings.Join(slices.Compact(want), ", ")
}

// propertiesAt returns the property names that the schema object at url knows.
func propertiesAt(schema any, url string) []string {
	_, frag, _ := strings.Cut(url, "#")
	node := schema
	for _, tok := range strings.Split(strings.Trim(frag, "/"), "/") {
		if tok == "" {
			continue
		}
		tok = strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~")
		switch n := node.(type) {
		case map[string]any:
			node = n[tok]
		case []any:
			var i int
			if _, err := fmt.Sscan(tok, &i); err != nil || i >= len(n) {
				return nil
			}
			node = n[i]
		}
	}
	m, _ := node.(map[string]any)
	props, _ := m["properties"].(map[string]any)
	return sortedKeys(props)
}

func at(e *fault.Error, file string, t *tree, pointer string) *fault.Error {
	p := pointer
	for {
		if pos, ok := t.at[p]; ok && pos.line > 0 {
			return e.At(file, pos.line, pos.col).In(pointer)
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return e.At(file, 1, 1).In(pointer)
		}
		p = p[:i]
	}
}

func sortProblems(ps Problems, t *tree) {
	pos := func(e *fault.Error) position { return t.at[e.Pointer] }
	slices.SortStableFunc(ps, func(a, b *fault.Error) int {
		if d := pos(a).line - pos(b).line; d != 0 {
			return d
		}
		return pos(a).col - pos(b).col
	})
}

func pointerOf(loc []string) string {
	var b strings.Builder
	for _, tok := range loc {
		b.WriteString("/" + escape(tok))
	}
	return b.String()
}

func last(pointer string) string {
	if pointer == "" {
		return FileName
	}
	return strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
}

func (d *Document) defaults() {
	main := Suite{ID: MainSuite, Task: d.Task, Data: d.Data}
	main.defaults("data/production.csv")
	d.Task, d.Data = main.Task, main.Data
	for i := range d.Suites {
		d.Suites[i].defaults("data/" + d.Suites[i].ID + "-production.csv")
	}
	if d.Run.Concurrency == 0 {
		d.Run.Concurrency = 8
	}
	if d.Targets.ProvenShare == 0 {
		d.Targets.ProvenShare = 0.5
	}
	if len(d.Slices) == 0 {
		d.Slices = []Slice{{ID: "all", Title: text.Text{En: "all cases", Zh: "全部用例"}, Level: L1}}
	}
	if d.Summary.IsZero() {
		d.Summary = d.Title
	}
	for _, r := range d.rubrics() {
		if r.Version == "" {
			r.Version = RubricVersion
		}
	}
	for i := range d.Probes {
		d.Probes[i].defaults()
	}
	for i, s := range d.Slices {
		if s.Title.IsZero() {
			d.Slices[i].Title = text.Text{En: s.ID, Zh: s.ID}
		}
	}
}
