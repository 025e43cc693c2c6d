package home

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// longest is the length of a socket's path that every system takes.
const longest = 100

// Listen opens the home's socket, for its owner alone. What an earlier server
// left there is removed, which is safe: this process holds the lock.
func (h *Home) Listen() (*net.UnixListener, error) {
	path := h.Socket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, explain(h.dir, err)
	}
	var l *net.UnixListener
	err := short(path, func(path string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // its name may be the short one, which is gone
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(explain(h.dir, err), l.Close())
	}
	return l, nil
}

// Dial connects to the server of the home dir.
func Dial(ctx context.Context, dir string) (net.Conn, error) {
	var c net.Conn
	err := short(Socket(dir), func(path string) (err error) {
		c, err = (&net.Dialer{}).DialContext(ctx, "unix", path)
		return err
	})
	return c, err
}

// short calls use with a path to the same socket that is no longer than
// systems take: Linux reaches a folder through its descriptor.
func short(path string, use func(string) error) (err error) {
	if len(path) <= longest {
		return use(path)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return use("/proc/self/fd/" + strconv.Itoa(int(d.Fd())) + "/" + filepath.Base(path))
}
