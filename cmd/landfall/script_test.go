package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/landfall-ai/landfall/kit/home"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"landfall": main})
}

// TestScripts runs the command as a user would: each script under
// testdata/script says what is typed and what is seen.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANDFALL_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("LANG", "C.UTF-8")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "cases": writeCases, "gb18030": toGB18030, "prepend": prepend, "longline": longLine, "hold": hold, "replace": replace,
			"serving": serving, "sameshape": sameShape, "cut": cut,
		},
	})
}

// exits runs landfall and checks its exit code: exits CODE ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("landfall", args[1:]...)
	got := 0
	if err != nil {
		if _, after, ok := strings.Cut(err.Error(), "exit status "); ok {
			got, err = strconv.Atoi(after)
			ts.Check(err)
		} else {
			ts.Fatalf("landfall did not end by itself: %v", err)
		}
	}
	if got != want || neg {
		ts.Fatalf("landfall %s exits %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// writeCases writes a CSV of n cases a class that keywords tell apart:
// cases FILE N CLASS…
func writeCases(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	b.WriteString("id,text,answer\n")
	for i := range n {
		for _, class := range args[2:] {
			stem := strings.TrimSuffix(filepath.Base(args[0]), ".csv")
			b.WriteString(stem + "-" + class + "-" + strconv.Itoa(i) + ",about the " + class + " number " + strconv.Itoa(i) + " " + stem + "," + class + "\n")
		}
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// toGB18030 re-encodes a file: gb18030 FILE
func toGB18030(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o644))
}

// prepend puts bytes, in Go's escapes, before a file: prepend FILE BYTES
func prepend(ts *testscript.TestScript, _ bool, args []string) {
	b, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b+ts.ReadFile(args[0])), 0o644))
}

// replace replaces text in a file: replace FILE OLD NEW
func replace(ts *testscript.TestScript, _ bool, args []string) {
	was := ts.ReadFile(args[0])
	is := strings.ReplaceAll(was, args[1], args[2])
	if was == is {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(is), 0o644))
}

// longLine appends one line of so many bytes: longline FILE N
func longLine(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(strings.Repeat("x", n) + "\n")
	ts.Check(err)
	ts.Check(f.Close())
}

// hold holds a home until the script ends: hold DIR
func hold(ts *testscript.TestScript, _ bool, args []string) {
	h, err := home.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { ts.Check(h.Close()) })
}
