package evidence

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// DefaultOrigin names the log of evidence.
const DefaultOrigin = "landfall.dev/log/evidence"

// maxBatch bounds the statements of one Append.
const maxBatch = 2_000

// Faults of what stands in the log already.
var (
	ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "evidence.unknown",
		En: "there is no evidence {id}", Zh: "没有证据 {id}",
		HintEn: "run: landfall evidence list", HintZh: "请运行：landfall evidence list"}
	ErrDamaged = fault.Def{Kind: fault.Conflict, Code: "evidence.damaged",
		En: "the evidence at leaf {leaf} was changed and cannot be read", Zh: "第 {leaf} 条证据已被改动，无法读取",
		HintEn: "run: landfall evidence verify", HintZh: "请运行：landfall evidence verify"}
	ErrTwice = fault.Def{Kind: fault.Conflict, Code: "evidence.twice",
		En: "the evidence {id} is in the log already", Zh: "证据 {id} 已在日志中",
		HintEn: "evidence is never changed; append a correction that supersedes it", HintZh: "证据不可更改；请追加一条取代它的更正"}
	ErrSuperseded = fault.Def{Kind: fault.Conflict, Code: "evidence.superseded",
		En: "the evidence {id} is superseded already", Zh: "证据 {id} 已被取代",
		HintEn: "supersede its correction instead", HintZh: "请改为取代其更正"}
	ErrSupersedes = fault.Def{Kind: fault.Invalid, Code: "evidence.supersedes",
		En: "{id} cannot be superseded: it is of another kind or scenario", Zh: "无法取代 {id}：其类型或场景不同"}
)

// Deps is what a Service needs.
type Deps struct {
	DB *store.DB
	// Keys sign. A Service without keys can only read and verify.
	Keys  *Keys
	Kinds []Kind
	// Origin of the log; empty is DefaultOrigin.
	Origin string
	NewID  func(prefix string) string
	Now    func() time.Time
	// Tool is what predicate.tool says unless the statement does: "landfall/VERSION".
	Tool string
	// Emit, if any, is called for each new item whose kind is not Silent, in
	// the transaction that appends it and before the log's head is taken: the
	// record's Leaf is −1. If it fails, nothing is appended.
	Emit func(ctx context.Context, tx bun.Tx, r Record) error
}

// Service appends evidence and reads it.
type Service struct {
	d     Deps
	log   *Log
	kinds registry
}

// New returns a Service. It fails if a kind is declared wrongly or the
// origin is malformed.
func New(d Deps) (*Service, error) {
	kinds, err := newRegistry(d.Kinds)
	if err != nil {
		return nil, err
	}
	if d.Origin == "" {
		d.Origin = DefaultOrigin
	}
	if !validOrigin(d.Origin) {
		return nil, fmt.Errorf("the origin %q is not a URL without scheme", d.Origin)
	}
	return &Service{d: d, log: NewLog(d.Origin, d.Keys), kinds: kinds}, nil
}

// Log returns the log that evidence stands in.
func (s *Service) Log() *Log { return s.log }

// Kinds returns the declared kinds in the order of their declaration.
func (s *Service) Kinds() []Kind { return append([]Kind(nil), s.d.Kinds...) }

// Kind returns the declared kind of a record; false if it is declared no more.
func (s *Service) Kind(r Record) (Kind, bool) {
	k, ok := s.kinds.kinds[r.Statement.PredicateType]
	return k, ok
}

