package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/web"
)

func TestAccessLogKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Noted(r.Context()).Who = "user_1"
		w.WriteHeader(http.StatusTeapot)
		if _, err := w.Write([]byte("secret answer")); err != nil {
			t.Error(err)
		}
	}), web.Identify(func(p string) string { return p + "_new" }), web.Access(slog.New(slog.NewJSONHandler(&log, nil)), time.Now, nil))
	for sent, want := range map[string]string{"abc-1.2_X": "abc-1.2_X", "": "req_new", "x\" onload=": "req_new", strings.Repeat("a", 65): "req_new"} {
		log.Reset()
		req := httptest.NewRequest("POST", "http://landfall/api/v1/x?token=secret", strings.NewReader("secret"))
		req.Header.Set("Authorization", "Bearer secret")
		req.Header.Set(web.RequestIDHeader, sent)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		var line map[string]any
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if w.Header().Get(web.RequestIDHeader) != want || line["id"] != want || line["who"] != "user_1" || line["status"] != 418.0 ||
			line["bytes"] != 13.0 || line["path"] != "/api/v1/x" || line["method"] != "POST" {
			t.Errorf("sent id %q: header %q, log %s", sent, w.Header().Get(web.RequestIDHeader), log.String())
		}
		if strings.Contains(log.String(), "secret") {
			t.Errorf("a secret is in the log: %s", log.String())
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	deny := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })
	h := web.Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), web.Secure, web.SameOrigin(deny))
	for _, c := range []struct {
		method string
		header map[string]string
		status int
	}{
		{"POST", nil, 200}, // a program
		{"POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"DELETE", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"POST", map[string]string{"Origin": "https://evil.example"}, 403},
		{"POST", map[string]string{"Origin": "http://landfall"}, 200},
		{"GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
	} {
		req := httptest.NewRequest(c.method, "http://landfall/", nil)
		for k, v := range c.header {
			req.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != c.status || !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s %v: %d %v", c.method, c.header, w.Code, w.Header())
		}
	}
}
