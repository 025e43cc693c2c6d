package poc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/dataset"
)

// A Sketch is the smallest digests of the test cases of a run, by which runs on
// the same test cases are recognised though the data has another version: a
// bottom-k sketch (Cohen and Kaplan 2007), exact up to sketchSize cases.
type Sketch []byte

const (
	sketchSize  = 256
	sketchBytes = 8 // of one digest
)

// NewSketch digests test cases by what is asked, not by their ids.
func NewSketch(cases []dataset.Case) Sketch {
	all := make([][]byte, len(cases))
	for i, c := range cases {
		sum := sha256.Sum256([]byte(c.Input + "\x00" + c.ImageHash))
		all[i] = sum[:sketchBytes]
	}
	slices.SortFunc(all, bytes.Compare)
	all = slices.CompactFunc(all, bytes.Equal)
	return slices.Concat(all[:min(len(all), sketchSize)]...)
}

func (s Sketch) each(visit func([]byte)) {
	for i := 0; i+sketchBytes <= len(s); i += sketchBytes {
		visit(s[i : i+sketchBytes])
	}
}

// Overlap estimates which share of the cases of s is among those of o, 0 to 1.
// Only the digests below the largest that both sketches reach can be compared.
func (s Sketch) Overlap(o Sketch) float64 {
	if len(s) == 0 || len(o) == 0 {
		return 0
	}
	reach := s[len(s)-sketchBytes:]
	if len(s) < sketchSize*sketchBytes { // s is whole
		reach = nil
	}
	if last := o[len(o)-sketchBytes:]; len(o) == sketchSize*sketchBytes && (reach == nil || bytes.Compare(last, reach) < 0) {
		reach = last
	}
	in := map[string]bool{}
	o.each(func(d []byte) { in[string(d)] = true })
	n, both := 0, 0
	s.each(func(d []byte) {
		if reach == nil || bytes.Compare(d, reach) <= 0 {
			n++
			both += b2i(in[string(d)])
		}
	})
	if n == 0 {
		return 0
	}
	return float64(both) / float64(n)
}

// SameTest is the overlap from which a run counts as having consulted the same
// test set.
const SameTest = 0.1

// Attempt returns which attempt on its test set a run is, from 1: one more than
// the number of different things (candidates, and what they learn from) that
// the scenario's finished runs have tried on test cases of which at least
// SameTest are this run's too. Measuring the same again is no further attempt.
func (s *Runs) Attempt(ctx context.Context, db bun.IDB, r Run) (int, error) {
	var rows []runRow
	err := db.NewSelect().Model(&rows).Column("tried_digest", "test_sketch").
		Where("scenario_id = ? AND state = ? AND id <> ? AND tried_digest NOT IN ('', ?)", r.ScenarioID, string(Done), r.ID, r.Tried).Scan(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the attempts before run %s: %w", r.ID, err)
	}
	tried := map[string]bool{}
	for _, row := range rows {
		if r.Sketch.Overlap(row.TestSketch) >= SameTest {
			tried[row.TriedDigest] = true
		}
	}
	return len(tried) + 1, nil
}
