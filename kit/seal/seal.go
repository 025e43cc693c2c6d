// Package seal keeps small secrets at rest: what it seals can be read only with
// the key in the home, and only for the purpose that it was sealed for.
package seal

import (
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
)

// Faults of sealed secrets.
var (
	ErrKey = fault.Def{Kind: fault.Precondition, Code: "seal.key",
		En: "the key for secrets, {file}, cannot be used: {why}", Zh: "密封密钥 {file} 无法使用：{why}",
		HintEn: "put back the folder of keys from where you keep it", HintZh: "请从保管处恢复密钥目录"}
	ErrBroken = fault.Def{Kind: fault.Precondition, Code: "seal.broken",
		En: "a secret cannot be opened with the key of this home", Zh: "用本目录的密钥无法打开该密文",
		HintEn: "put back the folder of keys that it was sealed with, or set the secret again", HintZh: "请恢复密封时所用的密钥目录，或重新设置该密钥"}
)

// Max bounds a secret, in bytes.
const Max = 64 << 10

// prefix names the form, so that another can follow.
const prefix = "s1:"

// Box seals and opens with one key. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	random io.Reader
}

// Open reads the key in dir, the home's folder of keys, or makes it (0600) when
// it is first asked for. It fails with ErrKey if others can read the file or it
// holds no key.
func Open(dir string, random io.Reader) (*Box, error) {
	path := filepath.Join(dir, "seal.key")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, chacha20poly1305.KeySize)
		if _, err := io.ReadFull(random, key); err != nil {
			return nil, fmt.Errorf("make the key for secrets: %w", err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of keys: %w", err)
		}
		err := file.Write(path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, base64.StdEncoding.EncodeToString(key)+"\n")
			return err
		})
		if err != nil {
			return nil, err
		}
		return New(key, random)
	}
	if err != nil {
		return nil, ErrKey.With("file", path, "why", err.Error()).Because(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ErrKey.With("file", path, "why", "others can read it; run: chmod 600 "+path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, ErrKey.With("file", path, "why", err.Error()).Because(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != chacha20poly1305.KeySize {
		return nil, ErrKey.With("file", path, "why", "it is damaged")
	}
	return New(key, random)
}

// New returns a Box with a key of 32 bytes.
func New(key []byte, random io.Reader) (*Box, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("make a box: %w", err)
	}
	return &Box{aead, random}, nil
}

// Seal returns secret sealed for a purpose, such as "endpoint/ep_1/key": text
// that is safe to store. Sealing the same twice gives different texts.
func (b *Box) Seal(purpose string, secret []byte) (string, error) {
	if len(secret) > Max {
		return "", fmt.Errorf("seal %s: %d bytes; %d are allowed", purpose, len(secret), Max)
	}
	nonce := make([]byte, b.aead.NonceSize(), b.aead.NonceSize()+len(secret)+b.aead.Overhead())
	if _, err := io.ReadFull(b.random, nonce); err != nil {
		return "", fmt.Errorf("seal %s: %w", purpose, err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b.aead.Seal(nonce, nonce, secret, []byte(purpose))), nil
}

// Open returns what was sealed for that very purpose, or fails with ErrBroken.
func (b *Box) Open(purpose, sealed string) ([]byte, error) {
	s, ok := strings.CutPrefix(sealed, prefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if !ok || err != nil || len(raw) < b.aead.NonceSize() {
		return nil, ErrBroken.With()
	}
	n := b.aead.NonceSize()
	secret, err := b.aead.Open(nil, raw[:n], raw[n:], []byte(purpose))
	if err != nil {
		return nil, ErrBroken.With().Because(err)
	}
	return secret, nil
}
