//go:build !race

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/store"
)

var updateWalk = flag.Bool("update-walk", false, "rewrite testdata/walk.txt; then read the difference")

const (
	walkGolden = "testdata/walk.txt"
	nameWidth  = 40
)

// sends are the bodies of operations, filled with the things of a team. An
// operation with a body that is not here fails the walk: say what it takes.
func (w *world) sends(op, letter string) (body []byte, kind string) {
	name := map[string]string{"A": "bank", "B": "plant", "-": "bank"}[letter]
	asJSON := func(v any) ([]byte, string) {
		raw, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		return raw, "application/json"
	}
	type m = map[string]any
	switch op {
	case "missing-files":
		return asJSON(m{"digests": []string{strings.Repeat("0", 64)}})
	case "upload-file":
		return []byte("a file"), "application/octet-stream"
	case "validate-folder", "push-scenario":
		return w.folders[letter], "application/gzip"
	case "create-scenario":
		return deskFolder(w.t, name+"-new"), "application/gzip"
	case "edit-scenario":
		return asJSON(m{"yaml": strings.ReplaceAll(walkDocument, "NAME", name) + "# edited\n"})
	case "put-scenario-file":
		return []byte("id,text,answer\nx,about the card,card\n"), "application/octet-stream"
	case "sign-in":
		return asJSON(m{"login": "root", "password": walkPassword})
	case "use-link":
		return asJSON(m{"login": "x", "password": walkPassword})
	case "rename-user", "rename-team", "create-team":
		return asJSON(m{"name": "another name"})
	case "invite-user":
		return asJSON(m{"login": "new@example.com"})
	case "set-platform-role":
		return asJSON(m{"role": "auditor"})
	case "set-password":
		return asJSON(m{"old": walkPassword, "new": walkPassword + "!"})
	case "add-member":
		return asJSON(m{"login": "alone", "role": "viewer"})
	case "change-role":
		return asJSON(m{"role": "approver"})
	case "create-token":
		return asJSON(m{"name": "x", "permissions": []string{"read"}, "days": 1})
	case "request-waiver":
		p, err := w.app.Policies.Gate("align")
		if err != nil {
			w.t.Fatal(err)
		}
		return asJSON(m{"gate": "align", "rule": p.Rules[0].ID, "why": "it has to go live", "until": time.Now().AddDate(0, 0, 9).UTC()})
	case "add-endpoint":
		return asJSON(m{"name": "new", "base_url": "https://models.invalid/v1"})
	case "change-endpoint":
		return asJSON(m{"timeout_s": 9})
	case "create-webhook":
		return asJSON(m{"url": "https://hooks.invalid/landfall", "types": []string{}})
	case "pause-webhook":
		return asJSON(m{"paused": true})
	case "start-run":
		return asJSON(m{})
	}
	return nil, ""
}

// queries are what operations need in their query.
var queries = map[string]string{"get-scenario-file": "path=train.csv", "put-scenario-file": "path=train.csv",
	"show-gate": "gate=align", "list-gate-rules": "gate=align"}

var walkParam = regexp.MustCompile(`\{([^}]+)\}`)

// request is one of the walk.
type walkRequest struct {
	op     rest.Operation
	letter string // whose things the path names; "-" for the organisation's
	// extra is an id that goes into a field of the query or body: "query scenario B".
	extra string
}

func (q walkRequest) name() string {
	s := q.op.ID + " @" + q.letter
	if q.extra != "" {
		s += " " + q.extra
	}
	return s
}

// requests are all that there are to make: each operation on both teams'
// things, and with an id of either team in every field that takes one.
func (w *world) requests(ops []rest.Operation) []walkRequest {
	var out []walkRequest
	for _, op := range ops {
		letters := []string{"A", "B"}
		if names := walkParam.FindAllStringSubmatch(op.Path, -1); len(names) == 0 || w.ids["-"][names[0][1]] != "" {
			letters = []string{"-"}
		}
		for _, l := range letters {
			out = append(out, walkRequest{op: op, letter: l})
			for _, p := range op.Params {
				if _, isID := w.ids["A"][p.Name]; isID && (p.In == "query" || p.In == "body") {
					for _, of := range []string{"A", "B"} {
						out = append(out, walkRequest{op, l, p.In + " " + p.Name + " " + of})
					}
				}
			}
			if len(walkParam.FindAllString(op.Path, -1)) > 1 && l == "A" {
				out = append(out, walkRequest{op, l, "path last B"})
			}
		}
	}
	return out
}

