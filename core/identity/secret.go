package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// TokenPrefix begins every API token, so that scanners for secrets find them.
const TokenPrefix = "lf_"

// linkPrefix begins what a one-time link carries.
const linkPrefix = "lfl_"

// newSecret returns 256 random bits after a prefix, and the hash under which
// they are stored. Random bits need no slow hash.
func newSecret(prefix string) (secret, hash string) {
	var b [32]byte
	// It never fails: the program would have ended.
	_, _ = rand.Read(b[:])
	secret = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return secret, hashSecret(secret)
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// looksLike tells a secret of ours from noise before the database is asked.
func looksLike(secret, prefix string) bool {
	return strings.HasPrefix(secret, prefix) && len(secret) == len(prefix)+43
}
