//go:build !race

package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
)

// Each shipped example states the verdict that it should reach, and reaches it.
func TestExamplesReachTheirVerdicts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bank-support", "quality-inspection", "contract-review", "banking77"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			if err := app.CopyExample(name, dir); err != nil {
				t.Fatal(err)
			}
			doc, _, err := scenario.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Data.Sources) > 0 {
				data := os.Getenv("LANDFALL_DATA_DIR")
				if data == "" {
					data = filepath.Join("..", "..", "shared", "data")
				}
				if _, err := os.Stat(data); errors.Is(err, os.ErrNotExist) {
					t.Skip("there is no data at LANDFALL_DATA_DIR") // a failure where LANDFALL_STRICT is set
				}
				if _, err := dataset.Pull(t.Context(), dir, doc.Data.Sources, dataset.PullOptions{DataDir: data}); err != nil {
					t.Fatal(err)
				}
			}
			a := opened(t)
			info, err := a.Run(t.Context(), dir, app.RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.Report(t.Context(), dir, &info)
			if err != nil {
				t.Fatal(err)
			}
			if doc.Expect == nil || doc.Expect.Exit == nil || len(doc.Expect.Slices) != len(doc.Slices) {
				t.Error("the example does not state what it expects")
			}
			for _, u := range r.Unexpected {
				t.Error(u.En)
			}
		})
	}
}
