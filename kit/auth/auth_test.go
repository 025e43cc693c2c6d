package auth_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/auth"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	member := auth.Principal{ID: "u1", Teams: map[string]auth.Permission{
		"a": auth.Read, "b": auth.Read | auth.Contribute, "c": auth.Contribute}}
	auditor := auth.Principal{ID: "u2", Everywhere: auth.Read}
	for _, c := range []struct {
		name      string
		who       auth.Principal
		team      string
		see, want auth.Permission
		is        auth.Decision
	}{
		{"nobody", auth.Principal{}, "a", auth.Read, auth.Read, auth.Hidden},
		{"nobody with rights", auth.Principal{Everywhere: auth.All}, "a", auth.Read, auth.Read, auth.Hidden},
		{"reader reads", member, "a", auth.Read, auth.Read, auth.Allowed},
		{"reader writes", member, "a", auth.Read, auth.Contribute, auth.Refused},
		{"contributor writes", member, "b", auth.Read, auth.Contribute, auth.Allowed},
		{"contributor owns", member, "b", auth.Read, auth.Own, auth.Refused},
		{"cannot see, could write", member, "c", auth.Read, auth.Contribute, auth.Hidden},
		{"other team", member, "d", auth.Read, auth.Read, auth.Hidden},
		{"organisation", member, "", auth.Read, auth.Read, auth.Hidden},
		{"auditor anywhere", auditor, "d", auth.Read, auth.Read, auth.Allowed},
		{"auditor writes", auditor, "d", auth.Read, auth.Contribute, auth.Refused},
		{"local", auth.Local("os:x", "X"), "d", auth.Read, auth.Admin, auth.Allowed},
		{"local on the organisation", auth.Local("os:x", "X"), "", auth.Read, auth.Admin, auth.Allowed},
		{"no right asked", auth.Local("os:x", "X"), "d", auth.Read, 0, auth.Hidden},
		{"no right to see", auth.Local("os:x", "X"), "d", 0, auth.Read, auth.Hidden},
		{"two rights, one held", member, "b", auth.Read, auth.Contribute | auth.Own, auth.Refused},
	} {
		if got := auth.Decide(c.who, c.team, c.see, c.want); got != c.is {
			t.Errorf("%s: decision %d, want %d", c.name, got, c.is)
		}
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	var none auth.Teams
	if none.Has("a") || none.All() || len(none.IDs()) != 0 {
		t.Error("the zero value holds something")
	}
	if s := auth.Scope(context.Background()); s.Has("a") || s.All() {
		t.Error("no principal, yet a scope")
	}
	// A list shows exactly what a single read would show.
	rapid.Check(t, func(t *rapid.T) {
		rights := rapid.Custom(func(t *rapid.T) auth.Permission {
			return auth.Permission(rapid.IntRange(0, int(auth.All)).Draw(t, "rights"))
		})
		p := auth.Principal{ID: "u", Everywhere: rights.Draw(t, "everywhere"),
			Teams: rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), rights, 0, 3).Draw(t, "teams")}
		s := auth.Scope(auth.With(context.Background(), p))
		for _, team := range []string{"a", "b", "c", "d"} {
			if s.Has(team) != (auth.Decide(p, team, auth.Read, auth.Read) == auth.Allowed) {
				t.Fatalf("scope and decision differ on team %s", team)
			}
		}
	})
}

func TestPermissionNames(t *testing.T) {
	t.Parallel()
	for p, want := range map[auth.Permission]string{0: "none", auth.Read: "read",
		auth.Read | auth.Own: "read+own", auth.All: "read+contribute+approve+own+admin"} {
		if got := p.String(); got != want {
			t.Errorf("%d: %q, want %q", p, got, want)
		}
	}
	if got := (auth.Read | auth.Approve).In("zh"); got != "查看、审批" {
		t.Errorf("in Chinese: %q", got)
	}
}
