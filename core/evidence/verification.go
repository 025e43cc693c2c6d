package evidence

import (
	"encoding/base64"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions says against what a log is verified.
type VerifyOptions struct {
	// Trust is the signer's key as it was handed over outside (PublicKey.Trust).
	// Keys that it signed, and those that it descends from, are trusted too.
	Trust string
	// Checkpoint is a signed checkpoint that was kept outside.
	Checkpoint []byte
	// MaxFindings bounds Report.Findings; 0 is 100.
	MaxFindings int
	// Workers is how many signatures are checked at once; 0 is one per core.
	Workers int
	// Progress, if any, is told how many leaves of how many are done.
	Progress func(done, total int64)
	// Each, if any, is called for every envelope that VerifyBundle finds intact,
	// in log order.
	Each func(Record) error
}

// VerifiedKeys are the keys that may have signed a log.
type VerifiedKeys struct {
	ring    Keyring
	trusted int // index of the trusted root, or −1 if all are
}

// Envelope checks the envelope of a leaf and returns its payload and the index
// of its key, or −1 and a finding.
func (k VerifiedKeys) Envelope(leaf int64, payloadType string, b []byte) (payload []byte, key int, f []Finding) {
	bad := func(code, en, zh string, args ...any) ([]byte, int, []Finding) {
		return nil, -1, []Finding{found(code, leaf, leaf+1, en, zh, args...)}
	}
	e, err := DecodeEnvelope(b)
	if err != nil {
		return bad(FoundEnvelopeMalformed, "the envelope cannot be read: %v", "信封无法读取：%v", err)
	}
	if e.Type != payloadType || len(e.Signatures) != 1 {
		return bad(FoundEnvelopeMalformed, "the envelope is of another type, or not signed once", "信封类型不符，或不是恰有一个签名")
	}
	for id := range e.Signatures {
		i, known := k.ring.byID[id]
		if !known {
			return bad(FoundEnvelopeKey, "signed by the unknown key %s", "由未知密钥 %s 签名", id)
		}
		if !k.trusts(i) {
			return bad(FoundEnvelopeKey, "signed by the key %s, which the pinned one does not vouch for", "由密钥 %s 签名，固定的密钥不为其担保", id)
		}
		if !e.signedBy(k.ring.keys[i]) {
			return bad(FoundEnvelopeSignature, "the signature does not fit the envelope", "签名与信封不符")
		}
		key = i
	}
	return e.Payload, key, nil
}

func (k VerifiedKeys) trusts(i int) bool { return k.trusted < 0 || k.ring.chain[i] == k.trusted }

// verification is the state that a log from a database and one from a bundle
// are verified with.
type verification struct {
	o       VerifyOptions
	origin  string
	report  Report
	found   findings
	keys    VerifiedKeys
	signers signers
	tree    tracker
	key     int // index of the newest key that signed so far
	pinned  *Checkpoint
}

func newVerification(origin string, o VerifyOptions) *verification {
	if o.MaxFindings <= 0 {
		o.MaxFindings = maxFindings
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	v := &verification{o: o, origin: origin, found: findings{max: o.MaxFindings}, keys: VerifiedKeys{trusted: -1}}
	v.tree.found = &v.found
	v.report.Origin, v.report.PinnedSize = origin, -1
	return v
}

// addKey takes the next statement of the key history.
func (v *verification) addKey(statement []byte) {
	if err := v.keys.ring.add(statement); err != nil {
		v.found.add(found(FoundKey, -1, -1, "the history of keys is damaged: %v", "密钥历史已损坏：%v", err))
	}
}

// pin applies what was given from outside, once all keys are known. It fails
// with ErrTrust if the key to trust is malformed.
func (v *verification) pin() error {
	ring := v.keys.ring
	for i, k := range ring.keys {
		v.report.Keys = append(v.report.Keys, k.ID)
		if ring.chain[i] == i {
			v.report.Roots = append(v.report.Roots, k.ID)
		}
	}
	var err error
	if v.signers, err = newSigners(v.origin, ring.keys); err != nil {
		return err
	}
	pinnedSigners := v.signers
	if v.o.Trust != "" {
		name, public, err := parseTrust(v.o.Trust)
		if err != nil {
			return err
		}
		i := ring.trusting(public)
		switch {
		case name != v.origin:
			v.found.add(found(FoundPinnedSigner, -1, -1, "the pinned key is for the log %s, this is %s", "固定的密钥属于日志 %s，而此日志为 %s", name, v.origin))
		case i < 0:
			v.found.add(found(FoundPinnedSigner, -1, -1, "the pinned key has signed nothing here: somebody else signed this log", "固定的密钥未曾签名：此日志由他人签名"))
		default:
			v.keys.trusted, v.report.SignerPinned = ring.chain[i], true
			var trusted []PublicKey
			for i, k := range ring.keys {
				if v.keys.trusts(i) {
					trusted = append(trusted, k)
				}
			}
			if pinnedSigners, err = newSigners(v.origin, trusted); err != nil {
				return err
			}
		}
	}
	if len(v.o.Checkpoint) > 0 {
		c, _, err := pinnedSigners.open(v.o.Checkpoint, false)
		if err != nil {
			v.found.add(found(FoundPinnedCheckpoint, -1, -1, "the pinned checkpoint was not signed by this log: %v", "固定的检查点不是由此日志签名：%v", err))
		} else {
			v.pinned, v.report.PinnedSize = &c, c.Size
			v.meetPinned()
		}
	}
	return nil
}

// parseTrust takes a note verifier key apart.
func parseTrust(s string) (name string, public []byte, err error) {
	s = strings.TrimSpace(s)
	if _, err := note.NewVerifier(s); err != nil {
		return "", nil, ErrTrust.With("key", s).Because(err)
	}
	parts := strings.SplitN(s, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", nil, ErrTrust.With("key", s).Because(err)
	}
	return parts[0], raw[1:], nil // the first byte is the algorithm
}

// item is what was read about one leaf and what came of checking it.
type item struct {
	stored  []tlog.Hash // nil if the log has none
	data    []byte      // nil if there is none, and once it is checked
	row     any
	hasData bool
	hash    tlog.Hash // of data
	key     int
	found   []Finding
}

// leaf takes the next leaf in order.
func (v *verification) leaf(it *item) {
	n := v.tree.n
	var envelope *tlog.Hash
	if it.hasData {
		v.report.Envelopes++
		if it.key >= 0 || len(it.found) == 0 {
			envelope = &it.hash
		}
		if len(it.stored) > 0 && it.stored[0] != it.hash {
			v.found.add(found(FoundLeafHash, n, n+1, "the envelope is not the one that was appended", "信封不是当初追加的那个"))
		}
		v.found.add(it.found...)
		v.signedBy(it.key, FoundKeyOrder, n, n+1)
	}
	v.tree.add(it.stored, envelope)
	v.meetPinned()
}

// signedBy refuses that a key signs after one that replaced it.
func (v *verification) signedBy(key int, code string, from, to int64) {
	if key < 0 {
		return
	}
	if key < v.key {
		v.found.add(found(code, from, to, "signed by a key that had been replaced before", "由此前已被取代的密钥签名"))
		return
	}
	v.key = key
}

// meetPinned compares with the checkpoint from outside when the tree has its
// size.
func (v *verification) meetPinned() {
	if v.pinned == nil || v.pinned.Size != v.tree.n {
		return
	}
	switch v.pinned.Root {
	case v.tree.leaves.root(), v.tree.stored.root(), v.tree.envelopes.root():
	default:
		v.found.add(found(FoundRewritten, 0, v.tree.n, "the log was rewritten: it does not lead to the pinned checkpoint at %d", "日志已被改写：与固定的检查点 %d 不符", v.tree.n))
	}
}

// opened is a checkpoint whose signature was checked.
type opened struct {
	size int64 // where it stands
	note []byte
	c    Checkpoint
	key  int
	err  error
}

func (v *verification) open(o *opened) { o.c, o.key, o.err = v.signers.open(o.note, true) }

// checkpoint takes the next checkpoint; the tree has the size where it stands.
func (v *verification) checkpoint(o *opened) {
	before := v.tree.previous
	v.tree.previous = o.size
	v.report.Checkpoints++
	from := min(before, max(o.size-1, 0))
	switch {
	case o.err != nil:
		v.found.add(found(FoundCheckpoint, from, o.size, "the checkpoint at %d is not as it was signed: %v", "检查点 %d 与签名时不同：%v", o.size, o.err))
		return
	case !v.keys.trusts(o.key):
		v.found.add(found(FoundCheckpoint, from, o.size, "the checkpoint at %d is signed by a key that the pinned one does not vouch for", "检查点 %d 由固定密钥不予担保的密钥签名", o.size))
		return
	case o.c.Size != o.size:
		v.found.add(found(FoundCheckpointSize, from, o.size, "in the place of the checkpoint at %d stands that at %d", "检查点 %d 的位置上是检查点 %d", o.size, o.c.Size))
		return
	case o.c.Previous > before:
		v.found.add(found(FoundCheckpointMissing, before, o.c.Previous, "the checkpoint at %d is missing", "缺少检查点 %d", o.c.Previous))
	case o.c.Previous < before:
		v.found.add(found(FoundCheckpointSize, from, o.size, "the checkpoint at %d follows one at %d, not one at %d", "检查点 %d 的前一个是 %d，而不是 %d", o.size, o.c.Previous, before))
	}
	v.signedBy(o.key, FoundCheckpointOrder, from, o.size)
	v.tree.meet(o.c.Root)
}

// finish closes the report.
func (v *verification) finish() Report {
	n := v.tree.n
	if v.tree.previous < n {
		v.found.add(found(FoundCheckpointMissing, v.tree.previous, n, "no checkpoint covers the leaves from %d on", "自第 %d 条起没有检查点", v.tree.previous))
	}
	if v.pinned != nil && v.pinned.Size > n {
		v.found.add(found(FoundTruncated, n, v.pinned.Size, "the log was cut: it has %d leaves, and had %d when the pinned checkpoint was signed",
			"日志被截断：现有 %d 条，固定的检查点签名时有 %d 条", n, v.pinned.Size))
	}
	v.report.Size, v.report.Root = n, v.tree.leaves.root().String()
	v.report.Findings, v.report.More = v.found.list, v.found.more
	if v.report.Findings == nil {
		v.report.Findings = []Finding{}
	}
	return v.report
}

// parallel calls f for 0 to n−1 on several goroutines and waits.
func parallel(workers, n int, f func(i int)) {
	const grain = 8
	workers = min(workers, (n+grain-1)/grain)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				end := int(next.Add(grain))
				if end-grain >= n {
					return
				}
				for i := end - grain; i < min(end, n); i++ {
					f(i)
				}
			}
		})
	}
	wg.Wait()
}
