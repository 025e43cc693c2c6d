package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/audit"
)

// MakeTeam makes a business team. It fails with ErrTeamName.
func (s *Service) MakeTeam(ctx context.Context, name string) (Team, error) {
	t := Team{ID: s.d.NewID("team"), Name: strings.TrimSpace(name), Kind: Business, CreatedAt: s.micros()}
	err := s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.freeName(ctx, tx, t); err != nil {
			return err
		}
		if err := insert(ctx, tx, &t); err != nil {
			return err
		}
		return audit.Note(ctx, "team", t.ID, nil, t.noted())
	})
	return t, err
}

func (s *Service) freeName(ctx context.Context, tx bun.Tx, t Team) error {
	_, taken, err := one[Team](ctx, tx, "name = ? AND id <> ?", t.Name, t.ID)
	if err == nil && taken {
		err = ErrTeamName.With("name", t.Name).In("/name")
	}
	return err
}

// RenameTeam gives a team another name. It fails with ErrTeamName.
func (s *Service) RenameTeam(ctx context.Context, id, name string) (t Team, err error) {
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if t, err = s.Team(ctx, tx, id); err != nil {
			return err
		}
		before := t.noted()
		t.Name = strings.TrimSpace(name)
		if err := s.freeName(ctx, tx, t); err != nil {
			return err
		}
		if err := update(ctx, tx, &t, "name"); err != nil {
			return err
		}
		return audit.Note(ctx, "team", id, before, t.noted())
	})
	return t, err
}

func teamRole(r Role) error {
	if rank(r) >= 0 {
		return nil
	}
	return ErrRole.With("role", string(r), "roles", []string{string(Viewer), string(Contributor), string(Approver), string(Owner)}).In("/role")
}

// Added is what became of somebody who was to be a member: they are one, or
// there is a one-time link for them.
type Added struct {
	Member  *MemberView `json:"member,omitempty" doc:"Set if they have an account."`
	Link    string      `json:"link,omitempty" doc:"Set if they have none: a one-time link that makes it. It is not shown again."`
	Expires *time.Time  `json:"expires,omitempty" doc:"When the link ends."`
}

// Add makes whoever has that login a member of a team, or invites them.
func (s *Service) Add(ctx context.Context, team, login string, role Role) (Added, error) {
	if err := teamRole(role); err != nil {
		return Added{}, err
	}
	login, err := cleanLogin(login)
	if err != nil {
		return Added{}, err
	}
	u, found, err := one[User](ctx, s.d.DB.Read(), "login = ?", login)
	if err != nil {
		return Added{}, err
	}
	if !found {
		link, expires, err := s.invite(ctx, linkRow{Login: login, TeamID: team, Role: role})
		return Added{Link: link, Expires: &expires}, err
	}
	var m memberRow
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		m, err = s.join(ctx, tx, team, u.ID, role, direct)
		return err
	})
	v := memberView(m, u)
	return Added{Member: &v}, err
}

// join makes a user a member, or gives a member another role.
func (s *Service) join(ctx context.Context, tx bun.Tx, team, user string, role Role, origin string) (memberRow, error) {
	if _, err := s.Team(ctx, tx, team); err != nil {
		return memberRow{}, err
	}
	m, found, err := one[memberRow](ctx, tx, "team_id = ? AND user_id = ?", team, user)
	if err != nil {
		return m, err
	}
	if found {
		return s.setRole(ctx, tx, m, role, origin)
	}
	m = memberRow{ID: s.d.NewID("mem"), TeamID: team, UserID: user, Role: role, Origin: origin, CreatedAt: s.micros()}
	if err := insert(ctx, tx, &m); err != nil {
		return m, err
	}
	return m, audit.Note(ctx, "member", m.ID, nil, m.noted())
}

func (s *Service) setRole(ctx context.Context, tx bun.Tx, m memberRow, role Role, origin string) (memberRow, error) {
	if m.Origin == oidc && origin != oidc {
		return m, ErrManaged.With("issuer", s.d.Config.issuer())
	}
	before := m.noted()
	m.Role, m.Origin = role, origin
	if err := update(ctx, tx, &m, "role", "origin"); err != nil {
		return m, err
	}
	return m, audit.Note(ctx, "member", m.ID, before, m.noted())
}

func (s *Service) member(ctx context.Context, db bun.IDB, id string) (memberRow, error) {
	m, found, err := one[memberRow](ctx, db, "id = ?", id)
	if err == nil && !found {
		err = ErrNoMember.With("id", id)
	}
	return m, err
}

// SetRole gives a member another role.
func (s *Service) SetRole(ctx context.Context, member string, role Role) (v MemberView, err error) {
	if err := teamRole(role); err != nil {
		return v, err
	}
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		m, err := s.member(ctx, tx, member)
		if err != nil {
			return err
		}
		if m, err = s.setRole(ctx, tx, m, role, direct); err != nil {
			return err
		}
		u, err := s.User(ctx, tx, m.UserID)
		v = memberView(m, u)
		return err
	})
	return v, err
}

// Remove takes a member out of their team.
func (s *Service) Remove(ctx context.Context, member string) error {
	return s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		m, err := s.member(ctx, tx, member)
		if err != nil {
			return err
		}
		if m.Origin == oidc {
			return ErrManaged.With("issuer", s.d.Config.issuer())
		}
		return s.leave(ctx, tx, m)
	})
}

func (s *Service) leave(ctx context.Context, tx bun.Tx, m memberRow) error {
	if _, err := tx.NewDelete().Model(&m).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	return audit.Note(ctx, "member", m.ID, m.noted(), nil)
}
