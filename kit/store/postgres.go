package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// writers is how many connections a process takes for writing, within the
// default of 100 that a PostgreSQL server allows to all its clients.
const writers = 16

// openPostgres connects to the server of rawURL with a pool that writes and
// one that only reads. Errors never hold the password.
func openPostgres(ctx context.Context, rawURL string) (write, read *sql.DB, err error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		// The parser's error repeats parts of the URL.
		return nil, nil, ErrURL.With("scheme", "postgres")
	}
	// bun writes values into the text of its statements, so that preparing
	// each of them would double the round trips and fill the server's cache.
	if !strings.Contains(rawURL, "default_query_exec_mode") {
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	// Ours are few and all wanted; "table exists already" is none.
	cfg.RuntimeParams["client_min_messages"] = "warning"
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "landfall"
	}
	write = stdlib.OpenDB(*cfg)
	write.SetMaxOpenConns(writers)
	write.SetMaxIdleConns(writers / 2)
	if err := write.PingContext(ctx); err != nil {
		err = ErrUnreachable.With("host", cfg.Host, "port", cfg.Port, "database", cfg.Database, "user", cfg.User).Because(err)
		return nil, nil, errors.Join(err, write.Close())
	}
	ro := cfg.Copy()
	ro.RuntimeParams["default_transaction_read_only"] = "on"
	read = stdlib.OpenDB(*ro)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers / 2)
	return write, read, nil
}

// migrationLock is the number of the advisory lock under which one process at
// a time migrates a PostgreSQL database. It has no meaning but being ours.
const migrationLock = 5_273_645_061

// exclusively runs f while no other process migrates the same database. On
// SQLite a home has one process.
func (d *DB) exclusively(ctx context.Context, f func() error) (err error) {
	if d.engine == SQLite {
		return f()
	}
	conn, err := d.SQL().Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a connection: %w", err)
	}
	// The lock belongs to the session: it goes with the unlock, or with the
	// connection when this process dies.
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("lock the database for migrating: %w", err)
	}
	defer func() {
		_, uerr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, uerr)
	}()
	return f()
}
