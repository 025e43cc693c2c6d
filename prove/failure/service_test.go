package failure_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
	"github.com/landfall-ai/landfall/prove/failure"
)

func TestService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{failure.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		ctx := context.Background()
		n := 0
		var events []string
		svc := failure.New(failure.Deps{DB: db, Now: func() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) },
			NewID: func(prefix string) string { n++; return fmt.Sprintf("%s_%06d", prefix, n) },
			Emit: func(_ context.Context, _ bun.Tx, scenarioID, importID string) error {
				events = append(events, scenarioID+" "+importID)
				return nil
			}})
		load := func(content string) failure.Imported {
			var done failure.Imported
			fs := read(t, "failures.csv", content, failure.ImportOptions{})
			err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
				done, err = svc.Import(ctx, tx, "scn_1", fs)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		first := load(file)
		if first.New != 5 || first.Known != 0 || first.Modes != 2 || first.NewModes != 2 || first.ID == "" {
			t.Errorf("first %+v", first)
		}
		if again := load(file); again != (failure.Imported{Known: 5, Modes: 2}) {
			t.Errorf("again %+v", again)
		}
		if more := load(file + "please help me at once,,,,,\n"); more.New != 1 || more.Known != 5 || more.Modes != 3 || more.NewModes != 1 {
			t.Errorf("continued %+v", more)
		}
		if labelled := load(strings.Replace(file, "我的卡在哪里,NULL", "我的卡在哪里,a1", 1)); labelled.Labelled != 1 || labelled.New != 0 || labelled.NewModes != 0 {
			t.Errorf("labelled %+v", labelled)
		}
		if len(events) != 3 {
			t.Errorf("events %v", events)
		}
		one := failure.Filter{Scenarios: []string{"scn_1"}}
		list, err := svc.SelectModes(ctx, one, nil, 2)
		if err != nil || len(list) != 2 || list[0].Occurrences != 4 || !list[0].First.Equal(time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)) {
			t.Fatalf("list %+v, %v", list, err)
		}
		rest, err := svc.SelectModes(ctx, one, &failure.Place{Occurrences: list[1].Occurrences, ID: list[1].ID}, 10)
		if err != nil || len(rest) != 1 || rest[0].ID == list[1].ID {
			t.Errorf("next page %+v, %v", rest, err)
		}
		one.Mode = list[0].ID
		fs, err := svc.Select(ctx, one, "", 3)
		if err != nil || len(fs) != 3 || fs[0].Mode != list[0].ID || fs[0].File != "failures.csv" {
			t.Errorf("failures %+v, %v", fs, err)
		}
		if fs, err = svc.Select(ctx, one, fs[2].ID, 3); err != nil || len(fs) != 1 {
			t.Errorf("next page %+v, %v", fs, err)
		}
		modes, err := svc.Modes(ctx, db.Read(), "scn_1")
		if err != nil || len(modes) != 3 || len(modes[0].Failures) != 4 || modes[0].Text != modes[0].Failures[0].Text {
			t.Errorf("modes %+v, %v", modes, err)
		}
		b := failure.Cases(modes, nil, spec())
		if len(b.New) != 2 || len(b.Pending) != 1 || b.Pending[0].Mode == "" || len(b.Guards) != 5 {
			t.Errorf("cases %+v", b)
		}
		if n, err := svc.Count(ctx, "scn_1"); err != nil || n != (failure.Counts{Failures: 6, Modes: 3}) {
			t.Errorf("counts %+v, %v", n, err)
		}
		for range 2 { // storing it again changes nothing
			if err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return svc.Guard(ctx, tx, b.Guards) }); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := svc.Count(ctx, "scn_1"); err != nil || n != (failure.Counts{Failures: 6, Modes: 3, Cases: 2}) {
			t.Errorf("counts %+v, %v", n, err)
		}
		if n, err := svc.Count(ctx, "scn_2"); err != nil || n != (failure.Counts{}) {
			t.Errorf("counts of another scenario %+v, %v", n, err)
		}
		if fs, err := svc.Select(ctx, one, "", 10); err != nil || fs[0].Case == "" || fs[0].Case != b.Guards[fs[0].ID] {
			t.Errorf("guarded failure %+v, %v", fs, err)
		}
		one.Open = true
		if open, err := svc.Select(ctx, one, "", 10); err != nil || len(open) != 0 {
			t.Errorf("all of the mode are guarded, yet %+v, %v", open, err)
		}
		if none, err := svc.Select(ctx, failure.Filter{}, "", 10); err != nil || len(none) != 0 {
			t.Errorf("a filter that chooses nothing gave %+v, %v", none, err)
		}
		if other, err := svc.Modes(ctx, db.Read(), "scn_2"); err != nil || len(other) != 0 {
			t.Errorf("another scenario has %+v, %v", other, err)
		}
		if _, err := svc.FindMode(ctx, "fm_none"); !errors.Is(err, failure.ErrUnknownMode) {
			t.Errorf("got %v", err)
		}
	})
}

