package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Chain puts h behind ms; the first is outermost.
func Chain(h http.Handler, ms ...Middleware) http.Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		if ms[i] != nil {
			h = ms[i](h)
		}
	}
	return h
}

// RequestIDHeader carries a request's id, in both directions.
const RequestIDHeader = "X-Request-Id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

type idKey struct{}

// ID returns the id of the request in ctx, or "".
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// Identify gives each request an id: the caller's if it is a plain word of at
// most 64 letters, digits and ._-, else one that newID makes.
func Identify(newID func(prefix string) string) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(RequestIDHeader)
			if !requestID.MatchString(id) {
				id = newID("req")
			}
			w.Header().Set(RequestIDHeader, id)
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), idKey{}, id)))
		})
	}
}

// Policy is the Content-Security-Policy of the console: everything comes from
// this server, nothing is inline but styles, which the component library sets
// as it runs.
const Policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Secure sets the headers that keep a browser from doing more with an answer
// than it is meant for. A handler may set a narrower policy.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses requests that change something and come from another
// site's page in a browser; deny writes the refusal.
func SameOrigin(deny http.Handler) Middleware {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(deny)
	return p.Handler
}

// Deadlines bounds how long a request may take to arrive, and until when its
// answer must have left. Uploads and streams move them on.
func Deadlines(read, write time.Duration, now func() time.Time) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, at := http.NewResponseController(w), now()
			// A writer without deadlines is not a connection, and needs none.
			_ = errors.Join(c.SetReadDeadline(at.Add(read)), c.SetWriteDeadline(at.Add(write)))
			next.ServeHTTP(w, r)
		})
	}
}

// Access logs each request once it is answered, and has observe count it, which
// may be nil: never its query, headers or body, which may hold secrets.
func Access(log *slog.Logger, now func() time.Time, observe func(r *http.Request, status int, d time.Duration)) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := now()
			c := &counted{ResponseWriter: w}
			note := &Note{}
			r = r.WithContext(context.WithValue(r.Context(), noteKey{}, note))
			defer func() {
				status := c.status
				if status == 0 {
					status = http.StatusOK
				}
				d := now().Sub(began)
				log.InfoContext(r.Context(), "request", "id", ID(r.Context()), "method", r.Method, "path", r.URL.Path, "status", status,
					"bytes", c.bytes, "ms", float64(d.Microseconds())/1000, "from", r.RemoteAddr, "who", note.Who)
				if observe != nil {
					observe(r, status, d)
				}
			}()
			next.ServeHTTP(c, r)
		})
	}
}

type noteKey struct{}

// Note is what inner handlers tell the access log.
type Note struct{ Who string }

// Noted returns the note of the request in ctx; writing to it is the point.
func Noted(ctx context.Context) *Note {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		return n
	}
	return &Note{}
}

// counted remembers what an answer was.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counted) WriteHeader(status int) {
	if c.status == 0 && status >= 200 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what lies below.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Flush passes on what was written; streams need it.
func (c *counted) Flush() {
	// A writer that cannot flush sends everything at the end.
	_ = http.NewResponseController(c.ResponseWriter).Flush()
}
