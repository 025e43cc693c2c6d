package server_test

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/server"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/rest/problem"
)

const document = `apiVersion: landfall/v1
slug: desk
title: Desk
owner: {name: Ada}
declared: {level: L1}
data:
  class: internal
  train: train.csv
  test: test.csv
  columns:
    id: {role: id}
    text: {role: input, required: true}
    answer: {role: resolution, required: true}
slices:
  - {id: all, level: L1, title: all cases}
traffic: {file: traffic.csv, source: desk log, per_year: 100000}
targets: {accuracy: 0.6, proven_share: 0.5}
candidates:
  - builtin: majority
  - builtin: keywords
costs:
  currency: CNY
  lines:
    - {id: tokens, for: keywords, per: task, amount: 0.1}
`

func cases(name string, n int) string {
	var b strings.Builder
	b.WriteString("id,text,answer\n")
	for i := range n {
		for _, c := range []string{"card", "loan"} {
			fmt.Fprintf(&b, "%s-%s-%d,about the %s number %d %s,%s\n", name, c, i, c, i, name, c)
		}
	}
	return b.String()
}

func desk() map[string]string {
	return map[string]string{"scenario.yaml": document, "train.csv": cases("train", 30), "test.csv": cases("test", 60), "traffic.csv": "slice,requests\nall,1000\n"}
}

// with is files with one of them replaced.
func with(files map[string]string, name, content string) map[string]string {
	out := maps.Clone(files)
	out[name] = content
	return out
}

func tarGz(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(files[name])), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// served is a server over TCP whose principals come from the header X-Test-As.
type served struct {
	t    *testing.T
	app  *app.App
	home string
	url  string
	stop context.CancelFunc
	done chan error
}

var people = map[string]auth.Principal{
	"all":     auth.Local("user_all", "All"),
	"a":       {ID: "user_a", Teams: map[string]auth.Permission{"team_a": auth.Read | auth.Contribute}},
	"b":       {ID: "user_b", Teams: map[string]auth.Permission{"team_b": auth.Read | auth.Contribute}},
	"reads a": {ID: "user_r", Teams: map[string]auth.Permission{"team_a": auth.Read}},
}

func serve(t *testing.T, home string) *served {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Home: home, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return serving(t, a)
}

// serving serves an open home until the test ends.
func serving(t *testing.T, a *app.App) *served {
	t.Helper()
	a.Teams = func(_ context.Context, id string) (string, error) {
		if !slices.Contains([]string{scenario.LocalTeam, "team_a", "team_b"}, id) {
			return "", scenario.ErrNoTeam.With("id", id, "local", scenario.LocalTeam)
		}
		return id, nil
	}
	s, err := server.Open(server.Config{App: a, Listen: "127.0.0.1:0", Authenticate: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), people[r.Header.Get("X-Test-As")])))
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	out := &served{t: t, app: a, home: a.Home.Dir(), url: s.URL(), done: make(chan error, 1)}
	go func() {
		err := s.Serve(ctx)
		end, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out.done <- errors.Join(err, a.Close(end))
	}()
	out.stop = sync.OnceFunc(func() {
		stop()
		if err := <-out.done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(out.stop)
	return out
}

type request struct {
	as, method, path, kind string
	body                   []byte
	header                 map[string]string
}

type reply struct {
	status int
	header http.Header
	body   []byte
	p      *problem.Problem
}

func (s *served) send(r request) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), r.method, s.url+r.path, bytes.NewReader(r.body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Test-As", r.as)
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

func (s *served) call(r request) reply {
	s.t.Helper()
	res := s.send(r)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, body: raw}
	out.p, _ = problem.Parse(res.Header.Get("Content-Type"), raw)
	return out
}

func (r reply) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
}

const gz = "application/gzip"

// create pushes a new scenario and returns its tag.
func (s *served) create(as, team string, files map[string]string) string {
	s.t.Helper()
	got := s.call(request{as: as, method: "POST", path: "/api/v1/teams/" + team + "/scenarios", kind: gz, body: tarGz(s.t, files)})
	if got.status != 201 || got.header.Get("ETag") == "" {
		s.t.Fatalf("create: %d %s", got.status, got.body)
	}
	return got.header.Get("ETag")
}

