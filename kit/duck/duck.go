// Package duck is the one place that knows DuckDB: wide and long data in
// Parquet files, in process.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"
)

// Column is a column of a table.
type Column struct {
	Name string
	Type string // VARCHAR, BIGINT, DOUBLE, BOOLEAN
}

// memoryLimit bounds what one operation may hold; beyond it DuckDB spills
// into its temporary directory.
const memoryLimit = "128MB"

// rowGroup is the rows of a row group of a Parquet file: what is held while one
// is written. Columns of it still compress well.
const rowGroup = 20_480

// WriteParquet writes rows, each with one value per column, to path. The file
// appears whole or not at all.
func WriteParquet(ctx context.Context, path string, columns []Column, rows iter.Seq[[]driver.Value]) (err error) {
	dir := filepath.Dir(path)
	db, conn, err := open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(), db.Close()) }()

	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = quoteName(c.Name) + " " + c.Type
	}
	if _, err := conn.ExecContext(ctx, "CREATE TABLE t ("+strings.Join(defs, ", ")+")"); err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	if err := conn.Raw(func(dc any) error { return appendRows(ctx, dc.(driver.Conn), rows) }); err != nil {
		return fmt.Errorf("append rows: %w", err)
	}
	tmp := path + ".tmp"
	if _, err := conn.ExecContext(ctx, "COPY t TO "+quote(tmp)+" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE "+strconv.Itoa(rowGroup)+")"); err != nil {
		return errors.Join(fmt.Errorf("write parquet: %w", full(err)), os.RemoveAll(tmp))
	}
	return os.Rename(tmp, path)
}

// full adds ENOSPC to an error of DuckDB that says so in words only.
func full(err error) error {
	if strings.Contains(err.Error(), syscall.ENOSPC.Error()) || strings.Contains(err.Error(), "No space left on device") {
		return errors.Join(err, syscall.ENOSPC)
	}
	return err
}

func appendRows(ctx context.Context, dc driver.Conn, rows iter.Seq[[]driver.Value]) (err error) {
	app, err := duckdb.NewAppenderFromConn(dc, "", "t")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	for r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := app.AppendRow(r...); err != nil {
			return err
		}
	}
	return nil
}

// Query runs a SELECT over the Parquet file at path, which the query names
// file, and hands each row to scan. Arguments are bound to ?.
func Query(ctx context.Context, path, query string, args []any, scan func(*sql.Rows) error) (err error) {
	db, conn, err := open(ctx, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(), db.Close()) }()
	if _, err := conn.ExecContext(ctx, "CREATE VIEW file AS SELECT * FROM read_parquet("+quote(path)+")"); err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("query %s: %w", filepath.Base(path), err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// open starts an in-memory database that may touch files below dir only.
func open(ctx context.Context, dir string) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, nil, fmt.Errorf("start duckdb: %w", err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start duckdb: %w", err), db.Close())
	}
	for _, q := range []string{
		"SET threads = 1",
		"SET memory_limit = '" + memoryLimit + "'",
		"SET temp_directory = " + quote(filepath.Join(dir, "spill")),
		"SET allowed_directories = [" + quote(dir+string(filepath.Separator)) + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("set up duckdb: %w", err), conn.Close(), db.Close())
		}
	}
	return db, conn, nil
}

func quote(s string) string     { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
