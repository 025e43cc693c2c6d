package grade

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
)

// rule names the procedure by which bars are held, so that another one is
// another bar.
const rule = "holm over candidates and slices, exact, alpha spent by attempt/1"

// Freeze returns the digest of the bars (hex SHA-256 of their canonical JSON):
// every slice's id, level and bar, the versions of the graders that score
// (poc/grader.Grader's Version, in any order), and the rule with its alpha by
// which a candidate reaches them. The order of slices and their titles and
// traffic make no difference. Take it before the first answer is scored, and
// keep it with the run: a bar that was set after looking is no bar. It fails
// if a bar is no number.
func Freeze(bars []Slice, graders ...string) (string, error) {
	rows := make([]map[string]any, len(bars))
	for i, s := range slices.SortedFunc(slices.Values(bars), func(a, b Slice) int { return cmp.Compare(a.ID, b.ID) }) {
		rows[i] = map[string]any{"slice": s.ID, "level": string(s.Level), "bar": s.Bar}
	}
	digest, err := evidence.Digest(map[string]any{"slices": rows, "graders": slices.Sorted(slices.Values(graders)), "rule": rule, "alpha": riskAlpha(bars)})
	if err != nil {
		return "", fmt.Errorf("freeze bars: %w", err)
	}
	return digest, nil
}

// Exploratory reports whether evidence scored under the bars with digest
// scored only explores: no bars were frozen before, or other ones.
func Exploratory(frozen, scored string) bool { return frozen == "" || frozen != scored }
