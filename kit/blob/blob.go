// Package blob keeps files by their content: the SHA-256 of a file is its
// name, so that it is stored once, never changes and can be checked.
package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"github.com/landfall-ai/landfall/kit/fault"
)

// What a user can cause.
var (
	ErrDigest = fault.Def{Kind: fault.Invalid, Code: "blob.digest",
		En: "{digest} is no SHA-256 digest", Zh: "{digest} 不是 SHA-256 摘要",
		HintEn: "a digest has 64 lower-case hexadecimal digits", HintZh: "摘要为 64 位小写十六进制数字"}
	ErrMissing = fault.Def{Kind: fault.NotFound, Code: "blob.missing",
		En: "the file with digest {digest} is not in the store", Zh: "存储中没有摘要为 {digest} 的文件",
		HintEn: "restore the home's blobs folder from a backup, or bring the data in again", HintZh: "请从备份恢复 home 的 blobs 目录，或重新导入数据"}
	ErrCorrupt = fault.Def{Kind: fault.Unavailable, Code: "blob.corrupt",
		En: "the stored file {digest} was changed or damaged", Zh: "存储的文件 {digest} 已被改动或损坏",
		HintEn: "restore it from a backup, or bring the data in again", HintZh: "请从备份恢复，或重新导入数据"}
	ErrDiskFull = fault.Def{Kind: fault.Unavailable, Code: "blob.disk_full",
		En: "the disk is full", Zh: "磁盘已满",
		HintEn: "free some space and run the same command again; what was finished is kept", HintZh: "请清理磁盘后再次运行同一命令；已完成的部分均已保存"}
	ErrUnwritable = fault.Def{Kind: fault.Unavailable, Code: "blob.unwritable",
		En: "cannot write to {folder}", Zh: "无法写入 {folder}",
		HintEn: "check owner and permissions of the folder, and that the disk is not read-only", HintZh: "请检查目录的所有者与权限，以及磁盘是否只读"}
)

// inMemory is up to what size a file waits in memory for its digest.
const inMemory = 1 << 20

// Store is a store of files. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
	dir    string
}

// Folder opens the store in the folder dir, made (0700) if it is absent. It
// fails with ErrUnwritable or ErrDiskFull.
func Folder(dir string) (*Store, error) {
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, Metadata: fileblob.MetadataDontWrite,
		// Beside the final file: renaming works on one disk only.
		NoTempDir: true,
	})
	if err != nil {
		return nil, explain(dir, err)
	}
	return &Store{bucket: b, dir: dir}, nil
}

// Close ends the use of the store.
func (s *Store) Close() error { return s.bucket.Close() }

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// key spreads files over 256 folders.
func key(digest string) (string, error) {
	if !digestForm.MatchString(digest) {
		return "", ErrDigest.With("digest", digest)
	}
	return "sha256/" + digest[:2] + "/" + digest[2:], nil
}

// Put stores what r holds and returns its hex SHA-256 and its size in bytes.
// The file appears whole or not at all, and is on the disk when Put returns.
// Putting it again costs little, and mends a file whose size is wrong.
func (s *Store) Put(ctx context.Context, r io.Reader) (digest string, size int64, err error) {
	h := sha256.New()
	content, size, discard, err := s.spool(io.TeeReader(r, h))
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, discard()) }()
	digest = hex.EncodeToString(h.Sum(nil))
	k, err := key(digest)
	if err != nil {
		return "", 0, err
	}
	attrs, err := s.bucket.Attributes(ctx, k)
	if err == nil && attrs.Size == size {
		return digest, size, nil
	}
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return "", 0, explain(s.dir, err)
	}
	if err := s.write(ctx, k, content); err != nil {
		return "", 0, explain(s.dir, err)
	}
	return digest, size, nil
}

// spool reads r to its end, since the name of a file is known only then.
func (s *Store) spool(r io.Reader) (content io.Reader, size int64, discard func() error, err error) {
	var head bytes.Buffer
	n, err := io.CopyN(&head, r, inMemory)
	if errors.Is(err, io.EOF) {
		return &head, n, func() error { return nil }, nil
	}
	if err != nil {
		return nil, 0, nil, fmt.Errorf("read content: %w", err)
	}
	f, err := os.CreateTemp(s.dir, ".put-*")
	if err != nil {
		return nil, 0, nil, explain(s.dir, err)
	}
	discard = func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	size, err = io.Copy(f, io.MultiReader(&head, r))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, nil, errors.Join(explain(s.dir, err), discard())
	}
	return f, size, discard, nil
}

func (s *Store) write(ctx context.Context, k string, content io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var f *os.File
	w, err := s.bucket.NewWriter(ctx, k, &blob.WriterOptions{
		ContentType: "application/octet-stream", // unset, it holds back the first bytes to guess
		BeforeWrite: func(as func(any) bool) error {
			if as(&f) {
				return nil
			}
			return errors.New("the store is no folder")
		},
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		cancel() // so that closing drops the file
		if cerr := w.Close(); !errors.Is(cerr, context.Canceled) {
			err = errors.Join(err, cerr)
		}
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.Name()))
}

// syncFolder puts the name of a new file on the disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Has reports whether the file is stored. It fails with ErrDigest.
func (s *Store) Has(ctx context.Context, digest string) (bool, error) {
	k, err := key(digest)
	if err != nil {
		return false, err
	}
	ok, err := s.bucket.Exists(ctx, k)
	if err != nil {
		return false, fmt.Errorf("look for file %s: %w", digest, err)
	}
	return ok, nil
}

// Open returns a file for reading. It fails with ErrDigest or ErrMissing. The
// content is checked while it is read: where it differs from the digest, the
// last Read fails with ErrCorrupt instead of io.EOF, so that nothing may be
// concluded from what was read before the end.
func (s *Store) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	k, err := key(digest)
	if err != nil {
		return nil, err
	}
	r, err := s.bucket.NewReader(ctx, k, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrMissing.With("digest", digest)
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", digest, err)
	}
	return &checked{r: r, hash: sha256.New(), digest: digest}, nil
}

type checked struct {
	r      io.ReadCloser
	hash   hash.Hash
	digest string
}

// Read implements io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(c.hash.Sum(nil)) != c.digest {
		return n, ErrCorrupt.With("digest", c.digest)
	}
	return n, err
}

// Close implements io.Closer.
func (c *checked) Close() error { return c.r.Close() }

func explain(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrDiskFull.With().Because(err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return ErrUnwritable.With("folder", dir).Because(err)
	}
	return fmt.Errorf("store file: %w", err)
}
