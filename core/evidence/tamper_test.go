package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand"
	"slices"
	"testing"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// A log of 37 leaves in batches of 1 to 6, with a key rotated in the middle.
type specimen struct {
	db     *store.DB
	s      *evidence.Service
	keys   *evidence.Keys
	size   int64
	points []int64 // sizes of the checkpoints
	rotate int64   // first leaf of the second key
}

func newSpecimen(t *testing.T, db *store.DB) specimen {
	t.Helper()
	d := deps(t, db)
	sp := specimen{db: db, s: newService(t, d), keys: d.Keys}
	rnd := rand.New(rand.NewSource(7))
	for sp.size < 37 {
		if sp.rotate == 0 && sp.size > 16 {
			if err := d.Keys.Rotate(); err != nil {
				t.Fatal(err)
			}
			sp.rotate = sp.size
		}
		var batch []evidence.Statement
		for range min(1+rnd.Int63n(6), 37-sp.size) {
			batch = append(batch, statement(fmt.Sprintf("s%d", rnd.Intn(3)), fmt.Sprintf("run_%d", rnd.Int())))
		}
		appendAll(t, db, sp.s, batch...)
		sp.size += int64(len(batch))
		sp.points = append(sp.points, sp.size)
	}
	return sp
}

// batch returns the leaves between the checkpoints around a leaf.
func (sp specimen) batch(leaf int64) (from, to int64) {
	for _, p := range sp.points {
		if p > leaf {
			return from, p
		}
		from = p
	}
	return from, sp.size
}

var errUndo = errors.New("undo")

// after verifies what change leaves behind, and undoes it.
func (sp specimen) after(t rapid.TB, o evidence.VerifyOptions, change func(tx change)) (r evidence.Report) {
	t.Helper()
	err := sp.db.Tx(context.Background(), func(ctx context.Context, tx bun.Tx) (err error) {
		change(changeIn(ctx, t, tx))
		if r, err = sp.s.Log().Verify(ctx, tx, evidence.EnvelopeEntries(), o); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatalf("verify: %v", err)
	}
	return r
}

// change is what a tamperer with the database at hand can do.
type change struct {
	exec func(q string, args ...any)
	get  func(q string, args ...any) []byte
}

func changeIn(ctx context.Context, t rapid.TB, tx bun.Tx) change {
	return change{
		exec: func(q string, args ...any) {
			t.Helper()
			res, err := tx.Tx.ExecContext(ctx, q, args...)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("%s: changed nothing (%v)", q, err)
			}
		},
		get: func(q string, args ...any) (b []byte) {
			t.Helper()
			if err := tx.Tx.QueryRowContext(ctx, q, args...).Scan(&b); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			return b
		},
	}
}

func (c change) envelope(leaf int64) []byte {
	return c.get(`SELECT envelope FROM evidence WHERE leaf = $1`, leaf)
}
func (c change) setEnvelope(leaf int64, b []byte) {
	c.exec(`UPDATE evidence SET envelope = $1 WHERE leaf = $2`, b, leaf)
}
func (c change) hashes(leaf int64) []byte {
	return c.get(`SELECT hashes FROM log_leaves WHERE leaf = $1`, leaf)
}
func (c change) setHashes(leaf int64, b []byte) {
	c.exec(`UPDATE log_leaves SET hashes = $1 WHERE leaf = $2`, b, leaf)
}
func (c change) note(size int64) []byte {
	return c.get(`SELECT note FROM log_checkpoints WHERE size = $1`, size)
}
func (c change) setNote(size int64, b []byte) {
	c.exec(`UPDATE log_checkpoints SET note = $1 WHERE size = $2`, b, size)
}

// swapRows exchanges two rows of evidence, all columns but the leaf.
func (c change) swapRows(a, b int64) {
	c.exec(`UPDATE evidence SET leaf = -7 WHERE leaf = $1`, a)
	c.exec(`UPDATE evidence SET leaf = $1 WHERE leaf = $2`, a, b)
	c.exec(`UPDATE evidence SET leaf = $1 WHERE leaf = -7`, b)
}

func flip(t *rapid.T, b []byte) []byte {
	out := slices.Clone(b)
	out[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	return out
}

// covers reports whether one of the findings holds the leaf and is no wider
// than [from, to).
func covers(r evidence.Report, leaf, from, to int64) bool {
	return slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool {
		return f.From <= leaf && leaf < f.To && f.From >= from && f.To <= to
	})
}

