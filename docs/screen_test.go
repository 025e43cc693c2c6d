package docs_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/examples"
)

// TestGeneratedScreens holds the terminal's first screen in the READMEs to what
// the pipeline finds on the shipped example now.
func TestGeneratedScreens(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	t.Chdir(work) // the next command names the folder as the reader would
	if err := app.CopyExample(examples.BankSupport, examples.BankSupport); err != nil {
		t.Fatal(err)
	}
	ctx := actor.With(t.Context(), actor.Local())
	a, err := app.Open(ctx, app.Config{Home: filepath.Join(work, "home"), Version: "docs", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	info, err := a.Run(ctx, examples.BankSupport, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(ctx, examples.BankSupport, &info)
	if err != nil {
		t.Fatal(err)
	}
	screens := map[string]string{}
	for _, lang := range []string{"en", "zh"} {
		var b bytes.Buffer
		if err := report.Terminal(&b, *r, lang, false); err != nil {
			t.Fatal(err)
		}
		screens[lang] = "```\n$ landfall run bank-support\n" + b.String() + "```"
	}
	if err := os.Chdir(here); err != nil {
		t.Fatal(err)
	}
	section(t, "../README.md", "first screen", screens["en"])
	section(t, "../README.zh-CN.md", "first screen", screens["zh"])
}
