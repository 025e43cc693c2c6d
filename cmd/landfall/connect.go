package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/cli"
)

// session is a way to the operations: the home itself, or the server that
// holds it.
func (c *command) session(ctx context.Context) (cli.Session, error) {
	a, err := c.open(ctx)
	if err == nil {
		return local(ctx, a), nil
	}
	if !errors.Is(err, home.ErrLocked) {
		return cli.Session{}, err
	}
	dir := c.home
	if dir == "" {
		if dir, err = home.Default(); err != nil {
			return cli.Session{}, err
		}
	}
	// Whoever holds the home and has no socket is no server.
	probe, perr := home.Dial(ctx, dir)
	if perr != nil {
		return cli.Session{}, err
	}
	if err := probe.Close(); err != nil {
		return cli.Session{}, err
	}
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return home.Dial(ctx, dir) }}
	return cli.Session{Transport: t, Base: "http://landfall" + rest.DefaultPrefix,
		Close: func() error { t.CloseIdleConnections(); return nil }}, nil
}

// local is a session with a home that this process holds.
func local(ctx context.Context, a *app.App) cli.Session {
	who := actor.Local()
	return cli.Session{Transport: rest.InProcess(a.REST.Handler(), auth.Local(who.ID, who.Name)), Base: "http://landfall" + a.REST.Prefix(),
		Close: func() error { return a.Close(context.WithoutCancel(ctx)) }}
}
