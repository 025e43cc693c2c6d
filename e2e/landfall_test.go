//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain fails early and clearly where the binary was not built.
func TestMain(m *testing.M) {
	if _, err := os.Stat(os.Getenv("LANDFALL_BIN")); err != nil {
		panic("LANDFALL_BIN must name the built binary: run make e2e")
	}
	os.Exit(m.Run())
}

// missing skips a test for want of something on this machine, or fails it
// where nothing may be skipped.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("LANDFALL_STRICT") != "" {
		t.Fatal(what + " (nothing may be skipped here)")
	}
	t.Skip(what)
}

// ran is what became of a command.
type ran struct {
	exit        int // -1 if a signal ended it
	out, err    string
	maxRSS      int64 // KiB, peak of the whole process
	seconds     float64
	interrupted bool
}

// command is landfall with a home and an environment that no setting of the
// person who runs the tests reaches.
func command(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Getenv("LANDFALL_BIN"), args...)
	cmd.Env = append(clean(), "LANDFALL_HOME="+home)
	cmd.Dir = t.TempDir()
	return cmd
}

func clean() []string {
	var out []string
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); !strings.HasPrefix(name, "LANDFALL_") && !strings.HasPrefix(name, "LC_") && name != "LANG" || name == "LANDFALL_DATA_DIR" {
			out = append(out, e)
		}
	}
	return append(out, "LC_ALL=C.UTF-8", "NO_COLOR=1")
}

func finish(t *testing.T, cmd *exec.Cmd) ran {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result(cmd, out.String(), errs.String())
}

func result(cmd *exec.Cmd, out, errs string) ran {
	r := ran{exit: cmd.ProcessState.ExitCode(), out: out, err: errs}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.maxRSS = u.Maxrss
	}
	r.seconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	r.interrupted = !cmd.ProcessState.Exited()
	return r
}

// landfall runs a command and holds it to its exit code.
func landfall(t *testing.T, home string, exit int, args ...string) ran {
	t.Helper()
	r := finish(t, command(t, home, args...))
	if r.exit != exit {
		t.Fatalf("landfall %s: exit %d, want %d\n%s%s", strings.Join(args, " "), r.exit, exit, r.out, r.err)
	}
	return r
}

func decode(t *testing.T, s string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), into); err != nil {
		t.Fatalf("%v in:\n%s", err, s)
	}
}

// example copies a shipped example into a folder of its own.
func example(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// evidenceIDs lists the log.
func evidenceIDs(t *testing.T, home string) []item {
	t.Helper()
	var page struct {
		Items []item `json:"items"`
	}
	decode(t, landfall(t, home, 0, "evidence", "list", "-o", "json").out, &page)
	return page.Items
}

type item struct {
	ID, Kind, Run string
	Leaf          int64
}
