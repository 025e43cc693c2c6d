package evidence_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		d := deps(t, db)
		var emitted []string
		d.Emit = func(_ context.Context, _ bun.Tx, r evidence.Record) error {
			emitted = append(emitted, r.ID())
			return nil
		}
		s := newService(t, d)
		rs := appendAll(t, db, s, statement("bank", "run_1"), ruling("bank"), statement("shop", "run_2"))
		more := appendAll(t, db, s, statement("bank", "run_3"))

		if want := []string{rs[0].ID(), rs[2].ID(), more[0].ID()}; !reflect.DeepEqual(emitted, want) {
			t.Errorf("emitted %v, want %v: silent kinds cause no event", emitted, want)
		}
		for i, r := range append(rs, more...) {
			if r.Leaf != int64(i) {
				t.Errorf("leaf %d, want %d", r.Leaf, i)
			}
			got, err := s.Get(t.Context(), r.ID())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, r) {
				t.Errorf("read  %+v\nafter %+v", got, r)
			}
		}
		p := rs[0].Statement.Predicate
		if p.Tool != "landfall/test" || p.Provenance != evidence.Measured || !p.Finished.Equal(p.Appended) || !p.Started.Equal(p.Finished) {
			t.Errorf("not filled in: %+v", p)
		}
		if e, ok := rs[0].Estimate("recommended.accuracy"); !ok || e.Low != 0.896 || e.N != 160 {
			t.Errorf("estimate %+v %v", e, ok)
		}
		if v, ok := rs[0].Exact("recommended.p95"); !ok || v != 12.5 {
			t.Errorf("exact %v %v", v, ok)
		}
		if _, ok := rs[0].Exact("recommended.accuracy"); ok {
			t.Error("an estimate was read as exact")
		}
		bank, err := s.ForScenario(t.Context(), "bank")
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(bank); !reflect.DeepEqual(got, ids([]evidence.Record{rs[0], rs[1], more[0]})) {
			t.Errorf("for scenario: %v", got)
		}
		if _, err := s.Get(t.Context(), "ev_none"); !errors.Is(err, evidence.ErrUnknown) {
			t.Errorf("unknown id: %v", err)
		}
		wantOK(t, verify(t, s, evidence.VerifyOptions{}))
	})
}

func ids(rs []evidence.Record) []string {
	out := []string{}
	for _, r := range rs {
		out = append(out, r.ID())
	}
	return out
}

// Any DSSE implementation can check our envelopes.
func TestEnvelopeIsStandardDSSE(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d := deps(t, db)
	s := newService(t, d)
	r := appendAll(t, db, s, statement("bank", ""))[0]
	var e dsse.Envelope
	if err := json.Unmarshal(r.Envelope, &e); err != nil {
		t.Fatal(err)
	}
	ev, err := dsse.NewEnvelopeVerifier(publicKey{d.Keys.Current()})
	if err != nil {
		t.Fatal(err)
	}
	_, payload, err := ev.VerifyAndDecode(t.Context(), &e)
	if err != nil {
		t.Fatal(err)
	}
	exact, err := evidence.CanonicalJSON(payload)
	if err != nil || string(exact) != string(payload) {
		t.Errorf("payload is not canonical: %v", err)
	}
	if e.PayloadType != "application/vnd.in-toto+json" || !strings.Contains(string(payload), `"_type":"https://in-toto.io/Statement/v1"`) {
		t.Errorf("not an in-toto statement: %s", payload)
	}
}

type publicKey struct{ evidence.PublicKey }

func (k publicKey) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(k.PublicKey.Public, data, sig) {
		return errors.New("bad signature")
	}
	return nil
}
func (k publicKey) KeyID() (string, error)   { return k.ID, nil }
func (k publicKey) Public() crypto.PublicKey { return ed25519.PublicKey(k.PublicKey.Public) }

