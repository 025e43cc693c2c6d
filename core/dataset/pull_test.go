package dataset_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

const content = "text,category\nhello,greet\n"

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// left returns the files below dir.
func left(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPull(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(content)) })
	mux.HandleFunc("/other", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("something else")) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the client has gone, or the server closes
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)

	for _, c := range []struct {
		name   string
		source dataset.Source // with the URL's path
		data   string         // in the data folder
		old    string         // in the scenario folder
		from   dataset.Origin
		want   fault.Def
	}{
		{name: "fetched", source: dataset.Source{URL: "/good"}, from: dataset.Network},
		{name: "fetched within its size", source: dataset.Source{URL: "/good", Bytes: int64(len(content))}, from: dataset.Network},
		{name: "there already", source: dataset.Source{URL: "/other"}, old: content, from: dataset.Present},
		{name: "replaced", source: dataset.Source{URL: "/good"}, old: "stale", from: dataset.Network},
		{name: "from the data folder", source: dataset.Source{URL: "/other"}, data: content, from: dataset.Local},
		{name: "wrong in the data folder", source: dataset.Source{URL: "/good"}, data: "wrong", from: dataset.Network},
		{name: "wrong digest", source: dataset.Source{URL: "/other"}, want: dataset.ErrDigest},
		{name: "wrong digest keeps what was there", source: dataset.Source{URL: "/other"}, old: "stale", want: dataset.ErrDigest},
		{name: "larger than stated", source: dataset.Source{URL: "/good", Bytes: 5}, want: dataset.ErrTooLarge},
		{name: "cut off", source: dataset.Source{URL: "/cut"}, want: dataset.ErrFetch},
		{name: "not found", source: dataset.Source{URL: "/none"}, want: dataset.ErrStatus},
		{name: "slow", source: dataset.Source{URL: "/slow"}, want: dataset.ErrSlow},
		{name: "out of the folder", source: dataset.Source{URL: "/good", Path: "../x.csv"}, want: dataset.ErrPath},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir, data := filepath.Join(parent, "scenario"), filepath.Join(parent, "data")
			folder(t, dir, map[string]string{"scenario.yaml": ""})
			if c.old != "" {
				folder(t, dir, map[string]string{"data/a.csv": c.old})
			}
			if c.data != "" {
				folder(t, data, map[string]string{"set/a.csv": c.data})
			}
			s := c.source
			s.URL, s.SHA256, s.Local = server.URL+s.URL, sha(content), "set/a.csv"
			if s.Path == "" {
				s.Path = "data/a.csv"
			}
			o := dataset.PullOptions{DataDir: data, Client: server.Client()}
			if c.want.Code == dataset.ErrSlow.Code {
				o.Timeout = 50 * time.Millisecond
			}
			var seen int64
			o.Progress = func(_ string, done, _ int64) { seen = done }
			got, err := dataset.Pull(context.Background(), dir, []dataset.Source{s}, o)
			if c.want.Code != "" {
				if !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %s", err, c.want.Code)
				}
				for _, f := range left(t, parent) {
					if strings.Contains(f, "part") || (f == "a.csv" && c.old == "") || f == "x.csv" {
						t.Errorf("left behind: %s", f)
					}
				}
				if c.old != "" {
					if b, err := os.ReadFile(filepath.Join(dir, "data/a.csv")); err != nil || string(b) != c.old {
						t.Errorf("what was there became %q (%v)", b, err)
					}
				}
				return
			}
			if err != nil || len(got) != 1 || got[0].From != c.from || got[0].Bytes != int64(len(content)) {
				t.Fatalf("got %+v, %v", got, err)
			}
			if c.from != dataset.Present && seen != int64(len(content)) {
				t.Errorf("progress reported %d bytes", seen)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "data/a.csv")); err != nil || string(b) != content {
				t.Errorf("content %q (%v)", b, err)
			}
		})
	}
}

func TestPullReachesNothingPrivate(t *testing.T) {
	t.Parallel()
	hit := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		url  string
		want fault.Def
	}{
		{server.URL, dataset.ErrPrivate},
		{"https://[::1]:1/x", dataset.ErrPrivate},
		{"https://[::ffff:127.0.0.1]/x", dataset.ErrPrivate},
		{"https://10.1.2.3/x", dataset.ErrPrivate},
		{"https://192.168.0.1/x", dataset.ErrPrivate},
		{"https://169.254.169.254/latest/meta-data", dataset.ErrPrivate},
		{"https://100.64.0.1/x", dataset.ErrPrivate},
		{"https://[fd00::1]/x", dataset.ErrPrivate},
		{"https://[fe80::1]/x", dataset.ErrPrivate},
		{"https://[64:ff9b::7f00:1]/x", dataset.ErrPrivate},
		{"https://0.0.0.0/x", dataset.ErrPrivate},
		{"http://example.com/x", dataset.ErrURL},
		{"file:///etc/passwd", dataset.ErrURL},
	} {
		dir := t.TempDir()
		_, err := dataset.Pull(context.Background(), dir, []dataset.Source{{Path: "a.csv", URL: c.url, SHA256: sha(content)}}, dataset.PullOptions{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %s", c.url, err, c.want.Code)
		}
		if files := left(t, dir); len(files) > 0 {
			t.Errorf("%s left %v behind", c.url, files)
		}
	}
	if hit {
		t.Error("a request reached a private address")
	}
}

func TestPublicClientStaysOnHTTPS(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := "http://example.com/plain"
		if r.URL.Path == "/round" {
			to = server.URL + "/round"
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	client := server.Client() // reaches the test server …
	client.CheckRedirect = dataset.PublicClient().CheckRedirect
	for path, want := range map[string]fault.Def{"/plain": dataset.ErrURL, "/round": dataset.ErrRedirects} {
		_, err := dataset.Pull(context.Background(), t.TempDir(), []dataset.Source{{Path: "a.csv", URL: server.URL + path, SHA256: sha(content)}},
			dataset.PullOptions{Client: client})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %s", path, err, want.Code)
		}
	}
}

// lateBody ends in good form, but only once the request's time is up: what a
// server's last chunk looks like if it overtakes the closing of the connection.
type lateBody struct{ done <-chan struct{} }

func (b lateBody) Read([]byte) (int, error) {
	<-b.done
	return 0, io.EOF
}

func (lateBody) Close() error { return nil }

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPullTakesNoCutOffAnswerForAWrongOne(t *testing.T) {
	t.Parallel()
	sources := []dataset.Source{{Path: "a.csv", URL: "https://example.com/", SHA256: sha(content)}}
	ctx, cancel := context.WithCancel(context.Background())
	for _, c := range []struct {
		name   string
		ctx    context.Context
		limit  time.Duration
		answer func()
		want   error
	}{
		{"too slow", context.Background(), time.Millisecond, func() {}, dataset.ErrSlow},
		{"canceled", ctx, time.Hour, cancel, context.Canceled},
	} {
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			c.answer()
			return &http.Response{StatusCode: http.StatusOK, Body: lateBody{r.Context().Done()}, Request: r}, nil
		})}
		dir := t.TempDir()
		_, err := dataset.Pull(c.ctx, dir, sources, dataset.PullOptions{Client: client, Timeout: c.limit})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if files := left(t, dir); len(files) > 0 {
			t.Errorf("%s: left %v behind", c.name, files)
		}
	}
}

func TestPullIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := dataset.Pull(ctx, t.TempDir(), []dataset.Source{{Path: "a.csv", URL: "https://example.com/", SHA256: sha(content)}}, dataset.PullOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
