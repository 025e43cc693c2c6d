package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// DefaultPrefix is where the API is mounted unless Config says otherwise.
const DefaultPrefix = "/api/v1"

// Config is what a registry needs.
type Config struct {
	Title, Version string
	// Prefix is put before every path; DefaultPrefix if empty.
	Prefix string
	// Log takes the causes of internal errors; slog.Default() if nil.
	Log *slog.Logger
	// Change, if set, is called around every operation that changes something,
	// once it is allowed. It must call do, with ctx or one made from it.
	Change func(ctx context.Context, c Change, do func(context.Context) error) error
}

// Change is an operation that is about to change something.
type Change struct {
	Operation string
	// On holds the ids of its path by the names of their parameters.
	On map[string]string
}

// Registry is the operation table. Fill it with Resource and Add while
// starting, then serve its Handler.
type Registry struct {
	prefix    string
	log       *slog.Logger
	change    func(context.Context, Change, func(context.Context) error) error
	mux       *http.ServeMux
	api       huma.API
	ops       []*Operation
	resources map[reflect.Type]resource
	unowned   map[reflect.Type]string // string types seen before they had an owner, by operation
	sealed    bool
}

// Op describes an operation.
type Op struct {
	// ID is unique and in kebab case: "cancel-run".
	ID string
	// Method and Path are as net/http's; parameters are {named}.
	Method, Path string
	// Perm is what it takes, on what the last id of the path names; without
	// an id, on the organisation. A list without an id asks Read of nobody in
	// particular: it filters by auth.Scope.
	Perm auth.Permission
	// Anyone lets everybody in, nobody too, and takes the place of Perm: what
	// signs people in. Such an operation names no ids in its path.
	Anyone bool
	// Organisation asks Read of an operation without an id on the whole
	// organisation, so that it takes more than being signed in.
	Organisation bool
	// Changes says that an operation changes something although its method is
	// GET; of all other methods that is taken for granted.
	Changes bool
	Doc     text.Text
	// Noun (plural) and Verb make the command `landfall NOUN VERB`; without
	// them there is none.
	Noun, Verb string
	// Columns are what tables show of the answer, or of its items.
	Columns []term.Column
	// Errors are the faults that this operation adds to those that any may
	// answer with. They are documented, not enforced.
	Errors []fault.Def
	// Status of success: 200 if zero, 204 for an answer of None.
	Status int
	// MaxBody bounds the request's body in bytes; 1 MiB if zero.
	MaxBody int64
}

// None is the input or output of an operation that has none.
type None struct{}

// Param is one value that an operation takes outside a nested document.
type Param struct {
	Name string
	In   string // path, query, header or body
	// Type is string, integer, number, boolean or strings (a list).
	Type     string
	Enum     []string
	Required bool
	Doc      text.Text
}

// Operation is a registered operation, as the command line needs it.
type Operation struct {
	Op
	// Params are the path's in its order, then query and header, then the
	// body's top-level scalars and lists of strings, each group by name.
	Params []Param
	// HasBody says whether it takes a JSON body; BodyNeeded, whether it must.
	HasBody, BodyNeeded bool
	// List says whether the answer is a Page.
	List bool

	guard guard
}

