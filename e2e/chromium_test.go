//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium, spoken to over pipes by its DevTools
// protocol (https://chromedevtools.github.io/devtools-protocol/).
type browser struct {
	t       *testing.T
	to      io.Writer
	mu      sync.Mutex
	id      int
	answers map[int]chan message
	events  []message // of all sessions, in their order
	heard   *sync.Cond
	gone    error
	closing bool
}

type message struct {
	ID      int                       `json:"id,omitempty"`
	Method  string                    `json:"method,omitempty"`
	Params  json.RawMessage           `json:"params,omitempty"`
	Result  json.RawMessage           `json:"result,omitempty"`
	Session string                    `json:"sessionId,omitempty"`
	Error   *struct{ Message string } `json:"error,omitempty"`
}

// limit bounds every wait for the browser; it decides no result.
const limit = time.Minute

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		missing(t, "Chromium is not installed: make setup")
	}
	pipe := func() (*os.File, *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return r, w
	}
	theirsIn, to := pipe()
	from, theirsOut := pipe()
	profile, err := os.MkdirTemp("", "landfall-e2e-chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--force-color-profile=srgb", "--font-render-hinting=none",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirsIn, theirsOut} // 3 and 4, as the protocol wants
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirsIn.Close() // the child has them
	_ = theirsOut.Close()
	b := &browser{t: t, to: to, answers: map[int]chan message{}}
	b.heard = sync.NewCond(&b.mu)
	go b.listen(from)
	t.Cleanup(func() {
		b.mu.Lock()
		b.closing = b.gone == nil
		b.mu.Unlock()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: the error is expected
		_ = to.Close()
		for range 50 { // its children may still write
			if os.RemoveAll(profile) == nil {
				break
			}
		}
		if b.gone != nil && t.Failed() && !b.closing {
			t.Log(errs.String())
		}
	})
	return b
}

func (b *browser) listen(from io.Reader) {
	in := bufio.NewReader(from)
	for {
		raw, err := in.ReadBytes(0)
		var m message
		if err == nil {
			err = json.Unmarshal(bytes.TrimSuffix(raw, []byte{0}), &m)
		}
		b.mu.Lock()
		switch {
		case err != nil:
			b.gone = err
			for _, c := range b.answers {
				close(c)
			}
			b.answers = nil
			b.heard.Broadcast()
			b.mu.Unlock()
			return
		case m.ID != 0:
			b.answers[m.ID] <- m
			delete(b.answers, m.ID)
		default:
			b.events = append(b.events, m)
			b.heard.Broadcast()
		}
		b.mu.Unlock()
	}
}

// call sends a command and returns its result.
func (b *browser) call(session, method string, params any, into any) {
	b.t.Helper()
	p, err := json.Marshal(params)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	if b.gone != nil {
		b.mu.Unlock()
		b.t.Fatalf("%s: the browser is gone: %v", method, b.gone)
	}
	b.id++
	answer := make(chan message, 1)
	b.answers[b.id] = answer
	raw, err := json.Marshal(message{ID: b.id, Method: method, Params: p, Session: session})
	if err == nil {
		_, err = b.to.Write(append(raw, 0))
	}
	b.mu.Unlock()
	if err != nil {
		b.t.Fatal(err)
	}
	select {
	case m, ok := <-answer:
		if !ok || m.Error != nil {
			b.t.Fatalf("%s: %+v", method, m.Error)
		}
		if into != nil {
			if err := json.Unmarshal(m.Result, into); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-time.After(limit):
		b.t.Fatalf("%s: no answer", method)
	}
}

// event waits for an event of a session.
func (b *browser) event(session, method string) {
	b.t.Helper()
	timer := time.AfterFunc(limit, b.heard.Broadcast)
	defer timer.Stop()
	end := time.Now().Add(limit)
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for _, m := range b.events {
			if m.Session == session && m.Method == method {
				return
			}
		}
		if b.gone != nil || time.Now().After(end) {
			b.t.Fatalf("%s did not come: %v", method, b.gone)
		}
		b.heard.Wait()
	}
}

// view is how a page is looked at.
type view struct {
	width, height int
	dark          bool
	scale         float64
}

// page is one tab.
type page struct {
	*browser
	session, url string
}

// open loads a file and waits until it is drawn.
func (b *browser) open(path string, v view) *page {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	abs, err := filepath.Abs(path)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &page{browser: b, session: attached.SessionID, url: (&url.URL{Scheme: "file", Path: abs}).String()}
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		p.do(domain+".enable", map[string]any{}, nil)
	}
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	p.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": v.width, "height": v.height, "deviceScaleFactor": v.scale, "mobile": v.width < 600}, nil)
	p.do("Page.navigate", map[string]any{"url": p.url}, nil)
	b.event(p.session, "Page.loadEventFired")
	return p
}

func (p *page) do(method string, params, into any) {
	p.t.Helper()
	p.call(p.session, method, params, into)
}

// eval returns the value of an expression in the page.
func (p *page) eval(expression string, into any) {
	p.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	p.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Text)
	}
	if err := json.Unmarshal(r.Result.Value, into); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// shot is a picture as PNG: of the whole page, or of its first height pixels.
func (p *page) shot(height float64) []byte {
	p.t.Helper()
	params := map[string]any{"format": "png", "captureBeyondViewport": true}
	var size struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	p.do("Page.getLayoutMetrics", map[string]any{}, &size)
	if height <= 0 {
		height = size.CSSContentSize.Height
	}
	params["clip"] = map[string]any{"x": 0, "y": 0, "width": size.CSSContentSize.Width, "height": height, "scale": 1}
	var r struct{ Data string }
	p.do("Page.captureScreenshot", params, &r)
	return unbase64(p.t, r.Data)
}

func (p *page) pdf() []byte {
	p.t.Helper()
	var r struct{ Data string }
	p.do("Page.printToPDF", map[string]any{"printBackground": true, "preferCSSPageSize": true}, &r)
	return unbase64(p.t, r.Data)
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// trouble lists what the page asked of a network and what its console says.
func (p *page) trouble() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.events {
		if m.Session != p.session {
			continue
		}
		switch m.Method {
		case "Network.requestWillBeSent":
			var e struct{ Request struct{ URL string } }
			if err := json.Unmarshal(m.Params, &e); err != nil || e.Request.URL != p.url {
				out = append(out, fmt.Sprintf("it asks for %s %v", e.Request.URL, err))
			}
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
			out = append(out, m.Method+" "+string(m.Params))
		}
	}
	return out
}
