package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrNoSnapshot is returned where the engine has tools of its own.
var ErrNoSnapshot = fault.Def{Kind: fault.Invalid, Code: "store.no_snapshot",
	En: "a PostgreSQL database is not copied by Landfall", Zh: "Landfall 不负责复制 PostgreSQL 数据库",
	HintEn: "use pg_dump or your server's backups, and copy the home's blobs and keys after it", HintZh: "请使用 pg_dump 或数据库自身的备份，随后复制目录中的 blobs 与 keys"}

// Snapshot writes the whole database as of one moment into a new file, while
// readers and writers go on. It is on the disk when Snapshot returns. It fails
// with ErrNoSnapshot on PostgreSQL.
func (d *DB) Snapshot(ctx context.Context, path string) error {
	if d.engine != SQLite {
		return ErrNoSnapshot.With()
	}
	return snapshot(ctx, d.path, path)
}

// snapshot uses a connection of its own: the one that writes would keep all
// writers waiting.
func snapshot(ctx context.Context, from, to string) (err error) {
	c, err := sql.Open("sqlite3", dsn(from, "mode=ro"))
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy the database: %w", Explain(err))
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// Intact asks the database whether it is whole. It fails with ErrCorrupt.
func (d *DB) Intact(ctx context.Context) error {
	if d.engine != SQLite {
		return nil
	}
	var said []string
	if err := d.Read().NewRaw("PRAGMA integrity_check").Scan(ctx, &said); err != nil {
		return fmt.Errorf("check the database: %w", Explain(err))
	}
	if s := strings.Join(said, "; "); s != "ok" {
		return ErrCorrupt.With().Because(errors.New(s))
	}
	return nil
}
