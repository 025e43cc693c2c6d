//go:build !race

package evidence_test

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func TestTampering(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		sp := newSpecimen(t, db)
		wantOK(t, verify(t, sp.s, evidence.VerifyOptions{}))
		leafOf := func(t *rapid.T) int64 { return rapid.Int64Range(0, sp.size-1).Draw(t, "leaf") }
		twoLeaves := func(t *rapid.T) (a, b int64) {
			a = leafOf(t)
			b = (a + rapid.Int64Range(1, sp.size-1).Draw(t, "distance")) % sp.size
			return a, b
		}
		pointOf := func(t *rapid.T) int64 { return rapid.SampledFrom(sp.points).Draw(t, "checkpoint") }

		// Each changes something and returns the leaves that findings must
		// hold, and how wide these may be: exactly the leaf, or nearly: the
		// batch or the pair around it.
		type place struct{ leaf, from, to int64 }
		type outcome []place
		exactly := func(leaves ...int64) (o outcome) {
			for _, n := range leaves {
				o = append(o, place{n, n, n + 1})
			}
			return o
		}
		nearly := func(leaves ...int64) (o outcome) {
			for _, n := range leaves {
				from, to := sp.batch(n)
				pair := n &^ 1
				o = append(o, place{n, min(from, pair), max(to, pair+2)})
			}
			return o
		}
		for name, tamper := range map[string]func(t *rapid.T, c change) outcome{
			"flip a byte of an envelope": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				c.setEnvelope(n, flip(t, c.envelope(n)))
				return exactly(n)
			},
			"cut an envelope": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				b := c.envelope(n)
				c.setEnvelope(n, b[:rapid.IntRange(0, len(b)-1).Draw(t, "length")])
				return exactly(n)
			},
			"drop an envelope": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				c.exec(`DELETE FROM evidence WHERE leaf = $1`, n)
				return exactly(n)
			},
			"swap two envelopes": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				ea, eb := c.envelope(a), c.envelope(b)
				c.setEnvelope(a, eb)
				c.setEnvelope(b, ea)
				return exactly(a, b)
			},
			"swap two rows": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				c.swapRows(a, b)
				return exactly(a, b)
			},
			"replay an envelope in another's place": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				c.setEnvelope(a, c.envelope(b))
				return exactly(a)
			},
			"replay an envelope and its leaf hash in another's place": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				c.setEnvelope(a, c.envelope(b))
				c.setHashes(a, append(slices.Clone(c.hashes(b)[:32]), c.hashes(a)[32:]...))
				return nearly(a)
			},
			"swap two rows and their leaf hashes": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				c.swapRows(a, b)
				ha, hb := c.hashes(a), c.hashes(b)
				c.setHashes(a, append(slices.Clone(hb[:32]), ha[32:]...))
				c.setHashes(b, append(slices.Clone(ha[:32]), hb[32:]...))
				return nearly(a, b)
			},
			"flip a byte of a leaf hash": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				h := c.hashes(n)
				c.setHashes(n, append(flip(t, h[:32]), h[32:]...))
				return exactly(n)
			},
			"drop a row of hashes": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				c.exec(`DELETE FROM log_leaves WHERE leaf = $1`, n)
				return exactly(n)
			},
			"cut a row of hashes": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				h := c.hashes(n)
				c.setHashes(n, h[:rapid.IntRange(0, len(h)-1).Draw(t, "length")])
				return exactly(n)
			},
			"swap two rows of hashes": func(t *rapid.T, c change) outcome {
				a, b := twoLeaves(t)
				ha, hb := c.hashes(a), c.hashes(b)
				c.setHashes(a, hb)
				c.setHashes(b, ha)
				return exactly(a, b)
			},
			"drop a leaf from both tables": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				c.exec(`DELETE FROM log_leaves WHERE leaf = $1`, n)
				c.exec(`DELETE FROM evidence WHERE leaf = $1`, n)
				return exactly(n)
			},
			"drop a range from both tables": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				c.exec(`DELETE FROM log_leaves WHERE leaf BETWEEN $1 AND $2`, n, n+2)
				c.exec(`DELETE FROM evidence WHERE leaf BETWEEN $1 AND $2`, n, n+2)
				return outcome{{n, n, min(n+3, sp.size)}}
			},
			"change a column": func(t *rapid.T, c change) outcome {
				n := leafOf(t)
				switch col := rapid.SampledFrom([]string{"id", "scenario", "kind", "provenance", "supersedes", "run", "exploratory", "appended"}).Draw(t, "column"); col {
				case "exploratory", "appended":
					c.exec(`UPDATE evidence SET `+col+` = `+col+` + 1 WHERE leaf = $1`, n)
				default:
					c.exec(`UPDATE evidence SET `+col+` = $1 WHERE leaf = $2`, fmt.Sprintf("x%d", n), n)
				}
				return exactly(n)
			},
			"flip a byte of a checkpoint": func(t *rapid.T, c change) outcome {
				p := pointOf(t)
				c.setNote(p, flip(t, c.note(p)))
				return nearly(p - 1)
			},
			"drop a checkpoint": func(t *rapid.T, c change) outcome {
				p := pointOf(t)
				c.exec(`DELETE FROM log_checkpoints WHERE size = $1`, p)
				return nearly(p - 1)
			},
			"replay an older checkpoint": func(t *rapid.T, c change) outcome {
				i := rapid.IntRange(1, len(sp.points)-1).Draw(t, "checkpoint")
				c.setNote(sp.points[i], c.note(sp.points[rapid.IntRange(0, i-1).Draw(t, "older")]))
				return nearly(sp.points[i] - 1)
			},
			"swap two checkpoints": func(t *rapid.T, c change) outcome {
				i := rapid.IntRange(1, len(sp.points)-1).Draw(t, "checkpoint")
				a, b := sp.points[i], sp.points[rapid.IntRange(0, i-1).Draw(t, "other")]
				na, nb := c.note(a), c.note(b)
				c.setNote(a, nb)
				c.setNote(b, na)
				return nearly(a-1, b-1)
			},
			"move a checkpoint": func(t *rapid.T, c change) outcome {
				var free []int64
				for n := int64(1); n < sp.size; n++ {
					if !slices.Contains(sp.points, n) {
						free = append(free, n)
					}
				}
				to := rapid.SampledFrom(free).Draw(t, "size")
				c.exec(`UPDATE log_checkpoints SET size = $1 WHERE size = $2`, to, pointOf(t))
				return outcome{{to - 1, 0, to}}
			},
			"add a row that is not in the log": func(t *rapid.T, c change) outcome {
				n := sp.size + rapid.Int64Range(0, 5).Draw(t, "beyond")
				c.exec(`INSERT INTO evidence SELECT $1, 'ev_x', scenario, kind, provenance, exploratory, supersedes, 'run_x', appended, envelope FROM evidence WHERE leaf = $2`, n, leafOf(t))
				return exactly(n)
			},
			"replay a leaf at the end": func(t *rapid.T, c change) outcome {
				n, old := sp.size, leafOf(t)
				c.exec(`INSERT INTO evidence SELECT $1, 'ev_x', scenario, kind, provenance, exploratory, supersedes, 'run_x', appended, envelope FROM evidence WHERE leaf = $2`, n, old)
				h := tlog.RecordHash(c.envelope(old))
				var hashes []byte
				for range bits.TrailingZeros64(uint64(n+1)) + 1 {
					hashes = append(hashes, h[:]...)
				}
				c.exec(`INSERT INTO log_leaves SELECT origin, $1, $2 FROM log_heads`, n, hashes)
				c.exec(`UPDATE log_heads SET size = $1`, n+1)
				return exactly(n)
			},
		} {
			t.Run(name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) {
					var want outcome
					r := sp.after(t, evidence.VerifyOptions{}, func(c change) { want = tamper(t, c) })
					if r.OK() {
						t.Fatal("not detected")
					}
					for _, p := range want {
						if !covers(r, p.leaf, p.from, p.to) {
							t.Errorf("leaf %d not located in [%d, %d): %+v", p.leaf, p.from, p.to, r.Findings)
						}
					}
				})
			})
		}
	})
}
