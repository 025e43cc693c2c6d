package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/store"
)

// UserView is a user as operations give it.
type UserView struct {
	ID          string     `json:"id"`
	Login       string     `json:"login"`
	Name        string     `json:"name"`
	Platform    Role       `json:"platform_role,omitempty" enum:"administrator,auditor"`
	Password    bool       `json:"password" doc:"Whether they sign in by password."`
	Issuer      string     `json:"issuer,omitempty" doc:"Where else they sign in."`
	Created     time.Time  `json:"created"`
	Deactivated *time.Time `json:"deactivated,omitempty"`
}

func userView(u User) UserView {
	return UserView{ID: u.ID, Login: u.Login, Name: u.Name, Platform: u.Platform, Password: u.Password != "", Issuer: u.Issuer,
		Created: store.FromMicros(u.CreatedAt), Deactivated: pointer(u.DeactivatedAt)}
}

// TeamView is a team as operations give it.
type TeamView struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind" enum:"platform,business"`
	Created time.Time `json:"created"`
}

func teamView(t Team) TeamView {
	return TeamView{ID: t.ID, Name: t.Name, Kind: t.Kind, Created: store.FromMicros(t.CreatedAt)}
}

// MemberView is a member as operations give it.
type MemberView struct {
	ID     string    `json:"id"`
	Team   string    `json:"team"`
	User   string    `json:"user"`
	Login  string    `json:"login"`
	Name   string    `json:"name"`
	Role   Role      `json:"role" enum:"viewer,contributor,approver,owner"`
	Origin string    `json:"origin" enum:"direct,oidc" doc:"Whether an owner gave the role, or the groups of the sign-in service."`
	Since  time.Time `json:"since"`
}

func memberView(m memberRow, u User) MemberView {
	return MemberView{ID: m.ID, Team: m.TeamID, User: m.UserID, Login: u.Login, Name: u.Name, Role: m.Role, Origin: m.Origin, Since: store.FromMicros(m.CreatedAt)}
}

// TokenView is an API token as operations give it: never what is sent.
type TokenView struct {
	ID          string     `json:"id"`
	User        string     `json:"user"`
	Name        string     `json:"name"`
	Permissions []string   `json:"permissions" nullable:"false"`
	Team        string     `json:"team,omitempty" doc:"The only team that it reaches; absent for all."`
	Created     time.Time  `json:"created"`
	Expires     time.Time  `json:"expires"`
	Used        *time.Time `json:"used,omitempty" doc:"When it was last used, to the minute."`
}

func tokenView(t tokenRow) TokenView {
	return TokenView{ID: t.ID, User: t.UserID, Name: t.Name, Permissions: namesOf(auth.Permission(t.Permissions)), Team: t.TeamID,
		Created: store.FromMicros(t.CreatedAt), Expires: store.FromMicros(t.ExpiresAt), Used: pointer(t.UsedAt)}
}

// MadeToken is a token that was just made.
type MadeToken struct {
	TokenView
	Token string `json:"token" doc:"What is sent as Authorization: Bearer. It is not shown again."`
}

// SessionView is a session as operations give it.
type SessionView struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Current bool      `json:"current" doc:"Whether it is the one that asks."`
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"To the minute."`
	Expires time.Time `json:"expires"`
}

func sessionView(r sessionRow, current string) SessionView {
	return SessionView{ID: r.ID, User: r.UserID, Current: r.Token == current, Address: r.Address, Agent: r.Agent,
		Created: store.FromMicros(r.CreatedAt), Seen: store.FromMicros(r.SeenAt), Expires: store.FromMicros(r.ExpiresAt)}
}

// Made is a one-time link.
type Made struct {
	Link    string    `json:"link" doc:"It is not shown again."`
	Expires time.Time `json:"expires"`
}

// MyTeam is a team of whoever asks.
type MyTeam struct {
	TeamView
	Role        Role     `json:"role,omitempty"`
	Permissions []string `json:"permissions" nullable:"false"`
}

// Me is whoever asks.
type Me struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	User        *UserView `json:"user,omitempty" doc:"Absent for the person at this machine."`
	Permissions []string  `json:"permissions" nullable:"false" doc:"What they may do everywhere."`
	Teams       []MyTeam  `json:"teams" nullable:"false"`
	Token       bool      `json:"token" doc:"Whether an API token speaks for them."`
}

// names and rights of permissions, in the order of auth.
var permissionNames = []string{"read", "contribute", "approve", "own", "admin"}

func namesOf(p auth.Permission) []string {
	out := []string{}
	for i, n := range permissionNames {
		if p&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

func permissionOf(names []string) auth.Permission {
	var p auth.Permission
	for i, n := range permissionNames {
		for _, given := range names {
			if given == n {
				p |= 1 << i
			}
		}
	}
	return p
}

// me says who asks in ctx.
func (s *Service) me(ctx context.Context) (*Me, error) {
	p := auth.From(ctx)
	out := &Me{ID: p.ID, Name: p.Name, Permissions: namesOf(p.Everywhere), Teams: []MyTeam{}}
	db := s.d.DB.Read()
	u, found, err := one[User](ctx, db, "id = ?", p.ID)
	if err != nil {
		return nil, err
	}
	roles := map[string]Role{}
	if found {
		v := userView(u)
		out.User = &v
		_, merr := manager(ctx)
		out.Token = merr != nil
		rows, err := memberships(ctx, db, u.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			roles[m.TeamID] = m.Role
		}
	}
	teams, err := s.teams(ctx, nil, 1000)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		out.Teams = append(out.Teams, MyTeam{TeamView: teamView(t), Role: roles[t.ID], Permissions: namesOf(p.Everywhere | p.Teams[t.ID])})
	}
	return out, nil
}

// teams lists the teams that the principal of ctx may see, by name.
func (s *Service) teams(ctx context.Context, after *string, limit int) ([]Team, error) {
	var rows []Team
	q := s.d.DB.Read().NewSelect().Model(&rows).Order("name").Limit(int64(limit))
	if scope := auth.Scope(ctx); !scope.All() {
		if len(scope.IDs()) == 0 {
			return nil, nil
		}
		q = q.Where("id IN (?)", bun.List(scope.IDs()))
	}
	if after != nil {
		q = q.Where("name > ?", *after)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	return rows, nil
}

// owned is a query for rows of the accounts that the principal of ctx may see.
func owned(ctx context.Context, q *bun.SelectQuery) *bun.SelectQuery {
	scope := auth.Scope(ctx)
	if scope.All() {
		return q
	}
	me := auth.From(ctx).ID
	if !scope.Has(AccountOf(me)) {
		return q.Where("1 = 0")
	}
	return q.Where("user_id = ?", me)
}
