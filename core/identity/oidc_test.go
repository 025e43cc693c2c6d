package identity_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// issuer is an OpenID Connect provider in this process (OpenID Connect Core
// 1.0, code flow, with PKCE as RFC 7636 has it).
type issuer struct {
	t   *testing.T
	url string
	key *rsa.PrivateKey
	now func() time.Time

	mu     sync.Mutex
	claims map[string]any                  // of whoever signs in next
	change func(header, id map[string]any) // spoils the ID token
	codes  map[string]url.Values           // the authorisation request by code
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key, codes: map[string]url.Values{}}
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, m{"issuer": i.url, "authorization_endpoint": i.url + "/auth", "token_endpoint": i.url + "/token", "jwks_uri": i.url + "/keys",
			"userinfo_endpoint": i.url + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		e := big.NewInt(int64(key.E)).Bytes()
		answer(w, m{"keys": []m{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": b64(key.N.Bytes()), "e": b64(e)}}})
	})
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("client_id") != "landfall" {
			http.Error(w, "not as it should be", http.StatusBadRequest)
			return
		}
		code := rand.Text()
		i.mu.Lock()
		i.codes[code] = q
		i.mu.Unlock()
		http.Redirect(w, r, q.Get("redirect_uri")+"?code="+code+"&session_state=x&iss="+url.QueryEscape(i.url)+"&state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		q, ok := i.codes[r.PostFormValue("code")]
		delete(i.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		id, secret, _ := r.BasicAuth()
		if !ok || b64(sum[:]) != q.Get("code_challenge") || id != "landfall" || secret != "s3cret" || r.PostFormValue("redirect_uri") != q.Get("redirect_uri") {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, m{"error": "invalid_grant"})
			return
		}
		head := m{"alg": "RS256", "kid": "k1", "typ": "JWT"}
		token := m{"iss": i.url, "aud": "landfall", "nonce": q.Get("nonce"), "iat": i.now().Unix(), "exp": i.now().Add(time.Minute).Unix()}
		for k, v := range i.claims {
			if k != "userinfo" {
				token[k] = v
			}
		}
		if i.change != nil {
			i.change(head, token)
		}
		answer(w, m{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": i.sign(head, token)})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer access" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		more, ok := i.claims["userinfo"].(m)
		if !ok {
			more = m{"sub": i.claims["sub"]}
		}
		answer(w, more)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	i.url = srv.URL
	return i
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *issuer) sign(head, token m) string {
	part := func(v m) string {
		raw, err := json.Marshal(v)
		if err != nil {
			i.t.Error(err)
		}
		return b64(raw)
	}
	signed := part(head) + "." + part(token)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Error(err)
	}
	return signed + "." + b64(sig)
}

func (i *issuer) next(claims m, change func(head, id map[string]any)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claims, i.change = claims, change
}

// through walks a browser to the issuer and back; spoil changes the address
// that it comes back with.
func through(b *browser, back string, spoil func(url.Values)) reply {
	b.f.t.Helper()
	r := b.do("GET", "/sign-in/oidc?return="+url.QueryEscape(back), nil)
	if r.status != http.StatusSeeOther {
		return r
	}
	r = b.do("GET", r.header.Get("Location"), nil)
	if r.status != http.StatusSeeOther {
		b.f.t.Fatalf("the issuer: %d %s", r.status, r.body)
	}
	u, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		b.f.t.Fatal(err)
	}
	q := u.Query()
	if spoil != nil {
		spoil(q)
	}
	u.RawQuery = q.Encode()
	// A redirect from another site: the cookie must be one that comes along.
	return b.do("GET", u.String(), nil, "Sec-Fetch-Site", "cross-site")
}

func oidcFixture(t *testing.T, db *store.DB, more string) (*fixture, *issuer) {
	t.Helper()
	i := newIssuer(t)
	f := newFixture(t, db, func(server string) identity.Config {
		c, err := identity.ParseConfig([]byte(`
url: `+server+`
oidc:
  issuer: `+i.url+`
  title: {en: Company, zh: 公司}
  client_id: landfall
  client_secret_env: SECRET
`+more+`
  groups:
    - {group: /admins, platform: administrator}
    - {group: /audit, platform: auditor}
    - {group: /bank, team: Bank, role: viewer}
    - {group: /bank/leads, team: Bank, role: owner}
`), func(name string) string { return map[string]string{"SECRET": "s3cret"}[name] })
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
	i.now = f.now
	return f, i
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f, i := oidcFixture(t, db, "")
		root, _ := f.administrator()
		li := m{"sub": "li-1", "email": "Li@example.com", "email_verified": true, "name": "李雷", "groups": []string{"/bank", "/bank/leads", "/other"}}
		b := f.browser()
		var ways identity.Ways
		if b.ok("GET", "/sign-in", nil, &ways); ways.OIDC == nil || ways.OIDC.Zh != "公司" {
			t.Errorf("%+v", ways)
		}
		i.next(li, nil)
		if r := through(b, "/scenarios/bank?tab=gates", nil); r.status != http.StatusSeeOther || r.header.Get("Location") != "/scenarios/bank?tab=gates" {
			t.Fatalf("%d %v %s", r.status, r.header, r.body)
		}
		var me identity.Me
		b.ok("GET", "/me", nil, &me)
		if me.Name != "李雷" || me.User.Login != "li@example.com" || me.User.Password || len(me.Teams) != 1 || me.Teams[0].Name != "Bank" || me.Teams[0].Role != identity.Owner {
			t.Fatalf("%+v", me)
		}
		first := me.ID

		// The next sign-in is the same user, with the roles of then: fewer groups,
		// another login, and an administrator by group.
		i.next(m{"sub": "li-1", "email": "li.lei@example.com", "userinfo": m{"sub": "li-1", "groups": []string{"/admins", "/bank"}}}, nil)
		through(b, "", nil)
		b.ok("GET", "/me", nil, &me)
		if me.ID != first || me.User.Platform != identity.Administrator {
			t.Errorf("%+v", me)
		}
		for _, team := range me.Teams {
			if team.Name == "Bank" && team.Role != identity.Viewer {
				t.Errorf("%+v", team)
			}
		}
		// A role that the groups give is changed by them alone.
		var page struct{ Items []identity.MemberView }
		root.ok("GET", "/teams/"+me.Teams[0].ID+"/members", nil, &page)
		if len(page.Items) != 1 || page.Items[0].Origin != "oidc" {
			t.Fatalf("%+v", page)
		}
		if r := root.do("PATCH", "/members/"+page.Items[0].ID, m{"role": "owner"}); r.code != "identity.managed_elsewhere" {
			t.Errorf("%d %s", r.status, r.body)
		}
		if r := root.do("DELETE", "/members/"+page.Items[0].ID, nil); r.code != "identity.managed_elsewhere" {
			t.Errorf("%d %s", r.status, r.body)
		}
		i.next(m{"sub": "li-1", "email": "li@example.com", "groups": "/nothing"}, nil)
		if r := through(b, "https://evil.example/", nil); r.header.Get("Location") != "/" {
			t.Errorf("sent to %s", r.header.Get("Location"))
		}
		me = identity.Me{}
		b.ok("GET", "/me", nil, &me)
		if me.User.Platform != "" || len(me.Teams) != 0 {
			t.Errorf("roles that no group gives: %+v", me)
		}

		// It is entered who gave which roles.
		items, err := f.log.List(t.Context(), audit.Filter{Operation: "finish-oidc", Thing: first}, nil, 10)
		if err != nil || len(items) < 3 {
			t.Fatalf("%d entries %v", len(items), err)
		}

		// Who is deactivated stays out.
		root.ok("POST", "/users/"+first+"/deactivate", nil, nil)
		i.next(li, nil)
		if r := through(f.browser(), "/", nil); r.code != "identity.deactivated" {
			t.Errorf("%d %s", r.status, r.body)
		}
		// An account with a password is not taken over by a login of the same name.
		i.next(m{"sub": "x", "email": "root@example.com", "email_verified": true}, nil)
		if r := through(f.browser(), "/", nil); r.code != "identity.unlinked" {
			t.Errorf("%d %s", r.status, r.body)
		}
		// Somebody without the claim is nobody.
		i.next(m{"sub": "y"}, nil)
		if r := through(f.browser(), "/", nil); r.code != "identity.claims" {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}

// What must fail does, and leaves no session.
func TestOIDCRefusals(t *testing.T) {
	t.Parallel()
	f, i := oidcFixture(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations), "  only_groups: true\n")
	good := m{"sub": "li-1", "email": "li@example.com", "groups": []string{"/bank"}}
	for _, c := range []struct {
		name   string
		claims m
		change func(head, id map[string]any)
		spoil  func(url.Values)
		code   string
	}{
		{"another state", good, nil, func(q url.Values) { q.Set("state", "guess") }, "identity.state"},
		{"no state", good, nil, func(q url.Values) { q.Del("state") }, "identity.state"},
		{"another code", good, nil, func(q url.Values) { q.Set("code", "guess") }, "identity.provider"},
		{"refused", good, nil, func(q url.Values) { q.Set("error", "access_denied") }, "identity.provider_refused"},
		{"another nonce", good, func(_, id map[string]any) { id["nonce"] = "other" }, nil, "identity.provider"},
		{"for somebody else", good, func(_, id map[string]any) { id["aud"] = "other" }, nil, "identity.provider"},
		{"of another issuer", good, func(_, id map[string]any) { id["iss"] = "https://evil.example" }, nil, "identity.provider"},
		{"expired", good, func(_, id map[string]any) { id["exp"] = f.now().Add(-time.Hour).Unix() }, nil, "identity.provider"},
		{"unsigned", good, func(head, _ map[string]any) { head["alg"] = "none" }, nil, "identity.provider"},
		{"in no group", m{"sub": "z", "email": "z@example.com", "groups": []string{"/else"}}, nil, nil, "identity.outside"},
		{"groups of somebody else", m{"sub": "z", "email": "z@example.com", "userinfo": m{"sub": "other", "groups": []string{"/bank"}}}, nil, nil, "identity.provider"},
	} {
		b := f.browser()
		i.next(c.claims, c.change)
		if r := through(b, "/", c.spoil); r.code != c.code {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
		}
		if r := b.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("%s: signed in", c.name)
		}
	}
	// Another browser cannot finish what one began, nor can anybody too late.
	i.next(good, nil)
	b, other := f.browser(), f.browser()
	r := b.do("GET", "/sign-in/oidc", nil)
	r = b.do("GET", r.header.Get("Location"), nil)
	if r := other.do("GET", r.header.Get("Location"), nil); r.code != "identity.state" {
		t.Errorf("another browser: %s", r.body)
	}
	f.pass(11 * time.Minute)
	if r := b.do("GET", r.header.Get("Location"), nil); r.code != "identity.state" {
		t.Errorf("too late: %s", r.body)
	}
	through(b, "/", nil)
	b.ok("GET", "/me", nil, nil)
	if n, err := f.db.Read().NewSelect().Table("users").Count(t.Context()); err != nil || n != 1 {
		t.Errorf("%d users %v", n, err)
	}
}

// A verified address may take over an account of that login, if it is so
// configured.
func TestOIDCLinks(t *testing.T) {
	t.Parallel()
	f, i := oidcFixture(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations), "  link_verified_email: true\n")
	_, u := f.administrator()
	b := f.browser()
	i.next(m{"sub": "r", "email": "root@example.com"}, nil)
	if r := through(b, "/", nil); r.code != "identity.unlinked" {
		t.Errorf("not verified: %s", r.body)
	}
	i.next(m{"sub": "r", "email": "root@example.com", "email_verified": true}, nil)
	through(b, "/", nil)
	var me identity.Me
	b.ok("GET", "/me", nil, &me)
	// No group makes them administrator, but they are the last one.
	if me.ID != u.ID || me.User.Platform != identity.Administrator {
		t.Errorf("%+v", me)
	}
	i.next(m{"sub": "r2", "email": "root@example.com", "email_verified": true}, nil)
	if r := through(f.browser(), "/", nil); r.code != "identity.unlinked" {
		t.Errorf("a second subject: %s", r.body)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	const good = "url: https://landfall.example.com/\noidc: {issuer: https://sso.example.com/realms/x, client_id: landfall}\n"
	if c, err := identity.ParseConfig([]byte(good), func(string) string { return "" }); err != nil || c.URL != "https://landfall.example.com" || c.OIDC.LoginClaim != "email" {
		t.Errorf("%+v %v", c, err)
	}
	for name, raw := range map[string]string{
		"unknown field":  "urls: x",
		"no address":     "url: landfall",
		"a path":         "url: https://x.example/landfall",
		"no range":       "proxies: [10.0.0.1/40]",
		"no url":         "oidc: {issuer: https://sso.example.com, client_id: x}",
		"no client":      "url: https://x.example\noidc: {issuer: https://sso.example.com}",
		"no issuer":      "url: https://x.example\noidc: {client_id: x}",
		"unset variable": good[:len(good)-2] + ", client_secret_env: NONE}",
		"unknown role":   good[:len(good)-2] + ", groups: [{group: g, team: T, role: boss}]}",
		"two things":     good[:len(good)-2] + ", groups: [{group: g, team: T, role: owner, platform: auditor}]}",
		"nothing":        good[:len(good)-2] + ", groups: [{group: g}]}",
		"team role":      good[:len(good)-2] + ", groups: [{group: g, platform: owner}]}",
	} {
		if _, err := identity.ParseConfig([]byte(raw), func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "identity.config") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
