package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/text"
)

// SetPassword gives the user of ctx a new password, if they know the one that
// they have, and ends their other sessions.
func (s *Service) SetPassword(ctx context.Context, id, old, password string) error {
	if auth.From(ctx).ID != id {
		return ErrOnlySelf.With()
	}
	if err := inPerson(ctx); err != nil {
		return err
	}
	u, err := s.User(ctx, s.d.DB.Read(), id)
	if err != nil {
		return err
	}
	if err := checkPassword(password, u.Login); err != nil {
		return err
	}
	if _, err := s.verifyPassword(ctx, u.Login, old); err != nil {
		return err
	}
	if u.Password, err = s.hashing.hash(ctx, password, current); err != nil {
		return err
	}
	return s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := update(ctx, tx, &u, "password"); err != nil {
			return err
		}
		if err := s.endSessions(ctx, tx, u.ID, sessionOf(ctx)); err != nil {
			return err
		}
		return audit.Note(ctx, "user", u.ID, u.noted(), u.noted())
	})
}

// Rename gives a user another name.
func (s *Service) Rename(ctx context.Context, id, name string) (User, error) {
	return s.changeUser(ctx, id, func(_ context.Context, _ bun.Tx, u *User) error {
		u.Name = strings.TrimSpace(name)
		if u.Name == "" {
			u.Name = u.Login
		}
		return nil
	})
}

// changeUser changes a user in one transaction, as the audit log has it.
func (s *Service) changeUser(ctx context.Context, id string, change func(context.Context, bun.Tx, *User) error) (u User, err error) {
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if u, err = s.User(ctx, tx, id); err != nil {
			return err
		}
		before := u.noted()
		if err := change(ctx, tx, &u); err != nil {
			return err
		}
		if err := update(ctx, tx, &u, "name", "platform_role", "deactivated_at"); err != nil {
			return err
		}
		return audit.Note(ctx, "user", id, before, u.noted())
	})
	return u, err
}

// SetPlatformRole makes a user administrator, auditor or, with "", neither. It
// fails with ErrRole, and with ErrLastAdministrator if nobody would be left.
func (s *Service) SetPlatformRole(ctx context.Context, id string, role Role) (User, error) {
	if role != "" && rightsOf(role, true) == 0 {
		return User{}, ErrRole.With("role", string(role), "roles", []string{string(Administrator), string(Auditor)}).In("/role")
	}
	return s.changeUser(ctx, id, func(ctx context.Context, tx bun.Tx, u *User) error {
		if u.Platform == Administrator && role != Administrator {
			if err := s.another(ctx, tx, *u); err != nil {
				return err
			}
		}
		u.Platform = role
		return nil
	})
}

// another fails with ErrLastAdministrator if u is the only one.
func (s *Service) another(ctx context.Context, tx bun.Tx, u User) error {
	if u.Deactivated() {
		return nil
	}
	// The rows of administrators are locked, so that two cannot leave at once.
	// On SQLite there is one writer.
	q := tx.NewSelect().Model((*User)(nil)).Column("id").Where("platform_role = ? AND deactivated_at = 0", Administrator)
	if s.d.DB.Engine() == store.Postgres {
		q = q.For("UPDATE")
	}
	var ids []string
	if err := q.Scan(ctx, &ids); err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if len(ids) <= 1 {
		return ErrLastAdministrator.With()
	}
	return nil
}

// Deactivate keeps a user out: no session and no token of theirs works from
// then on. What they did stays theirs.
func (s *Service) Deactivate(ctx context.Context, id string) (User, error) {
	return s.changeUser(ctx, id, func(ctx context.Context, tx bun.Tx, u *User) error {
		if u.Platform == Administrator {
			if err := s.another(ctx, tx, *u); err != nil {
				return err
			}
		}
		if u.DeactivatedAt == 0 {
			u.DeactivatedAt = s.micros()
		}
		return s.endSessions(ctx, tx, id, "")
	})
}

// Reactivate lets a user in again.
func (s *Service) Reactivate(ctx context.Context, id string) (User, error) {
	return s.changeUser(ctx, id, func(_ context.Context, _ bun.Tx, u *User) error {
		u.DeactivatedAt = 0
		return nil
	})
}

// ResetLink returns a one-time link with which a user sets a new password.
func (s *Service) ResetLink(ctx context.Context, id string) (link string, expires time.Time, err error) {
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		u, err := s.User(ctx, tx, id)
		if err != nil {
			return err
		}
		secret, l, err := s.link(ctx, tx, linkRow{Purpose: reset, UserID: u.ID, Login: u.Login, CreatedBy: auth.From(ctx).ID}, resetLife)
		link, expires = s.linkURL(secret), store.FromMicros(l.ExpiresAt)
		return err
	})
	return link, expires, err
}

