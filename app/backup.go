package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/pack"
	"github.com/landfall-ai/landfall/kit/store"
)

// Faults of backups.
var (
	ErrBackup = fault.Def{Kind: fault.Invalid, Code: "backup.broken",
		En: "this is no whole backup: {problem}", Zh: "备份不完整：{problem}",
		HintEn: "nothing was restored; use another backup", HintZh: "未恢复任何内容；请使用其他备份"}
	ErrNotEmpty = fault.Def{Kind: fault.Conflict, Code: "backup.home_not_empty",
		En: "{home} exists and is not empty", Zh: "{home} 已存在且不为空",
		HintEn: "restore into a new folder: landfall restore FILE --home FOLDER", HintZh: "请恢复到新的目录：landfall restore 文件 --home 目录"}
)

// backupSchema names the form of a backup.
const backupSchema = "landfall.dev/backup/v1"

const backupManifest = "manifest.json"

// Backup says what a backup holds. It is the last file of the archive.
type Backup struct {
	Schema  string       `json:"schema"`
	Tool    string       `json:"tool"`
	Created time.Time    `json:"created"`
	Keys    bool         `json:"keys"` // whether the private keys are in it
	Files   []BackupFile `json:"files"`
}

// BackupFile is one file of a backup.
type BackupFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Restored says what a restored home holds and how it was verified.
type Restored struct {
	Home     string          `json:"home"`
	Files    int             `json:"files"`
	Bytes    int64           `json:"bytes"`
	Created  time.Time       `json:"created"` // of the backup
	Keys     bool            `json:"keys"`
	Evidence evidence.Report `json:"evidence"`
}

// WriteBackup writes all of the home as of now, while work goes on: the
// database as of one moment, and every file that it may name, since files are
// stored before they are named. Private keys are left out unless withKeys.
func (a *App) WriteBackup(ctx context.Context, w io.Writer, withKeys bool) (err error) {
	tmp, err := os.MkdirTemp(a.Home.Dir(), ".backup-")
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	db := filepath.Join(tmp, "landfall.db")
	if err := a.DB.Snapshot(ctx, db); err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	b := &backup{t: tar.NewWriter(z), m: Backup{Schema: backupSchema, Tool: a.tool, Created: a.now().UTC(), Keys: withKeys}}
	if err := b.add(ctx, "landfall.db", db); err != nil {
		return err
	}
	for _, name := range []string{"id", "endpoints.json", "blobs", "answers", "keys"} {
		if err := b.tree(ctx, a.Home.Dir(), name, withKeys); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(b.m, "", "  ")
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := b.header(backupManifest, int64(len(raw))); err != nil {
		return err
	}
	if _, err := b.t.Write(raw); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := errors.Join(b.t.Close(), z.Close()); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

type backup struct {
	t *tar.Writer
	m Backup
}

func (b *backup) header(name string, size int64) error {
	err := b.t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: b.m.Created, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	return nil
}

// add writes one file.
func (b *backup) add(ctx context.Context, name, from string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	if err := b.header(name, info.Size()); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(b.t, h), io.LimitReader(f, info.Size())); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	b.m.Files = append(b.m.Files, BackupFile{name, info.Size(), hex.EncodeToString(h.Sum(nil))})
	return nil
}

// tree writes a file or all plain files of a folder of the home; nothing if it
// is not there. Of keys it writes the public history alone unless withKeys.
func (b *backup) tree(ctx context.Context, home, name string, withKeys bool) error {
	return filepath.WalkDir(filepath.Join(home, name), func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("back up %s: %w", name, err)
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil // what begins with a dot is not whole yet
		case name == "keys" && !withKeys && d.Name() != "history.jsonl":
			return nil
		}
		rel, err := filepath.Rel(home, p)
		if err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
		return b.add(ctx, filepath.ToSlash(rel), p)
	})
}

// backupLimits bound what a restore unpacks; blobs may well be large.
var backupLimits = pack.Limits{Files: 20_000_000, File: 1 << 42, Bytes: 1 << 43}

