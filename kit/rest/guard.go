package rest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// resource is a kind of thing that ids name and teams own.
type resource struct {
	name text.Text
	see  auth.Permission
	team func(ctx context.Context, id string) (string, error)
}

// guard is what must be checked of an operation's input.
type guard struct {
	pathNames []string       // in the order of the path
	pathTypes []reflect.Type // the id type of each
	more      bool           // whether query, header or body can hold ids
}

// Resource says who owns what ID names: name is what people call it, see is
// the permission that it takes to know of it (usually auth.Read), and teamOf
// finds the owner. teamOf returns "" for what the organisation owns and a
// NotFound fault for an id that names nothing.
//
// It must come before the first operation that uses ID.
func Resource[ID ~string](r *Registry, name text.Text, see auth.Permission, teamOf func(context.Context, ID) (team string, err error)) {
	t := reflect.TypeFor[ID]()
	if t == reflect.TypeFor[string]() {
		panic("rest: resource " + name.En + ": an id needs a type of its own")
	}
	if _, twice := r.resources[t]; twice || see == 0 || name.En == "" || name.Zh == "" {
		panic(fmt.Sprintf("rest: resource %s (%s): registered twice, or without permission or names", name.En, t))
	}
	if op, late := r.unowned[t]; late {
		panic(fmt.Sprintf("rest: resource %s (%s): operation %s uses it already", name.En, t, op))
	}
	r.resources[t] = resource{name, see, func(ctx context.Context, id string) (string, error) {
		return teamOf(ctx, ID(id))
	}}
}

var pathParam = regexp.MustCompile(`\{([^}]+)\}`)

// plan finds every id in the input type of e and panics if one has no owner.
func (r *Registry) plan(e *Operation, in reflect.Type) guard {
	bad := func(format string, args ...any) {
		panic("rest: operation " + e.ID + ": " + fmt.Sprintf(format, args...))
	}
	if in.Kind() != reflect.Struct {
		bad("its input must be a struct")
	}
	for _, f := range reflect.VisibleFields(in) {
		if f.Anonymous && !f.IsExported() {
			bad("its input embeds %s, which huma would leave empty: export it", f.Type)
		}
	}
	byName := map[string]reflect.Type{}
	var g guard
	for f := range fields(in) {
		if name := f.Tag.Get("path"); name != "" {
			byName[name] = f.Type
			continue
		}
		r.types(f.Type, map[reflect.Type]bool{}, func(t reflect.Type) {
			if _, ok := r.resources[t]; ok {
				g.more = true
				return
			}
			if strings.HasSuffix(t.Name(), "ID") {
				bad("id type %s has no owner; register it with rest.Resource first", t)
			}
			r.unowned[t] = e.ID
		})
	}
	for _, m := range pathParam.FindAllStringSubmatch(e.Path, -1) {
		t, ok := byName[m[1]]
		if !ok {
			bad("path parameter {%s} has no field", m[1])
		}
		if _, ok := r.resources[t]; !ok {
			bad("path parameter {%s} is a %s, which has no owner; register it with rest.Resource first", m[1], t)
		}
		g.pathNames, g.pathTypes = append(g.pathNames, m[1]), append(g.pathTypes, t)
		delete(byName, m[1])
	}
	for name := range byName {
		bad("field %q is not in the path %s", name, e.Path)
	}
	return g
}

// types calls f for every named string type inside t.
func (r *Registry) types(t reflect.Type, seen map[reflect.Type]bool, f func(reflect.Type)) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.String:
		if t != reflect.TypeFor[string]() {
			f(t)
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		r.types(t.Elem(), seen, f)
	case reflect.Map:
		r.types(t.Key(), seen, f)
		r.types(t.Elem(), seen, f)
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				r.types(t.Field(i).Type, seen, f)
			}
		}
	}
}

// fields yields the exported fields of a struct, those of embedded structs in
// their place; pointers are followed.
func fields(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return
		}
		for _, f := range reflect.VisibleFields(t) {
			if f.IsExported() && !f.Anonymous && !yield(f) {
				return
			}
		}
	}
}

