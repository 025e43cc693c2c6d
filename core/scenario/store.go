package scenario

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// ErrUnknown is returned for a slug or id that no scenario has.
var ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "scenario.unknown",
	En: "there is no scenario {id}", Zh: "没有场景 {id}",
	HintEn: "see them all with: landfall scenarios list", HintZh: "查看全部场景：landfall scenarios list"}

// Scenario is a scenario as it is stored.
type Scenario struct {
	ID        string
	Slug      string
	TeamID    string
	TitleEn   string
	TitleZh   string
	Owner     string
	Level     Level
	DataClass string
	Revision  int64
	Digest    string // hex SHA-256 of the document's bytes
	Folder    string // digest of the manifest of its files; "" if they are not here
	Source    Source
	Created   time.Time
	Updated   time.Time
}

type row struct {
	bun.BaseModel `bun:"table:scenarios,alias:s"`

	ID        string `bun:",pk"`
	Slug      string
	TeamID    string
	TitleEn   string
	TitleZh   string
	Owner     string
	Level     string
	DataClass string
	Revision  int64
	Digest    string
	Folder    string
	Source    string
	CreatedAt int64
	UpdatedAt int64
}

func (r row) scenario() Scenario {
	return Scenario{ID: r.ID, Slug: r.Slug, TeamID: r.TeamID, TitleEn: r.TitleEn, TitleZh: r.TitleZh, Owner: r.Owner,
		Level: Level(r.Level), DataClass: r.DataClass, Revision: r.Revision, Digest: r.Digest, Folder: r.Folder, Source: decodeSource(r.Source),
		Created: store.FromMicros(r.CreatedAt), Updated: store.FromMicros(r.UpdatedAt)}
}

type revisionRow struct {
	bun.BaseModel `bun:"table:scenario_revisions"`

	ScenarioID string `bun:",pk"`
	Revision   int64  `bun:",pk"`
	Digest     string
	BasedOn    string
	Document   []byte
	Folder     string
	Source     string
	Actor      string
	CreatedAt  int64
}

type bindingRow struct {
	bun.BaseModel `bun:"table:scenario_bindings"`

	ScenarioID string `bun:",pk"`
	Role       string `bun:",pk"`
	Name       string `bun:",pk"`
	Digest     string
}

// LocalTeam owns what a person without a server makes.
const LocalTeam = "team_local"

// Deps is what a Service needs.
type Deps struct {
	DB    *store.DB
	NewID func(prefix string) string
	Now   func() time.Time
	// BindingChanged is called in the transaction that changes what a
	// scenario is bound to.
	BindingChanged func(ctx context.Context, tx bun.Tx, scenarioID string) error
	// Endpoints are those that are defined outside of documents; nil is none.
	Endpoints func(ctx context.Context) (Endpoints, error)
}

// Kept parses a document that was checked when it was kept.
func (s *Service) Kept(ctx context.Context, raw []byte) (*Document, error) { return s.parse(ctx, raw) }

func (s *Service) parse(ctx context.Context, raw []byte) (*Document, error) {
	r := Reading{Kept: true}
	if s.Endpoints != nil {
		var err error
		if r.Known, err = s.Endpoints(ctx); err != nil {
			return nil, err
		}
	}
	return ParseAs(FileName, raw, r)
}

// Service keeps scenarios, their revisions and bindings.
type Service struct{ Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

// Save stores doc as it stands in raw under its slug and binds it. A changed
// document is a new revision; a changed binding causes an event; saving the
// same again writes nothing. All of it is one transaction with the caller's.
func (s *Service) Save(ctx context.Context, tx bun.Tx, doc *Document, raw []byte, b evidence.Bindings) (Scenario, error) {
	return s.SaveAs(ctx, tx, doc, raw, b, Pushed{})
}

// SaveAs is Save for a folder that was sent whole: a change of any of its files
// is a new revision. It fails with ErrExists and ErrChangedSince.
func (s *Service) SaveAs(ctx context.Context, tx bun.Tx, doc *Document, raw []byte, b evidence.Bindings, p Pushed) (Scenario, error) {
	sum := sha256.Sum256(raw)
	digest := hex.EncodeToString(sum[:])
	now := store.Micros(s.Now())

	var old row
	found, err := store.Found(tx.NewSelect().Model(&old).Where("slug = ?", doc.Slug).Limit(1).Scan(ctx))
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario %s: %w", doc.Slug, err)
	}
	switch {
	case found && p.New:
		return Scenario{}, ErrExists.With("slug", doc.Slug)
	case p.BasedOn != "" && (!found || old.scenario().Tag() != p.BasedOn):
		return Scenario{}, ErrChangedSince.With("slug", doc.Slug, "revision", old.Revision)
	}
	r := row{ID: old.ID, Slug: doc.Slug, TeamID: cmp.Or(old.TeamID, p.Team, LocalTeam), TitleEn: doc.Title.In("en"), TitleZh: doc.Title.In("zh"),
		Owner: doc.Owner.Name, Level: string(doc.Declared.Level), DataClass: doc.Data.Class,
		Revision: old.Revision, Digest: digest, Folder: p.Folder, Source: p.Source.encode(), CreatedAt: old.CreatedAt, UpdatedAt: now}
	if !found {
		r.ID, r.CreatedAt = s.NewID("scn"), now
	}
	if digest != old.Digest || r.Folder != old.Folder {
		r.Revision++
		if err := upsert(ctx, tx, found, &r); err != nil {
			return Scenario{}, fmt.Errorf("save scenario %s: %w", doc.Slug, err)
		}
		rev := revisionRow{ScenarioID: r.ID, Revision: r.Revision, Digest: digest, BasedOn: old.Digest, Document: raw,
			Folder: r.Folder, Source: r.Source, Actor: actor.From(ctx).ID, CreatedAt: now}
		if _, err := tx.NewInsert().Model(&rev).Exec(ctx); err != nil {
			return Scenario{}, fmt.Errorf("save revision %d of %s: %w", r.Revision, doc.Slug, err)
		}
		if err := audit.Note(ctx, "scenario", r.ID, noted(old), noted(r)); err != nil {
			return Scenario{}, err
		}
	} else {
		r = old
	}
	return r.scenario(), s.bind(ctx, tx, r.ID, b)
}

