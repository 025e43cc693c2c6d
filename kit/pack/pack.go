// Package pack reads folders that somebody sent as an archive, and writes
// them. What comes in is not trusted: every bound is checked before a byte is
// kept, and a name that leads anywhere but below the folder is refused.
package pack

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of what was sent.
var (
	ErrArchive = fault.Def{Kind: fault.Invalid, Code: "pack.archive",
		En: "this is not a {form} archive, or it is damaged", Zh: "这不是 {form} 归档文件，或文件已损坏",
		HintEn: "pack the folder again", HintZh: "请重新打包该目录"}
	ErrPath = fault.Def{Kind: fault.Invalid, Code: "pack.path",
		En: "the file name {path} is refused: {why}", Zh: "拒绝文件名 {path}：{why}",
		HintEn: "files lie below the folder, under plain relative names", HintZh: "文件须位于该目录之内，使用普通的相对路径"}
	ErrKind = fault.Def{Kind: fault.Invalid, Code: "pack.link",
		En: "{path} is no plain file: links and devices are refused", Zh: "{path} 不是普通文件：不接受链接和设备文件",
		HintEn: "put the file itself into the folder", HintZh: "请将文件本身放入目录"}
	ErrTwice = fault.Def{Kind: fault.Invalid, Code: "pack.twice",
		En: "the file {path} stands twice in what was sent", Zh: "文件 {path} 重复出现"}
	ErrBounds = fault.Def{Kind: fault.TooLarge, Code: "pack.too_large",
		En: "the folder is larger than is taken: {what}, at most {limit}", Zh: "目录超出限制：{what}，上限为 {limit}",
		HintEn: "leave out what the scenario does not need, or ask the administrator for a larger bound", HintZh: "请去掉场景不需要的文件，或请管理员调高上限"}
)

// Limits bound a folder.
type Limits struct {
	Files int   // how many
	File  int64 // bytes of one
	Bytes int64 // bytes of all
	Ratio int64 // bytes unpacked per byte sent, beyond Slack
}

// Slack is how much an archive may unpack to whatever its ratio.
const Slack = 8 << 20

// DefaultLimits fit scenarios with a few gigabytes of images.
var DefaultLimits = Limits{Files: 20_000, File: 1 << 30, Bytes: 4 << 30, Ratio: 200}

// Forms of an archive, by media type.
const (
	TarGz = "application/gzip"
	Zip   = "application/zip"
)

// The bounds of a name: what every file system that may hold it takes.
const (
	maxPath  = 400
	maxPart  = 200
	maxDepth = 16
)

// CheckPath reports whether name is a plain relative path below a folder. It
// fails with ErrPath.
func CheckPath(name string) error {
	bad := func(en, zh string) error {
		return ErrPath.With("path", strings.ToValidUTF8(name[:min(len(name), maxPath)], "?"), "why", text.Text{En: en, Zh: zh})
	}
	switch {
	case name == "" || len(name) > maxPath:
		return bad("it is empty or longer than 400 bytes", "为空或超过 400 字节")
	case !utf8.ValidString(name):
		return bad("it is not UTF-8", "不是 UTF-8 编码")
	case strings.HasPrefix(name, "/") || path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../"):
		return bad("it leads out of the folder or is not in its shortest form", "指向目录之外，或不是最简形式")
	case strings.ContainsAny(name, "\\:") || strings.ContainsFunc(name, unicode.IsControl):
		return bad(`it holds \, : or a control character`, `含有 \、: 或控制字符`)
	}
	parts := strings.Split(name, "/")
	if len(parts) > maxDepth {
		return bad("it is more than 16 folders deep", "目录层级超过 16 层")
	}
	for _, p := range parts {
		if len(p) > maxPart {
			return bad("a part of it is longer than 200 bytes", "其中一段超过 200 字节")
		}
	}
	return nil
}

// Meter counts a folder against its limits while it arrives.
type Meter struct {
	Limits Limits
	seen   map[string]bool
	bytes  int64
}

// Add counts one file by its name and its size as far as it is known. It fails
// with ErrPath, ErrTwice and ErrBounds.
func (m *Meter) Add(name string, size int64) error {
	if err := CheckPath(name); err != nil {
		return err
	}
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	// Where upper and lower case are the same, two files would be one.
	key := strings.ToLower(name)
	if m.seen[key] {
		return ErrTwice.With("path", name)
	}
	m.seen[key] = true
	if len(m.seen) > m.Limits.Files {
		return ErrBounds.With("what", text.Text{En: "too many files", Zh: "文件过多"}, "limit", m.Limits.Files)
	}
	return m.Grow(name, size)
}

// Grow counts size more bytes of the file name. It fails with ErrBounds.
func (m *Meter) Grow(name string, size int64) error {
	switch {
	case size < 0 || size > m.Limits.File:
		return ErrBounds.With("what", text.Text{En: "the file " + name, Zh: "文件 " + name}, "limit", mib(m.Limits.File))
	case m.bytes+size > m.Limits.Bytes:
		return ErrBounds.With("what", text.Text{En: "all files together", Zh: "全部文件合计"}, "limit", mib(m.Limits.Bytes))
	}
	m.bytes += size
	return nil
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// Visit gets one file. It must read r to its end.
type Visit func(name string, r io.Reader) error

// Read reads an archive of the given form from r and shows visit each of its
// plain files; folders are passed over. It fails with the faults of this package
// and those of visit and r.
func Read(ctx context.Context, form string, r io.Reader, l Limits, visit Visit) error {
	sent := &counter{r: r}
	m := &Meter{Limits: l}
	take := func(name string, content io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "./")
		if err := m.Add(name, 0); err != nil {
			return err
		}
		f := &metered{r: content, m: m, name: name, sent: sent}
		if err := visit(name, f); err != nil {
			return err
		}
		// What visit left unread must count as well.
		_, err := io.Copy(io.Discard, f)
		return err
	}
	if form == Zip {
		return readZip(sent, l, take)
	}
	return readTar(ctx, sent, l, take)
}

