package evidence

import (
	"fmt"

	"github.com/landfall-ai/landfall/kit/text"
)

// Codes of findings.
const (
	// The hashes of the log.
	FoundLeafMissing   = "leaf.missing"   // there is no hash of a leaf
	FoundLeafMalformed = "leaf.malformed" // the row of hashes has the wrong length
	FoundLeafHash      = "leaf.hash"      // an envelope is not the one that was hashed
	FoundTree          = "tree.hash"      // a subtree's hash is not that of its halves
	FoundBeyond        = "log.beyond"     // a row stands outside of the log
	FoundHead          = "log.head"       // the head counts other than there is

	// The envelopes.
	FoundEnvelopeMissing   = "envelope.missing"
	FoundEnvelopeMalformed = "envelope.malformed"
	FoundEnvelopeSignature = "envelope.signature"
	FoundEnvelopeKey       = "envelope.key"       // signed by a key that is unknown or not trusted
	FoundKeyOrder          = "envelope.key_order" // signed by a key that had been replaced
	FoundColumn            = "column"             // a column beside an envelope differs from it

	// The checkpoints.
	FoundCheckpoint        = "checkpoint.signature" // malformed, or not signed by a trusted key
	FoundCheckpointOrder   = "checkpoint.key_order" // signed by a key that had been replaced
	FoundCheckpointSize    = "checkpoint.size"      // it stands at another size than it says
	FoundCheckpointMissing = "checkpoint.missing"
	FoundCheckpointRoot    = "checkpoint.root" // the hashes do not lead to it

	// The keys, and what was pinned outside.
	FoundKey              = "key"            // the history of keys is damaged
	FoundPinnedSigner     = "pin.signer"     // the pinned key signed nothing here
	FoundPinnedCheckpoint = "pin.checkpoint" // the pinned checkpoint is not of this log
	FoundTruncated        = "pin.truncated"  // the log is shorter than the pinned checkpoint
	FoundRewritten        = "pin.rewritten"  // the log differs from the pinned checkpoint

	FoundBundle = "bundle.malformed"
)

// Finding is one fault that verification found, and where.
type Finding struct {
	Code string `json:"code"`
	// From and To are the leaves concerned, [From, To). Both are −1 if none is.
	From int64     `json:"from"`
	To   int64     `json:"to"`
	Text text.Text `json:"text"`
}

// Report is what verification found.
type Report struct {
	Origin string `json:"origin"`
	// Size is the number of leaves, Root the hash over all of them (base64).
	Size int64  `json:"size"`
	Root string `json:"root"`
	// Envelopes and Checkpoints were checked.
	Envelopes   int64 `json:"envelopes"`
	Checkpoints int64 `json:"checkpoints"`
	// Keys are the ids of the keys that could have signed, oldest first.
	// Roots are those that no other key signed: more than one means that
	// keys were lost once, or that somebody started over.
	Keys  []string `json:"keys"`
	Roots []string `json:"roots"`
	// SignerPinned says that a key from outside was given and vouches for
	// all signatures; without it whoever can write here could have signed
	// everything anew.
	SignerPinned bool `json:"signerPinned"`
	// PinnedSize is the size of the checkpoint from outside that the log was
	// compared with, −1 without one: a log that was cut back to an older
	// state looks whole from inside.
	PinnedSize int64 `json:"pinnedSize"`
	// Findings are the faults in log order, at most as many as asked for;
	// More is how many others there are.
	Findings []Finding `json:"findings"`
	More     int64     `json:"more"`
}

// OK reports whether no fault was found.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// Summary says in both languages what was proven and what was not.
func (r Report) Summary() text.Text {
	t := text.Text{
		En: fmt.Sprintf("%d leaves, %d envelopes, %d checkpoints: ", r.Size, r.Envelopes, r.Checkpoints),
		Zh: fmt.Sprintf("%d 条记录、%d 个信封、%d 个检查点：", r.Size, r.Envelopes, r.Checkpoints),
	}
	if n := int64(len(r.Findings)) + r.More; n > 0 {
		t.En, t.Zh = t.En+fmt.Sprintf("%d faults", n), t.Zh+fmt.Sprintf("发现 %d 处问题", n)
	} else {
		t.En, t.Zh = t.En+"intact", t.Zh+"完好"
	}
	if !r.SignerPinned {
		t.En, t.Zh = t.En+"; signer not pinned", t.Zh+"；未固定签名者"
	}
	if r.PinnedSize < 0 {
		t.En, t.Zh = t.En+"; no outside checkpoint", t.Zh+"；未与外部检查点比对"
	}
	if len(r.Roots) > 1 {
		t.En, t.Zh = t.En+fmt.Sprintf("; %d unrelated keys", len(r.Roots)), t.Zh+fmt.Sprintf("；有 %d 组互不相关的密钥", len(r.Roots))
	}
	return t
}

// findings collects up to max faults.
type findings struct {
	list []Finding
	more int64
	max  int
}

// maxFindings is the default of VerifyOptions.MaxFindings.
const maxFindings = 100

func (f *findings) add(found ...Finding) {
	for _, x := range found {
		if len(f.list) >= f.max {
			f.more++
			continue
		}
		f.list = append(f.list, x)
	}
}

// found makes a finding about the leaves [from, to).
func found(code string, from, to int64, en, zh string, args ...any) Finding {
	if len(args) > 0 {
		en, zh = fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)
	}
	return Finding{Code: code, From: from, To: to, Text: text.Text{En: en, Zh: zh}}
}
