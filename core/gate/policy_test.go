package gate_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/fault"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}

// each returns the faults that err joins.
func each(err error) []*fault.Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*fault.Error
		for _, e := range joined.Unwrap() {
			out = append(out, each(e)...)
		}
		return out
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return []*fault.Error{f}
	}
	return nil
}

// describe writes faults as people see them, in both languages.
func describe(err error) string {
	var b strings.Builder
	for _, f := range each(err) {
		b.WriteString(f.Where + ": " + f.Code + "\n")
		for _, lang := range []string{"en", "zh"} {
			b.WriteString("  " + f.Message(lang))
			if h := f.Hint(lang); h != "" {
				b.WriteString(" [" + h + "]")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// Every file of testdata/bad is refused with the messages beside it, each of
// which points at the line and column of what is wrong.
func TestMessages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = gate.Compile(kinds(), paramTypes, gate.Source{Name: name + ".yaml", Data: data})
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, "bad/"+name+".txt", describe(err))
			for _, f := range each(err) {
				if f.Kind != fault.Invalid || f.Where == "" {
					t.Errorf("%s is %s at %q", f.Code, f.Kind, f.Where)
				}
				for _, lang := range []string{"en", "zh"} {
					if s := f.Message(lang) + f.Hint(lang); strings.Contains(strings.NewReplacer("{…}", "", "{en: …, zh: …}", "", "{oops}", "", "{value}", "", "{allowed}", "", "{more}", "").Replace(s), "{") {
						t.Errorf("%s has an empty place: %s", f.Code, s)
					}
				}
			}
		})
	}
}

// What a message points at is where the marker «…» stands in the file.
func TestPositions(t *testing.T) {
	t.Parallel()
	head := "gate: align\nrules:\n  - id: a\n    title: {en: T, zh: 题}\n    method: {en: M, zh: 法}\n    fix: {en: F, zh: 修}\n"
	for name, file := range map[string]string{
		"plain":           head + "    expr: poc.recommended.«acuracy.low >= 0.9\n",
		"double quoted":   head + "    expr: \"poc.recommended.«acuracy.low >= 0.9\"\n",
		"single quoted":   head + "    expr: 'poc.recommended.«acuracy.low >= 0.9'\n",
		"block":           head + "    expr: |\n      poc.cases > 1 &&\n      poc.recommended.«acuracy.low >= 0.9\n",
		"block at end":    head + "    expr: |-\n        poc.cases > 1\n          && poc.recommended.«acuracy.low >= 0.9",
		"block, indent 2": head + "    expr: |2\n        poc.recommended.«acuracy.low >= 0.9\n",
		"block, comment":  head + "    expr: | # as agreed\n\n      poc.recommended.«acuracy.low >= 0.9\n",
		"spaces":          head + "    expr:    poc.cases > 1 && poc . recommended . «acuracy.low >= 0.9\n",
		"after Chinese":   head + "    expr: \"'中文' == '中文' && poc.recommended.«acuracy.low >= 0.9\"\n",
		"flow":            "gate: align\nrules: [{id: a, title: {en: T, zh: 题}, method: {en: M, zh: 法}, fix: {en: F, zh: 修}, expr: \"«pocc.cases > 1\"}]\n",
		"CRLF":            strings.ReplaceAll(head+"    expr: poc.recommended.«acuracy.low >= 0.9\n", "\n", "\r\n"),
		"kind":            head + "    expr: poc.cases > 1 && «pox.cases > 1\n",
		"bare":            head + "    expr: poc.cases > 1 && «poc.recommended.accuracy >= 0.9\n",
		"parameter":       head + "    expr: poc.cases > 1 && param.«flor > 1.0\n",
		"operands":        head + "    expr: poc.cases > 1 && poc.cases «== 1\n",
		"escaped":         head + "    expr: \"«poc.recommended.accuracy.method == \\\"a\\\" && pox.cases > 1\"\n",
		"not bool":        head + "    expr: «poc.cases + 1.0\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, _, ok := strings.Cut(file, "«")
			if !ok {
				t.Fatal("no marker")
			}
			line := strings.Count(before, "\n") + 1
			col := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
			_, err := gate.Compile(kinds(), paramTypes, gate.Source{Name: "p.yaml", Data: []byte(strings.Replace(file, "«", "", 1))})
			fs := each(err)
			if len(fs) != 1 {
				t.Fatalf("%d faults: %v", len(fs), err)
			}
			if want := (&fault.Error{}).At("p.yaml", line, col).Where; fs[0].Where != want {
				t.Errorf("%s is placed at %s, want %s", fs[0].Code, fs[0].Where, want)
			}
		})
	}
}

