// Package actor says who acts: a person, a token or the machine itself.
package actor

import (
	"context"
	"os/user"
)

// Kind tells what an actor is.
type Kind string

// The kinds of actor.
const (
	Person Kind = "person"
	System Kind = "system" // Landfall's own sweeps and handlers
)

// Actor is who did something, as audit and evidence record it.
type Actor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// landfall is the actor of work that nobody asked for by name.
var landfall = Actor{ID: "system", Name: "Landfall", Kind: System}

type key struct{}

// With returns a context in which a acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns who acts in ctx: Landfall itself unless With said otherwise.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(key{}).(Actor); ok {
		return a
	}
	return landfall
}

// Local returns the person at this terminal, by the operating system's word.
func Local() Actor {
	u, err := user.Current()
	if err != nil {
		return Actor{ID: "local", Name: "local", Kind: Person}
	}
	name := u.Name
	if name == "" {
		name = u.Username
	}
	return Actor{ID: "os:" + u.Username, Name: name, Kind: Person}
}
