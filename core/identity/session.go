package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
)

// userKey is the one thing that a session holds.
const userKey = "user"

// The names of the cookie. The browser keeps the prefix's promise: it came
// over TLS, for this host alone.
const (
	plainCookie  = "landfall"
	secureCookie = "__Host-landfall"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	Token     string `bun:",pk"` // hash
	ID        string
	UserID    string
	Data      []byte
	Address   string
	Agent     string
	CreatedAt int64
	SeenAt    int64
	ExpiresAt int64
}

// sessions returns the manager of sessions over TLS or without.
func (s *Service) sessions(tls bool) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{s}
	m.Lifetime, m.IdleTimeout = sessionLife, idleLife
	m.Cookie.Name, m.Cookie.Secure = plainCookie, tls
	if tls {
		m.Cookie.Name = secureCookie
	}
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Path = true, http.SameSiteLaxMode, "/"
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		s.d.Log.ErrorContext(r.Context(), "session failed", "error", err)
		rest.Fail(w, r, err)
	}
	return m
}

type managerKey struct{}

// visit is what a request tells the store of its session.
type visit struct {
	agent string
	fresh bool // the session began with this request
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// manager returns what keeps the session of ctx, or fails with ErrNoBrowser:
// requests with a token, and those of this machine, have none.
func manager(ctx context.Context) (*scs.SessionManager, error) {
	m, ok := ctx.Value(managerKey{}).(*scs.SessionManager)
	if !ok {
		return nil, ErrNoBrowser.With()
	}
	return m, nil
}

// sessionStore keeps sessions in the database, under the hash of their token.
// It is called by scs, outside of any transaction.
type sessionStore struct{ s *Service }

var errContext = errors.New("sessions need a context")

// Delete is never called: the variant with a context is there.
func (sessionStore) Delete(string) error { return errContext }

// Find is never called: the variant with a context is there.
func (sessionStore) Find(string) ([]byte, bool, error) { return nil, false, errContext }

// Commit is never called: the variant with a context is there.
func (sessionStore) Commit(string, []byte, time.Time) error { return errContext }

// FindCtx returns the data of a session that has not expired.
func (st sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	r, found, err := one[sessionRow](ctx, st.s.d.DB.Read(), "token = ? AND expires_at > ?", hashSecret(token), st.s.micros())
	return r.Data, found, err
}

// DeleteCtx ends a session.
func (st sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	st.s.touched.forget(hashSecret(token))
	return st.tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("token = ?", hashSecret(token)).Exec(ctx)
		return err
	})
}

// tx is a transaction that no entry of the audit log describes: the operation
// that signs in or out has its own.
func (st sessionStore) tx(ctx context.Context, f func(context.Context, bun.Tx) error) error {
	return st.s.d.DB.Tx(store.BeforeCommit(context.WithoutCancel(ctx), nil), f)
}

// CommitCtx stores a session. Every request moves the end of its session on;
// to write that each time would cost more than the rest of the request, so it
// is written once a minute. A session that was ended meanwhile stays ended.
//
// When it ends is ours to say, by our clock: what scs says comes from the
// system's.
func (st sessionStore) CommitCtx(ctx context.Context, token string, data []byte, _ time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	user, _ := values[userKey].(string)
	if user == "" {
		return nil // nobody's session need not be kept
	}
	hash := hashSecret(token)
	now := st.s.d.Now()
	if !st.s.touched.due(hash, now) {
		return nil
	}
	v := visitOf(ctx)
	r := sessionRow{Token: hash, ID: st.s.d.NewID("ses"), UserID: user, Data: data, Address: audit.OriginOf(ctx).Address, Agent: v.agent,
		CreatedAt: store.Micros(now), SeenAt: store.Micros(now), ExpiresAt: store.Micros(now.Add(idleLife))}
	return st.tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("expires_at <= ?", store.Micros(now)).Exec(ctx); err != nil {
			return fmt.Errorf("forget sessions: %w", err)
		}
		if v.fresh {
			return insert(ctx, tx, &r)
		}
		_, err := tx.NewUpdate().Model(&r).Set("data = ?data").Set("seen_at = ?seen_at").Set("address = ?address").Set("agent = ?agent").
			Set("expires_at = CASE WHEN created_at + ? < ?expires_at THEN created_at + ? ELSE ?expires_at END", sessionLife.Microseconds(), sessionLife.Microseconds()).
			WherePK().Exec(ctx)
		if err != nil {
			return fmt.Errorf("store session: %w", err)
		}
		return nil
	})
}

// endSessions ends all sessions of a user but the one with that hash.
func (s *Service) endSessions(ctx context.Context, tx bun.Tx, user, but string) error {
	if _, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("user_id = ? AND token <> ?", user, but).Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// sessionOf returns the hash of the session of ctx; "" if there is none.
func sessionOf(ctx context.Context) string {
	m, err := manager(ctx)
	if err != nil || m.Token(ctx) == "" {
		return ""
	}
	return hashSecret(m.Token(ctx))
}

// touches remember when something was last written, so that it is not written
// at every request. They hold a bounded number of keys.
type touches struct {
	mu sync.Mutex
	at map[string]time.Time
}

const touchEvery = time.Minute

func newTouches() *touches { return &touches{at: map[string]time.Time{}} }

// due reports whether key should be written now, and takes it that it is.
func (t *touches) due(key string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.at[key]; ok && now.Sub(last) < touchEvery && !now.Before(last) {
		return false
	}
	if len(t.at) >= maxTracked {
		clear(t.at) // each is written once more, which does no harm
	}
	t.at[key] = now
	return true
}

func (t *touches) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, key)
}