func TestFragmentsMerge(t *testing.T) {
	t.Parallel()
	a, b := source("a.yaml", gate.Align, "one: poc.cases > 1", "two: poc.cases > 2 # max_age: 2w"), source("b.yaml", gate.Align, "three: quality.rows > 3")
	p := compile(t, a, b, source("c.yaml", gate.Prove, "one: poc.cases > 1"))
	align, err := p.Gate(gate.Align)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range align.Rules {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"one", "two", "three"}) || align.Rules[1].MaxAge != 14*24*time.Hour || align.Rules[2].Where != "b.yaml:3:5" {
		t.Errorf("got %v, %+v", ids, align.Rules)
	}
	other, err := compile(t, b, a).Gate(gate.Align)
	if err != nil {
		t.Fatal(err)
	}
	if other.Digest != align.Digest {
		t.Error("the digest depends on the order of files")
	}
	words := gate.Source{Name: "a.yaml", Data: []byte(strings.ReplaceAll(string(a.Data), "Title", "Other"))}
	if other, err = compile(t, words, b).Gate(gate.Align); err != nil || other.Digest != align.Digest {
		t.Errorf("the digest depends on words: %v", err)
	}
	for name, changed := range map[string]string{"cases > 1": "cases > 7", "max_age: 2w": "max_age: 3w", "id: two": "id: deux", "max_age: 2": "when: strict\n    max_age: 2", "max_age": "allow_assumed: true\n    max_age"} {
		src := gate.Source{Name: "a.yaml", Data: []byte(strings.Replace(string(a.Data), name, changed, 1))}
		if other, err = compile(t, src, b).Gate(gate.Align); err != nil || other.Digest == align.Digest {
			t.Errorf("%s does not change the digest: %v", changed, err)
		}
	}
}

func TestDuplicateRule(t *testing.T) {
	t.Parallel()
	_, err := gate.Compile(kinds(), paramTypes, source("a.yaml", gate.Align, "one: poc.cases > 1"), source("b.yaml", gate.Align, "two: poc.cases > 1", "one: poc.cases > 2"))
	if !errors.Is(err, gate.ErrDuplicate) || !strings.Contains(err.Error(), "b.yaml:8:9") || !strings.Contains(err.Error(), "a.yaml:3:5") {
		t.Errorf("got %v", err)
	}
}

func TestRuleNamesWhatItReads(t *testing.T) {
	t.Parallel()
	r := policy(t, gate.Align, "a: quality.rows > 1 && (has(poc.drift) || param.floor > poc.recommended.accuracy.low)").Rules[0]
	if !slices.Equal(r.Kinds(), []string{"poc", "quality"}) || !slices.Equal(r.Params(), []string{"floor"}) ||
		!slices.Equal(r.Metrics(), []string{"poc.drift", "poc.recommended.accuracy", "quality.rows"}) {
		t.Errorf("got %v %v %v", r.Kinds(), r.Params(), r.Metrics())
	}
}

func TestUnknownGate(t *testing.T) {
	t.Parallel()
	_, err := compile(t).Gate("aling")
	var f *fault.Error
	if !errors.As(err, &f) || !errors.Is(err, gate.ErrGate) || f.Hint("en") != "did you mean align?" {
		t.Errorf("got %v", err)
	}
}