// New returns an empty registry.
func New(cfg Config) *Registry {
	r := &Registry{prefix: cfg.Prefix, log: cfg.Log, change: cfg.Change, mux: http.NewServeMux(),
		resources: map[reflect.Type]resource{}, unowned: map[reflect.Type]string{}}
	if r.prefix == "" {
		r.prefix = DefaultPrefix
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	r.api = humago.NewWithPrefix(r.mux, r.prefix, huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0",
			Info:       &huma.Info{Title: cfg.Title, Version: cfg.Version},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)}},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
	c := r.api.OpenAPI().Components
	c.Responses = map[string]*huma.Response{"Problem": {Description: "A problem; its code says which.",
		Content: map[string]*huma.MediaType{problem.ContentType: {Schema: c.Schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")}}}}
	r.mux.HandleFunc("GET "+r.prefix+"/openapi.json", r.serveOpenAPI)
	r.mux.HandleFunc("GET "+r.prefix+"/docs", r.serveDocs)
	return r
}

// answer is what huma writes: bytes that were encoded before any status was
// sent, so that a value that JSON cannot say is an error and not half a 200.
type answer struct {
	Status      int
	ContentType string `header:"Content-Type" hidden:"true"`
	ETag        string `header:"ETag" hidden:"true"`
	Body        []byte
}

// Add registers an operation. It panics on a mistake of the programmer: a
// missing permission, two operations of one name, an id type without an
// owner, a path parameter without a field, a flag without a description.
func Add[I, O any](r *Registry, op Op, fn func(context.Context, *I) (*O, error)) {
	in, out := reflect.TypeFor[I](), reflect.TypeFor[O]()
	e := &Operation{Op: op}
	r.check(e)
	e.guard = r.plan(e, in)
	_, e.List = any(new(O)).(pager)

	none := out == reflect.TypeFor[None]()
	if e.Status == 0 {
		e.Status = http.StatusOK
		if none {
			e.Status = http.StatusNoContent
		}
	}
	schemas := r.api.OpenAPI().Components.Schemas
	ok := &huma.Response{Description: http.StatusText(e.Status)}
	if !none {
		ok.Content = map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(out, true, op.ID+"-answer")}}
	}
	hop := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Doc.En,
		Tags: []string{tag(op)}, DefaultStatus: e.Status, MaxBodyBytes: op.MaxBody,
		Responses:   responses(schemas, op, strconv.Itoa(e.Status), ok, isTagged(out), may(e.guard, hasBody(in))),
		Middlewares: huma.Middlewares{r.guardPath(e)},
		Extensions:  map[string]any{"x-permission": op.permission(), "x-summary-zh": op.Doc.Zh},
	}
	run := func(ctx context.Context, input *I) (any, error) {
		if err := plain(reflect.ValueOf(input).Elem()); err != nil {
			return nil, err
		}
		if err := r.mayUse(ctx, e, reflect.ValueOf(input).Elem()); err != nil {
			return nil, err
		}
		var v *O
		err := r.changing(ctx, e, reflect.ValueOf(input).Elem(), func(ctx context.Context) (err error) {
			v, err = fn(ctx, input)
			return err
		})
		if err != nil {
			return nil, err
		}
		if v == nil && !none {
			return nil, fmt.Errorf("operation %s answered with nothing", op.ID)
		}
		return v, nil
	}
	if none {
		huma.Register(r.api, hop, func(ctx context.Context, input *I) (*struct{}, error) {
			if _, err := run(ctx, input); err != nil {
				return nil, problemOf(ctx, err)
			}
			return nil, nil
		})
	} else {
		huma.Register(r.api, hop, func(ctx context.Context, input *I) (*answer, error) {
			v, err := run(ctx, input)
			if err != nil {
				return nil, problemOf(ctx, err)
			}
			b, err := encode(v)
			if err != nil {
				return nil, problemOf(ctx, fmt.Errorf("encode answer of %s: %w", op.ID, err))
			}
			a := &answer{Status: e.Status, ContentType: "application/json", Body: b}
			if t, ok := v.(Tagged); ok {
				a.ETag = quoted(t.Tag())
				if op.Method == http.MethodGet && Matches(callOf(ctx).known, t.Tag()) {
					a.Status, a.Body = http.StatusNotModified, nil
				}
			}
			return a, nil
		})
	}
	e.describe(r.registered(op), schemas, in)
	r.ops = append(r.ops, e)
}

// permission names what it takes.
func (o Op) permission() string {
	if o.Anyone {
		return "anyone"
	}
	return o.Perm.String()
}

// Mutates reports whether the operation changes something.
func (o Op) Mutates() bool {
	return o.Changes || o.Method != http.MethodGet && o.Method != http.MethodHead
}

