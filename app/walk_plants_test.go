//go:build !race

package app_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
)

// A plant is a hole made on purpose, in one of the places where real ones
// arise. The walk must find every one of them.
type plant struct {
	name string
	// ops are the operations to walk.
	ops []string
	// table takes the place of a capability's operations if it returns true.
	table func(w *world) func(*rest.Registry, app.Capability) bool
	// people changes what somebody may do.
	people func(w *world, p *someone)
	// before changes who asks, after what is answered.
	before func(w *world, r *http.Request, p auth.Principal) auth.Principal
	after  func(w *world, r *http.Request, status int, body []byte) (int, []byte)
}

// with gives more everywhere, as if the check of an operation asked for less.
func with(p auth.Principal, more auth.Permission) auth.Principal {
	if p.Nobody() {
		return p
	}
	p.Everywhere |= more
	return p
}

// inTeams gives more to whoever has read in a team.
func inTeams(p auth.Principal, more auth.Permission) auth.Principal {
	p.Teams = maps.Clone(p.Teams)
	for t, has := range p.Teams {
		if has&auth.Read != 0 {
			p.Teams[t] |= more
		}
	}
	return p
}

// owners is what operations know of scenarios, with holes.
type owners struct {
	evidence.Scenarios
	team    string // says of everything that it is this team's
	visible bool   // says that everything may be listed
}

func (o owners) TeamOf(ctx context.Context, id evidence.ScenarioID) (string, error) {
	if o.team != "" {
		return o.team, nil
	}
	return o.Scenarios.TeamOf(ctx, id)
}

func (o owners) Visible(ctx context.Context) ([]string, bool, error) {
	if o.visible {
		return nil, true, nil
	}
	return o.Scenarios.Visible(ctx)
}

func capability(name string, register func(w *world, r *rest.Registry)) func(*world) func(*rest.Registry, app.Capability) bool {
	return func(w *world) func(*rest.Registry, app.Capability) bool {
		return func(r *rest.Registry, c app.Capability) bool {
			if c.Name != name {
				return false
			}
			register(w, r)
			return true
		}
	}
}