func TestOutside(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	for _, c := range []struct {
		r      request
		status int
		says   string
	}{
		{request{method: "GET", path: "/livez"}, 200, "ok"},
		{request{method: "GET", path: "/readyz"}, 200, "ready"},
		{request{method: "GET", path: "/"}, 200, "Landfall"},
		{request{method: "GET", path: "/api/v1/scenarios"}, 401, "rest.sign_in"},
		{request{as: "all", method: "GET", path: "/api/v1/scenarios"}, 200, `"items":[]`},
		{request{as: "all", method: "GET", path: "/api/v2/scenarios"}, 404, "rest.no_route"},
		{request{as: "all", method: "POST", path: "/api/v1/scenarios", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403, "server.cross_origin"},
		{request{method: "GET", path: "/metrics"}, 401, "rest.sign_in"},
		{request{as: "a", method: "GET", path: "/metrics"}, 403, "rest.denied"},
		{request{as: "all", method: "GET", path: "/metrics"}, 200, "landfall_store_up 1"},
		{request{as: "all", method: "GET", path: "/metrics"}, 200, `landfall_http_request_duration_seconds_count{method="GET",status="401",surface="api"} 1`},
		{request{as: "all", method: "GET", path: "/metrics"}, 200, `landfall_records{of="scenario"} 0`},
		{request{method: "GET", path: "/api/v1/docs"}, 200, "list-scenarios"},
		{request{method: "GET", path: "/api/v1/openapi.json"}, 200, `"openapi": "3.1.0"`},
	} {
		got := s.call(c.r)
		if got.status != c.status || !strings.Contains(string(got.body), c.says) {
			t.Errorf("%s %s as %q: %d %s", c.r.method, c.r.path, c.r.as, got.status, got.body)
		}
		if got.header.Get("Content-Security-Policy") == "" || got.header.Get("X-Request-Id") == "" || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s lacks headers: %v", c.r.path, got.header)
		}
		if strings.HasPrefix(c.r.path, "/api/") && got.status < 400 && got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", c.r.path)
		}
	}
	// The home's socket belongs to whoever owns the process.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return home.Dial(ctx, s.home) }}}
	res, err := client.Get("http://landfall/api/v1/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != 200 {
		t.Errorf("over the socket: %d %v", res.StatusCode, err)
	}
}

// What is pushed is checked like a folder of one's own, with the places inside
// it, and nothing of a bad one becomes a scenario.
func TestPushIsChecked(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	for name, c := range map[string]struct {
		kind   string
		body   []byte
		status int
		code   string
		place  string
	}{
		"misspelt":     {gz, tarGz(t, with(desk(), "scenario.yaml", strings.Replace(document, "targets:", "tragets:", 1))), 422, "scenario.unknown_field", "scenario.yaml:17:1"},
		"bad slice":    {gz, tarGz(t, with(desk(), "traffic.csv", "slice,requests\nnone,1\n")), 422, "scenario.file", "traffic.csv:2"},
		"no file":      {gz, tarGz(t, map[string]string{"scenario.yaml": document}), 404, "scenario.no_file", ""},
		"no document":  {gz, tarGz(t, map[string]string{"a": "b"}), 422, "scenario.manifest", ""},
		"an address":   {gz, tarGz(t, with(desk(), "scenario.yaml", document+"endpoints:\n  own: {base_url: 'http://169.254.169.254/', key_env: SECRET, allows: [internal]}\n")), 422, "scenario.served_endpoint", "scenario.yaml:26:3"},
		"a program":    {gz, tarGz(t, with(desk(), "scenario.yaml", document+"task: {kind: answer, grader: {kind: command, command: {argv: [/bin/true]}}}\n")), 422, "scenario.served_command", "scenario.yaml:25:22"},
		"climbs out":   {gz, tarGz(t, with(desk(), "../evil", "x")), 422, "pack.path", ""},
		"no archive":   {gz, []byte("hello"), 422, "pack.archive", ""},
		"no list":      {"application/json", []byte(`{"files":[{"path":"scenario.yaml","sha256":"x","size":1}]}`), 422, "scenario.manifest", ""},
		"unsent files": {"application/json", []byte(`{"files":[{"path":"scenario.yaml","sha256":"` + strings.Repeat("0", 64) + `","size":1}]}`), 409, "scenario.files_missing", ""},
		"a form":       {"application/x-www-form-urlencoded", []byte("a=b"), 415, "rest.body_type", ""},
	} {
		for _, path := range []string{"/scenarios", "/scenarios/validate"} {
			got := s.call(request{as: "all", method: "POST", path: "/api/v1/teams/team_a" + path, kind: c.kind, body: c.body})
			if got.p == nil || got.status != c.status || got.p.Code != c.code || !strings.HasPrefix(got.p.Place, c.place) || strings.Contains(string(got.body), s.home) {
				t.Errorf("%s to %s: %d %s, want %s at %s", name, path, got.status, got.body, c.code, c.place)
			}
		}
	}
	if got := s.call(request{as: "all", method: "GET", path: "/api/v1/scenarios"}); !strings.Contains(string(got.body), `"items":[]`) {
		t.Errorf("something of it stayed: %s", got.body)
	}
	valid := s.call(request{as: "all", method: "POST", path: "/api/v1/teams/team_a/scenarios/validate", kind: gz, body: tarGz(t, desk())})
	if valid.status != 200 || !strings.Contains(string(valid.body), `"test":120`) {
		t.Errorf("a good one: %d %s", valid.status, valid.body)
	}
}

