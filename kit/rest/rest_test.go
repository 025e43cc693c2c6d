package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/internal/sample"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/text"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api is a sample domain behind a handler, with its log.
type api struct {
	reg     *rest.Registry
	handler http.Handler
	log     *bytes.Buffer
}

func newAPI() api {
	var log bytes.Buffer
	reg := rest.New(rest.Config{Title: "Sample", Version: "1", Log: slog.New(slog.NewTextHandler(&log, nil))})
	sample.Register(reg, sample.New(30))
	return api{reg, reg.Handler(), &log}
}

type reply struct {
	status int
	header http.Header
	body   string
	p      *problem.Problem
}

func (a api) call(t *testing.T, who auth.Principal, lang, method, path, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://landfall"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept-Language", lang)
	return a.send(t, who, req)
}

func (a api) send(t *testing.T, who auth.Principal, req *http.Request) reply {
	t.Helper()
	res, err := rest.InProcess(a.handler, who).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	r := reply{status: res.StatusCode, header: res.Header, body: string(raw)}
	r.p, _ = problem.Parse(res.Header.Get("Content-Type"), raw)
	return r
}

var local = auth.Local("os:me", "Me")

// Who sees what: every operation, as everybody, on both teams' things. This
// table is the reviewed truth, not a copy of the permissions in the code.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	people := map[string]auth.Principal{
		"nobody":      {},
		"local":       local,
		"auditor":     {ID: "x", Everywhere: auth.Read},
		"no team":     {ID: "x"},
		"reader of a": {ID: "x", Teams: map[string]auth.Permission{"a": auth.Read}},
		"writer of a, reader of b": {ID: "x", Teams: map[string]auth.Permission{
			"a": auth.Read | auth.Contribute, "b": auth.Read}},
	}
	order := []string{"nobody", "no team", "reader of a", "writer of a, reader of b", "auditor", "local"}
	for _, c := range []struct {
		method, path, body string
		want               [6]int
	}{
		{"GET", "/runs", "", [6]int{401, 200, 200, 200, 200, 200}},
		{"GET", "/runs/bank-0000", "", [6]int{401, 404, 200, 200, 200, 200}},
		{"GET", "/runs/plant-0000", "", [6]int{401, 404, 404, 200, 200, 200}},
		{"GET", "/runs/none", "", [6]int{401, 404, 404, 404, 404, 404}},
		{"POST", "/runs/bank-0003/cancel", "", [6]int{401, 404, 403, 204, 403, 204}},
		{"POST", "/runs/plant-0003/cancel", "", [6]int{401, 404, 404, 403, 403, 204}},
		{"POST", "/scenarios/bank/runs", `{"title":"x"}`, [6]int{401, 404, 403, 201, 403, 201}},
		{"POST", "/scenarios/plant/runs", `{"title":"x"}`, [6]int{401, 404, 404, 403, 403, 201}},
		// What may not be done is refused before the body is looked at.
		{"POST", "/scenarios/plant/runs", `{"title":`, [6]int{401, 404, 404, 403, 403, 422}},
		// Ids inside query and body need reading.
		{"GET", "/runs?scenario=plant", "", [6]int{401, 404, 404, 200, 200, 200}},
		{"POST", "/scenarios/bank/runs", `{"title":"x","options":{"budget":1,"baseline":"plant-0000"}}`, [6]int{401, 404, 403, 201, 403, 201}},
		{"POST", "/scenarios/bank/runs", `{"title":"x","compare":{"none":"y"}}`, [6]int{401, 404, 403, 404, 403, 404}},
		// What nobody owns is the organisation's.
		{"POST", "/sweep", "", [6]int{401, 403, 403, 403, 403, 204}},
	} {
		for i, name := range order {
			got := newAPI().call(t, people[name], "en", c.method, "/api/v1"+c.path, c.body)
			if got.status != c.want[i] {
				t.Errorf("%s %s %s as %s: %d, want %d: %s", c.method, c.path, c.body, name, got.status, c.want[i], got.body)
			}
			if got.status >= 400 && got.p == nil {
				t.Errorf("%s %s as %s: no problem: %s", c.method, c.path, name, got.body)
			}
		}
	}
}

