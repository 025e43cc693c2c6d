package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// edit replaces text in a scenario's document.
func edit(t *testing.T, dir, old, with string) {
	t.Helper()
	path := filepath.Join(dir, "scenario.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%q is not in\n%s", old, raw)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), old, with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestModelMisbehaves: an endpoint that hangs, cuts, floods, or answers with
// pages and errors for good on some cases spoils those alone, each under the
// code of what happened; and once it is well, those alone are asked again.
func TestModelMisbehaves(t *testing.T) {
	t.Parallel()
	faults := map[string]llmtest.Reply{
		"parcel 50": {Fault: llmtest.Hang}, "parcel 51": {Fault: llmtest.Cut, Text: "delivery"}, "parcel 52": {Fault: llmtest.HTML},
		"parcel 53": {Fault: llmtest.InOK, Text: "delivery"}, "parcel 54": {Fault: llmtest.BadSSE, Text: "delivery"}, "parcel 55": {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "0"}},
		"parcel 56": {Status: http.StatusInternalServerError}, "parcel 57": {Fault: llmtest.Drop},
	}
	want := map[string]int{"llm.too_slow": 1, "llm.cut": 2, "llm.html": 1, "llm.error_in_ok": 1, "llm.json": 1, "llm.rate_limited": 1, "llm.server": 1}
	var well atomic.Bool
	var calls atomic.Int64
	server := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		calls.Add(1)
		for at, r := range faults {
			if strings.Contains(string(c.Body), at) && !well.Load() {
				return r
			}
		}
		if strings.Contains(string(c.Body), "parcel") {
			return llmtest.Reply{Text: "delivery"}
		}
		return llmtest.Reply{Text: "refund"}
	})
	a, dir := opened(t), withModel(t, server, "100")
	edit(t, dir, "allows: [internal]", "allows: [internal], timeout_s: 1")
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := measured(t, a, dir, info)
	if !maps.Equal(c.ErrorCodes, want) || c.Errors != len(faults) || c.Overall.Correct != 120-len(faults) || c.Overall.N != 120 {
		t.Errorf("%d of %d right, %d errors: %v", c.Overall.Correct, c.Overall.N, c.Errors, c.ErrorCodes)
	}
	for _, lang := range []string{"en", "zh"} {
		var page strings.Builder
		r, err := a.Report(t.Context(), dir, &info)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.HTML(&page, *r, lang); err != nil || !strings.Contains(page.String(), "llm.too_slow") {
			t.Errorf("the report in %s does not say what happened: %v", lang, err)
		}
		page.Reset()
		if err := report.Terminal(&page, *r, lang, false); err != nil || !strings.Contains(page.String(), "llm.html 1") {
			t.Errorf("the first screen in %s does not say what happened: %v\n%s", lang, err, page.String())
		}
	}
	well.Store(true)
	before := calls.Load()
	if info, err = a.Run(t.Context(), dir, app.RunOptions{Again: true}); err != nil {
		t.Fatal(err)
	}
	if c := measured(t, a, dir, info); c.Errors != 0 || c.Overall.Correct != 120 || calls.Load()-before != int64(len(faults)) {
		t.Errorf("again: %d right, %d errors after %d calls", c.Overall.Correct, c.Errors, calls.Load()-before)
	}
}

