package evidence_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// Every item of logs of every small size is proven against the checkpoint, by
// tlog's own check and with the key that was pinned beforehand.
func TestProve(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		d := deps(t, db)
		s := newService(t, d)
		trust, err := d.Keys.Current().Trust(s.Log().Origin())
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := note.NewVerifier(trust)
		if err != nil {
			t.Fatal(err)
		}
		var all []evidence.Record
		for size := 1; size <= 9; size++ {
			all = append(all, appendAll(t, db, s, statement("bank", fmt.Sprintf("run_%d", size)))...)
			for _, r := range all {
				p, err := s.Prove(t.Context(), r.ID())
				if err != nil {
					t.Fatal(err)
				}
				n, err := note.Open([]byte(p.Checkpoint), note.VerifierList(verifier))
				if err != nil {
					t.Fatal(err)
				}
				root, err := base64.StdEncoding.DecodeString(strings.Split(n.Text, "\n")[2])
				if err != nil {
					t.Fatal(err)
				}
				var path tlog.RecordProof
				for _, h := range p.Path {
					hash, err := tlog.ParseHash(h)
					if err != nil {
						t.Fatal(err)
					}
					path = append(path, hash)
				}
				if err := tlog.CheckRecord(path, int64(size), tlog.Hash(root), p.Leaf, tlog.RecordHash(p.Envelope)); err != nil {
					t.Errorf("leaf %d of %d: %v", p.Leaf, size, err)
				}
				changed := append([]byte{}, p.Envelope...)
				changed[len(changed)/2] ^= 1
				if tlog.CheckRecord(path, int64(size), tlog.Hash(root), p.Leaf, tlog.RecordHash(changed)) == nil {
					t.Errorf("leaf %d of %d: a changed envelope is proven too", p.Leaf, size)
				}
				if hash := tlog.RecordHash(p.Envelope); r.LeafHash != hex.EncodeToString(hash[:]) {
					t.Errorf("leaf %d: its hash reads %s", r.Leaf, r.LeafHash)
				}
				if len(p.Keys) != 1 {
					t.Errorf("%d keys", len(p.Keys))
				}
			}
		}
		if _, err := s.Prove(t.Context(), "ev_none"); fault.From(err).Code != evidence.ErrUnknown.Code {
			t.Errorf("unknown id: %v", err)
		}
		if _, err := db.SQL().ExecContext(t.Context(), `DELETE FROM log_leaves WHERE leaf = 7`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prove(t.Context(), all[0].ID()); fault.From(err).Code != evidence.ErrDamaged.Code {
			t.Errorf("a missing hash: %v", err)
		}
	})
}
