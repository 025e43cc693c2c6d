package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
)

// Deps is what a Service needs.
type Deps struct {
	DB     *store.DB
	Box    *seal.Box
	NewID  func(prefix string) string
	Now    func() time.Time
	Log    *slog.Logger
	Config Config
}

// The lives of what lets people in.
const (
	idleLife    = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	setupLife   = 24 * time.Hour
	inviteLife  = 7 * 24 * time.Hour
	resetLife   = 24 * time.Hour
	maxToken    = 366 // days
)

// Service knows people.
type Service struct {
	d       Deps
	hashing hashing
	limits  *limiter
	plain   *scs.SessionManager // without TLS
	secure  *scs.SessionManager
	touched *touches
	used    *touches
	oidc    *provider    // nil without
	reached atomic.Value // string: see Reached
}

// New returns a Service. It fails if the configuration cannot be right.
func New(d Deps) (*Service, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{d: d, hashing: newHashing(2), limits: newLimiter(d.Now), touched: newTouches(), used: newTouches()}
	s.plain, s.secure = s.sessions(false), s.sessions(true)
	var err error
	if s.oidc, err = newProvider(d); err != nil {
		return nil, err
	}
	return s, nil
}

// Reached says how browsers reach the server where the configuration does not.
func (s *Service) Reached(url string) { s.reached.Store(url) }

func person(u User) actor.Actor { return actor.Actor{ID: u.ID, Name: u.Name, Kind: actor.Person} }

// verifyPassword returns who signs in with a password. It fails with ErrSignIn,
// in the same time whatever is wrong, and with ErrTooMany.
func (s *Service) verifyPassword(ctx context.Context, login, password string) (User, error) {
	address := audit.OriginOf(ctx).Address
	login = strings.ToLower(strings.TrimSpace(login))
	byLogin, byAddress := "login:"+login, limitedAs(address)
	if wait := max(s.limits.wait(byLogin, failuresPerLogin), s.limits.wait(byAddress, failuresPerAddress)); wait > 0 {
		return User{}, ErrTooMany.With(problem.RetryAfter, int(math.Ceil(wait.Seconds())))
	}
	s.limits.attempt(byLogin)
	s.limits.attempt(byAddress)
	u, _, err := one[User](ctx, s.d.DB.Read(), "login = ?", login)
	if err != nil {
		return User{}, err
	}
	ok, again, err := s.hashing.verify(ctx, password, u.Password)
	if err != nil {
		return User{}, err
	}
	if !ok || u.Deactivated() {
		s.d.Log.WarnContext(ctx, "sign-in refused", "login", login, "from", address)
		return User{}, ErrSignIn.With()
	}
	s.limits.forgive(byLogin, true)
	s.limits.forgive(byAddress, false)
	if again {
		if u.Password, err = s.hashing.hash(ctx, password, current); err != nil {
			return User{}, err
		}
		return u, s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return update(ctx, tx, &u, "password") })
	}
	return u, nil
}

// SignIn starts a session for whoever has that login and password, in place of
// the session that the request of ctx had.
func (s *Service) SignIn(ctx context.Context, login, password string) (User, error) {
	if _, err := manager(ctx); err != nil {
		return User{}, err
	}
	u, err := s.verifyPassword(ctx, login, password)
	if err != nil {
		return User{}, err
	}
	return u, s.begin(ctx, u)
}

// begin makes the session of ctx one of u, under a new token.
func (s *Service) begin(ctx context.Context, u User) error {
	m, err := manager(ctx)
	if err != nil {
		return err
	}
	audit.By(ctx, person(u))
	if err := audit.Note(ctx, "user", u.ID, nil, nil); err != nil {
		return err
	}
	if err := m.Clear(ctx); err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	if err := m.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	m.Put(ctx, userKey, u.ID)
	visitOf(ctx).fresh = true
	return nil
}

// SignOut ends the session of ctx.
func (s *Service) SignOut(ctx context.Context) error {
	m, err := manager(ctx)
	if err != nil {
		return err
	}
	if err := m.Destroy(ctx); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

// SetupLink returns a one-time link that makes the first administrator, or ""
// if there is one. Links made before stay good until they expire or somebody
// uses one.
func (s *Service) SetupLink(ctx context.Context) (string, error) {
	secret := ""
	err := s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := administrators(ctx, tx)
		if err != nil || n > 0 {
			return err
		}
		secret, _, err = s.link(ctx, tx, linkRow{Purpose: setup, PlatformRole: Administrator}, setupLife)
		return err
	})
	if err != nil || secret == "" {
		return "", err
	}
	return s.linkURL(secret), nil
}

// linkURL is how a link reaches its page. What is behind the # is not sent, so
// that no log of a proxy has it.
func (s *Service) linkURL(secret string) string {
	base := s.d.Config.URL
	if base == "" {
		base, _ = s.reached.Load().(string)
	}
	return strings.TrimSuffix(base, "/") + "/welcome#" + url.PathEscape(secret)
}

