// Package idempotent lets a create be sent again: the key that a client chose
// for it, and what it made, are stored in the create's own transaction.
package idempotent

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the table of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// ErrReused is returned where a key comes again with another request.
var ErrReused = fault.Def{Kind: fault.Invalid, Code: "idempotent.key_reused",
	En: "this Idempotency-Key was used for another request", Zh: "该 Idempotency-Key 已用于另一请求",
	HintEn: "make a new key for each request, and keep it for repeating that one", HintZh: "每个请求使用新的键，仅在重试同一请求时沿用"}

// Keep is how long a key is remembered.
const Keep = 24 * time.Hour

// Header is embedded in the input of an operation that takes a key.
type Header struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"The same key again makes nothing twice, for a day."`
}

type row struct {
	bun.BaseModel `bun:"table:idempotency_keys"`

	Principal  string `bun:",pk"`
	Operation  string `bun:",pk"`
	RequestKey string `bun:",pk"`
	Request    string
	Made       string
	CreatedAt  int64
}

// Once runs do, which makes one thing and returns its id, unless the principal
// of ctx has had it made with the same key before: then it returns that id and
// again is true. request is what was asked for; another one under the same key
// is ErrReused. Without a key, do runs. It is part of the caller's transaction:
// of two requests at once, one waits for the other.
func Once(ctx context.Context, tx bun.Tx, now time.Time, operation, key string, request any, do func() (string, error)) (made string, again bool, err error) {
	if key == "" {
		made, err = do()
		return made, false, err
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return "", false, fmt.Errorf("digest the request: %w", err)
	}
	sum := sha256.Sum256(raw)
	r := row{Principal: auth.From(ctx).ID, Operation: operation, RequestKey: key, Request: hex.EncodeToString(sum[:]), CreatedAt: store.Micros(now)}
	if _, err := tx.NewDelete().Model((*row)(nil)).Where("created_at < ?", store.Micros(now.Add(-Keep))).Exec(ctx); err != nil {
		return "", false, fmt.Errorf("forget old keys: %w", err)
	}
	res, err := tx.NewInsert().Model(&r).On("CONFLICT (principal, operation, request_key) DO NOTHING").Exec(ctx)
	if err != nil {
		return "", false, fmt.Errorf("record the key: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return "", false, fmt.Errorf("record the key: %w", err)
	}
	if n == 0 {
		var old row
		if err := tx.NewSelect().Model(&old).Where("principal = ? AND operation = ? AND request_key = ?", r.Principal, operation, key).Scan(ctx); err != nil {
			return "", false, fmt.Errorf("read the key: %w", err)
		}
		if old.Request != r.Request {
			return "", false, ErrReused.With()
		}
		return old.Made, true, nil
	}
	if made, err = do(); err != nil {
		return "", false, err
	}
	if _, err := tx.NewUpdate().Model((*row)(nil)).Set("made = ?", made).
		Where("principal = ? AND operation = ? AND request_key = ?", r.Principal, operation, key).Exec(ctx); err != nil {
		return "", false, fmt.Errorf("record what was made: %w", err)
	}
	return made, false, nil
}