// InvitePlatform returns a one-time link for somebody who becomes a user with
// a role of the platform, or with none.
func (s *Service) InvitePlatform(ctx context.Context, login string, role Role) (link string, expires time.Time, err error) {
	if role != "" && rightsOf(role, true) == 0 {
		return "", expires, ErrRole.With("role", string(role), "roles", []string{string(Administrator), string(Auditor)}).In("/role")
	}
	return s.invite(ctx, linkRow{Login: login, PlatformRole: role})
}

func (s *Service) invite(ctx context.Context, l linkRow) (link string, expires time.Time, err error) {
	if l.Login, err = cleanLogin(l.Login); err != nil {
		return "", expires, err
	}
	l.Purpose, l.CreatedBy = invite, auth.From(ctx).ID
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, taken, err := one[User](ctx, tx, "login = ?", l.Login); err != nil {
			return err
		} else if taken {
			return ErrLoginTaken.With("login", l.Login).In("/login")
		}
		secret, made, err := s.link(ctx, tx, l, inviteLife)
		link, expires = s.linkURL(secret), store.FromMicros(made.ExpiresAt)
		return err
	})
	return link, expires, err
}

// inPerson refuses a token, whatever its owner may do everywhere: what it takes
// to come in again is given to nobody but them.
func inPerson(ctx context.Context) error {
	if spokenFor(ctx) {
		return rest.ErrDenied.With("right", text.Text{En: auth.Own.In("en"), Zh: auth.Own.In("zh")})
	}
	return nil
}

// MakeToken makes an API token of the user of ctx and returns what is to be
// sent; it cannot be read again. A token makes none: the new one could do more
// and live longer than it does.
func (s *Service) MakeToken(ctx context.Context, user, name string, scope auth.Permission, team string, days int) (secret string, t tokenRow, err error) {
	if auth.From(ctx).ID != user {
		return "", t, ErrOnlySelf.With()
	}
	if err := inPerson(ctx); err != nil {
		return "", t, err
	}
	if days < 1 || days > maxToken {
		return "", t, ErrExpiry.With("most", maxToken).In("/days")
	}
	secret, hash := newSecret(TokenPrefix)
	t = tokenRow{ID: s.d.NewID("tok"), Hash: hash, UserID: user, Name: strings.TrimSpace(name), Permissions: int64(scope), TeamID: team,
		CreatedAt: s.micros(), ExpiresAt: store.Micros(s.d.Now().AddDate(0, 0, days))}
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := s.User(ctx, tx, user); err != nil {
			return err
		}
		if err := insert(ctx, tx, &t); err != nil {
			return err
		}
		return audit.Note(ctx, "token", t.ID, nil, t.noted())
	})
	return secret, t, err
}

// RevokeToken makes a token useless.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	return s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		t, found, err := one[tokenRow](ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoToken.With("id", id)
		}
		if _, err := tx.NewDelete().Model(&t).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("revoke token: %w", err)
		}
		return audit.Note(ctx, "token", id, t.noted(), nil)
	})
}

// EndSession ends a session by its id.
func (s *Service) EndSession(ctx context.Context, id string) error {
	return s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		r, found, err := one[sessionRow](ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoSession.With("id", id)
		}
		if _, err := tx.NewDelete().Model(&r).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		s.touched.forget(r.Token)
		return audit.Note(ctx, "session", id, map[string]any{"user": r.UserID}, nil)
	})
}

// byToken returns what a token may do, or fails with ErrToken.
func (s *Service) byToken(ctx context.Context, secret string) (auth.Principal, string, error) {
	if !looksLike(secret, TokenPrefix) {
		return auth.Principal{}, "", ErrToken.With()
	}
	t, found, err := one[tokenRow](ctx, s.d.DB.Read(), "hash = ?", hashSecret(secret))
	if err != nil {
		return auth.Principal{}, "", err
	}
	now := s.d.Now()
	if !found || t.ExpiresAt <= store.Micros(now) {
		return auth.Principal{}, "", ErrToken.With()
	}
	p, err := s.principal(ctx, t.UserID)
	if err != nil {
		return auth.Principal{}, "", err
	}
	if p.Nobody() {
		return auth.Principal{}, "", ErrToken.With()
	}
	if s.used.due(t.ID, now) {
		t.UsedAt = store.Micros(now)
		err := s.d.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error { return update(ctx, tx, &t, "used_at") })
		if err != nil {
			return auth.Principal{}, "", err
		}
	}
	return Narrow(p, auth.Permission(t.Permissions), t.TeamID), t.ID, nil
}
