package identity_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// The first administrator comes by a link that works once, and for a day.
func TestSetup(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		nobody := f.browser()
		var ways identity.Ways
		if nobody.ok("GET", "/sign-in", nil, &ways); !ways.Setup || !ways.Password {
			t.Errorf("%+v", ways)
		}
		late, err := f.svc.SetupLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(late, f.url+"/welcome#lfl_") {
			t.Errorf("link %s", late)
		}
		_, secret, _ := strings.Cut(late, "#")
		accept := m{"login": "Root@Example.com", "password": password}
		for name, c := range map[string]struct {
			secret string
			body   m
			code   string
		}{
			"unknown":           {"lfl_" + strings.Repeat("A", 43), accept, "identity.link"},
			"noise":             {"x", accept, "identity.link"},
			"short password":    {secret, m{"login": "a", "password": "short"}, "identity.password"},
			"login as password": {secret, m{"login": "a-rather-long-login", "password": "A-rather-long-login"}, "identity.password"},
			"no login":          {secret, m{"login": " ", "password": password}, "identity.login"},
		} {
			if r := nobody.do("POST", "/link", c.body, "X-Landfall-Link", c.secret); r.code != c.code {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		f.pass(25 * time.Hour)
		if r := nobody.do("POST", "/link", accept, "X-Landfall-Link", secret); r.code != "identity.link" {
			t.Errorf("an old link: %s", r.body)
		}
		first, err := f.svc.SetupLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		other, err := f.svc.SetupLink(t.Context())
		if err != nil || other == first || other == "" {
			t.Fatal("no second link", err)
		}
		// Nothing in the database opens anything.
		for _, table := range []string{"links", "users", "tokens", "sessions"} {
			var rows []map[string]any
			if err := db.Read().NewSelect().Table(table).Scan(t.Context(), &rows); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				for k, v := range row {
					if s, ok := v.(string); ok && strings.Contains(first, s) && s != "" {
						t.Errorf("%s.%s holds the link", table, k)
					}
				}
			}
		}
		root, u := f.follow(first, "Root@Example.com")
		if u.Login != "root@example.com" || u.Platform != identity.Administrator {
			t.Errorf("%+v", u)
		}
		for _, link := range []string{first, other} {
			_, secret, _ := strings.Cut(link, "#")
			if r := nobody.do("POST", "/link", m{"login": "two", "password": password}, "X-Landfall-Link", secret); r.code != "identity.link" {
				t.Errorf("a second administrator: %s", r.body)
			}
		}
		if again, err := f.svc.SetupLink(t.Context()); again != "" || err != nil {
			t.Errorf("a link although there is one: %q %v", again, err)
		}
		var me identity.Me
		if root.ok("GET", "/me", nil, &me); me.User == nil || me.User.ID != u.ID || !slices.Contains(me.Permissions, "admin") {
			t.Errorf("%+v", me)
		}
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		root, u := f.administrator()
		login := m{"login": "root@example.com", "password": password}

		// The cookie is new at each sign-in, and nothing but the browser reads it.
		b := f.browser()
		set := func(r reply) *http.Cookie {
			res := http.Response{Header: r.header}
			for _, c := range res.Cookies() {
				if c.Name == "landfall" {
					return c
				}
			}
			return nil
		}
		one := set(b.ok("POST", "/sign-in", login, nil))
		two := set(b.ok("POST", "/sign-in", login, nil))
		if one == nil || two == nil || one.Value == two.Value || !one.HttpOnly || one.SameSite != http.SameSiteLaxMode || one.Secure {
			t.Fatalf("%v %v", one, two)
		}
		old := f.browser()
		old.header.Set("Cookie", "landfall="+one.Value)
		if r := old.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("the cookie of before the sign-in: %d", r.status)
		}
		var page struct{ Items []identity.SessionView }
		root.ok("GET", "/sessions", nil, &page)
		if len(page.Items) != 2 {
			t.Fatalf("%d sessions", len(page.Items))
		}
		if i := slices.IndexFunc(page.Items, func(s identity.SessionView) bool { return s.Current }); i < 0 {
			t.Error("none is the current one")
		} else if page.Items[i].Address != "127.0.0.1" || page.Items[i].User != u.ID {
			t.Errorf("%+v", page.Items[i])
		}

		// Cookies of another site's page change nothing.
		for name, headers := range map[string][]string{
			"other site":     {"Sec-Fetch-Site", "cross-site"},
			"same site":      {"Sec-Fetch-Site", "same-site"},
			"address bar":    {"Sec-Fetch-Site", "none"},
			"no browser":     {"Sec-Fetch-Site", ""},
			"foreign origin": {"Sec-Fetch-Site", "", "Origin", "http://evil.example"},
			"null origin":    {"Sec-Fetch-Site", "", "Origin", "null"},
		} {
			if r := root.do("POST", "/teams", m{"name": name}, headers...); r.code != "identity.origin" {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			if r := root.do("GET", "/teams", nil, headers...); r.status != 200 {
				t.Errorf("%s reads: %d", name, r.status)
			}
		}
		root.ok("POST", "/teams", m{"name": "by origin"}, nil, "Sec-Fetch-Site", "", "Origin", f.url)

		// Ended, out, and late sessions are nobody's.
		for _, s := range page.Items {
			if !s.Current {
				root.ok("DELETE", "/sessions/"+s.ID, nil, nil)
			}
		}
		if r := b.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("an ended session: %d", r.status)
		}
		if r := b.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("an ended session came back: %d", r.status)
		}
		b.ok("POST", "/sign-in", login, nil)
		b.ok("POST", "/sign-out", nil, nil)
		if r := b.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("signed out: %d", r.status)
		}
		f.pass(11 * time.Hour)
		root.ok("GET", "/me", nil, nil)
		f.pass(11 * time.Hour) // since it began 22, since it was used 11
		root.ok("GET", "/me", nil, nil)
		f.pass(13 * time.Hour)
		if r := root.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("idle: %d", r.status)
		}
		// However much it is used, a session ends after a week.
		b.ok("POST", "/sign-in", login, nil)
		for range 15 { // 165 hours of 168
			f.pass(11 * time.Hour)
			b.ok("GET", "/me", nil, nil)
		}
		f.pass(4 * time.Hour)
		if r := b.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("after a week: %d", r.status)
		}
	})
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		root, u := f.administrator()
		other := f.browser()
		other.ok("POST", "/sign-in", m{"login": u.Login, "password": password}, nil)

		// Wrong login and wrong password say the same.
		stranger := f.browser()
		a := stranger.do("POST", "/sign-in", m{"login": "nobody@example.com", "password": password})
		b := stranger.do("POST", "/sign-in", m{"login": u.Login, "password": "wrong wrong wrong"})
		if a.status != 401 || a.body != b.body {
			t.Errorf("%s\n%s", a.body, b.body)
		}
		const next = "another sentence entirely"
		path := "/users/" + u.ID + "/password"
		if r := root.do("PUT", path, m{"old": "wrong wrong wrong", "new": next}); r.code != "identity.wrong" {
			t.Errorf("without the old password: %s", r.body)
		}
		if r := root.do("PUT", path, m{"old": password, "new": "short"}); r.code != "identity.password" {
			t.Errorf("a short one: %s", r.body)
		}
		root.ok("PUT", path, m{"old": password, "new": next}, nil)
		root.ok("GET", "/me", nil, nil)
		if r := other.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("another session goes on: %d", r.status)
		}
		if r := other.do("POST", "/sign-in", m{"login": u.Login, "password": password}); r.code != "identity.wrong" {
			t.Errorf("the old password: %s", r.body)
		}
		other.ok("POST", "/sign-in", m{"login": " ROOT@example.com ", "password": next}, nil)

		// Who fails too often waits, whatever the password, and no longer than it says.
		tries := 0
		var r reply
		for ; tries < 20; tries++ {
			if r = stranger.do("POST", "/sign-in", m{"login": u.Login, "password": "wrong wrong wrong"}); r.status != 401 {
				break
			}
		}
		if tries != 5 || r.status != 429 || r.header.Get("Retry-After") != "30" {
			t.Errorf("after %d tries: %d %q", tries, r.status, r.header.Get("Retry-After"))
		}
		if r := stranger.do("POST", "/sign-in", m{"login": u.Login, "password": next}); r.status != 429 {
			t.Errorf("the right password meanwhile: %d", r.status)
		}
		f.pass(31 * time.Second)
		stranger.ok("POST", "/sign-in", m{"login": u.Login, "password": next}, nil)

		// Of one address, many logins wait as well.
		for i := range 60 {
			if r = stranger.do("POST", "/sign-in", m{"login": string(rune('a'+i%26)) + strings.Repeat("x", i), "password": "wrong wrong wrong"}); r.status == 429 {
				break
			}
		}
		if r.status != 429 {
			t.Error("an address may try for ever")
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		root, u := f.administrator()
		var team, second identity.TeamView
		root.ok("POST", "/teams", m{"name": "Bank"}, &team)
		root.ok("POST", "/teams", m{"name": "Plant"}, &second)
		make := func(body m) identity.MadeToken {
			t.Helper()
			var k identity.MadeToken
			root.ok("POST", "/users/"+u.ID+"/tokens", body, &k)
			if !strings.HasPrefix(k.Token, "lf_") {
				t.Fatalf("%+v", k)
			}
			return k
		}
		all := make(m{"name": "all", "permissions": []string{"read", "contribute", "approve", "own", "admin"}, "days": 30})
		read := make(m{"name": "read", "permissions": []string{"read"}, "days": 1})
		owning := make(m{"name": "owning", "permissions": []string{"read", "own"}, "days": 1})
		make(m{"name": "unused", "permissions": []string{"read"}, "days": 1})
		bank := make(m{"name": "bank", "permissions": []string{"read", "own"}, "team": team.ID, "days": 30})
		for _, c := range []struct {
			name, token, method, path string
			body                      any
			want                      int
		}{
			{"all reads", all.Token, "GET", "/teams/" + team.ID, nil, 200},
			{"all makes", all.Token, "POST", "/teams", m{"name": "New"}, 201},
			{"read reads", read.Token, "GET", "/users", nil, 200},
			{"read makes", read.Token, "POST", "/teams", m{"name": "Newer"}, 403},
			{"bank reads the bank", bank.Token, "GET", "/teams/" + team.ID, nil, 200},
			{"bank renames the bank", bank.Token, "PATCH", "/teams/" + team.ID, m{"name": "Bank 2"}, 200},
			{"bank reads the plant", bank.Token, "GET", "/teams/" + second.ID, nil, 404},
			{"bank lists users", bank.Token, "GET", "/users", nil, 403},
			// A token is no way to the account.
			{"all makes a token", all.Token, "POST", "/users/" + u.ID + "/tokens", m{"name": "x", "permissions": []string{"read"}, "days": 1}, 403},
			// An administrator owns everything, their account too; their token must not.
			{"owning makes an administrator's token", owning.Token, "POST", "/users/" + u.ID + "/tokens",
				m{"name": "x", "permissions": []string{"read", "contribute", "approve", "own", "admin"}, "days": 366}, 403},
			{"read makes a token", read.Token, "POST", "/users/" + u.ID + "/tokens", m{"name": "x", "permissions": []string{"read"}, "days": 1}, 403},
			{"bank sets the password", bank.Token, "PUT", "/users/" + u.ID + "/password", m{"old": password, "new": password + "!"}, 403},
			{"owning sets the password", owning.Token, "PUT", "/users/" + u.ID + "/password", m{"old": password, "new": password + "!"}, 403},
			{"unknown", "lf_" + strings.Repeat("A", 43), "GET", "/me", nil, 401},
			{"noise", "x", "GET", "/me", nil, 401},
			{"signing in", all.Token, "POST", "/sign-in", m{"login": u.Login, "password": password}, 422},
		} {
			if r := f.with(c.token).do(c.method, c.path, c.body); r.status != c.want {
				t.Errorf("%s: %d, want %d: %s", c.name, r.status, c.want, r.body)
			}
		}
		if r := f.browser().do("GET", "/me", nil, "Authorization", "Basic eDp5"); r.code != "identity.scheme" || r.header.Get("WWW-Authenticate") == "" {
			t.Errorf("basic: %d %s", r.status, r.body)
		}
		var page struct{ Items []identity.TokenView }
		raw := root.ok("GET", "/tokens", nil, &page)
		if strings.Contains(raw.body, all.Token) || len(page.Items) != 5 || page.Items[0].Used == nil || page.Items[3].Used != nil {
			t.Errorf("%s", raw.body)
		}
		f.pass(25 * time.Hour)
		if r := f.with(read.Token).do("GET", "/me", nil); r.code != "identity.token" {
			t.Errorf("expired: %s", r.body)
		}
		f.with(all.Token).ok("DELETE", "/tokens/"+bank.ID, nil, nil)
		if r := f.with(bank.Token).do("GET", "/me", nil); r.code != "identity.token" {
			t.Errorf("revoked: %s", r.body)
		}
	})
}

