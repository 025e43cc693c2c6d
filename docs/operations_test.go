package docs_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
)

// open opens Landfall in an empty home.
func open(t *testing.T) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Home: t.TempDir(), Version: "dev", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestGeneratedOpenAPI(t *testing.T) {
	doc, err := open(t).REST.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "openapi.json", doc)
}

func TestGeneratedPolicies(t *testing.T) {
	policies := open(t).Policies
	var b strings.Builder
	for _, name := range gate.Names() {
		p, err := policies.Gate(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Rules) == 0 {
			continue
		}
		title := gate.Title(name)
		fmt.Fprintf(&b, "### %s · %s\n\n", title.En, title.Zh)
		for _, r := range p.Rules {
			fmt.Fprintf(&b, "**`%s`** %s · %s", r.ID, r.Title.En, r.Title.Zh)
			if r.AllowAssumed {
				b.WriteString(" · `allow_assumed`")
			}
			if r.MaxAge > 0 {
				fmt.Fprintf(&b, " · `max_age` %s", r.MaxAge)
			}
			fmt.Fprintf(&b, "\n```\n%s\n```\n> %s<br>%s\n\n", r.Expr, r.Method.En, r.Method.Zh)
		}
	}
	section(t, "gates.md", "policies", b.String())
}

func TestGeneratedKinds(t *testing.T) {
	var b strings.Builder
	for _, c := range app.Capabilities() {
		for _, k := range c.Kinds {
			if k.Silent || len(k.Metrics) == 0 {
				continue
			}
			fmt.Fprintf(&b, "### %s: %s · %s\n\nRoles: %s.\n\n| metric | unit | better | |\n| --- | --- | --- | --- |\n",
				k.Name, k.Title.En, k.Title.Zh, strings.Join(k.Roles, ", "))
			for _, m := range k.Metrics {
				shape := ""
				if m.Shape == evidence.Estimated {
					shape = " (estimate)"
				}
				if m.Optional {
					shape += " (may be absent)"
				}
				fmt.Fprintf(&b, "| `%s.%s`%s | %s | %s | %s · %s |\n", k.Name, m.Name, shape, m.Unit, m.Direction, m.Title.En, m.Title.Zh)
			}
			b.WriteString("\n")
		}
	}
	section(t, "gates.md", "kinds", b.String())
}
