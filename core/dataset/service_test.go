package dataset_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

// kept is a file store in memory.
type kept map[string][]byte

func (k kept) Put(_ context.Context, r io.Reader) (string, int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(b)
	digest := hex.EncodeToString(sum[:])
	k[digest] = b
	return digest, int64(len(b)), nil
}

func TestService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []fs.FS{dataset.Migrations}, func(t *testing.T, db *store.DB) {
		t.Parallel()
		ctx := context.Background()
		at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
		n, files := 0, kept{}
		var events []string
		svc := dataset.New(dataset.Deps{DB: db, Files: files, Now: func() time.Time { return at },
			NewID: func(prefix string) string { n++; return fmt.Sprintf("%s_%02d", prefix, n) },
			Versioned: func(_ context.Context, _ bun.Tx, scenarioID, versionID string) error {
				events = append(events, scenarioID+" "+versionID)
				return nil
			}})
		s := spec()
		dir := folder(t, t.TempDir(), map[string]string{"data/train.csv": header + "a,refund,a1,app,1\n", "data/test.csv": header + "b,refund,a1,app,1\n"})
		load := func() *dataset.Data {
			d, err := dataset.Load(ctx, dir, s)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		record := func(scenarioID string, d *dataset.Data) (v dataset.Version) {
			err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
				v, err = svc.Record(ctx, tx, scenarioID, s, d)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		d := load()
		if err := svc.Keep(ctx, dir, d); err != nil || len(files) != 2 {
			t.Fatalf("kept %d files, %v", len(files), err)
		}
		one := record("scn_1", d)
		if again := record("scn_1", d); again.ID != one.ID || again.Digest != one.Digest {
			t.Errorf("recorded again as %+v", again)
		}
		if other := record("scn_2", d); other.ID == one.ID || other.Digest != one.Digest {
			t.Errorf("the other scenario has %+v", other)
		}
		folder(t, dir, map[string]string{"data/train.csv": header + "changed,refund,a1,app,1\n"})
		if err := svc.Keep(ctx, dir, d); !errors.Is(err, dataset.ErrChanged) {
			t.Errorf("changed file: %v", err)
		}
		two := record("scn_1", load())
		if two.Digest == one.Digest {
			t.Error("a changed file is the same version")
		}
		if fmt.Sprint(events) != "[scn_1 ds_01 scn_2 ds_02 scn_1 ds_03]" {
			t.Errorf("events %v", events)
		}
		got, err := svc.Get(ctx, one.ID)
		if err != nil || got.Created != at || got.TrainRows != 1 || len(got.Manifest.Files) != 2 {
			t.Errorf("got %+v, %v", got, err)
		}
		if digest, err := got.Manifest.Digest(); err != nil || digest != one.Digest {
			t.Errorf("the stored manifest has the digest %s (%v), want %s", digest, err, one.Digest)
		}
		if _, err := svc.Get(ctx, "ds_99"); !errors.Is(err, dataset.ErrUnknownVersion) {
			t.Errorf("unknown: %v", err)
		}
		list, err := svc.List(ctx, "scn_1", "", 10)
		if err != nil || len(list) != 2 || list[0].ID != two.ID {
			t.Errorf("list %+v, %v", list, err)
		}
		if list, err = svc.List(ctx, "scn_1", two.ID, 10); err != nil || len(list) != 1 || list[0].ID != one.ID {
			t.Errorf("next page %+v, %v", list, err)
		}
		// A failing announcement takes the version with it.
		broken := dataset.New(dataset.Deps{DB: db, Files: files, NewID: svc.NewID, Now: svc.Now,
			Versioned: func(context.Context, bun.Tx, string, string) error { return errors.New("no") }})
		err = db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := broken.Record(ctx, tx, "scn_3", s, d)
			return err
		})
		if list, lerr := svc.List(ctx, "scn_3", "", 10); err == nil || lerr != nil || len(list) != 0 {
			t.Errorf("after a failed announcement: %v, %v, %v", err, list, lerr)
		}
		if err := os.Remove(filepath.Join(dir, "data", "test.csv")); err != nil {
			t.Fatal(err)
		}
		if err := svc.Keep(ctx, dir, d); !errors.Is(err, dataset.ErrNoFile) && !errors.Is(err, dataset.ErrChanged) {
			t.Errorf("a file is gone: %v", err)
		}
	})
}