// TestKeyStaysSecret: a server that throws the key back in whatever it says
// does not bring it into the home, the report, or an error.
func TestKeyStaysSecret(t *testing.T) {
	const key = "sk-test-4f1d2c9be87a6053"
	t.Setenv("TEST_MODEL_KEY", key)
	server, _ := answering(t, func(_ int32, prompt string) llmtest.Reply {
		thrown := map[string]any{"message": "no such key: " + key, "type": "test_error"}
		switch {
		case strings.Contains(prompt, "parcel 51"):
			return llmtest.Reply{Status: http.StatusBadRequest, Error: thrown}
		case strings.Contains(prompt, "parcel 52"):
			return llmtest.Reply{Raw: []byte("<html><title>" + key + "</title></html>"), ContentType: "text/html"}
		}
		return llmtest.Reply{}
	})
	a, dir := opened(t), withModel(t, server, "100")
	edit(t, dir, "allows: [internal]", "allows: [internal], key_env: TEST_MODEL_KEY")
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sent := server.Calls()[0].Header.Get("Authorization")
	if sent != "Bearer "+key {
		t.Fatalf("the key did not reach the server, so this shows nothing: %q", sent)
	}
	r, err := a.Report(t.Context(), dir, &info)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	doc, err := json.Marshal(r)
	if err := errors.Join(err, report.HTML(&page, *r, "en")); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), key) || strings.Contains(string(doc), key) {
		t.Error("the key is in the report")
	}
	// An error that ends a run.
	refusing := llmtest.New(t, llmtest.Always(llmtest.Reply{Status: http.StatusUnauthorized, Error: map[string]any{"message": "bad key " + key}}))
	other := withModel(t, refusing, "100")
	edit(t, other, "allows: [internal]", "allows: [internal], key_env: TEST_MODEL_KEY")
	_, err = a.Run(t.Context(), other, app.RunOptions{})
	if !errors.Is(err, llm.ErrKeyRefused) {
		t.Errorf("ended with %v", err)
	} else if shown, _ := json.Marshal(fault.From(err)); strings.Contains(err.Error(), key) || strings.Contains(string(shown), key) {
		t.Error("the key is in the error")
	}
	for _, root := range []string{a.Home.Dir(), dir, other} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			if strings.Contains(string(raw), key) {
				t.Errorf("the key is in %s", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnnounced: what a run sends where is said once, before the first call,
// and nothing is said where nothing is sent.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	server, calls := answering(t, func(int32, string) llmtest.Reply { return llmtest.Reply{} })
	a, dir := opened(t), withModel(t, server, "5")
	v, err := app.Validate(t.Context(), dir)
	if err != nil || len(v.Sends) != 1 || v.Spend == nil || calls.Load() != 0 {
		t.Fatalf("%+v, %v after %d calls", v, err, calls.Load())
	}
	said := 0
	opt := app.RunOptions{MaxSpend: "0.30", Announce: func(sends []app.Sending, limit llm.Money) {
		said++
		s := sends[0]
		if calls.Load() != 0 && said == 1 {
			t.Error("said after the first call")
		}
		if s.Candidate != "m" || s.Cases != 120 || !s.Local || s.Classes[0] != "internal" || s.Expected.Amount.String() != "1.2" ||
			s.Input.Expected <= 120 || s.Output.Most != 1200 || !s.Bounded || limit.Amount.String() != "0.3" {
			t.Errorf("%+v, limit %v", s, limit)
		}
	}}
	if _, err := a.Run(t.Context(), dir, opt); !errors.Is(err, llm.ErrSpend) || calls.Load() > 30 {
		t.Errorf("0.30 at 0.01 a call: %v after %d calls", err, calls.Load())
	}
	opt.MaxSpend, opt.Announce = "", func([]app.Sending, llm.Money) { said++ }
	for range 2 { // the second has nothing to do
		if _, err := a.Run(t.Context(), dir, opt); err != nil {
			t.Fatal(err)
		}
	}
	if said != 2 || calls.Load() != 120 {
		t.Errorf("said %d times; %d calls for 120 cases", said, calls.Load())
	}
	for _, bad := range []string{"-1", "0", "much", "1e"} {
		if _, err := a.Run(t.Context(), dir, app.RunOptions{MaxSpend: bad}); !errors.Is(err, app.ErrMaxSpend) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestApplication judges an application behind HTTP as Dify's answer, within a
// limit of spend.
func TestApplication(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		var in struct{ Query string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v1/chat-messages" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := "refund"
		if strings.Contains(in.Query, "parcel") {
			answer = "delivery"
		}
		fmt.Fprintf(w, `{"event": "message", "answer": %q, "metadata": {}}`, answer) //nolint:errcheck // the client may have gone
	}))
	defer server.Close()
	head := strings.NewReplacer("%URL%", server.URL, "%SPEND%", "0.5").Replace(near)
	dir := handedOver(t, head, `  - http: {id: m, endpoint: near, path: /v1/chat-messages, request: ask.json, answer: /answer, rung: large-model, price: {version: v1, request: "0.01"}}
`)
	if err := os.WriteFile(filepath.Join(dir, "ask.json"), []byte(`{"inputs": {}, "query": {{json .Input}}, "user": "landfall"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := opened(t)
	opt := app.RunOptions{AllowEndpoints: []string{app.AllEndpoints}}
	if _, err := a.Run(t.Context(), dir, opt); !errors.Is(err, llm.ErrSpend) || calls.Load() > 50 {
		t.Fatalf("%v after %d calls", err, calls.Load())
	}
	opt.MaxSpend = "5"
	info, err := a.Run(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	if c := measured(t, a, dir, info); c.Overall.Correct != 120 || c.Errors != 0 || c.Provenance != evidence.Measured || c.CostPerTask.Calls != "0.01" {
		t.Errorf("%+v", c)
	}
	if err := os.WriteFile(filepath.Join(dir, "ask.json"), []byte(`{"query": "{{.Input}}"`), 0o600); err != nil {
		t.Fatal(err)
	}
	before := calls.Load()
	if _, err := a.Run(t.Context(), dir, opt); fault.From(err).Code != "remote.made" || calls.Load() != before {
		t.Errorf("a template that makes no JSON: %v after %d calls", err, calls.Load()-before)
	}
}

// TestSampledPeople: a sample of what people answer is measured like every
// candidate, on the sampled cases, and is imported. A vendor's recording has no
// such choice: the cases that it leaves out count as wrong.
func TestSampledPeople(t *testing.T) {
	t.Parallel()
	dir := handedOver(t, "costs: {currency: CNY, lines: [{id: pay, for: human, per: task, amount: 3}]}\ntraffic: {per_year: 1000}",
		"  - human: {answers: people.csv, system: ticket sample of October}\n  - recorded: {id: m, file: people.csv, system: a vendor, rung: large-model}\n")
	var test, people strings.Builder
	test.WriteString("id,text,answer\n")
	people.WriteString("case,answer,latency_ms\n")
	for i := range 60 {
		fmt.Fprintf(&test, "d%d,where is the parcel %d,delivery\nr%d,money back for %d,refund\n", i, i, i, i)
		if i < 20 {
			wrong := "delivery"
			if i > 0 {
				wrong = "refund"
			}
			fmt.Fprintf(&people, "d%d,delivery,61000\nr%d,%s,59000\n", i, i, wrong)
		}
	}
	edit(t, dir, "    text: {role: input", "    id: {role: id}\n    text: {role: input")
	for name, body := range map[string]string{"test.csv": test.String(), "people.csv": people.String(),
		"train.csv": strings.ReplaceAll(strings.ReplaceAll(test.String(), "\nd", "\ntd"), "\nr", "\ntr")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := opened(t)
	info, err := a.Run(t.Context(), dir, app.RunOptions{Announce: func([]app.Sending, llm.Money) { t.Error("nothing is sent") }})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(t.Context(), dir, &info)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]poc.CandidateMeasurement{}
	for _, c := range r.POC.Candidates {
		by[c.ID] = c
	}
	h, m := by["human"], by["m"]
	if h.Overall.N != 40 || h.Overall.Correct != 39 || h.Provenance != evidence.Imported || h.Source != "ticket sample of October" || h.Rung != poc.Human ||
		h.LatencyMs == nil || h.LatencyMs.P50 < 59000 || h.LatencyMs.P50 > 61000 {
		t.Errorf("people: %+v", h)
	}
	if m.Overall.N != 120 || m.Overall.Correct != 39 || m.ErrorCodes["recorded.no_answer"] != 80 || m.Provenance != evidence.Imported {
		t.Errorf("the vendor: %+v", m)
	}
}
