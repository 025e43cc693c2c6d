package evidence_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
)

func benchDB(b *testing.B) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "bench.db"), evidence.Migrations)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

// Durable appends: every batch is a transaction with signatures, hashes and a
// signed checkpoint, synchronous=FULL.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			db := benchDB(b)
			s := newService(b, deps(b, db))
			n := 0
			for b.Loop() {
				batch := make([]evidence.Statement, size)
				for i := range batch {
					batch[i] = statement("bank", fmt.Sprintf("run_%d_%d", n, i))
				}
				n++
				appendAll(b, db, s, batch...)
			}
			b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// A log of a million leaves with a thousand checkpoints, hashes only.
func BenchmarkVerifyHashes(b *testing.B) {
	const batch = 1000
	leaves := int64(1_000_000)
	if testing.Short() {
		leaves = 10 * batch
	}
	db := benchDB(b)
	d := deps(b, db)
	s := newService(b, d)
	for at := int64(0); at < leaves; at += batch {
		hashes := make([]tlog.Hash, batch)
		for i := range hashes {
			hashes[i] = sha256.Sum256([]byte(fmt.Sprint(at + int64(i))))
		}
		err := db.Tx(b.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := s.Log().Append(ctx, tx, hashes)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r, err := s.VerifyHashes(b.Context(), evidence.VerifyOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if r.Size != leaves || r.Checkpoints != leaves/batch || !r.OK() {
			b.Fatalf("%+v", r)
		}
	}
}

// A hundred thousand envelopes: signatures, columns, hashes, checkpoints.
func BenchmarkVerifyEnvelopes(b *testing.B) {
	const batch = 1000
	leaves := int64(100_000)
	if testing.Short() {
		leaves = 2 * batch
	}
	db := benchDB(b)
	s := newService(b, deps(b, db))
	for at := int64(0); at < leaves; at += batch {
		sts := make([]evidence.Statement, batch)
		for i := range sts {
			sts[i] = statement("bank", fmt.Sprintf("run_%d", at+int64(i)))
		}
		appendAll(b, db, s, sts...)
	}
	for b.Loop() {
		r := verify(b, s, evidence.VerifyOptions{})
		if r.Envelopes != leaves || !r.OK() {
			b.Fatalf("%+v", r)
		}
	}
}
