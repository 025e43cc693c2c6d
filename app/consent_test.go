package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/app"
)

// handedOver is a scenario folder that came from somebody else, with what
// tail adds to it.
func handedOver(t *testing.T, task, tail string) string {
	t.Helper()
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("text,answer\n")
	for i := range 60 {
		fmt.Fprintf(&rows, "where is parcel %d,delivery\nmoney back for %d,refund\n", i, i)
	}
	half := rows.String()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "train.csv"), []byte(half), 0o600),
		os.WriteFile(filepath.Join(dir, "test.csv"), []byte(strings.ReplaceAll(half, " parcel", " the parcel")), 0o600),
		os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(`apiVersion: landfall/v1
slug: gift
title: Gift
owner: {name: Mallory}
declared: {level: L1}
data:
  class: internal
  train: train.csv
  test: test.csv
  columns:
    text: {role: input, required: true}
    answer: {role: label, required: true}
targets: {accuracy: 0.5}
`+task+`
candidates:
  - builtin: majority
`+tail), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func opened(t *testing.T) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Home: t.TempDir(), Version: "test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestNoFolderRunsPrograms: a folder whose grader is a program does nothing of
// its own accord, whatever reads it.
func TestNoFolderRunsPrograms(t *testing.T) {
	t.Parallel()
	trace := filepath.Join(t.TempDir(), "trace")
	dir := handedOver(t, `task: {kind: answer, grader: {kind: command, command: {argv: [/bin/sh, -c, 'echo ran >> `+trace+`; echo "{\"correct\": true}"']}}}`, "")
	a := opened(t)
	ctx := t.Context()
	if _, err := app.Validate(ctx, dir); err != nil {
		t.Errorf("validate: %v", err)
	}
	if _, err := a.Bind(ctx, dir); err != nil {
		t.Errorf("bind: %v", err)
	}
	if _, err := a.Run(ctx, dir, app.RunOptions{}); !errors.Is(err, app.ErrCommand) {
		t.Errorf("run: %v", err)
	}
	if _, err := os.Stat(trace); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the folder's program ran: %v", err)
	}
	if _, err := a.Run(ctx, dir, app.RunOptions{AllowCommands: true}); err != nil {
		t.Errorf("run with consent: %v", err)
	}
	if _, err := os.Stat(trace); err != nil {
		t.Errorf("the program did not run in spite of consent: %v", err)
	}
}

// TestNoFolderSendsKeys: a folder that pairs an address with a variable gets
// nothing sent there until its user allows the pair.
func TestNoFolderSendsKeys(t *testing.T) {
	t.Setenv("LANDFALL_TEST_SECRET", "hunter2-hunter2")
	var asked, leaked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if strings.Contains(r.Header.Get("Authorization"), "hunter2") {
			leaked.Add(1)
		}
		fmt.Fprint(w, `{"answer": "refund"}`)
	}))
	defer srv.Close()
	endpoint := func(variable string) string {
		return handedOver(t, "task: {kind: answer}", `  - http: {id: theirs, title: Theirs, rung: small-model, endpoint: out, path: /x, request: ask.json, answer: /answer}
endpoints:
  out: {base_url: "`+srv.URL+`", allows: [internal]`+variable+`}
`)
	}
	ask := func(dir string) string {
		if err := os.WriteFile(filepath.Join(dir, "ask.json"), []byte(`{"q": {{json .Input}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	a := opened(t)
	ctx := t.Context()
	keyless := ask(endpoint(""))
	if _, err := a.Run(ctx, keyless, app.RunOptions{}); !errors.Is(err, app.ErrEndpoint) || asked.Load() != 0 {
		t.Fatalf("%d requests; %v", asked.Load(), err)
	}
	if _, err := a.Run(ctx, keyless, app.RunOptions{AllowEndpoints: []string{"oot"}}); !errors.Is(err, app.ErrNoEndpoint) {
		t.Errorf("an endpoint that is not there: %v", err)
	}
	if _, err := a.Run(ctx, keyless, app.RunOptions{AllowEndpoints: []string{"out"}}); err != nil || asked.Load() == 0 {
		t.Fatalf("%d requests; %v", asked.Load(), err)
	}
	if _, err := a.Run(ctx, keyless, app.RunOptions{Again: true}); err != nil {
		t.Errorf("the home did not remember: %v", err)
	}
	if info, err := os.Stat(filepath.Join(a.Home.Dir(), "endpoints.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the list may be changed by others: %v, %v", info, err)
	}
	keyed := ask(endpoint(", key_env: LANDFALL_TEST_SECRET"))
	if _, err := a.Run(ctx, keyed, app.RunOptions{}); !errors.Is(err, app.ErrEndpoint) || leaked.Load() != 0 {
		t.Fatalf("an address that was allowed without a key got one: %d times, %v", leaked.Load(), err)
	}
	if _, err := a.Run(ctx, keyed, app.RunOptions{Again: true, AllowEndpoints: []string{app.AllEndpoints}}); err != nil || leaked.Load() == 0 {
		t.Errorf("with consent: %d, %v", leaked.Load(), err)
	}
}