// Append validates and signs statements and adds them to the log in their
// order, as a part of tx: they are in the log if and only if tx commits.
// It sets what is empty of _type, id, provenance (measured), tool, started and
// finished, and always appended; times are kept in microseconds, UTC.
//
// A run appends once: if the log holds an item of the same run, kind and
// scenario (and both supersede nothing), that record is returned in its place
// and nothing is appended, so that a run that was killed can be repeated.
//
// It takes the log's head row, so it must be the last thing that waits in tx;
// see Log.Append. It fails with ErrKind, ErrStatement, ErrSubject, ErrMetric,
// ErrDetail, ErrTooLarge, ErrText or ErrNumber if a statement breaks its kind,
// with ErrTwice, ErrUnknown, ErrSuperseded or ErrSupersedes if its ids do not
// fit, and as Log.Append does.
func (s *Service) Append(ctx context.Context, tx bun.Tx, sts ...Statement) ([]Record, error) {
	if s.d.Keys == nil {
		return nil, errors.New("append evidence: no keys")
	}
	if len(sts) > maxBatch {
		return nil, fmt.Errorf("append evidence: %d statements at once; %d are allowed", len(sts), maxBatch)
	}
	out := make([]Record, len(sts))
	existing, err := s.existing(ctx, tx, sts)
	if err != nil {
		return nil, err
	}
	now, signer := s.d.Now().UTC().Truncate(time.Microsecond), s.d.Keys.take().signer
	var fresh []int
	var leaves []tlog.Hash
	for i, st := range sts {
		if r, ok := existing[onceKey(st)]; ok && st.Predicate.Run != "" && st.Predicate.Supersedes == "" {
			out[i] = r
			continue
		}
		r, err := s.prepare(ctx, st, now, signer)
		if err != nil {
			return nil, err
		}
		out[i] = r
		fresh = append(fresh, i)
		leaves = append(leaves, tlog.RecordHash(r.Envelope))
	}
	if len(fresh) == 0 {
		return out, nil
	}
	if err := s.checkIDs(ctx, tx, out, fresh); err != nil {
		return nil, err
	}
	for _, i := range fresh {
		k, _ := s.Kind(out[i])
		if s.d.Emit == nil || k.Silent {
			continue
		}
		if err := s.d.Emit(ctx, tx, out[i]); err != nil {
			return nil, fmt.Errorf("append evidence: emit: %w", err)
		}
	}
	first, err := s.log.Append(ctx, tx, leaves)
	if err != nil {
		return nil, err
	}
	ins := newRows("evidence", "leaf", "id", "scenario", "kind", "provenance", "exploratory", "supersedes", "run", "appended", "envelope")
	for n, i := range fresh {
		out[i].Leaf = first + int64(n)
		c := derive(out[i].Statement)
		ins.add(out[i].Leaf, c.id, c.scenario, c.kind, c.provenance, c.exploratory, c.supersedes, c.run, c.appended, out[i].Envelope)
	}
	n, err := ins.insert(ctx, tx, " ON CONFLICT DO NOTHING")
	if err != nil {
		return nil, fmt.Errorf("append evidence: %w", err)
	}
	if n != int64(len(fresh)) {
		// Two of this batch, or a rival that committed while we waited for
		// the head. The transaction must not commit: its hashes are written.
		return nil, ErrTwice.With("id", out[fresh[0]].ID())
	}
	return out, nil
}

// prepare makes the record of a statement, all but its leaf.
func (s *Service) prepare(ctx context.Context, st Statement, now time.Time, signer dsseSigner) (Record, error) {
	p := &st.Predicate
	if st.Type == "" {
		st.Type = StatementType
	}
	if st.Subject == nil {
		st.Subject = []Subject{}
	}
	if p.ID == "" {
		p.ID = s.d.NewID("ev")
	}
	if p.Provenance == "" {
		p.Provenance = Measured
	}
	if p.Tool == "" {
		p.Tool = s.d.Tool
	}
	if p.Metrics == nil {
		p.Metrics = map[string]any{}
	}
	if p.Finished.IsZero() {
		p.Finished = now
	}
	if p.Started.IsZero() {
		p.Started = p.Finished
	}
	p.Started, p.Finished = p.Started.UTC().Truncate(time.Microsecond), p.Finished.UTC().Truncate(time.Microsecond)
	p.Appended = now
	payload, err := Canonical(st)
	if err != nil {
		return Record{}, err
	}
	if len(payload) > MaxStatement {
		return Record{}, ErrTooLarge.With("size", len(payload), "limit", MaxStatement)
	}
	// What is validated and handed on is what was signed.
	decoded, err := decodeStatement(payload)
	if err != nil {
		return Record{}, err
	}
	if err := s.kinds.check(decoded); err != nil {
		return Record{}, err
	}
	envelope, err := seal(ctx, PayloadType, payload, signer)
	if err != nil {
		return Record{}, err
	}
	return newRecord(-1, envelope, decoded), nil
}

