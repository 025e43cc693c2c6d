//go:build unix

package grader

import (
	"os/exec"
	"syscall"
)

// killGroup lets the end of the context kill the process and its children.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
