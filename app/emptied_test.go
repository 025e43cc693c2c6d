package app_test

import (
	"context"
	"testing"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/evidence"
)

// A log that was emptied looks whole from inside. The checkpoint beside the
// keys shows it, and goes on to after more was appended.
func TestAnEmptiedLogIsFound(t *testing.T) {
	t.Parallel()
	home, dir := t.TempDir(), handedOver(t, "", "")
	in := func(f func(a *app.App)) {
		a, err := app.Open(t.Context(), app.Config{Home: home, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		f(a)
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(a *app.App) evidence.Report {
		r, err := a.Evidence.Verify(t.Context(), evidence.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	in(func(a *app.App) {
		if _, err := a.Run(t.Context(), dir, app.RunOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	in(func(a *app.App) {
		if r := verify(a); !r.OK() || r.Size == 0 || r.PinnedSize != -1 {
			t.Errorf("before: %+v", r)
		}
		err := a.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			for _, table := range []string{"evidence", "log_leaves", "log_checkpoints", "log_heads"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	in(func(a *app.App) {
		if r := verify(a); r.OK() || r.Findings[0].Code != evidence.FoundTruncated {
			t.Errorf("emptied: %+v", r)
		}
		if _, err := a.Run(t.Context(), dir, app.RunOptions{Again: true}); err != nil {
			t.Fatal(err)
		}
	})
	in(func(a *app.App) {
		if r := verify(a); r.OK() {
			t.Errorf("begun anew: %+v", r)
		}
	})
}
