package waiver_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/gate/waiver"
	"github.com/landfall-ai/landfall/kit/id"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
	"github.com/landfall-ai/landfall/kit/text"
)

const policy = `gate: prove
rules:
  - id: missing
    title: {en: Missing, zh: 缺失}
    expr: quality.missing_max <= 0.1
    method: {en: Sentence., zh: 句子。}
    fix: {en: mend it, zh: 修补}
  - id: rows
    title: {en: Rows, zh: 行数}
    expr: quality.rows > 10
    method: {en: Sentence., zh: 句子。}
    fix: {en: more, zh: 更多}
`

// A gate that fails is passed under a waiver that two people answer for, says
// so, and fails again when the waiver ends. What was measured stays.
func TestWaiver(t *testing.T) {
	t.Parallel()
	migrations := []fs.FS{evidence.Migrations, waiver.Migrations}
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		t.Parallel()
		now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		keys, err := evidence.OpenKeys(t.TempDir(), clock, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		exact := func(name string) evidence.Metric {
			return evidence.Metric{Name: name, Unit: "rows", Direction: evidence.Neutral, Shape: evidence.Exact, Title: text.Text{En: name, Zh: name}}
		}
		kinds := []evidence.Kind{{Name: "quality", URI: "https://landfall.dev/evidence/quality/v1", Title: text.Text{En: "q", Zh: "q"},
			Metrics: []evidence.Metric{exact("missing_max"), exact("rows")}}, gate.Kind(), gate.WaiverKind()}
		ev, err := evidence.New(evidence.Deps{DB: db, Keys: keys, Kinds: kinds, NewID: id.Seeded(1), Now: clock, Tool: "test"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := gate.Compile(kinds, nil, gate.Source{Name: "p.yaml", Data: []byte(policy)})
		if err != nil {
			t.Fatal(err)
		}
		gates := gate.New(gate.Deps{Policies: p, Evidence: ev, Now: clock})
		s := waiver.New(waiver.Deps{DB: db, Evidence: ev, Policies: func() *gate.Policies { return p }, NewID: id.Seeded(2), Now: clock})
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := ev.Append(ctx, tx, evidence.Statement{PredicateType: kinds[0].URI, Predicate: evidence.Predicate{Scenario: "scn_1",
				Metrics: map[string]any{"missing_max": 0.5, "rows": 100}}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		as := func(id string) context.Context {
			return actor.With(t.Context(), actor.Actor{ID: id, Name: "name of " + id, Kind: actor.Person})
		}
		verdict := func(want gate.Outcome) gate.Verdict {
			t.Helper()
			v, err := gates.Verdict(t.Context(), gate.Scenario{ID: "scn_1"}, gate.Prove)
			if err != nil || v.Outcome != want {
				t.Fatalf("%s %v, want %s", v.Outcome, err, want)
			}
			return v
		}
		verdict(gate.Fail)
		until := now.AddDate(0, 0, 30)
		for name, c := range map[string]struct {
			gate, rule string
			until      time.Time
			err        error
		}{
			"no such rule": {"prove", "rowz", until, waiver.ErrRule},
			"no such gate": {"proof", "rows", until, gate.ErrGate},
			"over already": {"prove", "missing", now, waiver.ErrUntil},
			"for ever":     {"prove", "missing", now.AddDate(1, 0, 0), waiver.ErrUntil},
		} {
			if _, err := s.Request(as("usr_a"), "scn_1", c.gate, c.rule, "because of that", c.until); !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w, err := s.Request(as("usr_a"), "scn_1", "prove", "missing", "the source is mended next week", until)
		if err != nil {
			t.Fatal(err)
		}
		verdict(gate.Fail) // asking is not enough
		if _, err := s.Approve(as("usr_a"), w.ID); !errors.Is(err, waiver.ErrSecond) {
			t.Errorf("approved by who asked: %v", err)
		}
		if _, err := s.Approve(t.Context(), w.ID); !errors.Is(err, waiver.ErrSecond) {
			t.Errorf("approved by the system: %v", err)
		}
		verdict(gate.Fail)
		if _, err := s.Approve(as("usr_b"), w.ID); err != nil {
			t.Fatal(err)
		}
		v := verdict(gate.Waived)
		r := v.Rules[0]
		if r.Outcome != gate.Fail || r.Waived == nil || r.Waived.Approved.ID != "usr_b" || r.Waived.Asked.ID != "usr_a" || v.Rules[1].Waived != nil || v.Rules[1].Outcome != gate.Pass {
			t.Errorf("%+v", v.Rules)
		}
		if !v.Outcome.Passed() || len(v.Blocking()) != 0 {
			t.Errorf("blocking: %+v", v.Blocking())
		}
		if _, err := s.Approve(as("usr_c"), w.ID); !errors.Is(err, waiver.ErrState) {
			t.Errorf("approved twice: %v", err)
		}
		// A verdict under a waiver is recorded as such, and its end is news.
		var changes []gate.Change
		judge := func() bool {
			t.Helper()
			if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
				changes, err = gates.Judge(ctx, tx, gate.Scenario{ID: "scn_1"})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return len(changes) == 1 && changes[0].Changed
		}
		if !judge() || judge() {
			t.Errorf("recorded: %+v", changes)
		}
		now = until
		verdict(gate.Fail)
		if !judge() || !changes[0].Reopened() {
			t.Errorf("its end is no news: %+v", changes)
		}
		if _, err := s.Withdraw(as("usr_a"), w.ID); !errors.Is(err, waiver.ErrState) {
			t.Errorf("withdrawn after its end: %v", err)
		}
		now = until.AddDate(0, 0, -1)
		verdict(gate.Waived)
		if _, err := s.Withdraw(as("usr_c"), w.ID); err != nil {
			t.Fatal(err)
		}
		verdict(gate.Fail)
		// The evidence of it all holds.
		rep, err := ev.Verify(t.Context(), evidence.VerifyOptions{})
		if err != nil || len(rep.Findings) > 0 {
			t.Errorf("%+v %v", rep.Findings, err)
		}
	})
}
