package grader_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

func jsonGrader(t *testing.T, j grader.JSON) grader.Grader {
	return make1(t, grader.Spec{Kind: grader.KindJSON, JSON: &j}, grader.Deps{})
}

func TestStructureFields(t *testing.T) {
	t.Parallel()
	want := `{"from":"1234","to":"5678","amount":100.5,"when":{"date":"2026-01-02"},"tags":["a","b"],"note":null}`
	none := map[string]grader.FieldRule{}
	for _, c := range []struct {
		name   string
		rules  map[string]grader.FieldRule
		answer string
		// outcomes that are not right, by pointer
		bad map[string]grader.Outcome
		f1  float64
	}{
		{"equal", none, want, nil, 1},
		{"other order and form", none, `{"amount":1.005e2,"tags":["A","b"],"to":"5678.","from":" 1234","when":{"date":"2026-01-02"}}`, nil, 1},
		{"wrong", none, strings.Replace(want, "5678", "8765", 1), map[string]grader.Outcome{"/to": grader.Wrong}, 10.0 / 12},
		{"missing", none, strings.Replace(want, `"to":"5678",`, "", 1), map[string]grader.Outcome{"/to": grader.Missing}, 10.0 / 11},
		{"null is missing", none, strings.Replace(want, `"5678"`, "null", 1), map[string]grader.Outcome{"/to": grader.Missing}, 10.0 / 11},
		{"extra", none, strings.Replace(want, `"note":null`, `"note":"x","b":{"c":1,"d":[true]}`, 1),
			map[string]grader.Outcome{"/note": grader.Extra, "/b/c": grader.Extra, "/b/d/0": grader.Extra}, 12.0 / 15},
		{"a number as text", none, strings.Replace(want, "100.5", `"100.5"`, 1), map[string]grader.Outcome{"/amount": grader.Wrong}, 10.0 / 12},
		{"another shape", none, strings.Replace(want, `{"date":"2026-01-02"}`, `"2026-01-02"`, 1),
			map[string]grader.Outcome{"/when/date": grader.Missing, "/when": grader.Extra}, 10.0 / 12},
		{"order of items", none, strings.Replace(want, `"a","b"`, `"b","a"`, 1), map[string]grader.Outcome{"/tags/0": grader.Wrong, "/tags/1": grader.Wrong}, 8.0 / 12},
		{"unordered", map[string]grader.FieldRule{"/tags": {Unordered: true}}, strings.Replace(want, `"a","b"`, `"b","a"`, 1), nil, 1},
		{"unordered, a bag", map[string]grader.FieldRule{"/tags": {Unordered: true}}, strings.Replace(want, `"a","b"`, `"b","b","a"`, 1), map[string]grader.Outcome{"/tags/1": grader.Extra}, 12.0 / 13},
		{"tolerance", map[string]grader.FieldRule{"/amount": {Absolute: 0.1}}, strings.Replace(want, "100.5", "100.6", 1), nil, 1},
		{"beyond", map[string]grader.FieldRule{"/amount": {Absolute: 0.1}}, strings.Replace(want, "100.5", "100.61", 1), map[string]grader.Outcome{"/amount": grader.Wrong}, 10.0 / 12},
		{"ignored", map[string]grader.FieldRule{"/when": {Ignore: true}, "/note": {Ignore: true}}, strings.Replace(strings.Replace(want, "2026", "2025", 1), "null", "7", 1), nil, 1},
		{"normalised", map[string]grader.FieldRule{"/from": {Normalise: &grader.Normalise{Numerals: true}}}, strings.Replace(want, `"1234"`, `"一千二百三十四"`, 1), nil, 1},
	} {
		g := jsonGrader(t, grader.JSON{Fields: c.rules})
		got := gradeOf(t, g, want, c.answer)
		bad := map[string]grader.Outcome{}
		for _, f := range got.Fields {
			if f.Outcome != grader.Right {
				bad[f.Pointer] = f.Outcome
			}
		}
		if !maps.Equal(bad, c.bad) || math.Abs(got.Score-c.f1) > 1e-12 || got.Correct != (len(c.bad) == 0) || got.Invalid || got.Repaired {
			t.Errorf("%s: %v, score %v, %+v", c.name, bad, got.Score, got)
		}
	}
	if got := gradeOf(t, jsonGrader(t, grader.JSON{AtLeast: 0.8}), want, strings.Replace(want, "5678", "8765", 1)); !got.Correct {
		t.Errorf("at least 0.8: %+v", got)
	}
}

