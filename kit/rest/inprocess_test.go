package rest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
)

func request(t *testing.T, ctx context.Context, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://landfall/x?y=1", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// An answer streams: what was flushed can be read while the handler goes on,
// and closing the body stops the handler.
func TestInProcessStreams(t *testing.T) {
	t.Parallel()
	stopped := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(stopped)
		if who := auth.From(req.Context()); who.ID != "os:me" || req.RequestURI != "/x?y=1" {
			t.Errorf("as %+v at %s", who, req.RequestURI)
		}
		w.Header().Set("X", "1")
		w.WriteHeader(http.StatusContinue)
		w.WriteHeader(http.StatusAccepted)
		w.Header().Set("X", "2") // too late
		if _, err := io.WriteString(w, "first\n"); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-req.Context().Done()
		if _, err := io.WriteString(w, "lost"); err == nil {
			t.Error("written after the reader left")
		}
	})
	res, err := rest.InProcess(h, local).RoundTrip(request(t, context.Background(), nil))
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil || line != "first\n" || res.StatusCode != 202 || res.Header.Get("X") != "1" {
		t.Errorf("%q %v %d %v", line, err, res.StatusCode, res.Header)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	<-stopped
}

func TestInProcessEndings(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 1)
	for name, c := range map[string]struct {
		handle  http.HandlerFunc
		status  int
		body    string
		tripErr string
		readErr string
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, 200, "", "", ""},
		"echo": {func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(w, r.Body); err != nil {
				t.Error(err)
			}
		}, 200, "hello", "", ""},
		"panic before":  {func(http.ResponseWriter, *http.Request) { panic("x") }, 0, "", "panic: x", ""},
		"panic between": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("x") }, 200, "", "", "panic: x"},
	} {
		res, err := rest.InProcess(c.handle, local).RoundTrip(request(t, context.Background(), strings.NewReader("hello")))
		if c.tripErr != "" {
			if err == nil || !strings.Contains(err.Error(), c.tripErr) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := io.ReadAll(res.Body)
		if res.StatusCode != c.status || string(b) != c.body || (err != nil) != (c.readErr != "") || err != nil && !strings.Contains(err.Error(), c.readErr) {
			t.Errorf("%s: %d %q %v", name, res.StatusCode, b, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
		ended <- struct{}{}
	})
	// The handler may end, with an empty answer, in the moment of the cancel.
	if res, err := rest.InProcess(h, local).RoundTrip(request(t, ctx, nil)); err == nil {
		_ = res.Body.Close()
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-ended
}
