package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/landfall-ai/landfall/kit/fault"
)

// The length of passwords, in characters and at most in bytes (NIST SP 800-63B
// asks for 8 at least and for no rules of composition).
const (
	minPassword = 12
	maxPassword = 512
)

// ErrPassword refuses a password that is easily guessed.
var ErrPassword = fault.Def{Kind: fault.Invalid, Code: "identity.password",
	En: "the password is too short or too long, or is your login", Zh: "密码过短、过长，或与登录名相同",
	HintEn: "use at least {least} characters; a sentence is good", HintZh: "至少 {least} 个字符；一句话就很好"}

// argon are the parameters of argon2id. They stand in each hash.
type argon struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// current is what OWASP's Password Storage Cheat Sheet recommends for
// argon2id: 19 MiB, 2 passes, 1 lane.
var current = argon{memory: 19 << 10, passes: 2, threads: 1}

const (
	saltSize = 16
	hashSize = 32
)

// hashing bounds how many passwords are hashed at once, since each takes its
// memory.
type hashing chan struct{}

func newHashing(n int) hashing { return make(hashing, n) }

func (h hashing) do(ctx context.Context, f func()) error {
	select {
	case h <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h }()
	f()
	return nil
}

// checkPassword fails with ErrPassword.
func checkPassword(password, login string) error {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword || strings.EqualFold(password, login) {
		return ErrPassword.With("least", minPassword).In("/password")
	}
	return nil
}

// hash returns a password in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
func (h hashing) hash(ctx context.Context, password string, with argon) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	var sum []byte
	if err := h.do(ctx, func() {
		sum = argon2.IDKey([]byte(password), salt, with.passes, with.memory, with.threads, hashSize)
	}); err != nil {
		return "", err
	}
	return with.format(salt, sum), nil
}

func (a argon) format(salt, sum []byte) string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.passes, a.threads, e.EncodeToString(salt), e.EncodeToString(sum))
}

// verify reports whether password is the one that was hashed, and whether it
// should be hashed again because the parameters have changed. Without a hash it
// does the same work and says no, so that the time tells nothing.
func (h hashing) verify(ctx context.Context, password, stored string) (ok, again bool, err error) {
	a, salt, want, known := parseHash(stored)
	if !known {
		a, salt, want = current, make([]byte, saltSize), make([]byte, hashSize)
	}
	if len(password) > maxPassword {
		password, known = "", false
	}
	var sum []byte
	if err := h.do(ctx, func() {
		sum = argon2.IDKey([]byte(password), salt, a.passes, a.memory, a.threads, uint32(len(want)))
	}); err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(sum, want) == 1
	return same && known, a != current, nil
}

// parseHash reads a PHC string; ok is false for anything that hash cannot have
// written, or whose parameters would take more than a server should give.
func parseHash(s string) (a argon, salt, sum []byte, ok bool) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return a, nil, nil, false
	}
	for i, p := range strings.Split(parts[3], ",") {
		name, value, _ := strings.Cut(p, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || n == 0 || i > 2 || name != []string{"m", "t", "p"}[i] {
			return a, nil, nil, false
		}
		switch i {
		case 0:
			a.memory = uint32(n)
		case 1:
			a.passes = uint32(n)
		default:
			a.threads = uint8(min(n, 255))
		}
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	ok = err == nil && err2 == nil && len(salt) >= 8 && len(sum) >= 16 && len(sum) <= 64 &&
		a.memory <= 1<<20 && a.passes > 0 && a.passes <= 32 && a.threads > 0
	return a, salt, sum, ok
}