func TestUnorderedObjects(t *testing.T) {
	t.Parallel()
	g := jsonGrader(t, grader.JSON{Fields: map[string]grader.FieldRule{"/items": {Unordered: true}, "/items/*/price": {Absolute: 1}}})
	want := `{"items":[{"n":"a","price":10},{"n":"a","price":11},{"n":"c","price":5}]}`
	// 10 could pair with either price, 12 only with 11: a greedy pairing may fail.
	for answer, right := range map[string]int{
		`{"items":[{"n":"c","price":5},{"n":"a","price":12},{"n":"a","price":10.5}]}`: 6,
		`{"items":[{"n":"a","price":10.5},{"n":"a","price":12},{"n":"c","price":5}]}`: 6,
		`{"items":[{"n":"c","price":9},{"n":"a","price":10},{"n":"a","price":11}]}`:   5,
		`{"items":[{"n":"c","price":5}]}`:                                             2,
	} {
		got := gradeOf(t, g, want, answer)
		n := 0
		for _, f := range got.Fields {
			if f.Outcome == grader.Right {
				n++
			}
		}
		if n != right || got.Correct != (right == 6) {
			t.Errorf("%s: %d right, %+v", answer, n, got)
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	var schema any
	if err := json.Unmarshal([]byte(`{"type":"object","required":["date"],"properties":{"date":{"type":"string","format":"date"},"n":{"type":"integer"}},"additionalProperties":false}`), &schema); err != nil {
		t.Fatal(err)
	}
	g := jsonGrader(t, grader.JSON{Schema: schema, AtLeast: 0.1})
	want := `{"date":"2026-01-02","n":1}`
	for answer, valid := range map[string]bool{
		want: true, `{"date":"2026-01-02"}`: true, `{"date":"2 January"}`: false, `{"date":"2026-01-02","n":1.5}`: false,
		`{"n":1}`: false, `{"date":"2026-01-02","x":1}`: false, `[1]`: false, `no JSON`: false,
	} {
		if got := gradeOf(t, g, want, answer); got.Invalid == valid || got.Invalid && got.Correct {
			t.Errorf("%s: %+v", answer, got)
		}
	}
}

func TestExtraction(t *testing.T) {
	t.Parallel()
	want := `{"a":1}`
	lax, strict := jsonGrader(t, grader.JSON{}), jsonGrader(t, grader.JSON{Strict: true})
	for _, c := range []struct {
		name, answer      string
		correct, repaired bool
	}{
		{"bare", "\n{\"a\": 1}\n", true, false}, {"fence", "Here you are:\n```json\n{\"a\": 1}\n```\nBye", true, true},
		{"fence without language", "```\n{\"a\":1}```", true, true}, {"prose", `The answer is {"a":1}.`, true, true},
		{"the last counts", `Draft {"a":2}, final {"a":1}`, true, true}, {"the fence counts", "{\"a\":2}\n```json\n{\"a\":1}\n```\n{\"a\":3}", true, true},
		{"brackets in strings", `x {"a":1,"b":"}{"} y {"a":1}`, true, true}, {"lists are passed over", `by [1] and [2]: {"a":1} [3]`, true, true},
		{"broken", `{"a":1`, false, false}, {"nothing", "no", false, false}, {"twice", `{"a":2,"a":1}`, false, false}, {"huge", `{"a":1e999}`, false, false},
		{"after a broken one", `{"a": } {"a":1}`, true, true},
	} {
		got := gradeOf(t, lax, want, c.answer)
		if got.Correct != c.correct || got.Repaired != c.repaired {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got := gradeOf(t, strict, want, c.answer); got.Correct != (c.correct && !c.repaired) {
			t.Errorf("%s, strict: %+v", c.name, got)
		}
	}
	if _, err := lax.Grade(t.Context(), grader.Case{Expected: []string{"{"}}, grader.Answer{Text: "x"}); !errors.Is(err, grader.ErrCase) {
		t.Error(err)
	}
}

var anyJSON = rapid.Deferred(func() *rapid.Generator[any] { return jsonValue(3) })

func jsonValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch k := rapid.IntRange(0, 6).Draw(t, "kind"); {
		case k == 0:
			return nil
		case k == 1:
			return rapid.Bool().Draw(t, "bool")
		case k == 2:
			return float64(rapid.IntRange(-5, 5).Draw(t, "number"))
		case k == 3 || depth == 0:
			return rapid.SampledFrom([]string{"", "a", "b", "…", "A"}).Draw(t, "string")
		case k == 4:
			out := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				out = append(out, jsonValue(depth-1).Draw(t, "item"))
			}
			return out
		}
		out := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			out[rapid.SampledFrom([]string{"a", "b", "c/d", "~"}).Draw(t, "name")] = jsonValue(depth-1).Draw(t, "value")
		}
		return out
	})
}

// flat is a structure as its scalars and empty containers by pointer, nulls left
// out and texts in normal form: the oracle for equality.
func flat(at string, v any, out map[string]any) map[string]any {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		if len(v) == 0 {
			out[at] = "{}"
		}
		for k, x := range v {
			flat(at+"/"+url.PathEscape(k), x, out)
		}
	case []any:
		if len(v) == 0 {
			out[at] = "[]"
		}
		for i, x := range v {
			flat(at+"#"+strconv.Itoa(i), x, out)
		}
	case string:
		n := (grader.Normalise{}).Text(v)
		if n == "" {
			n = v
		}
		out[at] = "text " + n
	default:
		out[at] = v
	}
	return out
}