// tooManyEntries holds folders and what else is passed over to a bound as
// well: they pack to almost nothing. Files count towards Limits.Files.
func tooManyEntries(n int, l Limits) error {
	if n > 2*l.Files {
		return ErrBounds.With("what", text.Text{En: "too many files and folders", Zh: "文件和目录过多"}, "limit", 2*l.Files)
	}
	return nil
}

func readTar(ctx context.Context, r io.Reader, l Limits, take Visit) error {
	damaged := func(err error) error {
		if known(err) {
			return err
		}
		return ErrArchive.With("form", "tar.gz").Because(err)
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return damaged(err)
	}
	t := tar.NewReader(z)
	for n := 1; ; n++ {
		if err := errors.Join(ctx.Err(), tooManyEntries(n-1, l)); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		switch h.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
		case tar.TypeReg:
			if err := take(h.Name, t); err != nil {
				return damaged(err)
			}
		default:
			return ErrKind.With("path", strings.ToValidUTF8(h.Name, "?"))
		}
	}
}

// known reports whether err has a fault's kind already, or is the reader's own.
func known(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, gzip.ErrHeader) && !errors.Is(err, gzip.ErrChecksum) &&
		!errors.Is(err, tar.ErrHeader) && !errors.Is(err, io.EOF) && !corrupt(err)
}

// readZip spools the archive, since its table of contents stands at its end.
func readZip(r *counter, l Limits, take Visit) (err error) {
	f, err := os.CreateTemp("", "landfall-zip-*")
	if err != nil {
		return fmt.Errorf("spool the archive: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	n, err := io.Copy(f, io.LimitReader(r, l.Bytes+1))
	if err != nil {
		return err
	}
	if n > l.Bytes {
		return ErrBounds.With("what", text.Text{En: "the archive", Zh: "归档文件"}, "limit", mib(l.Bytes))
	}
	contents := &budget{r: f, all: 1<<20 + int64(l.Files)*maxRecord}
	z, err := zip.NewReader(contents, n)
	if err != nil {
		if known(err) {
			return err
		}
		return ErrArchive.With("form", "zip").Because(err)
	}
	contents.all = -1
	if err := tooManyEntries(len(z.File), l); err != nil {
		return err
	}
	for _, e := range z.File {
		switch mode := e.Mode(); {
		case mode.IsDir():
			continue
		case !mode.IsRegular():
			return ErrKind.With("path", strings.ToValidUTF8(e.Name, "?"))
		}
		c, err := e.Open()
		if err != nil {
			return ErrArchive.With("form", "zip").Because(err)
		}
		if err := errors.Join(take(e.Name, c), c.Close()); err != nil {
			if known(err) {
				return err
			}
			return ErrArchive.With("form", "zip").Because(err)
		}
	}
	return nil
}

// maxRecord is what a file takes in the contents of a zip, in bytes: 46, its
// name, and room for the times and sizes that packers add.
const maxRecord = 46 + maxPath + 256

// budget bounds what is read while the contents of a zip are held in memory,
// where each of its records takes several times its size, files or not. An
// all of less than 0 is no bound.
type budget struct {
	r          io.ReaderAt
	all, taken int64
}

func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if b.all >= 0 {
		if b.taken += int64(len(p)); b.taken > b.all {
			return 0, ErrBounds.With("what", text.Text{En: "the archive's table of contents", Zh: "归档的文件列表"}, "limit", mib(b.all))
		}
	}
	return b.r.ReadAt(p, at)
}

// counter counts what was sent.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// metered counts a file while it unpacks, and stops a bomb.
type metered struct {
	r    io.Reader
	m    *Meter
	name string
	n    int64
	sent *counter
}

func (f *metered) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n += int64(n)
	if f.n > f.m.Limits.File {
		return 0, f.m.Grow(f.name, f.n)
	}
	if gerr := f.m.Grow(f.name, int64(n)); gerr != nil {
		return 0, gerr
	}
	if ratio := f.m.Limits.Ratio; ratio > 0 && f.m.bytes > Slack && f.m.bytes/ratio > f.sent.n {
		return 0, ErrBounds.With("what", text.Text{En: "the archive unpacks to far more than it holds", Zh: "归档解压后远大于其自身"}, "limit", fmt.Sprintf("%d:1", ratio))
	}
	return n, err
}

// Files lists the plain files of a folder that belong to it: what is hidden is
// left out, a link that stays inside is what it leads to, and anything else is
// ErrKind. The names are as CheckPath takes them, in lexical order.
func Files(root *os.Root, l Limits) ([]string, error) {
	var out []string
	m := &Meter{Limits: l}
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return ErrKind.With("path", name).Because(err)
		}
		if err := m.Add(name, info.Size()); err != nil {
			return err
		}
		out = append(out, name)
		return nil
	})
	return out, err
}
