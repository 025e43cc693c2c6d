package failure

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// ErrUnknownMode is returned for an id that no failure mode has.
var ErrUnknownMode = fault.Def{Kind: fault.NotFound, Code: "failure.unknown_mode",
	En: "there is no failure mode {id}", Zh: "没有故障模式 {id}",
	HintEn: "see them all with: landfall failures modes", HintZh: "查看全部故障模式：landfall failures modes"}

// Deps is what a Service needs.
type Deps struct {
	DB    *store.DB
	NewID func(prefix string) string
	Now   func() time.Time
	// Emit is called in the transaction of an import that brought anything
	// new, with the import's id (fi_…). It may be nil.
	Emit func(ctx context.Context, tx bun.Tx, scenarioID, importID string) error
}

// Service keeps failures and their modes.
type Service struct{ Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

// Imported is what an import did.
type Imported struct {
	ID       string `json:"id"` // fi_…; "" if nothing was new
	New      int    `json:"new"`
	Known    int    `json:"known"`    // were there already
	Labelled int    `json:"labelled"` // of the known: their right answer is new or another
	Modes    int    `json:"modes"`    // of the scenario, after the import
	NewModes int    `json:"new_modes"`
}

type failureRow struct {
	bun.BaseModel `bun:"table:failures"`

	ID         string `bun:",pk"`
	ScenarioID string
	ImportID   string
	ModeID     string
	Digest     string
	Text       string
	Expected   string
	CaseID     string
	Got        string
	Channel    string
	Note       string
	OccurredAt *int64
	File       string
	Line       int64
	CreatedAt  int64
}

type modeRow struct {
	bun.BaseModel `bun:"table:failure_modes"`

	ID          string `bun:",pk"`
	ScenarioID  string
	Text        string
	Occurrences int64
	FirstAt     *int64
	LastAt      *int64
	CreatedAt   int64
	UpdatedAt   int64
}

func (r failureRow) failure() Failure {
	return Failure{ID: r.ID, Mode: r.ModeID, Digest: r.Digest, Text: r.Text, Expected: r.Expected, Case: r.CaseID, Got: r.Got, Channel: r.Channel,
		Note: r.Note, Occurred: moment(r.OccurredAt), File: r.File, Line: int(r.Line)}
}

func (r modeRow) mode() Mode {
	return Mode{ID: r.ID, Text: r.Text, Occurrences: int(r.Occurrences), First: moment(r.FirstAt), Last: moment(r.LastAt)}
}

func moment(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return store.FromMicros(*us)
}

func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := store.Micros(t)
	return &us
}

// batch is how many rows one statement writes.
const batch = 500

// Import stores the failures that are not there yet and groups all failures of
// the scenario anew. A mode keeps its id as it grows; where a new failure joins
// two modes, the older id stays. It is one with the caller's transaction; the
// grouping takes about half a second for 13,000 different texts.
func (s *Service) Import(ctx context.Context, tx bun.Tx, scenarioID string, failures []Failure) (Imported, error) {
	stored, err := s.all(ctx, tx, scenarioID)
	if err != nil {
		return Imported{}, err
	}
	at := map[string]int{}
	for i, f := range stored {
		at[f.Digest] = i
	}
	done := Imported{}
	var fresh []Failure
	for _, f := range failures {
		i, known := at[f.Digest]
		switch {
		case !known:
			done.New++
			at[f.Digest] = len(stored) + len(fresh)
			fresh = append(fresh, f)
			continue
		case i >= len(stored): // twice in this call
			done.Known++
			continue
		}
		done.Known++
		if f.Expected != "" && f.Expected != stored[i].Expected {
			done.Labelled++
			stored[i].Expected = f.Expected
			if err := s.label(ctx, tx, stored[i]); err != nil {
				return Imported{}, err
			}
		}
	}
	if done.New+done.Labelled == 0 {
		n, err := tx.NewSelect().Model((*modeRow)(nil)).Where("scenario_id = ?", scenarioID).Count(ctx)
		if err != nil {
			return Imported{}, fmt.Errorf("count failure modes of %s: %w", scenarioID, err)
		}
		done.Modes = int(n)
		return done, nil
	}
	done.ID = s.NewID("fi")
	for i := range fresh {
		fresh[i].ID = s.NewID("fl")
	}
	if err := s.regroup(ctx, tx, scenarioID, stored, fresh, &done); err != nil {
		return Imported{}, err
	}
	if s.Emit != nil {
		if err := s.Emit(ctx, tx, scenarioID, done.ID); err != nil {
			return Imported{}, fmt.Errorf("announce failures of %s: %w", scenarioID, err)
		}
	}
	return done, nil
}

func (s *Service) label(ctx context.Context, tx bun.Tx, f Failure) error {
	if _, err := tx.NewUpdate().Model((*failureRow)(nil)).Set("expected = ?", f.Expected).Where("id = ?", f.ID).Exec(ctx); err != nil {
		return fmt.Errorf("label failure %s: %w", f.ID, err)
	}
	return nil
}

