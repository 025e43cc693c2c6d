package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/prove/failure"
)

// ErrNoInput is returned for a file that a command was given and cannot open.
var ErrNoInput = fault.Def{Kind: fault.NotFound, Code: "app.no_input",
	En: "the file {file} cannot be opened", Zh: "无法打开文件 {file}",
	HintEn: "check the path", HintZh: "请检查路径"}

// ImportedFailures says what became of a file of production failures.
type ImportedFailures struct {
	Failures int `json:"failures"` // rows of the file
	New      int `json:"new"`      // that were not imported before
	Modes    int `json:"modes"`    // of the scenario, all told
	NewCases int `json:"new_cases"`
	Pending  int `json:"pending"` // modes without a right answer yet
}

// ImportFailures records the failures in the file at path, groups them into failure modes,
// turns those with a right answer into cases of the scenario in dir, and binds
// the new dataset version, so that evidence on the old one is stale. Importing
// a file again counts nothing twice.
func (a *App) ImportFailures(ctx context.Context, dir, path string, opt failure.ImportOptions) (ImportedFailures, error) {
	b, err := a.read(ctx, dir)
	if err != nil {
		return ImportedFailures{}, err
	}
	f, err := file.Open(path)
	if errors.Is(err, file.ErrNotPlain) {
		return ImportedFailures{}, err
	}
	if err != nil {
		return ImportedFailures{}, ErrNoInput.With("file", path).Because(err)
	}
	defer f.Close()
	rows, _, err := failure.Read(ctx, path, f, opt)
	if err != nil {
		return ImportedFailures{}, err
	}
	out := ImportedFailures{Failures: len(rows)}
	var id string
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		sc, _, err := a.save(ctx, tx, b)
		if err != nil {
			return err
		}
		id = sc.ID
		got, err := a.Failures.Import(ctx, tx, id, rows)
		out.New = got.New
		return err
	})
	if err != nil {
		return out, err
	}
	modes, err := a.Failures.Modes(ctx, a.DB.Read(), id)
	if err != nil {
		return out, err
	}
	spec := b.folder.Document.Data
	existing := slices.Concat(b.main().data.Train, b.main().data.Test)
	batch := failure.Cases(modes, existing, spec)
	out.Modes, out.NewCases, out.Pending = len(modes), len(batch.New), len(batch.Pending)
	if err := failure.Save(dir, spec, existing, batch.New); err != nil {
		return out, err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return a.Failures.Guard(ctx, tx, batch.Guards) })
	if err != nil {
		return out, err
	}
	_, err = a.Bind(ctx, dir)
	return out, err
}

// withResults opens the sealed results with a digest as a file while use runs.
// The file is written out once, since pages of results are asked for one after
// the other.
func (a *App) withResults(ctx context.Context, digest string, use func(path string) error) error {
	path := filepath.Join(a.workDir(), "results-"+digest+".parquet")
	now := a.now()
	if err := os.Chtimes(path, now, now); err != nil {
		r, err := a.Blobs.Open(ctx, digest)
		if err != nil {
			return err
		}
		err = file.Write(path, 0o600, func(w io.Writer) error { _, err := io.Copy(w, r); return err })
		if err := errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("open results: %w", err)
		}
		if err := a.forget(); err != nil {
			return err
		}
	}
	return use(path)
}
