package web

import (
	"context"
)

type stopKey struct{}

// WithStop returns a context whose requests learn from stop that the server is
// about to end: Stopping returns it.
func WithStop(ctx context.Context, stop <-chan struct{}) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

// Stopping returns a channel that closes when the server stops; nil, which
// never does, outside one.
func Stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stopKey{}).(<-chan struct{})
	return c
}
