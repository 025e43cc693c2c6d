// Package storetest runs the tests of a store on every engine, each on a fresh
// database that is copied from a migrated template.
package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/landfall-ai/landfall/kit/jobs/schema"
	"github.com/landfall-ai/landfall/kit/store"
)

// PostgresEnv names the variable with the URL of a PostgreSQL server on which
// databases may be created and dropped; scripts/postgres.sh starts one.
const PostgresEnv = "LANDFALL_TEST_POSTGRES"

// StrictEnv names the variable that turns a skipped engine into a failure.
const StrictEnv = "LANDFALL_STRICT"

// Each runs body as the subtests sqlite and, if there is a server, postgres,
// each on a fresh database with migrations applied, which is gone afterwards.
// body may call t.Parallel.
func Each(t *testing.T, migrations []fs.FS, body func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, migrations, func(t *testing.T, dbURL string) {
		body(t, Open(t, dbURL, migrations))
	})
}

// EachURL is Each for tests that open the database themselves, maybe several
// times or from another process.
func EachURL(t *testing.T, migrations []fs.FS, body func(t *testing.T, dbURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLite(t, migrations)) })
	switch server := os.Getenv(PostgresEnv); {
	case server != "":
		t.Run("postgres", func(t *testing.T) { body(t, postgres(t, server, migrations)) })
	case os.Getenv(StrictEnv) == "1":
		t.Fatalf("%s is not set: eval \"$(scripts/postgres.sh start)\"", PostgresEnv)
	}
}

// Open opens a database until the test ends.
func Open(t *testing.T, dbURL string, migrations []fs.FS) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dbURL, migrations...)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// templates holds the bytes of a migrated SQLite file by the digest of its
// migrations: migrating takes a hundred times as long as copying.
var templates sync.Map

// SQLite returns the URL of a fresh SQLite database of this test.
func SQLite(t *testing.T, migrations []fs.FS) string {
	t.Helper()
	template, _ := templates.LoadOrStore(digest(t, migrations), sync.OnceValues(func() ([]byte, error) { return migrated(migrations) }))
	content, err := template.(func() ([]byte, error))()
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	path := filepath.Join(t.TempDir(), "landfall.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func migrated(migrations []fs.FS) (content []byte, err error) {
	dir, err := os.MkdirTemp("", "landfall-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "template.db")
	db, err := store.Open(context.Background(), "sqlite:"+path, migrations...)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func digest(t *testing.T, migrations []fs.FS) string {
	t.Helper()
	sums, err := store.Checksums(migrations...)
	if err != nil {
		t.Fatalf("read migrations: %v", err)
	}
	queue, err := schema.Digest()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if _, err := fmt.Fprintln(h, name, sums[name]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fmt.Fprintln(h, queue); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

var databases atomic.Int64

// postgres returns the URL of a fresh database on server. Its template is
// named by the digest of the migrations, made by whichever test binary needs
// it first, and stays for the next.
func postgres(t *testing.T, server string, migrations []fs.FS) string {
	t.Helper()
	base, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no URL", PostgresEnv)
	}
	at := func(name string) string {
		u := *base
		u.Path = "/" + name
		return u.String()
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	template := "landfall_template_" + digest(t, migrations)
	if err := ensureTemplate(t.Context(), admin, template, at, migrations); err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	name := "landfall_" + strconv.Itoa(os.Getpid()) + "_" + strconv.FormatInt(databases.Add(1), 10)
	exec := func(ctx context.Context, statement string) {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	// What a killed binary with the same process id has left.
	exec(t.Context(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("close connection: %v", err)
		}
	})
	return at(name)
}

// templateLock is the number of the advisory lock under which templates are
// made.
const templateLock = 5_273_645_062

func ensureTemplate(ctx context.Context, admin *sql.DB, name string, at func(string) string, migrations []fs.FS) (err error) {
	exists := func(q interface {
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}) (n int, err error) {
		err = q.QueryRowContext(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n)
		return n, err
	}
	if n, err := exists(admin); err != nil || n == 1 {
		return err
	}
	conn, err := admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return err
	}
	defer func() {
		_, uerr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(templateLock))
		err = errors.Join(err, uerr)
	}()
	if n, err := exists(conn); err != nil || n == 1 {
		return err
	}
	// It gets its name only when it is whole.
	tmp := name + "_new"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + tmp + " WITH (FORCE)", "CREATE DATABASE " + tmp} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, at(tmp), migrations...)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+tmp+" RENAME TO "+name)
	return err
}
