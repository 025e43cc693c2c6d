//go:build !race

package app_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/endpoint"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/prove/failure"
)

const walkDocument = `
apiVersion: landfall/v1
slug: NAME-desk
title: NAME desk
owner: {name: NAME-ada}
declared: {level: L1}
data:
  class: internal
  train: train.csv
  test: test.csv
  columns:
    id: {role: id}
    text: {role: input, required: true}
    answer: {role: resolution, required: true}
slices:
  - {id: all, level: L1, title: all cases}
traffic: {file: traffic.csv, source: desk log, per_year: 100000}
targets: {accuracy: 0.6, proven_share: 0.5}
candidates:
  - builtin: majority
costs:
  currency: CNY
  lines:
    - {id: tokens, for: majority, per: task, amount: 0.1}
`

// deskFolder is a small scenario of a team, packed.
func deskFolder(t *testing.T, name string) []byte {
	t.Helper()
	cases := func(split string, n int) string {
		var b strings.Builder
		b.WriteString("id,text,answer\n")
		for i := range n {
			for _, c := range []string{"card", "loan"} {
				fmt.Fprintf(&b, "%s-%s-%s-%d,%s asks about the %s number %d %s,%s\n", name, split, c, i, name, c, i, split, c)
			}
		}
		return b.String()
	}
	files := map[string]string{"scenario.yaml": strings.ReplaceAll(walkDocument, "NAME", name), "train.csv": cases("train", 20), "test.csv": cases("test", 20), "traffic.csv": "slice,requests\nall,1000\n"}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, n := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: n, Size: int64(len(files[n])), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// someone is a column of the matrix.
type someone struct {
	name string
	who  auth.Principal
	act  actor.Actor
}

// world is a home with two teams that own the same kinds of things.
type world struct {
	t      *testing.T
	app    *app.App
	people []someone
	// ids of each team's things by the name of the path parameter; "-" is the
	// organisation's.
	ids     map[string]map[string]string
	markers map[string][]string // what gives a team's things away
	teams   map[string]string   // id by letter
	folders map[string][]byte
	users   map[string]identity.User
}

const walkPassword = "a sentence that nobody guesses"

// call makes a request that must succeed, as the person at this machine.
func (w *world) call(method, path string, body any, out any) {
	w.t.Helper()
	var in io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		in, kind = bytes.NewReader(b), "application/gzip"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://landfall/api/v1"+path, in)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := rest.InProcess(w.app.REST.Handler(), auth.Local("os:walk", "Walk")).RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode > 299 {
		w.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, raw, err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
}

// first returns the id of the first item of a list.
func (w *world) first(path string) string {
	w.t.Helper()
	var page struct{ Items []struct{ ID string } }
	w.call("GET", path, nil, &page)
	if len(page.Items) == 0 {
		w.t.Fatalf("nothing at %s", path)
	}
	return page.Items[0].ID
}

// invite makes a user by the link of an invitation.
func (w *world) invite(link, name string) identity.User {
	w.t.Helper()
	_, secret, ok := strings.Cut(link, "#")
	if !ok {
		w.t.Fatalf("no link for %s: %q", name, link)
	}
	u, err := w.app.People.Accept(w.t.Context(), secret, "", name, walkPassword)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) member(team, login string, role identity.Role) {
	w.t.Helper()
	var added identity.Added
	w.call("POST", "/teams/"+w.teams[team]+"/members", map[string]any{"login": login, "role": role}, &added)
	if added.Member == nil {
		w.users[login] = w.invite(added.Link, "name of "+login)
	}
}

func (w *world) platform(login string, role identity.Role) {
	w.t.Helper()
	var made identity.Made
	body := map[string]any{"login": login}
	if role != "" {
		body["role"] = role
	}
	w.call("POST", "/invitations", body, &made)
	w.users[login] = w.invite(made.Link, "name of "+login)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	a, err := app.Open(ctx, app.Config{Home: t.TempDir(), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, app: a, ids: map[string]map[string]string{"A": {}, "B": {}, "-": {}}, markers: map[string][]string{}, teams: map[string]string{},
		folders: map[string][]byte{}, users: map[string]identity.User{}}
	for letter, name := range map[string]string{"A": "bank", "B": "plant"} {
		var team identity.TeamView
		w.call("POST", "/teams", map[string]any{"name": name + " team"}, &team)
		w.teams[letter] = team.ID
	}
	w.platform("root", identity.Administrator)
	w.platform("auditor", identity.Auditor)
	w.platform("audited", identity.Auditor)
	w.platform("alone", "")
	for letter, name := range map[string]string{"A": "bank", "B": "plant"} {
		for _, role := range []identity.Role{identity.Viewer, identity.Contributor, identity.Approver, identity.Owner} {
			w.member(letter, name+"-"+string(role), role)
		}
	}
	w.member("A", "mixed", identity.Approver)
	w.member("B", "mixed", identity.Viewer)
	w.member("A", "audited", identity.Owner)
	w.member("A", "gone", identity.Owner)
	w.call("POST", "/users/"+w.users["gone"].ID+"/deactivate", nil, nil)
	e, err := a.Models.Add(ctx, endpoint.Change{Name: new("models"), BaseURL: new("https://models.invalid/v1"), Allows: []string{"internal"}, Key: new("sk-secret")})
	if err != nil {
		t.Fatal(err)
	}
	w.ids["-"]["endpoint"] = e.ID
	var hook struct{ ID string }
	w.call("POST", "/webhooks", map[string]any{"url": "https://hooks.invalid/landfall", "types": []string{}}, &hook)
	w.ids["-"]["webhook"] = hook.ID
	for letter, name := range map[string]string{"A": "bank", "B": "plant"} {
		w.seed(letter, name)
	}
	w.ids["-"]["entry"] = w.first("/audit")
	w.makePeople()
	return w
}

// as is a principal of a user with roles in teams.
func (w *world) as(login string, roles map[string]identity.Role) (auth.Principal, actor.Actor) {
	u := w.users[login]
	if login == "gone" {
		u.DeactivatedAt = 1
	}
	var ms []identity.Membership
	for letter, role := range roles {
		ms = append(ms, identity.Membership{Team: w.teams[letter], Role: role})
	}
	return identity.PrincipalOf(u, ms), actor.Actor{ID: u.ID, Name: u.Name, Kind: actor.Person}
}

func (w *world) makePeople() {
	add := func(name, login string, roles map[string]identity.Role, narrow func(auth.Principal) auth.Principal) {
		p, a := w.as(login, roles)
		if narrow != nil {
			p = narrow(p)
		}
		w.people = append(w.people, someone{name, p, a})
	}
	type roles = map[string]identity.Role
	w.people = append(w.people, someone{name: "nobody"})
	add("deactivated", "gone", roles{"A": identity.Owner}, nil)
	add("no team", "alone", nil, nil)
	add("viewer A", "bank-viewer", roles{"A": identity.Viewer}, nil)
	add("contributor A", "bank-contributor", roles{"A": identity.Contributor}, nil)
	add("approver A", "bank-approver", roles{"A": identity.Approver}, nil)
	add("owner A", "bank-owner", roles{"A": identity.Owner}, nil)
	add("owner B", "plant-owner", roles{"B": identity.Owner}, nil)
	add("approver A, viewer B", "mixed", roles{"A": identity.Approver, "B": identity.Viewer}, nil)
	add("owner A by token to read", "bank-owner", roles{"A": identity.Owner}, func(p auth.Principal) auth.Principal { return identity.Narrow(p, auth.Read, "") })
	add("administrator by token for B", "root", nil, func(p auth.Principal) auth.Principal { return identity.Narrow(p, auth.All, w.teams["B"]) })
	add("auditor", "auditor", nil, nil)
	add("auditor, owner A", "audited", roles{"A": identity.Owner}, nil)
	add("administrator", "root", nil, nil)
	w.people = append(w.people, someone{"this machine", auth.Local("os:walk", "Walk"), actor.Actor{ID: "os:walk", Name: "Walk", Kind: actor.Person}})
}

// seed makes one of everything that a team owns.
func (w *world) seed(letter, name string) {
	w.t.Helper()
	ctx, ids := w.t.Context(), w.ids[letter]
	slug := name + "-desk"
	w.folders[letter] = deskFolder(w.t, name)
	w.call("POST", "/teams/"+w.teams[letter]+"/scenarios", w.folders[letter], nil)
	var sc struct{ ID string }
	w.call("GET", "/scenarios/"+slug, nil, &sc)
	ids["scenario"], ids["team"] = slug, w.teams[letter]
	ids["revision"] = w.first("/scenarios/" + slug + "/revisions")
	ids["dataset"] = w.first("/scenarios/" + slug + "/datasets")
	var run struct{ ID string }
	w.call("POST", "/scenarios/"+slug+"/runs", map[string]any{}, &run)
	ids["run"], ids["with"], ids["against"] = run.ID, run.ID, ids["revision"]
	// One asks and another approves; a second one waits.
	until := time.Now().AddDate(0, 0, 30).UTC()
	asks := func(login string) context.Context {
		u := w.users[login]
		return actor.With(ctx, actor.Actor{ID: u.ID, Name: u.Name, Kind: actor.Person})
	}
	policy, err := w.app.Policies.Gate("align")
	if err != nil {
		w.t.Fatal(err)
	}
	rule := policy.Rules[0].ID
	first, err := w.app.Waivers.Request(asks(name+"-contributor"), sc.ID, "align", rule, name+" has to go live", until)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.app.Waivers.Approve(asks(name+"-approver"), first.ID); err != nil {
		w.t.Fatal(err)
	}
	second, err := w.app.Waivers.Request(asks(name+"-owner"), sc.ID, "align", rule, name+" has to go live", until)
	if err != nil {
		w.t.Fatal(err)
	}
	ids["waiver"] = second.ID
	ids["evidence"] = w.first("/evidence?scenario=" + slug)
	if err := w.app.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := w.app.Failures.Import(ctx, tx, sc.ID, []failure.Failure{{Digest: name, Text: name + " was answered wrongly", File: name + ".csv", Line: 2}})
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	ids["failure"] = w.first("/failures?scenario=" + slug)
	ids["mode"] = w.first("/failure-modes?scenario=" + slug)
	ids["member"] = w.first("/teams/" + w.teams[letter] + "/members")
	owner := w.users[name+"-owner"]
	ids["user"] = owner.ID
	_, token, err := w.app.People.MakeToken(auth.With(ctx, auth.Principal{ID: owner.ID}), owner.ID, name+" token", auth.Read, "", 30)
	if err != nil {
		w.t.Fatal(err)
	}
	ids["token"] = token.ID
	ids["session"] = w.session(owner)
	for _, id := range ids {
		w.markers[letter] = append(w.markers[letter], id)
	}
	w.markers[letter] = append(w.markers[letter], sc.ID, first.ID, name+" team", name+" desk", name+"-ada", name+"-viewer", name+" has to go live", name+" token", name+"-train", name+" was answered wrongly")
}

// session signs a user in and returns the id of the session.
func (w *world) session(u identity.User) string {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"login": u.Login, "password": walkPassword})
	if err != nil {
		w.t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(w.t.Context(), "POST", "/api/v1/sign-in", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.app.People.Authenticate(w.app.REST.Handler()).ServeHTTP(rec, req)
	if rec.Code != 200 {
		w.t.Fatalf("sign in: %d %s", rec.Code, rec.Body)
	}
	var id string
	if err := w.app.DB.Read().NewSelect().Table("sessions").Column("id").Where("user_id = ?", u.ID).Scan(w.t.Context(), &id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

var (
	errWouldDo = errors.New("it would be done")
	errDone    = fault.Def{Kind: fault.Conflict, Code: "walk.done", En: "it would have been done", Zh: "本应完成"}
)

// table registers every operation so that what would be changed is rolled back
// at the last moment: the walk goes through all of the code and leaves the
// world as it was. reached counts, by operation, how often it came that far.
func (w *world) table(plant func(*rest.Registry, app.Capability) bool) (*rest.Registry, map[string]int) {
	reached := map[string]int{}
	r := rest.New(rest.Config{Title: "x", Version: "1", Log: slog.New(slog.DiscardHandler),
		Change: func(ctx context.Context, c rest.Change, do func(context.Context) error) error {
			done := false
			ctx = store.BeforeCommit(ctx, func(context.Context, bun.Tx) error { done = true; return errWouldDo })
			err := do(ctx)
			if done || err == nil {
				reached[c.Operation]++
			}
			if done {
				return errDone.With()
			}
			return err
		}})
	for _, c := range app.Capabilities() {
		if c.Operations != nil && (plant == nil || !plant(r, c)) {
			c.Operations(r, w.app)
		}
	}
	return r, reached
}
