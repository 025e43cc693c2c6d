//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// daemon is a `landfall serve` that is spoken to over its home's socket.
type daemon struct {
	home string
	cmd  *exec.Cmd
	log  *bytes.Buffer
	http *http.Client
}

// daemon starts a server and waits until it takes requests.
func start(t *testing.T, home string, args ...string) *daemon {
	t.Helper()
	d := &daemon{home: home, log: &bytes.Buffer{}}
	d.cmd = command(t, home, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	d.cmd.Stderr = d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(home, "landfall.sock"))
	}}}
	t.Cleanup(func() { d.kill() })
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err := d.http.Get("http://landfall/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return d
			}
		}
		if time.Now().After(until) {
			t.Fatalf("the server is not ready:\n%s", d.log)
		}
	}
}

// kill ends the server as a power cut would.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// call returns status and body of a request; 0 if there was no answer.
func (d *daemon) call(method, path, kind string, body io.Reader) (int, []byte) {
	req, err := http.NewRequest(method, "http://landfall/api/v1"+path, body)
	if err != nil {
		return 0, nil
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := d.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, raw
}

// TestKillServer kills a server while it takes files and while it runs: what
// was acknowledged is there, what was measured is not measured again, and the
// run comes to the end that it would have come to.
func TestKillServer(t *testing.T) {
	t.Parallel()
	home, dir := filepath.Join(t.TempDir(), "home"), example(t, "bank-support")
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	acknowledged := map[string]bool{}
	for range 5 {
		d := start(t, home)
		stop := time.AfterFunc(time.Duration(20+rng.IntN(300))*time.Millisecond, d.kill)
		for i := 0; ; i++ {
			content := bytes.Repeat([]byte(fmt.Sprintf("%d %d ", rng.Uint64(), i)), 1<<rng.IntN(15))
			status, raw := d.call("POST", "/teams/team_local/files", "application/octet-stream", bytes.NewReader(content))
			if status == 0 {
				break
			}
			var f struct{ SHA256 string }
			if status != http.StatusCreated || json.Unmarshal(raw, &f) != nil {
				t.Fatalf("upload: %d %s", status, raw)
			}
			acknowledged[f.SHA256] = true
		}
		stop.Stop()
		_ = d.cmd.Wait()
	}
	d := start(t, home)
	var digests []string
	for a := range acknowledged {
		digests = append(digests, a)
	}
	question, err := json.Marshal(map[string]any{"digests": digests})
	if err != nil {
		t.Fatal(err)
	}
	if status, raw := d.call("POST", "/teams/team_local/files/missing", "application/json", bytes.NewReader(question)); status != 200 || !strings.Contains(string(raw), `"missing":[]`) {
		t.Fatalf("of %d acknowledged files some are gone: %d %.300s", len(digests), status, raw)
	}
	for _, a := range digests {
		if _, err := os.Stat(filepath.Join(home, "blobs", "sha256", a[:2], a[2:])); err != nil {
			t.Errorf("acknowledged and gone: %v", err)
		}
	}

	landfall(t, home, 0, "push", dir)
	var run struct{ ID, State string }
	if status, raw := d.call("POST", "/scenarios/bank-support/runs", "application/json", strings.NewReader("{}")); status != http.StatusAccepted || json.Unmarshal(raw, &run) != nil {
		t.Fatalf("start: %d %s", status, raw)
	}
	kills := 0
	for range 6 {
		time.Sleep(time.Duration(100+rng.IntN(900)) * time.Millisecond) // where in the run the kill falls is the point
		_, raw := d.call("GET", "/runs/"+run.ID, "", nil)
		if json.Unmarshal(raw, &run) == nil && run.State == "done" {
			break
		}
		d.kill()
		kills++
		d = start(t, home)
	}
	for until := time.Now().Add(2 * time.Minute); run.State != "done"; time.Sleep(100 * time.Millisecond) {
		_, raw := d.call("GET", "/runs/"+run.ID, "", nil)
		if json.Unmarshal(raw, &run) != nil || run.State == "failed" || time.Now().After(until) {
			t.Fatalf("after %d kills: %s\n%s", kills, raw, d.log)
		}
	}
	t.Logf("%d files acknowledged, %d kills of the run", len(digests), kills)
	d.kill()
	landfall(t, home, 0, "evidence", "verify")
	// Undisturbed, in a home of its own, it concludes the same.
	other := filepath.Join(t.TempDir(), "other")
	landfall(t, other, 0, "run", dir)
	if got, want := conclusionOf(t, home, dir), conclusionOf(t, other, dir); !equal(got, want) {
		t.Errorf("killed\n%s\nundisturbed\n%s", dump(got), dump(want))
	}
}

var generated = regexp.MustCompile(`(\d+) generated`)

// TestSchemathesis has thousands of requests made of the OpenAPI document: no
// fault of the server, no status and no answer that it does not document.
func TestSchemathesis(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(filepath.Join("..", "scripts", "schemathesis.sh")).Output()
	if err != nil {
		missing(t, "schemathesis cannot be installed")
	}
	each := 45 // examples of each operation: some 2,000 in all
	if n, err := strconv.Atoi(os.Getenv("LANDFALL_EXAMPLES")); err == nil {
		each = n
	}
	home := filepath.Join(t.TempDir(), "home")
	d := start(t, home, "--demo")
	for until := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if _, raw := d.call("GET", "/runs", "", nil); strings.Contains(string(raw), `"state":"done"`) {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the demo does not end:\n%s", d.log)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go forward(l, filepath.Join(home, "landfall.sock"))
	at := "http://" + l.Addr().String() + "/api/v1"
	cmd := exec.Command(strings.TrimSpace(string(out)), "run", at+"/openapi.json", "--url", at, "-n", strconv.Itoa(each), "--no-color",
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
		"--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all",
		"--exclude-path-regex", "/events$") // a stream has no end
	cmd.Dir = t.TempDir()
	report, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, report)
	}
	m := generated.FindStringSubmatch(string(report))
	if m == nil {
		t.Fatalf("no count of examples in\n%s", report)
	}
	if n, _ := strconv.Atoi(m[1]); n < 40*each {
		t.Errorf("only %d examples", n)
	} else {
		t.Logf("%d examples", n)
	}
	if strings.Contains(d.log.String(), `"level":"ERROR"`) {
		t.Errorf("the server logged errors:\n%s", d.log)
	}
}

// forward carries connections to a socket.
func forward(l net.Listener, socket string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		u, err := net.Dial("unix", socket)
		if err != nil {
			_ = c.Close()
			continue
		}
		half := func(to, from net.Conn) {
			_, _ = io.Copy(to, from) // either end may go first
			_ = to.Close()
			_ = from.Close()
		}
		go half(u, c)
		go half(c, u)
	}
}
