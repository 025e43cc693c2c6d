package rest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/landfall-ai/landfall/kit/auth"
)

// InProcess returns a transport that hands requests to h, without a socket,
// as the principal who. Answers stream: RoundTrip returns once h has written
// its header. Closing a body early cancels the request's context, as a closed
// connection would.
func InProcess(h http.Handler, who auth.Principal) http.RoundTripper {
	return &inProcess{h, who}
}

type inProcess struct {
	handler http.Handler
	who     auth.Principal
}

func (t *inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(auth.With(req.Context(), t.who))
	in := req.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = "local"
	body, out := io.Pipe()
	w := &piped{header: http.Header{}, out: out, ready: make(chan struct{})}
	go func() {
		defer cancel()
		err := io.EOF
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("handler of %s %s: panic: %v", req.Method, req.URL.Path, v)
			}
			w.end(err)
		}()
		defer func() { _ = in.Body.Close() }()
		t.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		// The handler may have finished at this very moment.
		select {
		case <-w.ready:
		default:
			_ = body.CloseWithError(ctx.Err())
			return nil, ctx.Err()
		}
	}
	if w.failed != nil {
		return nil, w.failed
	}
	return &http.Response{Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, ContentLength: -1, Request: req,
		Body: &cancelBody{body, cancel}}, nil
}

// piped is the handler's side of an answer.
type piped struct {
	header http.Header
	out    *io.PipeWriter
	ready  chan struct{}

	once   sync.Once
	status int
	sent   http.Header // header as it was when the answer began
	failed error       // why no answer began
}

func (w *piped) Header() http.Header { return w.header }

func (w *piped) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		return // informational
	}
	w.begin(status, nil)
}

func (w *piped) begin(status int, failed error) {
	w.once.Do(func() {
		w.status, w.sent, w.failed = status, w.header.Clone(), failed
		close(w.ready)
	})
}

func (w *piped) Write(b []byte) (int, error) {
	if w.sent == nil && w.header.Get("Content-Type") == "" {
		w.header.Set("Content-Type", http.DetectContentType(b))
	}
	w.WriteHeader(http.StatusOK)
	return w.out.Write(b)
}

// Flush has nothing to do: a pipe holds nothing back.
func (w *piped) Flush() { w.WriteHeader(http.StatusOK) }

// end closes the answer: io.EOF for a whole one.
func (w *piped) end(err error) {
	if err == io.EOF {
		w.begin(http.StatusOK, nil)
	} else {
		w.begin(0, err)
	}
	// A pipe's writer never fails to close.
	_ = w.out.CloseWithError(err)
}

type cancelBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *cancelBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
