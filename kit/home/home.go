// Package home is the folder that holds all state of a Landfall: the database,
// files, keys. One process at a time holds it.
package home

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/landfall-ai/landfall/kit/fault"
)

// What a user can cause.
var (
	ErrLocked = fault.Def{Kind: fault.Conflict, Code: "home.locked",
		En: "{home} is in use by process {pid}: {command}", Zh: "{home} 正被进程 {pid} 使用：{command}",
		HintEn: "wait for it or stop it, or use another --home", HintZh: "请等待或停止该进程，或用 --home 指定其他目录"}
	ErrUnwritable = fault.Def{Kind: fault.Unavailable, Code: "home.unwritable",
		En: "cannot write to {home}: {reason}", Zh: "无法写入 {home}：{reason}",
		HintEn: "check owner and permissions of the folder, and that the disk is not read-only, or use another --home",
		HintZh: "请检查目录的所有者与权限、磁盘是否只读，或用 --home 指定其他目录"}
	ErrDiskFull = fault.Def{Kind: fault.Unavailable, Code: "home.disk_full",
		En: "the disk that holds {home} is full", Zh: "{home} 所在磁盘已满",
		HintEn: "free some space and run the same command again", HintZh: "请清理磁盘后再次运行同一命令"}
)

// Home is a folder that this process holds until Close.
type Home struct {
	dir  string
	lock *os.File
}

// Default returns $LANDFALL_HOME if it is set, else landfall in the user's
// data folder ($XDG_DATA_HOME, or ~/.local/share).
func Default() (string, error) {
	if dir := os.Getenv("LANDFALL_HOME"); dir != "" {
		return dir, nil
	}
	// The XDG rules say that a relative path is to be ignored.
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "landfall"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the user's folder: %w", err)
	}
	return filepath.Join(user, ".local", "share", "landfall"), nil
}

// Open makes dir (0700) if it is absent and takes its lock, which dies with
// the process. It fails with ErrLocked, naming the process that holds it, and
// with ErrUnwritable or ErrDiskFull.
func Open(dir string) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the home: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, explain(dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explain(dir, err)
	}
	if err := claim(dir, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Home{dir: dir, lock: f}, nil
}

// claim locks f and writes into it who holds it.
func claim(dir string, f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			pid, command := holder(f)
			return ErrLocked.With("home", dir, "pid", pid, "command", command)
		}
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	who := strconv.Itoa(os.Getpid()) + "\n" + commandLine(os.Args) + "\n"
	if _, err := f.WriteAt([]byte(who), 0); err != nil {
		return explain(dir, err)
	}
	if err := f.Truncate(int64(len(who))); err != nil {
		return explain(dir, err)
	}
	return nil
}

// holder reads who holds the lock: "?" what is not written yet.
func holder(f *os.File) (pid, command string) {
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "?", "?"
	}
	pid, command, _ = strings.Cut(strings.TrimSpace(string(b)), "\n")
	if pid == "" {
		pid = "?"
	}
	if command == "" {
		command = "?"
	}
	return pid, command
}

// commandLine is the program and its arguments up to the first flag: the
// values of flags may be secret.
func commandLine(args []string) string {
	words := []string{filepath.Base(args[0])}
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") {
			break
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

func explain(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrDiskFull.With("home", dir).Because(err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EROFS),
		errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.EISDIR),
		errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENAMETOOLONG):
		reason := err
		var path *os.PathError
		if errors.As(err, &path) {
			reason = path.Err
		}
		return ErrUnwritable.With("home", dir, "reason", reason).Because(err)
	}
	return fmt.Errorf("open home: %w", err)
}

// Close gives the home back.
func (h *Home) Close() error {
	// Closing alone would leave the lock with a child process that another
	// goroutine is just starting.
	return errors.Join(syscall.Flock(int(h.lock.Fd()), syscall.LOCK_UN), h.lock.Close())
}

// Dir returns the folder as an absolute path.
func (h *Home) Dir() string { return h.dir }

// DB returns the URL of the database for store.Open.
func (h *Home) DB() string { return "sqlite:" + filepath.Join(h.dir, "landfall.db") }

// Blobs returns the folder of content-addressed files.
func (h *Home) Blobs() string { return filepath.Join(h.dir, "blobs") }

// Keys returns the folder of keys.
func (h *Home) Keys() string { return filepath.Join(h.dir, "keys") }

// Socket returns the path of the socket on which a server of this home
// answers whoever may enter the folder.
func (h *Home) Socket() string { return Socket(h.dir) }

// Socket is Home.Socket for a home that another process may hold.
func Socket(dir string) string { return filepath.Join(dir, "landfall.sock") }

// ID returns the home's own identifier, made with newID when it is first asked
// for and the same ever after.
func (h *Home) ID(newID func(prefix string) string) (string, error) {
	path := filepath.Join(h.dir, "id")
	b, err := os.ReadFile(path)
	if s := strings.TrimSpace(string(b)); err == nil && s != "" {
		return s, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", explain(h.dir, err)
	}
	s := newID("home")
	if err := h.write(path, s+"\n"); err != nil {
		return "", explain(h.dir, err)
	}
	return s, nil
}

// write replaces path whole or not at all.
func (h *Home) write(path, content string) (err error) {
	f, err := os.CreateTemp(h.dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.WriteString(content)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
