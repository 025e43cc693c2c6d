package grader

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema is the JSON Schema of a Spec as scenario.yaml states it.
//
//go:embed schema.json
var Schema []byte

var specSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	var doc any
	if err := json.Unmarshal(Schema, &doc); err != nil {
		return nil, err
	}
	return compileSchema(doc)
})

// Parse reads a Spec from JSON. It fails with Problems, each with the pointer of
// the field that is wrong; what the schema cannot say, New finds.
func Parse(raw []byte) (Spec, error) {
	var s Spec
	p := &problems{}
	v, err := decodeJSON(string(raw))
	if err != nil {
		p.add("", "%s", "%s", err)
		return s, p.err()
	}
	schema, err := specSchema()
	if err != nil {
		return s, err
	}
	var verr *jsonschema.ValidationError
	if err := schema.Validate(v); errors.As(err, &verr) {
		p.collect(verr)
		return s, p.err()
	} else if err != nil {
		return s, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return s, dec.Decode(&s)
}

// collect adds the leaves of a validation error.
func (p *problems) collect(e *jsonschema.ValidationError) {
	for _, c := range e.Causes {
		p.collect(c)
	}
	if len(e.Causes) > 0 {
		return
	}
	var at place
	for _, tok := range e.InstanceLocation {
		at = at.name(tok)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			p.add(at.name(name).pointer, "there is no field %q here", "此处没有字段 %q", name)
		}
	case *kind.Required:
		for _, name := range k.Missing {
			p.add(at.pointer, "the field %q is missing", "缺少字段 %q", name)
		}
	case *kind.Type:
		p.add(at.pointer, "this is a value of type %s; allowed: %s", "值的类型是 %s；允许：%s", k.Got, strings.Join(k.Want, ", "))
	default:
		p.add(at.pointer, "the value is not allowed (%s)", "不允许此值（%s）", lastLine(e))
	}
}
