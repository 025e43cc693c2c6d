package evidence_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
)

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		err            error
	}{
		// RFC 8785, section 3.2.3: the sorting example.
		{name: "sorted by UTF-16", in: `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			want: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		// RFC 8785, section 3.2.2, without 1E30.
		{name: "numbers", in: `{"numbers":[333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],"literals":[null,true,false]}`,
			want: `{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27]}`},
		{name: "largest exact", in: `[9007199254740992,-9007199254740992]`, want: `[9007199254740992,-9007199254740992]`},
		{name: "rounded integer", in: `[9007199254740993]`, err: evidence.ErrNumber},
		{name: "rounded, other spelling", in: `[9007199254740993e0]`, err: evidence.ErrNumber},
		{name: "rounded, with fraction", in: `[9007199254740992.7]`, err: evidence.ErrNumber},
		{name: "huge", in: `{"a":1E30}`, err: evidence.ErrNumber},
		{name: "negative", in: `{"a":-9007199254740994}`, err: evidence.ErrNumber},
		{name: "digits in a string", in: `["9007199254740993\"9007199254740993"]`, want: `["9007199254740993\"9007199254740993"]`},
		{name: "replacement character", in: "[\"\uFFFD\",\"\\ufffd\"]", want: "[\"\uFFFD\",\"\uFFFD\"]"},
		{name: "bad bytes", in: "[\"\xff\"]", err: evidence.ErrText},
		{name: "lone surrogate", in: `["\ud800"]`, err: evidence.ErrJSON},
		{name: "same name twice", in: `{"a":1,"\u0061":2}`, err: evidence.ErrJSON},
		{name: "no JSON", in: `{`, err: evidence.ErrJSON},
		{name: "empty", in: ``, err: evidence.ErrJSON},
		{name: "deep", in: strings.Repeat("[", 300) + strings.Repeat("]", 300), err: evidence.ErrDeep},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := evidence.CanonicalJSON([]byte(c.in))
			if !errors.Is(err, c.err) || (c.err == nil && err != nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if string(got) != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCanonicalValue(t *testing.T) {
	t.Parallel()
	type inner struct {
		Text string  `json:"text"`
		F    float64 `json:"f"`
		Skip string  `json:"-"`
	}
	for _, c := range []struct {
		name    string
		in      any
		want    string
		err     error
		pointer string
	}{
		{name: "struct", in: inner{Text: "<a&b>", F: 0.1, Skip: "\xff"}, want: `{"f":0.1,"text":"<a&b>"}`},
		{name: "replacement character", in: map[string]any{"a": "\uFFFD"}, want: "{\"a\":\"\uFFFD\"}"},
		{name: "raw", in: map[string]any{"a": json.RawMessage(`{"c":1,"b":2.50}`)}, want: `{"a":{"b":2.5,"c":1}}`},
		{name: "bad string", in: map[string]any{"a": []any{inner{Text: "a\xc3"}}}, err: evidence.ErrText, pointer: "/a/0/text"},
		{name: "bad name", in: map[string]any{"\xc3": 1}, err: evidence.ErrText},
		{name: "bad raw", in: map[string]any{"a": json.RawMessage("\"\xc3\"")}, err: evidence.ErrText},
		{name: "NaN", in: map[string]any{"a/b": &inner{F: math.NaN()}}, err: evidence.ErrNumber, pointer: "/a~1b/f"},
		{name: "infinite", in: []float64{1, math.Inf(-1)}, err: evidence.ErrNumber, pointer: "/1"},
		{name: "big", in: map[string]any{"seed": uint64(1<<53 + 1)}, err: evidence.ErrNumber, pointer: "/seed"},
		{name: "big negative", in: map[string]int64{"seed": math.MinInt64}, err: evidence.ErrNumber, pointer: "/seed"},
		{name: "json.Number", in: json.Number("9007199254740993"), err: evidence.ErrNumber},
		{name: "function", in: map[string]any{"f": func() {}}, err: evidence.ErrJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := evidence.Canonical(c.in)
			if !errors.Is(err, c.err) || (c.err == nil && err != nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if err != nil && fault.From(err).Pointer != c.pointer {
				t.Errorf("pointer %q, want %q", fault.From(err).Pointer, c.pointer)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	// printf '{"a":1,"b":"x"}' | sha256sum
	const want = "ecf9e98ec0641e23113ff3ce8bdc78d0ddd249886517fd4a7f68cc83d4e65667"
	got, err := evidence.Digest(map[string]any{"b": "x", "a": 1.0})
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %s", got)
	}
}

// What is canonical stays as it is, whatever the order and the spaces before.
func TestCanonicalIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.String(), rapid.OneOf(
			rapid.Custom(func(t *rapid.T) any { return rapid.Float64Range(-1e15, 1e15).Draw(t, "f") }),
			rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "s") }),
			rapid.Custom(func(t *rapid.T) any { return rapid.Int64Range(-1<<53, 1<<53).Draw(t, "i") }),
		)).Draw(t, "m")
		once, err := evidence.Canonical(m)
		if err != nil {
			t.Fatal(err)
		}
		spaced, err := json.MarshalIndent(m, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		twice, err := evidence.CanonicalJSON(spaced)
		if err != nil {
			t.Fatal(err)
		}
		if string(once) != string(twice) {
			t.Fatalf("%s\n%s", once, twice)
		}
	})
}
