package id_test

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/id"
)

// The example of RFC 9562, appendix A.6: 2022-02-22 14:22:22 -05:00, rand_a
// 0xCC3 and rand_b 0x18C4DC0C0C07398F. A fraction of 0xCC3/4096 of a
// millisecond gives the same rand_a.
func TestKnownAnswer(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1645557742000).Add(0xCC3*time.Millisecond/4096 + time.Nanosecond)
	random := []byte{0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}
	got := id.New(func() time.Time { return at }, bytes.NewReader(random))("run")
	if want := "run_017f22e279b07cc398c4dc0c0c07398f"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGrowsWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		source := id.New(func() time.Time { return at }, rand.Reader)
		var ids []string
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)), 1, 50).Draw(t, "steps") {
			ids = append(ids, source("x"))
			at = at.Add(time.Duration(step))
		}
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Fatalf("not strictly growing: %v", ids)
		}
	})
}

func TestConcurrentlyUniqueAndWellFormed(t *testing.T) {
	t.Parallel()
	source := id.New(time.Now, rand.Reader)
	form := regexp.MustCompile(`^run_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$`)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				s := source("run")
				mu.Lock()
				if seen[s] || !form.MatchString(s) {
					t.Errorf("bad or repeated: %s", s)
				}
				seen[s] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestSeededRepeats(t *testing.T) {
	t.Parallel()
	a, b, c := id.Seeded(1), id.Seeded(1), id.Seeded(2)
	first := a("x")
	if got := b("x"); got != first {
		t.Errorf("same seed: %s and %s", first, got)
	}
	if got := c("x"); got == first {
		t.Errorf("other seed: %s again", got)
	}
	if second := a("x"); second <= first {
		t.Errorf("%s comes after %s", second, first)
	}
}

func TestNoRandomnessPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("an identifier without randomness was made")
		}
	}()
	id.New(time.Now, bytes.NewReader(nil))("x")
}
