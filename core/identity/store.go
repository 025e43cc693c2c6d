package identity

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// User is somebody who can sign in.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID            string `bun:",pk"`
	Login         string
	Name          string
	Password      string // hash; "" if they sign in elsewhere
	Platform      Role   `bun:"platform_role"`
	Issuer        string
	Subject       string
	CreatedAt     int64
	DeactivatedAt int64
}

// Deactivated reports whether the user may no longer do anything.
func (u User) Deactivated() bool { return u.DeactivatedAt != 0 }

// noted is what audit digests of a user: everything but the hash.
func (u User) noted() map[string]any {
	return map[string]any{"login": u.Login, "name": u.Name, "platform_role": string(u.Platform), "issuer": u.Issuer, "subject": u.Subject,
		"deactivated": u.Deactivated()}
}

// The kinds of team.
const (
	Platform = "platform"
	Business = "business"
)

// Team owns scenarios and has members.
type Team struct {
	bun.BaseModel `bun:"table:teams,alias:t"`

	ID        string `bun:",pk"`
	Name      string
	Kind      string
	CreatedAt int64
}

func (t Team) noted() map[string]any { return map[string]any{"name": t.Name, "kind": t.Kind} }

// Where a membership comes from.
const (
	direct = "direct"
	oidc   = "oidc"
)

type memberRow struct {
	bun.BaseModel `bun:"table:members,alias:m"`

	ID        string `bun:",pk"`
	TeamID    string
	UserID    string
	Role      Role
	Origin    string
	CreatedAt int64
}

func (m memberRow) noted() map[string]any {
	return map[string]any{"team": m.TeamID, "user": m.UserID, "role": string(m.Role), "origin": m.Origin}
}

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:k"`

	ID          string `bun:",pk"`
	Hash        string
	UserID      string
	Name        string
	Permissions int64
	TeamID      string
	CreatedAt   int64
	ExpiresAt   int64
	UsedAt      int64
}

func (t tokenRow) noted() map[string]any {
	return map[string]any{"user": t.UserID, "name": t.Name, "permissions": auth.Permission(t.Permissions).String(), "team": t.TeamID, "expires": t.ExpiresAt}
}

// The purposes of one-time links.
const (
	setup  = "setup"
	invite = "invite"
	reset  = "reset"
)

type linkRow struct {
	bun.BaseModel `bun:"table:links,alias:l"`

	ID           string `bun:",pk"`
	Hash         string
	Purpose      string
	Login        string
	UserID       string
	TeamID       string
	Role         Role
	PlatformRole Role
	CreatedBy    string
	CreatedAt    int64
	ExpiresAt    int64
	UsedAt       int64
}

func (l linkRow) noted() map[string]any {
	return map[string]any{"purpose": l.Purpose, "login": l.Login, "user": l.UserID, "team": l.TeamID, "role": string(l.Role),
		"platform_role": string(l.PlatformRole), "expires": l.ExpiresAt, "used": l.UsedAt != 0}
}

// cleanLogin returns a login in the form in which it is stored, or fails with
// ErrLogin.
func cleanLogin(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if s == "" || utf8.RuneCountInString(s) > 200 || !utf8.ValidString(s) || strings.ContainsFunc(s, bad) {
		return "", ErrLogin.With().In("/login")
	}
	return s, nil
}

// one reads one row by a condition; found is false if there is none.
func one[T any](ctx context.Context, db bun.IDB, where string, args ...any) (row T, found bool, err error) {
	found, err = store.Found(db.NewSelect().Model(&row).Where(where, args...).Limit(1).Scan(ctx))
	if err != nil {
		return row, false, fmt.Errorf("read %T: %w", row, err)
	}
	return row, found, nil
}

// User returns a user by id, or fails with ErrNoUser.
func (s *Service) User(ctx context.Context, db bun.IDB, id string) (User, error) {
	u, found, err := one[User](ctx, db, "id = ?", id)
	if err == nil && !found {
		err = ErrNoUser.With("id", id)
	}
	return u, err
}

// Team returns a team by id, or fails with ErrNoTeam.
func (s *Service) Team(ctx context.Context, db bun.IDB, id string) (Team, error) {
	t, found, err := one[Team](ctx, db, "id = ?", id)
	if err == nil && !found {
		err = ErrNoTeam.With("id", id)
	}
	return t, err
}

// TeamOwner returns the id of a team that is there: a team owns itself. It
// fails with ErrNoTeam.
func (s *Service) TeamOwner(ctx context.Context, id string) (string, error) {
	t, err := s.Team(ctx, s.d.DB.Read(), id)
	return t.ID, err
}

func memberships(ctx context.Context, db bun.IDB, user string) ([]memberRow, error) {
	var rows []memberRow
	if err := db.NewSelect().Model(&rows).Where("user_id = ?", user).Order("team_id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	return rows, nil
}

// principal returns who a user is and what they may do; nobody if they are
// gone or deactivated.
func (s *Service) principal(ctx context.Context, user string) (auth.Principal, error) {
	return principalIn(ctx, s.d.DB.Read(), user)
}

func principalIn(ctx context.Context, db bun.IDB, user string) (auth.Principal, error) {
	u, found, err := one[User](ctx, db, "id = ?", user)
	if err != nil || !found {
		return auth.Principal{}, err
	}
	rows, err := memberships(ctx, db, user)
	if err != nil {
		return auth.Principal{}, err
	}
	ms := make([]Membership, len(rows))
	for i, r := range rows {
		ms[i] = Membership{Team: r.TeamID, Role: r.Role}
	}
	return PrincipalOf(u, ms), nil
}

func (s *Service) micros() int64 { return store.Micros(s.d.Now()) }

// pointer returns a time that may be absent: 0.
func pointer(us int64) *time.Time {
	if us == 0 {
		return nil
	}
	t := store.FromMicros(us)
	return &t
}

// insert stores a row.
func insert[T any](ctx context.Context, tx bun.Tx, row *T) error {
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("store %T: %w", row, err)
	}
	return nil
}

// update stores columns of a row.
func update[T any](ctx context.Context, tx bun.Tx, row *T, columns ...string) error {
	if _, err := tx.NewUpdate().Model(row).Column(columns...).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("store %T: %w", row, err)
	}
	return nil
}
