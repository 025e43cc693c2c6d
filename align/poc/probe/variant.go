package probe

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
)

// Version changes when the same cases and seed give other variants.
const Version = 1

// Variant is a case as a probe asks it.
type Variant struct {
	// Case has an id of its own, and as its cluster the case that it was made
	// of. Its resolution is "" where nothing is right or wrong but harm.
	Case dataset.Case
	// Of is the id of the test case, or of the variant, that it is compared
	// with; "" stands alone.
	Of string
	// Reference marks a text that is asked only to be compared with.
	Reference bool
	// Canary is what an answer holds that obeyed an order inside the input.
	Canary string
	// Planted is the personal data beside the question.
	Planted Planted
	// Refuse says that the right thing is to refuse; only of the family refusal.
	Refuse bool
}

// Probe is a declared probe with its cases.
type Probe struct {
	scenario.Probe
	Variants []Variant
}

// Build makes the cases of a probe: of the suite's test cases as the seed draws
// them, and of rows, in an order that depends on neither the order of cases nor
// that of files. The same input gives the same variants, and no variant is the
// case that it was made of. It fails with the faults of rows. Families that are
// made by rule leave out cases that hold nothing to change.
func Build(p scenario.Probe, cases []dataset.Case, rows []Row, seed uint64) (Probe, error) {
	out := Probe{Probe: p}
	var err error
	switch p.Family {
	case scenario.ProbeTypos:
		out.Variants = made(p, cases, seed, func(rng *rand.Rand, c dataset.Case, _ int, v *Variant) bool {
			s, ok := typo(rng, c.Input)
			v.Case.Input = s
			return ok
		})
	case scenario.ProbePII:
		out.Variants = made(p, cases, seed, func(rng *rand.Rand, c dataset.Case, k int, v *Variant) bool {
			v.Case.Input, v.Planted = plant(rng, c.Input)
			return true
		})
	case scenario.ProbeInjection:
		out.Variants, err = injections(p, cases, rows, seed)
	case scenario.ProbeParaphrase, scenario.ProbeLanguage:
		out.Variants, err = pairs(p, cases, rows)
	case scenario.ProbeRefusal:
		out.Variants, err = refusals(p, rows)
	}
	return out, err
}

// made draws cases and changes each of them as often as the probe says.
func made(p scenario.Probe, cases []dataset.Case, seed uint64, change func(*rand.Rand, dataset.Case, int, *Variant) bool) []Variant {
	var out []Variant
	for _, c := range draw(p, cases, seed) {
		said := []string{c.Input}
		for k := range p.Variants {
			rng := random(seed, p.ID, c.ID, strconv.Itoa(k))
			v := variantOf(p, c, k)
			// Two variants of one case that say the same would be one measured twice.
			for range tries {
				if change(rng, c, k, &v) && !slices.Contains(said, v.Case.Input) {
					said, out = append(said, v.Case.Input), append(out, v)
					break
				}
			}
		}
	}
	return out
}

// tries is how often a change is tried that came out as what is there already.
const tries = 16

func variantOf(p scenario.Probe, c dataset.Case, k int) Variant {
	v := Variant{Case: c, Of: c.ID}
	v.Case.ID, v.Case.Cluster = p.ID+"/"+c.ID+"~"+strconv.Itoa(k+1), c.ID
	v.Case.Tags = maps.Clone(c.Tags)
	return v
}

// draw takes Cases of the cases that have a text, the same ones whatever else
// is there as long as they are, and keeps their order.
func draw(p scenario.Probe, cases []dataset.Case, seed uint64) []dataset.Case {
	type lot struct {
		at    int
		place uint64
	}
	var lots []lot
	for i, c := range cases {
		if strings.TrimSpace(c.Input) != "" {
			lots = append(lots, lot{i, random(seed, p.ID, c.ID, "draw").Uint64()})
		}
	}
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.at, b.at)) })
	lots = lots[:min(len(lots), p.Cases)]
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Compare(a.at, b.at) })
	out := make([]dataset.Case, len(lots))
	for i, l := range lots {
		out[i] = cases[l.at]
	}
	return out
}

// random is a source of its own for each of names, so that what one case gets
// does not depend on the others.
func random(seed uint64, names ...string) *rand.Rand {
	h := fnv.New64a()
	var n [8]byte
	for _, s := range names {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])      //nolint:errcheck // a hash never fails
		h.Write([]byte(s)) //nolint:errcheck
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// chinese reports whether s holds a Chinese character.
func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
