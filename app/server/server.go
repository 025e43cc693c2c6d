// Package server is `landfall serve`: an open home behind HTTP. It answers the
// API and the console over TCP, and the API to whoever runs Landfall on this
// machine over the home's socket.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/console"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/web"
)

// Faults of serving.
var (
	ErrListen = fault.Def{Kind: fault.Unavailable, Code: "server.listen",
		En: "cannot listen on {address}: {reason}", Zh: "无法监听 {address}：{reason}",
		HintEn: "another program may use the port: choose another one with --listen", HintZh: "端口可能已被占用：请用 --listen 指定其他端口"}
	ErrCrossOrigin = fault.Def{Kind: fault.Denied, Code: "server.cross_origin",
		En: "this request was made by another site's page", Zh: "该请求来自其他站点的页面",
		HintEn: "open the console itself; programs need no Origin header", HintZh: "请从控制台操作；程序调用无需携带 Origin 请求头"}
	ErrDraining = fault.Def{Kind: fault.Unavailable, Code: "server.draining",
		En: "the server is about to stop", Zh: "服务正在停止",
		HintEn: "try again in a moment", HintZh: "请稍后重试"}
)

// The bounds of a connection. Streams move the deadline of a request on.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 60 * time.Second
	answerTimeout  = 10 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeader      = 64 << 10
)

// Config is what a Server needs.
type Config struct {
	App *app.App
	// Listen is the TCP address, such as "127.0.0.1:8484".
	Listen string
	// Authenticate puts the principal of a request that came over TCP into its
	// context (auth.With). Without it everybody is nobody there, and the API
	// answers over the home's socket alone.
	Authenticate func(http.Handler) http.Handler
	// Mount adds handlers outside the operation table, by pattern.
	Mount map[string]http.Handler
	Log   *slog.Logger
	Now   func() time.Time
	// Drain is how long requests in flight may take once the server stops.
	Drain time.Duration
}

// Server serves one open home.
type Server struct {
	cfg      Config
	tcp      net.Listener
	local    *net.UnixListener
	outside  *http.Server
	inside   *http.Server
	draining atomic.Bool
	stop     context.CancelFunc
	metrics  *metrics
}

// Open listens on the address and on the home's socket, and answers nothing
// before Serve. It fails with ErrListen.
func Open(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Drain == 0 {
		cfg.Drain = 30 * time.Second
	}
	s := &Server{cfg: cfg, metrics: newMetrics(cfg.App)}
	var err error
	if s.tcp, err = net.Listen("tcp", cfg.Listen); err != nil {
		reason := err
		var op *net.OpError
		if errors.As(err, &op) {
			reason = op.Err
		}
		return nil, ErrListen.With("address", cfg.Listen, "reason", reason.Error()).Because(err)
	}
	if s.local, err = cfg.App.Home.Listen(); err != nil {
		return nil, errors.Join(err, s.tcp.Close())
	}
	streams, stop := context.WithCancel(context.Background())
	s.stop = stop
	api := cfg.App.REST.Handler()
	s.outside = s.server(streams, s.handler(api, cfg.Authenticate))
	s.inside = s.server(streams, s.handler(api, s.asLocal))
	s.inside.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	return s, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() string { return s.tcp.Addr().String() }

// URL returns how a browser on this machine reaches the server.
func (s *Server) URL() string {
	host, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return "http://" + s.Addr()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (s *Server) server(base context.Context, h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return web.WithStop(context.Background(), base.Done()) },
		ErrorLog:    slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn)}
}

// Serve works jobs and answers until ctx ends, then drains: it takes no new
// requests, ends the streams, and waits for the rest. The home stays open.
func (s *Server) Serve(ctx context.Context) error {
	if err := s.cfg.App.Start(ctx); err != nil {
		return errors.Join(err, s.close())
	}
	failed := make(chan error, 2)
	go func() { failed <- s.outside.Serve(s.tcp) }()
	go func() { failed <- s.inside.Serve(s.local) }()
	var err error
	running := 2
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
		err = fmt.Errorf("serve: %w", err)
	}
	s.draining.Store(true)
	s.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer cancel()
	for _, h := range []*http.Server{s.outside, s.inside} {
		if derr := h.Shutdown(drain); derr != nil {
			s.cfg.Log.WarnContext(ctx, "requests cut off", "error", derr)
			err = errors.Join(err, h.Close())
		}
	}
	for range running {
		if serr := <-failed; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("serve: %w", serr))
		}
	}
	return err
}

func (s *Server) close() error {
	s.stop()
	return errors.Join(s.tcp.Close(), s.local.Close())
}

// handler composes what answers a request; who is either authentication.
func (s *Server) handler(api http.Handler, who func(http.Handler) http.Handler) http.Handler {
	if who == nil {
		who = func(next http.Handler) http.Handler { return next }
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", web.Chain(noStore(api), who, acting))
	for pattern, h := range s.cfg.Mount {
		mux.Handle(pattern, web.Chain(h, who, acting))
	}
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", web.Chain(s.metrics.handler(), who, acting))
	mux.Handle("/", console.Handler())
	deny := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rest.Fail(w, r, ErrCrossOrigin.With()) })
	return web.Chain(mux, web.Identify(s.cfg.App.NewID), web.Access(s.cfg.Log, s.cfg.Now, s.metrics.observe), web.Secure,
		web.Deadlines(requestTimeout, answerTimeout, s.cfg.Now), web.SameOrigin(deny))
}

// noStore keeps answers of the API out of caches: they are for one person.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// acting lets records and the access log say who asked.
func acting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := auth.From(r.Context())
		if !p.Nobody() {
			web.Noted(r.Context()).Who = p.ID
			r = r.WithContext(actor.With(r.Context(), actor.Actor{ID: p.ID, Name: p.Name, Kind: actor.Person}))
		}
		next.ServeHTTP(w, r)
	})
}

type connKey struct{}

// asLocal makes whoever owns this process the principal of a request that came
// over the home's socket.
func (s *Server) asLocal(next http.Handler) http.Handler {
	me := actor.Local()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connKey{}).(*net.UnixConn)
		if c == nil {
			next.ServeHTTP(w, r)
			return
		}
		own, err := home.Own(c)
		if err != nil {
			rest.Fail(w, r, fmt.Errorf("ask whose process it is: %w", err))
			return
		}
		if own {
			r = r.WithContext(auth.With(r.Context(), auth.Local(me.ID, me.Name)))
		}
		next.ServeHTTP(w, r)
	})
}

// ready answers whether requests should be sent here: not while it stops, and
// not if the database does not answer.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		rest.Fail(w, r, ErrDraining.With())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.cfg.App.Ping(ctx); err != nil {
		s.cfg.Log.WarnContext(ctx, "not ready", "error", err)
		rest.Fail(w, r, app.ErrStore.With().Because(err))
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	// The client is gone if this fails.
	_, _ = w.Write([]byte(strings.TrimSpace(s) + "\n"))
}
