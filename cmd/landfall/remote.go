package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/cli"
	"github.com/landfall-ai/landfall/kit/rest/problem"
)

// ErrServer is returned for an address that is none of a server.
var ErrServer = fault.Def{Kind: fault.Invalid, Code: "cli.server",
	En: "{url} is no address of a server", Zh: "{url} 不是服务器地址",
	HintEn: "write https://HOST, or http://127.0.0.1:PORT on this machine", HintZh: "写法：https://主机；本机可用 http://127.0.0.1:端口"}

// maxAnswer bounds what an answer may hold.
const maxAnswer = 256 << 20

// remote is a server that a command talks to.
type remote struct {
	http *http.Client
	base string // of the API, without a slash at its end
	lang string
	name string // how records of this machine name it
}

// server returns the server that the command line or the environment names;
// nil is none.
func (c *command) remoteServer() (*remote, error) {
	if c.server == "" {
		return nil, nil
	}
	u, err := url.Parse(c.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, ErrServer.With("url", c.server)
	}
	client, err := outbound.Origin(u, outbound.Options{Proxy: http.ProxyFromEnvironment})
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	origin := u.Scheme + "://" + u.Host
	token, err := c.token(origin)
	if err != nil {
		return nil, err
	}
	if token != "" {
		client.Transport = bearer{client.Transport, token}
	}
	return &remote{http: client, base: strings.TrimSuffix(u.String(), "/") + rest.DefaultPrefix, lang: c.t.Lang, name: origin}, nil
}

// localServer returns the server that holds the home; nil if whoever holds it
// is none.
func (c *command) localServer(ctx context.Context) (*remote, error) {
	dir := c.home
	if dir == "" {
		var err error
		if dir, err = home.Default(); err != nil {
			return nil, err
		}
	}
	probe, err := home.Dial(ctx, dir)
	if err != nil {
		return nil, nil
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return home.Dial(ctx, dir) }}
	return &remote{http: &http.Client{Transport: t}, base: "http://landfall" + rest.DefaultPrefix, lang: c.t.Lang, name: "home"}, nil
}

// session is r for generated commands.
func (r *remote) session() cli.Session {
	return cli.Session{Transport: r.http.Transport, Base: r.base, Close: func() error { r.http.CloseIdleConnections(); return nil }}
}

// bearer adds an API token to every request.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// call is one request. body may be nil.
type call struct {
	method, path string
	query        url.Values
	header       map[string]string
	kind         string // media type of the body
	body         io.Reader
}

// send sends a request and returns the answer if it is a success. What the
// server says against it is returned as the fault that it is.
func (r *remote) send(ctx context.Context, c call) (*http.Response, error) {
	u := r.base + c.path
	if len(c.query) > 0 {
		u += "?" + c.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, c.method, u, c.body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept-Language", r.lang)
	if c.kind != "" {
		req.Header.Set("Content-Type", c.kind)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	res, err := r.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if f := fault.From(err); f.Kind != fault.Internal {
			return nil, err
		}
		return nil, cli.ErrUnreachable.With().Because(err)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if p, ok := problem.Parse(res.Header.Get("Content-Type"), raw); ok {
		return nil, p.Err()
	}
	return nil, cli.ErrAnswer.With("status", res.StatusCode).Because(err)
}

// do sends a request and decodes the answer into out, unless that is nil.
func (r *remote) do(ctx context.Context, c call, out any) (http.Header, error) {
	res, err := r.send(ctx, c)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || len(raw) > maxAnswer:
		return nil, cli.ErrUnreachable.With().Because(err)
	case out == nil:
		return res.Header, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, cli.ErrAnswer.With("status", res.StatusCode).Because(err)
	}
	return res.Header, nil
}

// json sends v as JSON.
func (r *remote) json(ctx context.Context, method, path string, v, out any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	_, err = r.do(ctx, call{method: method, path: path, kind: "application/json", body: bytes.NewReader(raw)}, out)
	return err
}
