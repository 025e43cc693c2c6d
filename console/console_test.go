package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/landfall-ai/landfall/console"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	built := fstest.MapFS{"index.html": file("page"), "index.html.gz": file("page.gz"), ".keep": file("secret"),
		"assets/app-1a2b.js": file("script"), "assets/app-1a2b.js.br": file("script.br"), "assets/app-1a2b.js.gz": file("script.gz"),
		"favicon.svg": file("<svg/>")}
	for _, c := range []struct {
		method, path, accept            string
		status                          int
		body, encoding, cache, mimeType string
	}{
		{"GET", "/", "", 200, "page", "", "no-cache", "text/html"},
		{"GET", "/scenarios/bank?tab=gates", "gzip", 200, "page.gz", "gzip", "no-cache", "text/html"},
		{"GET", "/assets/app-1a2b.js", "gzip, deflate, br", 200, "script.br", "br", "immutable", "javascript"},
		{"GET", "/assets/app-1a2b.js", "br;q=0, gzip;q=0.5", 200, "script.gz", "gzip", "immutable", "javascript"},
		{"GET", "/assets/app-1a2b.js", "identity", 200, "script", "", "immutable", "javascript"},
		{"HEAD", "/favicon.svg", "br", 200, "", "", "no-cache", "image/svg"},
		{"GET", "/assets/app-old.js", "", 404, "404", "", "", "text/plain"},
		{"GET", "/.keep", "", 200, "page", "", "no-cache", "text/html"},
		{"GET", "/../../etc/passwd", "", 200, "page", "", "no-cache", "text/html"},
		{"POST", "/", "", 405, "method", "", "", "text/plain"},
	} {
		req := httptest.NewRequest(c.method, "http://landfall"+c.path, nil)
		req.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		console.New(built).ServeHTTP(w, req)
		h := w.Header()
		if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.body) || h.Get("Content-Encoding") != c.encoding ||
			!strings.Contains(h.Get("Cache-Control"), c.cache) || !strings.Contains(h.Get("Content-Type"), c.mimeType) {
			t.Errorf("%s %s taking %q: %d %q %v", c.method, c.path, c.accept, w.Code, w.Body, h)
		}
		if c.status == 200 && h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s varies by %q", c.path, h.Get("Vary"))
		}
	}
}

func TestNotBuilt(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	console.New(fstest.MapFS{".keep": {}}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/runs/x", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make console") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}
