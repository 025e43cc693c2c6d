package rest

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/landfall-ai/landfall/kit/rest/problem"
)

// Handler returns the API as an HTTP handler and closes the table. The
// principal of a request is the one in its context (auth.With); whoever
// serves the handler puts it there.
//
// Unknown routes, methods that a route lacks and panics answer as problems.
func (r *Registry) Handler() http.Handler {
	r.sealed = true
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := context.WithValue(req.Context(), callKey{}, call{
			lang: acceptedLanguage(req.Header.Get("Accept-Language")), log: r.log,
			request: req.Method + " " + req.URL.Path, known: req.Header.Get("If-None-Match")})
		req = req.WithContext(ctx)
		tw := &tracked{ResponseWriter: w}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			p := problemOf(ctx, recovered(v, debug.Stack()))
			if tw.started {
				// Half an answer is out; only cutting it off says so.
				panic(http.ErrAbortHandler)
			}
			writeProblem(w, p)
		}()
		h, pattern := r.mux.Handler(req)
		if pattern != "" {
			r.mux.ServeHTTP(tw, req)
			return
		}
		probe := &refusal{header: http.Header{}}
		h.ServeHTTP(probe, req)
		writeProblem(tw, probe.problem(ctx, w.Header(), req))
	})
}

// Fail answers a request that did not come as far as the table: err as a
// problem, in the language that the request asks for.
func Fail(w http.ResponseWriter, req *http.Request, err error) {
	writeProblem(w, problem.Of(err, acceptedLanguage(req.Header.Get("Accept-Language"))))
}

// acceptedLanguage returns "zh" if a browser or the command line asks for
// Chinese before English.
func acceptedLanguage(header string) string {
	for part := range strings.SplitSeq(strings.ToLower(header), ",") {
		switch part = strings.TrimSpace(part); {
		case strings.HasPrefix(part, "zh"):
			return "zh"
		case strings.HasPrefix(part, "en"):
			return "en"
		}
	}
	return "en"
}

// tracked remembers whether an answer has begun.
type tracked struct {
	http.ResponseWriter
	started bool
}

func (t *tracked) WriteHeader(status int) {
	t.started = true
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracked) Write(b []byte) (int, error) {
	t.started = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what lies below.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Flush passes on what was written; streams need it.
func (t *tracked) Flush() {
	t.started = true
	// A writer that cannot flush sends everything at the end.
	_ = http.NewResponseController(t.ResponseWriter).Flush()
}

// refusal catches what net/http's mux says of a route that it does not have.
type refusal struct {
	header http.Header
	status int
}

func (f *refusal) Header() http.Header         { return f.header }
func (f *refusal) WriteHeader(status int)      { f.status = status }
func (f *refusal) Write(b []byte) (int, error) { return len(b), nil }

// problem says the same as f; the methods that the route has go to header.
func (f *refusal) problem(ctx context.Context, header http.Header, req *http.Request) *problem.Problem {
	if f.status == http.StatusMethodNotAllowed {
		allowed := f.header.Get("Allow")
		header.Set("Allow", allowed)
		p := problemOf(ctx, ErrMethod.With("method", req.Method, "path", req.URL.Path, "allowed", allowed))
		p.Status = f.status
		return p
	}
	return problemOf(ctx, ErrRoute.With("method", req.Method, "path", req.URL.Path))
}
