package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/uptrace/bun"
	"golang.org/x/oauth2"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/rest"
)

// Faults of signing in elsewhere.
var (
	ErrNoProvider = fault.Def{Kind: fault.NotFound, Code: "identity.no_provider",
		En: "this server has no other way to sign in", Zh: "本服务器未配置统一登录",
		HintEn: "sign in with a password", HintZh: "请使用密码登录"}
	ErrProvider = fault.Def{Kind: fault.Unavailable, Code: "identity.provider",
		En: "the sign-in service {issuer} does not answer as it should", Zh: "统一登录服务 {issuer} 应答异常",
		HintEn: "try again; the server's log says what went wrong", HintZh: "请重试；服务日志中有具体原因"}
	ErrState = fault.Def{Kind: fault.Invalid, Code: "identity.state",
		En: "this sign-in was not begun in this browser, or took too long", Zh: "该登录并非由此浏览器发起，或已超时",
		HintEn: "begin again", HintZh: "请重新登录"}
	ErrProviderRefused = fault.Def{Kind: fault.Denied, Code: "identity.provider_refused",
		En: "the sign-in service refused: {problem}", Zh: "统一登录服务拒绝了请求：{problem}",
		HintEn: "begin again, or ask whoever runs it", HintZh: "请重新登录，或联系其管理员"}
	ErrIdentity = fault.Def{Kind: fault.Denied, Code: "identity.claims",
		En: "the sign-in service does not say who you are: the claim {claim} is missing", Zh: "统一登录服务未提供身份信息：缺少声明 {claim}",
		HintEn: "the administrator sets login_claim to a claim that everybody has", HintZh: "请管理员将 login_claim 设为人人都有的声明"}
	ErrOutside = fault.Def{Kind: fault.Denied, Code: "identity.outside",
		En: "you are in none of the groups that may come in", Zh: "您不在允许登录的用户组中",
		HintEn: "ask your administrator for access", HintZh: "请联系管理员开通"}
	ErrUnlinked = fault.Def{Kind: fault.Conflict, Code: "identity.unlinked",
		En: "there is an account {login} that signs in by password", Zh: "已有使用密码登录的账号 {login}",
		HintEn: "sign in with the password; the administrator may set link_verified_email", HintZh: "请用密码登录；管理员可开启 link_verified_email"}
	ErrDeactivated = fault.Def{Kind: fault.Denied, Code: "identity.deactivated",
		En: "your account is deactivated", Zh: "您的账号已停用",
		HintEn: "ask an administrator", HintZh: "请联系管理员"}
)

const (
	// oidcCookie holds, sealed, what a sign-in began with.
	oidcCookie  = "landfall-oidc"
	oidcPurpose = "identity/oidc"
	oidcLife    = 10 * time.Minute
	// OIDCPath is where sign-in at the provider begins, below the API's prefix;
	// it ends at OIDCPath/callback.
	OIDCPath = "/sign-in/oidc"
)

// provider is the OpenID Connect provider. It is asked who it is when it is
// first needed, so that a server starts without it.
type provider struct {
	cfg    OIDC
	url    string
	client *http.Client

	mu    sync.Mutex
	found *gooidc.Provider
}

func newProvider(d Deps) (*provider, error) {
	if d.Config.OIDC == nil {
		return nil, nil
	}
	return &provider{cfg: *d.Config.OIDC, url: d.Config.URL + rest.DefaultPrefix + OIDCPath + "/callback",
		client: &http.Client{Transport: &origins{by: map[string]http.RoundTripper{}}, Timeout: 30 * time.Second}}, nil
}

// origins speaks to the few origins of a provider, each by a client of its own.
type origins struct {
	mu sync.Mutex
	by map[string]http.RoundTripper
}

const maxOrigins = 8

func (o *origins) RoundTrip(r *http.Request) (*http.Response, error) {
	t, err := o.of(r.URL)
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(r)
}

func (o *origins) of(u *url.URL) (http.RoundTripper, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if t, ok := o.by[key]; ok {
		return t, nil
	}
	if len(o.by) >= maxOrigins {
		return nil, fmt.Errorf("the provider leads to more than %d hosts", maxOrigins)
	}
	c, err := outbound.Origin(u, outbound.Options{Proxy: http.ProxyFromEnvironment, Conns: 4})
	if err != nil {
		return nil, err
	}
	o.by[key] = c.Transport
	return c.Transport, nil
}

func (p *provider) discover(ctx context.Context) (*gooidc.Provider, oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		var err error
		if p.found, err = gooidc.NewProvider(gooidc.ClientContext(ctx, p.client), p.cfg.Issuer); err != nil {
			return nil, oauth2.Config{}, ErrProvider.With("issuer", p.cfg.Issuer).Because(err)
		}
	}
	return p.found, oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.secret, Endpoint: p.found.Endpoint(), RedirectURL: p.url,
		Scopes: append([]string{gooidc.ScopeOpenID}, p.cfg.Scopes...)}, nil
}