// only reports whether all findings are about the leaves [from, to).
func only(r evidence.Report, from, to int64) bool {
	return !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool { return f.From < from || f.To > to })
}

// A fault in one envelope does not cast doubt on the others.
func TestTamperingIsConfined(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, sp.size-1).Draw(t, "envelope")
		b := rapid.Int64Range(0, sp.size-1).Draw(t, "hash")
		r := sp.after(t, evidence.VerifyOptions{}, func(c change) {
			c.setEnvelope(a, flip(t, c.envelope(a)))
			h := c.hashes(b)
			c.setHashes(b, append(flip(t, h[:32]), h[32:]...))
		})
		for _, f := range r.Findings {
			pair := b &^ 1
			if a == b || (f.From == a && f.To == a+1) || (f.From >= pair && f.To <= pair+2) {
				continue
			}
			t.Errorf("leaves %d and %d were changed; also found %+v", a, b, f)
		}
		if r.Envelopes != sp.size || int(r.Checkpoints) != len(sp.points) {
			t.Errorf("%d envelopes and %d checkpoints were checked", r.Envelopes, r.Checkpoints)
		}
	})
}

// A subtree hash that was changed lies in a finding that ends with its leaf,
// or in that of the subtree above.
func TestTamperingWithSubtreeHashes(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	rapid.Check(t, func(t *rapid.T) {
		n := 2*rapid.Int64Range(0, (sp.size-2)/2).Draw(t, "pair") + 1
		r := sp.after(t, evidence.VerifyOptions{}, func(c change) {
			h := c.hashes(n)
			c.setHashes(n, append(slices.Clone(h[:32]), flip(t, h[32:])...))
		})
		if !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool {
			return f.Code == evidence.FoundTree && f.To == n+1
		}) {
			t.Errorf("leaf %d: %+v", n, r.Findings)
		}
		if slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool { return f.Code != evidence.FoundTree }) {
			t.Errorf("the leaves are intact and in doubt: %+v", r.Findings)
		}
	})
}

func TestTamperingWithHeadAndKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		sp := newSpecimen(t, db)
		last := sp.size - 1
		for name, c := range map[string]struct {
			code   string
			leaf   int64 // that a finding must hold; −1 if none
			tamper func(c change)
		}{
			"head too small":   {evidence.FoundHead, last, func(c change) { c.exec(`UPDATE log_heads SET size = size - 1`) }},
			"head too large":   {evidence.FoundLeafMissing, sp.size, func(c change) { c.exec(`UPDATE log_heads SET size = size + 1`) }},
			"head negative":    {evidence.FoundHead, 0, func(c change) { c.exec(`UPDATE log_heads SET size = -3`) }},
			"head gone":        {evidence.FoundHead, 0, func(c change) { c.exec(`DELETE FROM log_heads`) }},
			"all checkpoints":  {evidence.FoundCheckpointMissing, 0, func(c change) { c.exec(`DELETE FROM log_checkpoints`) }},
			"all hashes":       {evidence.FoundLeafMissing, 0, func(c change) { c.exec(`DELETE FROM log_leaves`) }},
			"all keys":         {evidence.FoundEnvelopeKey, 0, func(c change) { c.exec(`DELETE FROM log_keys`) }},
			"newest key":       {evidence.FoundEnvelopeKey, sp.rotate, func(c change) { c.exec(`DELETE FROM log_keys WHERE seq = 2`) }},
			"oldest key":       {evidence.FoundKey, -1, func(c change) { c.exec(`DELETE FROM log_keys WHERE seq = 1`) }},
			"key id":           {evidence.FoundKey, -1, func(c change) { c.exec(`UPDATE log_keys SET id = 'x' WHERE seq = 1`) }},
			"key place":        {evidence.FoundKey, -1, func(c change) { c.exec(`UPDATE log_keys SET seq = 3 WHERE seq = 2`) }},
			"leaf before all":  {evidence.FoundBeyond, -2, func(c change) { c.exec(`UPDATE log_leaves SET leaf = -2 WHERE leaf = 5`) }},
			"leaf far beyond":  {evidence.FoundLeafMissing, last, func(c change) { c.exec(`UPDATE log_leaves SET leaf = 1152921504606846976 WHERE leaf = $1`, last) }},
			"row before all":   {evidence.FoundBeyond, -2, func(c change) { c.exec(`UPDATE evidence SET leaf = -2 WHERE leaf = 5`) }},
			"checkpoint at 0":  {evidence.FoundCheckpointSize, -1, func(c change) { c.exec(`UPDATE log_checkpoints SET size = 0 WHERE size = $1`, sp.points[0]) }},
			"checkpoint after": {evidence.FoundLeafMissing, sp.size, func(c change) { c.exec(`UPDATE log_checkpoints SET size = size + 1 WHERE size = $1`, sp.size) }},
		} {
			r := sp.after(t, evidence.VerifyOptions{MaxFindings: 1000}, c.tamper)
			if !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool {
				return f.Code == c.code && (c.leaf == -1 || f.From <= c.leaf && c.leaf < f.To)
			}) {
				t.Errorf("%s: no %s at %d: %+v", name, c.code, c.leaf, r.Findings)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			seq := rapid.IntRange(1, 2).Draw(t, "key")
			r := sp.after(t, evidence.VerifyOptions{}, func(c change) {
				c.exec(`UPDATE log_keys SET statement = $1 WHERE seq = $2`, flip(t, c.get(`SELECT statement FROM log_keys WHERE seq = $1`, seq)), seq)
			})
			if !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool { return f.Code == evidence.FoundKey }) {
				t.Errorf("not detected: %+v", r.Findings)
			}
		})
	})
}

