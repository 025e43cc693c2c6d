package baseline

import "context"

// majority always gives the most frequent class; of equally frequent ones the
// first by name.
type majority struct{ class int32 }

func fitMajority(_ context.Context, c *corpus, rows []int, _ settings, _ uint64) (scorer, error) {
	counts := make([]int, len(c.classes))
	for _, r := range rows {
		counts[c.labels[r]]++
	}
	best := 0
	for k, n := range counts {
		if n > counts[best] {
			best = k
		}
	}
	return majority{int32(best)}, nil
}

func (m majority) score([]count) (int32, []float64) { return m.class, nil }

func (m majority) explain([]count, int32) []string { return nil }
