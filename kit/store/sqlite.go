package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // registers the driver "sqlite3"

	"github.com/landfall-ai/landfall/kit/file"
)

// openSQLite opens the file at path with one connection that writes and
// several that only read. Commits are on the disk when they return
// (synchronous=FULL): evidence must survive a power cut.
func openSQLite(ctx context.Context, path string) (write, read *sql.DB, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("find database file: %w", err)
	}
	// SQLite gives the files beside the database its own rights.
	if err := file.Private(abs); err == nil {
		for _, beside := range []string{"-wal", "-shm"} { // left by a kill, and made before
			if _, serr := os.Stat(abs + beside); serr == nil {
				err = errors.Join(err, file.Private(abs+beside))
			}
		}
		if err != nil {
			return nil, nil, fmt.Errorf("close the database to others: %w", err)
		}
	} // else SQLite says better what is wrong
	write, err = sql.Open("sqlite3", dsn(abs, "_journal_mode=WAL", "_synchronous=FULL", "_txlock=immediate"))
	if err != nil {
		return nil, nil, fmt.Errorf("open database: %w", err)
	}
	write.SetMaxOpenConns(1)
	// The file must exist and be in WAL mode before a reader comes.
	if err := write.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(explainFile(err, abs), write.Close())
	}
	read, err = sql.Open("sqlite3", dsn(abs, "_query_only=on"))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open database: %w", err), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return write, read, nil
}

// dsn escapes path, which may hold any character, into a URI.
func dsn(path string, params ...string) string {
	params = append(params, "_busy_timeout=10000", "_foreign_keys=on")
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(params, "&")
}
