//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// sandbox is a shell in a mount namespace of its own, with a small file system
// at MNT: what it mounts ends with it, and nobody else sees it.
func sandbox(t *testing.T, script string, env ...string) string {
	t.Helper()
	for _, flags := range [][]string{{"-m"}, {"-r", "-m"}} { // as root, else as root of a user namespace
		probe := append(append([]string{}, flags...), "sh", "-c", "mount -t tmpfs tmpfs /mnt")
		if exec.Command("unshare", probe...).Run() != nil {
			continue
		}
		cmd := exec.Command("unshare", append(append([]string{}, flags...), "sh", "-eu", "-c", script)...)
		cmd.Env = append(append(clean(), "MNT="+t.TempDir(), "BIN="+os.Getenv("LANDFALL_BIN")), env...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return out.String()
	}
	missing(t, "no file system can be mounted in a namespace here (unshare -m, unshare -rm)")
	return ""
}

// TestFullDisk lets the disk run full at many points of a run. Each time the
// command says so, and what to do; with some space it goes on and the log is
// intact.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	const script = `
mount -t tmpfs -o size=64m tmpfs "$MNT"
for left in 0 100 300 600 850 1000 1020 1050 1300 2000; do
  rm -rf "$MNT"/*
  dd if=/dev/zero of="$MNT/ballast" bs=1k count=$((65536 - left)) 2>/dev/null
  "$BIN" run "$DIR" --home "$MNT/home" -q >/dev/null 2>"$OUT/said" || code=$?
  echo "full $left $code $(tr '\n' ' ' <"$OUT/said")"
  rm "$MNT/ballast"
  code=0; "$BIN" run "$DIR" --home "$MNT/home" -q >/dev/null 2>"$OUT/said" || code=$?
  echo "again $left $code $(tr '\n' ' ' <"$OUT/said")"
  code=0; "$BIN" evidence verify --home "$MNT/home" -q >"$OUT/said" 2>&1 || code=$?
  echo "verify $left $code $(tr '\n' ' ' <"$OUT/said")"
done`
	out := sandbox(t, script, "DIR="+example(t, "bank-support"), "OUT="+t.TempDir())
	full := 0
	for line := range strings.Lines(out) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(words) < 3 {
			t.Fatalf("the script says %q", line)
		}
		code, err := strconv.Atoi(words[2])
		if err != nil {
			t.Fatalf("the script says %q", line)
		}
		switch {
		case words[0] == "full" && code == 6:
			full++
			if !strings.Contains(line, "disk_full]") || !strings.Contains(line, "free some space") {
				t.Errorf("it does not say that the disk is full: %s", line)
			}
		case words[0] == "full" && code == 0: // there was room enough
		case words[0] != "full" && code == 0:
		default:
			t.Errorf("unexpected: %s", line)
		}
	}
	t.Logf("the disk was full at %d points of a run", full)
	if full < 5 {
		t.Errorf("the disk was full only %d times:\n%s", full, out)
	}
}

// TestReadOnlyHome refuses with a clear error.
func TestReadOnlyHome(t *testing.T) {
	t.Parallel()
	const script = `
mount -t tmpfs -o size=16m tmpfs "$MNT"
mkdir "$MNT/home"
mount -o remount,ro "$MNT"
code=0; "$BIN" run "$DIR" --home "$MNT/home" -q 2>&1 || code=$?
echo "new $code"
mount -o remount,rw "$MNT"
"$BIN" run "$DIR" --home "$MNT/home" -q >/dev/null
mount -o remount,ro "$MNT"
code=0; "$BIN" run "$DIR" --home "$MNT/home" -q --again 2>&1 || code=$?
echo "old $code"`
	out := sandbox(t, script, "DIR="+example(t, "bank-support"))
	if strings.Count(out, "[home.unwritable]") != 2 || strings.Count(out, "read-only") < 2 ||
		!strings.Contains(out, "new 6") || !strings.Contains(out, "old 6") {
		t.Error(out)
	}
}

// TestTwoProcesses starts many commands on one home at once: those that find
// it held say by whom and change nothing, and one after another all succeed.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir, home := example(t, "bank-support"), filepath.Join(t.TempDir(), "home")
	var wg sync.WaitGroup
	got := make([]ran, 6)
	for i := range got {
		cmd := command(t, home, "run", dir, "-q")
		wg.Go(func() { got[i] = finish(t, cmd) })
	}
	wg.Wait()
	through := 0
	for _, r := range got {
		switch r.exit {
		case 0:
			through++
		case 4:
			if !strings.Contains(r.err, "[home.locked]") || !strings.Contains(r.err, "landfall run") || !strings.Contains(r.err, home) {
				t.Errorf("it does not say who holds the home: %s", r.err)
			}
		default:
			t.Errorf("exit %d: %s", r.exit, r.err)
		}
	}
	if through == 0 {
		t.Error("nobody got through")
	}
	landfall(t, home, 0, "evidence", "verify")
	if r := landfall(t, home, 0, "run", dir, "-o", "json"); !strings.Contains(r.out, `"reused": true`) {
		t.Error("the run was not kept")
	}
	if n := len(cases(t, home)); n == 0 {
		t.Error("no results")
	}
}

// TestHomeIsHeld holds a home in a process that does nothing else, and names it.
func TestHomeIsHeld(t *testing.T) {
	t.Parallel()
	dir, home := example(t, "bank-support"), filepath.Join(t.TempDir(), "home")
	landfall(t, home, 0, "run", dir, "-q")
	holder := exec.Command("flock", filepath.Join(home, "lock"), "sh", "-c", "echo held; read _")
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		missing(t, "flock (util-linux) is not installed")
	}
	t.Cleanup(func() {
		_ = in.Close() // ends the holder
		_ = holder.Wait()
	})
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", dir}, {"gate", dir}, {"report", dir}, {"evidence", "list"}, {"evidence", "verify"}, {"runs", "list"}} {
		for lang, words := range map[string]string{"en": "is in use by process", "zh": "正被进程"} {
			r := landfall(t, home, 4, append(args, "--lang", lang)...)
			if !strings.Contains(r.err, words) || r.out != "" {
				t.Errorf("landfall %v: %s%s", args, r.out, r.err)
			}
		}
	}
	for _, args := range [][]string{{"validate", dir}, {"--help"}, {"--version"}} { // need no home
		landfall(t, home, 0, args...)
	}
}
