package grader_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/kit/fault"
)

func make1(t *testing.T, s grader.Spec, d grader.Deps) grader.Grader {
	t.Helper()
	g, err := grader.New(s, d)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func gradeOf(t *testing.T, g grader.Grader, expected, answer string) grader.Grade {
	t.Helper()
	out, err := g.Grade(t.Context(), grader.Case{Expected: []string{expected}}, grader.Answer{Text: answer})
	if err != nil {
		t.Fatalf("%q against %q: %v", answer, expected, err)
	}
	if out.Why.En == "" || out.Why.Zh == "" {
		t.Errorf("%q against %q: no reason", answer, expected)
	}
	return out
}

// The zero Spec grades as Correct does, on any pair of texts.
func TestDefaultIsCorrect(t *testing.T) {
	t.Parallel()
	g := make1(t, grader.Spec{}, grader.Deps{})
	if g.Version() != grader.DefaultVersion {
		t.Errorf("version %s, want %s", g.Version(), grader.DefaultVersion)
	}
	rapid.Check(t, func(t *rapid.T) {
		want, got := odd.Draw(t, "want"), odd.Draw(t, "got")
		if want == "" {
			return
		}
		out, err := g.Grade(context.Background(), grader.Case{Expected: []string{want}}, grader.Answer{Text: got})
		if err != nil {
			t.Fatal(err)
		}
		if blank := strings.TrimSpace(got) == ""; out.Abstained != blank || !blank && out.Correct != grader.Correct(want, got) {
			t.Fatalf("%q against %q: %+v", got, want, out)
		}
	})
}

func TestReferencesAndAbstention(t *testing.T) {
	t.Parallel()
	g := make1(t, grader.Spec{Separator: "|", Abstain: []string{"I do not know", "不知道"}}, grader.Deps{})
	for answer, want := range map[string]bool{"red": true, "Crimson.": true, "blue": false, "red|crimson": false} {
		if got := gradeOf(t, g, "red | crimson|", answer); got.Correct != want || got.Abstained {
			t.Errorf("%s: %+v", answer, got)
		}
	}
	for _, answer := range []string{"", " \n", "i do not know.", "不知道。"} {
		if got := gradeOf(t, g, "red", answer); !got.Abstained || got.Correct || got.Score != 0 {
			t.Errorf("%q: %+v", answer, got)
		}
	}
	out, err := g.Grade(t.Context(), grader.Case{Expected: []string{"x", "y|z"}}, grader.Answer{Text: "Z"})
	if err != nil || !out.Correct {
		t.Errorf("a list: %+v, %v", out, err)
	}
	for _, expected := range [][]string{nil, {""}, {" | "}} {
		if _, err := g.Grade(t.Context(), grader.Case{Expected: expected}, grader.Answer{Text: "x"}); !errors.Is(err, grader.ErrCase) {
			t.Errorf("%q: %v", expected, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Grade(ended, grader.Case{Expected: []string{"x"}}, grader.Answer{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// Figures of the evaluation script of SQuAD 2.0 (evaluate-v2.0.py, functions
// normalize_answer and compute_f1), run on these pairs.
func TestTokenF1OfSQuAD(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, got string
		want          float64
	}{
		{"Denver Broncos", "The Denver Broncos", 1},
		{"Santa Clara, California", "Levi's Stadium in Santa Clara", 0.5},
		{"the 1st Baron Rayleigh", "Baron Rayleigh, the 1st", 1},
		{"gold", "a gold anniversary with gold-themed", 0.4},
		{"", "nothing", 0}, {"the", "an", 1},
		{"well-known U.S. bank", "well known US bank", 0.5714285714285715},
		{"to be or not to be", "not to be", 0.6666666666666666},
		// By character, as CMRC 2018 does: 4 of 4 and 4 of 6 characters.
		{"招商银行", "是招商银行。", 2 * 4.0 / 9},
		{"5000元", "5000 元", 1},
	} {
		if got := grader.TokenF1(c.expected, c.got); got-c.want > 1e-15 || c.want-got > 1e-15 {
			t.Errorf("%q, %q: %v, want %v", c.expected, c.got, got, c.want)
		}
	}
	g := make1(t, grader.Spec{Kind: grader.KindF1, F1: &grader.F1{AtLeast: 0.5}}, grader.Deps{})
	if got := gradeOf(t, g, "Santa Clara, California", "Levi's Stadium in Santa Clara"); !got.Correct || got.Score != 0.5 {
		t.Errorf("%+v", got)
	}
	if got := gradeOf(t, make1(t, grader.Spec{Kind: grader.KindF1}, grader.Deps{}), "a b c", "b c d"); got.Correct {
		t.Errorf("%+v", got)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	money := &grader.Number{Units: map[string]float64{"元": 1, "万元": 10000, "分": 0.01, "yuan": 1}, Absolute: 0.01}
	for _, c := range []struct {
		name          string
		spec          *grader.Number
		expected, got string
		want          bool
	}{
		{"plain", nil, "42", "The answer is 42.", true}, {"separators", nil, "1234567.5", "1,234,567.50", true},
		{"wrong", nil, "42", "43", false}, {"negative", nil, "-3", "-3", true}, {"sign counts", nil, "-3", "3", false},
		{"Chinese", nil, "120", "一百二十", true}, {"Chinese minus", nil, "-5", "负五度", true}, {"formal", nil, "35000", "叁萬伍仟圆整", true},
		{"magnitude", nil, "15000", "1.5万", true}, {"million", nil, "2500000", "2.5 million", true}, {"k", nil, "3000", "3k", true}, {"not k", nil, "3", "3 kg", true},
		{"percent", nil, "0.12", "12%", true}, {"percent in words", nil, "12%", "百分之十二", true}, {"permille", nil, "3‰", "0.003", true},
		{"percent is no number", nil, "12", "12%", false}, {"plain percent", &grader.Number{PlainPercent: true}, "12", "12 %", true},
		{"exact decimals", &grader.Number{Absolute: 0.01}, "0.28", "0.29", true}, {"beyond", &grader.Number{Absolute: 0.01}, "0.28", "0.2901", false},
		{"relative", &grader.Number{Relative: 0.05}, "200", "210", true}, {"relative beyond", &grader.Number{Relative: 0.05}, "200", "210.1", false},
		{"hedge", nil, "42", "41 or 42", false}, {"the same twice", nil, "42", "42, that is 42.0", true},
		{"last", &grader.Number{Pick: "last"}, "42", "6 times 7 is 42", true}, {"first", &grader.Number{Pick: "first"}, "42", "42, not 43", true},
		{"unit", money, "50000", "5万元", true}, {"other unit", money, "5万元", "50000 元", true}, {"small unit", money, "1.5", "150分", true}, {"no unit", money, "5", "5", true},
		{"unit required", &grader.Number{Units: map[string]float64{"km": 1000, "m": 1}, UnitRequired: true}, "5 km", "5000", false},
		{"unit there", &grader.Number{Units: map[string]float64{"km": 1000, "m": 1}, UnitRequired: true}, "5 km", "5000m", true},
		{"unit is a word", &grader.Number{Units: map[string]float64{"m": 1}, UnitRequired: true}, "5 m", "5 mice", false},
		{"none", nil, "42", "forty-two", false}, {"part of a word", nil, "2", "h2o has 2", true}, {"range", nil, "2024", "2020-2024", false},
		{"exponent", nil, "1500", "1.5e3", true}, {"huge", nil, "1", "1e999999999", false}, {"long", nil, "1", strings.Repeat("9", 70), false},
	} {
		g := make1(t, grader.Spec{Kind: grader.KindNumber, Number: c.spec}, grader.Deps{})
		if got := gradeOf(t, g, c.expected, c.got); got.Correct != c.want {
			t.Errorf("%s: %q against %q: %+v", c.name, c.got, c.expected, got)
		}
	}
	g := make1(t, grader.Spec{Kind: grader.KindNumber}, grader.Deps{})
	for _, bad := range []string{"none", "1 or 2"} {
		if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{bad}}, grader.Answer{Text: "1"}); !errors.Is(err, grader.ErrCase) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		spec          grader.Pattern
		expected, got string
		want          bool
	}{
		{"somewhere", grader.Pattern{Pattern: `\d{4}-\d{2}`}, "", "on 2026-01", true},
		{"whole", grader.Pattern{Pattern: `a|b`, Whole: true}, "", " b\n", true},
		{"not whole", grader.Pattern{Pattern: `a|b`, Whole: true}, "", "ab", false},
		{"expected", grader.Pattern{}, `(?i)^yes\b`, "YES, of course", true},
		{"expected not", grader.Pattern{}, `(?i)^yes\b`, "yesterday", false},
		{"absent", grader.Pattern{Pattern: `\b\d{16}\b`, Absent: true}, "", "no number here", true},
		{"not absent", grader.Pattern{Pattern: `\b\d{16}\b`, Absent: true}, "", "card 1234567812345678", false},
	} {
		g := make1(t, grader.Spec{Kind: grader.KindPattern, Pattern: &c.spec}, grader.Deps{})
		if got := gradeOf(t, g, c.expected, c.got); got.Correct != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	g := make1(t, grader.Spec{Kind: grader.KindPattern}, grader.Deps{})
	for _, bad := range []string{"(", `(?=x)`, strings.Repeat("(a{1,100}){1,100}", 3), ""} {
		if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{bad}}, grader.Answer{Text: "1"}); !errors.Is(err, grader.ErrCase) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	docs := map[string]string{"faq-1": "A lost card is blocked at once.\nCall 95555.", "制度/3.md": "开户须出示身份证。"}
	d := grader.Deps{Document: func(id string) (string, bool) { s, ok := docs[id]; return s, ok }}
	c := grader.Case{Expected: []string{"x"}, Cite: nil}
	for _, q := range []struct {
		name, answer string
		spec         grader.Citations
		want         bool
		score        float64
	}{
		{"exists", "Blocked at once [faq-1].", grader.Citations{}, true, 1},
		{"does not exist", "Blocked [faq-1], see [faq-2].", grader.Citations{}, false, 0.5},
		{"none", "Blocked.", grader.Citations{}, false, 0},
		{"links are none", "See [faq-1](http://x) and [a note].", grader.Citations{}, false, 0},
		{"quoted", "[faq-1: \"blocked at  once. Call 95555\"]", grader.Citations{Quotes: true}, true, 1},
		{"quoted in Chinese", "须带证件【制度/3.md:“开户须出示身份证”】", grader.Citations{Quotes: true}, true, 1},
		{"invented", "[faq-1: \"blocked within a week\"]", grader.Citations{Quotes: true}, false, 0},
		{"not checked", "[faq-1: \"blocked within a week\"]", grader.Citations{}, true, 1},
		{"must quote", "[faq-1]", grader.Citations{Quotes: true, QuoteRequired: true}, false, 0},
		{"two of two", "[faq-1] 【制度/3.md】", grader.Citations{AtLeast: 2}, true, 1},
		{"one twice", "[faq-1] [faq-1]", grader.Citations{AtLeast: 2}, false, 1},
	} {
		g := make1(t, grader.Spec{Kind: grader.KindCitations, Citations: &q.spec}, d)
		got, err := g.Grade(t.Context(), c, grader.Answer{Text: q.answer})
		if err != nil || got.Correct != q.want || got.Score != q.score {
			t.Errorf("%s: %+v, %v", q.name, got, err)
		}
	}
	// With another kind: right, and cited as it must be.
	g := make1(t, grader.Spec{Citations: &grader.Citations{}}, d)
	for _, q := range []struct {
		answer grader.Answer
		cite   string
		want   bool
	}{
		{grader.Answer{Text: "x", Citations: []grader.Citation{{ID: "faq-1"}}}, "faq-1", true},
		{grader.Answer{Text: "x", Citations: []grader.Citation{{ID: "faq-1"}}}, "制度/3.md", false},
		{grader.Answer{Text: "y", Citations: []grader.Citation{{ID: "faq-1"}}}, "faq-1", false},
		{grader.Answer{Text: "x", Citations: []grader.Citation{{ID: "faq-9"}}}, "", false},
	} {
		c := grader.Case{Expected: []string{"x"}}
		if q.cite != "" {
			c.Cite = []string{q.cite}
		}
		if got, err := g.Grade(t.Context(), c, q.answer); err != nil || got.Correct != q.want {
			t.Errorf("%+v: %+v, %v", q.answer, got, err)
		}
	}
}

func TestDecision(t *testing.T) {
	t.Parallel()
	spec := grader.Spec{Kind: grader.KindDecision, Decision: &grader.Decision{
		Choices: []grader.Choice{{ID: "accept", Also: []string{"通过", "approve"}}, {ID: "refer"}, {ID: "reject", Also: []string{"拒绝"}}},
		Severe:  []grader.Confusion{{Expected: "reject", Got: "accept"}}}}
	g := make1(t, spec, grader.Deps{})
	for _, c := range []struct {
		expected, got   string
		correct, severe bool
	}{
		{"accept", "Approve.", true, false}, {"accept", "通过", true, false}, {"reject", "accept", false, true},
		{"reject", "通过", false, true}, {"accept", "reject", false, false}, {"reject", "refer", false, false}, {"reject", "perhaps", false, false},
	} {
		if got := gradeOf(t, g, c.expected, c.got); got.Correct != c.correct || got.Severe != c.severe {
			t.Errorf("%s for %s: %+v", c.got, c.expected, got)
		}
	}
	spec.Decision.Field = "/result/decision"
	g = make1(t, spec, grader.Deps{})
	got := gradeOf(t, g, "reject", "Here:\n```json\n{\"result\": {\"decision\": \"拒绝\"}}\n```")
	if !got.Correct || !got.Repaired {
		t.Errorf("%+v", got)
	}
	if got := gradeOf(t, g, "reject", "reject"); got.Correct || !got.Invalid {
		t.Errorf("%+v", got)
	}
	if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{"maybe"}}, grader.Answer{Text: "x"}); !errors.Is(err, grader.ErrCase) {
		t.Error(err)
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	want := `[{"name":"find","arguments":{"q":"card","n":3}},{"name":"block","arguments":{"card":"1234","amount":100}}]`
	rules := map[string]grader.FieldRule{"/*/arguments/amount": {Absolute: 1}}
	ordered := make1(t, grader.Spec{Kind: grader.KindTools, Tools: &grader.Tools{Fields: rules}}, grader.Deps{})
	bag := make1(t, grader.Spec{Kind: grader.KindTools, Tools: &grader.Tools{Fields: rules, AnyOrder: true}}, grader.Deps{})
	openAI := `{"tool_calls":[{"id":"c1","type":"function","function":{"name":"block","arguments":"{\"card\":\"1234\",\"amount\":100.5}"}},{"type":"function","function":{"name":"find","arguments":"{\"n\":3,\"q\":\"card\"}"}}]}`
	if got := gradeOf(t, bag, want, openAI); !got.Correct {
		t.Errorf("%+v", got)
	}
	if got := gradeOf(t, ordered, want, openAI); got.Correct {
		t.Errorf("order: %+v", got)
	}
	for _, c := range []struct{ name, answer string }{
		{"argument", strings.Replace(want, "1234", "4321", 1)}, {"name", strings.Replace(want, "block", "open", 1)},
		{"too few", `{"name":"find","arguments":{"q":"card","n":3}}`}, {"extra", strings.TrimSuffix(want, "]") + `,{"name":"x","arguments":{"a":1}}]`},
		{"one more argument", strings.Replace(want, `"n":3`, `"n":3,"m":4`, 1)}, {"no calls", `[1]`}, {"prose", "I would search"},
	} {
		if got := gradeOf(t, bag, want, c.answer); got.Correct {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	got, err := bag.Grade(t.Context(), grader.Case{Expected: []string{want}}, grader.Answer{Calls: []grader.Call{
		{Name: "block", Arguments: json.RawMessage(`{"card":"1234","amount":99}`)}, {Name: "find", Arguments: json.RawMessage(`{"q":"card","n":3}`)}}})
	if err != nil || !got.Correct {
		t.Errorf("%+v, %v", got, err)
	}
	// No call is also a call list that can be expected.
	if got := gradeOf(t, bag, "[]", "[]"); !got.Correct {
		t.Errorf("%+v", got)
	}
}

func TestRubric(t *testing.T) {
	t.Parallel()
	reply := ""
	d := grader.Deps{AskID: "m", Ask: func(_ context.Context, p judge.Prompt) (string, error) {
		if !strings.Contains(p.User, "polite") || !strings.Contains(p.User, "from 0 to 5") {
			t.Errorf("prompt %s", p.User)
		}
		return reply, nil
	}}
	g := make1(t, grader.Spec{Kind: grader.KindRubric, Rubric: &grader.Rubric{Text: "polite", Scale: 5, Pass: 4}}, d)
	for r, want := range map[string]struct {
		correct bool
		score   float64
	}{`{"reason":"fine","score":4}`: {true, 0.8}, `{"reason":"rude","score":1}`: {false, 0.2}} {
		reply = r
		if got := gradeOf(t, g, "", "hello"); got.Correct != want.correct || got.Score != want.score {
			t.Errorf("%s: %+v", r, got)
		}
	}
	reply = "I like it"
	if _, err := g.Grade(t.Context(), grader.Case{}, grader.Answer{Text: "hello"}); !errors.Is(err, judge.ErrVerdict) {
		t.Error(err)
	}
}

func TestSpecFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spec string
		where      []string
	}{
		{"kind", `{"kind":"guess"}`, []string{"/kind"}},
		{"section of another kind", `{"kind":"match","f1":{"at_least":0.5},"number":{}}`, []string{"/f1", "/number"}},
		{"f1", `{"kind":"f1","f1":{"at_least":2}}`, []string{"/f1/at_least"}},
		{"schema", `{"kind":"json","json":{"schema":{"type":"objekt"},"fields":{"amount":{"absolute":-1}}}}`, []string{"/json/fields/amount", "/json/fields/amount", "/json/schema"}},
		{"foreign schema", `{"kind":"json","json":{"schema":{"$ref":"file:///etc/hostname"}}}`, []string{"/json/schema"}},
		{"number", `{"kind":"number","number":{"pick":"best","units":{"":1,"kg":0},"absolute":-1}}`, []string{"/number/absolute", "/number/pick", "/number/units/", "/number/units/kg"}},
		{"pattern", `{"kind":"pattern","pattern":{"pattern":"("}}`, []string{"/pattern/pattern"}},
		{"decision", `{"kind":"decision","decision":{"choices":[{"id":"a"},{"id":"A"}],"severe":[{"expected":"x","got":"*"}],"field":"d"}}`, []string{"/decision/choices/1", "/decision/field", "/decision/severe/0/expected"}},
		{"tools", `{"kind":"tools","tools":{"fields":{"/x":{}}}}`, []string{"/tools/fields/~1x"}},
		{"abstain", `{"abstain":["?"]}`, []string{"/abstain/0"}},
		{"citations", `{"citations":{"at_least":-1}}`, []string{"/citations/at_least"}},
	} {
		var s grader.Spec
		if err := json.Unmarshal([]byte(c.spec), &s); err != nil {
			t.Fatal(err)
		}
		_, err := grader.New(s, grader.Deps{})
		var ps grader.Problems
		if !errors.As(err, &ps) || !errors.Is(err, grader.ErrSpec) || len(ps) != len(c.where) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, p := range ps {
			if p.Pointer != c.where[i] {
				t.Errorf("%s: at %s, want %s", c.name, p.Pointer, c.where[i])
			}
			if strings.ContainsAny(p.Message("zh"), "%") || p.Message("zh") == p.Message("en") {
				t.Errorf("%s: %s", c.name, p.Message("zh"))
			}
		}
	}
	for _, c := range []struct {
		spec grader.Spec
		want fault.Def
	}{
		{grader.Spec{Kind: grader.KindSimilarity, Similarity: &grader.Similarity{Threshold: 0.8}}, grader.ErrNeeds},
		{grader.Spec{Kind: grader.KindRubric, Rubric: &grader.Rubric{Text: "x"}}, grader.ErrNeeds},
		{grader.Spec{Kind: grader.KindCitations}, grader.ErrNeeds},
		{grader.Spec{Kind: grader.KindCommand, Command: &grader.Command{Argv: []string{"x"}}}, grader.ErrCommandRefused},
	} {
		if _, err := grader.New(c.spec, grader.Deps{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.spec.Kind, err)
		}
	}
}

// Whatever changes the grades changes the version.
func TestVersions(t *testing.T) {
	t.Parallel()
	ask := func(context.Context, judge.Prompt) (string, error) { return "", nil }
	rubric := grader.Spec{Kind: grader.KindRubric, Rubric: &grader.Rubric{Text: "x"}}
	seen := map[string]bool{}
	for i, g := range []grader.Grader{
		make1(t, grader.Spec{}, grader.Deps{}), make1(t, grader.Spec{Separator: "|"}, grader.Deps{}),
		make1(t, grader.Spec{Normalise: grader.Normalise{Script: true}}, grader.Deps{}),
		make1(t, grader.Spec{Kind: grader.KindF1}, grader.Deps{}), make1(t, grader.Spec{Kind: grader.KindF1, F1: &grader.F1{AtLeast: 0.5}}, grader.Deps{}),
		make1(t, rubric, grader.Deps{Ask: ask, AskID: "a"}), make1(t, rubric, grader.Deps{Ask: ask, AskID: "b"}),
	} {
		if seen[g.Version()] {
			t.Errorf("%d: %s twice", i, g.Version())
		}
		seen[g.Version()] = true
	}
	if a, b := make1(t, grader.Spec{Kind: grader.KindMatch}, grader.Deps{}), make1(t, grader.Spec{}, grader.Deps{}); a.Version() != b.Version() {
		t.Errorf("%s, %s", a.Version(), b.Version())
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`^(a+)+$`, "aaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Add(`(x{1,30}){1,30}`, "xxxx")
	f.Add(`\pL\b(?i:ſ)`, "Kk")
	f.Fuzz(func(t *testing.T, pattern, answer string) {
		g, err := grader.New(grader.Spec{Kind: grader.KindPattern, Pattern: &grader.Pattern{Pattern: pattern, Whole: true}}, grader.Deps{})
		if err != nil || pattern == "" {
			return
		}
		out, err := g.Grade(t.Context(), grader.Case{}, grader.Answer{Text: answer})
		if err != nil || out.Correct != (out.Score == 1) {
			t.Fatalf("%+v, %v", out, err)
		}
	})
}
