package identity

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/web"
)

// maxAgent bounds what is kept of a User-Agent header, in bytes.
const maxAgent = 200

// Authenticate puts the principal of a request into its context: whose session
// the cookie is, or whose API token the Authorization header carries. Without
// either it is nobody. A token that is no good is refused at once; a cookie
// that is none any more makes nobody.
//
// A request that changes something is taken from a session only if it comes
// from this server's own pages: browsers send cookies of their own accord.
func (s *Service) Authenticate(next http.Handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.withSession(w, r, next) })
	plain, secure := s.plain.LoadAndSave(inner), s.secure.LoadAndSave(inner)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent := r.UserAgent()
		if len(agent) > maxAgent {
			agent = strings.ToValidUTF8(agent[:maxAgent], "")
		}
		origin := audit.Origin{Address: s.d.Config.address(r), Request: web.ID(r.Context())}
		ctx := audit.WithOrigin(r.Context(), origin)
		ctx = context.WithValue(ctx, visitKey{}, &visit{agent: strings.ToValidUTF8(agent, "")})
		if header := r.Header.Get("Authorization"); header != "" {
			s.withToken(w, r.WithContext(ctx), origin, header, next)
			return
		}
		m, h := s.plain, plain
		if s.d.Config.secure(r) {
			m, h = s.secure, secure
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(ctx, managerKey{}, m)))
	})
}

func (s *Service) withToken(w http.ResponseWriter, r *http.Request, origin audit.Origin, header string, next http.Handler) {
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		refuse(w, r, ErrScheme.With())
		return
	}
	p, id, err := s.byToken(r.Context(), strings.TrimSpace(secret))
	if err != nil {
		refuse(w, r, err)
		return
	}
	origin.With = id
	ctx := context.WithValue(audit.WithOrigin(r.Context(), origin), tokenKey{}, true)
	next.ServeHTTP(w, r.WithContext(auth.With(ctx, p)))
}

type tokenKey struct{}

// spokenFor reports whether a token speaks for the principal of ctx.
func spokenFor(ctx context.Context) bool { return ctx.Value(tokenKey{}) != nil }

// refuse answers that nobody was recognised, and how to say who one is.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	rest.Fail(w, r, err)
}

func (s *Service) withSession(w http.ResponseWriter, r *http.Request, next http.Handler) {
	ctx := r.Context()
	m, err := manager(ctx)
	if err != nil {
		rest.Fail(w, r, err)
		return
	}
	user := m.GetString(ctx, userKey)
	if user == "" {
		next.ServeHTTP(w, r)
		return
	}
	if changes(r.Method) && !sameOrigin(r) {
		rest.Fail(w, r, ErrOrigin.With())
		return
	}
	p, err := s.principal(ctx, user)
	if err != nil {
		s.d.Log.ErrorContext(ctx, "find the user of a session", "error", err)
		rest.Fail(w, r, err)
		return
	}
	if !p.Nobody() {
		origin := audit.OriginOf(ctx)
		origin.With = "session"
		ctx = auth.With(audit.WithOrigin(ctx, origin), p)
	}
	next.ServeHTTP(w, r.WithContext(ctx))
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// sameOrigin reports whether a page of this very server made the request: by
// Sec-Fetch-Site, or by Origin where a browser sends no such header (it does
// not without TLS). With neither, no browser made it, and it is not.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// address returns the client's address. What a proxy says of it counts only if
// the proxy is one of those that are configured.
func (c Config) address(r *http.Request) string {
	peer := host(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && c.proxy(peer); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		peer = hop.Unmap().String()
	}
	return peer
}

func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		address = h
	}
	if a, err := netip.ParseAddr(address); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return address
}

func (c Config) proxy(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, p := range c.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// secure reports whether the browser speaks TLS, to this server or to a proxy
// before it.
func (c Config) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(c.URL, "https://")
}
