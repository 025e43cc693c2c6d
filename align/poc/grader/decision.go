package grader

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Decision declares grading of one choice from a closed list.
type Decision struct {
	Choices []Choice `json:"choices" yaml:"choices"`
	// Severe are the confusions that do harm, for example accept where reject
	// was right.
	Severe []Confusion `json:"severe,omitempty" yaml:"severe,omitempty"`
	// Field is the JSON pointer of the choice if answers are JSON, such as
	// /decision; empty if they are the choice itself.
	Field string `json:"field,omitempty" yaml:"field,omitempty"`
}

// Choice is one decision, and the other words that mean it.
type Choice struct {
	ID   string   `json:"id" yaml:"id"`
	Also []string `json:"also,omitempty" yaml:"also,omitempty"`
}

// Confusion is a wrong decision: Got where Expected was right. "*" stands for
// any choice.
type Confusion struct {
	Expected string `json:"expected" yaml:"expected"`
	Got      string `json:"got" yaml:"got"`
}

const maxChoices = 1_000

type decision struct {
	spec  Decision
	n     Normalise
	means map[string]string // normal form to id
}

func newDecision(s Spec, p *problems) one {
	g := decision{n: s.Normalise, means: map[string]string{}}
	if s.Decision != nil {
		g.spec = *s.Decision
	}
	if n := len(g.spec.Choices); n < 2 || n > maxChoices {
		p.add("/decision/choices", "a decision has from 2 to %d choices", "选项数须在 2 到 %d 之间", maxChoices)
	}
	ids := map[string]bool{"*": true}
	for i, c := range g.spec.Choices {
		at := "/decision/choices/" + strconv.Itoa(i)
		ids[c.ID] = true
		for _, word := range append([]string{c.ID}, c.Also...) {
			norm := g.n.Text(word)
			if other, taken := g.means[norm]; norm == "" || taken {
				p.add(at, "%s says nothing, or means %s already", "%s 为空，或已表示 %s", brief(word), brief(other))
			}
			g.means[norm] = c.ID
		}
	}
	for i, c := range g.spec.Severe {
		at := "/decision/severe/" + strconv.Itoa(i)
		if !ids[c.Expected] {
			p.add(at+"/expected", "there is no choice %s", "没有选项 %s", brief(c.Expected))
		}
		if !ids[c.Got] {
			p.add(at+"/got", "there is no choice %s", "没有选项 %s", brief(c.Got))
		}
	}
	if f := g.spec.Field; f != "" && f[0] != '/' {
		p.add("/decision/field", "a JSON pointer begins with /", "JSON 指针须以 / 开头")
	}
	return g
}

func (g decision) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	var wants []string
	for _, r := range refs {
		id, ok := g.means[g.n.Text(r)]
		if !ok {
			return Grade{}, ErrCase.With("why", both("%s is none of the declared choices", "%s 不在声明的选项之中", brief(r)))
		}
		wants = append(wants, id)
	}
	said, repaired := a.Text, false
	if g.spec.Field != "" {
		v, dug, err := extractJSON(a.Text, "{[")
		if err == nil {
			repaired = dug
			v, err = follow(v, g.spec.Field)
		}
		s, ok := v.(string)
		if err != nil || !ok {
			out := wrong("the answer has no decision at %s", "答案的 %s 处没有决策", g.spec.Field)
			out.Invalid = true
			return out, nil
		}
		said = s
	}
	got, ok := g.means[g.n.Text(said)]
	if !ok {
		out := wrong("%s is none of the declared choices", "%s 不在声明的选项之中", brief(said))
		out.Invalid, out.Repaired = true, repaired
		return out, nil
	}
	if slices.Contains(wants, got) {
		out := right("the decision is %s, as expected", "决策为 %s，与期望一致", got)
		out.Repaired = repaired
		return out, nil
	}
	out := wrong("expected %s, got %s", "期望 %s，实际 %s", wants[0], got)
	out.Repaired = repaired
	out.Severe = slices.ContainsFunc(g.spec.Severe, func(c Confusion) bool {
		return (c.Got == "*" || c.Got == got) && (c.Expected == "*" || slices.Contains(wants, c.Expected))
	})
	if out.Severe {
		out.Why = both("a severe confusion: expected %s, got %s", "严重误判：期望 %s，实际 %s", wants[0], got)
	}
	return out, nil
}