func TestAppendIsAtomic(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		boom := errors.New("boom")
		d := deps(t, db)
		failing := d
		failing.Emit = func(context.Context, bun.Tx, evidence.Record) error { return boom }
		if _, err := tryAppend(t, db, newService(t, failing), statement("bank", "")); !errors.Is(err, boom) {
			t.Fatalf("error %v", err)
		}
		s := newService(t, d)
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if _, err := s.Append(ctx, tx, statement("bank", ""), statement("bank", "")); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("error %v", err)
		}
		r := verify(t, s, evidence.VerifyOptions{})
		wantOK(t, r)
		if r.Size != 0 {
			t.Errorf("%d leaves are left of what was rolled back", r.Size)
		}
		if rs := appendAll(t, db, s, statement("bank", "")); rs[0].Leaf != 0 {
			t.Errorf("leaf %d after rollbacks", rs[0].Leaf)
		}
	})
}

func TestRunAppendsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		d := deps(t, db)
		emitted := 0
		d.Emit = func(context.Context, bun.Tx, evidence.Record) error { emitted++; return nil }
		s := newService(t, d)
		first := appendAll(t, db, s, statement("bank", "run_1"))[0]
		again := statement("bank", "run_1")
		again.Predicate.Metrics["cases"] = 161
		rs := appendAll(t, db, s, again, statement("bank", "run_2"))
		if !reflect.DeepEqual(rs[0], first) {
			t.Errorf("got %+v, want the first record", rs[0])
		}
		if rs[1].Leaf != 1 || emitted != 2 {
			t.Errorf("leaf %d, %d events", rs[1].Leaf, emitted)
		}
		// Other scenarios, kinds and runs, no run, and corrections are not the same.
		other := ruling("bank")
		other.Predicate.Run = "run_1"
		correction := statement("bank", "run_1")
		correction.Predicate.Supersedes = first.ID()
		appendAll(t, db, s, statement("shop", "run_1"), other, statement("bank", ""), statement("bank", ""), correction)
		if r := verify(t, s, evidence.VerifyOptions{}); r.Size != 7 || !r.OK() {
			t.Errorf("%d leaves, want 7: %+v", r.Size, r.Findings)
		}
		if _, err := tryAppend(t, db, s, statement("bank", "run_9"), statement("bank", "run_9")); !errors.Is(err, evidence.ErrStatement) {
			t.Errorf("twice at once: %v", err)
		}
	})
}

func TestSupersede(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		s := newService(t, deps(t, db))
		correct := func(scenario, id string) evidence.Statement {
			st := statement(scenario, "")
			st.Predicate.Supersedes = id
			return st
		}
		first := appendAll(t, db, s, statement("bank", ""))[0]
		second := appendAll(t, db, s, correct("bank", first.ID()))[0]
		got, err := s.Get(t.Context(), first.ID())
		if err != nil || got.SupersededBy != second.ID() {
			t.Errorf("superseded by %q (%v), want %q", got.SupersededBy, err, second.ID())
		}
		wrongKind := ruling("bank")
		wrongKind.Predicate.Supersedes = second.ID()
		named := statement("bank", "")
		named.Predicate.ID = second.ID()
		self := correct("bank", "ev_self")
		self.Predicate.ID = "ev_self"
		for name, c := range map[string]struct {
			sts  []evidence.Statement
			want fault.Def
		}{
			"twice":          {[]evidence.Statement{correct("bank", first.ID())}, evidence.ErrSuperseded},
			"twice at once":  {[]evidence.Statement{correct("bank", second.ID()), correct("bank", second.ID())}, evidence.ErrSuperseded},
			"unknown":        {[]evidence.Statement{correct("bank", "ev_none")}, evidence.ErrUnknown},
			"other scenario": {[]evidence.Statement{correct("shop", second.ID())}, evidence.ErrSupersedes},
			"other kind":     {[]evidence.Statement{wrongKind}, evidence.ErrSupersedes},
			"id is taken":    {[]evidence.Statement{named}, evidence.ErrTwice},
			"id twice":       {[]evidence.Statement{self0("ev_x"), self0("ev_x")}, evidence.ErrTwice},
			"itself":         {[]evidence.Statement{self}, evidence.ErrStatement},
		} {
			if _, err := tryAppend(t, db, s, c.sts...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want.Code)
			}
		}
		page, err := s.List(t.Context(), evidence.Filter{Scenario: "bank", Current: true})
		if err != nil || !reflect.DeepEqual(ids(page), []string{second.ID()}) {
			t.Errorf("current: %v %v", ids(page), err)
		}
		wantOK(t, verify(t, s, evidence.VerifyOptions{}))
	})
}

