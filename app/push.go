package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/pack"
)

// ErrNotSent is returned for a manifest whose files are not all here.
var ErrNotSent = fault.Def{Kind: fault.Conflict, Code: "scenario.files_missing",
	En: "{count} files of the folder are not here, among them {path}", Zh: "目录中有 {count} 个文件尚未上传，如 {path}",
	HintEn: "upload them first, or send the folder as an archive", HintZh: "请先上传这些文件，或将目录打包上传"}

// Pushing is a folder that somebody sent.
type Pushing struct {
	Scenario string // slug that it must have; "" is any, and the scenario is new
	Pushed   scenario.Pushed
	Manifest scenario.Manifest
}

// endpoints are those that an administrator defined.
func (a *App) endpoints(ctx context.Context) (scenario.Endpoints, error) {
	if a.Endpoints == nil {
		return nil, nil
	}
	return a.Endpoints(ctx)
}

// Push checks a folder that somebody sent, exactly as `landfall validate`
// does, and makes it the scenario's newest revision, bound to what it holds.
// Its files must be in the store. Nothing is stored of a folder that does not
// hold: the faults name their places inside the folder.
func (a *App) Push(ctx context.Context, p Pushing) (scenario.Scenario, error) {
	var sc scenario.Scenario
	err := a.checked(ctx, &p, func(b *bound) error {
		return a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			sc, _, err = a.save(ctx, tx, b)
			return err
		})
	})
	return sc, err
}

// Check is Push without storing anything: what the folder holds.
func (a *App) Check(ctx context.Context, p Pushing) (*Validity, error) {
	var v *Validity
	err := a.checked(ctx, &p, func(b *bound) (err error) {
		v, err = b.validity(ctx)
		return err
	})
	return v, err
}

// checked reads the folder of p and calls then with what it is bound to.
func (a *App) checked(ctx context.Context, p *Pushing, then func(*bound) error) error {
	if err := p.Manifest.Check(pack.DefaultLimits); err != nil {
		return err
	}
	raw, err := p.Manifest.Encode()
	if err != nil {
		return err
	}
	if p.Pushed.Folder, _, err = a.Blobs.Put(ctx, bytes.NewReader(raw)); err != nil {
		return err
	}
	select { // reading takes memory in proportion to the data
	case a.checking <- struct{}{}:
		defer func() { <-a.checking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	known, err := a.endpoints(ctx)
	if err != nil {
		return err
	}
	return a.withFolder(ctx, p.Pushed.Folder, func(dir string) error {
		b, err := readAs(ctx, dir, scenario.Reading{Known: known, Served: true})
		if err != nil {
			return inside(dir, err)
		}
		if slug := b.folder.Document.Slug; p.Scenario != "" && slug != p.Scenario {
			return scenario.ErrSlug.With("slug", slug, "scenario", p.Scenario).At(scenario.FileName, 0, 0).In("/slug")
		}
		b.pushed = p.Pushed
		return inside(dir, then(b))
	})
}

// inside makes the places that err names relative to dir, so that whoever sent
// the folder finds them in theirs.
func inside(dir string, err error) error {
	if err == nil {
		return nil
	}
	prefix := dir + string(filepath.Separator)
	for _, f := range fault.All(err) {
		f.Where = strings.ReplaceAll(f.Where, prefix, "")
		for i, x := range f.Params {
			if s, ok := x.Value.(string); ok {
				f.Params[i].Value = strings.ReplaceAll(strings.ReplaceAll(s, prefix, ""), dir, ".")
			}
		}
	}
	return err
}

// Receive stores one file of a team, as it arrives.
func (a *App) Receive(ctx context.Context, team string, r io.Reader) (scenario.FileRef, error) {
	digest, size, err := a.Blobs.Put(ctx, r)
	if err != nil {
		return scenario.FileRef{}, err
	}
	f := scenario.FileRef{SHA256: digest, Size: size}
	return f, a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return a.Scenarios.Received(ctx, tx, team, f) })
}

// ReceiveArchive stores the files of an archive and returns its manifest.
func (a *App) ReceiveArchive(ctx context.Context, team, form string, r io.Reader) (scenario.Manifest, error) {
	var m scenario.Manifest
	err := pack.Read(ctx, form, r, pack.DefaultLimits, func(name string, content io.Reader) error {
		digest, size, err := a.Blobs.Put(ctx, content)
		m = append(m, scenario.FileRef{Path: name, SHA256: digest, Size: size})
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return a.Scenarios.Received(ctx, tx, team, m...) })
}

// Complete reports whether a team may make a folder of m: each file was sent
// by it, or is part of have, a folder that it may read. It fails with
// ErrNotSent.
func (a *App) Complete(ctx context.Context, team string, m, have scenario.Manifest) error {
	known := map[string]bool{}
	for _, f := range have {
		known[f.SHA256] = true
	}
	var ask []string
	for _, f := range m {
		if !known[f.SHA256] {
			ask = append(ask, f.SHA256)
		}
	}
	missing, err := a.Scenarios.Missing(ctx, team, ask)
	if err != nil || len(missing) == 0 {
		return err
	}
	for _, f := range m {
		if f.SHA256 == missing[0] {
			return ErrNotSent.With("count", len(missing), "path", f.Path)
		}
	}
	return fmt.Errorf("file %s is missing from a manifest that names it", missing[0])
}

// PushDir sends a folder of this machine, as `landfall push` does over HTTP.
func (a *App) PushDir(ctx context.Context, dir string, p scenario.Pushed) (scenario.Scenario, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return scenario.Scenario{}, fmt.Errorf("open %s: %w", dir, err)
	}
	defer root.Close()
	names, err := pack.Files(root, pack.DefaultLimits)
	if err != nil {
		return scenario.Scenario{}, err
	}
	var m scenario.Manifest
	for _, name := range names {
		f, err := root.Open(name)
		if err != nil {
			return scenario.Scenario{}, fmt.Errorf("open %s: %w", name, err)
		}
		digest, size, err := a.Blobs.Put(ctx, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return scenario.Scenario{}, err
		}
		m = append(m, scenario.FileRef{Path: name, SHA256: digest, Size: size})
	}
	return a.Push(ctx, Pushing{Pushed: p, Manifest: m})
}

// versions records the dataset versions of b, whose files are stored.
func (a *App) versions(ctx context.Context, tx bun.Tx, scenarioID string, b *bound) (main dataset.Version, err error) {
	for i, s := range b.suites {
		v, err := a.Datasets.Record(ctx, tx, scenarioID, s.Data, s.data)
		if err != nil {
			return main, err
		}
		if i == 0 {
			main = v
		}
	}
	return main, nil
}
