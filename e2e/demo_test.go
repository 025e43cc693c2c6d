//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemo plays the demo in both languages. That it takes less than a minute
// is a promise to whoever tries it; it takes a few seconds.
func TestDemo(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"en": {"Act 1 of 3", "nothing was spent", "Act 2 of 3", "of the traffic needs no more than L1", "Act 3 of 3", "evidence are stale", "The loop is closed", "Try next"},
		"zh": {"第一幕", "没有产生任何费用", "第二幕", "的流量只需 L1", "第三幕", "证据因此过时", "闭环完成", "接下来可以试试"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "demo")
			began := time.Now()
			r := landfall(t, filepath.Join(dir, "home"), 0, "demo", "--dir", dir, "--lang", lang)
			if took := time.Since(began); took > time.Minute {
				t.Errorf("the demo took %s", took)
			}
			rest := r.out
			for _, w := range want { // in this order
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("after what came before, the demo does not say %q:\n%s", w, r.out)
				}
				rest = after
			}
			// What it says to try next works as it stands.
			for line := range strings.Lines(rest) {
				words := strings.Fields(strings.TrimPrefix(line, "$ "))
				if len(words) < 2 || words[0] != "landfall" || words[1] == "init" {
					continue
				}
				next := finish(t, command(t, filepath.Join(dir, "home"), words[1:]...))
				if next.exit != 0 {
					t.Errorf("%q: exit %d\n%s", strings.TrimSpace(line), next.exit, next.err)
				}
			}
			report := filepath.Join(dir, "report."+lang+".html")
			if !strings.Contains(r.out, report) {
				t.Errorf("the demo does not say where its report lies")
			}
			if _, err := os.Stat(report); err != nil {
				t.Error(err)
			}
			// Once more in the same folder: an earlier demo's is replaced.
			landfall(t, filepath.Join(dir, "home"), 0, "demo", "--dir", dir, "--lang", lang, "-q")
		})
	}
}
