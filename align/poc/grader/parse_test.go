package grader_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

// The schema names exactly the fields that a Spec has.
func TestSchemaIsTheSpec(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal(grader.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	var compare func(at string, s map[string]any, typ reflect.Type)
	compare = func(at string, s map[string]any, typ reflect.Type) {
		if ref, ok := s["$ref"].(string); ok {
			s = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			if typ.Kind() == reflect.Slice {
				s = s["items"].(map[string]any)
			}
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Map {
			compare(at+"/*", s["additionalProperties"].(map[string]any), typ.Elem())
			return
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		props := s["properties"].(map[string]any)
		var names []string
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if y, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); y != name {
				t.Errorf("%s/%s is %s in YAML", at, name, y)
			}
			names = append(names, name)
			if p, ok := props[name].(map[string]any); ok {
				compare(at+"/"+name, p, f.Type)
			} else {
				t.Errorf("%s/%s is not in the schema", at, name)
			}
		}
		for name := range props {
			if !slices.Contains(names, name) {
				t.Errorf("%s/%s is not in the Spec", at, name)
			}
		}
		if s["additionalProperties"] != false {
			t.Errorf("%s takes unknown fields", at)
		}
	}
	compare("", schema, reflect.TypeFor[grader.Spec]())
	kinds := schema["properties"].(map[string]any)["kind"].(map[string]any)["enum"].([]any)
	for i, k := range grader.Kinds {
		if kinds[i] != string(k) || len(kinds) != len(grader.Kinds) {
			t.Errorf("kinds %v", kinds)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := grader.Parse([]byte(`{"kind":"json","normalise":{"numerals":true},"json":{"schema":{"type":"object"},"fields":{"/items":{"unordered":true},"":{"absolute":0.01}}}}`))
	if err != nil || s.Kind != grader.KindJSON || !s.Normalise.Numerals || !s.JSON.Fields["/items"].Unordered || s.JSON.Fields[""].Absolute != 0.01 {
		t.Errorf("%+v, %v", s, err)
	}
	make1(t, s, grader.Deps{})
	for raw, where := range map[string]string{
		`{"kind":"guess"}`: "/kind", `{"knid":"match"}`: "/knid", `{"kind":"json","json":{"fields":{"/amount":{"unorderd":true}}}}`: "/json/fields/~1amount/unorderd",
		`{"kind":"rubric","judge":{"model":"m"}}`: "/judge", `{"f1":{"at_least":"high"}}`: "/f1/at_least", `{`: "", `[]`: "",
		`{"decision":{"choices":[{"id":"a"},{"also":["b"]}]}}`: "/decision/choices/1", `{"kind":"match","kind":"f1"}`: "",
	} {
		_, err := grader.Parse([]byte(raw))
		var ps grader.Problems
		if !errors.As(err, &ps) || len(ps) != 1 || ps[0].Pointer != where || ps[0].Message("zh") == "" {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
