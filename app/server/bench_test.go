package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
)

// BenchmarkReads answers what a page of the console asks for in a home of
// 10,000 scenarios with a run each, one of which has 1,000,000 case results, and
// reports the 95th and 99th percentile of each path.
func BenchmarkReads(b *testing.B) {
	a, run := large(b, 10_000, 1_000_000)
	h := a.REST.Handler()
	ask := func(path string) time.Duration {
		req := httptest.NewRequest(http.MethodGet, "http://landfall/api/v1"+path, nil)
		req = req.WithContext(auth.With(req.Context(), auth.Local("os:bench", "Bench")))
		w := httptest.NewRecorder()
		began := time.Now()
		h.ServeHTTP(w, req)
		if _, err := io.Copy(io.Discard, w.Body); err != nil || w.Code != http.StatusOK {
			b.Fatalf("%s: %d", path, w.Code)
		}
		return time.Since(began)
	}
	for name, path := range map[string]string{
		"scenarios": "/scenarios?limit=100", "scenario": "/scenarios/scenario-05000", "runs": "/runs?limit=100", "run": "/runs/" + run,
		"revisions": "/scenarios/scenario-05000/revisions", "document": "/scenarios/scenario-05000/document", "evidence": "/evidence?limit=100",
		"cases": "/runs/" + run + "/cases?limit=100", "wrong": "/runs/" + run + "/cases?limit=100&wrong=true",
	} {
		b.Run(name, func(b *testing.B) {
			ask(path) // what is read once is no part of it
			var all []time.Duration
			for b.Loop() {
				all = append(all, ask(path))
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// large makes a home by the services that make one, and returns the id of the
// run with results.
func large(b *testing.B, scenarios, cases int) (*app.App, string) {
	b.Helper()
	ctx := context.Background()
	a, err := app.Open(ctx, app.Config{Home: b.TempDir(), Version: "bench", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(ctx); err != nil {
			b.Error(err)
		}
	})
	outcome := poc.Outcome{Entrant: poc.Entrant{ID: "keywords"}}
	for i := range cases {
		id := fmt.Sprint("case-", i)
		outcome.Entrant.Cases = append(outcome.Entrant.Cases, dataset.Case{ID: id, Slice: "all", Resolution: "card"})
		outcome.Results = append(outcome.Results, poc.Result{Candidate: "keywords", CaseID: id, Resolution: "card", Correct: i%10 > 0})
	}
	path := filepath.Join(b.TempDir(), "results.parquet")
	if err := poc.WriteResults(ctx, path, []poc.Outcome{outcome}); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	digest, _, err := a.Blobs.Put(ctx, f)
	if err := errors.Join(err, f.Close()); err != nil {
		b.Fatal(err)
	}
	last := ""
	for from := 0; from < scenarios; from += 500 {
		err := a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			for i := from; i < min(from+500, scenarios); i++ {
				raw := []byte(fmt.Sprintf("%s# %d\n", document, i))
				doc, err := scenario.Parse(scenario.FileName, raw)
				if err != nil {
					return err
				}
				doc.Slug = fmt.Sprintf("scenario-%05d", i)
				sc, err := a.Scenarios.Save(ctx, tx, doc, raw, evidence.Bindings{})
				if err != nil {
					return err
				}
				run, _, err := a.Runs.Begin(ctx, tx, poc.Run{ScenarioID: sc.ID, SpecDigest: doc.Slug, Document: raw, Folder: "/nowhere"})
				if err != nil {
					return err
				}
				last = run.ID
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := a.Runs.Seal(ctx, tx, last, digest); err != nil {
			return err
		}
		return a.Runs.Finish(ctx, tx, last, poc.Done, nil)
	})
	if err != nil {
		b.Fatal(err)
	}
	return a, last
}
