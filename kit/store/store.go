// Package store opens the database of a home: SQLite on one machine,
// PostgreSQL when that is outgrown, with the same tables and the same queries.
//
// Everything that writes goes through [DB.Tx] and passes the transaction on:
// SQLite has one writer connection, and asking for it again inside its own
// transaction would wait forever. Statements in both SQL dialects are bun's.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
)

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// readers is how many connections serve reads: reads are short and the
// machine is shared, so that more would only queue elsewhere.
const readers = 8

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	path   string // of the file on SQLite
	write  *bun.DB
	read   *bun.DB
}

// Open connects to url, "sqlite:PATH" or "postgres://…", and brings its tables
// up to date: first the job queue's, then migrations in the order of their
// timestamps over all of them. Each of migrations is an embedded folder with
// files migrations/YYYYMMDDHHMMSS_name.sql.
//
// It fails with ErrURL, ErrUnreachable, ErrNewer, ErrCorrupt, ErrDiskFull or
// ErrUnwritable for what a user can cause, without the URL's password. A
// migration that fails leaves those before it applied and nothing of itself.
func Open(ctx context.Context, url string, migrations ...fs.FS) (*DB, error) {
	merged, err := merge(migrations)
	if err != nil {
		return nil, err
	}
	db, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, merged); err != nil {
		return nil, errors.Join(Explain(err), db.Close())
	}
	return db, nil
}

func connect(ctx context.Context, url string) (*DB, error) {
	var write, read *sql.DB
	var err error
	var dialect func() schema.Dialect
	engine, file := SQLite, ""
	switch path, isFile := strings.CutPrefix(url, "sqlite:"); {
	case isFile && path != "":
		dialect = func() schema.Dialect { return sqlitedialect.New() }
		file = path
		write, read, err = openSQLite(ctx, path)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		engine = Postgres
		dialect = func() schema.Dialect { return pgdialect.New() }
		write, read, err = openPostgres(ctx, url)
	default:
		scheme, _, _ := strings.Cut(url, ":")
		return nil, ErrURL.With("scheme", scheme)
	}
	if err != nil {
		return nil, err
	}
	return &DB{engine: engine, path: file, write: bun.NewDB(write, dialect()), read: bun.NewDB(read, dialect())}, nil
}

// Engine says which engine it is, for the few statements that differ.
func (d *DB) Engine() Engine { return d.engine }

// SQL returns the pool that writes; on SQLite it has one connection.
func (d *DB) SQL() *sql.DB { return d.write.DB }

// Read returns the readers' pool. It sees what is committed, refuses writes,
// and is not for use inside Tx, where it would miss the transaction's own.
func (d *DB) Read() bun.IDB { return d.read }

// Close waits for running statements and closes all connections.
func (d *DB) Close() error {
	// The writer goes last so that on SQLite it is the one that folds the
	// write-ahead log into the file.
	return errors.Join(d.read.Close(), d.write.Close())
}

type inTx struct{ db *DB }

type beforeCommit struct{}

// BeforeCommit returns a context in which f is called at the end of every
// transaction, before it commits and as a part of it: if f fails, nothing is
// written. It takes the place of an f that ctx had; nil takes it away.
func BeforeCommit(ctx context.Context, f func(ctx context.Context, tx bun.Tx) error) context.Context {
	return context.WithValue(ctx, beforeCommit{}, f)
}

// Tx runs f in a write transaction, commits if f returns nil and rolls back
// otherwise, also when f panics. On SQLite writers take turns; on PostgreSQL
// the isolation is READ COMMITTED, so that f locks the rows it decides upon.
// f is run once: what a rival transaction spoils is reported as ErrContended.
//
// Calling Tx with the context of a transaction of the same database is an
// error: it would deadlock. What a user can cause is returned as in Explain.
func (d *DB) Tx(ctx context.Context, f func(ctx context.Context, tx bun.Tx) error) (err error) {
	if ctx.Value(inTx{d}) != nil {
		return errors.New("begin transaction: one is open already; pass it on")
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", Explain(err))
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// After a canceled context or a lost connection there is nothing
		// left to roll back, which is as good.
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) && !errors.Is(rerr, driver.ErrBadConn) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", rerr))
		}
	}()
	inside := context.WithValue(ctx, inTx{d}, true)
	if err := f(inside, tx); err != nil {
		return Explain(err)
	}
	if last, _ := ctx.Value(beforeCommit{}).(func(context.Context, bun.Tx) error); last != nil {
		if err := last(inside, tx); err != nil {
			return Explain(err)
		}
	}
	if err := tx.Commit(); err != nil {
		if cause := ctx.Err(); cause != nil {
			err = cause
		}
		return fmt.Errorf("commit: %w", Explain(err))
	}
	committed = true
	return nil
}

// Found turns the error of a query for one row into whether there is one.
func Found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Micros is t as it is stored: UTC microseconds since 1970, what is finer cut
// off.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros is the inverse of Micros, in UTC.
func FromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
