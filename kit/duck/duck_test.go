package duck_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/duck"
)

func TestWriteAndQuery(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "it's.parquet")
	cols := []duck.Column{{Name: "id", Type: "VARCHAR"}, {Name: "n", Type: "BIGINT"}, {Name: "ok", Type: "BOOLEAN"}}
	rows := [][]driver.Value{{"甲", int64(1), true}, {"乙", int64(2), false}, {"丙", int64(3), true}}
	if err := duck.WriteParquet(ctx, path, cols, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := duck.Query(ctx, path, "SELECT id FROM file WHERE ok AND n > ? ORDER BY n", []any{0}, func(r *sql.Rows) error {
		var id string
		if err := r.Scan(&id); err != nil {
			return err
		}
		got = append(got, id)
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"甲", "丙"}) {
		t.Fatalf("got %v, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestQueryStaysInItsFolder(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	cols := []duck.Column{{Name: "a", Type: "BIGINT"}}
	if err := duck.WriteParquet(context.Background(), path, cols, slices.Values([][]driver.Value{{int64(1)}})); err != nil {
		t.Fatal(err)
	}
	err := duck.Query(context.Background(), path, "SELECT * FROM read_csv('"+outside+"')", nil, func(*sql.Rows) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "disabled by configuration") {
		t.Errorf("a file outside was read: %v", err)
	}
}