// begun is what a sign-in began with. It is sealed into a cookie, so that
// nothing is kept of sign-ins that are never finished.
type begun struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Return   string `json:"return"`
	Until    int64  `json:"until"` // Unix seconds
}

// BeginOIDC returns where the browser is to go, and sets the cookie that it
// must come back with. back is the page to return to.
func (s *Service) BeginOIDC(ctx context.Context, w http.ResponseWriter, back string) (string, error) {
	if s.oidc == nil {
		return "", ErrNoProvider.With()
	}
	_, cfg, err := s.oidc.discover(ctx)
	if err != nil {
		s.d.Log.WarnContext(ctx, "the provider cannot be asked", "issuer", s.oidc.cfg.Issuer, "error", err)
		return "", err
	}
	b := begun{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: localPath(back), Until: s.d.Now().Add(oidcLife).Unix()}
	raw, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("begin to sign in: %w", err)
	}
	sealed, err := s.d.Box.Seal(oidcPurpose, raw)
	if err != nil {
		return "", err
	}
	http.SetCookie(w, s.cookieOIDC(sealed, int(oidcLife.Seconds())))
	return cfg.AuthCodeURL(b.State, gooidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)), nil
}

func (s *Service) cookieOIDC(value string, age int) *http.Cookie {
	return &http.Cookie{Name: oidcCookie, Value: value, Path: rest.DefaultPrefix + OIDCPath, MaxAge: age, HttpOnly: true,
		Secure: strings.HasPrefix(s.d.Config.URL, "https://"), SameSite: http.SameSiteLaxMode}
}

// localPath returns a path on this server, "/" for anything else.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}

// claims are what the provider says of somebody.
type claims struct {
	subject, login, name string
	verified             bool
	groups               []string
}

// FinishOIDC takes the answer of the provider from r, starts a session and
// returns the page to go to.
func (s *Service) FinishOIDC(ctx context.Context, w http.ResponseWriter, r *http.Request) (string, error) {
	if s.oidc == nil {
		return "", ErrNoProvider.With()
	}
	if _, err := manager(ctx); err != nil {
		return "", err
	}
	cookie, err := r.Cookie(oidcCookie)
	if err != nil {
		return "", ErrState.With()
	}
	http.SetCookie(w, s.cookieOIDC("", -1))
	raw, err := s.d.Box.Open(oidcPurpose, cookie.Value)
	if err != nil {
		return "", ErrState.With().Because(err)
	}
	var b begun
	if err := json.Unmarshal(raw, &b); err != nil {
		return "", ErrState.With().Because(err)
	}
	q := r.URL.Query()
	if s.d.Now().Unix() > b.Until || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(b.State)) != 1 {
		return "", ErrState.With()
	}
	if problem := q.Get("error"); problem != "" {
		return "", ErrProviderRefused.With("problem", problem)
	}
	c, err := s.oidc.redeem(ctx, q.Get("code"), b, s.d.Now)
	if err != nil {
		s.d.Log.WarnContext(ctx, "sign-in at the provider failed", "issuer", s.oidc.cfg.Issuer, "error", err)
		return "", err
	}
	u, err := s.known(ctx, c)
	if err != nil {
		return "", err
	}
	return b.Return, s.begin(ctx, u)
}

// redeem turns a code into verified claims.
func (p *provider) redeem(ctx context.Context, code string, b begun, now func() time.Time) (claims, error) {
	found, cfg, err := p.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	bad := func(err error) (claims, error) {
		return claims{}, ErrProvider.With("issuer", p.cfg.Issuer).Because(err)
	}
	ctx = gooidc.ClientContext(ctx, p.client)
	token, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(b.Verifier))
	if err != nil {
		return bad(err)
	}
	rawID, _ := token.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &gooidc.Config{ClientID: p.cfg.ClientID, Now: now}).Verify(ctx, rawID)
	if err != nil {
		return bad(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(b.Nonce)) != 1 {
		return bad(fmt.Errorf("the nonce of the ID token is another one"))
	}
	all := map[string]any{}
	if err := id.Claims(&all); err != nil {
		return bad(err)
	}
	if _, there := all[p.cfg.GroupsClaim]; !there && len(p.cfg.Groups) > 0 && found.UserInfoEndpoint() != "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return bad(err)
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return bad(err)
		}
		if info.Subject != id.Subject {
			return bad(fmt.Errorf("the user info is about somebody else"))
		}
		if g, ok := more[p.cfg.GroupsClaim]; ok {
			all[p.cfg.GroupsClaim] = g
		}
	}
	return p.cfg.read(id.Subject, all)
}

