//go:build e2e && model

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// orders is a scenario of 200 extractions: the number and the city of an order,
// as JSON that the server is made to constrain.
const orders = `apiVersion: landfall/v1
slug: orders
title: Orders by message
owner: {name: Lin}
declared: {level: L2}
task: {kind: extract, schema: order.schema.json}
data:
  class: internal
  test: test.csv
  columns:
    id: {role: id}
    text: {role: input, required: true}
    city: {role: tag}
    answer: {role: resolution, required: true}
targets: {accuracy: 0.8}
endpoints:
  near: {base_url: %URL%, allows: [internal], timeout_s: 120}
candidates:
  - model:
      id: small
      title: SmolLM2 135M
      rung: small-model
      endpoint: near
      model: smollm2
      prompt: prompt.txt
      structured: json_object_schema
      parameters: {temperature: 0, seed: 1, max_tokens: 32}
      price: {version: "2026-11", input: "1", output: "2"}
costs: {currency: CNY, lines: [{id: upkeep, for: small, per: task, amount: 0.001}]}
traffic: {per_year: 100000}
run: {concurrency: 2, spend: "1"}
`

const ordersAtOnce = 2 // the concurrency above

const orderSchema = `{"type":"object","properties":{"order":{"type":"string","pattern":"^[0-9]{5}$"},"city":{"enum":["Leeds","York","Bath","Hull"]}},"required":["order","city"],"additionalProperties":false}`

func ordersFolder(t *testing.T, base string) string {
	t.Helper()
	dir := t.TempDir()
	cities := []string{"Leeds", "York", "Bath", "Hull"}
	ways := []string{"Order %d: send it to %s.", "Please ship %d to our office in %s.", "My order %d should go to %s, not to my home.", "Number %d, deliver in %s on Monday."}
	var rows strings.Builder
	rows.WriteString("id,text,city,answer\n")
	for i := range 200 {
		n, city := 10000+i*7919%90000, cities[i/4%4]
		fmt.Fprintf(&rows, "o%03d,\"%s\",%s,\"{\"\"order\"\":\"\"%d\"\",\"\"city\"\":\"\"%s\"\"}\"\n", i, fmt.Sprintf(ways[i%4], n, city), city, n, city)
	}
	for name, body := range map[string]string{
		"scenario.yaml": strings.Replace(orders, "%URL%", base, 1), "order.schema.json": orderSchema, "test.csv": rows.String(),
		"prompt.txt": "Write the order number and the city of the message as JSON.\nMessage: {{.Input}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestModel takes 200 cases through a real model behind llama.cpp's server. A
// proxy between counts the calls, and interrupts the first run in the midst of
// them.
func TestModel(t *testing.T) {
	address := os.Getenv("LANDFALL_MODEL_URL")
	if address == "" {
		missing(t, "LANDFALL_MODEL_URL names no model server: run make e2e-model")
	}
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var calls, whole atomic.Int64
	var stop atomic.Pointer[os.Process]
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: server.Scheme, Host: server.Host})
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	proxy.ModifyResponse = func(r *http.Response) error {
		r.Body = &overheard{ReadCloser: r.Body, whole: &whole}
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 60 {
			if err := stop.Load().Signal(syscall.SIGINT); err != nil {
				t.Error(err)
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	defer front.Close()
	home, dir := filepath.Join(t.TempDir(), "home"), ordersFolder(t, front.URL+server.Path)

	var valid struct {
		Sends []struct {
			Candidate, Host string
			Cases           int
			Local           bool
			Most            struct{ Amount, Currency string }
		}
	}
	decode(t, landfall(t, home, 0, "validate", dir, "-o", "json").out, &valid)
	if len(valid.Sends) != 1 || valid.Sends[0].Cases != 200 || !valid.Sends[0].Local || calls.Load() != 0 {
		t.Errorf("validate: %+v after %d calls", valid, calls.Load())
	}

	first := command(t, home, "run", dir)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	stop.Store(first.Process)
	if err := first.Wait(); err == nil || first.ProcessState.ExitCode() != 130 {
		t.Fatalf("interrupted: %v", err)
	}

	run := landfall(t, home, 10, "run", dir, "-o", "json") // with one candidate nothing can be saved
	// What the server itself gave up (an error, a stream without a reason to
	// finish, silence) is asked again. Of whole answers no more are repeated
	// than were in flight at the interruption: the proxy had heard them out,
	// the run that was interrupted had not.
	if n := whole.Load(); n < 200 || n > 200+ordersAtOnce {
		t.Errorf("%d whole answers to 200 cases in %d calls, %d at once", n, calls.Load(), ordersAtOnce)
	}
	for _, said := range []string{front.Listener.Addr().String(), "200", "CNY"} {
		if !strings.Contains(run.err, said) {
			t.Errorf("before the first call nothing was said of %s:\n%s", said, run.err)
		}
	}
	var report struct {
		Run *struct{ ID string }
		POC struct {
			Candidates []struct {
				ID, Provenance            string
				Errors                    int
				Overall                   struct{ N, Correct int }
				InputTokens, OutputTokens int64
				LatencyMs                 *struct{ P50 float64 } `json:"latency_ms"`
			}
		}
	}
	decode(t, run.out, &report)
	c := report.POC.Candidates[0]
	t.Logf("%d of %d right, p50 %v ms", c.Overall.Correct, c.Overall.N, c.LatencyMs)
	if c.ID != "small" || c.Provenance != "measured" || c.Errors != 0 || c.Overall.N != 200 || c.LatencyMs == nil || c.LatencyMs.P50 <= 0 {
		t.Errorf("%+v", c)
	}
	if c.Overall.Correct < 100 {
		t.Errorf("the model reads %d orders of 200: something is wrong with what it is asked", c.Overall.Correct)
	}
	var page struct {
		Items []struct{ Candidate, Resolution string }
	}
	decode(t, landfall(t, home, 0, "runs", "cases", report.Run.ID, "-o", "json").out, &page)
	number := regexp.MustCompile(`^[0-9]{5}$`)
	for _, x := range page.Items {
		var got struct{ Order, City string }
		if err := json.Unmarshal([]byte(x.Resolution), &got); err != nil || !number.MatchString(got.Order) || got.City == "" {
			t.Errorf("an answer is outside the schema: %s", x.Resolution)
		}
	}
	if len(page.Items) != 200 {
		t.Errorf("%d answers are kept", len(page.Items))
	}

	before := calls.Load()
	landfall(t, home, 10, "run", dir, "--again")
	if n := calls.Load() - before; n != 0 {
		t.Errorf("%d calls for answers that are at hand", n)
	}
}

// overheard counts answers that the server finished, with something in them.
type overheard struct {
	io.ReadCloser
	said  []byte
	whole *atomic.Int64
}

func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.said = append(o.said, p[:n]...)
	if errors.Is(err, io.EOF) && finishes.Match(o.said) && speaks.Match(o.said) {
		o.whole.Add(1)
	}
	return n, err
}

var (
	finishes = regexp.MustCompile(`"finish_reason":\s*"`)
	speaks   = regexp.MustCompile(`"content":\s*"[^"]`)
)