// A digest gives a file to nobody who has not sent it or may not read it.
func TestDigestsGiveNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.create("a", "team_a", desk())
	var doc struct {
		Files []struct {
			Path, SHA256 string
			Size         int64
		}
	}
	s.call(request{as: "a", method: "GET", path: "/api/v1/scenarios/desk/document"}).decode(t, &doc)
	if len(doc.Files) != 4 {
		t.Fatalf("%+v", doc)
	}
	ask := map[string][]string{"digests": {}}
	list := map[string][]map[string]any{}
	for _, f := range doc.Files {
		ask["digests"] = append(ask["digests"], f.SHA256)
		list["files"] = append(list["files"], map[string]any{"path": f.Path, "sha256": f.SHA256, "size": f.Size})
	}
	question, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for who, missing := range map[string]int{"a": 0, "b": 4} {
		var answer app.MissingFiles
		s.call(request{as: who, method: "POST", path: "/api/v1/teams/team_" + who + "/files/missing", kind: "application/json", body: question}).decode(t, &answer)
		if len(answer.Missing) != missing {
			t.Errorf("%s is told that %d are missing", who, len(answer.Missing))
		}
	}
	got := s.call(request{as: "b", method: "POST", path: "/api/v1/teams/team_b/scenarios/validate", kind: "application/json", body: manifest})
	if got.status != 409 || got.p.Code != "scenario.files_missing" {
		t.Errorf("b makes a folder of a's files: %d %s", got.status, got.body)
	}
	for _, c := range []struct {
		as, method, path string
		status           int
	}{
		{"b", "GET", "/scenarios/desk/document", 404}, {"b", "GET", "/scenarios/desk/file?path=train.csv", 404}, {"b", "PUT", "/scenarios/desk", 404},
		{"b", "GET", "/revisions/desk@1", 404}, {"b", "GET", "/scenarios/desk/report.html", 404}, {"b", "POST", "/teams/team_a/files", 404},
		{"reads a", "GET", "/scenarios/desk/file?path=train.csv", 200}, {"reads a", "PUT", "/scenarios/desk", 403}, {"reads a", "POST", "/scenarios/desk/runs", 403},
	} {
		if got := s.call(request{as: c.as, method: c.method, path: "/api/v1" + c.path, kind: gz, body: tarGz(t, desk())}); got.status != c.status {
			t.Errorf("%s %s as %s: %d, want %d", c.method, c.path, c.as, got.status, c.status)
		}
	}
}

// A list of files cannot say that they are small and have them written out all
// the same: one file of a megabyte under many names would fill the disk.
func TestSizesAreChecked(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	list := map[string][]map[string]any{}
	for name, content := range with(desk(), "large.bin", strings.Repeat("x", 1<<20)) {
		var f app.ReceivedFile
		s.call(request{as: "a", method: "POST", path: "/api/v1/teams/team_a/files", kind: "application/octet-stream", body: []byte(content)}).decode(t, &f)
		list["files"] = append(list["files"], map[string]any{"path": name, "sha256": f.SHA256, "size": f.Size})
	}
	push := func() reply {
		raw, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		return s.call(request{as: "a", method: "POST", path: "/api/v1/teams/team_a/scenarios", kind: "application/json", body: raw})
	}
	for i, f := range list["files"] {
		honest := f["size"].(int64)
		for _, size := range []int64{0, honest - 1, honest + 1} {
			list["files"][i]["size"] = size
			if got := push(); got.status != 422 || got.p.Code != "scenario.manifest" {
				t.Errorf("%s of %d bytes is said to have %d: %d %s", f["path"], honest, size, got.status, got.body)
			}
		}
		list["files"][i]["size"] = honest
	}
	if got := push(); got.status != 201 {
		t.Errorf("an honest list: %d %s", got.status, got.body)
	}
}

