package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Ed25519 is the only signature algorithm so far.
const Ed25519 = "ed25519"

// keyPayloadType is what the envelopes of the key history hold.
const keyPayloadType = "application/vnd.landfall.key+json"

// maxKeys bounds a key history.
const maxKeys = 1000

// Faults of the folder of keys.
var (
	ErrKeyLost = fault.Def{Kind: fault.Precondition, Code: "evidence.key_lost",
		En: "the private key {id} is missing from {dir}", Zh: "{dir} 中缺少私钥 {id}",
		HintEn: "put back the folder of keys from where you keep it; without it nothing can be appended",
		HintZh: "请从保管处恢复密钥目录；没有它就无法追加证据"}
	ErrKeyExposed = fault.Def{Kind: fault.Denied, Code: "evidence.key_exposed",
		En: "the private key {file} can be read by others", Zh: "私钥 {file} 可被其他用户读取",
		HintEn: "run: chmod 600 {file}", HintZh: "请运行：chmod 600 {file}"}
	ErrKeyBroken = fault.Def{Kind: fault.Invalid, Code: "evidence.key_broken",
		En: "the key file {file} is damaged: {why}", Zh: "密钥文件 {file} 已损坏：{why}",
		HintEn: "put back the folder of keys from where you keep it", HintZh: "请从保管处恢复密钥目录"}
	ErrTrust = fault.Def{Kind: fault.Invalid, Code: "evidence.trust",
		En: "this is not a public key to trust: {key}", Zh: "这不是可信任的公钥：{key}",
		HintEn: "it looks like NAME+HASH+BASE64; `landfall evidence key` prints it",
		HintZh: "其形式为 NAME+HASH+BASE64；可用 `landfall evidence key` 查看"}
)

// PublicKey is one key of the history. Algorithm is a field, so that others
// can follow.
type PublicKey struct {
	ID        string    `json:"id"` // ALGORITHM:hex of the first 16 bytes of SHA-256 of Public
	Algorithm string    `json:"algorithm"`
	Public    []byte    `json:"public"`             // base64 in JSON
	Previous  string    `json:"previous,omitempty"` // id of the key that this one replaces
	Made      time.Time `json:"made"`
}

func newPublicKey(pub ed25519.PublicKey, previous string, made time.Time) PublicKey {
	return PublicKey{ID: keyID(Ed25519, pub), Algorithm: Ed25519, Public: pub, Previous: previous, Made: made}
}

func keyID(algorithm string, public []byte) string {
	sum := sha256.Sum256(public)
	return algorithm + ":" + hex.EncodeToString(sum[:16])
}

func (k PublicKey) verify(msg, sig []byte) bool {
	return k.Algorithm == Ed25519 && len(k.Public) == ed25519.PublicKeySize && ed25519.Verify(k.Public, msg, sig)
}

// Trust returns the key in the form that verification pins: a note verifier
// key for the log of that origin.
func (k PublicKey) Trust(origin string) (string, error) {
	s, err := note.NewEd25519VerifierKey(origin, k.Public)
	if err != nil {
		return "", fmt.Errorf("key %s: %w", k.ID, err)
	}
	return s, nil
}

// Keyring is a history of public keys, oldest first. Each but a root is
// signed by the one before it and by itself.
type Keyring struct {
	keys  []PublicKey
	chain []int // index of the root from which a key descends
	byID  map[string]int
}

// add checks a statement about the next key and takes it in.
func (r *Keyring) add(statement []byte) error {
	if len(r.keys) >= maxKeys {
		return fmt.Errorf("more than %d keys", maxKeys)
	}
	e, err := DecodeEnvelope(statement)
	if err != nil {
		return err
	}
	if e.Type != keyPayloadType {
		return fmt.Errorf("payload type %q is not that of a key", e.Type)
	}
	var k PublicKey
	if err := json.Unmarshal(e.Payload, &k); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	if exact, err := Canonical(k); err != nil || !bytes.Equal(exact, e.Payload) {
		return errors.New("the statement is not in canonical form")
	}
	if k.Algorithm != Ed25519 || len(k.Public) != ed25519.PublicKeySize || k.ID != keyID(k.Algorithm, k.Public) {
		return fmt.Errorf("key %s does not fit its id or algorithm", k.ID)
	}
	if _, known := r.byID[k.ID]; known {
		return fmt.Errorf("key %s is in the history already", k.ID)
	}
	if !e.signedBy(k) {
		return fmt.Errorf("key %s did not sign its own statement", k.ID)
	}
	signers, root := 1, len(r.keys)
	if k.Previous != "" {
		last := len(r.keys) - 1
		if last < 0 || r.keys[last].ID != k.Previous {
			return fmt.Errorf("key %s does not follow the key before it", k.ID)
		}
		if !e.signedBy(r.keys[last]) {
			return fmt.Errorf("key %s is not signed by the key before it", k.ID)
		}
		signers, root = 2, r.chain[last]
	}
	if len(e.Signatures) != signers {
		return fmt.Errorf("key %s has signatures of unknown keys", k.ID)
	}
	if r.byID == nil {
		r.byID = map[string]int{}
	}
	r.byID[k.ID] = len(r.keys)
	r.keys, r.chain = append(r.keys, k), append(r.chain, root)
	return nil
}

// trusting returns the index in r of the key that a verifier key pins, or −1.
func (r *Keyring) trusting(public []byte) int {
	if i, ok := r.byID[keyID(Ed25519, public)]; ok && bytes.Equal(r.keys[i].Public, public) {
		return i
	}
	return -1
}