// Whoever has lost their rights cannot come back through a link that they made
// while they had them.
func TestLinksEndWithTheirMaker(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		root, ru := f.administrator()
		var team identity.TeamView
		root.ok("POST", "/teams", m{"name": "Bank"}, &team)
		var made identity.Made
		root.ok("POST", "/invitations", m{"login": "mallory@example.com", "role": "administrator"}, &made)
		mallory, mu := f.follow(made.Link, "")
		var added identity.Added
		root.ok("POST", "/teams/"+team.ID+"/members", m{"login": "oscar@example.com", "role": "owner"}, &added)
		oscar, ou := f.follow(added.Link, "")

		secret := func(link string) string { _, s, _ := strings.Cut(link, "#"); return s }
		doors := map[string]string{}
		mallory.ok("POST", "/invitations", m{"login": "back@example.com", "role": "administrator"}, &made)
		doors["an administrator's invitation"] = secret(made.Link)
		mallory.ok("POST", "/users/"+ru.ID+"/reset", nil, &made)
		doors["an administrator's link to another's password"] = secret(made.Link)
		oscar.ok("POST", "/teams/"+team.ID+"/members", m{"login": "door@example.com", "role": "owner"}, &added)
		doors["an owner's invitation"] = secret(added.Link)
		try := func(name, link string) (shown, used reply) {
			b := f.browser()
			return b.do("GET", "/link", nil, "X-Landfall-Link", link),
				b.do("POST", "/link", m{"name": name, "password": password + " again"}, "X-Landfall-Link", link)
		}

		root.ok("POST", "/users/"+mu.ID+"/deactivate", nil, nil)
		var page struct{ Items []identity.MemberView }
		root.ok("GET", "/teams/"+team.ID+"/members", nil, &page)
		for _, x := range page.Items {
			if x.User == ou.ID {
				root.ok("PATCH", "/members/"+x.ID, m{"role": "contributor"}, nil)
			}
		}
		for name, link := range doors {
			if shown, used := try(name, link); shown.code != "identity.link" || used.code != "identity.link" {
				t.Errorf("%s: %d %s, then %d %s", name, shown.status, shown.body, used.status, used.body)
			}
		}
		// One who may still make it has made a good one.
		root.ok("POST", "/teams/"+team.ID+"/members", m{"login": "wang@example.com", "role": "viewer"}, &added)
		if shown, used := try("Wang", secret(added.Link)); shown.status != 200 || used.status != 200 {
			t.Errorf("%s %s", shown.body, used.body)
		}
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		f := newFixture(t, db, nil)
		root, u := f.administrator()
		var team identity.TeamView
		root.ok("POST", "/teams", m{"name": "Bank"}, &team)
		if r := root.do("POST", "/teams", m{"name": "Bank"}); r.code != "identity.team_name_taken" {
			t.Errorf("the same name: %s", r.body)
		}
		var added identity.Added
		root.ok("POST", "/teams/"+team.ID+"/members", m{"login": "Li@example.com", "role": "owner"}, &added)
		if added.Member != nil || added.Link == "" {
			t.Fatalf("%+v", added)
		}
		_, secret, _ := strings.Cut(added.Link, "#")
		var offer identity.Offer
		f.browser().ok("GET", "/link", nil, &offer, "X-Landfall-Link", secret)
		if offer.Team != "Bank" || offer.Role != identity.Owner || offer.Login != "li@example.com" {
			t.Errorf("%+v", offer)
		}
		li, lu := f.follow(added.Link, "somebody else")
		if lu.Login != "li@example.com" {
			t.Errorf("the link was for li: %+v", lu)
		}
		// An owner adds, changes and removes; a member of a team sees its members.
		li.ok("POST", "/teams/"+team.ID+"/members", m{"login": "wang@example.com", "role": "viewer"}, &added)
		wang, wu := f.follow(added.Link, "")
		var page struct{ Items []identity.MemberView }
		wang.ok("GET", "/teams/"+team.ID+"/members", nil, &page)
		if len(page.Items) != 2 || page.Items[1].Role != identity.Viewer || page.Items[0].Name != "SOMEBODY ELSE" {
			t.Fatalf("%+v", page)
		}
		if r := wang.do("PATCH", "/members/"+page.Items[1].ID, m{"role": "owner"}); r.status != 403 {
			t.Errorf("a viewer becomes owner: %d", r.status)
		}
		li.ok("PATCH", "/members/"+page.Items[1].ID, m{"role": "contributor"}, nil)
		if r := li.do("PATCH", "/members/"+page.Items[1].ID, m{"role": "administrator"}); r.status != 422 {
			t.Errorf("a role that no team has: %d", r.status)
		}
		// Who has an account becomes a member at once, in another role if they were one.
		root.ok("POST", "/teams/"+team.ID+"/members", m{"login": "wang@example.com", "role": "approver"}, &added)
		if added.Member == nil || added.Member.Role != identity.Approver || added.Member.ID != page.Items[1].ID {
			t.Errorf("%+v", added)
		}
		li.ok("DELETE", "/members/"+page.Items[1].ID, nil, nil)
		if r := wang.do("GET", "/teams/"+team.ID, nil); r.status != 404 {
			t.Errorf("removed: %d", r.status)
		}
		// Deactivated: no session, no token, no sign-in, and back again.
		var k identity.MadeToken
		li.ok("POST", "/users/"+lu.ID+"/tokens", m{"name": "x", "permissions": []string{"read"}, "days": 1}, &k)
		root.ok("POST", "/users/"+lu.ID+"/deactivate", nil, nil)
		if r := li.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("deactivated, by session: %d", r.status)
		}
		if r := f.with(k.Token).do("GET", "/me", nil); r.code != "identity.token" {
			t.Errorf("deactivated, by token: %s", r.body)
		}
		if r := li.do("POST", "/sign-in", m{"login": lu.Login, "password": password}); r.code != "identity.wrong" {
			t.Errorf("deactivated, signing in: %s", r.body)
		}
		root.ok("POST", "/users/"+lu.ID+"/reactivate", nil, nil)
		li.ok("POST", "/sign-in", m{"login": lu.Login, "password": password}, nil)

		// The last administrator stays.
		for _, do := range []func() reply{
			func() reply { return root.do("POST", "/users/"+u.ID+"/deactivate", nil) },
			func() reply { return root.do("PUT", "/users/"+u.ID+"/platform-role", m{"role": "none"}) },
			func() reply { return root.do("PUT", "/users/"+u.ID+"/platform-role", m{"role": "auditor"}) },
		} {
			if r := do(); r.code != "identity.last_administrator" {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		root.ok("PUT", "/users/"+wu.ID+"/platform-role", m{"role": "administrator"}, nil)
		root.ok("PUT", "/users/"+u.ID+"/platform-role", m{"role": "auditor"}, nil)
		if r := root.do("POST", "/teams", m{"name": "x"}); r.status != 403 {
			t.Errorf("an auditor makes a team: %d", r.status)
		}

		// A link for a new password ends the sessions of before.
		var reset identity.Made
		wang.ok("POST", "/users/"+lu.ID+"/reset", nil, &reset)
		if r := li.do("GET", "/me", nil); r.status != 200 {
			t.Fatalf("not yet: %d", r.status)
		}
		f.follow(reset.Link, "")
		if r := li.do("GET", "/me", nil); r.status != 401 {
			t.Errorf("a session of before the new password: %d", r.status)
		}

		// Everything stands in the audit log, with who did it, and no secret.
		items, err := f.log.List(t.Context(), audit.Filter{}, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, i := range items {
			seen[i.Operation] = true
			if i.Actor.ID == "system" || i.Actor.ID == "" || i.Origin.Address != "127.0.0.1" {
				t.Errorf("%+v", i)
			}
		}
		for _, op := range []string{"use-link", "sign-in", "create-team", "add-member", "change-role", "remove-member", "create-token", "deactivate-user", "set-platform-role", "reset-password"} {
			if !seen[op] {
				t.Errorf("%s left no entry", op)
			}
		}
		if rep, err := f.log.Verify(t.Context(), evidence.VerifyOptions{}); err != nil || len(rep.Findings) > 0 {
			t.Errorf("%+v %v", rep, err)
		}
		var raws []string
		if err := db.Read().NewSelect().Table("audit_entries").Column("entry").Scan(t.Context(), &raws); err != nil {
			t.Fatal(err)
		}
		for _, raw := range raws {
			for _, secret := range []string{password, "argon2id", "lf_", "lfl_"} {
				if strings.Contains(raw, secret) {
					t.Errorf("%q in %s", secret, raw)
				}
			}
		}
	})
}