// A member of team a who writes in both may not name what b hides in a body.
func TestHiddenIDInBody(t *testing.T) {
	t.Parallel()
	who := auth.Principal{ID: "x", Teams: map[string]auth.Permission{"a": auth.Read | auth.Contribute}}
	a := newAPI()
	hidden := a.call(t, who, "en", "POST", "/api/v1/scenarios/bank/runs", `{"title":"x","options":{"budget":1,"baseline":"plant-0000"}}`)
	absent := a.call(t, who, "en", "POST", "/api/v1/scenarios/bank/runs", `{"title":"x","options":{"budget":1,"baseline":"plant-9999"}}`)
	if hidden.status != 404 || strings.Replace(hidden.body, "plant-0000", "plant-9999", -1) != absent.body {
		t.Errorf("what is hidden can be told from what is not there:\n%s\n%s", hidden.body, absent.body)
	}
}

// A list holds what the principal may read, and nothing else.
func TestListScope(t *testing.T) {
	t.Parallel()
	for want, who := range map[int]auth.Principal{60: local, 0: {ID: "x"}, 30: {ID: "x", Teams: map[string]auth.Permission{"b": auth.Read}}} {
		got := newAPI().call(t, who, "en", "GET", "/api/v1/runs", "")
		if n := strings.Count(got.body, `"id":`); n != want {
			t.Errorf("%d runs, want %d", n, want)
		}
		if want == 0 && got.body != `{"items":[]}`+"\n" {
			t.Errorf("an empty list is %s", got.body)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, k := range []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Denied, fault.NotFound, fault.Conflict, fault.Precondition,
		fault.TooLarge, fault.RateLimited, fault.Blocked, fault.Unavailable, fault.Internal, fault.Canceled} {
		got := newAPI().call(t, local, "zh-CN,en;q=0.5", "GET", "/api/v1/trouble?kind="+string(k), "")
		exit := k.Exit()
		if k == fault.Blocked {
			exit = 12
		}
		if got.p == nil || got.status != k.Status() || got.p.Status != k.Status() || got.p.Kind != k || got.p.Code != "trouble."+string(k) ||
			got.p.Exit != exit || got.p.Pointer != "/kind" || got.p.Place != "scenario.yaml:3:7" || got.p.Detail != "麻烦 "+string(k) ||
			got.p.Hint != "停" || fmt.Sprint(got.p.Params["kind"]) != string(k) || got.p.Type != "urn:landfall:error:trouble."+string(k) {
			t.Errorf("%s: %d %s", k, got.status, got.body)
		}
	}
}

// Errors without a kind keep their text in the log.
func TestInternal(t *testing.T) {
	t.Parallel()
	for path, logged := range map[string]string{"/trouble?kind=plain": "database secret is gone", "/trouble?kind=panic": "secret",
		"/trouble?kind=nan": "NaN", "/trouble?kind=nothing": "answered with nothing", "/runs/broken": "find the owner of run broken"} {
		a := newAPI()
		got := a.call(t, local, "en", "GET", "/api/v1"+path, "")
		if got.status != 500 || got.p == nil || got.p.Code != "internal" || strings.Contains(got.body, "secret") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
		if !strings.Contains(a.log.String(), logged) || strings.Count(a.log.String(), "operation failed") != 1 {
			t.Errorf("%s logged %q", path, a.log)
		}
	}
	a := newAPI()
	if got := a.call(t, local, "en", "GET", "/api/v1/trouble?kind=gone", ""); got.status != 499 || a.log.Len() != 0 {
		t.Errorf("canceled: %d, logged %q", got.status, a.log)
	}
}

// What huma and net/http refuse answers like everything else.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const create = "/api/v1/scenarios/bank/runs"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, pointer, en, zh    string
	}{
		{"no route", "GET", "/api/v1/nothing", "", 404, "rest.no_route", "", "nothing at GET", "不存在"},
		{"outside the API", "GET", "/", "", 404, "rest.no_route", "", "", ""},
		{"wrong method", "DELETE", "/api/v1/runs", "", 405, "rest.method", "", "does not take DELETE", "不支持 DELETE"},
		{"unknown query", "GET", "/api/v1/runs?limt=3", "", 422, "rest.invalid_request", "", "limt: unknown query parameter", "limt: 没有这个参数"},
		{"not an integer", "GET", "/api/v1/runs?limit=x", "", 422, "rest.invalid_request", "", "limit: invalid integer", "limit: 应为整数"},
		{"too many", "GET", "/api/v1/runs?limit=1001", "", 422, "rest.invalid_request", "", "limit: expected number <= 1000", "limit: 应不大于 1000"},
		{"not one of", "GET", "/api/v1/runs?outcome=good", "", 422, "rest.invalid_request", "", "one of", "应为其中之一：pass, fail"},
		{"missing query", "GET", "/api/v1/trouble", "", 422, "rest.invalid_request", "", "kind: required", "缺少必填参数"},
		{"no body", "POST", create, "", 422, "rest.invalid_request", "", "request body is required", "缺少请求体"},
		{"bad json", "POST", create, "{", 422, "rest.invalid_request", "", "unexpected end", "unexpected end"},
		{"missing field", "POST", create, "{}", 422, "rest.invalid_request", "", "required property title", "缺少必填字段 title"},
		{"unknown field", "POST", create, `{"title":"x","titel":"y"}`, 422, "rest.invalid_request", "/titel", "/titel: unexpected property", "/titel: 没有这个字段"},
		{"nested", "POST", create, `{"title":"x","options":{"budget":"much"}}`, 422, "rest.invalid_request", "/options/budget", "/options/budget: expected number", "应为数字"},
		{"in a list", "POST", create, `{"title":"x","tags":["a",2]}`, 422, "rest.invalid_request", "/tags/1", "/tags/1: expected string", "/tags/1: 应为字符串"},
		{"too large", "POST", create, `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "rest.too_large", "", "larger", "大小限制"},
		{"bad cursor", "GET", "/api/v1/runs?cursor=abc", "", 422, "rest.bad_cursor", "", "cursor", "游标"},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			a := newAPI()
			got := a.call(t, local, lang, c.method, c.path, c.body)
			if got.p == nil || got.status != c.status || got.p.Status != c.status || got.p.Code != c.code ||
				!strings.Contains(got.p.Detail, want) || got.p.Hint == "" {
				t.Errorf("%s in %s: %d %s", c.name, lang, got.status, got.body)
			}
			if got.p != nil && c.pointer != "" && got.p.Pointer != c.pointer {
				t.Errorf("%s: points to %q", c.name, got.p.Pointer)
			}
			if c.status == 405 && got.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("allows %q", got.header.Get("Allow"))
			}
			if a.log.Len() != 0 {
				t.Errorf("%s is logged: %s", c.name, a.log)
			}
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), "POST", "http://landfall"+create, strings.NewReader("title=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := newAPI().send(t, local, req); got.status != 415 || got.p == nil || got.p.Code != "rest.media_type" {
		t.Errorf("a form: %d %s", got.status, got.body)
	}
}

func TestSuccess(t *testing.T) {
	t.Parallel()
	a := newAPI()
	got := a.call(t, local, "en", "POST", "/api/v1/scenarios/bank/runs", `{"title":"<&>","tags":["a"],"options":{"budget":2}}`)
	if got.status != 201 || got.header.Get("Content-Type") != "application/json" ||
		!strings.Contains(got.body, `"title":"<&>"`) || strings.Contains(got.body, "$schema") {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
	if got := a.call(t, local, "en", "POST", "/api/v1/runs/bank-0003/cancel", ""); got.status != 204 || got.body != "" {
		t.Errorf("%d %q", got.status, got.body)
	}
	if got := a.call(t, local, "en", "POST", "/api/v1/runs/bank-0003/cancel", ""); got.status != 409 || got.p.Code != "run.ended" {
		t.Errorf("%d %q", got.status, got.body)
	}
	if got := a.call(t, local, "en", "HEAD", "/api/v1/runs/bank-0003", ""); got.status != 200 {
		t.Errorf("HEAD: %d", got.status)
	}
}

// Following cursors sees every item once, whatever the size of the pages.
func TestPages(t *testing.T) {
	t.Parallel()
	a := newAPI()
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 70).Draw(rt, "limit")
		seen, cursor := map[string]bool{}, ""
		for {
			got := a.call(t, local, "en", "GET", fmt.Sprintf("/api/v1/runs?limit=%d&cursor=%s", limit, cursor), "")
			var page rest.Page[sample.Run]
			if err := json.Unmarshal([]byte(got.body), &page); err != nil || len(page.Items) > limit {
				rt.Fatalf("%d items, %v: %s", len(page.Items), err, got.body)
			}
			for _, r := range page.Items {
				if seen[string(r.ID)] {
					rt.Fatalf("%s twice", r.ID)
				}
				seen[string(r.ID)] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 60 {
			rt.Fatalf("%d runs", len(seen))
		}
	})
}

func TestCursorBelongsToItsFilter(t *testing.T) {
	t.Parallel()
	a := newAPI()
	var page rest.Page[sample.Run]
	if err := json.Unmarshal([]byte(a.call(t, local, "en", "GET", "/api/v1/runs?limit=2&outcome=pass", "").body), &page); err != nil || page.Next == "" {
		t.Fatalf("%+v %v", page, err)
	}
	for query, want := range map[string]int{"outcome=pass": 200, "outcome=pass&limit=9": 200, "outcome=fail": 422, "": 422} {
		if got := a.call(t, local, "en", "GET", "/api/v1/runs?cursor="+page.Next+"&"+query, ""); got.status != want {
			t.Errorf("%q: %d %s", query, got.status, got.body)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("eyJrIjoiYSIsImYiOiJ4In0")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := rest.Paginate(context.Background(), rest.PageParams{Cursor: s}, 1,
			func(_ context.Context, after *int, _ int) ([]int, error) {
				if (after == nil) != (s == "") {
					t.Error("a cursor was dropped or made up")
				}
				return nil, nil
			}, func(i int) int { return i })
		if err != nil && !errors.Is(err, rest.ErrCursor) {
			t.Error(err)
		}
	})
}

// Planted mistakes are caught while registering.
func TestMistakesPanic(t *testing.T) {
	t.Parallel()
	type runID string
	type thing struct {
		Run runID `path:"run"`
	}
	both := text.Text{En: "x", Zh: "叉"}
	good := rest.Op{ID: "x", Method: "GET", Path: "/x", Perm: auth.Read, Doc: both, Noun: "xs", Verb: "list"}
	with := func(change func(*rest.Op)) rest.Op { op := good; change(&op); return op }
	none := func(context.Context, *rest.None) (*rest.None, error) { return nil, nil }
	withRun := func(context.Context, *thing) (*rest.None, error) { return nil, nil }
	teamOf := func(context.Context, runID) (string, error) { return "", nil }
	for name, do := range map[string]func(r *rest.Registry){
		"no permission": func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Perm = 0 }), none) },
		"no id":         func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.ID = "" }), none) },
		"no Chinese":    func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Doc.Zh = "" }), none) },
		"verb alone":    func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Noun = "" }), none) },
		"twice":         func(r *rest.Registry) { rest.Add(r, good, none); rest.Add(r, good, none) },
		"same command": func(r *rest.Registry) {
			rest.Add(r, good, none)
			rest.Add(r, with(func(o *rest.Op) { o.ID, o.Path = "y", "/y" }), none)
		},
		"after Handler":   func(r *rest.Registry) { r.Handler(); rest.Add(r, good, none) },
		"id no owner":     func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Path = "/x/{run}" }), withRun) },
		"no field":        func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Path = "/x/{run}" }), none) },
		"not in the path": func(r *rest.Registry) { rest.Resource(r, both, auth.Read, teamOf); rest.Add(r, good, withRun) },
		"plain string in the path": func(r *rest.Registry) {
			rest.Add(r, with(func(o *rest.Op) { o.Path = "/x/{run}" }), func(context.Context, *struct {
				Run string `path:"run"`
			}) (*rest.None, error) {
				return nil, nil
			})
		},
		"id in the body without owner": func(r *rest.Registry) {
			rest.Add(r, with(func(o *rest.Op) { o.Method = "POST" }), func(context.Context, *struct {
				Body struct{ Deep []map[string]*sample.RunID }
			}) (*rest.None, error) {
				return nil, nil
			})
		},
		"flag without Chinese": func(r *rest.Registry) {
			rest.Add(r, good, func(context.Context, *struct {
				Q string `query:"q" doc:"search"`
			}) (*rest.None, error) {
				return nil, nil
			})
		},
		"query and body of one name": func(r *rest.Registry) {
			rest.Add(r, with(func(o *rest.Op) { o.Method = "POST" }), func(context.Context, *struct {
				Q    string `query:"q" doc:"search" zh:"搜"`
				Body struct {
					Q string `json:"q" doc:"search" zh:"搜"`
				}
			}) (*rest.None, error) {
				return nil, nil
			})
		},
		"anyone with a permission": func(r *rest.Registry) { rest.Add(r, with(func(o *rest.Op) { o.Anyone = true }), none) },
		"anyone with an id": func(r *rest.Registry) {
			rest.Resource(r, both, auth.Read, teamOf)
			rest.Add(r, with(func(o *rest.Op) { o.Anyone, o.Perm, o.Path = true, 0, "/x/{run}" }), withRun)
		},
		"embeds what huma leaves empty": func(r *rest.Registry) {
			rest.Resource(r, both, auth.Read, teamOf)
			rest.Add(r, with(func(o *rest.Op) { o.Path = "/x/{run}" }), func(context.Context, *struct{ thing }) (*rest.None, error) { return nil, nil })
		},
		"owner twice": func(r *rest.Registry) {
			rest.Resource(r, both, auth.Read, teamOf)
			rest.Resource(r, both, auth.Read, teamOf)
		},
		"owner of string": func(r *rest.Registry) {
			rest.Resource(r, both, auth.Read, func(context.Context, string) (string, error) { return "", nil })
		},
		"owner unreadable": func(r *rest.Registry) { rest.Resource(r, both, 0, teamOf) },
		"owner comes late": func(r *rest.Registry) {
			type slug string
			rest.Add(r, good, func(context.Context, *struct {
				Q slug `query:"q" doc:"search" zh:"搜"`
			}) (*rest.None, error) {
				return nil, nil
			})
			rest.Resource(r, both, auth.Read, func(context.Context, slug) (string, error) { return "", nil })
		},
	} {
		func() {
			defer func() {
				if v := recover(); v == nil {
					t.Errorf("%s: no panic", name)
				} else if s, ok := v.(string); !ok || !strings.HasPrefix(s, "rest: ") {
					t.Errorf("%s: panics with %v", name, v)
				}
			}()
			do(rest.New(rest.Config{Title: "x", Version: "1"}))
		}()
	}
	rest.Add(rest.New(rest.Config{Title: "x", Version: "1"}), good, none) // the good one is good
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	a := newAPI()
	got := a.call(t, auth.Principal{}, "en", "GET", "/api/v1/openapi.json", "")
	doc, err := a.reg.OpenAPI()
	if err != nil || got.status != 200 || got.body != string(doc) {
		t.Fatalf("%d %v", got.status, err)
	}
	if *update {
		if err := os.WriteFile("testdata/openapi.json", doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/openapi.json")
	if err != nil || !bytes.Equal(doc, want) {
		t.Errorf("the document differs from testdata/openapi.json (%v); -update writes it", err)
	}
	var tree struct {
		OpenAPI    string
		Components struct {
			Schemas map[string]struct {
				AdditionalProperties any
			}
		}
	}
	if err := json.Unmarshal(doc, &tree); err != nil || tree.OpenAPI != "3.1.0" {
		t.Fatal(err, tree.OpenAPI)
	}
	// Options are in requests and in answers: strict there, open here.
	for name, want := range map[string]any{"SampleRun": nil, "SampleOptions": nil, "SampleOptionsRequest": false,
		"PageSampleRun": nil, "Problem": nil, "CreateInputBody": false} {
		s, ok := tree.Components.Schemas[name]
		if !ok || s.AdditionalProperties != want {
			t.Errorf("%s: %v (there: %v), want %v", name, s.AdditionalProperties, ok, want)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for _, op := range newAPI().reg.Operations() {
		if op.ID != "create-run" {
			continue
		}
		var got []string
		for _, p := range op.Params {
			got = append(got, p.In+" "+p.Name+" "+p.Type+" "+p.Doc.Zh)
		}
		want := "path scenario string |body cases integer 用例数|body explore boolean 数据门禁未通过也继续|body share number 流量占比|body tags strings 标签，可多次给出|body title string 名称"
		if s := strings.Join(got, "|"); s != want || !op.HasBody || !op.BodyNeeded || op.List || op.Status != 201 {
			t.Errorf("%s\n%+v", s, op)
		}
		return
	}
	t.Error("create-run is gone")
}
