//go:build unix

package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/landfall-ai/landfall/app"
)

// watching looks at every file of a home while a run goes.
type watching struct{ look func() }

func (w watching) Phase(string, string, int, int) {}
func (w watching) Step(string, bool)              { w.look() }
func (w watching) End(string)                     {}

// Whatever the home's own rights, and however lax the mask, its database and
// the journals of runs are for the owner alone, also while they are written.
func TestRecordsAreForTheOwnerAlone(t *testing.T) {
	home := t.TempDir()
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	lax(t)
	a, err := app.Open(t.Context(), app.Config{Home: home, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	seen := map[string]bool{}
	look := func() {
		err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(filepath.Base(path), ".db") {
				return nil //nolint:nilerr // a file of SQLite may vanish meanwhile
			}
			info, err := d.Info()
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			name := filepath.Base(path)
			if strings.HasPrefix(name, "run_") {
				name = "journal" + name[strings.Index(name, ".db"):]
			}
			seen[name] = true
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has %o", path, info.Mode().Perm())
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	dir := handedOver(t, "", "")
	edit(t, dir, "targets: {accuracy: 0.5}", "targets: {accuracy: 0.4}\nrun: {concurrency: 1}")
	if _, err := a.Run(t.Context(), dir, app.RunOptions{Progress: watching{look}}); err != nil {
		t.Fatal(err)
	}
	look()
	for _, name := range []string{"landfall.db", "landfall.db-wal", "landfall.db-shm", "journal.db", "journal.db-wal"} {
		if !seen[name] {
			t.Errorf("%s was not there to be looked at: %v", name, seen)
		}
	}
}

// lax lets files be made with all the rights that their maker asks for.
func lax(t *testing.T) {
	t.Helper()
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) })
}