// Cut back to an older state the log looks whole: only what was kept outside
// shows it.
func TestTruncation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		sp := newSpecimen(t, db)
		pin, err := sp.s.Log().Latest(t.Context(), db.Read())
		if err != nil {
			t.Fatal(err)
		}
		trust, err := sp.keys.History()[0].Trust(evidence.DefaultOrigin)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range sp.points[:len(sp.points)-1] {
			cut := func(c change) {
				c.exec(`DELETE FROM evidence WHERE leaf >= $1`, size)
				c.exec(`DELETE FROM log_leaves WHERE leaf >= $1`, size)
				c.exec(`DELETE FROM log_checkpoints WHERE size > $1`, size)
				c.exec(`UPDATE log_heads SET size = $1`, size)
			}
			if r := sp.after(t, evidence.VerifyOptions{}, cut); !r.OK() || r.SignerPinned || r.PinnedSize != -1 || r.Size != size {
				t.Errorf("from inside: %+v", r)
			}
			r := sp.after(t, evidence.VerifyOptions{Checkpoint: pin, Trust: trust}, cut)
			if len(r.Findings) != 1 || r.Findings[0].Code != evidence.FoundTruncated || r.Findings[0].From != size || r.Findings[0].To != sp.size {
				t.Errorf("cut to %d: %+v", size, r.Findings)
			}
		}
		if r := verify(t, sp.s, evidence.VerifyOptions{Checkpoint: pin, Trust: trust}); !r.OK() || !r.SignerPinned || r.PinnedSize != sp.size {
			t.Errorf("intact: %+v", r)
		}
	})
}

// Whoever holds the keys can write another history, which is whole in itself.
func TestRewriting(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d := deps(t, db)
	s := newService(t, d)
	appendAll(t, db, s, statement("bank", ""), statement("bank", ""))
	pin, err := s.Log().Latest(t.Context(), db.Read())
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, db, s, statement("bank", ""))
	wantOK(t, verify(t, s, evidence.VerifyOptions{Checkpoint: pin}))

	other := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d.DB = other
	s2 := newService(t, d)
	nicer := statement("bank", "")
	nicer.Predicate.Metrics["cases"] = 9000
	appendAll(t, other, s2, statement("bank", ""), nicer, statement("bank", ""))
	wantOK(t, verify(t, s2, evidence.VerifyOptions{}))
	r := verify(t, s2, evidence.VerifyOptions{Checkpoint: pin})
	if len(r.Findings) != 1 || r.Findings[0].Code != evidence.FoundRewritten {
		t.Errorf("%+v", r.Findings)
	}

	// Somebody else's keys, everything signed anew.
	d.Keys = openKeys(t, t.TempDir(), 99)
	d.DB = storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	s3 := newService(t, d)
	appendAll(t, d.DB, s3, statement("bank", ""), statement("bank", ""))
	trust, err := openKeys(t, t.TempDir(), 1).Current().Trust(evidence.DefaultOrigin)
	if err != nil {
		t.Fatal(err)
	}
	r = verify(t, s3, evidence.VerifyOptions{Checkpoint: pin, Trust: trust})
	for _, code := range []string{evidence.FoundPinnedSigner, evidence.FoundPinnedCheckpoint} {
		if r.SignerPinned || !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool { return f.Code == code }) {
			t.Errorf("no %s: %+v", code, r)
		}
	}
}

