package rest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/text"
)

type thingID string

var errSlow = fault.Def{Kind: fault.RateLimited, Code: "thing.slow", En: "slow", Zh: "慢"}

// Every operation that changes something goes through Config.Change, once it is
// allowed and not before; those that read do not.
func TestChange(t *testing.T) {
	t.Parallel()
	var seen []rest.Change
	var refuse error
	reg := rest.New(rest.Config{Title: "x", Version: "1", Change: func(ctx context.Context, c rest.Change, do func(context.Context) error) error {
		if refuse != nil {
			return refuse
		}
		seen = append(seen, c)
		return do(ctx)
	}})
	both := text.Text{En: "x", Zh: "叉"}
	rest.Resource(reg, both, auth.Read, func(context.Context, thingID) (string, error) { return "a", nil })
	type one struct {
		Thing thingID `path:"thing"`
	}
	done := 0
	do := func(context.Context, *one) (*rest.None, error) { done++; return nil, nil }
	open := func(context.Context, *rest.None) (*rest.None, error) { done++; return nil, nil }
	rest.Add(reg, rest.Op{ID: "read", Method: "GET", Path: "/things/{thing}", Perm: auth.Read, Doc: both}, do)
	rest.Add(reg, rest.Op{ID: "write", Method: "POST", Path: "/things/{thing}", Perm: auth.Contribute, Doc: both}, do)
	rest.Add(reg, rest.Op{ID: "enter", Method: "GET", Path: "/enter", Anyone: true, Changes: true, Doc: both}, open)
	rest.Add(reg, rest.Op{ID: "all", Method: "GET", Path: "/all", Perm: auth.Read, Organisation: true, Doc: both}, open)
	rest.Add(reg, rest.Op{ID: "slow", Method: "GET", Path: "/slow", Anyone: true, Doc: both}, func(context.Context, *rest.None) (*rest.None, error) {
		return nil, errSlow.With(problem.RetryAfter, 7)
	})
	a := api{reg: reg, handler: reg.Handler()}
	reader := auth.Principal{ID: "x", Teams: map[string]auth.Permission{"a": auth.Read}}
	writer := auth.Principal{ID: "x", Teams: map[string]auth.Permission{"a": auth.Read | auth.Contribute}}
	for _, c := range []struct {
		who          auth.Principal
		method, path string
		status       int
		change       string
	}{
		{writer, "GET", "/things/t1", 204, ""},
		{reader, "POST", "/things/t1", 403, ""},
		{auth.Principal{}, "POST", "/things/t1", 401, ""},
		{writer, "POST", "/things/t1", 204, "write"},
		{auth.Principal{}, "GET", "/enter", 204, "enter"},
		{writer, "GET", "/all", 403, ""},
		{auth.Principal{}, "GET", "/all", 401, ""},
		{auth.Principal{ID: "x", Everywhere: auth.Read}, "GET", "/all", 204, ""},
	} {
		seen = nil
		got := a.call(t, c.who, "en", c.method, "/api/v1"+c.path, "")
		if got.status != c.status || (len(seen) == 1) != (c.change != "") || len(seen) == 1 && seen[0].Operation != c.change {
			t.Errorf("%s %s: %d, %+v", c.method, c.path, got.status, seen)
		}
		if c.change == "write" && seen[0].On["thing"] != "t1" {
			t.Errorf("%+v", seen)
		}
	}
	// What cannot be entered is not done.
	before := done
	refuse = errors.New("the log is broken")
	if got := a.call(t, writer, "en", "POST", "/api/v1/things/t1", ""); got.status != 500 || done != before {
		t.Errorf("%d, done %d", got.status, done-before)
	}
	if got := a.call(t, writer, "en", "GET", "/api/v1/slow", ""); got.status != 429 || got.header.Get("Retry-After") != "7" {
		t.Errorf("%d %v", got.status, got.header)
	}
}