// regroup clusters all failures, writes the modes that changed, the fresh
// failures, and the known ones that changed their mode.
func (s *Service) regroup(ctx context.Context, tx bun.Tx, scenarioID string, stored, fresh []Failure, done *Imported) error {
	var old []modeRow
	if err := tx.NewSelect().Model(&old).Where("scenario_id = ?", scenarioID).Scan(ctx); err != nil {
		return fmt.Errorf("read failure modes of %s: %w", scenarioID, err)
	}
	before := map[string]modeRow{}
	for _, r := range old {
		before[r.ID] = r
	}
	now := store.Micros(s.Now())
	modes := Cluster(slices.Concat(stored, fresh))
	done.Modes = len(modes)
	taken := map[string]bool{}
	var added []modeRow
	var insert []failureRow
	move := map[string][]string{} // mode id → ids of failures
	for i := range modes {
		m := &modes[i]
		m.ID = oldest(m.Failures, taken)
		if m.ID == "" {
			m.ID = s.NewID("fm")
			done.NewModes++
		}
		taken[m.ID] = true
		r := modeRow{ID: m.ID, ScenarioID: scenarioID, Text: m.Text, Occurrences: int64(m.Occurrences), FirstAt: micros(m.First), LastAt: micros(m.Last),
			CreatedAt: now, UpdatedAt: now}
		if was, there := before[m.ID]; !there {
			added = append(added, r)
		} else if was.Occurrences != r.Occurrences || was.Text != r.Text {
			r.CreatedAt = was.CreatedAt
			if _, err := tx.NewUpdate().Model(&r).WherePK().Exec(ctx); err != nil {
				return fmt.Errorf("update failure mode %s: %w", r.ID, err)
			}
		}
		for _, f := range m.Failures {
			switch {
			case f.Mode == "":
				insert = append(insert, failureRow{ID: f.ID, ScenarioID: scenarioID, ImportID: done.ID, ModeID: m.ID, Digest: f.Digest, Text: f.Text,
					Expected: f.Expected, Got: f.Got, Channel: f.Channel, Note: f.Note, OccurredAt: micros(f.Occurred), File: f.File, Line: int64(f.Line), CreatedAt: now})
			case f.Mode != m.ID:
				move[m.ID] = append(move[m.ID], f.ID)
			}
		}
	}
	if err := insertAll(ctx, tx, added); err != nil {
		return fmt.Errorf("store failure modes of %s: %w", scenarioID, err)
	}
	if err := insertAll(ctx, tx, insert); err != nil {
		return fmt.Errorf("store failures of %s: %w", scenarioID, err)
	}
	for id, failures := range move {
		for part := range slices.Chunk(failures, batch) {
			if _, err := tx.NewUpdate().Model((*failureRow)(nil)).Set("mode_id = ?", id).Where("id IN (?)", bun.List(part)).Exec(ctx); err != nil {
				return fmt.Errorf("move failures to %s: %w", id, err)
			}
		}
	}
	for id := range before {
		if taken[id] {
			continue
		}
		if _, err := tx.NewDelete().Model((*modeRow)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("remove joined failure mode %s: %w", id, err)
		}
	}
	return nil
}

// oldest returns the smallest mode id among failures that is not taken.
func oldest(failures []Failure, taken map[string]bool) string {
	id := ""
	for _, f := range failures {
		if f.Mode != "" && !taken[f.Mode] && (id == "" || f.Mode < id) {
			id = f.Mode
		}
	}
	return id
}

func insertAll[T any](ctx context.Context, tx bun.Tx, rows []T) error {
	for part := range slices.Chunk(rows, batch) {
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) all(ctx context.Context, db bun.IDB, scenarioID string) ([]Failure, error) {
	var rows []failureRow
	if err := db.NewSelect().Model(&rows).Where("scenario_id = ?", scenarioID).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read failures of %s: %w", scenarioID, err)
	}
	out := make([]Failure, len(rows))
	for i, r := range rows {
		out[i] = r.failure()
	}
	return out, nil
}

// Guard stores which case guards against which failure: Batch.Guards.
func (s *Service) Guard(ctx context.Context, tx bun.Tx, guards map[string]string) error {
	byCase := map[string][]string{}
	for f, c := range guards {
		byCase[c] = append(byCase[c], f)
	}
	for c, failures := range byCase {
		for part := range slices.Chunk(failures, batch) {
			if _, err := tx.NewUpdate().Model((*failureRow)(nil)).Set("case_id = ?", c).Where("id IN (?)", bun.List(part)).
				Where("case_id <> ?", c).Exec(ctx); err != nil {
				return fmt.Errorf("guard failures by case %s: %w", c, err)
			}
		}
	}
	return nil
}

// Counts is how much came back from production.
type Counts struct {
	Failures int `json:"failures"`
	Modes    int `json:"modes"`
	Cases    int `json:"cases"` // that guard against them
}

// Count counts the failures of a scenario.
func (s *Service) Count(ctx context.Context, scenarioID string) (Counts, error) {
	var n struct{ Failures, Modes, Cases int }
	err := s.DB.Read().NewSelect().Model((*failureRow)(nil)).Where("scenario_id = ?", scenarioID).
		ColumnExpr("COUNT(*) AS failures, COUNT(DISTINCT mode_id) AS modes, COUNT(DISTINCT NULLIF(case_id, '')) AS cases").Scan(ctx, &n)
	if err != nil {
		return Counts{}, fmt.Errorf("count failures of %s: %w", scenarioID, err)
	}
	return Counts(n), nil
}

// Modes returns all failure modes of a scenario with all their failures: what
// Cases takes. db is the readers' pool or a transaction.
func (s *Service) Modes(ctx context.Context, db bun.IDB, scenarioID string) ([]Mode, error) {
	failures, err := s.all(ctx, db, scenarioID)
	if err != nil {
		return nil, err
	}
	byMode := map[string][]Failure{}
	for _, f := range failures {
		byMode[f.Mode] = append(byMode[f.Mode], f)
	}
	var rows []modeRow
	if err := db.NewSelect().Model(&rows).Where("scenario_id = ?", scenarioID).Order("occurrences DESC", "id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read failure modes of %s: %w", scenarioID, err)
	}
	out := make([]Mode, 0, len(rows))
	for _, r := range rows {
		if len(byMode[r.ID]) == 0 { // it came between the two reads
			continue
		}
		m := r.mode()
		m.Failures = mode(byMode[r.ID]).Failures // earliest first
		out = append(out, m)
	}
	return out, nil
}
