package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/seal"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	b, err := seal.New(bytes.Repeat([]byte{7}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOf(rapid.Byte()).Draw(t, "secret")
		purpose := rapid.String().Draw(t, "purpose")
		s, err := b.Seal(purpose, secret)
		if err != nil {
			t.Fatal(err)
		}
		if len(secret) > 3 && bytes.Contains([]byte(s), secret) {
			t.Fatal("the secret can be read")
		}
		got, err := b.Open(purpose, s)
		if err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("%q %v", got, err)
		}
		if _, err := b.Open(purpose+"x", s); !errors.Is(err, seal.ErrBroken) {
			t.Fatalf("opened for another purpose: %v", err)
		}
		other := []byte(s)
		i := rapid.IntRange(0, len(other)-1).Draw(t, "at")
		other[i] ^= 1
		if _, err := b.Open(purpose, string(other)); !errors.Is(err, seal.ErrBroken) {
			t.Fatalf("opened although changed at %d: %v", i, err)
		}
		again, err := b.Seal(purpose, secret)
		if err != nil || again == s {
			t.Fatal("sealing repeats")
		}
	})
	if _, err := b.Seal("x", make([]byte, seal.Max+1)); err == nil {
		t.Error("too much was sealed")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	b, err := seal.Open(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Seal("p", []byte("geheim"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "seal.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	b, err = seal.Open(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open("p", s); err != nil || string(got) != "geheim" {
		t.Errorf("%q %v", got, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir, rand.Reader); !errors.Is(err, seal.ErrKey) {
		t.Errorf("a key that others can read: %v", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("short"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir, rand.Reader); !errors.Is(err, seal.ErrKey) {
		t.Errorf("a damaged key: %v", err)
	}
}
