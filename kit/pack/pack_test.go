package pack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/pack"
)

type entry struct {
	name, body string
	kind       byte
}

func tarGz(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.kind != 0 {
			h.Typeflag, h.Size, h.Linkname = e.kind, 0, e.body
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, e.body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(0o644)
		if e.kind == tar.TypeSymlink {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(form string, raw []byte, l pack.Limits) (map[string]string, error) {
	got := map[string]string{}
	err := pack.Read(context.Background(), form, bytes.NewReader(raw), l, func(name string, r io.Reader) error {
		b, err := io.ReadAll(r)
		got[name] = string(b)
		return err
	})
	return got, err
}

var small = pack.Limits{Files: 3, File: 32 << 20, Bytes: 40 << 20, Ratio: 200}

// Whatever an archive tries, nothing of it is kept outside the folder, nor
// more than the bounds allow.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0", 30<<20)
	for name, c := range map[string]struct {
		entries []entry
		code    string
	}{
		"plain":               {[]entry{{name: "./scenario.yaml", body: "a"}, {name: "data/x.csv", body: "b"}}, ""},
		"parent":              {[]entry{{name: "../evil", body: "x"}}, "pack.path"},
		"inner parent":        {[]entry{{name: "a/../../evil", body: "x"}}, "pack.path"},
		"absolute":            {[]entry{{name: "/etc/passwd", body: "x"}}, "pack.path"},
		"backslash":           {[]entry{{name: `..\evil`, body: "x"}}, "pack.path"},
		"drive":               {[]entry{{name: "C:evil", body: "x"}}, "pack.path"},
		"control":             {[]entry{{name: "a\nb", body: "x"}}, "pack.path"},
		"deep":                {[]entry{{name: strings.Repeat("d/", 17) + "f", body: "x"}}, "pack.path"},
		"long":                {[]entry{{name: strings.Repeat("n", 201), body: "x"}}, "pack.path"},
		"symlink":             {[]entry{{name: "link", body: "/etc/passwd", kind: tar.TypeSymlink}}, "pack.link"},
		"twice":               {[]entry{{name: "a", body: "1"}, {name: "a", body: "2"}}, "pack.twice"},
		"twice but for case":  {[]entry{{name: "a", body: "1"}, {name: "A", body: "2"}}, "pack.twice"},
		"many":                {[]entry{{name: "a"}, {name: "b"}, {name: "c"}, {name: "d"}}, "pack.too_large"},
		"large file":          {[]entry{{name: "a", body: big + "12345678" + big[:3<<20]}}, "pack.too_large"},
		"large all together":  {[]entry{{name: "a", body: big}, {name: "b", body: big}}, "pack.too_large"},
		"decompression bomb":  {[]entry{{name: "a", body: big}}, "pack.too_large"},
		"not below a zip dir": {[]entry{{name: "a/./b", body: "x"}}, "pack.path"},
	} {
		for form, raw := range map[string][]byte{pack.TarGz: tarGz(t, c.entries...), pack.Zip: zipped(t, c.entries...)} {
			got, err := read(form, raw, small)
			if c.code == "" {
				if err != nil || len(got) != 2 || got["scenario.yaml"] != "a" || got["data/x.csv"] != "b" {
					t.Errorf("%s as %s: %v %v", name, form, got, err)
				}
				continue
			}
			if code := fault.From(err).Code; code != c.code {
				t.Errorf("%s as %s: %v, want %s", name, form, err, c.code)
			}
		}
	}
	for _, kind := range []byte{tar.TypeLink, tar.TypeChar, tar.TypeFifo} {
		if _, err := read(pack.TarGz, tarGz(t, entry{name: "x", body: "y", kind: kind}), small); !errors.Is(err, pack.ErrKind) {
			t.Errorf("kind %c: %v", kind, err)
		}
	}
}

// Folders are not kept, and must not be free either: a few bytes of an archive
// name as many as it takes to fill the memory.
func TestFoldersAreCounted(t *testing.T) {
	t.Parallel()
	var few, many []entry
	for i := range 20_000 {
		many = append(many, entry{name: fmt.Sprintf("folder-%05d/", i), kind: tar.TypeDir})
	}
	few = append(append(few, many[:5]...), entry{name: "a", body: "x"})
	for form, packed := range map[string]func(*testing.T, ...entry) []byte{pack.TarGz: tarGz, pack.Zip: zipped} {
		if got, err := read(form, packed(t, few...), small); err != nil || got["a"] != "x" {
			t.Errorf("%s with few: %v %v", form, got, err)
		}
		if _, err := read(form, packed(t, many[:7]...), small); !errors.Is(err, pack.ErrBounds) {
			t.Errorf("%s with more: %v", form, err)
		}
	}
	// A zip's contents are given up before they are all in memory.
	_, err := read(pack.Zip, zipped(t, many...), small)
	if f := fault.From(err); !errors.Is(err, pack.ErrBounds) || !strings.Contains(f.Error(), "table of contents") {
		t.Errorf("many: %v", err)
	}
}

func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	for form, raw := range map[string][]byte{pack.TarGz: tarGz(t, entry{name: "a", body: strings.Repeat("hello", 500)}), pack.Zip: zipped(t, entry{name: "a", body: strings.Repeat("hello", 500)})} {
		for cut := range len(raw) - 1 {
			if _, err := read(form, raw[:cut], small); err != nil && fault.From(err).Kind == fault.Internal {
				t.Fatalf("%s cut at %d: %v", form, cut, err)
			}
		}
	}
	// What the reader itself says is passed on.
	mine := errors.New("connection lost")
	err := pack.Read(context.Background(), pack.TarGz, io.MultiReader(bytes.NewReader(tarGz(t, entry{name: "a"})[:20]), failing{mine}), small, func(_ string, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if !errors.Is(err, mine) {
		t.Errorf("the reader's error became %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"scenario.yaml", "data/train.csv", ".git/config", ".secret"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755), os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("train.csv", filepath.Join(dir, "data", "inside.csv")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	got, err := pack.Files(root, small)
	if err != nil || !slices.Equal(got, []string{"data/inside.csv", "data/train.csv", "scenario.yaml"}) {
		t.Errorf("%v %v", got, err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "data", "outside")); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Files(root, pack.DefaultLimits); !errors.Is(err, pack.ErrKind) {
		t.Errorf("a link that escapes: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("PK\x05\x06"), true)
	f.Add([]byte("\x1f\x8b"), false)
	f.Fuzz(func(t *testing.T, raw []byte, z bool) {
		form := pack.TarGz
		if z {
			form = pack.Zip
		}
		got, err := read(form, raw, small)
		if err != nil && fault.From(err).Kind == fault.Internal {
			t.Errorf("%v", err)
		}
		for name := range got {
			if !filepath.IsLocal(name) {
				t.Errorf("%q got through", name)
			}
		}
	})
}
