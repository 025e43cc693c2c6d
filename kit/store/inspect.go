package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Inspection is what a look at a SQLite file found, without changing it.
type Inspection struct {
	// Damage is what SQLite's quick check says is wrong; empty if nothing is.
	Damage []string
	// Applied is the newest migration that the file has, Newest the newest that
	// this program has; 0 without any.
	Applied, Newest int64
}

// Inspect looks at the SQLite file at path, which must exist, without writing
// to it or migrating it. A file that is no database is ErrCorrupt.
func Inspect(ctx context.Context, path string, migrations ...fs.FS) (out Inspection, err error) {
	m, err := merge(migrations)
	if err != nil {
		return out, err
	}
	for _, e := range m.entries {
		version, _, _ := strings.Cut(e.Name(), "_")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return out, fmt.Errorf("read the version of %s: %w", e.Name(), err)
		}
		out.Newest = max(out.Newest, n)
	}
	db, err := sql.Open("sqlite3", dsn(path, "mode=ro", "_query_only=on"))
	if err != nil {
		return out, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return out, explainFile(err, path)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return out, explainFile(err, path)
		}
		if s != "ok" {
			out.Damage = append(out.Damage, s)
		}
	}
	if err := rows.Err(); err != nil {
		return out, explainFile(err, path)
	}
	var applied sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version WHERE is_applied = 1").Scan(&applied)
	if err != nil && !strings.Contains(err.Error(), "no such table") {
		return out, explainFile(err, path)
	}
	out.Applied = applied.Int64
	return out, nil
}