func administrators(ctx context.Context, db bun.IDB) (int64, error) {
	n, err := db.NewSelect().Model((*User)(nil)).Where("platform_role = ? AND deactivated_at = 0", Administrator).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count administrators: %w", err)
	}
	return n, nil
}

// link stores a one-time link and returns what opens it.
func (s *Service) link(ctx context.Context, tx bun.Tx, l linkRow, life time.Duration) (secret string, _ linkRow, err error) {
	secret, l.Hash = newSecret(linkPrefix)
	l.ID, l.CreatedAt, l.ExpiresAt = s.d.NewID("link"), s.micros(), store.Micros(s.d.Now().Add(life))
	if err := insert(ctx, tx, &l); err != nil {
		return "", l, err
	}
	return secret, l, audit.Note(ctx, "link", l.ID, nil, l.noted())
}

// openLink returns a link that can still be used, or fails with ErrLink.
func (s *Service) openLink(ctx context.Context, db bun.IDB, secret string) (linkRow, error) {
	if !looksLike(secret, linkPrefix) {
		return linkRow{}, ErrLink.With()
	}
	l, found, err := one[linkRow](ctx, db, "hash = ?", hashSecret(secret))
	if err != nil {
		return l, err
	}
	if !found || l.UsedAt != 0 || l.ExpiresAt <= s.micros() {
		return l, ErrLink.With()
	}
	return l, s.stillGood(ctx, db, l)
}

// stillGood fails with ErrLink for a link that has come too late: a setup link
// once there is an administrator, and any other once whoever made it may no
// longer make it. Else somebody could leave a door open behind them.
func (s *Service) stillGood(ctx context.Context, db bun.IDB, l linkRow) error {
	if l.Purpose == setup {
		n, err := administrators(ctx, db)
		if err == nil && n > 0 {
			err = ErrLink.With()
		}
		return err
	}
	_, found, err := one[User](ctx, db, "id = ?", l.CreatedBy)
	if err != nil || !found { // whoever runs the server made it
		return err
	}
	p, err := principalIn(ctx, db, l.CreatedBy)
	if err != nil {
		return err
	}
	want := auth.Admin
	if l.TeamID != "" {
		want = auth.Own
	}
	if auth.Decide(p, l.TeamID, auth.Read, want) != auth.Allowed {
		return ErrLink.With()
	}
	return nil
}

// Accept uses a one-time link: it makes the user that the link invites, or
// sets the password of the one that it names, and ends that user's sessions.
func (s *Service) Accept(ctx context.Context, secret, login, name, password string) (User, error) {
	l, err := s.openLink(ctx, s.d.DB.Read(), secret)
	if err != nil {
		return User{}, err
	}
	if l.Login != "" {
		login = l.Login
	}
	u := User{Name: strings.TrimSpace(name), Platform: l.PlatformRole}
	if l.Purpose == reset {
		if u, err = s.User(ctx, s.d.DB.Read(), l.UserID); err != nil {
			return User{}, err
		}
	} else if u.Login, err = cleanLogin(login); err != nil {
		return User{}, err
	}
	if u.Name == "" {
		u.Name = u.Login
	}
	if err := checkPassword(password, u.Login); err != nil {
		return User{}, err
	}
	// Hashing takes its time, and SQLite has one writer.
	if u.Password, err = s.hashing.hash(ctx, password, current); err != nil {
		return User{}, err
	}
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// Of two who use it at once, one finds it used.
		res, err := tx.NewUpdate().Model((*linkRow)(nil)).Set("used_at = ?", s.micros()).Where("id = ? AND used_at = 0", l.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("use the link: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrLink.With(), err)
		}
		if err := s.stillGood(ctx, tx, l); err != nil { // by now
			return err
		}
		if l.Purpose == reset {
			if err := update(ctx, tx, &u, "password"); err != nil {
				return err
			}
			if err := s.endSessions(ctx, tx, u.ID, ""); err != nil {
				return err
			}
			audit.By(ctx, person(u))
			return audit.Note(ctx, "user", u.ID, u.noted(), u.noted())
		}
		return s.welcome(ctx, tx, &u, l)
	})
	return u, err
}

// welcome stores a user whom a link has invited.
func (s *Service) welcome(ctx context.Context, tx bun.Tx, u *User, l linkRow) error {
	if _, taken, err := one[User](ctx, tx, "login = ?", u.Login); err != nil {
		return err
	} else if taken {
		return ErrLoginTaken.With("login", u.Login).In("/login")
	}
	u.ID, u.CreatedAt = s.d.NewID("usr"), s.micros()
	if err := insert(ctx, tx, u); err != nil {
		return err
	}
	audit.By(ctx, person(*u))
	if err := audit.Note(ctx, "user", u.ID, nil, u.noted()); err != nil {
		return err
	}
	if l.TeamID == "" {
		return nil
	}
	_, err := s.join(ctx, tx, l.TeamID, u.ID, l.Role, direct)
	return err
}