func newRecord(leaf int64, envelope []byte, st Statement) Record {
	hash := tlog.RecordHash(envelope) // %x would take its text, which is base64
	return Record{Leaf: leaf, LeafHash: hex.EncodeToString(hash[:]), Statement: st,
		Envelope: envelope, Appended: st.Predicate.Appended}
}

// readRecord takes an envelope apart without checking its signature.
func readRecord(leaf int64, envelope []byte) (Record, error) {
	e, err := DecodeEnvelope(envelope)
	if err != nil {
		return Record{}, err
	}
	st, err := decodeStatement(e.Payload)
	if err != nil {
		return Record{}, err
	}
	return newRecord(leaf, envelope, st), nil
}

// columns are what stands beside an envelope so that it can be found.
type columns struct {
	id, scenario, kind, provenance string
	exploratory                    int64
	supersedes, run                string
	appended                       int64
}

// derive computes the columns of a statement.
func derive(st Statement) columns {
	p := st.Predicate
	c := columns{id: p.ID, scenario: p.Scenario, kind: KindName(st.PredicateType), provenance: string(p.Provenance),
		supersedes: p.Supersedes, run: p.Run, appended: store.Micros(p.Appended)}
	if p.Exploratory {
		c.exploratory = 1
	}
	return c
}

// onceKey is what a run appends once.
func onceKey(st Statement) [3]string {
	return [3]string{st.Predicate.Run, KindName(st.PredicateType), st.Predicate.Scenario}
}

// existing returns what the runs of sts have appended already.
func (s *Service) existing(ctx context.Context, tx bun.Tx, sts []Statement) (map[[3]string]Record, error) {
	var runs []any
	seen := map[string]bool{}
	for _, st := range sts {
		if run := st.Predicate.Run; run != "" && !seen[run] {
			seen[run] = true
			runs = append(runs, run)
		}
	}
	out := map[[3]string]Record{}
	if len(runs) == 0 {
		return out, nil
	}
	rs, err := queryRecords(ctx, tx, `WHERE e.run IN (`+marks(len(runs))+`) AND e.run <> '' AND e.supersedes = '' ORDER BY e.leaf`, runs...)
	for _, r := range rs {
		out[onceKey(r.Statement)] = r
	}
	return out, err
}

