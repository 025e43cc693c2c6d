// Package file writes files that appear whole or not at all.
package file

import (
	"errors"
	"fmt"
	"io"
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
