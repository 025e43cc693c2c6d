package evidence_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func pems(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestKeys(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "home", "keys")
	keys := openKeys(t, dir, 1)
	first := keys.Current()
	if again := openKeys(t, dir, 2).Current(); again.ID != first.ID {
		t.Errorf("opened again: key %s, want %s", again.ID, first.ID)
	}
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	second := keys.Current()
	if second.Previous != first.ID || second.Algorithm != evidence.Ed25519 || !strings.HasPrefix(second.ID, "ed25519:") {
		t.Errorf("second key %+v", second)
	}
	again := openKeys(t, dir, 3)
	if h := again.History(); len(h) != 2 || h[0].ID != first.ID || h[1].ID != second.ID {
		t.Errorf("history %+v", h)
	}
	if len(pems(t, dir)) != 1 {
		t.Errorf("the old private key is still there: %v", pems(t, dir))
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	trust, err := second.Trust(evidence.DefaultOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := note.NewVerifier(trust); err != nil || v.Name() != evidence.DefaultOrigin {
		t.Errorf("%s is no verifier key: %v", trust, err)
	}
}

func TestKeysRefuse(t *testing.T) {
	t.Parallel()
	write := func(file, content string, mode os.FileMode) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  fault.Def
	}{
		"private key gone": {func(t *testing.T, dir string) {
			if err := os.Remove(pems(t, dir)[0]); err != nil {
				t.Fatal(err)
			}
		}, evidence.ErrKeyLost},
		"private key for all": {func(t *testing.T, dir string) {
			if err := os.Chmod(pems(t, dir)[0], 0o644); err != nil {
				t.Fatal(err)
			}
		}, evidence.ErrKeyExposed},
		"private key of another": {func(t *testing.T, dir string) {
			other := filepath.Join(t.TempDir(), "other")
			openKeys(t, other, 77)
			if err := os.Rename(pems(t, other)[0], pems(t, dir)[0]); err != nil {
				t.Fatal(err)
			}
		}, evidence.ErrKeyBroken},
		"private key damaged": {func(t *testing.T, dir string) {
			if err := os.WriteFile(pems(t, dir)[0], []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, evidence.ErrKeyBroken},
		"history damaged": {write("history.jsonl", "{}\n", 0o600), evidence.ErrKeyBroken},
		"history empty":   {write("history.jsonl", "", 0o600), evidence.ErrKeyBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := openKeys(t, dir, 1).Rotate(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, dir)
			if _, err := evidence.OpenKeys(dir, clock(), strings.NewReader("")); !errors.Is(err, c.want) {
				t.Errorf("%v, want %s", err, c.want.Code)
			}
		})
	}
	t.Run("crash before the history", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first := openKeys(t, dir, 1).Current()
		write("ed25519-0000.pem", "half", 0o600)(t, dir)
		if got := openKeys(t, dir, 2).Current(); got.ID != first.ID {
			t.Errorf("key %s, want %s", got.ID, first.ID)
		}
	})
}

// A log goes on over rotations; keys that it does not know are refused, and
// adopted only on demand, which stays visible.
func TestKeysOfALog(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		d := deps(t, db)
		d.Keys = openKeys(t, dir, 1)
		before := t.TempDir()
		if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, p := range pems(t, before) {
			if err := os.Chmod(p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := newService(t, d)
		appendAll(t, db, s, statement("bank", ""))
		for range 2 {
			if err := d.Keys.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		appendAll(t, db, s, statement("bank", ""), statement("bank", ""))
		for _, k := range d.Keys.History() {
			trust, err := k.Trust(evidence.DefaultOrigin)
			if err != nil {
				t.Fatal(err)
			}
			if r := verify(t, s, evidence.VerifyOptions{Trust: trust}); !r.OK() || !r.SignerPinned || len(r.Keys) != 3 || len(r.Roots) != 1 {
				t.Errorf("pinned %s: %+v", k.ID, r)
			}
		}

		adopt := func(k *evidence.Keys) error {
			return db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return evidence.AdoptKeys(ctx, tx, k) })
		}
		old := d
		old.Keys = openKeys(t, before, 1)
		if _, err := tryAppend(t, db, newService(t, old), statement("bank", "")); !errors.Is(err, evidence.ErrForeignKey) {
			t.Errorf("a key that was replaced: %v", err)
		}
		if err := adopt(old.Keys); !errors.Is(err, evidence.ErrKeyRetired) {
			t.Errorf("adopt a key that was replaced: %v", err)
		}
		lost := d
		lost.Keys = openKeys(t, t.TempDir(), 8)
		ls := newService(t, lost)
		if _, err := tryAppend(t, db, ls, statement("bank", "")); !errors.Is(err, evidence.ErrForeignKey) {
			t.Errorf("another key: %v", err)
		}
		for range 2 {
			if err := adopt(lost.Keys); err != nil {
				t.Fatal(err)
			}
		}
		appendAll(t, db, ls, statement("bank", ""))
		appendAll(t, db, ls, statement("bank", ""))
		r := verify(t, ls, evidence.VerifyOptions{})
		wantOK(t, r)
		if len(r.Roots) != 2 || !strings.Contains(r.Summary().En, "2 unrelated keys") {
			t.Errorf("%+v", r)
		}
		trust, err := d.Keys.Current().Trust(evidence.DefaultOrigin)
		if err != nil {
			t.Fatal(err)
		}
		r = verify(t, ls, evidence.VerifyOptions{Trust: trust})
		if covers(r, 2, 0, 3) || !covers(r, 3, 3, 4) || !covers(r, 4, 4, 5) {
			t.Errorf("pinned old key: %+v", r.Findings)
		}
	})
}

