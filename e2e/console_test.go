//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var (
	servedAt  = regexp.MustCompile(`Landfall is at (http://\S+)`)
	setupLink = regexp.MustCompile(`http://\S+/welcome#\S+`)
)

// TestConsole walks the console that is built into the binary as a person
// does, in both languages, and then looks at every page of it with axe-core.
func TestConsole(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "Node.js is not installed")
	}
	if _, err := os.Stat("../console/node_modules/playwright-core"); err != nil {
		missing(t, "the console's tools are not installed: make console")
	}
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			dir := t.TempDir()
			home := filepath.Join(dir, "demo", "home")
			landfall(t, home, 0, "demo", "--dir", filepath.Join(dir, "demo"), "-q")
			for _, name := range []string{"contract-review", "quality-inspection"} {
				landfall(t, home, 10, "run", example(t, name), "-q")
			}
			d := start(t, home)
			landfall(t, home, 0, "push", filepath.Join(dir, "demo", "bank-support"), "--no-git")
			// The server says both on its standard error once it is ready.
			var at, link string
			for until := time.Now().Add(30 * time.Second); at == "" || link == ""; time.Sleep(20 * time.Millisecond) {
				log := d.log.String()
				if m := servedAt.FindStringSubmatch(log); m != nil {
					at = m[1]
				}
				link = setupLink.FindString(log)
				if time.Now().After(until) {
					t.Fatalf("the server does not say where it is:\n%s", log)
				}
			}
			session := filepath.Join(dir, "session.json")
			node(t, "browser/journey.mjs", at, "--link", link, "--lang", lang, "--session", session)
			if lang == "zh" { // the pages are walked in both languages at once
				args := []string{at, "--session", session}
				if shots := os.Getenv("LANDFALL_SHOTS"); shots != "" {
					args = append(args, "--shots", filepath.Join(shots, "console"))
				}
				node(t, "browser/pages.mjs", args...)
			}
		})
	}
}

func node(t *testing.T, script string, args ...string) {
	t.Helper()
	cmd := exec.Command("node", append([]string{script}, args...)...)
	cmd.Dir = "../console"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	t.Logf("%s:\n%s", script, out)
}