// Declarations come from the program: what is wrong with them is no fault.
func TestDeclarationsAreChecked(t *testing.T) {
	t.Parallel()
	metric := func(names ...string) []evidence.Metric {
		var out []evidence.Metric
		for _, n := range names {
			out = append(out, evidence.Metric{Name: n, Shape: evidence.Exact})
		}
		return out
	}
	for name, tt := range map[string]struct {
		kinds  []evidence.Kind
		params map[string]gate.ParamType
	}{
		"param is taken":      {kinds: []evidence.Kind{{Name: "param", URI: "u"}}},
		"reserved":            {kinds: []evidence.Kind{{Name: "in", URI: "u"}}},
		"no identifier":       {kinds: []evidence.Kind{{Name: "a-b", URI: "u"}}},
		"twice":               {kinds: []evidence.Kind{{Name: "a", URI: "u"}, {Name: "a", URI: "v"}}},
		"URI twice":           {kinds: []evidence.Kind{{Name: "a", URI: "u"}, {Name: "b", URI: "u"}}},
		"metric and group":    {kinds: []evidence.Kind{{Name: "a", URI: "u", Metrics: metric("x", "x.y")}}},
		"group and metric":    {kinds: []evidence.Kind{{Name: "a", URI: "u", Metrics: metric("x.y", "x")}}},
		"metric twice":        {kinds: []evidence.Kind{{Name: "a", URI: "u", Metrics: metric("x", "x")}}},
		"no shape":            {kinds: []evidence.Kind{{Name: "a", URI: "u", Metrics: []evidence.Metric{{Name: "x"}}}}},
		"type of a parameter": {params: map[string]gate.ParamType{"x": "float"}},
		"name of a parameter": {params: map[string]gate.ParamType{"true": gate.Bool}},
	} {
		_, err := gate.Compile(tt.kinds, tt.params)
		var f *fault.Error
		if err == nil || errors.As(err, &f) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := "a: poc.cases > 1" + strings.Repeat(" && poc.cases > 1", 200)
	deep := "a: " + strings.Repeat("(", 200) + "poc.cases > 1" + strings.Repeat(")", 200)
	for name, src := range map[string]gate.Source{
		"file":       {Name: "p.yaml", Data: []byte(strings.Repeat("# x\n", 100_000))},
		"expression": source("p.yaml", gate.Align, long),
		"nesting":    source("p.yaml", gate.Align, deep),
		"YAML depth": {Name: "p.yaml", Data: []byte(strings.Repeat("[", 100) + strings.Repeat("]", 100))},
		"YAML bomb":  {Name: "p.yaml", Data: []byte("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n")},
	} {
		_, err := gate.Compile(kinds(), paramTypes, src)
		if fs := each(err); len(fs) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Whatever is read, it is a policy or a fault with a place, and never a panic;
// and no policy passes without evidence.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(source("p.yaml", gate.Align, "a: poc.recommended.accuracy.low >= param.floor # max_age: 90d", "b: has(poc.drift)").Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := gate.Compile(kinds(), paramTypes, gate.Source{Name: "p.yaml", Data: data})
		if err != nil {
			fs := each(err)
			if len(fs) == 0 {
				t.Fatalf("%v is no fault", err)
			}
			for _, e := range fs {
				if !strings.HasPrefix(e.Where, "p.yaml") {
					t.Fatalf("%v has no place", e)
				}
			}
			return
		}
		for _, name := range gate.Names() {
			g, err := p.Gate(name)
			if err != nil {
				t.Fatal(err)
			}
			if v := gate.Evaluate(g, input()); v.Outcome == gate.Pass || v.Outcome == gate.Fail {
				t.Fatalf("%s is %s without evidence", name, v.Outcome)
			}
			gate.Evaluate(g, input(poc(0.9), quality(0)))
		}
	})
}

// Whatever an expression is, it compiles or is refused at a place inside it.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"poc.recommended.accuracy.low >= param.floor", "!has(poc.drift) || poc.drift.high < 0.1",
		"poc.cases / quality.rows in [1.0, 2.0] ? param.strict : quality.rows % 2.0 == 0.0", "poc.recommended.accuracy.method == 'm' && -1 < 2u"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		head := string(source("p.yaml", gate.Align, "a: X").Data)
		block := "|-\n      " + strings.ReplaceAll(expr, "\n", "\n      ")
		p, err := gate.Compile(kinds(), paramTypes, gate.Source{Name: "p.yaml", Data: []byte(strings.Replace(head, "X", block, 1))})
		if err != nil {
			if len(each(err)) == 0 {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		g, err := p.Gate(gate.Align)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []gate.Input{input(), input(poc(0.9)), input(quality(0)), input(poc(0.9, exploratory), quality(0, on("dataset", "d0")))} {
			for _, r := range gate.Evaluate(g, in).Rules {
				if r.Outcome == gate.Pass && len(r.Evidence) == 0 {
					t.Fatalf("%q passes without evidence", expr)
				}
			}
		}
		gate.Evaluate(g, input(poc(0.9), quality(0)))
	})
}