// Revisions: what was changed by whom, on what basis, and what of it is refused.
func TestRevisions(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	first := s.create("a", "team_a", desk())
	const at = "/api/v1/scenarios/desk"
	if got := s.call(request{as: "a", method: "POST", path: "/api/v1/teams/team_a/scenarios", kind: gz, body: tarGz(t, desk())}); got.status != 409 || got.p.Code != "scenario.exists" {
		t.Errorf("a second create: %d %s", got.status, got.body)
	}
	// Pushing the same again is no revision.
	again := s.call(request{as: "a", method: "PUT", path: at, kind: gz, body: tarGz(t, desk()), header: map[string]string{"If-Match": first}})
	if again.status != 200 || again.header.Get("ETag") != first {
		t.Errorf("the same again: %d %s, %s after %s", again.status, again.body, again.header.Get("ETag"), first)
	}
	bar := strings.Replace(document, "accuracy: 0.6,", "accuracy: 0.7,", 1)
	edited := s.call(request{as: "a", method: "PATCH", path: at, kind: "application/json", header: map[string]string{"If-Match": first},
		body: must(t, map[string]any{"yaml": bar, "files": []map[string]string{{"path": "notes/why.md", "text": "the board asked\n"}}})})
	second := edited.header.Get("ETag")
	if edited.status != 200 || second == first {
		t.Fatalf("edit: %d %s", edited.status, edited.body)
	}
	for name, r := range map[string]request{
		"edit": {as: "a", method: "PATCH", path: at, kind: "application/json", body: must(t, map[string]any{"yaml": document})},
		"push": {as: "a", method: "PUT", path: at, kind: gz, body: tarGz(t, desk())},
		"file": {as: "a", method: "PUT", path: at + "/file?path=test.csv", kind: "text/csv", body: []byte(cases("test", 50))},
	} {
		r.header = map[string]string{"If-Match": first}
		if got := s.call(r); got.status != 412 || got.p.Code != "scenario.changed_since" {
			t.Errorf("%s on an old basis: %d %s", name, got.status, got.body)
		}
	}
	uploaded := s.call(request{as: "a", method: "PUT", path: at + "/file?path=test.csv", kind: "text/csv", body: []byte(cases("test", 50)), header: map[string]string{"If-Match": second}})
	if uploaded.status != 200 {
		t.Fatalf("upload cases: %d %s", uploaded.status, uploaded.body)
	}
	if got := s.call(request{as: "a", method: "GET", path: at + "/file?path=test.csv"}); string(got.body) != cases("test", 50) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file comes back as %d %v %.80s", got.status, got.header, got.body)
	}
	var d scenario.Diff
	s.call(request{as: "a", method: "GET", path: "/api/v1/revisions/desk@3/diff?against=desk@1"}).decode(t, &d)
	what := map[string]string{}
	for _, f := range d.Files {
		what[f.Path] = f.Change
	}
	if want := map[string]string{"scenario.yaml": "changed", "notes/why.md": "added", "test.csv": "changed"}; !maps.Equal(what, want) || !strings.Contains(d.Document, "+targets: {accuracy: 0.7,") {
		t.Errorf("changed: %v\n%s", what, d.Document)
	}
	if got := s.call(request{as: "a", method: "GET", path: "/api/v1/scenarios/desk", header: map[string]string{"If-None-Match": uploaded.header.Get("ETag")}}); got.status != 304 || len(got.body) > 0 {
		t.Errorf("known already: %d %s", got.status, got.body)
	}
	// From a repository: changed there only.
	git := s.call(request{as: "a", method: "PUT", path: at + "?source=git&commit=abc&remote=git@example.org:desk", kind: gz, body: tarGz(t, desk())})
	if git.status != 200 || !strings.Contains(string(git.body), `"read_only":true`) {
		t.Fatalf("push from git: %d %s", git.status, git.body)
	}
	if got := s.call(request{as: "a", method: "PATCH", path: at, kind: "application/json", body: must(t, map[string]any{"yaml": bar})}); got.status != 409 || got.p.Code != "scenario.from_git" {
		t.Errorf("edit of what git holds: %d %s", got.status, got.body)
	}
	var revs struct {
		Items []scenario.RevisionView `json:"items"`
	}
	s.call(request{as: "a", method: "GET", path: at + "/revisions"}).decode(t, &revs)
	var kinds []string
	for _, r := range revs.Items {
		kinds = append(kinds, r.Source.Kind)
		if r.Actor != "user_a" {
			t.Errorf("revision by %s", r.Actor)
		}
	}
	if !slices.Equal(kinds, []string{"git", "console", "console", "upload"}) {
		t.Errorf("revisions came from %v", kinds)
	}
}

