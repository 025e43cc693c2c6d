package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/blob"
)

func open(t *testing.T) (s *blob.Store, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "blobs")
	s, err := blob.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, dir
}

func put(t *testing.T, s *blob.Store, content string) string {
	t.Helper()
	digest, size, err := s.Put(t.Context(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if size != int64(len(content)) {
		t.Errorf("size %d, want %d", size, len(content))
	}
	return digest
}

func read(ctx context.Context, s *blob.Store, digest string) (content []byte, err error) {
	r, err := s.Open(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}

// files lists what lies below dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestComesBackUnderItsDigest(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		// Sizes on both sides of what is held in memory.
		content := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(rt, "piece"), rapid.SampledFrom([]int{1, 1 << 15, 1 << 16}).Draw(rt, "times"))
		sum := sha256.Sum256(content)
		digest, size, err := s.Put(context.Background(), bytes.NewReader(content))
		if err != nil || digest != hex.EncodeToString(sum[:]) || size != int64(len(content)) {
			rt.Fatalf("put: %s, %d, %v", digest, size, err)
		}
		got, err := read(context.Background(), s, digest)
		if err != nil || !bytes.Equal(got, content) {
			rt.Fatalf("read back %d bytes: %v", len(got), err)
		}
	})
	for _, path := range files(t, dir) {
		if strings.Contains(filepath.Base(path), ".") {
			t.Errorf("left behind: %s", path)
		}
	}
}

// FIPS 180-2, appendix B.1: the digest of "abc".
func TestKnownDigest(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if ok, err := s.Has(t.Context(), want); ok || err != nil {
		t.Errorf("has it before: %v, %v", ok, err)
	}
	if got := put(t, s, "abc"); got != want {
		t.Errorf("got %s", got)
	}
	if ok, err := s.Has(t.Context(), want); !ok || err != nil {
		t.Errorf("has it after: %v, %v", ok, err)
	}
}

func TestStoredOnce(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := s.Put(context.Background(), strings.NewReader("same")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files %v, want one", got)
	}
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	damage := map[string]func(b []byte) []byte{
		"flipped":   func(b []byte) []byte { b[3] ^= 1; return b },
		"truncated": func(b []byte) []byte { return b[:len(b)-1] },
		"extended":  func(b []byte) []byte { return append(b, 'x') },
		"emptied":   func([]byte) []byte { return nil },
	}
	for name, f := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dir := open(t)
			digest := put(t, s, "some content")
			path := files(t, dir)[0]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := f(b)
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(t.Context(), s, digest); !errors.Is(err, blob.ErrCorrupt) {
				t.Errorf("got %v, want ErrCorrupt", err)
			}
			if len(changed) == len("some content") {
				return // only the size is looked at when it is put again
			}
			put(t, s, "some content")
			if got, err := read(t.Context(), s, digest); err != nil || string(got) != "some content" {
				t.Errorf("not mended: %q, %v", got, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	absent := strings.Repeat("0", 64)
	if _, err := s.Open(t.Context(), absent); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("absent: %v", err)
	}
	for _, bad := range []string{"", "../../etc/passwd", strings.Repeat("G", 64), strings.ToUpper(strings.Repeat("a", 64)), absent + "0"} {
		if _, err := s.Open(t.Context(), bad); !errors.Is(err, blob.ErrDigest) {
			t.Errorf("open %q: %v", bad, err)
		}
		if _, err := s.Has(t.Context(), bad); !errors.Is(err, blob.ErrDigest) {
			t.Errorf("has %q: %v", bad, err)
		}
	}
	broken := errors.New("line dropped")
	for _, before := range []int64{10, 3 << 20} {
		r := io.MultiReader(io.LimitReader(zeros{}, before), iotest.ErrReader(broken))
		if _, _, err := s.Put(t.Context(), r); !errors.Is(err, broken) {
			t.Errorf("broken after %d bytes: %v", before, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("too late")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Folder(filepath.Join(path, "blobs")); !errors.Is(err, blob.ErrUnwritable) {
		t.Errorf("got %v, want ErrUnwritable", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