// read takes what matters out of claims.
func (o OIDC) read(subject string, all map[string]any) (claims, error) {
	c := claims{subject: subject}
	c.login, _ = all[o.LoginClaim].(string)
	c.name, _ = all["name"].(string)
	c.verified, _ = all["email_verified"].(bool)
	c.verified = c.verified && o.LoginClaim == "email"
	login, err := cleanLogin(c.login)
	if err != nil {
		return c, ErrIdentity.With("claim", o.LoginClaim)
	}
	c.login = login
	if c.name == "" {
		c.name = login
	}
	switch g := all[o.GroupsClaim].(type) {
	case string:
		c.groups = []string{g}
	case []any:
		for _, v := range g {
			if s, ok := v.(string); ok {
				c.groups = append(c.groups, s)
			}
		}
	}
	return c, nil
}

// known returns the user of claims, made when they first come, with the roles
// that their groups give now.
func (s *Service) known(ctx context.Context, c claims) (u User, err error) {
	o := s.oidc.cfg
	platform, teams, any := o.gives(c.groups)
	if o.OnlyGroups && !any {
		return u, ErrOutside.With()
	}
	// The provider says it, not the person.
	audit.By(ctx, actor.Actor{ID: "oidc:" + o.Issuer, Name: o.Issuer, Kind: actor.System})
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var found bool
		if u, found, err = one[User](ctx, tx, "issuer = ? AND subject = ?", o.Issuer, c.subject); err != nil {
			return err
		}
		if !found {
			if u, err = s.meet(ctx, tx, c); err != nil {
				return err
			}
		}
		if u.Deactivated() {
			return ErrDeactivated.With()
		}
		if o.decidesPlatform() && u.Platform != platform {
			if err := s.platformByGroup(ctx, tx, &u, platform); err != nil {
				return err
			}
		}
		return s.teamsByGroup(ctx, tx, u, teams)
	})
	return u, err
}

// meet makes the user of claims, or links one who was here before.
func (s *Service) meet(ctx context.Context, tx bun.Tx, c claims) (User, error) {
	u, taken, err := one[User](ctx, tx, "login = ?", c.login)
	if err != nil {
		return u, err
	}
	before := u.noted()
	if taken {
		if !s.oidc.cfg.LinkVerified || !c.verified || u.Subject != "" {
			return u, ErrUnlinked.With("login", c.login)
		}
		u.Issuer, u.Subject = s.oidc.cfg.Issuer, c.subject
		if err := update(ctx, tx, &u, "issuer", "subject"); err != nil {
			return u, err
		}
		return u, audit.Note(ctx, "user", u.ID, before, u.noted())
	}
	u = User{ID: s.d.NewID("usr"), Login: c.login, Name: c.name, Issuer: s.oidc.cfg.Issuer, Subject: c.subject, CreatedAt: s.micros()}
	if err := insert(ctx, tx, &u); err != nil {
		return u, err
	}
	return u, audit.Note(ctx, "user", u.ID, nil, u.noted())
}

func (s *Service) platformByGroup(ctx context.Context, tx bun.Tx, u *User, role Role) error {
	if u.Platform == Administrator {
		if err := s.another(ctx, tx, *u); err != nil {
			s.d.Log.WarnContext(ctx, "the last administrator keeps the role that no group gives", "user", u.ID)
			return nil
		}
	}
	before := u.noted()
	u.Platform = role
	if err := update(ctx, tx, u, "platform_role"); err != nil {
		return err
	}
	return audit.Note(ctx, "user", u.ID, before, u.noted())
}

// teamsByGroup gives and takes the memberships that groups decide on. One that
// an owner gave stays as it is.
func (s *Service) teamsByGroup(ctx context.Context, tx bun.Tx, u User, roles map[string]Role) error {
	rows, err := memberships(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	byTeam := map[string]memberRow{}
	for _, m := range rows {
		byTeam[m.TeamID] = m
	}
	keep := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		t, found, err := one[Team](ctx, tx, "name = ?", name)
		if err != nil {
			return err
		}
		if !found {
			t = Team{ID: s.d.NewID("team"), Name: name, Kind: Business, CreatedAt: s.micros()}
			if err := insert(ctx, tx, &t); err != nil {
				return err
			}
			if err := audit.Note(ctx, "team", t.ID, nil, t.noted()); err != nil {
				return err
			}
		}
		keep[t.ID] = true
		m, member := byTeam[t.ID]
		if member && (m.Origin == direct || m.Role == roles[name]) {
			continue
		}
		if _, err := s.join(ctx, tx, t.ID, u.ID, roles[name], oidc); err != nil {
			return err
		}
	}
	for _, m := range rows {
		if m.Origin == oidc && !keep[m.TeamID] {
			if err := s.leave(ctx, tx, m); err != nil {
				return err
			}
		}
	}
	return nil
}
