package poc_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/dataset"
)

func asked(from, to int) []dataset.Case {
	var out []dataset.Case
	for i := from; i < to; i++ {
		out = append(out, dataset.Case{Input: fmt.Sprintf("question %d", i)})
	}
	return out
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b            []dataset.Case
		want, tolerance float64
	}{
		{asked(0, 100), asked(0, 100), 1, 0},
		{asked(0, 100), asked(50, 150), .5, 0}, // small sets are compared exactly
		{asked(0, 100), asked(100, 200), 0, 0},
		{asked(0, 100), nil, 0, 0},
		{asked(0, 20000), asked(10000, 30000), .5, .12}, // 256 of 20,000: four standard errors
		{asked(0, 20000), asked(20000, 40000), 0, 0},
		{asked(0, 100), asked(0, 20000), 1, 0}, // all of a small set is in a large one
	} {
		got := poc.NewSketch(c.a).Overlap(poc.NewSketch(c.b))
		if math.Abs(got-c.want) > c.tolerance {
			t.Errorf("%d and %d cases: overlap %v, want %v", len(c.a), len(c.b), got, c.want)
		}
	}
}