// guardPath decides by principal and path before the body is read.
func (r *Registry) guardPath(e *Operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := r.mayPath(ctx.Context(), e, ctx.Param); err != nil {
			_, w := humago.Unwrap(ctx)
			writeProblem(w, problemOf(ctx.Context(), err))
			return
		}
		next(huma.WithContext(ctx, withOperation(ctx.Context(), e.ID)))
	}
}

// mayPath checks the permission of e on the last id of the path, and reading
// on those before it.
func (r *Registry) mayPath(ctx context.Context, e *Operation, value func(string) string) error {
	if e.Anyone {
		return nil
	}
	p := auth.From(ctx)
	if p.Nobody() {
		return ErrSignIn.With()
	}
	last := len(e.guard.pathNames) - 1
	if last < 0 {
		// What a list without an owner shows is the list's own filter.
		if e.Perm == auth.Read && !e.Organisation || auth.Decide(p, "", auth.Read, e.Perm) == auth.Allowed {
			return nil
		}
		return denied(e.Perm)
	}
	for i, name := range e.guard.pathNames {
		want := auth.Permission(0)
		if i == last {
			want = e.Perm
		}
		if err := r.mayID(ctx, p, e.guard.pathTypes[i], value(name), want); err != nil {
			return err
		}
	}
	return nil
}

// mayUse checks reading on every id in query, header and body.
func (r *Registry) mayUse(ctx context.Context, e *Operation, input reflect.Value) error {
	if !e.guard.more {
		return nil
	}
	p := auth.From(ctx)
	for f := range fields(input.Type()) {
		if f.Tag.Get("path") != "" {
			continue
		}
		v, err := input.FieldByIndexErr(f.Index)
		if err != nil {
			continue // inside an embedded nil pointer
		}
		if err := r.walk(v, func(t reflect.Type, id string) error { return r.mayID(ctx, p, t, id, 0) }); err != nil {
			return err
		}
	}
	return nil
}

// walk calls f for every id inside v that is not empty.
func (r *Registry) walk(v reflect.Value, f func(t reflect.Type, id string) error) error {
	switch v.Kind() {
	case reflect.String:
		if _, ok := r.resources[v.Type()]; ok && v.String() != "" {
			return f(v.Type(), v.String())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return r.walk(v.Elem(), f)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := r.walk(v.Index(i), f); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if err := errors.Join(r.walk(k, f), r.walk(v.MapIndex(k), f)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if err := r.walk(v.Field(i), f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// plain refuses texts that a database cannot hold: with a zero byte, or not
// UTF-8. Bytes and raw JSON are left to whoever reads them.
func plain(v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return ErrRequest.With("problem", text.Text{En: "a text holds a zero byte or is not UTF-8", Zh: "文本含有零字节，或不是 UTF-8 编码"})
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return plain(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			if err := plain(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if err := plain(k); err != nil {
				return err
			}
			if err := plain(v.MapIndex(k)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if err := plain(v.Field(i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mayID checks that p may see what id names and, unless want is zero, has
// want on it. What may not be seen is not told from what is not there.
func (r *Registry) mayID(ctx context.Context, p auth.Principal, t reflect.Type, id string, want auth.Permission) error {
	res := r.resources[t]
	gone := ErrNoSuch.With("resource", res.name, "id", strings.ToValidUTF8(id, "?"))
	if strings.ContainsRune(id, 0) || !utf8.ValidString(id) {
		return gone // a database would refuse it
	}
	team, err := res.team(ctx, id)
	if err != nil {
		if fault.From(err).Kind == fault.NotFound {
			return gone
		}
		return fmt.Errorf("find the owner of %s %s: %w", res.name.En, id, err)
	}
	if want == 0 {
		want = res.see
	}
	switch auth.Decide(p, team, res.see, want) {
	case auth.Allowed:
		return nil
	case auth.Refused:
		return denied(want)
	}
	return gone
}

func denied(want auth.Permission) error {
	return ErrDenied.With("right", text.Text{En: want.In("en"), Zh: want.In("zh")})
}
