package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest/problem"
)

var kinds = []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Denied, fault.NotFound,
	fault.Conflict, fault.Precondition, fault.TooLarge, fault.RateLimited, fault.Blocked,
	fault.Unavailable, fault.Internal, fault.Canceled}

// Every kind survives the way over the wire with code, exit code and place.
func TestRoundTripOfAllKinds(t *testing.T) {
	t.Parallel()
	titles := map[string]bool{}
	for _, k := range kinds {
		def := fault.Def{Kind: k, Code: "x.y", En: "no {n}", Zh: "没有 {n}", HintEn: "try {n}", HintZh: "试 {n}"}
		if k == fault.Blocked {
			def.Exit = fault.ExitDataQuality
		}
		f := def.With("n", 3).At("a.yaml", 4, 5).In("/n")
		for lang, want := range map[string]string{"en": "no 3", "zh": "没有 3"} {
			p := problem.Of(fmt.Errorf("wrapped: %w", f), lang)
			if p.Detail != want || p.Status != k.Status() || p.Kind != k || p.Title == "" {
				t.Errorf("%s in %s: %+v", k, lang, p)
			}
			titles[p.Title] = true
			b, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			back, ok := problem.Parse("application/problem+json; charset=utf-8", b)
			if !ok {
				t.Fatalf("%s: not read back", k)
			}
			g := back.Fault()
			if g.Exit() != f.Exit() || g.Kind != k || !errors.Is(g, def) || g.Where != "a.yaml:4:5" ||
				g.Pointer != "/n" || g.Message(lang) != want || fmt.Sprint(g.Param("n")) != "3" || g.Hint(lang) != f.Hint(lang) {
				t.Errorf("%s: came back as %+v", k, g)
			}
		}
	}
	if len(titles) != 2*len(kinds) {
		t.Errorf("%d titles for %d kinds in two languages", len(titles), len(kinds))
	}
}

func TestUnknownErrorsKeepTheirText(t *testing.T) {
	t.Parallel()
	p := problem.Of(errors.New("password=hunter2"), "en")
	b, err := json.Marshal(p)
	if err != nil || strings.Contains(string(b), "hunter2") || p.Status != 500 || p.Exit != 1 {
		t.Errorf("%s, %v", b, err)
	}
}

func TestParamsThatJSONCannotSay(t *testing.T) {
	t.Parallel()
	def := fault.Def{Kind: fault.Invalid, Code: "x.nan", En: "{v}", Zh: "{v}"}
	b, err := json.Marshal(problem.Of(def.With("v", math.NaN(), "e", errors.New("boom")), "en"))
	if err != nil || !strings.Contains(string(b), `"v":"NaN"`) || !strings.Contains(string(b), `"e":"boom"`) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"application/json", `{"kind":"invalid"}`}, {problem.ContentType, `{}`},
		{problem.ContentType, `{`}, {"", ""}} {
		if _, ok := problem.Parse(c[0], []byte(c[1])); ok {
			t.Errorf("%q was read", c)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"kind":"invalid","code":"a.b","exit":2,"params":{"x":[1,null]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := problem.Parse(problem.ContentType, b); ok && p.Fault().Error() == "" {
			t.Error("a fault without text")
		}
	})
}