// A structure equals itself, in prose too; it is correct exactly if it is equal
// once nulls are gone; and what is missing one way round is extra the other.
func TestStructureProperties(t *testing.T) {
	t.Parallel()
	g := jsonGrader(t, grader.JSON{})
	bag := jsonGrader(t, grader.JSON{Fields: map[string]grader.FieldRule{"": {Unordered: true}}})
	rapid.Check(t, func(r *rapid.T) {
		a, b := anyJSON.Draw(r, "a"), anyJSON.Draw(r, "b")
		ab, ba := gradeJSON(r, g, a, b), gradeJSON(r, g, b, a)
		if same := maps.Equal(flat("", a, map[string]any{}), flat("", b, map[string]any{})); ab.Correct != same || ba.Correct != same {
			r.Fatalf("%v and %v: %+v, %+v", a, b, ab, ba)
		}
		if math.Abs(ab.Score-ba.Score) > 1e-12 {
			r.Fatalf("scores %v and %v", ab.Score, ba.Score)
		}
		var x, y grader.Tally
		x.Add(ab)
		y.Add(ba)
		p, q := x.Total(), y.Total()
		if p.Right != q.Right || p.Wrong != q.Wrong || p.Missing != q.Extra || p.Extra != q.Missing || p.Precision() != q.Recall() || math.Abs(p.F1()-ab.Score) > 1e-12 {
			r.Fatalf("%+v and %+v", p, q)
		}
		if got := gradeJSON(r, g, a, a); !got.Correct || got.Score != 1 {
			r.Fatalf("%v is not itself: %+v", a, got)
		}
		if list, ok := a.([]any); ok && len(list) > 0 {
			shuffled := rapid.Permutation(list).Draw(r, "shuffled")
			if slices.Contains(list, nil) {
				return
			}
			if got := gradeJSON(r, bag, list, shuffled); !got.Correct {
				r.Fatalf("%v shuffled to %v: %+v", list, shuffled, got)
			}
		}
	})
}

func gradeJSON(r *rapid.T, g grader.Grader, want, got any) grader.Grade {
	w, _ := json.Marshal(want)
	a, _ := json.Marshal(got)
	out, err := g.Grade(r.Context(), grader.Case{Expected: []string{string(w)}}, grader.Answer{Text: string(a)})
	if err != nil {
		r.Fatal(err)
	}
	return out
}

func TestTally(t *testing.T) {
	t.Parallel()
	g := jsonGrader(t, grader.JSON{})
	var tally grader.Tally
	tally.Add(gradeOf(t, g, `{"a":1,"b":[{"c":1},{"c":2}]}`, `{"a":1,"b":[{"c":1},{"c":3}]}`))
	tally.Add(gradeOf(t, g, `{"a":1}`, `x {"a":1}`))
	tally.Add(gradeOf(t, g, `{"a":1}`, `none`))
	tally.Add(gradeOf(t, g, `{"a":1}`, `{"d":1}`))
	want := []grader.FieldCount{{Path: "/a", Right: 2, Missing: 1}, {Path: "/b/*/c", Right: 1, Wrong: 1}, {Path: "/d", Extra: 1}}
	if got := tally.Fields(); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if tally.N != 4 || tally.Exact != 1 || tally.Valid != 3 || tally.Repaired != 1 {
		t.Errorf("%+v", tally)
	}
	if p := tally.Total(); p.Precision() != 3.0/5 || p.Recall() != 3.0/5 {
		t.Errorf("%+v", p)
	}
	if iv := tally.ValidShare(0.95); iv.Low > 0.75 || iv.High < 0.75 || tally.ExactShare(0.95).High < 0.25 {
		t.Errorf("%+v", iv)
	}
}

func FuzzExtraction(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "```json\n{\"a\":[1,2]}\n```", `x {"a":"}"} y`, `[{"a":1e400}]`, `{"a":{"a":1},"a":2}`, "{{{{", `{"\ud800":1}`, "\ufeff{}"} {
		f.Add(s, s)
	}
	g, err := grader.New(grader.Spec{Kind: grader.KindJSON, JSON: &grader.JSON{Fields: map[string]grader.FieldRule{"/a": {Unordered: true}}}}, grader.Deps{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expected, answer string) {
		c := grader.Case{Expected: []string{expected}}
		one, err := g.Grade(t.Context(), c, grader.Answer{Text: answer})
		if err != nil {
			if !errors.Is(err, grader.ErrCase) {
				t.Fatal(err)
			}
			return
		}
		if one.Abstained {
			return // nothing was compared
		}
		two, err := g.Grade(t.Context(), c, grader.Answer{Text: answer})
		if err != nil || !reflect.DeepEqual(one, two) {
			t.Fatalf("%+v, then %+v, %v", one, two, err)
		}
		if !(one.Score >= 0 && one.Score <= 1) || one.Correct && one.Score != 1 {
			t.Fatalf("%+v", one)
		}
		if got, err := g.Grade(t.Context(), c, grader.Answer{Text: expected}); err != nil || !got.Correct && !got.Abstained {
			t.Fatalf("%q is not itself: %+v, %v", expected, got, err)
		}
	})
}