func must(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// events reads a stream until its end or until until says so.
func (s *served) events(path string, header map[string]string, until func(name, id string) bool) (names []string, last string) {
	s.t.Helper()
	res := s.send(request{as: "all", method: "GET", path: path, header: header})
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		s.t.Fatalf("%d %s", res.StatusCode, ct)
	}
	in := bufio.NewScanner(res.Body)
	in.Buffer(nil, 1<<20)
	id := ""
	for in.Scan() {
		if v, ok := strings.CutPrefix(in.Text(), "id: "); ok {
			id = v
		}
		if v, ok := strings.CutPrefix(in.Text(), "data: "); ok {
			last = v
		}
		if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
			names = append(names, name)
			if until(name, id) {
				break
			}
		}
	}
	return names, last
}

func TestRunOverHTTP(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.create("all", "team_a", desk())
	start := func(key, body string) reply {
		return s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte(body), header: map[string]string{"Idempotency-Key": key}})
	}
	var run, same app.StartedRun
	start("k", "{}").decode(t, &run)
	start("k", "{}").decode(t, &same)
	if run.ID == "" || same.ID != run.ID {
		t.Errorf("the same key started %s and %s", run.ID, same.ID)
	}
	if got := start("k", `{"again":true}`); got.status != 422 || got.p.Code != "idempotent.key_reused" {
		t.Errorf("the key of another request: %d %s", got.status, got.body)
	}
	names, last := s.events("/api/v1/runs/"+run.ID+"/events", nil, func(string, string) bool { return false })
	if len(names) == 0 || names[len(names)-1] != "end" || !strings.Contains(last, `"state":"done"`) {
		t.Fatalf("events %v, last %s", names, last)
	}
	var rep struct {
		Exit  int
		Run   struct{ State string }
		Gates []struct{ Gate, Outcome string }
		Next  struct{ Command string }
	}
	s.call(request{as: "all", method: "GET", path: "/api/v1/runs/" + run.ID + "/report?as=my-desk"}).decode(t, &rep)
	// It saves nothing, and the gate says so.
	if rep.Run.State != "done" || len(rep.Gates) == 0 || rep.Exit != 10 || rep.Gates[0].Outcome != "fail" || !strings.Contains(rep.Next.Command, "my-desk") {
		t.Errorf("report: %+v", rep)
	}
	page := s.call(request{as: "all", method: "GET", path: "/api/v1/scenarios/desk/report.html?lang=zh"})
	if page.status != 200 || !strings.Contains(string(page.body), `lang="zh`) || !strings.Contains(page.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("page: %d %v", page.status, page.header)
	}
	s.audit("desk")
	start("", "{}").decode(t, &same)
	if same.ID != run.ID || !same.Reused {
		t.Errorf("nothing changed, and yet %+v", same)
	}
	if got := s.call(request{as: "all", method: "POST", path: "/api/v1/runs/" + run.ID + "/resume"}); got.status != 409 || got.p.Code != "run.not_resumable" {
		t.Errorf("resume what is done: %d %s", got.status, got.body)
	}
	// Data that do not hold end the run, and say why.
	got := s.call(request{as: "all", method: "PUT", path: "/api/v1/scenarios/desk", kind: gz, body: tarGz(t, with(desk(), "train.csv", "id,text,answer\n"+blank(40)))})
	if got.status != 200 {
		t.Fatalf("push: %d %s", got.status, got.body)
	}
	start("", "{}").decode(t, &run)
	_, last = s.events("/api/v1/runs/"+run.ID+"/events", nil, func(string, string) bool { return false })
	if !strings.Contains(last, `"state":"blocked"`) || !strings.Contains(last, "quality.data") {
		t.Errorf("blocked: %s", last)
	}
}

