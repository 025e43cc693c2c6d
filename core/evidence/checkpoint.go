package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint bounds the bytes of a checkpoint that are read at all.
const maxCheckpoint = 64 << 10

// previousLine starts the extension line that names the size of the
// checkpoint before, so that none can be taken out unseen.
const previousLine = "previous "

// Checkpoint is the state of a log that somebody signed: so many leaves, with
// this root.
type Checkpoint struct {
	Origin string    `json:"origin"`
	Size   int64     `json:"size"`
	Root   tlog.Hash `json:"root"` // RFC 6962, base64 in JSON
	// Previous is the size of the checkpoint before; −1 if it does not say.
	Previous int64 `json:"previous"`
}

// text is the body of the note: https://c2sp.org/tlog-checkpoint.
func (c Checkpoint) text() string {
	s := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	if c.Previous >= 0 {
		s += previousLine + strconv.FormatInt(c.Previous, 10) + "\n"
	}
	return s
}

// parseCheckpoint reads the body of a note. Unknown extension lines are
// allowed, as the specification asks.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("not a checkpoint")
	}
	c := Checkpoint{Origin: lines[0], Previous: -1}
	var err error
	if c.Size, err = parseSize(lines[1]); err != nil {
		return Checkpoint{}, err
	}
	root, err := exactBase64(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errors.New("malformed root hash")
	}
	c.Root = tlog.Hash(root)
	for _, l := range lines[3 : len(lines)-1] {
		if l == "" {
			return Checkpoint{}, errors.New("empty extension line")
		}
		if n, ok := strings.CutPrefix(l, previousLine); ok {
			if c.Previous, err = parseSize(n); err != nil {
				return Checkpoint{}, err
			}
		}
	}
	return c, nil
}

// parseSize reads a number of leaves in its one spelling.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("malformed size %q", s)
	}
	return n, nil
}

// sign returns the checkpoint as a signed note.
func (c Checkpoint) sign(h hand) ([]byte, error) {
	v, err := noteVerifier(c.Origin, h.keys[len(h.keys)-1])
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	b, err := note.Sign(&note.Note{Text: c.text()}, noteSigner{v, h.signer.key})
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// validOrigin reports whether a log may have that name: it stands in a line of
// a checkpoint and as the name of its key.
func validOrigin(s string) bool {
	return s != "" && len(s) <= 200 && utf8.ValidString(s) && !strings.Contains(s, "+") &&
		strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) < 0
}

// signers are the keys that may sign the checkpoints of one log.
type signers struct {
	keys  []note.Verifier
	known note.Verifiers
}

func newSigners(origin string, keys []PublicKey) (signers, error) {
	var s signers
	for _, k := range keys {
		v, err := noteVerifier(origin, k)
		if err != nil {
			return s, err
		}
		s.keys = append(s.keys, v)
	}
	s.known = note.VerifierList(s.keys...)
	return s, nil
}

// open checks the signature of a checkpoint and returns it with the index of
// its key. Lines of other signers (witnesses) are passed over, unless exact:
// then the note must be, byte for byte, as a log here writes it.
func (s signers) open(b []byte, exact bool) (Checkpoint, int, error) {
	if len(b) > maxCheckpoint {
		return Checkpoint{}, 0, errors.New("checkpoint too long")
	}
	n, err := note.Open(b, s.known)
	if err != nil {
		return Checkpoint{}, 0, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, 0, err
	}
	sig := n.Sigs[0]
	if c.Origin != sig.Name {
		return Checkpoint{}, 0, errors.New("checkpoint of another log")
	}
	if exact {
		raw, err := exactBase64(sig.Base64)
		if err != nil {
			return Checkpoint{}, 0, err
		}
		want := c.text() + "\n— " + sig.Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
		if !bytes.Equal([]byte(want), b) {
			return Checkpoint{}, 0, errors.New("checkpoint not written as Landfall writes them")
		}
	}
	for i, v := range s.keys {
		if v.Name() == sig.Name && v.KeyHash() == sig.Hash {
			return c, i, nil
		}
	}
	return Checkpoint{}, 0, errors.New("checkpoint of an unknown signer")
}

// frontier is the right edge of a Merkle tree: the hashes of the complete
// subtrees that make it up, largest first.
type frontier []tlog.Hash

// push adds the leaf with index n and returns the hashes that it completes,
// leaf first: what tlog.StoredHashes returns.
func (f *frontier) push(n int64, leaf tlog.Hash) []tlog.Hash {
	done := []tlog.Hash{leaf}
	for ; n&1 == 1; n >>= 1 {
		last := len(*f) - 1
		leaf = tlog.NodeHash((*f)[last], leaf)
		*f = (*f)[:last]
		done = append(done, leaf)
	}
	*f = append(*f, leaf)
	return done
}

// root returns the hash of the whole tree.
func (f frontier) root() tlog.Hash {
	if len(f) == 0 {
		return sha256.Sum256(nil)
	}
	h := f[len(f)-1]
	for i := len(f) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f[i], h)
	}
	return h
}
