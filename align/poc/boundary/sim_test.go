package boundary_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
)

var vocabulary = strings.Fields(`card account transfer pin balance refund fee limit payment cash atm top up exchange rate currency
	fraud stolen lost block order delivery virtual physical identity verify address email phone password login app website
	statement interest loan mortgage insurance travel abroad salary deposit withdraw cheque branch opening hours close cancel`)

// draw makes n cases with four slices, three tags, texts of a Zipf vocabulary
// and a length of its own: what a search for weak slices meets.
func drawCases(rng *rand.Rand, n int) []dataset.Case {
	pick := func(values ...string) string { return values[rng.IntN(len(values))] }
	skew := func(values ...string) string { // the first is as likely as all that follow
		for i, v := range values {
			if i == len(values)-1 || rng.IntN(2) == 0 {
				return v
			}
		}
		return ""
	}
	out := make([]dataset.Case, n)
	for i := range out {
		var words []string
		for range 3 + rng.IntN(14) {
			// Rank r with chance about 1/r.
			r := 0
			for x := rng.Float64() * 4.5; r < len(vocabulary)-1 && x > 1/float64(r+1); r++ {
				x -= 1 / float64(r+1)
			}
			words = append(words, vocabulary[r])
		}
		out[i] = dataset.Case{ID: fmt.Sprint("c", i), Input: strings.Join(words, " "),
			Slice: skew("faq", "transfer", "dispute", "other"),
			Tags: map[string]string{"channel": skew("app", "web", "phone", "branch"), "tone": pick("calm", "angry", "neutral"),
				"region": pick("north", "south", "east", "west", "abroad")}}
	}
	return out
}

// outcome draws the answers: right with chance base, less by drop where weak.
func outcome(rng *rand.Rand, n int, base, drop float64, weak func(int) bool) []bool {
	out := make([]bool, n)
	for i := range out {
		p := base
		if weak != nil && weak(i) {
			p -= drop
		}
		out[i] = rng.Float64() < p
	}
	return out
}

func meets(c dataset.Case, conds []boundary.Condition) bool {
	return !slices.ContainsFunc(conds, func(x boundary.Condition) bool { return !x.Meets(c) })
}