// A stolen key signs no more once it was replaced, though it stays known.
func TestReplacedKeySignsNoMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys  []int
		found int
	}{
		{[]int{0, 0, 1, 1, 2}, 0},
		{[]int{0, 2, 2}, 0},
		{[]int{0, -1, 1}, 0},
		{[]int{0, 1, 0, 1}, 1},
		{[]int{2, 1, 0}, 2},
	} {
		if got := evidence.SignedInOrder(c.keys...); len(got) != c.found || c.found > 0 && got[0] != evidence.FoundKeyOrder {
			t.Errorf("%v: %v", c.keys, got)
		}
	}
}

// Any two logs share the tables and not the leaves.
func TestTwoLogs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		d := deps(t, db)
		s := newService(t, d)
		audit := evidence.NewLog("landfall.dev/log/audit", d.Keys)
		entry := []byte("somebody did something")
		appendAll(t, db, s, statement("bank", ""), statement("bank", ""))
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			first, err := audit.Append(ctx, tx, []tlog.Hash{tlog.RecordHash(entry), tlog.RecordHash(entry), tlog.RecordHash(entry)})
			if first != 0 {
				t.Errorf("first leaf %d", first)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantOK(t, verify(t, s, evidence.VerifyOptions{}))
		r, err := audit.Verify(t.Context(), db.Read(), nil, evidence.VerifyOptions{})
		if err != nil || !r.OK() || r.Size != 3 || r.Origin != "landfall.dev/log/audit" {
			t.Errorf("audit: %+v %v", r, err)
		}
		if n, err := audit.Size(t.Context(), db.Read()); n != 3 || err != nil {
			t.Errorf("size %d %v", n, err)
		}
	})
}

func TestConcurrentAppends(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		d := deps(t, db)
		var mu sync.Mutex
		ids, now := d.NewID, d.Now
		d.NewID = func(p string) string { mu.Lock(); defer mu.Unlock(); return ids(p) }
		start := now()
		d.Now = func() time.Time { return start }
		s := newService(t, d)
		const writers, each = 6, 8
		var wg sync.WaitGroup
		errs := make([]error, writers)
		for w := range writers {
			wg.Go(func() {
				for range each {
					err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
						_, err := s.Append(ctx, tx, statement("bank", ""), ruling("bank"))
						return err
					})
					errs[w] = errors.Join(errs[w], err)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		r := verify(t, s, evidence.VerifyOptions{})
		wantOK(t, r)
		if r.Size != 2*writers*each || r.Checkpoints != writers*each {
			t.Errorf("%d leaves, %d checkpoints", r.Size, r.Checkpoints)
		}
		rs, err := s.ForScenario(t.Context(), "bank")
		if err != nil || !slices.IsSortedFunc(rs, func(a, b evidence.Record) int { return int(a.Leaf - b.Leaf) }) {
			t.Errorf("not in log order: %v", err)
		}
	})
}

// Two processes that repeat one run append it once between them.
func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		var got [4][]evidence.Record
		var errs [4]error
		var wg sync.WaitGroup
		keys := openKeys(t, t.TempDir(), 1)
		for w := range got {
			d := deps(t, db)
			d.Keys = keys
			d.NewID = func(p string) string { return p + "_" + string(rune('a'+w)) }
			s := newService(t, d)
			wg.Go(func() {
				errs[w] = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
					got[w], err = s.Append(ctx, tx, statement("bank", "run_1"))
					return err
				})
			})
		}
		wg.Wait()
		s := newService(t, deps(t, db))
		if r := verify(t, s, evidence.VerifyOptions{}); r.Size != 1 || !r.OK() {
			t.Fatalf("%+v", r)
		}
		rs, err := s.ForScenario(t.Context(), "bank")
		if err != nil {
			t.Fatal(err)
		}
		for w, err := range errs {
			// A rival that came while we waited for the head is a conflict.
			if err == nil && got[w][0].ID() != rs[0].ID() || err != nil && !errors.Is(err, evidence.ErrTwice) {
				t.Errorf("writer %d: %v %v", w, got[w], err)
			}
		}
	})
}
