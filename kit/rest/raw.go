package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// The pace that an upload must keep: a grace, and then a least rate. Who is
// slower is cut off, so that idle uploads cannot hold connections.
const (
	uploadGrace = 60 * time.Second
	uploadRate  = 16 << 10 // bytes a second
	// handling is how long an upload may be worked on once it is there.
	handling = 10 * time.Minute
)

// Body is what an upload sends.
type Body struct {
	io.Reader
	// Type is the media type, without parameters; one of those that the
	// operation takes.
	Type string
}

// Media is a form in which a body may come.
type Media struct {
	Type string
	// Of is a value of the type that JSON of this form holds; nil is bytes.
	Of any
}

// Bytes are media of which nothing is known.
func Bytes(types ...string) []Media {
	out := make([]Media, len(types))
	for i, t := range types {
		out[i] = Media{Type: t}
	}
	return out
}

// Upload registers an operation whose body is not read into memory: fn reads
// it as it arrives, at most Op.MaxBody bytes of it (1 MiB if 0), beyond which
// reading fails with ErrTooLarge. takes are the forms that it may have.
func Upload[I, O any](r *Registry, op Op, takes []Media, fn func(context.Context, *I, Body) (*O, error)) {
	e := &Operation{Op: op}
	if e.MaxBody == 0 {
		e.MaxBody = 1 << 20
	}
	if e.Status == 0 {
		e.Status = http.StatusOK
	}
	schemas := r.api.OpenAPI().Components.Schemas
	ok := &huma.Response{Description: http.StatusText(e.Status), Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemas.Schema(reflect.TypeFor[O](), true, op.ID+"-answer")}}}
	body := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	var kinds []string
	for _, m := range takes {
		kinds = append(kinds, m.Type)
		schema := &huma.Schema{Type: huma.TypeString, Format: "binary"}
		if m.Of != nil {
			schema = schemas.Schema(reflect.TypeOf(m.Of), true, op.ID+"-body")
		}
		body.Content[m.Type] = &huma.MediaType{Schema: schema}
	}
	raw(r, e, body, ok, isTagged(reflect.TypeFor[O]()), func(ctx context.Context, in *I, w http.ResponseWriter, req *http.Request) error {
		kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
		if !slices.Contains(kinds, kind) {
			return ErrMediaOf.With("takes", kinds)
		}
		if req.ContentLength > e.MaxBody {
			return ErrTooLarge.With()
		}
		u := &upload{r: http.MaxBytesReader(w, req.Body, e.MaxBody), c: http.NewResponseController(w), began: time.Now()}
		v, err := fn(ctx, in, Body{u, kind})
		if err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("operation %s answered with nothing", op.ID)
		}
		b, err := encode(v)
		if err != nil {
			return fmt.Errorf("encode answer of %s: %w", op.ID, err)
		}
		if t, ok := any(v).(Tagged); ok {
			w.Header().Set("ETag", quoted(t.Tag()))
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.Status)
		// The client is gone if this fails.
		_, _ = w.Write(b)
		return nil
	})
}

// Stream registers an operation that writes its answer itself, of the media
// type gives: a file, a page, events. An error before the first byte is a
// problem like any other; after it, the answer is cut off.
func Stream[I any](r *Registry, op Op, gives string, fn func(context.Context, *I, http.ResponseWriter, *http.Request) error) {
	e := &Operation{Op: op}
	if e.Status == 0 {
		e.Status = http.StatusOK
	}
	ok := &huma.Response{Description: http.StatusText(e.Status),
		Content: map[string]*huma.MediaType{gives: {Schema: &huma.Schema{Type: huma.TypeString}}}}
	raw(r, e, nil, ok, false, func(ctx context.Context, in *I, w http.ResponseWriter, req *http.Request) error {
		w.Header().Set("Content-Type", gives)
		return fn(ctx, in, w, req)
	})
}

// raw registers what reads or writes HTTP by itself: paths, permission and
// parameters are checked as for every operation.
func raw[I any](r *Registry, e *Operation, body *huma.RequestBody, ok *huma.Response, tagged bool,
	serve func(context.Context, *I, http.ResponseWriter, *http.Request) error) {
	in := reflect.TypeFor[I]()
	r.check(e)
	e.guard = r.plan(e, in)
	schemas := r.api.OpenAPI().Components.Schemas
	huma.Register(r.api, huma.Operation{
		OperationID: e.ID, Method: e.Method, Path: e.Path, Summary: e.Doc.En, Tags: []string{tag(e.Op)}, DefaultStatus: e.Status,
		Responses:   responses(schemas, e.Op, strconv.Itoa(e.Status), ok, tagged, may(e.guard, body != nil)),
		Middlewares: huma.Middlewares{r.guardPath(e)},
		Extensions:  map[string]any{"x-permission": e.permission(), "x-summary-zh": e.Doc.Zh},
	}, func(_ context.Context, input *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			req, w := humago.Unwrap(hc)
			ctx := hc.Context()
			tw := &tracked{ResponseWriter: w}
			err := plain(reflect.ValueOf(input).Elem())
			if err == nil {
				err = r.mayUse(ctx, e, reflect.ValueOf(input).Elem())
			}
			if err == nil {
				err = r.changing(ctx, e, reflect.ValueOf(input).Elem(), func(ctx context.Context) error { return serve(ctx, input, tw, req) })
			}
			if err == nil {
				return
			}
			p := problemOf(ctx, tooLarge(err))
			if tw.started {
				panic(http.ErrAbortHandler) // half an answer is out; only cutting it off says so
			}
			if errors.Is(err, ErrMediaOf) {
				p.Status = http.StatusUnsupportedMediaType
			}
			w.Header().Del("ETag")
			writeProblem(w, p)
		}}, nil
	})
	hop := r.registered(e.Op)
	e.describe(hop, schemas, in)
	hop.RequestBody = body // only now, or huma would read the body itself
	r.ops = append(r.ops, e)
}

// tooLarge gives the bound of a body a kind.
func tooLarge(err error) error {
	var most *http.MaxBytesError
	if errors.As(err, &most) {
		return ErrTooLarge.With().Because(err)
	}
	return err
}

// upload moves the deadlines of a connection on while it keeps the pace.
type upload struct {
	r     io.Reader
	c     *http.ResponseController
	began time.Time
	n     int64
	next  int64
}

func (u *upload) Read(p []byte) (int, error) {
	if u.n >= u.next {
		until := u.began.Add(uploadGrace + time.Duration(u.n/uploadRate)*time.Second)
		// A writer without deadlines is not a connection, and needs none.
		_ = errors.Join(u.c.SetReadDeadline(until), u.c.SetWriteDeadline(until.Add(handling)))
		u.next = u.n + 256<<10
	}
	n, err := u.r.Read(p)
	u.n += int64(n)
	return n, err
}

// Tagged is an answer with a tag by which edits can say what they are based
// on: it becomes the ETag header, and If-None-Match is compared with it.
type Tagged interface{ Tag() string }

func quoted(tag string) string { return `"` + tag + `"` }

// Matches reports whether an If-Match or If-None-Match header names tag. An
// empty header names none.
func Matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == quoted(tag) {
			return true
		}
	}
	return false
}
