package dataset

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Faults of versions.
var (
	ErrUnknownVersion = fault.Def{Kind: fault.NotFound, Code: "dataset.unknown_version",
		En: "there is no dataset version {id}", Zh: "没有数据集版本 {id}",
		HintEn: "see them all with: landfall datasets list", HintZh: "查看全部版本：landfall datasets list"}
	ErrChanged = fault.Def{Kind: fault.Conflict, Code: "dataset.changed",
		En: "the file {file} changed while it was read", Zh: "文件 {file} 在读取过程中被修改",
		HintEn: "run again when nothing writes to it", HintZh: "请在没有程序写入该文件时重新运行"}
)

// Version is a dataset version as it is stored.
type Version struct {
	ID        string    `json:"id"` // ds_…
	Scenario  string    `json:"scenario"`
	Digest    string    `json:"digest"` // hex SHA-256 of the manifest
	Manifest  Manifest  `json:"manifest"`
	TrainRows int       `json:"train_rows"`
	TestRows  int       `json:"test_rows"`
	Created   time.Time `json:"created"`
}

type versionRow struct {
	bun.BaseModel `bun:"table:dataset_versions"`

	ID         string `bun:",pk"`
	ScenarioID string
	Digest     string
	Manifest   []byte
	TrainRows  int64
	TestRows   int64
	CreatedAt  int64
}

func (r versionRow) version() (Version, error) {
	v := Version{ID: r.ID, Scenario: r.ScenarioID, Digest: r.Digest, TrainRows: int(r.TrainRows), TestRows: int(r.TestRows),
		Created: store.FromMicros(r.CreatedAt)}
	if err := json.Unmarshal(r.Manifest, &v.Manifest); err != nil {
		return Version{}, fmt.Errorf("decode manifest of %s: %w", r.ID, err)
	}
	return v, nil
}

// Files is a content-addressed store of files. kit/blob satisfies it.
type Files interface {
	// Put stores what r holds and returns its hex SHA-256 and size in bytes.
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
}

// Deps is what a Service needs.
type Deps struct {
	DB    *store.DB
	Files Files
	NewID func(prefix string) string
	Now   func() time.Time
	// Versioned is called in the transaction that records a new version. It
	// may be nil.
	Versioned func(ctx context.Context, tx bun.Tx, scenarioID, versionID string) error
}

// Service keeps dataset versions.
type Service struct{ Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

// Keep copies the files of d, which was loaded from dir, into the file store.
// Call it before Record and outside its transaction, since it takes as long as
// the files are large. It fails with ErrChanged if a file is no longer what
// was read; files that are there already cost nothing but the reading.
func (s *Service) Keep(ctx context.Context, dir string, d *Data) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return openFault(dir, err)
	}
	defer root.Close()
	for _, f := range d.Files {
		if err := s.keep(ctx, root, dir, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) keep(ctx context.Context, root *os.Root, dir string, f File) error {
	shown := filepath.Join(dir, filepath.FromSlash(f.Path))
	file, err := openPlain(root, f.Path)
	if err != nil {
		return openFault(shown, err)
	}
	defer file.Close()
	digest, _, err := s.Files.Put(ctx, io.LimitReader(file, f.Size+1))
	if err != nil {
		return fmt.Errorf("keep %s: %w", shown, err)
	}
	if digest != f.SHA256 {
		return ErrChanged.With("file", shown)
	}
	return nil
}

// Record stores the version of d, loaded by spec, for a scenario and says that
// there is a new one. A version with the same digest is returned as it stands,
// and nothing happens. It is one with the caller's transaction.
func (s *Service) Record(ctx context.Context, tx bun.Tx, scenarioID string, spec Spec, d *Data) (Version, error) {
	m := d.Manifest(spec)
	digest, err := m.Digest()
	if err != nil {
		return Version{}, err
	}
	var old versionRow
	found, err := store.Found(tx.NewSelect().Model(&old).Where("scenario_id = ? AND digest = ?", scenarioID, digest).Limit(1).Scan(ctx))
	if err != nil {
		return Version{}, fmt.Errorf("read dataset version %s: %w", digest, err)
	}
	if found {
		return old.version()
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return Version{}, fmt.Errorf("encode manifest: %w", err)
	}
	r := versionRow{ID: s.NewID("ds"), ScenarioID: scenarioID, Digest: digest, Manifest: raw,
		TrainRows: int64(d.Rows[Train]), TestRows: int64(d.Rows[Test]), CreatedAt: store.Micros(s.Now())}
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return Version{}, fmt.Errorf("record dataset version: %w", err)
	}
	if s.Versioned != nil {
		if err := s.Versioned(ctx, tx, scenarioID, r.ID); err != nil {
			return Version{}, fmt.Errorf("announce dataset version %s: %w", r.ID, err)
		}
	}
	return r.version()
}

// Get returns a version by id or digest. It fails with ErrUnknownVersion.
func (s *Service) Get(ctx context.Context, ref string) (Version, error) {
	var r versionRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("id = ? OR digest = ?", ref, ref).Order("id").Limit(1).Scan(ctx))
	if err != nil {
		return Version{}, fmt.Errorf("read dataset version %s: %w", ref, err)
	}
	if !found {
		return Version{}, ErrUnknownVersion.With("id", ref)
	}
	return r.version()
}

// List returns up to limit versions of a scenario, the newest first, that are
// older than the one with the id before ("" for all).
func (s *Service) List(ctx context.Context, scenarioID, before string, limit int) ([]Version, error) {
	var rows []versionRow
	q := s.DB.Read().NewSelect().Model(&rows).Where("scenario_id = ?", scenarioID).Order("id DESC").Limit(int64(limit))
	if before != "" {
		q = q.Where("id < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list dataset versions of %s: %w", scenarioID, err)
	}
	out := make([]Version, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.version(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
