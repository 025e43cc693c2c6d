package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

const componentPrefix = "#/components/schemas/"

// OpenAPI returns the OpenAPI 3.1 document, indented, the same bytes for the
// same table.
//
// Objects in requests refuse unknown fields. Objects in answers may grow, so
// the document lets them: where a type is in both, the request's has the
// suffix "Request".
func (r *Registry) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(r.api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("write openapi: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read openapi: %w", err)
	}
	openAnswers(doc)
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write openapi: %w", err)
	}
	return append(out, '\n'), nil
}

func (r *Registry) serveOpenAPI(w http.ResponseWriter, req *http.Request) {
	b, err := r.OpenAPI()
	if err != nil {
		writeProblem(w, problemOf(req.Context(), err))
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	// The client is gone if this fails.
	_, _ = w.Write(b)
}

// openAnswers lets the objects of answers have more fields than they are
// documented to have.
func openAnswers(doc map[string]any) {
	schemas, _ := path(doc, "components", "schemas").(map[string]any)
	paths, _ := doc["paths"].(map[string]any)
	asked, answered := map[string]bool{}, map[string]bool{}
	var requests []any
	reach(path(doc, "components", "responses"), schemas, answered)
	for _, item := range paths {
		ops, _ := item.(map[string]any)
		for _, op := range ops {
			requests = append(requests, path(op, "requestBody"))
			reach(path(op, "requestBody"), schemas, asked)
			reach(path(op, "responses"), schemas, answered)
		}
	}
	rename := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if answered[name] {
			rename[name] = name + "Request"
		}
	}
	for old, name := range rename {
		schemas[name] = clone(schemas[old])
		requests = append(requests, schemas[name])
	}
	for name := range asked {
		if !answered[name] {
			requests = append(requests, schemas[name])
		}
	}
	for _, part := range requests {
		renameRefs(part, rename)
	}
	for name := range answered {
		relax(schemas[name])
	}
}

// path follows keys into nested objects; nil if one is missing.
func path(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// visit calls f for every object inside v, v itself too.
func visit(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, x := range v {
			visit(x, f)
		}
	case []any:
		for _, x := range v {
			visit(x, f)
		}
	}
}

// reach collects the components that v refers to, directly or not.
func reach(v any, schemas map[string]any, into map[string]bool) {
	visit(v, func(m map[string]any) {
		if ref, ok := m["$ref"].(string); ok {
			if name := strings.TrimPrefix(ref, componentPrefix); !into[name] {
				into[name] = true
				reach(schemas[name], schemas, into)
			}
		}
	})
}

func renameRefs(v any, rename map[string]string) {
	visit(v, func(m map[string]any) {
		ref, _ := m["$ref"].(string)
		if name, ok := rename[strings.TrimPrefix(ref, componentPrefix)]; ok {
			m["$ref"] = componentPrefix + name
		}
	})
}

func relax(v any) {
	visit(v, func(m map[string]any) {
		if m["additionalProperties"] == false {
			delete(m, "additionalProperties")
		}
	})
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, x := range v {
			c[k] = clone(x)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = clone(x)
		}
		return c
	}
	return v
}

// schemaName names a type in the document by package and name, since several
// capabilities have a Result: poc.Result is PocResult. A type that is named
// after its package stays as it is (scenario.Scenario), and so do the types of
// this package and of problem; Page[gate.Verdict] is PageGateVerdict.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return camel(hint)
	}
	pkg, name := t.PkgPath(), t.Name()
	outer, args, generic := strings.Cut(name, "[")
	s := qualified(pkg, outer)
	if generic {
		for arg := range strings.SplitSeq(strings.TrimSuffix(args, "]"), ",") {
			arg = strings.TrimLeft(arg, "[]*")
			if i := strings.LastIndex(arg, "."); i >= 0 {
				s += qualified(arg[:i], arg[i+1:])
			} else {
				s += camel(arg)
			}
		}
	}
	return s
}

func qualified(pkg, name string) string {
	pkg = pkg[strings.LastIndex(pkg, "/")+1:]
	name = camel(strings.TrimRight(name, "]"))
	if pkg == "" || pkg == "rest" || pkg == "problem" || strings.EqualFold(pkg, name) {
		return name
	}
	return camel(pkg) + name
}

// camel joins words that are separated by anything but letters and digits.
func camel(s string) string {
	var b strings.Builder
	up := true
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		up = false
	}
	return b.String()
}
