package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	jobschema "github.com/landfall-ai/landfall/kit/jobs/schema"
)

const migrationFolder = "migrations"

var migrationName = regexp.MustCompile(`^([0-9]{14})_[a-z0-9_]+\.sql$`)

// merged is the migrations of all packages as one flat folder.
type merged struct {
	entries []fs.DirEntry // by name, which begins with the version
	from    map[string]fs.FS
}

// merge checks names and versions, which are one sequence over all packages.
func merge(migrations []fs.FS) (*merged, error) {
	m := &merged{from: map[string]fs.FS{}}
	versions := map[string]string{}
	for _, fsys := range migrations {
		entries, err := fs.ReadDir(fsys, migrationFolder)
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		for _, e := range entries {
			match := migrationName.FindStringSubmatch(e.Name())
			if match == nil {
				return nil, fmt.Errorf("migration %s: the name must be YYYYMMDDHHMMSS_name.sql", e.Name())
			}
			if other, ok := versions[match[1]]; ok {
				return nil, fmt.Errorf("migrations %s and %s have the same version", other, e.Name())
			}
			versions[match[1]] = e.Name()
			m.from[e.Name()] = fsys
			m.entries = append(m.entries, e)
		}
	}
	slices.SortFunc(m.entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return m, nil
}

// Open opens a migration by its name without a folder.
func (m *merged) Open(name string) (fs.File, error) {
	fsys, ok := m.from[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return fsys.Open(path.Join(migrationFolder, name))
}

// ReadDir lists the migrations for ".", the one folder there is.
func (m *merged) ReadDir(string) ([]fs.DirEntry, error) { return m.entries, nil }

// Checksums returns the hex SHA-256 of every migration by file name. A test
// compares them with a golden file, since an edit of a migration that was
// applied somewhere goes unnoticed there.
func Checksums(migrations ...fs.FS) (map[string]string, error) {
	m, err := merge(migrations)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string, len(m.entries))
	for _, e := range m.entries {
		b, err := fs.ReadFile(m, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		sum := sha256.Sum256(b)
		sums[e.Name()] = hex.EncodeToString(sum[:])
	}
	return sums, nil
}

func (d *DB) migrate(ctx context.Context, m *merged) error {
	return d.exclusively(ctx, func() error {
		queue, dialect := jobschema.SQLite, goose.DialectSQLite3
		if d.engine == Postgres {
			queue, dialect = jobschema.Postgres, goose.DialectPostgres
		}
		if err := queue(ctx, d.SQL()); err != nil {
			if errors.Is(err, jobschema.ErrNewer) {
				return ErrNewer.With("version", "jobs").Because(err)
			}
			return err
		}
		if len(m.entries) == 0 {
			return nil
		}
		p, err := goose.NewProvider(dialect, d.SQL(), m, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
		if err != nil {
			return fmt.Errorf("read migrations: %w", err)
		}
		current, target, err := p.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
		if current > target {
			return ErrNewer.With("version", strconv.FormatInt(current, 10))
		}
		if current > 0 && current < target && d.engine == SQLite {
			if err := d.keepBefore(ctx, current); err != nil {
				return err
			}
		}
		// Up also refuses a new migration that is older than what is applied.
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("apply migrations: %w", err)
		}
		return nil
	})
}

// keepBefore copies the database beside itself before it is changed for good:
// landfall.db.before-VERSION. A copy that an interrupted migration left is as
// good, since nothing was changed before it was whole.
func (d *DB) keepBefore(ctx context.Context, version int64) error {
	to := d.path + ".before-" + strconv.FormatInt(version, 10)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	tmp := to + ".part"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copy the database before migrating: %w", err)
	}
	if err := snapshot(ctx, d.path, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return fmt.Errorf("copy the database before migrating: %w", err)
	}
	return nil
}