// Restore makes the home dir of a backup, whole or not at all, and verifies it:
// every file against the manifest, the database by itself, and all evidence by
// its signatures. keys is a folder with the private keys if the backup has
// none; "" leaves them to be put there later. A backup of an older version is
// migrated; one of a newer version is refused. It fails with ErrBackup,
// ErrNotEmpty, store.ErrNewer, and ErrNotIntact.
func Restore(ctx context.Context, r io.Reader, dir, keys string) (_ *Restored, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the home: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, ErrNotEmpty.With("home", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, home.ErrUnwritable.With("home", dir, "reason", err.Error()).Because(err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".restoring-")
	if err != nil {
		return nil, home.ErrUnwritable.With("home", dir, "reason", err.Error()).Because(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	m, size, err := unpack(ctx, r, tmp)
	if err != nil {
		return nil, err
	}
	if keys != "" {
		if err := copyKeys(keys, filepath.Join(tmp, "keys")); err != nil {
			return nil, fmt.Errorf("copy the keys: %w", err)
		}
	}
	out := &Restored{Home: dir, Files: len(m.Files), Bytes: size, Created: m.Created, Keys: m.Keys || keys != ""}
	if out.Evidence, err = verifyRestored(ctx, tmp); err != nil {
		return nil, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	return out, nil
}

// copyKeys copies the files of a folder of keys, for their owner alone.
func copyKeys(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the files of a backup into dir and compares them with its
// manifest.
func unpack(ctx context.Context, r io.Reader, dir string) (m Backup, size int64, err error) {
	broken := func(problem string, err error) error { return ErrBackup.With("problem", problem).Because(err) }
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, 0, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	got := map[string]BackupFile{}
	var manifest []byte
	err = pack.Read(ctx, pack.TarGz, r, backupLimits, func(name string, content io.Reader) error {
		if name == backupManifest {
			manifest, err = io.ReadAll(content)
			return err
		}
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o700); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		f, err := root.OpenFile(filepath.FromSlash(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		h := sha256.New()
		n, err := io.Copy(io.MultiWriter(f, h), content)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		size += n
		got[name] = BackupFile{name, n, hex.EncodeToString(h.Sum(nil))}
		return nil
	})
	if err != nil {
		if f := fault.From(err); f.Code == pack.ErrArchive.Code {
			return m, 0, broken("it is cut off or damaged", err)
		}
		return m, 0, err
	}
	if err := json.Unmarshal(manifest, &m); err != nil || m.Schema != backupSchema {
		return m, 0, broken("it has no manifest", err)
	}
	for _, f := range m.Files {
		if got[f.Path] != f {
			return m, 0, broken(f.Path+" is not what was backed up", nil)
		}
	}
	if len(got) != len(m.Files) {
		return m, 0, broken("it holds files that its manifest does not name", nil)
	}
	if _, ok := got["landfall.db"]; !ok {
		return m, 0, broken("it has no database", nil)
	}
	return m, size, nil
}

// verifyRestored opens the database of a home, migrates it and proves it.
func verifyRestored(ctx context.Context, dir string) (_ evidence.Report, err error) {
	var migrations []fs.FS
	for _, c := range Capabilities() {
		migrations = append(migrations, c.Migrations...)
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "landfall.db"), migrations...)
	if err != nil {
		return evidence.Report{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Intact(ctx); err != nil {
		return evidence.Report{}, err
	}
	r, err := evidence.VerifyStored(ctx, db, evidence.VerifyOptions{})
	if err != nil {
		return r, err
	}
	if !r.OK() {
		return r, ErrNotIntact.With("count", int64(len(r.Findings))+r.More)
	}
	return r, blobsAreThere(ctx, db, dir)
}

// blobsAreThere looks for every file that the database names.
func blobsAreThere(ctx context.Context, db *store.DB, dir string) error {
	var named []string
	for _, q := range []string{
		"SELECT DISTINCT folder FROM scenario_revisions WHERE folder <> ''",
		"SELECT DISTINCT digest FROM team_files",
		"SELECT DISTINCT results_digest FROM runs WHERE results_digest <> ''",
	} {
		var digests []string
		if err := db.Read().NewRaw(q).Scan(ctx, &digests); err != nil {
			return fmt.Errorf("look for files: %w", err)
		}
		named = append(named, digests...)
	}
	slices.Sort(named)
	for _, d := range slices.Compact(named) {
		if len(d) < 3 {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "blobs", "sha256", d[:2], d[2:])); err != nil {
			return ErrBackup.With("problem", "the file "+d+" is missing").Because(err)
		}
	}
	return nil
}