// checkIDs refuses ids that are taken and corrections of what cannot be
// corrected.
func (s *Service) checkIDs(ctx context.Context, tx bun.Tx, rs []Record, fresh []int) error {
	var ids []any
	batch := map[string]columns{}
	superseded, once := map[string]bool{}, map[[3]string]bool{}
	for _, i := range fresh {
		c := derive(rs[i].Statement)
		if _, twice := batch[c.id]; twice {
			return ErrTwice.With("id", c.id)
		}
		if key := onceKey(rs[i].Statement); c.run != "" && c.supersedes == "" {
			if once[key] {
				return ErrStatement.With("why", because("the run %s appends two items of the kind %s at once", "运行记录 %s 一次追加了两条 %s 类型的证据", c.run, c.kind)).In("/predicate/run")
			}
			once[key] = true
		}
		batch[c.id] = c
		ids = append(ids, c.id)
		if c.supersedes == "" {
			continue
		}
		if superseded[c.supersedes] {
			return ErrSuperseded.With("id", c.supersedes)
		}
		superseded[c.supersedes] = true
		ids = append(ids, c.supersedes)
	}
	known, err := queryColumns(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, i := range fresh {
		c := derive(rs[i].Statement)
		if _, taken := known[c.id]; taken {
			return ErrTwice.With("id", c.id)
		}
		if c.supersedes == "" {
			continue
		}
		old, ok := known[c.supersedes]
		if !ok {
			old.columns, ok = batch[c.supersedes]
		}
		switch {
		case !ok:
			return ErrUnknown.With("id", c.supersedes).In("/predicate/supersedes")
		case old.supersededBy != "":
			return ErrSuperseded.With("id", c.supersedes).In("/predicate/supersedes")
		case old.kind != c.kind || old.scenario != c.scenario:
			return ErrSupersedes.With("id", c.supersedes).In("/predicate/supersedes")
		}
	}
	return nil
}

// marks returns n question marks.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// knownColumns are the columns of a row and the id of what supersedes it.
type knownColumns struct {
	columns
	supersededBy string
}

func queryColumns(ctx context.Context, db bun.IDB, ids []any) (map[string]knownColumns, error) {
	out := map[string]knownColumns{}
	rows, err := db.QueryContext(ctx, `SELECT e.id, e.scenario, e.kind, COALESCE(s.id, '') FROM evidence e
		LEFT JOIN evidence s ON s.supersedes = e.id AND s.supersedes <> '' WHERE e.id IN (`+marks(len(ids))+`)`, ids...)
	if err != nil {
		return nil, fmt.Errorf("look up evidence: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k knownColumns
		if err := rows.Scan(&k.id, &k.scenario, &k.kind, &k.supersededBy); err != nil {
			return nil, fmt.Errorf("look up evidence: %w", err)
		}
		out[k.id] = k
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up evidence: %w", err)
	}
	return out, nil
}

// Get returns the evidence of that id, or fails with ErrUnknown.
func (s *Service) Get(ctx context.Context, id string) (Record, error) {
	rs, err := queryRecords(ctx, s.d.DB.Read(), `WHERE e.id = ?`, id)
	if err != nil {
		return Record{}, err
	}
	if len(rs) == 0 {
		return Record{}, ErrUnknown.With("id", id)
	}
	return rs[0], nil
}

// ForScenario returns all evidence of a scenario in log order, superseded and
// exploratory included: what a gate reads.
func (s *Service) ForScenario(ctx context.Context, scenario string) ([]Record, error) {
	return queryRecords(ctx, s.d.DB.Read(), `WHERE e.scenario = ? ORDER BY e.leaf`, scenario)
}

// Filter chooses evidence. What is empty chooses nothing out.
type Filter struct {
	Scenario string
	Kind     string // name
	Run      string
	// Current leaves out what is superseded or exploratory. Staleness needs
	// bindings: see Stale.
	Current bool
	// Scenarios, if not empty, leaves out the evidence of all others.
	Scenarios []string
	Limit     int    // 1 to 1001; 0 is 50
	Before    *int64 // only leaves before this one
}

// List returns evidence, newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Record, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 1001)
	where, args := []string{"1 = 1"}, []any{}
	and := func(condition string, v ...any) { where, args = append(where, condition), append(args, v...) }
	if f.Scenario != "" {
		and("e.scenario = ?", f.Scenario)
	}
	if len(f.Scenarios) > 0 {
		and("e.scenario IN (?)", bun.List(f.Scenarios))
	}
	if f.Kind != "" {
		and("e.kind = ?", f.Kind)
	}
	if f.Run != "" {
		and("e.run = ?", f.Run)
	}
	if f.Current {
		and("s.id IS NULL AND e.exploratory = 0")
	}
	if f.Before != nil {
		and("e.leaf < ?", *f.Before)
	}
	return queryRecords(ctx, s.d.DB.Read(), "WHERE "+strings.Join(where, " AND ")+
		" ORDER BY e.leaf DESC LIMIT "+strconv.Itoa(limit), args...)
}

// queryRecords reads records by the end of a query over evidence e and what
// supersedes it, s.
func queryRecords(ctx context.Context, db bun.IDB, tail string, args ...any) ([]Record, error) {
	rows, err := db.QueryContext(ctx, `SELECT e.leaf, e.envelope, COALESCE(s.id, '') FROM evidence e
		LEFT JOIN evidence s ON s.supersedes = e.id AND s.supersedes <> '' `+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	defer rows.Close()
	var out []Record
	for rows.Next() {
		var leaf int64
		var envelope []byte
		var by string
		if err := rows.Scan(&leaf, &envelope, &by); err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		r, err := readRecord(leaf, envelope)
		if err != nil {
			return nil, ErrDamaged.With("leaf", leaf).Because(err)
		}
		r.SupersededBy = by
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return out, nil
}
