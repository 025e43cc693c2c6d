package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// keepWork is how many folders and results stay written out after nobody uses
// them.
const keepWork = 48

// folders writes folders out of the file store for whoever must read them as
// files: a folder never changes under its digest.
type folders struct {
	mu    sync.Mutex
	inUse map[string]int
}

func (a *App) workDir() string { return filepath.Join(a.Home.Dir(), "work") }

// tidyWork removes what a killed process left half written.
func (a *App) tidyWork() error {
	entries, err := os.ReadDir(a.workDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("tidy the work folder: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			if err := os.RemoveAll(filepath.Join(a.workDir(), e.Name())); err != nil {
				return fmt.Errorf("tidy the work folder: %w", err)
			}
		}
	}
	return nil
}

// manifest reads a folder's list of files by its digest.
func (a *App) manifest(ctx context.Context, digest string) (_ scenario.Manifest, err error) {
	r, err := a.Blobs.Open(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the manifest %s: %w", digest, err)
	}
	return scenario.DecodeManifest(raw)
}

// withFolder calls use with the folder of a digest as files, which must not be
// written to.
func (a *App) withFolder(ctx context.Context, digest string, use func(dir string) error) error {
	a.folders.mu.Lock()
	if a.folders.inUse == nil {
		a.folders.inUse = map[string]int{}
	}
	a.folders.inUse[digest]++
	a.folders.mu.Unlock()
	defer func() {
		a.folders.mu.Lock()
		defer a.folders.mu.Unlock()
		if a.folders.inUse[digest]--; a.folders.inUse[digest] == 0 {
			delete(a.folders.inUse, digest)
		}
	}()
	dir, err := a.writeOut(ctx, digest)
	if err != nil {
		return err
	}
	return use(dir)
}

// writeOut makes the folder of a digest, whole or not at all.
func (a *App) writeOut(ctx context.Context, digest string) (_ string, err error) {
	dir := filepath.Join(a.workDir(), digest)
	now := a.now()
	if err := os.Chtimes(dir, now, now); err == nil { // it is there
		return dir, nil
	}
	m, err := a.manifest(ctx, digest)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(a.workDir(), 0o700); err != nil {
		return "", fmt.Errorf("make the work folder: %w", err)
	}
	tmp, err := os.MkdirTemp(a.workDir(), ".new-")
	if err != nil {
		return "", fmt.Errorf("make the work folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return "", fmt.Errorf("make the work folder: %w", err)
	}
	defer root.Close()
	for _, f := range m {
		if err := a.writeFile(ctx, root, f); err != nil {
			return "", err
		}
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, serr := os.Stat(dir); serr == nil { // another one was as fast
			return dir, os.RemoveAll(tmp)
		}
		return "", fmt.Errorf("make the work folder: %w", err)
	}
	return dir, a.forget()
}

func (a *App) writeFile(ctx context.Context, root *os.Root, f scenario.FileRef) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	name := filepath.FromSlash(f.Path)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("write out %s: %w", f.Path, err)
	}
	r, err := a.Blobs.Open(ctx, f.SHA256)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write out %s: %w", f.Path, err)
	}
	// What the manifest says of sizes is what its bounds were held to.
	n, err := io.Copy(w, io.LimitReader(r, f.Size+1))
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write out %s: %w", f.Path, err)
	}
	if n != f.Size {
		return scenario.ErrManifest.With("problem", text.Text{En: "the size of " + f.Path + " is another one", Zh: f.Path + " 的大小不符"})
	}
	return nil
}

// forget removes folders that nobody uses, but for those used last.
func (a *App) forget() error {
	a.folders.mu.Lock()
	defer a.folders.mu.Unlock()
	entries, err := os.ReadDir(a.workDir())
	if err != nil {
		return fmt.Errorf("tidy the work folder: %w", err)
	}
	type idle struct {
		name string
		at   int64
	}
	var all []idle
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || strings.HasPrefix(e.Name(), ".") || a.folders.inUse[e.Name()] > 0 {
			continue
		}
		all = append(all, idle{e.Name(), info.ModTime().UnixNano()})
	}
	if len(all) <= keepWork {
		return nil
	}
	slices.SortFunc(all, func(x, y idle) int { return cmp.Compare(y.at, x.at) })
	for _, e := range all[keepWork:] {
		if err := os.RemoveAll(filepath.Join(a.workDir(), e.name)); err != nil {
			return fmt.Errorf("tidy the work folder: %w", err)
		}
	}
	return nil
}