// follow returns what a JSON pointer points at.
func follow(v any, pointer string) (any, error) {
	for _, tok := range strings.Split(pointer[1:], "/") {
		tok = strings.NewReplacer("~1", "/", "~0", "~").Replace(tok)
		switch x := v.(type) {
		case map[string]any:
			v = x[tok]
		case []any:
			i, err := strconv.Atoi(tok)
			if err != nil || i < 0 || i >= len(x) {
				return nil, errNotJSON
			}
			v = x[i]
		default:
			return nil, errNotJSON
		}
	}
	return v, nil
}

// Tools declares grading of tool calls: the reference is a JSON array of
// {"name": …, "arguments": {…}}.
type Tools struct {
	// AnyOrder compares the calls as a bag.
	AnyOrder bool `json:"any_order,omitempty" yaml:"any_order,omitempty"`
	// Fields are rules for arguments, by path: /*/arguments/amount.
	Fields map[string]FieldRule `json:"fields,omitempty" yaml:"fields,omitempty"`
}

// Call is one call of a tool.
type Call struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

type tools struct {
	rules map[string]FieldRule
	n     Normalise
}

func newTools(s Spec, p *problems) one {
	g := tools{n: s.Normalise, rules: map[string]FieldRule{}}
	if s.Tools != nil {
		checkFields("/tools/fields", s.Tools.Fields, p)
		for path, r := range s.Tools.Fields {
			if !strings.HasPrefix(path, "/*/arguments") {
				p.add("/tools/fields"+place{}.name(path).path, "a path of an argument begins with /*/arguments", "参数路径须以 /*/arguments 开头")
			}
			g.rules[path] = r
		}
		g.rules[""] = FieldRule{Unordered: s.Tools.AnyOrder}
	}
	return g
}

func (g tools) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	var wants []any
	decoded, _, err := decodeReferences(refs)
	if err != nil {
		return Grade{}, err
	}
	for _, v := range decoded {
		calls, ok := callsOf(v)
		if !ok {
			return Grade{}, ErrCase.With("why", both("it is no list of calls with name and arguments", "不是由 name 和 arguments 组成的调用列表"))
		}
		wants = append(wants, calls)
	}
	var got any
	repaired := false
	if len(a.Calls) > 0 {
		var list []any
		for _, c := range a.Calls {
			list = append(list, map[string]any{"name": c.Name, "arguments": string(c.Arguments)})
		}
		got = list
	} else if got, repaired, err = extractJSON(a.Text, "[{"); err != nil {
		out := wrong("the answer holds no call: %s", "答案中没有调用：%s", err)
		out.Invalid = true
		return out, nil
	}
	calls, ok := callsOf(got)
	if !ok {
		out := wrong("the answer is no list of calls with name and arguments", "答案不是由 name 和 arguments 组成的调用列表")
		out.Invalid, out.Repaired = true, repaired
		return out, nil
	}
	out := bestOf(wants, calls, g.rules, g.n, 0)
	out.Repaired = repaired
	return out, nil
}

// callsOf brings the shapes in which calls come into one: a single call or a
// list, bare or under tool_calls, flat or as OpenAI nests them under function,
// with arguments as an object or as the text of one.
func callsOf(v any) (any, bool) {
	if m, ok := v.(map[string]any); ok {
		if inner, ok := m["tool_calls"]; ok {
			return callsOf(inner)
		}
		v = []any{v}
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]any, 0, len(list))
	for _, item := range list {
		m, _ := item.(map[string]any)
		if f, ok := m["function"].(map[string]any); ok {
			m = f
		}
		name, ok := m["name"].(string)
		if !ok {
			return nil, false
		}
		args := m["arguments"]
		if s, ok := args.(string); ok {
			if strings.TrimSpace(s) == "" {
				s = "{}"
			}
			var err error
			if args, err = decodeJSON(s); err != nil {
				return nil, false
			}
		}
		if args == nil {
			args = map[string]any{}
		}
		if _, ok := args.(map[string]any); !ok {
			return nil, false
		}
		out = append(out, map[string]any{"name": name, "arguments": args})
	}
	return out, true
}
