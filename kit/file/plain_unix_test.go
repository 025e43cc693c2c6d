//go:build unix

package file_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/landfall-ai/landfall/kit/file"
)

// Opening a pipe that nobody writes to would wait for ever.
func TestOpenIsForPlainFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero"} {
		if _, err := file.Open(path); !errors.Is(err, file.ErrNotPlain) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := file.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	rights := func() os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if err := file.Private(path); err != nil || rights() != 0o600 {
		t.Errorf("made with %o, %v", rights(), err)
	}
	if err := errors.Join(os.WriteFile(path, []byte("kept"), 0o600), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := file.Private(path); err != nil || rights() != 0o600 {
		t.Errorf("left with %o, %v", rights(), err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "kept" {
		t.Errorf("%q, %v", b, err)
	}
}
