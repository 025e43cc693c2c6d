package text

import (
	"slices"
	"strings"
)

// maxEdits is how many letters a name may differ in and still be what was meant.
const maxEdits = 3

// Nearest returns the candidate with the smallest edit distance to name, the
// first in order among equals, if it is near enough to be what was meant: at
// most three letters differ, and at most a third of the longer name's, rounded
// up, and never all of them. Else it returns "". Upper and lower case make no
// difference, but a candidate that is name itself comes first.
func Nearest(name string, candidates []string) string {
	if name != "" && slices.Contains(candidates, name) {
		return name
	}
	best, bestD := "", maxEdits+1
	from := []rune(strings.ToLower(name))
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		to := []rune(strings.ToLower(c))
		longer := max(len(from), len(to))
		if longer-min(len(from), len(to)) > maxEdits {
			continue // spares the work of comparing with a name of any length
		}
		if d := distance(from, to); d < bestD && d < longer && d <= (longer+2)/3 {
			best, bestD = c, d
		}
	}
	return best
}

// distance is the Damerau–Levenshtein distance with adjacent transpositions
// (optimal string alignment).
func distance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