func self0(id string) evidence.Statement {
	st := statement("bank", "")
	st.Predicate.ID = id
	return st
}

func TestList(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		s := newService(t, deps(t, db))
		var sts []evidence.Statement
		for i := range 23 {
			st := statement([]string{"bank", "shop"}[i%2], fmt.Sprintf("run_%d", i))
			st.Predicate.Exploratory = i == 4
			sts = append(sts, st)
		}
		all := appendAll(t, db, s, append(sts, ruling("bank"))...)
		collect := func(f evidence.Filter) (got []string) {
			for {
				page, err := s.List(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) > f.Limit {
					t.Fatalf("%d records on a page of %d", len(page), f.Limit)
				}
				got = append(got, ids(page)...)
				if len(page) == 0 {
					return got
				}
				f.Before = &page[len(page)-1].Leaf
			}
		}
		want := func(keep func(evidence.Record) bool) []string {
			var out []string
			for i := len(all) - 1; i >= 0; i-- {
				if keep(all[i]) {
					out = append(out, all[i].ID())
				}
			}
			return out
		}
		for name, c := range map[string]struct {
			f    evidence.Filter
			keep func(evidence.Record) bool
		}{
			"all":      {evidence.Filter{}, func(evidence.Record) bool { return true }},
			"scenario": {evidence.Filter{Scenario: "bank"}, func(r evidence.Record) bool { return r.Statement.Predicate.Scenario == "bank" }},
			"kind":     {evidence.Filter{Scenario: "bank", Kind: "poc"}, func(r evidence.Record) bool { return r.Leaf%2 == 0 && r.Leaf < 23 }},
			"run":      {evidence.Filter{Run: "run_7"}, func(r evidence.Record) bool { return r.Leaf == 7 }},
			"current":  {evidence.Filter{Current: true}, func(r evidence.Record) bool { return r.Leaf != 4 }},
			"visible":  {evidence.Filter{Scenarios: []string{"shop", "x"}}, func(r evidence.Record) bool { return r.Statement.Predicate.Scenario == "shop" }},
			"quoted":   {evidence.Filter{Scenario: "' OR 1=1 --?"}, func(evidence.Record) bool { return false }},
		} {
			for _, c.f.Limit = range []int{1, 7, 100} {
				if got := collect(c.f); !reflect.DeepEqual(got, want(c.keep)) {
					t.Errorf("%s by %d: %v\nwant %v", name, c.f.Limit, got, want(c.keep))
				}
			}
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	s := newService(t, deps(t, db))
	estimate := func(change func(*evidence.Estimate)) func(*evidence.Statement) {
		return func(st *evidence.Statement) {
			e := evidence.Estimate{Value: 0.9, Low: 0.8, High: 0.95, N: 10, Method: "clopper-pearson", Level: 0.95}
			change(&e)
			st.Predicate.Metrics["recommended"] = map[string]any{"accuracy": e}
		}
	}
	for name, c := range map[string]struct {
		change  func(*evidence.Statement)
		want    fault.Def
		pointer string
		says    string
	}{
		"unknown kind":     {func(s *evidence.Statement) { s.PredicateType = "https://landfall.dev/evidence/pox/v1" }, evidence.ErrKind, "/predicateType", ""},
		"other type":       {func(s *evidence.Statement) { s.Type = "https://in-toto.io/Statement/v0.1" }, evidence.ErrStatement, "/_type", ""},
		"no subject":       {func(s *evidence.Statement) { s.Subject = nil }, evidence.ErrStatement, "/subject", ""},
		"unknown role":     {func(s *evidence.Statement) { s.Subject[1].Annotations.Role = "grader" }, evidence.ErrSubject, "/subject/1", "grader"},
		"bad digest":       {func(s *evidence.Statement) { s.Subject[0].Digest["sha256"] = "A1" }, evidence.ErrSubject, "/subject/0", ""},
		"two digests":      {func(s *evidence.Statement) { s.Subject[0].Digest["md5"] = "a1" }, evidence.ErrSubject, "/subject/0", ""},
		"no subject name":  {func(s *evidence.Statement) { s.Subject[0].Name = "" }, evidence.ErrSubject, "/subject/0", ""},
		"subject twice":    {func(s *evidence.Statement) { s.Subject = append(s.Subject, s.Subject[0]) }, evidence.ErrSubject, "/subject/2", "twice"},
		"metric missing":   {func(s *evidence.Statement) { delete(s.Predicate.Metrics, "cases") }, evidence.ErrMetric, "/predicate/metrics/cases", "missing"},
		"metric unknown":   {func(s *evidence.Statement) { s.Predicate.Metrics["caes"] = 3 }, evidence.ErrMetric, "/predicate/metrics/caes", "nearest is cases"},
		"metric unknown 2": {func(s *evidence.Statement) { s.Predicate.Metrics["recommended"].(map[string]any)["acuracy"] = 3 }, evidence.ErrMetric, "/predicate/metrics/recommended/acuracy", "recommended.accuracy"},
		"shape":            {func(s *evidence.Statement) { s.Predicate.Metrics["cases"] = evidence.Estimate{} }, evidence.ErrMetric, "/predicate/metrics/cases", ""},
		"shape 2":          {func(s *evidence.Statement) { s.Predicate.Metrics["recommended"] = map[string]any{"accuracy": 0.9} }, evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", ""},
		"text":             {func(s *evidence.Statement) { s.Predicate.Metrics["cases"] = "160" }, evidence.ErrMetric, "/predicate/metrics/cases", ""},
		"NaN":              {func(s *evidence.Statement) { s.Predicate.Metrics["cases"] = math.NaN() }, evidence.ErrNumber, "/predicate/metrics/cases", "NaN"},
		"infinite":         {estimate(func(e *evidence.Estimate) { e.High = math.Inf(1) }), evidence.ErrNumber, "/predicate/metrics/recommended/accuracy/high", ""},
		"below":            {estimate(func(e *evidence.Estimate) { e.Low = 0.91 }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "interval"},
		"above":            {estimate(func(e *evidence.Estimate) { e.High = 0.89 }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "interval"},
		"negative n":       {estimate(func(e *evidence.Estimate) { e.N = -1 }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", ""},
		"level 1":          {estimate(func(e *evidence.Estimate) { e.Level = 1 }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "level"},
		"level 0":          {estimate(func(e *evidence.Estimate) { e.Level = 0 }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "level"},
		"no method":        {estimate(func(e *evidence.Estimate) { e.Method = " " }), evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "method"},
		"estimate field": {func(s *evidence.Statement) {
			s.Predicate.Metrics["recommended"] = map[string]any{"accuracy": map[string]any{"value": 1, "low": 1, "high": 1, "n": 1, "method": "x", "levl": 0.9}}
		}, evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "levl"},
		"fraction of n": {func(s *evidence.Statement) {
			s.Predicate.Metrics["recommended"] = map[string]any{"accuracy": map[string]any{"value": 1, "low": 1, "high": 1, "n": 1.5, "method": "x", "level": 0.9}}
		}, evidence.ErrMetric, "/predicate/metrics/recommended/accuracy", "field n"},
		"detail":         {func(s *evidence.Statement) { s.Predicate.Detail["rows"] = []any{map[string]any{}} }, evidence.ErrDetail, "/predicate/detail/rows/0", "name"},
		"detail pointer": {func(s *evidence.Statement) { s.Predicate.Detail["a/b"] = "x" }, evidence.ErrDetail, "/predicate/detail/a~1b", ""},
		"detail of none": {func(s *evidence.Statement) { *s = ruling("bank"); s.Predicate.Detail = map[string]any{"a": 1} }, evidence.ErrDetail, "/predicate/detail", ""},
		"provenance":     {func(s *evidence.Statement) { s.Predicate.Provenance = "guessed" }, evidence.ErrStatement, "/predicate/provenance", ""},
		"source":         {func(s *evidence.Statement) { s.Predicate.Provenance = evidence.Imported }, evidence.ErrStatement, "/predicate/source", "source"},
		"assumed":        {func(s *evidence.Statement) { s.Predicate.Assumed = []string{"cases", "price"} }, evidence.ErrMetric, "/predicate/assumed/1", "price"},
		"times":          {func(s *evidence.Statement) { s.Predicate.Started = start; s.Predicate.Finished = start.Add(-1e9) }, evidence.ErrStatement, "/predicate/finished", ""},
		"id":             {func(s *evidence.Statement) { s.Predicate.ID = "ev 1" }, evidence.ErrStatement, "/predicate/id", ""},
		"scenario":       {func(s *evidence.Statement) { s.Predicate.Scenario = "a\nb" }, evidence.ErrStatement, "/predicate/scenario", ""},
		"not UTF-8":      {func(s *evidence.Statement) { s.Predicate.Source = "\xff" }, evidence.ErrText, "/predicate/source", ""},
		"too large":      {func(s *evidence.Statement) { s.Predicate.Source = strings.Repeat("x", evidence.MaxStatement) }, evidence.ErrTooLarge, "", ""},
	} {
		st := statement("bank", "")
		c.change(&st)
		_, err := tryAppend(t, db, s, statement("bank", ""), st)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want.Code)
			continue
		}
		f := fault.From(err)
		if f.Pointer != c.pointer || !strings.Contains(f.Message("en"), c.says) {
			t.Errorf("%s: at %q: %s", name, f.Pointer, f.Message("en"))
		}
		if strings.ContainsAny(f.Message("en")+f.Message("zh")+f.Hint("en"), "{}") {
			t.Errorf("%s: unfilled: %s | %s | %s", name, f.Message("en"), f.Message("zh"), f.Hint("en"))
		}
	}
	if r := verify(t, s, evidence.VerifyOptions{}); r.Size != 0 {
		t.Errorf("%d leaves of refused statements", r.Size)
	}
}

func TestNewRefusesKinds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*evidence.Kind){
		"URI":               func(k *evidence.Kind) { k.URI = "https://landfall.dev/evidence/poc" },
		"name":              func(k *evidence.Kind) { k.Name = "pox" },
		"role twice":        func(k *evidence.Kind) { k.Roles = []string{"a", "a"} },
		"metric name":       func(k *evidence.Kind) { k.Metrics[0].Name = "Accuracy" },
		"metric twice":      func(k *evidence.Kind) { k.Metrics[0].Name = "cases" },
		"metric in another": func(k *evidence.Kind) { k.Metrics[0].Name = "cases.all" },
		"shape":             func(k *evidence.Kind) { k.Metrics[0].Shape = "" },
		"direction":         func(k *evidence.Kind) { k.Metrics[0].Direction = "up" },
		"schema":            func(k *evidence.Kind) { k.DetailSchema = []byte(`{"type":7}`) },
		"schema elsewhere":  func(k *evidence.Kind) { k.DetailSchema = []byte(`{"$ref":"file:///etc/passwd"}`) },
	} {
		k := poc()
		change(&k)
		if _, err := evidence.New(evidence.Deps{Kinds: []evidence.Kind{k}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := evidence.New(evidence.Deps{Kinds: []evidence.Kind{poc(), poc()}}); err == nil {
		t.Error("a kind twice: accepted")
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	k := poc()
	r := evidence.Record{Statement: statement("bank", ""), Appended: start}
	r.Statement.Predicate.Finished = start.Add(-24 * time.Hour)
	bound := func(change func(evidence.Bindings)) evidence.Bindings {
		b := evidence.Bindings{"dataset": {"cases": digestA}, "candidate": {"bm25": digestB}, "costs": {"gpu": digestA}}
		change(b)
		return b
	}
	same := bound(func(evidence.Bindings) {})
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		b          evidence.Bindings
		superseded bool
		maxAge     time.Duration
		now        time.Time
		want       evidence.Reason
		en, zh     string
	}{
		"current":          {b: same, now: start},
		"undeclared role":  {b: bound(func(b evidence.Bindings) { b["costs"]["gpu"] = digestB }), now: start},
		"superseded":       {b: same, superseded: true, now: start, want: evidence.Reason{Code: evidence.StaleSuperseded}, en: "superseded by a correction", zh: "已被更正取代"},
		"changed":          {b: bound(func(b evidence.Bindings) { b["dataset"]["cases"] = digestB }), now: start, want: evidence.Reason{Code: evidence.StaleSubject, Role: "dataset", Changed: []string{"cases"}}, en: "dataset version: cases changed", zh: "数据集版本:cases 已变更"},
		"added":            {b: bound(func(b evidence.Bindings) { b["candidate"]["llm"] = digestB }), now: start, want: evidence.Reason{Code: evidence.StaleSubject, Role: "candidate", Added: []string{"llm"}}, en: "candidate: llm was added", zh: "候选方案:新增 llm"},
		"removed":          {b: bound(func(b evidence.Bindings) { delete(b, "candidate") }), now: start, want: evidence.Reason{Code: evidence.StaleSubject, Role: "candidate", Removed: []string{"bm25"}}, en: "candidate: bm25 was removed", zh: "候选方案:移除 bm25"},
		"kind's age":       {b: same, now: start.Add(90 * day), want: evidence.Reason{Code: evidence.StaleAge, Age: 91 * day, MaxAge: 90 * day}, en: "measured 91 days ago; 90 days are allowed", zh: "测于91 天前，允许90 天"},
		"just young":       {b: same, now: start.Add(89 * day)},
		"policy's age":     {b: same, maxAge: 30 * time.Hour, now: start.Add(7 * time.Hour), want: evidence.Reason{Code: evidence.StaleAge, Age: 31 * time.Hour, MaxAge: 30 * time.Hour}, en: "measured 31 hours ago; 30 hours are allowed", zh: "测于31 小时前，允许30 小时"},
		"no limit":         {b: same, maxAge: -1, now: start.Add(9000 * day)},
		"nothing is bound": {now: start, want: evidence.Reason{Code: evidence.StaleSubject, Role: "dataset", Removed: []string{"cases"}}, en: "dataset version: cases was removed", zh: "数据集版本:移除 cases"},
	} {
		got, stale := evidence.Stale(k, r, c.b, c.superseded, c.maxAge, c.now)
		if !reflect.DeepEqual(got, c.want) || stale != (c.want.Code != "") {
			t.Errorf("%s: %+v %v, want %+v", name, got, stale, c.want)
		}
		if text := got.Text(); text.En != c.en || text.Zh != c.zh {
			t.Errorf("%s: %q %q", name, text.En, text.Zh)
		}
	}
	// A finish in the future does not keep evidence fresh.
	r.Statement.Predicate.Finished = start.Add(1000 * day)
	if _, stale := evidence.Stale(k, r, same, false, 0, start.Add(91*day)); !stale {
		t.Error("a finish in the future keeps evidence fresh")
	}
}
