// Package file writes files that appear whole or not at all.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrWrite is returned where a file could not be written.
var ErrWrite = fault.Def{Kind: fault.Unavailable, Code: "file.write",
	En: "cannot write {file}: {why}", Zh: "无法写入 {file}：{why}",
	HintEn: "check the folder, its permissions and the free space", HintZh: "请检查目录、权限和剩余空间"}

// Write replaces the file at path by what fill writes, at once: a crash or an
// error of fill leaves what was there. The folder is made if it is absent.
// What the system refuses is ErrWrite; fill's own error is returned as it is.
func Write(path string, perm os.FileMode, fill func(io.Writer) error) (err error) {
	refuse := func(err error) error {
		why := err
		var pe *os.PathError
		if errors.As(err, &pe) {
			why = pe.Err
		}
		return ErrWrite.With("file", path, "why", why.Error()).Because(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return refuse(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return refuse(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	out := &noting{w: f}
	if err := fill(out); err != nil {
		if out.err != nil {
			err = refuse(out.err)
		}
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(perm), f.Sync(), f.Close()); err != nil {
		return refuse(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return refuse(fmt.Errorf("rename: %w", err))
	}
	return nil
}

// noting remembers whether it was the system that refused.
type noting struct {
	w   io.Writer
	err error
}

func (n *noting) Write(p []byte) (int, error) {
	k, err := n.w.Write(p)
	if err != nil {
		n.err = err
	}
	return k, err
}

// ErrNotPlain is returned for a path that names no plain file: reading a pipe
// or a device could go on for ever.
var ErrNotPlain = fault.Def{Kind: fault.Invalid, Code: "file.not_plain",
	En: "{file} is not a plain file", Zh: "{file} 不是普通文件",
	HintEn: "write the data into a file first; pipes, devices and folders are not read", HintZh: "请先将数据写入文件；不读取管道、设备和目录"}

// Open opens a plain file for reading. It looks before it opens, since opening
// a pipe would wait for a writer. It fails with ErrNotPlain and with os.Open's
// errors.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotPlain.With("file", path)
	}
	return os.Open(path)
}

// Private makes the file at path, empty and readable by its owner alone, or
// takes the rights of others from the one that is there. Who does not own that
// one changes nothing. A file that is there is not opened: closing it again
// would drop the locks that this process may hold on it.
func Private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	if err := os.Chmod(path, 0o600); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
