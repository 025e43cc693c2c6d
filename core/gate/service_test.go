package gate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
	"github.com/landfall-ai/landfall/kit/text"
)

// bench is a gate service over a real log.
type bench struct {
	db       *store.DB
	evidence *evidence.Service
	gates    *gate.Service
	now      time.Time
	emitted  int
}

func newBench(t *testing.T, db *store.DB) *bench {
	t.Helper()
	b := &bench{db: db, now: now}
	clock := func() time.Time { return b.now }
	keys, err := evidence.OpenKeys(t.TempDir(), clock, bytes.NewReader(bytes.Repeat([]byte{7}, 1024)))
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	b.evidence, err = evidence.New(evidence.Deps{DB: db, Keys: keys, Kinds: kinds(), Now: clock, Tool: "landfall/test",
		NewID: func(prefix string) string { ids++; return fmt.Sprintf("%s_%d", prefix, ids) },
		Emit:  func(context.Context, bun.Tx, evidence.Record) error { b.emitted++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, source("a.yaml", gate.Align, "accuracy: poc.recommended.accuracy.low >= param.floor # max_age: 90d"),
		source("b.yaml", gate.Prove, "missing: quality.missing_max <= param.missing_max"), source("c.yaml", gate.Share, "rows: quality.rows > 1"))
	b.gates = gate.New(gate.Deps{Policies: p, Evidence: b.evidence, Now: clock})
	return b
}

func (b *bench) add(t *testing.T, rs ...evidence.Record) {
	t.Helper()
	err := b.db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		for _, r := range rs {
			st := r.Statement
			st.Predicate.ID = ""
			st.Predicate.Started, st.Predicate.Finished = b.now, b.now
			if _, err := b.evidence.Append(ctx, tx, st); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) judge(t *testing.T, sc gate.Scenario) []gate.Change {
	t.Helper()
	var out []gate.Change
	err := b.db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
		out, err = b.gates.Judge(ctx, tx, sc)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tell writes changes as "gate outcome", with a + where one was recorded.
func tell(changes []gate.Change) string {
	var out []string
	for _, c := range changes {
		s := c.Verdict.Gate + " " + string(c.Verdict.Outcome)
		if c.Changed {
			s += "+"
		}
		if c.Reopened() {
			s += " reopened"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func scenarioOne() gate.Scenario {
	return gate.Scenario{ID: "sc_1", Bindings: bindings(), Params: params(), NotDue: map[string]gate.Reason{
		gate.Share: gate.NewReason("market.few", text.Text{En: "due above 50 applications", Zh: "超过 50 个应用后启用"}),
		gate.Align: gate.NewReason("no", text.Text{En: "a scenario gate is always due", Zh: "场景门禁始终有效"}),
	}}
}

func TestVerdictsAreRecordedWhenTheyChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{evidence.Migrations}, func(t *testing.T, db *store.DB) {
		b, sc := newBench(t, db), scenarioOne()
		step := func(want string) {
			t.Helper()
			if got := tell(b.judge(t, sc)); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
		step("align insufficient+, prove insufficient+, share not_due+")
		step("align insufficient, prove insufficient, share not_due")
		b.add(t, poc(0.92), quality(0.01))
		step("align pass+, prove pass+, share not_due")
		b.now = b.now.Add(time.Hour)
		step("align pass, prove pass, share not_due")
		// A new POC that is just as good is no news; a worse one is.
		b.add(t, poc(0.91))
		step("align pass, prove pass, share not_due")
		b.add(t, poc(0.8))
		step("align fail+ reopened, prove pass, share not_due")
		b.add(t, poc(0.95))
		step("align pass+, prove pass, share not_due")
		// The data changes: what was measured on it is stale.
		sc.Bindings = evidence.Bindings{"dataset": {"cases": hex("d2")}, "candidate": {"faq": hex("c1")}}
		step("align insufficient+ reopened, prove insufficient+ reopened, share not_due")
		b.add(t, quality(0.2, on("dataset", "d2")))
		step("align insufficient, prove fail+, share not_due")
		delete(sc.NotDue, gate.Share)
		step("align insufficient, prove fail, share pass+")

		if b.emitted != 6 {
			t.Errorf("%d events: verdicts must cause none", b.emitted)
		}
		last, found, err := b.gates.Last(t.Context(), "sc_1", gate.Prove)
		if err != nil || !found || last.Verdict.Outcome != gate.Fail || last.Verdict.Rules[0].Readings[0].Metric != "quality.missing_max" || last.Evidence == "" {
			t.Errorf("%+v, %v, %v", last, found, err)
		}
		if _, found, err := b.gates.Last(t.Context(), "sc_2", gate.Prove); found || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	})
}

func TestVerdictAsEvidence(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{evidence.Migrations}, func(t *testing.T, db *store.DB) {
		b, sc := newBench(t, db), scenarioOne()
		assumed := poc(0.92, provenance(evidence.Assumed))
		assumed.Statement.Predicate.Source = "the owner"
		b.add(t, assumed)
		v, err := b.gates.Verdict(t.Context(), sc, gate.Align)
		if err != nil {
			t.Fatal(err)
		}
		record := func() (changed bool) {
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
				changed, err = b.gates.Record(ctx, tx, v)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
		if !record() || record() {
			t.Error("it is recorded once")
		}
		records, err := b.evidence.ForScenario(t.Context(), "sc_1")
		if err != nil || len(records) != 2 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		st := records[1].Statement
		if st.PredicateType != gate.Kind().URI || st.Predicate.Provenance != evidence.Assumed || len(st.Subject) != 2 ||
			st.Subject[0].Role() != gate.RolePolicy || st.Subject[0].Name != gate.Align || st.Subject[0].SHA256() != v.Policy ||
			st.Subject[1].Role() != gate.RoleEvidence || st.Subject[1].Name != records[0].ID() {
			t.Errorf("got %+v", st)
		}
		back, err := gate.FromRecord(records[1])
		if err != nil || !back.Same(v) || back.Rules[0].Outcome != gate.Assumed || *back.Rules[0].Readings[0].Value != 0.92 {
			t.Errorf("%+v, %v", back, err)
		}
		if _, err := b.gates.Verdict(t.Context(), sc, "aling"); !errors.Is(err, gate.ErrGate) {
			t.Errorf("got %v", err)
		}
		all, err := b.gates.Verdicts(t.Context(), sc)
		if err != nil || len(all) != len(gate.Names()) || all[3].Outcome != gate.Undefined {
			t.Errorf("%d verdicts, %v", len(all), err)
		}
	})
}

func TestSweepClosesGatesThatTimeCloses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{evidence.Migrations}, func(t *testing.T, db *store.DB) {
		b, sc := newBench(t, db), scenarioOne()
		other := sc
		other.ID = "sc_2"
		b.add(t, poc(0.92), quality(0.01))
		sweep := func() string {
			t.Helper()
			changes, err := b.gates.Sweep(t.Context(), db.Tx, []gate.Scenario{sc, other})
			if err != nil {
				t.Fatal(err)
			}
			return tell(changes)
		}
		if got := sweep(); got != "align pass+, prove pass+, share not_due+, align insufficient+, prove insufficient+, share not_due+" {
			t.Errorf("first: %s", got)
		}
		b.now = b.now.Add(90 * day)
		if got := sweep(); got != "" {
			t.Errorf("after 90 days: %s", got)
		}
		b.now = b.now.Add(time.Second)
		if got := sweep(); got != "align insufficient+ reopened" {
			t.Errorf("after 90 days and a second: %s", got)
		}
	})
}

// broken is a log that cannot read one scenario.
type broken struct {
	gate.Evidence
}

var errBroken = errors.New("the disk is gone")

func (b broken) ForScenario(ctx context.Context, scenario string) ([]evidence.Record, error) {
	if scenario == "sc_1" {
		return nil, errBroken
	}
	return b.Evidence.ForScenario(ctx, scenario)
}

func TestSweepGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{evidence.Migrations}, func(t *testing.T, db *store.DB) {
		b, sc := newBench(t, db), scenarioOne()
		other := sc
		other.ID = "sc_2"
		p := compile(t, source("a.yaml", gate.Align, "a: poc.cases > 1"))
		gates := gate.New(gate.Deps{Policies: p, Evidence: broken{b.evidence}, Now: func() time.Time { return b.now }})
		changes, err := gates.Sweep(t.Context(), db.Tx, []gate.Scenario{sc, other})
		if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "judge sc_1") || len(changes) != 2 || changes[0].Verdict.Scenario != "sc_2" {
			t.Errorf("%v, %v", changes, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := gates.Sweep(ctx, db.Tx, []gate.Scenario{sc, other}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