// changing runs do, which carries out e on an input, inside Config.Change if e
// changes something.
func (r *Registry) changing(ctx context.Context, e *Operation, input reflect.Value, do func(context.Context) error) error {
	if r.change == nil || !e.Mutates() {
		return do(ctx)
	}
	c := Change{Operation: e.ID, On: map[string]string{}}
	for f := range fields(input.Type()) {
		if name := f.Tag.Get("path"); name != "" {
			v, err := input.FieldByIndexErr(f.Index)
			if err != nil {
				return fmt.Errorf("read the path of %s: %w", e.ID, err)
			}
			c.On[name] = v.String()
		}
	}
	return r.change(ctx, c, do)
}

// check panics unless e can stand beside what is registered.
func (r *Registry) check(e *Operation) {
	bad := func(format string, args ...any) {
		panic("rest: operation " + e.ID + ": " + fmt.Sprintf(format, args...))
	}
	switch {
	case r.sealed:
		bad("registered after the handler was made")
	case e.ID == "" || e.Method == "" || !strings.HasPrefix(e.Path, "/"):
		bad("needs an id, a method and a path from /")
	case (e.Perm == 0) != e.Anyone:
		bad("needs a permission, or to be for anyone")
	case e.Anyone && pathParam.MatchString(e.Path):
		bad("is for anyone and names ids")
	case e.Doc.En == "" || e.Doc.Zh == "":
		bad("needs a description in both languages")
	case (e.Noun == "") != (e.Verb == ""):
		bad("needs both a noun and a verb, or neither")
	}
	for _, o := range r.ops {
		if o.ID == e.ID {
			bad("is registered twice")
		}
		if e.Noun != "" && o.Noun == e.Noun && o.Verb == e.Verb {
			bad("is the same command as %s", o.ID)
		}
	}
}

// Operations returns what is registered, in order of registration.
func (r *Registry) Operations() []Operation {
	ops := make([]Operation, len(r.ops))
	for i, o := range r.ops {
		ops[i] = *o
	}
	return ops
}

// Prefix returns where the API is mounted.
func (r *Registry) Prefix() string { return r.prefix }

// registered reads back the copy that huma keeps of an operation.
func (r *Registry) registered(op Op) *huma.Operation {
	item := r.api.OpenAPI().Paths[op.Path]
	for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete, item.Head, item.Options} {
		if o != nil && o.OperationID == op.ID {
			return o
		}
	}
	panic("rest: operation " + op.ID + ": method " + op.Method + " is not supported")
}

// describe fills what commands are made from.
func (e *Operation) describe(hop *huma.Operation, schemas huma.Registry, in reflect.Type) {
	zh := map[string]string{}
	chinese(in, zh)
	for _, name := range e.guard.pathNames {
		e.Params = append(e.Params, Param{Name: name, In: "path", Type: "string", Required: true})
	}
	var rest []Param
	for _, p := range hop.Parameters {
		if p.In == "query" || p.In == "header" {
			typ, enum := flagType(p.Schema)
			rest = append(rest, Param{Name: p.Name, In: p.In, Type: typ, Enum: enum, Required: p.Required,
				Doc: text.Text{En: p.Description, Zh: zh[p.In+"/"+p.Name]}})
		}
	}
	if hop.RequestBody != nil {
		e.HasBody, e.BodyNeeded = true, hop.RequestBody.Required
		if media := hop.RequestBody.Content["application/json"]; media != nil {
			s := media.Schema
			if s.Ref != "" {
				s = schemas.SchemaFromRef(s.Ref)
			}
			for name, p := range s.Properties {
				if typ, enum := flagType(p); typ != "" && !p.ReadOnly {
					rest = append(rest, Param{Name: name, In: "body", Type: typ, Enum: enum,
						Required: slices.Contains(s.Required, name),
						Doc:      text.Text{En: p.Description, Zh: zh["body/"+name]}})
				}
			}
		}
	}
	group := map[string]int{"query": 0, "header": 1, "body": 2}
	slices.SortFunc(rest, func(a, b Param) int {
		if a.In != b.In {
			return group[a.In] - group[b.In]
		}
		return strings.Compare(a.Name, b.Name)
	})
	seen := map[string]bool{}
	for _, p := range rest {
		if e.Noun == "" || p.In == "header" {
			continue
		}
		if p.Doc.En == "" || p.Doc.Zh == "" {
			panic(fmt.Sprintf("rest: operation %s: %s %q needs the tags doc and zh", e.ID, p.In, p.Name))
		}
		if seen[p.Name] {
			panic(fmt.Sprintf("rest: operation %s: %q is both in the query and in the body", e.ID, p.Name))
		}
		seen[p.Name] = true
	}
	e.Params = append(e.Params, rest...)
}

