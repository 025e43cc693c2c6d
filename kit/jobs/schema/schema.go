// Package schema holds the tables of the job queue, apart from kit/jobs so that
// kit/store can create them without knowing the queue.
package schema

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// ErrNewer is returned for a database whose queue tables were made by a newer
// version.
var ErrNewer = errors.New("the job tables are of a newer version")

// SQLite creates or upgrades the queue's tables in a SQLite database. Each
// version is a transaction; repeating it is harmless.
func SQLite(ctx context.Context, db *sql.DB) error { return up(ctx, riversqlite.New(db)) }

// Postgres is SQLite for a PostgreSQL database.
func Postgres(ctx context.Context, db *sql.DB) error { return up(ctx, riverdatabasesql.New(db)) }

// Digest names the newest version of the tables on both engines: it changes
// if and only if their SQL does.
func Digest() (string, error) {
	h := sha256.New()
	for _, d := range []riverdriver.Driver[*sql.Tx]{riversqlite.New(nil), riverdatabasesql.New(nil)} {
		m, err := migrator(d)
		if err != nil {
			return "", err
		}
		for _, v := range m.AllVersions() {
			if _, err := fmt.Fprintf(h, "%s %d %s\x00", d.DatabaseName(), v.Version, v.SQLUp); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func migrator(d riverdriver.Driver[*sql.Tx]) (*rivermigrate.Migrator[*sql.Tx], error) {
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("read the job tables' versions: %w", err)
	}
	return m, nil
}

func up(ctx context.Context, d riverdriver.Driver[*sql.Tx]) error {
	m, err := migrator(d)
	if err != nil {
		return err
	}
	all := m.AllVersions()
	target := all[len(all)-1].Version
	// The migrator itself ignores versions that it does not know.
	exists, err := d.GetExecutor().TableExists(ctx, &riverdriver.TableExistsParams{Table: "river_migration"})
	if err != nil {
		return fmt.Errorf("look for the job tables: %w", err)
	}
	if exists {
		var line int
		err := d.GetExecutor().QueryRow(ctx, "SELECT max(version) FROM river_migration").Scan(&line)
		if err != nil {
			return fmt.Errorf("read the version of the job tables: %w", err)
		}
		if line > target {
			return ErrNewer
		}
		if line == target {
			return nil
		}
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("create the job tables: %w", err)
	}
	return nil
}
