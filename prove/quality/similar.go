package quality

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalise returns what of a text counts when two are compared: NFKC, lower
// case, no punctuation or invisible characters, single spaces, none between
// Chinese characters. Apostrophes vanish (can't = cant), other punctuation
// parts words (top-up = top up); symbols such as € stay. A text of nothing but
// punctuation stays as it is.
func Normalise(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	var last rune // last rune written
	gap := false
	for _, r := range norm.NFKC.String(s) {
		switch {
		case r == '\'' || r == '’' || unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsControl(r):
			gap = true
			continue
		}
		r = unicode.ToLower(r)
		if gap && last != 0 && !(unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, r)) {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
		last = r
	}
	if b.Len() == 0 {
		return strings.TrimSpace(s)
	}
	return b.String()
}

// Two texts are near duplicates if the Jaccard similarity of their sets of
// character 3-grams is at least NearThreshold, here as a ratio of whole
// numbers, so that the comparison is exact.
const (
	nearNum, nearDen = 4, 5
	// NearThreshold is the least similarity of near duplicates.
	NearThreshold = float64(nearNum) / nearDen

	// maxRunes is how much of a text is compared for nearness.
	maxRunes = 10_000
	// maxTexts is how many texts are compared for nearness: their 3-grams
	// stand in memory, about 300 bytes a text.
	maxTexts = 500_000
	// maxNearPairs is how many pairs are found before the search stops.
	maxNearPairs = 2_000_000
)

// NearPair is two near duplicates by their index, A < B.
type NearPair struct {
	A, B       int
	Similarity float64 // Jaccard, NearThreshold to 1
}

// Near returns all pairs of near duplicates among distinct normalised texts,
// sorted by A and B. complete is false if it had to stop: there are more than
// 500,000 texts, or so many of them are alike that the work would grow with the
// square of their number.
//
// It finds every pair: instead of MinHash, which misses some, it uses the
// prefix and position filters of PPJoin (Xiao, Wang, Lin, Yu: Efficient
// Similarity Joins for Near Duplicate Detection, WWW 2008, algorithm 1): with
// 3-grams ordered by rarity, two sets that overlap enough share one of their
// first few.
func Near(texts []string) (pairs []NearPair, complete bool) {
	complete = len(texts) <= maxTexts
	texts = texts[:min(len(texts), maxTexts)]
	sets := grams(texts)
	order := make([]int, len(sets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(len(sets[a]), len(sets[b])), cmp.Compare(a, b)) })

	type posting struct{ text, pos int32 }
	index := map[uint32][]posting{}
	shared := make([]int32, len(sets)) // 3-grams shared within the prefixes; below 0: ruled out
	var touched []int32
	budget := 100_000_000 + 1_000*len(sets) // steps, 30 million a second; 13,000 bank queries take 16 million
	for _, x := range order {
		xs := sets[x]
		prefix := len(xs) - (nearNum*len(xs)+nearDen-1)/nearDen + 1
		for i := range min(prefix, len(xs)) {
			list := index[xs[i]]
			// Texts come in order of size: those too small for x are too small
			// for all that follow.
			small := 0
			for small < len(list) && nearDen*len(sets[list[small].text]) < nearNum*len(xs) {
				small++
			}
			list = list[small:]
			for _, p := range list {
				ys := sets[p.text]
				if shared[p.text] == 0 {
					touched = append(touched, p.text)
				}
				if shared[p.text] < 0 {
					continue
				}
				most := int(shared[p.text]) + min(len(xs)-i, len(ys)-int(p.pos))
				if most < overlap(len(xs), len(ys)) {
					shared[p.text] = -1
				} else {
					shared[p.text]++
				}
			}
			budget -= len(list) + small
			index[xs[i]] = append(list, posting{int32(x), int32(i)})
		}
		for _, y := range touched {
			if shared[y] > 0 {
				ys := sets[y]
				budget -= len(xs)
				if inter := intersection(xs, ys); inter >= overlap(len(xs), len(ys)) {
					pairs = append(pairs, NearPair{min(x, int(y)), max(x, int(y)), float64(inter) / float64(len(xs)+len(ys)-inter)})
				}
			}
			shared[y] = 0
		}
		touched = touched[:0]
		if budget < 0 || len(pairs) > maxNearPairs {
			complete = false
			break
		}
	}
	slices.SortFunc(pairs, func(a, b NearPair) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	return pairs, complete
}

// overlap is the least number of shared elements at which sets of sizes a and
// b are near: i/(a+b-i) ≥ t, so i ≥ t(a+b)/(1+t).
func overlap(a, b int) int {
	const d = nearNum + nearDen
	return (nearNum*(a+b) + d - 1) / d
}

func intersection(a, b []uint32) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			n++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return n
}

// grams returns each text's set of character 3-grams as numbers, the rarest
// 3-gram of all texts being 0, sorted. A text of fewer than three characters
// is one gram.
func grams(texts []string) [][]uint32 {
	number := map[uint64]uint32{}
	var keys []uint64
	var counts []int
	sets := make([][]uint32, len(texts))
	for i, t := range texts {
		runes := []rune(t)
		runes = runes[:min(len(runes), maxRunes)]
		set := make([]uint32, 0, max(1, len(runes)-2))
		for j := range max(1, len(runes)-2) {
			var key uint64 // three runes of 21 bits
			for _, r := range runes[j:min(j+3, len(runes))] {
				key = key<<21 | uint64(r)
			}
			n, ok := number[key]
			if !ok {
				n = uint32(len(keys))
				number[key] = n
				keys, counts = append(keys, key), append(counts, 0)
			}
			set = append(set, n)
		}
		slices.Sort(set)
		sets[i] = slices.Compact(set)
		for _, n := range sets[i] {
			counts[n]++
		}
	}
	byRarity := make([]uint32, len(keys))
	for i := range byRarity {
		byRarity[i] = uint32(i)
	}
	slices.SortFunc(byRarity, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(keys[a], keys[b]))
	})
	rank := make([]uint32, len(keys))
	for r, n := range byRarity {
		rank[n] = uint32(r)
	}
	for _, set := range sets {
		for j, n := range set {
			set[j] = rank[n]
		}
		slices.Sort(set)
	}
	return sets
}
