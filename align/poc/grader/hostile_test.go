//go:build !race

// One goroutine and much work: under the race detector it takes minutes and
// shows nothing that the other tests do not.

package grader_test

import (
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

// hostile are answers of up to the longest length that is read, made to be
// slow, deep or huge.
func hostile() map[string]string {
	rep := func(s string) string { return strings.Repeat(s, grader.MaxAnswer/len(s)) }
	return map[string]string{
		"letters": rep("a"), "opening": rep("{"), "opening arrays": rep("["), "nested": strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		"quotes": rep(`{"`), "objects": rep(`{} `), "fences": rep("```"), "fenced": rep("```json\n{\"a\":1}\n```\n"), "broken": rep(`{"a":[}`),
		"half broken": strings.Repeat("{", 60) + rep(`"a" `)[:500_000] + strings.Repeat("}", 60),
		"exponent":    `{"a": 1e999999999}`, "negative exponent": "1e-999999999", "digits": rep("9"), "array": "[" + rep("1,")[:grader.MaxAnswer-10] + "1]",
		"numerals": rep("\u4e00"), "units": rep("\u5341"), "minus": rep("\u8d1f"), "mixed": rep("1\u4e07"), "commas": rep("1,"), "groups": rep("111,"),
		"brackets": rep("[a:\u201c"), "citations": rep("[a] "), "accents": rep("\u0301"), "compatibility": rep("\ufdfa")[:grader.MaxAnswer/4], "invalid": rep("\xff"),
		"points": rep("1."), "es": rep("1e"), "percents": rep("1%"), "backslashes": rep(`{"\`),
	}
}

// Every kind ends with a grade on every hostile answer. A kind that needs
// minutes would end the whole test.
func TestHostileAnswersAreBounded(t *testing.T) {
	t.Parallel()
	all := grader.Normalise{Numerals: true, Script: true, Punctuation: true, Spaces: true}
	object := `{"a":[1,2,3],"b":{"c":"x"}}`
	schema := map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"type": "array", "uniqueItems": true, "items": map[string]any{"multipleOf": 0.01}}}}
	docs := grader.Deps{Document: func(id string) (string, bool) { return strings.Repeat("text ", 1000), id == "a" }}
	for name, c := range map[string]struct {
		spec     grader.Spec
		expected string
	}{
		"match": {grader.Spec{Normalise: all}, "x"}, "f1": {grader.Spec{Kind: grader.KindF1, Normalise: all}, "x y"},
		"json":    {grader.Spec{Kind: grader.KindJSON, JSON: &grader.JSON{Schema: schema, Fields: map[string]grader.FieldRule{"/a": {Unordered: true}, "": {Unordered: true}}}}, object},
		"array":   {grader.Spec{Kind: grader.KindJSON, JSON: &grader.JSON{Fields: map[string]grader.FieldRule{"": {Unordered: true}}}}, "[1,2,3,1,1,1]"},
		"number":  {grader.Spec{Kind: grader.KindNumber, Number: &grader.Number{Units: map[string]float64{"km": 1000}, Pick: "last"}}, "5"},
		"pattern": {grader.Spec{Kind: grader.KindPattern, Pattern: &grader.Pattern{Pattern: `(a*)*(a|b)*[^c]{1,50}z$`}}, ""},
		"cite":    {grader.Spec{Kind: grader.KindCitations, Citations: &grader.Citations{Quotes: true}}, "x"},
		"tools":   {grader.Spec{Kind: grader.KindTools, Tools: &grader.Tools{AnyOrder: true}}, `[{"name":"f","arguments":{"a":1}}]`},
		"choice":  {grader.Spec{Kind: grader.KindDecision, Decision: &grader.Decision{Choices: []grader.Choice{{ID: "yes"}, {ID: "no"}}, Field: "/d"}}, "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := grader.New(c.spec, docs)
			if err != nil {
				t.Fatal(err)
			}
			for what, answer := range hostile() {
				start := time.Now()
				got, err := g.Grade(t.Context(), grader.Case{Expected: []string{c.expected}}, grader.Answer{Text: answer})
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if got.Correct && what != "citations" || !(got.Score >= 0 && got.Score <= 1) || len(got.Why.En) > 2000 || len(got.Fields) > 1200 {
					t.Errorf("%s: %+v", what, got.Why)
				}
				if d := time.Since(start); d > 200*time.Millisecond {
					t.Logf("%s: %s", what, d.Round(time.Millisecond))
				}
			}
			got, err := g.Grade(t.Context(), grader.Case{Expected: []string{c.expected}}, grader.Answer{Text: strings.Repeat("x", grader.MaxAnswer+1)})
			if err != nil || got.Correct {
				t.Errorf("too long: %+v, %v", got, err)
			}
		})
	}
}
