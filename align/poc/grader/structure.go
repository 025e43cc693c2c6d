package grader

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landfall-ai/landfall/kit/text"
)

// JSON declares grading of a structure field by field.
type JSON struct {
	// Schema is the JSON Schema that an answer must satisfy; formats are
	// checked. References to other documents are refused.
	Schema any `json:"schema,omitempty" yaml:"schema,omitempty"`
	// Fields are rules by path: a JSON pointer with * for array indexes, "" for
	// the root.
	Fields map[string]FieldRule `json:"fields,omitempty" yaml:"fields,omitempty"`
	// AtLeast is the field F1 from which on an answer is correct; 0 means that
	// every field must be right and none extra.
	AtLeast float64 `json:"at_least,omitempty" yaml:"at_least,omitempty"`
	// Strict: JSON that has to be dug out of prose or a code fence is wrong.
	Strict bool `json:"strict,omitempty" yaml:"strict,omitempty"`
}

type structure struct {
	spec   JSON
	n      Normalise
	schema *jsonschema.Schema
}

func newJSON(s Spec, p *problems) one {
	g := structure{n: s.Normalise}
	if s.JSON == nil {
		return g
	}
	g.spec = *s.JSON
	if g.spec.AtLeast != 0 && !(g.spec.AtLeast > 0 && g.spec.AtLeast <= 1) {
		p.add("/json/at_least", "this must lie between 0 and 1", "须在 0 与 1 之间")
	}
	checkFields("/json/fields", g.spec.Fields, p)
	if g.spec.Schema != nil {
		var err error
		if g.schema, err = compileSchema(g.spec.Schema); err != nil {
			p.add("/json/schema", "this is no JSON Schema: %s", "不是合法的 JSON Schema:%s", firstLine(err))
		}
	}
	return g
}

func checkFields(pointer string, fields map[string]FieldRule, p *problems) {
	for path, r := range fields {
		at := pointer + place{}.name(path).path
		if path != "" && path[0] != '/' {
			p.add(at, "a path begins with /, as in /items/*/price", "路径须以 / 开头，例如 /items/*/price")
		}
		if !(r.Absolute >= 0 && r.Absolute < 1e15) || !(r.Relative >= 0 && r.Relative < 1e15) {
			p.add(at, "a tolerance must be a number from 0 up", "容差须为不小于 0 的数")
		}
	}
}

// refuse loads nothing: a schema stands alone.
type refuse struct{}

func (refuse) Load(url string) (any, error) {
	return nil, errors.New("another document is referred to: " + url)
}

func compileSchema(v any) (*jsonschema.Schema, error) {
	b, err := jsonBytes(v)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(refuse{})
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
}

func (g structure) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	wants, open, err := decodeReferences(refs)
	if err != nil {
		return Grade{}, err
	}
	got, repaired, err := extractJSON(a.Text, open)
	if err != nil {
		out := wrong("the answer is no JSON that can be read: %s", "答案不是可读取的 JSON:%s", err)
		out.Invalid = true
		return out, nil
	}
	out := bestOf(wants, got, g.spec.Fields, g.n, g.spec.AtLeast)
	out.Repaired = repaired
	if g.schema != nil {
		if err := g.schema.Validate(got); err != nil {
			out.Correct, out.Invalid = false, true
			out.Why = both("the answer breaks the schema: %s", "答案不符合模式：%s", lastLine(err))
		}
	}
	if repaired && g.spec.Strict && out.Correct {
		out.Correct = false
		out.Why = both("the JSON had to be taken out of other text", "JSON 混在其他文字中")
	}
	return out, nil
}

// decodeReferences reads references, and says which brackets they begin with.
func decodeReferences(refs []string) (wants []any, open string, err error) {
	for _, r := range refs {
		v, err := decodeJSON(strings.TrimSpace(r))
		if err != nil {
			return nil, "", ErrCase.With("why", both("%s", "%s", err)).Because(err)
		}
		n, b := 0, "{"
		countLeaves(v, &n)
		if n > maxExpected {
			return nil, "", ErrCase.With("why", both("it has more than %d fields", "字段超过 %d 个", maxExpected))
		}
		if _, ok := v.([]any); ok {
			b = "["
		}
		if !strings.Contains(open, b) {
			open += b
		}
		wants = append(wants, v)
	}
	return wants, open, nil
}

func countLeaves(v any, n *int) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			countLeaves(x, n)
		}
	case []any:
		for _, x := range v {
			countLeaves(x, n)
		}
	default:
		*n++
	}
}

// bestOf compares got with every reference and keeps the best: a correct one
// before the highest score.
func bestOf(wants []any, got any, rules map[string]FieldRule, n Normalise, atLeast float64) Grade {
	var best Grade
	got = prune(got)
	for i, want := range wants {
		steps := 0
		c := comparison{rules: rules, n: n, steps: &steps}
		c.compare(place{}, prune(want), got)
		out := Grade{Score: c.f1(), Fields: c.fields, MoreExtra: max(c.extra-maxExtra, 0)}
		out.Correct = c.exact() || atLeast > 0 && out.Score >= atLeast-1e-12
		out.Why = both("%d fields are right", "%d 个字段全部正确", c.right)
		if bad := firstBad(c.fields); bad != nil {
			out.Why = whyField(c, *bad)
		}
		if steps > maxSteps {
			out = wrong("the structure is too large to compare", "结构过大，无法比较")
		}
		if i == 0 || out.Correct && !best.Correct || out.Correct == best.Correct && out.Score > best.Score {
			best = out
		}
	}
	return best
}

func firstBad(fields []FieldGrade) *FieldGrade {
	for i := range fields {
		if fields[i].Outcome != Right {
			return &fields[i]
		}
	}
	return nil
}

// whyField names the first field that is not right.
func whyField(c comparison, f FieldGrade) text.Text {
	total := c.right + c.wrong + c.missing
	at := f.Pointer
	if at == "" {
		at = "/"
	}
	switch f.Outcome {
	case Missing:
		return both("%d of %d fields are right; %s is missing", "%d/%d 个字段正确；缺少 %s", c.right, total, at)
	case Extra:
		return both("%d of %d fields are right; %s was not expected", "%d/%d 个字段正确；多出 %s", c.right, total, at)
	}
	return both("%d of %d fields are right; %s: expected %s, got %s", "%d/%d 个字段正确；%s：期望 %s，实际 %s", c.right, total, at, f.Expected, f.Got)
}

func jsonBytes(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func lastLine(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- ")
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
