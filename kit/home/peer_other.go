//go:build !linux

package home

import "net"

// Own reports whether the process at the other end of a home's socket belongs
// to the user of this one. The socket's own permissions see to it here.
func Own(*net.UnixConn) (bool, error) { return true, nil }
