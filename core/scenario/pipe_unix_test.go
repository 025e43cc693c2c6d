//go:build unix

package scenario_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/landfall-ai/landfall/core/scenario"
)

// TestDocumentIsNoPipe: reading a pipe as the document would wait for ever.
func TestDocumentIsNoPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, scenario.FileName), 0o600); err != nil {
		t.Skip(err)
	}
	if _, _, err := scenario.Read(dir); !errors.Is(err, scenario.ErrFile) {
		t.Errorf("got %v", err)
	}
}
