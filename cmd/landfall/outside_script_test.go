package main

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// perms changes the mode of all files that a pattern names: perms MODE PATTERN
func perms(ts *testscript.TestScript, _ bool, args []string) {
	mode, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	files, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("%s names nothing", args[1])
	}
	for _, f := range files {
		ts.Check(os.Chmod(f, os.FileMode(mode)))
	}
}

// modelServer starts a server that answers everything with a text, and puts its
// address into a variable: model VARIABLE TEXT
func modelServer(ts *testscript.TestScript, _ bool, args []string) {
	s := llmtest.Start(llmtest.Always(llmtest.Reply{Text: args[1]}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.BaseURL)
}
