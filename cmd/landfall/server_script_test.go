package main

import (
	"context"
	"encoding/csv"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/server"
)

// serving serves a home until the script ends: serving DIR
func serving(ts *testscript.TestScript, _ bool, args []string) {
	a, err := app.Open(context.Background(), app.Config{Home: ts.MkAbs(args[0]), Version: version, Log: slog.New(slog.DiscardHandler)})
	ts.Check(err)
	s, err := server.Open(server.Config{App: a, Listen: "127.0.0.1:0"})
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	ts.Defer(func() {
		stop()
		end, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		ts.Check(errors.Join(<-done, a.Close(end)))
	})
}

// sameShape compares two CSV files but for what differs from home to home (ids,
// digests, times): sameshape A B
func sameShape(ts *testscript.TestScript, _ bool, args []string) {
	read := func(name string) [][]string {
		rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(name))).ReadAll()
		ts.Check(err)
		for _, r := range rows[1:] {
			for i, head := range rows[0] {
				if slices.Contains([]string{"id", "created", "updated"}, head) {
					r[i] = ""
				}
			}
		}
		return rows
	}
	a, b := read(args[0]), read(args[1])
	if !slices.EqualFunc(a, b, slices.Equal) {
		ts.Fatalf("they differ:\n%v\n%v", a, b)
	}
}

// cut takes bytes off the end of a file: cut FILE N
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-n))
}
