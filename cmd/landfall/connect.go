package main

import (
	"context"
	"errors"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/cli"
	"github.com/landfall-ai/landfall/kit/store"
)

// backend returns what a command works on: the server that was named, the home
// itself, or the server that holds it.
func (c *command) backend(ctx context.Context) (*app.App, *remote, error) {
	r, err := c.remoteServer()
	if err != nil || r != nil {
		return nil, r, err
	}
	a, err := c.open(ctx)
	if !errors.Is(err, home.ErrLocked) {
		return a, nil, err
	}
	// Whoever holds the home and has no socket is no server.
	r, rerr := c.localServer(ctx)
	if rerr != nil || r != nil {
		return nil, r, rerr
	}
	return nil, nil, err
}

// either runs here with an open home, or there with a server.
func (c *command) either(ctx context.Context, here func(*app.App) error, there func(*remote) error) (err error) {
	a, r, err := c.backend(ctx)
	if err != nil {
		return err
	}
	if r != nil {
		defer r.http.CloseIdleConnections()
		return there(r)
	}
	defer func() { err = errors.Join(err, closing(ctx, a)) }()
	return store.Explain(here(a))
}

// session is a way to the operations.
func (c *command) session(ctx context.Context) (cli.Session, error) {
	a, r, err := c.backend(ctx)
	if err != nil {
		return cli.Session{}, err
	}
	if r != nil {
		return r.session(), nil
	}
	who := actor.Local()
	return cli.Session{Transport: rest.InProcess(a.REST.Handler(), auth.Local(who.ID, who.Name)), Base: "http://landfall" + a.REST.Prefix(),
		Close: func() error { return closing(ctx, a) }}, nil
}
