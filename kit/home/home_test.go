package home_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/id"
)

const holderEnv = "LANDFALL_HOME_TEST_DIR"

// The test binary runs itself as the process that holds a home.
func TestMain(m *testing.M) {
	if dir := os.Getenv(holderEnv); dir != "" {
		if _, err := home.Open(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

// open opens a home; the returned function gives it back.
func open(t *testing.T, dir string) (*home.Home, func()) {
	t.Helper()
	h, err := home.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	closed := sync.OnceFunc(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(closed)
	return h, closed
}

func TestOpenMakesAPrivateFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b", "家?#%")
	h, _ := open(t, dir)
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, want 0700", info.Mode().Perm())
	}
	for name, got := range map[string]string{"landfall.db": h.DB(), "blobs": h.Blobs(), "keys": h.Keys()} {
		if strings.TrimPrefix(got, "sqlite:") != filepath.Join(dir, name) {
			t.Errorf("%s lies at %s", name, got)
		}
	}
}

func TestOnlyOneHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, giveBack := open(t, dir)
	_, err := home.Open(dir)
	if !errors.Is(err, home.ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	f := fault.From(err)
	if got := fmt.Sprint(f.Param("pid")); got != strconv.Itoa(os.Getpid()) {
		t.Errorf("held by process %s, want %d", got, os.Getpid())
	}
	if strings.Contains(f.Message("en"), "-test") {
		t.Errorf("the message shows flags: %s", f.Message("en"))
	}
	giveBack()
	open(t, dir)
}

func TestTheLockDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), holderEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder said %q: %v", line, err)
	}
	_, err = home.Open(dir)
	if !errors.Is(err, home.ErrLocked) || fault.From(err).Param("pid") != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("got %v, want ErrLocked by process %d", err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("the holder ended with %v, want a kill", err)
	}
	open(t, dir)
}

func TestUnusableFolders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lockIsFolder := t.TempDir()
	if err := os.Mkdir(filepath.Join(lockIsFolder, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"is a file":        file,
		"is below a file":  filepath.Join(file, "home"),
		"lock is a folder": lockIsFolder,
		"name too long":    filepath.Join(t.TempDir(), strings.Repeat("x", 300)),
		"system folder":    "/proc/landfall",
	}
	if os.Geteuid() != 0 { // for whom no folder is read-only
		sealed := filepath.Join(t.TempDir(), "sealed")
		if err := os.Mkdir(sealed, 0o500); err != nil {
			t.Fatal(err)
		}
		tests["read-only"] = sealed
	}
	for name, dir := range tests {
		if _, err := home.Open(dir); !errors.Is(err, home.ErrUnwritable) {
			t.Errorf("%s: got %v, want ErrUnwritable", name, err)
		}
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	dir := t.TempDir()
	// Every write to this device finds no space.
	if err := os.Symlink("/dev/full", filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Open(dir); !errors.Is(err, home.ErrDiskFull) {
		t.Errorf("got %v, want ErrDiskFull", err)
	}
}

func TestIDStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, giveBack := open(t, dir)
	source := id.Seeded(1)
	first, err := h.ID(source)
	if err != nil {
		t.Fatal(err)
	}
	giveBack()
	h, _ = open(t, dir)
	again, err := h.ID(source)
	if err != nil || again != first || !strings.HasPrefix(first, "home_") {
		t.Errorf("first %s, then %s: %v", first, again, err)
	}
}

func TestDefault(t *testing.T) {
	t.Setenv("HOME", "/u")
	tests := []struct{ landfall, xdg, want string }{
		{"/explicit", "/data", "/explicit"},
		{"", "/data", "/data/landfall"},
		{"", "relative", "/u/.local/share/landfall"},
		{"", "", "/u/.local/share/landfall"},
	}
	for _, tt := range tests {
		t.Setenv("LANDFALL_HOME", tt.landfall)
		t.Setenv("XDG_DATA_HOME", tt.xdg)
		if got, err := home.Default(); err != nil || got != tt.want {
			t.Errorf("%+v: got %q, %v", tt, got, err)
		}
	}
}
