//go:build !unix

package grader

import "os/exec"

// killGroup leaves it at killing the process itself: groups are a Unix notion.
func killGroup(*exec.Cmd) {}