// flagType returns the type of a value that fits a flag, or "".
func flagType(s *huma.Schema) (typ string, enum []string) {
	if s == nil {
		return "", nil
	}
	switch s.Type {
	case huma.TypeString, huma.TypeInteger, huma.TypeNumber, huma.TypeBoolean:
		typ = s.Type
	case huma.TypeArray:
		if s.Items == nil || s.Items.Type != huma.TypeString {
			return "", nil
		}
		typ, s = "strings", s.Items
	default:
		return "", nil
	}
	for _, v := range s.Enum {
		enum = append(enum, fmt.Sprint(v))
	}
	return typ, enum
}

// chinese collects the zh tags of t: "query/limit", "body/title".
func chinese(t reflect.Type, into map[string]string) {
	for f := range fields(t) {
		zh := f.Tag.Get("zh")
		for _, in := range []string{"query", "header"} {
			if name, _, _ := strings.Cut(f.Tag.Get(in), ","); name != "" {
				into[in+"/"+name] = zh
			}
		}
		if f.Name == "Body" {
			for b := range fields(f.Type) {
				name, _, _ := strings.Cut(b.Tag.Get("json"), ",")
				if name == "" {
					name = b.Name
				}
				into["body/"+name] = b.Tag.Get("zh")
			}
		}
	}
}

// tag groups operations in the document: the first word of the path.
func tag(op Op) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/"), "/")
	return first
}

// hasBody reports whether an input has a body.
func hasBody(in reflect.Type) bool {
	_, ok := in.FieldByName("Body")
	return ok
}

// isTagged reports whether answers of type t carry a tag.
func isTagged(t reflect.Type) bool { return reflect.PointerTo(t).Implements(reflect.TypeFor[Tagged]()) }

// encode writes v as JSON; <, > and & stay as they are.
func encode(v any) ([]byte, error) {
	if p, ok := v.(pager); ok {
		p.fill()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// anyMay are the statuses that any operation may answer with; withID those with
// an id in the path, withBody those with a body.
var (
	anyMay   = []int{401, 403, 406, 422, 429, 500, 503}
	withID   = []int{404}
	withBody = []int{408, 413, 415}
)

// may returns the statuses that an operation may answer with beside success and
// its own faults.
func may(g guard, body bool) []int {
	out := slices.Clone(anyMay)
	if len(g.pathNames) > 0 || g.more {
		out = append(out, withID...)
	}
	if body {
		out = append(out, withBody...)
	}
	return out
}

// responses documents success, the operation's own faults by status, and those
// that it may answer with for other reasons.
func responses(schemas huma.Registry, op Op, status string, ok *huma.Response, tagged bool, others []int) map[string]*huma.Response {
	schema := schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")
	failure := func(about string) *huma.Response {
		return &huma.Response{Description: about,
			Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
	}
	all := map[string]*huma.Response{status: ok}
	for _, k := range others {
		all[strconv.Itoa(k)] = &huma.Response{Ref: "#/components/responses/Problem"}
	}
	if tagged {
		ok.Headers = map[string]*huma.Param{"ETag": {Description: "What is read, for If-Match of an edit.", Schema: &huma.Schema{Type: huma.TypeString}}}
		if op.Method == http.MethodGet {
			all["304"] = &huma.Response{Description: "If-None-Match names what is there."}
		}
	}
	codes := map[string][]string{}
	for _, d := range op.Errors {
		s := strconv.Itoa(d.Kind.Status())
		codes[s] = append(codes[s], d.Code)
	}
	for s, c := range codes {
		slices.Sort(c)
		all[s] = failure("Among others: " + strings.Join(slices.Compact(c), ", ") + ".")
	}
	return all
}
