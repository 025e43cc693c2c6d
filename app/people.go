package app

import (
	"crypto/rand"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/endpoint"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/gate/waiver"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/seal"
)

// wirePeople makes the services that know who asks and what was changed.
func (a *App) wirePeople() error {
	var err error
	if a.Box, err = seal.Open(a.Home.Keys(), rand.Reader); err != nil {
		return err
	}
	a.Audit = audit.New(audit.Deps{DB: a.DB, Keys: a.Keys, NewID: a.newID, Now: a.now})
	cfg, err := identity.ReadConfig(a.Home.Dir())
	if err != nil {
		return err
	}
	a.People, err = identity.New(identity.Deps{DB: a.DB, Box: a.Box, NewID: a.newID, Now: a.now, Log: a.log, Config: cfg})
	if err != nil {
		return err
	}
	a.Teams = a.People.TeamOwner
	a.Waivers = waiver.New(waiver.Deps{DB: a.DB, Evidence: a.Evidence, Policies: func() *gate.Policies { return a.Policies }, NewID: a.newID, Now: a.now})
	a.Models = endpoint.New(endpoint.Deps{DB: a.DB, Box: a.Box, NewID: a.newID, Now: a.now})
	a.Endpoints = a.Models.Known
	return nil
}