// Keys signs evidence. It holds the current private key and the history that
// led to it. Safe for use by several goroutines.
type Keys struct {
	dir  string
	now  func() time.Time
	rand io.Reader

	mu         sync.RWMutex
	private    ed25519.PrivateKey
	ring       Keyring
	statements [][]byte
}

// OpenKeys opens the folder of keys and, on first use, makes it (0700) with a
// new key (0600). It fails with ErrKeyLost, ErrKeyExposed or ErrKeyBroken.
// Bytes for new keys are read from rand: crypto/rand.Reader.
func OpenKeys(dir string, now func() time.Time, rand io.Reader) (*Keys, error) {
	k := &Keys{dir: dir, now: now, rand: rand}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of keys: %w", err)
	}
	history, err := os.ReadFile(k.historyFile())
	if errors.Is(err, fs.ErrNotExist) {
		return k, k.next()
	}
	if err != nil {
		return nil, fmt.Errorf("read key history: %w", err)
	}
	for line := range bytes.Lines(history) {
		statement := bytes.TrimSuffix(line, []byte("\n"))
		if err := k.ring.add(statement); err != nil {
			return nil, ErrKeyBroken.With("file", k.historyFile(), "why", err.Error())
		}
		k.statements = append(k.statements, statement)
	}
	if len(k.statements) == 0 {
		return nil, ErrKeyBroken.With("file", k.historyFile(), "why", "empty")
	}
	k.private, err = readPrivate(dir, k.ring.keys[len(k.ring.keys)-1])
	return k, err
}

// Rotate makes a new key, signed by the old one, and forgets the old private
// key. Logs learn of it with their next append.
func (k *Keys) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.next()
}

// next makes the next key. The history is written last and replaced as a
// whole: a crash before leaves the old key in force.
func (k *Keys) next() error {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(k.rand, seed); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	old, previous := k.private, ""
	if old != nil {
		previous = k.ring.keys[len(k.ring.keys)-1].ID
	}
	pub := newPublicKey(private.Public().(ed25519.PublicKey), previous, k.now().UTC().Truncate(time.Microsecond))
	payload, err := Canonical(pub)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	self := dsseSigner{pub.ID, private}
	ctx := context.Background() // signing is local and immediate
	statement, err := seal(ctx, keyPayloadType, payload, self)
	if old != nil {
		statement, err = seal(ctx, keyPayloadType, payload, self, dsseSigner{previous, old})
	}
	if err != nil {
		return err
	}
	statements := append(k.statements[:len(k.statements):len(k.statements)], statement)
	if err := writePrivate(k.dir, pub.ID, private); err != nil {
		return err
	}
	if err := writeFile(k.historyFile(), append(bytes.Join(statements, []byte("\n")), '\n')); err != nil {
		return fmt.Errorf("write key history: %w", err)
	}
	if err := k.ring.add(statement); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	k.private, k.statements = private, statements
	if old != nil {
		if err := os.Remove(privateFile(k.dir, previous)); err != nil {
			return fmt.Errorf("forget old key: %w", err)
		}
	}
	return nil
}

// Current returns the key that signs now.
func (k *Keys) Current() PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.ring.keys[len(k.ring.keys)-1]
}

// History returns all keys, oldest first.
func (k *Keys) History() []PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.ring.keys)
}

// hand is the state of Keys at one moment, so that one append uses one key.
type hand struct {
	signer     dsseSigner
	keys       []PublicKey
	statements [][]byte
}

func (k *Keys) take() hand {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := slices.Clone(k.ring.keys)
	return hand{signer: dsseSigner{keys[len(keys)-1].ID, k.private}, keys: keys, statements: slices.Clone(k.statements)}
}

// noteSigner signs checkpoints with the key that signs envelopes.
type noteSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s noteSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func noteVerifier(origin string, key PublicKey) (note.Verifier, error) {
	s, err := key.Trust(origin)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(s)
}

func (k *Keys) historyFile() string { return filepath.Join(k.dir, "history.jsonl") }

func privateFile(dir, id string) string {
	return filepath.Join(dir, strings.ReplaceAll(id, ":", "-")+".pem")
}

func readPrivate(dir string, key PublicKey) (ed25519.PrivateKey, error) {
	file := privateFile(dir, key.ID)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrKeyLost.With("id", key.ID, "dir", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	if os.PathSeparator == '/' && info.Mode().Perm()&0o077 != 0 {
		return nil, ErrKeyExposed.With("file", file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, ErrKeyBroken.With("file", file, "why", "no PEM block")
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, ErrKeyBroken.With("file", file, "why", "no PKCS #8 key")
	}
	private, ok := any.(ed25519.PrivateKey)
	if !ok || !bytes.Equal(private.Public().(ed25519.PublicKey), key.Public) {
		return nil, ErrKeyBroken.With("file", file, "why", "another key than the history says")
	}
	return private, nil
}

func writePrivate(dir, id string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write private key: %w", err)
	}
	if err := writeFile(privateFile(dir, id), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return fmt.Errorf("write private key: %w", err)
	}
	return nil
}

// writeFile replaces a file as a whole, durably and readable by its owner only.
func writeFile(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return nil // the file is in place; not every system opens folders
	}
	err = dir.Sync()
	return errors.Join(err, dir.Close())
}
