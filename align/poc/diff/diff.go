package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

const (
	// Level of the two-sided intervals.
	Level = 0.95
	// Alpha is the two-sided error of "this is no noise", and over all slices
	// together of "this slice changed".
	Alpha = 0.05
)

// Result is what became of one case.
type Result struct {
	CaseID string
	// Expected is the right answer: a case whose right answer differs between
	// the sides is not the same case.
	Expected   string
	Slice      string
	Resolution string // "" if there was no answer
	Correct    bool
}

// Side is one of the two sets: a run's answers of one candidate.
type Side struct {
	Name    string
	Results []Result
}

// ErrRepeated is given where one side answers a case twice.
var ErrRepeated = fault.Def{Kind: fault.Invalid, Code: "diff.repeated",
	En: "{side} has more than one answer to case {case}", Zh: "{side} 对用例 {case} 有多个回答",
	HintEn: "compare one answer per case: repeats of a case are not further cases",
	HintZh: "请按每条用例一个回答来比较：同一用例的重复作答不算新的用例"}

// Verdict says what the flips amount to.
type Verdict string

// The verdicts.
const (
	Same    Verdict = "same"    // no case flipped
	Noise   Verdict = "noise"   // flips both ways that chance would explain
	Better  Verdict = "better"  // B is right more often than chance explains
	Worse   Verdict = "worse"   // B is right less often than chance explains
	Nothing Verdict = "nothing" // no case in common
)

// Diff is the comparison of B with A, on the cases that both have.
type Diff struct {
	A        string  `json:"a"`
	B        string  `json:"b"`
	Verdict  Verdict `json:"verdict"`
	Cases    int     `json:"cases"`  // in common
	OnlyA    int     `json:"only_a"` // cases that B does not have: not compared
	OnlyB    int     `json:"only_b"`
	CorrectA int     `json:"correct_a"` // of Cases
	CorrectB int     `json:"correct_b"`
	// Gained are the cases that A got wrong and B right, Lost the reverse, in
	// the order of A.
	Gained []Flip `json:"gained"`
	Lost   []Flip `json:"lost"`
	// Reworded counts the cases on which both are right or both wrong with
	// different answers.
	Reworded int `json:"reworded"`
	// P is McNemar's mid-p-value, on which Verdict rests, Exact the exact
	// conditional one; two-sided.
	P     float64 `json:"p"`
	Exact float64 `json:"exact"`
	// Difference is the share correct of B less that of A, Low and High
	// Tango's score interval at Level.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	// Slices are the slices by name; empty if there is only one.
	Slices  []SliceDiff `json:"slices"`
	Summary text.Text   `json:"summary"`
}

// Flip is a case that changed sides.
type Flip struct {
	CaseID   string `json:"case"`
	Slice    string `json:"slice,omitempty"`
	Expected string `json:"expected"`
	Was      string `json:"was"` // A's answer
	Is       string `json:"is"`  // B's answer
}

// SliceDiff is the comparison on one slice.
type SliceDiff struct {
	Slice      string  `json:"slice"`
	Cases      int     `json:"cases"`
	Gained     int     `json:"gained"`
	Lost       int     `json:"lost"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"` // for this slice alone
	High       float64 `json:"high"`
	// P is McNemar's mid-p-value by Holm over all slices: up to Alpha, the
	// slice changed, whichever slice one looks at.
	P       float64 `json:"p"`
	Verdict Verdict `json:"verdict"`
}

// Compare compares b with a on the cases that both answered, by case id. A
// case's slice is the one that a names. It fails with ErrRepeated if a side
// has a case twice.
func Compare(a, b Side) (Diff, error) {
	inB, err := byID(b)
	if err != nil {
		return Diff{}, err
	}
	inA, err := byID(a)
	if err != nil {
		return Diff{}, err
	}
	d := Diff{A: a.Name, B: b.Name, Gained: []Flip{}, Lost: []Flip{}, Slices: []SliceDiff{}}
	bySlice := map[string]*SliceDiff{}
	for _, x := range a.Results {
		y, ok := inB[x.CaseID]
		if !ok || y.Expected != x.Expected {
			d.OnlyA++
			continue
		}
		d.Cases++
		s := bySlice[x.Slice]
		if s == nil {
			s = &SliceDiff{Slice: x.Slice}
			bySlice[x.Slice] = s
		}
		s.Cases++
		flip := Flip{CaseID: x.CaseID, Slice: x.Slice, Expected: x.Expected, Was: x.Resolution, Is: y.Resolution}
		switch {
		case y.Correct && !x.Correct:
			d.Gained = append(d.Gained, flip)
			s.Gained++
		case x.Correct && !y.Correct:
			d.Lost = append(d.Lost, flip)
			s.Lost++
		case x.Resolution != y.Resolution:
			d.Reworded++
		}
		if x.Correct {
			d.CorrectA++
		}
		if y.Correct {
			d.CorrectB++
		}
	}
	for id, y := range inB {
		if x, ok := inA[id]; !ok || x.Expected != y.Expected {
			d.OnlyB++
		}
	}
	gained, lost := len(d.Gained), len(d.Lost)
	d.Exact, d.P = stats.McNemar(gained, lost)
	d.Difference, d.Low, d.High = difference(gained, lost, d.Cases)
	d.Verdict = verdict(gained, lost, d.Cases, d.P)
	if len(bySlice) > 1 {
		d.Slices = corrected(bySlice)
	}
	d.Summary = d.say()
	return d, nil
}

func byID(s Side) (map[string]Result, error) {
	out := make(map[string]Result, len(s.Results))
	for _, r := range s.Results {
		if _, twice := out[r.CaseID]; twice {
			return nil, ErrRepeated.With("side", s.Name, "case", r.CaseID)
		}
		out[r.CaseID] = r
	}
	return out, nil
}

func difference(gained, lost, n int) (value, low, high float64) {
	iv := stats.TangoInterval(gained, lost, n, Level)
	return float64(gained-lost) / float64(max(1, n)), iv.Low, iv.High
}

func verdict(gained, lost, n int, p float64) Verdict {
	switch {
	case n == 0:
		return Nothing
	case gained+lost == 0:
		return Same
	case p > Alpha:
		return Noise
	case gained > lost:
		return Better
	}
	return Worse
}

// corrected completes the slices, with Holm's correction over all of them.
func corrected(bySlice map[string]*SliceDiff) []SliceDiff {
	var out []SliceDiff
	var p []float64
	for _, s := range slices.SortedFunc(maps.Values(bySlice), func(a, b *SliceDiff) int { return cmp.Compare(a.Slice, b.Slice) }) {
		_, mid := stats.McNemar(s.Gained, s.Lost)
		p = append(p, mid)
		s.Difference, s.Low, s.High = difference(s.Gained, s.Lost, s.Cases)
		out = append(out, *s)
	}
	for i, q := range stats.Holm(p) {
		out[i].P = q
		out[i].Verdict = verdict(out[i].Gained, out[i].Lost, out[i].Cases, q)
	}
	return out
}

// Flipped is a case that changed sides, with the direction.
type Flipped struct {
	Flip
	To string `json:"flip"` // gained or lost
}

// Flips returns the lost cases, then the gained ones.
func (d Diff) Flips() []Flipped {
	out := []Flipped{}
	for _, f := range d.Lost {
		out = append(out, Flipped{f, "lost"})
	}
	for _, f := range d.Gained {
		out = append(out, Flipped{f, "gained"})
	}
	return out
}
