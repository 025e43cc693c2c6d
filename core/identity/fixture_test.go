package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/id"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
)

var migrations = []fs.FS{evidence.Migrations, audit.Migrations, identity.Migrations}

// fixture is a server of identity alone.
type fixture struct {
	t   *testing.T
	db  *store.DB
	svc *identity.Service
	log *audit.Log
	url string

	mu  sync.Mutex
	at  time.Time
	out bytes.Buffer // the log
}

func (f *fixture) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

func newFixture(t *testing.T, db *store.DB, cfg func(url string) identity.Config) *fixture {
	t.Helper()
	f := &fixture{t: t, db: db, at: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)}
	keys, err := evidence.OpenKeys(t.TempDir(), f.now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(bytes.Repeat([]byte{1}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	newID := id.New(f.now, rand.Reader)
	f.log = audit.New(audit.Deps{DB: db, Keys: keys, NewID: newID, Now: f.now})
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	f.url = srv.URL
	d := identity.Deps{DB: db, Box: box, NewID: newID, Now: f.now, Log: slog.New(slog.NewTextHandler(&f.out, nil))}
	if cfg != nil {
		d.Config = cfg(srv.URL)
	}
	if f.svc, err = identity.New(d); err != nil {
		t.Fatal(err)
	}
	f.svc.Reached(srv.URL)
	reg := rest.New(rest.Config{Title: "x", Version: "1", Log: d.Log, Change: f.log.Change})
	f.svc.Operations(reg)
	f.log.Operations(reg)
	handler = f.svc.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := auth.From(r.Context()); !p.Nobody() {
			r = r.WithContext(actor.With(r.Context(), actor.Actor{ID: p.ID, Name: p.Name, Kind: actor.Person}))
		}
		reg.Handler().ServeHTTP(w, r)
	}))
	return f
}

// browser is somebody with cookies, or with a token.
type browser struct {
	f     *fixture
	c     *http.Client
	token string
	// headers of every request, beside those of a page of this server.
	header http.Header
}

func (f *fixture) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return &browser{f: f, c: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}
}

func (f *fixture) with(token string) *browser {
	b := f.browser()
	b.token, b.header = token, http.Header{}
	return b
}

type reply struct {
	status int
	body   string
	header http.Header
	code   string
}

func (b *browser) do(method, path string, body any, headers ...string) reply {
	b.f.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.f.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	url := path
	if strings.HasPrefix(path, "/") {
		url = b.f.url + "/api/v1" + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, in)
	if err != nil {
		b.f.t.Fatal(err)
	}
	for k, v := range b.header {
		req.Header[k] = v
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.c.Do(req)
	if err != nil {
		b.f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.f.t.Fatal(err)
	}
	r := reply{status: res.StatusCode, body: string(raw), header: res.Header}
	if p, ok := problem.Parse(res.Header.Get("Content-Type"), raw); ok {
		r.code = p.Code
	}
	return r
}

// ok is do that must succeed; the answer goes into out.
func (b *browser) ok(method, path string, body, out any, headers ...string) reply {
	b.f.t.Helper()
	r := b.do(method, path, body, headers...)
	if r.status < 200 || r.status > 299 {
		b.f.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(r.body), out); err != nil {
			b.f.t.Fatalf("%s %s: %v: %s", method, path, err, r.body)
		}
	}
	return r
}

type m = map[string]any

const password = "a sentence that nobody guesses"

// follow uses a one-time link and signs in.
func (f *fixture) follow(link, login string) (*browser, identity.UserView) {
	f.t.Helper()
	_, secret, _ := strings.Cut(link, "#")
	b := f.browser()
	var u identity.UserView
	b.ok("POST", "/link", m{"login": login, "name": strings.ToUpper(login), "password": password}, &u, "X-Landfall-Link", secret)
	b.ok("POST", "/sign-in", m{"login": u.Login, "password": password}, nil)
	return b, u
}

// administrator sets the server up.
func (f *fixture) administrator() (*browser, identity.UserView) {
	f.t.Helper()
	link, err := f.svc.SetupLink(f.t.Context())
	if err != nil || link == "" {
		f.t.Fatal(link, err)
	}
	return f.follow(link, "root@example.com")
}