// send makes a request as somebody and returns what became of it, and its body.
func (w *world) send(h http.Handler, q walkRequest, as someone) (outcome, body, asked string) {
	w.t.Helper()
	ids := func(letter, name string) string {
		if v := w.ids["-"][name]; v != "" {
			return v
		}
		return w.ids[letter][name]
	}
	names := walkParam.FindAllStringSubmatch(q.op.Path, -1)
	n := 0
	path := walkParam.ReplaceAllStringFunc(q.op.Path, func(s string) string {
		n++
		letter := q.letter
		if q.extra == "path last B" && n == len(names) {
			letter = "B"
		}
		id := ids(letter, strings.Trim(s, "{}"))
		if id == "" {
			w.t.Fatalf("%s: there is no %s in the world: add one", q.op.ID, s)
		}
		return url.PathEscape(id)
	})
	raw, kind := w.sends(q.op.ID, q.letter)
	if raw == nil && q.op.HasBody {
		w.t.Fatalf("%s takes a body: say in sends what it takes", q.op.ID)
	}
	query, err := url.ParseQuery(queries[q.op.ID])
	if err != nil {
		w.t.Fatal(err)
	}
	if f := strings.Fields(q.extra); len(f) == 3 && f[0] != "path" {
		id := w.ids[f[2]][f[1]]
		if f[0] == "query" {
			query.Set(f[1], id)
		} else {
			var m map[string]any
			if err := json.Unmarshal(raw, &m); err != nil {
				w.t.Fatal(err)
			}
			m[f[1]] = id
			if raw, err = json.Marshal(m); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(actor.With(w.t.Context(), as.act))
	defer cancel()
	wrote := false
	// Inside an operation that changes something the table's own hook is there.
	ctx = store.BeforeCommit(ctx, func(context.Context, bun.Tx) error { wrote = true; return errWouldDo })
	req, err := http.NewRequestWithContext(ctx, q.op.Method, "http://landfall/api/v1"+path+"?"+query.Encode(), bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("X-Landfall-Link", "lfl_"+strings.Repeat("A", 43))
	res, err := rest.InProcess(h, as.who).RoundTrip(req)
	if err != nil {
		w.t.Fatal(q.name(), as.name, err)
	}
	var answer []byte
	if res.Header.Get("Content-Type") != "text/event-stream" { // which would never end
		if answer, err = io.ReadAll(io.LimitReader(res.Body, 8<<20)); err != nil {
			w.t.Fatal(q.name(), as.name, err)
		}
	}
	_ = res.Body.Close()
	if wrote {
		return "wrote as a reader", "", ""
	}
	asked = req.URL.Path + " " + strings.Join(slices.Concat(slices.Collect(maps.Values(query))...), " ") + " " + string(raw)
	p, failed := problem.Parse(res.Header.Get("Content-Type"), answer)
	switch {
	case failed && p.Code == errDone.Code, !failed && res.StatusCode < 400:
		return "+", string(answer), asked
	case failed && slices.Contains([]string{"rest.sign_in", "rest.denied", "rest.no_such"}, p.Code):
		return fmt.Sprint(res.StatusCode), string(answer), asked
	case failed:
		return p.Code, string(answer), asked
	}
	return fmt.Sprint(res.StatusCode), string(answer), asked
}

// walk makes every request as everybody. It returns the matrix, a line each,
// and what nobody may see but did.
func (w *world) walk(h http.Handler, ops []rest.Operation, people []someone) (lines, leaks []string) {
	for _, q := range w.requests(ops) {
		var cells []string
		for _, as := range people {
			outcome, body, asked := w.send(h, q, as)
			cells = append(cells, outcome)
			for letter, team := range w.teams {
				if auth.Decide(as.who, team, auth.Read, auth.Read) == auth.Allowed {
					continue
				}
				for _, secret := range w.markers[letter] {
					// What was asked for by name is repeated in a refusal.
					if strings.Contains(body, secret) && !strings.Contains(asked, secret) && !w.own(as, secret) {
						leaks = append(leaks, fmt.Sprintf("%s shows %s a thing of team %s: %s", q.name(), as.name, letter, secret))
					}
				}
			}
		}
		lines = append(lines, walkLine(q, cells))
	}
	return lines, leaks
}

// own says that people may see what is theirs, whatever team they are in.
func (w *world) own(as someone, secret string) bool { return secret == as.who.ID }

// walkLine writes a line of the matrix; what operations themselves said stands
// at its end, in the order in which it was first said.
func walkLine(q walkRequest, cells []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", nameWidth, q.name())
	var said []string
	for _, c := range cells {
		if c != "+" && len(c) != 3 {
			if !slices.Contains(said, c) {
				said = append(said, c)
			}
			c = strings.Repeat("!", 1+slices.Index(said, c))
		}
		fmt.Fprintf(&b, " %3s", c)
	}
	if len(said) > 0 {
		b.WriteString("  " + strings.Join(said, ", "))
	}
	return b.String()
}

func (w *world) document(lines []string) string {
	var b strings.Builder
	b.WriteString(`# Who may do what: every operation, as everybody, on the things of team A, of
# team B and of the organisation (-). A person has reviewed this; a change of it
# is a change of what people may do.
#
#   +      done, or it would have been: it was stopped at the commit
#   401    nobody is signed in        404    not even that it exists is told
#   403    seen, and not allowed      !      allowed, and refused by the operation
#                                            itself, as the end of the line says;
#                                            !! is the second thing said there
#
# "query scenario B" puts an id of team B into that field.
#
# The columns are:
`)
	for i, p := range w.people {
		fmt.Fprintf(&b, "#  %2d  %s\n", i+1, p.name)
	}
	b.WriteString("\n")
	fmt.Fprintf(&b, "%-*s", nameWidth, "")
	for i := range w.people {
		fmt.Fprintf(&b, " %3d", i+1)
	}
	b.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return b.String()
}

func golden(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(walkGolden)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" || strings.HasPrefix(line, " ") {
			continue
		}
		out[lineName(line)] = strings.TrimRight(line, "\n")
	}
	return out
}

// lineName is what stands before the cells.
func lineName(line string) string { return strings.TrimSpace(line[:min(nameWidth, len(line))]) }

// TestWalk holds every operation to the reviewed matrix, answers to the people
// who may see what is in them, and every change to an entry in the audit log.
func TestWalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, reached := w.table(nil)
	ops := r.Operations()
	lines, leaks := w.walk(r.Handler(), ops, w.people)
	for _, l := range leaks {
		t.Error(l)
	}
	got := w.document(lines)
	if *updateWalk {
		if err := os.WriteFile(walkGolden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(walkGolden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		was := golden(t)
		for _, l := range lines {
			if was[lineName(l)] != l {
				t.Errorf("is   %s\nwas  %s", l, was[lineName(l)])
			}
			delete(was, lineName(l))
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			t.Errorf("gone %s", was[name])
		}
		t.Errorf("what people may do has changed; if it should, -update-walk writes %s, to be reviewed", walkGolden)
	}
	// The hook that enters an operation into the audit log was called around
	// every operation that changes something, and it came as far as the commit.
	for _, op := range ops {
		if op.Mutates() && reached[op.ID] == 0 && !slices.Contains(neverDone, op.ID) {
			t.Errorf("%s changes something, and in no request came to its end: the walk does not know whether it leaves an entry", op.ID)
		}
		if !op.Mutates() && reached[op.ID] > 0 {
			t.Errorf("%s is entered into the audit log and changes nothing", op.ID)
		}
	}
}

// complaints is everything that a walk of some operations finds wrong.
func (w *world) complaints(t *testing.T, h http.Handler, ops []rest.Operation, people []someone) []string {
	was := golden(t)
	lines, out := w.walk(h, ops, people)
	for _, l := range lines {
		if was[lineName(l)] != l {
			out = append(out, l)
		}
	}
	return out
}

// neverDone need a browser, or a secret that the walk has not: their own tests
// hold them to their entries.
var neverDone = []string{"sign-in", "sign-out", "use-link", "finish-oidc"}
