package scenario

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ReadFile reads a file of the folder, of at most limit bytes (a number of
// MiB). It follows no link out of the folder and opens nothing but plain files.
// field says where the document names it. It fails with ErrNoFile, ErrFile and
// ErrTooLarge, each with its place.
func (f *Folder) ReadFile(name, field string, limit int64) ([]byte, error) {
	file, path, err := f.open(name, field, limit)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return raw, nil
}

// open opens a plain file inside the folder.
func (f *Folder) open(name, field string, limit int64) (*os.File, string, error) {
	path := filepath.Join(f.Dir, filepath.FromSlash(name))
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, path, fmt.Errorf("open %s: %w", f.Dir, err)
	}
	defer root.Close()
	// What is no plain file is not opened at all: a pipe would wait.
	info, err := root.Stat(filepath.FromSlash(name))
	var file *os.File
	if err == nil && info.Mode().IsRegular() {
		file, err = root.Open(filepath.FromSlash(name))
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, path, ErrNoFile.With("file", path, "field", field, "dir", f.Dir)
	case errors.Is(err, os.ErrPermission):
		return nil, path, ErrFile.With("problem", both("the file may not be read", "无权读取该文件")).At(path, 0, 0).Because(err)
	case err != nil || file == nil: // os.Root has no named error for a link that escapes
		return nil, path, ErrFile.With("problem", both("the path leads out of the scenario's folder, or is not a plain file",
			"路径指向场景目录之外，或不是普通文件")).At(path, 0, 0).Because(err)
	}
	if info.Size() > limit {
		return nil, path, errors.Join(ErrTooLarge.With("limit", fmt.Sprintf("%d MiB", limit>>20)).At(path, 0, 0), file.Close())
	}
	return file, path, nil
}