// audit holds an auditor's export to what it promises.
func (s *served) audit(slug string) {
	s.t.Helper()
	got := s.call(request{as: "all", method: "GET", path: "/api/v1/scenarios/" + slug + "/audit", header: map[string]string{"Accept-Language": "zh"}})
	z, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil {
		s.t.Fatalf("%d %.200s: %v", got.status, got.body, err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			s.t.Fatal(err)
		}
		files[f.Name] = string(raw)
	}
	for name, content := range files {
		sum := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(content)), name)
		if name != "SHA256SUMS" && !strings.Contains(files["SHA256SUMS"], sum) {
			s.t.Errorf("no sum of %s", name)
		}
	}
	r, err := evidence.VerifyBundle(s.t.Context(), strings.NewReader(files["bundle.jsonl"]),
		evidence.VerifyOptions{Checkpoint: []byte(files["checkpoint.txt"]), Trust: strings.TrimSpace(files["trust.txt"])})
	if err != nil || !r.OK() || r.Envelopes < 5 {
		s.t.Errorf("the bundle: %v %+v", err, r)
	}
	if !strings.Contains(files["index.html"], "结论及其变化") || !strings.Contains(files["index.html"], "class=\"fail\"") || !strings.Contains(files["verdicts.json"], `"outcome": "fail"`) || files["scenario.yaml"] != document {
		s.t.Errorf("index, verdicts or document: %.300s", files["index.html"])
	}
}

// blank is n training cases half of which have no text.
func blank(n int) string {
	var b strings.Builder
	for i := range n {
		for _, c := range []string{"card", "loan"} {
			text := ""
			if i%2 == 0 {
				text = fmt.Sprintf("about the %s number %d", c, i)
			}
			fmt.Fprintf(&b, "train-%s-%d,%s,%s\n", c, i, text, c)
		}
	}
	return b.String()
}

// A server that stops ends its streams and leaves its runs to the next start,
// which brings them to their end.
func TestStopAndGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	big := with(with(desk(), "train.csv", cases("train", 300)), "test.csv", cases("test", 400))
	big["scenario.yaml"] = strings.Replace(document, "  - builtin: keywords\n", "  - builtin: keywords\n  - builtin: bm25\n  - builtin: tfidf\n", 1)
	s.create("all", "team_a", big)
	var run app.StartedRun
	s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte("{}")}).decode(t, &run)
	names, _ := s.events("/api/v1/runs/"+run.ID+"/events", nil, func(_, id string) bool {
		if strings.HasSuffix(id, ".running") {
			s.stop()
			return true
		}
		return strings.HasSuffix(id, ".done")
	})
	if slices.Contains(names, "end") {
		t.Skip("the run was over before it could be stopped") // a failure where LANDFALL_STRICT is set
	}
	s = serve(t, dir)
	names, last := s.events("/api/v1/runs/"+run.ID+"/events", nil, func(string, string) bool { return false })
	if names[len(names)-1] != "end" || !strings.Contains(last, `"state":"done"`) {
		t.Errorf("after the restart: %v %s", names, last)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	big := with(with(desk(), "train.csv", cases("train", 300)), "test.csv", cases("test", 400))
	big["scenario.yaml"] = strings.Replace(document, "  - builtin: keywords\n", "  - builtin: keywords\n  - builtin: bm25\n  - builtin: tfidf\n", 1)
	s.create("all", "team_a", big)
	var run app.StartedRun
	s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte("{}")}).decode(t, &run)
	got := s.call(request{as: "all", method: "POST", path: "/api/v1/runs/" + run.ID + "/cancel"})
	if got.status != 200 || !strings.Contains(string(got.body), `"state":"canceled"`) {
		t.Fatalf("cancel: %d %s", got.status, got.body)
	}
	_, last := s.events("/api/v1/runs/"+run.ID+"/events", nil, func(string, string) bool { return false })
	if !strings.Contains(last, `"state":"canceled"`) {
		t.Errorf("last: %s", last)
	}
	// Nothing measured by it becomes evidence, and the next one measures afresh.
	var next app.StartedRun
	s.call(request{as: "all", method: "POST", path: "/api/v1/scenarios/desk/runs", kind: "application/json", body: []byte("{}")}).decode(t, &next)
	if next.ID == run.ID {
		t.Error("a run that was given up goes on")
	}
	_, last = s.events("/api/v1/runs/"+next.ID+"/events", nil, func(string, string) bool { return false })
	if !strings.Contains(last, `"state":"done"`) {
		t.Errorf("the next one: %s", last)
	}
	if got := s.call(request{as: "all", method: "GET", path: "/api/v1/evidence?kind=poc&run=" + run.ID}); !strings.Contains(string(got.body), `"items":[]`) {
		t.Errorf("evidence of a canceled run: %s", got.body)
	}
}
