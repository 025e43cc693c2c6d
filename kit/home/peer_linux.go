package home

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// Own reports whether the process at the other end of a home's socket belongs
// to the user of this one, or to root.
func Own(c *net.UnixConn) (bool, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, err
	}
	var cred *syscall.Ucred
	var got error
	err = raw.Control(func(fd uintptr) {
		cred, got = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, got); err != nil {
		return false, err
	}
	return cred.Uid == 0 || int(cred.Uid) == os.Geteuid(), nil
}
