package evidence_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/text"
)

var migrations = []fs.FS{evidence.Migrations}

var start = time.Date(2026, 11, 24, 8, 0, 0, 123_456_000, time.UTC)

// poc is a kind with all that a kind may have.
func poc() evidence.Kind {
	return evidence.Kind{
		Name: "poc", URI: "https://landfall.dev/evidence/poc/v1", Roles: []string{"dataset", "candidate"},
		Metrics: []evidence.Metric{
			{Name: "recommended.accuracy", Unit: "share", Direction: evidence.Higher, Shape: evidence.Estimated, Title: text.Text{En: "accuracy", Zh: "正确率"}},
			{Name: "recommended.p95", Unit: "ms", Direction: evidence.Lower, Shape: evidence.Exact, Optional: true, Title: text.Text{En: "p95", Zh: "p95"}},
			{Name: "cases", Unit: "cases", Direction: evidence.Neutral, Shape: evidence.Exact, Title: text.Text{En: "cases", Zh: "用例数"}},
		},
		DetailSchema: []byte(`{"type":"object","additionalProperties":false,"properties":{"rows":{"type":"array","items":{"type":"object","required":["name"]}},"a/b":{"type":"integer"}}}`),
		MaxAge:       90 * 24 * time.Hour,
		Title:        text.Text{En: "proof of concept", Zh: "技术验证"},
	}
}

// verdict is a kind that causes no event.
func verdict() evidence.Kind {
	return evidence.Kind{Name: "verdict", URI: "https://landfall.dev/evidence/verdict/v1", Roles: []string{"policy"}, Silent: true,
		Metrics: []evidence.Metric{{Name: "passed", Unit: "rules", Direction: evidence.Higher, Shape: evidence.Exact}}}
}

var digestA, digestB = strings.Repeat("a1", 32), strings.Repeat("b2", 32)

func statement(scenario, run string) evidence.Statement {
	return evidence.Statement{
		PredicateType: poc().URI,
		Subject: []evidence.Subject{
			evidence.NewSubject("dataset", "cases", digestA),
			evidence.NewSubject("candidate", "bm25", digestB),
		},
		Predicate: evidence.Predicate{
			Scenario: scenario, Run: run,
			Metrics: evidence.MetricTree(map[string]any{
				"recommended.accuracy": evidence.Estimate{Value: 0.944, Low: 0.896, High: 0.974, N: 160, Method: "clopper-pearson", Level: 0.95},
				"recommended.p95":      12.5,
				"cases":                160,
			}),
			Detail: map[string]any{"rows": []any{map[string]any{"name": "检索 <b>", "share": 0.81}}},
		},
	}
}

func ruling(scenario string) evidence.Statement {
	return evidence.Statement{PredicateType: verdict().URI,
		Subject:   []evidence.Subject{evidence.NewSubject("policy", "align", digestA)},
		Predicate: evidence.Predicate{Scenario: scenario, Metrics: map[string]any{"passed": 2}}}
}

// clock advances by a second with every look.
func clock() func() time.Time {
	now := start
	return func() time.Time { now = now.Add(time.Second); return now }
}

func openKeys(t testing.TB, dir string, seed int64) *evidence.Keys {
	t.Helper()
	keys, err := evidence.OpenKeys(dir, clock(), rand.New(rand.NewSource(seed)))
	if err != nil {
		t.Fatalf("open keys: %v", err)
	}
	return keys
}

func counter() func(string) string {
	n := 0
	return func(prefix string) string { n++; return fmt.Sprintf("%s_%06d", prefix, n) }
}

func deps(t testing.TB, db *store.DB) evidence.Deps {
	t.Helper()
	return evidence.Deps{DB: db, Keys: openKeys(t, t.TempDir(), 1), Kinds: []evidence.Kind{poc(), verdict()},
		NewID: counter(), Now: clock(), Tool: "landfall/test"}
}

func newService(t testing.TB, d evidence.Deps) *evidence.Service {
	t.Helper()
	s, err := evidence.New(d)
	if err != nil {
		t.Fatalf("new service: %v", err)
	}
	return s
}

func tryAppend(t testing.TB, db *store.DB, s *evidence.Service, sts ...evidence.Statement) (rs []evidence.Record, err error) {
	t.Helper()
	err = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
		rs, err = s.Append(ctx, tx, sts...)
		return err
	})
	return rs, err
}

func appendAll(t testing.TB, db *store.DB, s *evidence.Service, sts ...evidence.Statement) []evidence.Record {
	t.Helper()
	rs, err := tryAppend(t, db, s, sts...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return rs
}

func verify(t testing.TB, s *evidence.Service, o evidence.VerifyOptions) evidence.Report {
	t.Helper()
	r, err := s.Verify(t.Context(), o)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r
}

func wantOK(t testing.TB, r evidence.Report) {
	t.Helper()
	if !r.OK() {
		t.Fatalf("verification found %d faults: %+v", len(r.Findings), r.Findings)
	}
}