// A failure that is alike two modes joins them under the older id.
func TestModesJoin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{failure.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		ctx := context.Background()
		n := 0
		svc := failure.New(failure.Deps{DB: db, Now: func() time.Time { return time.Unix(0, 0) }, NewID: func(p string) string { n++; return fmt.Sprintf("%s_%06d", p, n) }})
		load := func(texts ...string) []failure.Mode {
			fs := read(t, "a.csv", "text\n"+strings.Join(texts, "\n")+"\n", failure.ImportOptions{})
			err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				_, err := svc.Import(ctx, tx, "scn_1", fs)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			modes, err := svc.Modes(ctx, db.Read(), "scn_1")
			if err != nil {
				t.Fatal(err)
			}
			return modes
		}
		const a, between, b = "how do i pay for my new card in a shop", "how do i pay for my new card in a shop now", "how do i pay for my new card in a shop now abroad"
		two := load(a, b)
		if len(two) != 2 {
			t.Fatalf("%+v", two)
		}
		one := load(between)
		if len(one) != 1 || one[0].ID != min(two[0].ID, two[1].ID) || one[0].Occurrences != 3 || len(one[0].Failures) != 3 {
			t.Errorf("%+v", one)
		}
	})
}

func TestImportIsOneWithItsEvent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{failure.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		ctx := context.Background()
		n := 0
		svc := failure.New(failure.Deps{DB: db, Now: func() time.Time { return time.Unix(0, 0) }, NewID: func(p string) string { n++; return fmt.Sprintf("%s_%06d", p, n) },
			Emit: func(context.Context, bun.Tx, string, string) error { return errors.New("no") }})
		fs := read(t, "a.csv", file, failure.ImportOptions{})
		err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := svc.Import(ctx, tx, "scn_1", fs)
			return err
		})
		modes, merr := svc.Modes(ctx, db.Read(), "scn_1")
		if err == nil || merr != nil || len(modes) != 0 {
			t.Errorf("%v, %v, %+v", err, merr, modes)
		}
	})
}

// Many at once: more rows than one statement takes.
func TestImportInBatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{failure.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		ctx := context.Background()
		n := 0
		svc := failure.New(failure.Deps{DB: db, Now: func() time.Time { return time.Unix(0, 0) }, NewID: func(p string) string { n++; return fmt.Sprintf("%s_%06d", p, n) }})
		var b strings.Builder
		b.WriteString("text\n")
		for i := range 1200 {
			fmt.Fprintf(&b, "%c%d\n", 'a'+i%26, i*7919)
		}
		fs := read(t, "a.csv", b.String(), failure.ImportOptions{})
		var done failure.Imported
		err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			done, err = svc.Import(ctx, tx, "scn_1", fs)
			return err
		})
		if err != nil || done.New != 1200 || done.Modes != done.NewModes {
			t.Fatalf("%+v, %v", done, err)
		}
		modes, err := svc.Modes(ctx, db.Read(), "scn_1")
		total := 0
		for _, m := range modes {
			total += len(m.Failures)
		}
		if err != nil || total != 1200 || len(modes) != done.Modes {
			t.Errorf("%d failures in %d modes, %v", total, len(modes), err)
		}
	})
}
