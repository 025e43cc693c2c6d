package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/landfall-ai/landfall/kit/file"
)

// keptFile is where the newest checkpoint stands beside the keys: away from
// the database, which by itself cannot show that it was emptied or put back to
// an older state.
func (k *Keys) keptFile() string { return filepath.Join(k.dir, "checkpoint") }

// kept returns the checkpoint beside the keys, or nil.
func (s *Service) kept() ([]byte, error) {
	if s.d.Keys == nil {
		return nil, nil
	}
	b, err := os.ReadFile(s.d.Keys.keptFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint beside the keys: %w", err)
	}
	return b, nil
}

// KeepCheckpoint puts the newest checkpoint beside the keys. One that is there
// and that the log no longer has stays: the log was cut back, and Verify says
// so until somebody has looked.
func (s *Service) KeepCheckpoint(ctx context.Context) error {
	before, err := s.kept()
	if err != nil || s.d.Keys == nil {
		return err
	}
	db := s.d.DB.Read()
	latest, err := s.log.Latest(ctx, db)
	if err != nil || latest == nil || bytes.Equal(latest, before) {
		return err
	}
	if before != nil {
		var n int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_checkpoints WHERE origin = ? AND note = ?`, s.log.Origin(), before).Scan(&n); err != nil {
			return fmt.Errorf("look for the checkpoint beside the keys: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
	return file.Write(s.d.Keys.keptFile(), 0o600, func(w io.Writer) error { _, err := w.Write(latest); return err })
}

// verify holds the log to what o pins, or else to the checkpoint beside the
// keys. That one is not from outside, and the report does not claim it to be.
func (s *Service) verify(ctx context.Context, entries Entries, o VerifyOptions) (Report, error) {
	own := len(o.Checkpoint) == 0
	if own {
		var err error
		if o.Checkpoint, err = s.kept(); err != nil {
			return Report{}, err
		}
	}
	r, err := s.log.Verify(ctx, s.d.DB.Read(), entries, o)
	if own {
		r.PinnedSize = -1
	}
	return r, err
}
