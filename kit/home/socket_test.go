package home_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/home"
)

// A socket works however long the home's path is, is the owner's alone, and
// what a killed server left is no obstacle.
func TestSocket(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"h", strings.Repeat("long-", 40)} {
		dir := filepath.Join(t.TempDir(), name)
		h, _ := open(t, dir)
		if _, err := home.Dial(context.Background(), dir); err == nil {
			t.Error("dialled what nobody listens on")
		}
		for range 2 { // the second finds what the first left
			l, err := h.Listen()
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(h.Socket())
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			got := make(chan string, 1)
			go func() {
				c, err := l.AcceptUnix()
				if err != nil {
					got <- err.Error()
					return
				}
				own, err := home.Own(c)
				b, _ := io.ReadAll(c)
				if err != nil || !own {
					got <- "not its own"
				}
				got <- string(b)
			}()
			c, err := home.Dial(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte("hello")); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if s := <-got; s != "hello" {
				t.Errorf("%s: %q", name, s)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
