package evidence

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tracker follows a log leaf by leaf and compares it with its checkpoints.
//
// It keeps three readings of the tree, so that a fault in one of them can be
// told from a fault in another and does not hide what comes after it: from the
// leaf hashes as stored, from the subtree hashes as stored, and from the
// envelopes where they are at hand and their signatures hold.
type tracker struct {
	found *findings
	n     int64 // leaves so far

	leaves, stored, envelopes frontier

	good     int64 // size of the last checkpoint that was met
	lost     bool  // no reading met the last checkpoint
	previous int64 // size that the last checkpoint had
}

// add takes the next leaf: its hashes as stored (leaf first, then the subtrees
// that it completes; nil if missing) and the hash of its envelope, if it is to
// be believed.
func (t *tracker) add(stored []tlog.Hash, envelope *tlog.Hash) {
	n := t.n
	t.n++
	levels := bits.TrailingZeros64(uint64(n + 1))
	var leaf tlog.Hash
	switch {
	case len(stored) > 0:
		leaf = stored[0]
	case envelope != nil:
		leaf = *envelope
	}
	fromEnvelope := leaf
	if envelope != nil {
		fromEnvelope = *envelope
	}
	t.leaves.push(n, leaf)
	t.envelopes.push(n, fromEnvelope)

	// The stored reading: every subtree must be the hash of its halves.
	node := leaf
	for level := 1; level <= levels; level++ {
		last := len(t.stored) - 1
		want := tlog.NodeHash(t.stored[last], node)
		t.stored = t.stored[:last]
		node = want
		if level < len(stored) {
			node = stored[level]
			if node != want {
				from := n + 1 - int64(1)<<level
				t.found.add(found(FoundTree, from, n+1, "the stored hash over the leaves %d to %d is not that of its halves",
					"第 %d 至 %d 条的哈希与其两半不符", from, n))
			}
		}
	}
	t.stored = append(t.stored, node)
}

// meet compares the tree with a checkpoint of its size.
func (t *tracker) meet(root tlog.Hash) {
	switch root {
	case t.leaves.root():
		t.stored, t.envelopes = append(t.stored[:0], t.leaves...), append(t.envelopes[:0], t.leaves...)
	case t.stored.root():
		t.leaves, t.envelopes = append(t.leaves[:0], t.stored...), append(t.envelopes[:0], t.stored...)
	case t.envelopes.root():
		t.leaves, t.stored = append(t.leaves[:0], t.envelopes...), append(t.stored[:0], t.envelopes...)
	default:
		if !t.lost {
			t.found.add(found(FoundCheckpointRoot, t.good, t.n, "something between leaf %d and leaf %d was changed: the hashes do not lead to the checkpoint at %d",
				"第 %d 至 %d 条之间有改动：哈希与检查点 %d 不符", t.good, t.n-1, t.n))
		}
		t.lost = true
		return
	}
	t.lost, t.good = false, t.n
}