// noted is what audit digests of a scenario; nil before there is one.
func noted(r row) any {
	if r.ID == "" {
		return nil
	}
	return map[string]any{"document": r.Digest, "folder": r.Folder, "revision": r.Revision, "team": r.TeamID}
}

// upsert writes r, which was read at the revision before its own: on engines
// where writers do not take turns, the later of two rivals is refused.
func upsert(ctx context.Context, tx bun.Tx, found bool, r *row) error {
	if !found {
		_, err := tx.NewInsert().Model(r).Exec(ctx)
		if store.Duplicate(err) {
			return ErrExists.With("slug", r.Slug).Because(err)
		}
		return err
	}
	res, err := tx.NewUpdate().Model(r).WherePK().Where("revision = ?", r.Revision-1).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrChangedSince.With("slug", r.Slug, "revision", r.Revision))
	}
	return nil
}

func (s *Service) bind(ctx context.Context, tx bun.Tx, id string, b evidence.Bindings) error {
	old, err := bindings(ctx, tx, id)
	if err != nil {
		return err
	}
	b = maps.Clone(b)
	maps.DeleteFunc(b, func(_ string, names map[string]string) bool { return len(names) == 0 }) // as they are read back
	if maps.EqualFunc(old, b, maps.Equal) {
		return nil
	}
	if _, err := tx.NewDelete().Model((*bindingRow)(nil)).Where("scenario_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("unbind %s: %w", id, err)
	}
	var rows []bindingRow
	for _, role := range sortedKeys(b) {
		for _, name := range sortedKeys(b[role]) {
			rows = append(rows, bindingRow{ScenarioID: id, Role: role, Name: name, Digest: b[role][name]})
		}
	}
	if len(rows) > 0 {
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("bind %s: %w", id, err)
		}
	}
	if s.BindingChanged == nil {
		return nil
	}
	return s.BindingChanged(ctx, tx, id)
}

// Get returns a scenario by slug or id. It fails with ErrUnknown.
func (s *Service) Get(ctx context.Context, ref string) (Scenario, error) {
	var r row
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("slug = ? OR id = ?", ref, ref).Limit(1).Scan(ctx))
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario %s: %w", ref, err)
	}
	if !found {
		return Scenario{}, ErrUnknown.With("id", ref)
	}
	return r.scenario(), nil
}

// List returns up to limit scenarios of the given teams whose slug follows
// after, by slug.
func (s *Service) List(ctx context.Context, teams auth.Teams, after string, limit int) ([]Scenario, error) {
	var rows []row
	q := s.DB.Read().NewSelect().Model(&rows).Where("slug > ?", after).Order("slug").Limit(int64(limit))
	if !teams.All() {
		q = q.Where("team_id IN (?)", bun.List(append(teams.IDs(), "")))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	out := make([]Scenario, len(rows))
	for i, r := range rows {
		out[i] = r.scenario()
	}
	return out, nil
}

// Visible returns the ids of the scenarios that the principal of ctx may
// read; all is true if that is every one.
func (s *Service) Visible(ctx context.Context) (ids []string, all bool, err error) {
	teams := auth.Scope(ctx)
	if teams.All() {
		return nil, true, nil
	}
	err = s.DB.Read().NewSelect().Model((*row)(nil)).Column("id").Where("team_id IN (?)", bun.List(append(teams.IDs(), ""))).Scan(ctx, &ids)
	if err != nil {
		return nil, false, fmt.Errorf("list visible scenarios: %w", err)
	}
	return ids, false, nil
}

// Document returns the document of a scenario's newest revision and its bytes.
func (s *Service) Document(ctx context.Context, db bun.IDB, id string) (*Document, []byte, error) {
	var r revisionRow
	found, err := store.Found(db.NewSelect().Model(&r).Where("scenario_id = ?", id).Order("revision DESC").Limit(1).Scan(ctx))
	if err != nil {
		return nil, nil, fmt.Errorf("read document of %s: %w", id, err)
	}
	if !found {
		return nil, nil, ErrUnknown.With("id", id)
	}
	doc, err := s.parse(ctx, r.Document)
	return doc, r.Document, err
}

// Bindings returns what a scenario is bound to.
func (s *Service) Bindings(ctx context.Context, db bun.IDB, id string) (evidence.Bindings, error) {
	return bindings(ctx, db, id)
}

func bindings(ctx context.Context, db bun.IDB, id string) (evidence.Bindings, error) {
	var rows []bindingRow
	if err := db.NewSelect().Model(&rows).Where("scenario_id = ?", id).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read bindings of %s: %w", id, err)
	}
	b := evidence.Bindings{}
	for _, r := range rows {
		if b[r.Role] == nil {
			b[r.Role] = map[string]string{}
		}
		b[r.Role][r.Name] = r.Digest
	}
	return b, nil
}
