package text

import "slices"

// Nearest returns the candidate with the smallest edit distance to name, if it
// is near enough to be what was meant (at most a third of its letters differ,
// and never more than three); else "".
func Nearest(name string, candidates []string) string {
	best, bestD := "", 4
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		d := distance([]rune(name), []rune(c))
		if d < bestD && d <= max(1, (max(len(name), len(c))+2)/3) {
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
