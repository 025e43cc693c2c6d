package endpoint_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/endpoint"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/id"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func service(t *testing.T, db *store.DB) *endpoint.Service {
	t.Helper()
	box, err := seal.New(bytes.Repeat([]byte{3}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return endpoint.New(endpoint.Deps{DB: db, Box: box, NewID: id.Seeded(1), Now: func() time.Time { return time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC) }})
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{endpoint.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		s := service(t, db)
		ctx := t.Context()
		e, err := s.Add(ctx, endpoint.Change{Name: new("qwen"), BaseURL: new("https://models.example.com/v1/"), Allows: []string{"public", "internal"},
			Key: new("sk-geheim"), Currency: new("CNY"), Input: new("2.5"), Output: new("10"), TimeoutS: new(30.0)})
		if err != nil {
			t.Fatal(err)
		}
		var stored string
		if err := db.Read().NewSelect().Table("endpoints").Column("secret").Scan(ctx, &stored); err != nil || strings.Contains(stored, "geheim") || stored == "" {
			t.Errorf("stored as %q %v", stored, err)
		}
		known := func() (string, string) {
			t.Helper()
			all, err := s.Known(ctx)
			if err != nil || len(all) != 1 {
				t.Fatal(all, err)
			}
			for name, k := range all {
				if !k.Defined || !slices.Equal(k.Allows, []string{"public", "internal"}) {
					t.Errorf("%+v", k)
				}
				return name + " " + k.BaseURL, k.Key
			}
			return "", ""
		}
		if at, key := known(); at != "qwen https://models.example.com/v1" || key != "sk-geheim" {
			t.Errorf("%s %s", at, key)
		}
		if _, err := s.Edit(ctx, e.ID, endpoint.Change{Name: new("qwen-max")}); err != nil {
			t.Fatal(err)
		}
		if at, key := known(); at != "qwen-max https://models.example.com/v1" || key != "sk-geheim" {
			t.Errorf("renamed: %s %s", at, key)
		}
		// Whoever changes the address does not get the key sent there.
		if _, err := s.Edit(ctx, e.ID, endpoint.Change{BaseURL: new("https://evil.example.com/v1")}); err != nil {
			t.Fatal(err)
		}
		if _, key := known(); key != "" {
			t.Errorf("the key went along: %s", key)
		}
		if _, err := s.Edit(ctx, e.ID, endpoint.Change{BaseURL: new("https://new.example.com/v1"), Key: new("sk-new")}); err != nil {
			t.Fatal(err)
		}
		if _, key := known(); key != "sk-new" {
			t.Errorf("with a key of its own: %s", key)
		}
		for name, c := range map[string]struct {
			change endpoint.Change
			err    fault.Def
		}{
			"name":       {endpoint.Change{Name: new("Qwen Max")}, endpoint.ErrName},
			"taken":      {endpoint.Change{Name: new("qwen-max"), BaseURL: new("https://x.example.com")}, endpoint.ErrTaken},
			"class":      {endpoint.Change{Allows: []string{"secret"}}, endpoint.ErrClass},
			"price":      {endpoint.Change{Input: new("cheap"), Currency: new("CNY")}, endpoint.ErrPrice},
			"currency":   {endpoint.Change{Input: new("1"), Currency: new("yuan")}, endpoint.ErrPrice},
			"header":     {endpoint.Change{KeyHeader: new("Host")}, endpoint.ErrHeader},
			"no address": {endpoint.Change{BaseURL: new("")}, endpoint.ErrAddress},
			"user":       {endpoint.Change{BaseURL: new("https://me:pw@x.example.com")}, endpoint.ErrAddress},
			"metadata":   {endpoint.Change{BaseURL: new("https://169.254.169.254/latest")}, endpoint.ErrAddress},
			"metadata 6": {endpoint.Change{BaseURL: new("https://[fe80::1]/v1")}, endpoint.ErrAddress},
			"plain":      {endpoint.Change{BaseURL: new("http://x.example.com/v1")}, outbound.ErrInsecure},
			"a file":     {endpoint.Change{BaseURL: new("file:///etc/passwd")}, endpoint.ErrAddress},
		} {
			full := endpoint.Change{Name: new("other"), BaseURL: new("https://x.example.com/v1")}
			if c.change.Name != nil {
				full.Name = c.change.Name
			}
			if c.change.BaseURL != nil {
				full.BaseURL = c.change.BaseURL
			}
			full.Allows, full.Input, full.Currency, full.KeyHeader = c.change.Allows, c.change.Input, c.change.Currency, c.change.KeyHeader
			if _, err := s.Add(ctx, full); !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.Remove(ctx, e.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(ctx, e.ID); !errors.Is(err, endpoint.ErrUnknown) {
			t.Errorf("removed twice: %v", err)
		}
	})
}

// Trying an endpoint tells which models it has and nothing else of what it says.
func TestTry(t *testing.T) {
	t.Parallel()
	s := service(t, storetest.Open(t, storetest.SQLite(t, []fs.FS{endpoint.Migrations}), []fs.FS{endpoint.Migrations}))
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"data":[{"id":"inside"}]}`)
	}))
	t.Cleanup(elsewhere.Close)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   endpoint.Tried
	}{
		"models": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/models" || r.Header.Get("Authorization") != "Bearer sk-1" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			_, _ = fmt.Fprint(w, `{"object":"list","data":[{"id":"a"},{"id":"b"}]}`)
		}, endpoint.Tried{OK: true, Status: 200, Models: []string{"a", "b"}}},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			_, _ = fmt.Fprint(w, "secret of the inside")
		}, endpoint.Tried{Status: 401, Why: "refused"}},
		"a page": {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, endpoint.Tried{Status: 200, Why: "not_models"}},
		"leads elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}, endpoint.Tried{Why: "unreachable"}},
	} {
		srv := httptest.NewServer(c.answer)
		e, err := s.Add(context.WithoutCancel(t.Context()), endpoint.Change{Name: new(strings.ReplaceAll(name, " ", "-")), BaseURL: new(srv.URL + "/v1"), Key: new("sk-1")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Try(t.Context(), e.ID)
		if err != nil || got.OK != c.want.OK || got.Status != c.want.Status || got.Why != c.want.Why || !slices.Equal(got.Models, c.want.Models) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		srv.Close()
	}
}