// A tamperer without the key who recomputes every hash is stopped by the next
// checkpoint.
func TestForgingAllHashes(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	forger := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d := deps(t, forger)
	d.Keys = openKeys(t, t.TempDir(), 5)
	forged := appendAll(t, forger, newService(t, d), statement("s0", ""))[0].Envelope
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, sp.size-1).Draw(t, "leaf")
		r := sp.after(t, evidence.VerifyOptions{}, func(c change) {
			c.setEnvelope(n, forged)
			stored := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
				for _, i := range indexes {
					level, m := tlog.SplitStoredHashIndex(i)
					out = append(out, tlog.Hash(c.hashes((m+1)<<level - 1)[32*level:]))
				}
				return out, nil
			})
			for leaf := n; leaf < sp.size; leaf++ {
				hs, err := tlog.StoredHashes(leaf, c.envelope(leaf), stored)
				if err != nil {
					t.Fatal(err)
				}
				var b []byte
				for _, h := range hs {
					b = append(b, h[:]...)
				}
				c.setHashes(leaf, b)
			}
		})
		from, to := sp.batch(n)
		if !slices.ContainsFunc(r.Findings, func(f evidence.Finding) bool {
			return f.Code == evidence.FoundCheckpointRoot && f.From == from && f.To == to
		}) || !covers(r, n, n, n+1) || !only(r, from, to) {
			t.Errorf("leaf %d in [%d, %d): %+v", n, from, to, r.Findings)
		}
	})
}

// The stored hashes are those of tlog, and the checkpoints sign tlog's roots.
func TestHashesAreThoseOfTlog(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	sp.after(t, evidence.VerifyOptions{}, func(c change) {
		var all []tlog.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
			for _, i := range indexes {
				out = append(out, all[i])
			}
			return out, nil
		})
		for n := range sp.size {
			want, err := tlog.StoredHashes(n, c.envelope(n), reader)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, want...)
			var b []byte
			for _, h := range want {
				b = append(b, h[:]...)
			}
			if !bytes.Equal(b, c.hashes(n)) {
				t.Errorf("leaf %d: other hashes than tlog's", n)
			}
			if slices.Contains(sp.points, n+1) {
				root, err := tlog.TreeHash(n+1, reader)
				if err != nil {
					t.Fatal(err)
				}
				prefix := fmt.Sprintf("landfall.dev/log/evidence\n%d\n%s\n", n+1, root)
				if !bytes.HasPrefix(c.note(n+1), []byte(prefix)) {
					t.Errorf("checkpoint %d: %s", n+1, c.note(n+1))
				}
			}
		}
	})
}

// Nothing is signed on top of what was changed.
func TestAppendToChangedLog(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		sp := newSpecimen(t, db)
		edge := int64(1)<<(bits.Len64(uint64(sp.size))-1) - 1 // ends the largest subtree
		for name, tamper := range map[string]func(c change){
			"edge hash": func(c change) {
				h := c.hashes(edge)
				h[len(h)-1] ^= 1
				c.setHashes(edge, h)
			},
			"edge gone":        func(c change) { c.exec(`DELETE FROM log_leaves WHERE leaf = $1`, edge) },
			"edge cut":         func(c change) { c.setHashes(edge, c.hashes(edge)[:40]) },
			"head":             func(c change) { c.exec(`UPDATE log_heads SET size = size + 1`) },
			"head back":        func(c change) { c.exec(`UPDATE log_heads SET size = $1`, sp.points[3]) },
			"head gone":        func(c change) { c.exec(`DELETE FROM log_heads`) },
			"last checkpoint":  func(c change) { c.exec(`DELETE FROM log_checkpoints WHERE size = $1`, sp.size) },
			"older checkpoint": func(c change) { c.setNote(sp.size, c.note(sp.points[0])) },
			"flipped":          func(c change) { n := c.note(sp.size); n[len(n)-9] ^= 1; c.setNote(sp.size, n) },
		} {
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				tamper(changeIn(ctx, t, tx))
				_, err := sp.s.Append(ctx, tx, statement("bank", ""))
				return err
			})
			if !errors.Is(err, evidence.ErrLogBroken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		appendAll(t, db, sp.s, statement("bank", ""))
		wantOK(t, verify(t, sp.s, evidence.VerifyOptions{}))
	})
}
