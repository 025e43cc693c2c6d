package file_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/landfall-ai/landfall/kit/file"
)

func TestWriteIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b.txt")
	write := func(s string, fail error) error {
		return file.Write(path, 0o640, func(w io.Writer) error {
			if _, err := io.WriteString(w, s); err != nil {
				return err
			}
			return fail
		})
	}
	if err := write("one", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("two", broken); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "one" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := file.Write("/dev/null/x", 0o600, func(io.Writer) error { return nil }); !errors.Is(err, file.ErrWrite) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		// A device that is always full stands in for a full disk.
		err := file.Write(path, 0o600, func(io.Writer) error {
			f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.Write([]byte("x"))
			return errors.Join(err, f.Close())
		})
		if err == nil {
			t.Error("a full disk was not noticed")
		}
	}
}