var plants = []plant{
	{name: "a list forgets its filter", ops: []string{"list-waivers"}, table: capability("core/gate/waiver", func(w *world, r *rest.Registry) {
		w.app.Waivers.Operations(r, owners{Scenarios: w.app.Scenarios, visible: true})
	})},
	{name: "a list of evidence forgets its filter", ops: []string{"list-evidence"}, table: capability("core/evidence", func(w *world, r *rest.Registry) {
		w.app.Evidence.Operations(r, owners{Scenarios: w.app.Scenarios, visible: true})
	})},
	{name: "everything is said to be of one team", ops: []string{"show-waiver"}, table: capability("core/gate/waiver", func(w *world, r *rest.Registry) {
		w.app.Waivers.Operations(r, owners{Scenarios: w.app.Scenarios, team: w.teams["A"]})
	})},
	{name: "reading forgets whose it is", ops: []string{"show-run"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal { return with(p, auth.Read) }},
	{name: "writing asks for reading alone", ops: []string{"cancel-run"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal { return inTeams(p, auth.Contribute) }},
	{name: "approving asks for contributing alone", ops: []string{"approve-waiver"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal {
			p.Teams = maps.Clone(p.Teams)
			for t, has := range p.Teams {
				if has&auth.Contribute != 0 {
					p.Teams[t] |= auth.Approve
				}
			}
			return p
		}},
	{name: "members are added by whoever contributes", ops: []string{"add-member"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal { return inTeams(p, auth.Own) }},
	{name: "an operation of administrators is for all who are signed in", ops: []string{"invite-user"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal { return with(p, auth.All) }},
	{name: "the audit log is for all who are signed in", ops: []string{"list-audit"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal { return with(p, auth.Read) }},
	{name: "an id in the query is not checked", ops: []string{"list-runs"},
		before: func(_ *world, r *http.Request, p auth.Principal) auth.Principal {
			if r.URL.Query().Has("scenario") {
				return with(p, auth.Read)
			}
			return p
		}},
	{name: "an id in the body is not checked", ops: []string{"create-token"},
		before: func(w *world, r *http.Request, p auth.Principal) auth.Principal {
			if p.Nobody() || p.Teams == nil {
				return p
			}
			p.Teams = maps.Clone(p.Teams)
			p.Teams[w.teams["B"]] |= auth.Read
			return p
		}},
	{name: "the second of two ids in the path is not checked", ops: []string{"diff-runs"},
		before: func(w *world, r *http.Request, p auth.Principal) auth.Principal {
			if strings.HasSuffix(r.URL.Path, "/"+w.ids["B"]["run"]) {
				return with(p, auth.Read)
			}
			return p
		}},
	{name: "hidden is told from absent", ops: []string{"show-scenario"},
		after: func(_ *world, _ *http.Request, status int, body []byte) (int, []byte) {
			if status == 404 {
				return 403, bytes.ReplaceAll(body, []byte("rest.no_such"), []byte("rest.denied"))
			}
			return status, body
		}},
	{name: "an answer carries a row of another team", ops: []string{"list-scenarios"},
		after: func(_ *world, _ *http.Request, status int, body []byte) (int, []byte) {
			return status, bytes.Replace(body, []byte(`"items":[`), []byte(`"items":[{"slug":"plant-desk"},`), 1)
		}},
	{name: "an answer names somebody of another team", ops: []string{"show-team"},
		after: func(w *world, _ *http.Request, status int, body []byte) (int, []byte) {
			return status, append(body, "name of plant-viewer"...)
		}},
	{name: "nobody is let in", ops: []string{"show-me"},
		before: func(_ *world, _ *http.Request, p auth.Principal) auth.Principal {
			if p.Nobody() {
				return auth.Principal{ID: "anonymous"}
			}
			return p
		}},
	{name: "whoever was deactivated is let in", ops: []string{"show-team"},
		people: func(w *world, p *someone) {
			if p.name == "deactivated" {
				p.who, _ = w.as("bank-owner", map[string]identity.Role{"A": identity.Owner})
			}
		}},
	{name: "viewers contribute", ops: []string{"start-run"},
		people: func(w *world, p *someone) {
			if p.name == "viewer A" {
				p.who = inTeams(p.who, auth.Contribute)
			}
		}},
	{name: "a role in one team counts in another", ops: []string{"withdraw-waiver"},
		people: func(w *world, p *someone) {
			if p.name == "approver A, viewer B" {
				p.who = inTeams(p.who, auth.Contribute|auth.Approve)
			}
		}},
	{name: "an auditor's other role counts", ops: []string{"rename-team"},
		people: func(w *world, p *someone) {
			if p.name == "auditor, owner A" {
				p.who.Teams = maps.Clone(p.who.Teams)
				p.who.Teams[w.teams["A"]] = auth.Read | auth.Own
			}
		}},
	{name: "a token has all the rights of its user", ops: []string{"push-scenario"},
		people: func(w *world, p *someone) {
			if p.name == "owner A by token to read" {
				p.who, _ = w.as("bank-owner", map[string]identity.Role{"A": identity.Owner})
			}
		}},
	{name: "a token for one team reaches another", ops: []string{"show-dataset"},
		people: func(w *world, p *someone) {
			if p.name == "administrator by token for B" {
				p.who, _ = w.as("root", nil)
			}
		}},
	{name: "one person approves what they asked for", ops: []string{"approve-waiver"},
		people: func(_ *world, p *someone) { p.act = actor.Actor{ID: "usr_other", Kind: actor.Person} }},
	{name: "a new operation that nobody has reviewed", ops: []string{"open-door"}, table: func(*world) func(*rest.Registry, app.Capability) bool {
		done := false
		return func(r *rest.Registry, _ app.Capability) bool {
			if !done {
				rest.Add(r, rest.Op{ID: "open-door", Method: "GET", Path: "/door", Perm: auth.Read, Doc: text.Text{En: "Open.", Zh: "打开。"}},
					func(context.Context, *rest.None) (*rest.None, error) { return nil, nil })
				done = true
			}
			return false
		}
	}},
	{name: "reading writes, and leaves no entry", ops: []string{"list-endpoints"}, table: capability("core/endpoint", func(w *world, r *rest.Registry) {
		rest.Add(r, rest.Op{ID: "list-endpoints", Method: "GET", Path: "/endpoints", Perm: auth.Read, Doc: text.Text{En: "List.", Zh: "列出。"}},
			func(ctx context.Context, _ *rest.None) (*rest.None, error) {
				return nil, w.app.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.NewDelete().Table("endpoints").Where("1 = 1").Exec(ctx)
					return err
				})
			})
	})},
}

// planted puts what a plant does around the handler.
func (p plant) planted(w *world, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if p.before != nil {
			r = r.WithContext(auth.With(r.Context(), p.before(w, r, auth.From(r.Context()))))
		}
		if p.after == nil {
			h.ServeHTTP(rw, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		status, body := p.after(w, r, rec.Code, rec.Body.Bytes())
		rw.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		rw.WriteHeader(status)
		// A pipe in memory takes everything.
		_, _ = rw.Write(body)
	})
}

// TestWalkFindsPlants makes one hole after the other. A walk that finds none of
// one would not find the real one either.
func TestWalkFindsPlants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, p := range append([]plant{{name: "none"}}, plants...) {
		var swap func(*rest.Registry, app.Capability) bool
		if p.table != nil {
			swap = p.table(w)
		}
		r, _ := w.table(swap)
		ops := slices.DeleteFunc(r.Operations(), func(o rest.Operation) bool {
			return !slices.Contains(p.ops, o.ID) && p.name != "none"
		})
		if len(ops) != len(p.ops) && p.name != "none" {
			t.Fatalf("%s: walks %d operations of %v", p.name, len(ops), p.ops)
		}
		people := slices.Clone(w.people)
		for i := range people {
			if p.people != nil {
				p.people(w, &people[i])
			}
		}
		found := w.complaints(t, p.planted(w, r.Handler()), ops, people)
		switch {
		case p.name == "none" && len(found) > 0:
			t.Fatalf("without a hole: %s", strings.Join(found, "\n"))
		case p.name != "none" && len(found) == 0:
			t.Errorf("not found: %s", p.name)
		}
	}
}
