// Package outbound makes the HTTP clients that leave this machine. There are
// two: Public fetches what anybody may name and therefore reaches public
// addresses only; Origin speaks to one configured origin, which may well be
// inside a company's network, and to nothing else.
package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
)

// MaxHeaderBytes bounds the header of an answer.
const MaxHeaderBytes = 64 << 10

// Refusals are the faults with which a caller of Public refuses, so that each
// says in its own words what to do. Private gets the parameter address, the
// others url.
type Refusals struct{ Private, Scheme, Redirects fault.Def }

// Public returns a client that speaks https to public addresses only. Every
// address is checked when it is dialled, after the name was resolved and for
// each of at most 5 redirects, so that neither can lead inside a private
// network. It uses no proxy: the address of a proxy says nothing about where
// it leads.
func Public(r Refusals) *http.Client {
	dialer := &net.Dialer{Timeout: 15 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read address %s: %w", address, err)
		}
		if !IsPublic(ap.Addr()) {
			return r.Private.With("address", address)
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 15 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second, MaxResponseHeaderBytes: MaxHeaderBytes, ForceAttemptHTTP2: true},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if req.URL.Scheme != "https" {
				return r.Scheme.With("url", req.URL.Redacted())
			}
			if len(via) >= 5 {
				return r.Redirects.With("url", req.URL.Redacted())
			}
			return nil
		},
	}
}

// Faults of Origin.
var (
	ErrLinkLocal = fault.Def{Kind: fault.Invalid, Code: "outbound.link_local",
		En: "{address} is a link-local address, which nothing is sent to", Zh: "{address} 是链路本地地址，不向其发送任何内容",
		HintEn: "check where the name leads", HintZh: "请检查该域名的解析结果"}
	ErrInsecure = fault.Def{Kind: fault.Denied, Code: "outbound.insecure",
		En: "{host} is not spoken to: its address is not https", Zh: "拒绝访问 {host}：其地址不是 https",
		HintEn: "use https, or allow plain http for this endpoint if your network protects the way there",
		HintZh: "请改用 https；若该链路由内网保护，可为此端点显式允许 http"}
	ErrElsewhere = fault.Def{Kind: fault.Denied, Code: "outbound.elsewhere",
		En: "{host} sends requests on to {to}; they are not followed there", Zh: "{host} 要求重定向到 {to}，已拒绝",
		HintEn: "nothing was sent to the other place; if it is right, configure its address itself",
		HintZh: "未向该地址发送任何内容；若确认无误，请直接配置该地址"}
)

// Options of Origin.
type Options struct {
	// AllowHTTP permits plain http to other than loopback addresses.
	AllowHTTP bool
	// Proxy chooses a proxy for https requests; nil is none. Plain http is
	// never sent through a proxy, which would read it.
	Proxy func(*http.Request) (*url.URL, error)
	// Conns bounds idle connections kept to the origin; 64 if 0.
	Conns int
}

// Origin returns a client that speaks to the scheme, host and port of base and
// to nothing else: a redirect elsewhere is ErrElsewhere. Plain http is
// ErrInsecure unless base names loopback (the addresses that its name resolves
// to are checked when they are dialled) or o allows it. Link-local addresses are
// ErrLinkLocal, whatever name leads there: machines in a cloud ask for their
// credentials at one. The client has no
// timeouts beside those of connecting and of TLS: its user has.
func Origin(base *url.URL, o Options) (*http.Client, error) {
	plain := base.Scheme == "http"
	local := plain && Loopback(base.Hostname())
	if base.Scheme != "https" && (!plain || !local && !o.AllowHTTP) {
		return nil, ErrInsecure.With("host", base.Host)
	}
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	dialer.Control = func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read address %s: %w", address, err)
		}
		switch a := ap.Addr().Unmap(); {
		case a.IsLinkLocalUnicast():
			return ErrLinkLocal.With("address", address)
		case local && !o.AllowHTTP && !a.IsLoopback():
			return ErrInsecure.With("host", address)
		}
		return nil
	}
	if o.Conns == 0 {
		o.Conns = 64
	}
	t := &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 15 * time.Second,
		MaxResponseHeaderBytes: MaxHeaderBytes, ForceAttemptHTTP2: true,
		MaxIdleConns: o.Conns, MaxIdleConnsPerHost: o.Conns, IdleConnTimeout: 90 * time.Second}
	if o.Proxy != nil && !plain {
		t.Proxy = o.Proxy
	}
	return &http.Client{Transport: t, CheckRedirect: Stay(base)}, nil
}

// Stay is the CheckRedirect of a client that must not leave the origin base.
// It follows at most 3 redirects there, and none that would turn a POST into a
// GET.
func Stay(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if !sameOrigin(req.URL, base) || len(via) > 3 || req.Method != via[0].Method {
			to := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}
			return ErrElsewhere.With("host", base.Host, "to", to.String())
		}
		return nil
	}
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// Loopback reports whether host, without a port, names this machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// Dial connects only to loopback addresses; it is for looking around on this
// machine.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read address %s: %w", address, err)
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.Unmap().IsLoopback() {
		return nil, ErrInsecure.With("host", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// special holds ranges beyond those that netip knows: shared address space
// (RFC 6598), this network (RFC 1122), protocol assignments (RFC 6890),
// benchmarking (RFC 2544), reserved (RFC 1112), and IPv6 ranges that carry an
// IPv4 address (NAT64, RFC 6052 and 8215; 6to4, RFC 3056; Teredo, RFC 4380).
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{"100.64.0.0/10", "0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// IsPublic reports whether a is an address of the public internet.
func IsPublic(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() {
		return false
	}
	for _, p := range special() {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
