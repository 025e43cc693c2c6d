package app

import (
	"crypto/rand"

	"github.com/landfall-ai/landfall/core/audit"
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
	a.Teams = a.People.TeamOwner
	return err
}
