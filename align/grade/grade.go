package grade

import (
	"cmp"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Outcome is a verdict on a slice or on a candidate in it.
type Outcome string

// The three outcomes.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Insufficient Outcome = "insufficient"
)

// Alpha is the one-sided error of all gradings on one test set: the chance that
// any candidate ever passes on any slice although its true share of correct
// resolutions is below the bar. One grading uses the part of it that is its
// measurement's to spend (poc.Measurement.AlphaSpent), and Holm's procedure
// over all candidates and slices keeps that (Holm 1979).
const Alpha = poc.Alpha

// Power is the chance with which the planned number of further cases shows
// what is true.
const Power = 0.80

// Slice is one slice of the scenario as it enters grading.
type Slice struct {
	ID       string
	Title    text.Text
	Level    scenario.Level // what its cases test
	Bar      float64
	Requests int // in the traffic sample; 0 if there is none
	// Declared is what the owner says that this slice needs; "" if as the
	// scenario. Rubric is how they came to it; nil if nobody answered.
	Declared scenario.Level
	Rubric   *scenario.Rubric
}

// Test is the exact test of one candidate on one slice.
type Test struct {
	Candidate string  `json:"candidate"`
	Correct   int     `json:"correct"`
	N         int     `json:"n"`
	Accuracy  float64 `json:"accuracy"`
	// Low is the exact one-sided lower bound at AlphaUsed: the candidate
	// passes if Low ≥ bar.
	Low float64 `json:"low"`
	// High is the exact one-sided upper bound at AlphaUsed: below the bar, the
	// candidate fails.
	High      float64 `json:"high"`
	AlphaUsed float64 `json:"alpha_used"`
	Outcome   Outcome `json:"outcome"`
	// Clusters is how many clusters of equal size the cases are worth, and NEff
	// how many independent cases; the bounds are then approximate. 0 if
	// every case stands by itself.
	Clusters int     `json:"clusters,omitempty"`
	NEff     float64 `json:"n_eff,omitempty"`
	// Verdicts are those of poc.Judged, from which the bounds come if a judge
	// model graded.
	Verdicts []stats.Count `json:"-"`
}

// Count returns t as what its bounds are computed from.
func (t Test) Count() stats.Count {
	return stats.Count{K: t.Correct, N: t.N, Clusters: t.Clusters, NEff: t.NEff, Parts: t.Verdicts}
}

// Verdict is what was found about one slice.
type Verdict struct {
	Slice    string         `json:"slice"`
	Title    text.Text      `json:"title"`
	Level    scenario.Level `json:"level"`    // of resolution that its cases test
	Declared scenario.Level `json:"declared"` // by the owner, for the slice or else for the scenario
	Proven   scenario.Level `json:"proven"`   // "" if no candidate passes
	Bar      float64        `json:"bar"`
	Share    Share          `json:"share"`
	Outcome  Outcome        `json:"outcome"`
	// Cheapest is the cheapest candidate that passes; "" if none does.
	Cheapest string `json:"cheapest"`
	// Closest is the candidate that Cheapest names, or else the one with the
	// highest lower bound; "" if nothing was measured.
	Closest string `json:"closest"`
	// More is how many more test cases would show that Closest passes, if its
	// true share is what was seen, with the old ones as another attempt on them;
	// 0 if no number would, or none is needed.
	More  int    `json:"more"`
	Tests []Test `json:"tests"` // in ladder order; empty if nothing was measured
	Why   Why    `json:"why"`
}

// Why says what an outcome rests on.
type Why string

// The reasons.
const (
	WhyProven      Why = "proven"       // a candidate's lower bound reaches the bar
	WhyBelow       Why = "below"        // every candidate's upper bound is below it
	WhyMoreCases   Why = "more_cases"   // the best looks good enough, on too few cases
	WhyNotClose    Why = "not_close"    // the best looks too weak; more cases would not help
	WhyNotMeasured Why = "not_measured" // no case, or no measured candidate
	WhyFewClusters Why = "few_clusters" // the cases come in too few clusters to rest anything on
)

// Share is a share of traffic with its interval.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	N     int     `json:"n"` // size of the traffic sample; 0 if shares are assumed
}

// Result is the grading of a scenario.
type Result struct {
	Declared scenario.Level `json:"declared"`
	Slices   []Verdict      `json:"slices"`
	// Proven is the share of traffic on slices that pass.
	Proven Share `json:"proven"`
	// Possible adds the slices whose evidence is insufficient.
	Possible Share `json:"possible"`
	// Levels gives, for each level, the share of traffic on slices that are
	// proven at that level; they sum to Proven.
	Levels  map[scenario.Level]Share `json:"levels"`
	Traffic evidence.Provenance      `json:"traffic"`
	// Attempt is how often the test set was consulted, this time included, and
	// AlphaSpent the one-sided error that this grading may make.
	Attempt    int     `json:"attempt"`
	AlphaSpent float64 `json:"alpha_spent"`
	// Worn marks a test set that was consulted too often to settle anything:
	// label fresh cases.
	Worn bool `json:"worn,omitempty"`
	// Matrix has one row per slice, as WithMatrix makes them.
	Matrix []MatrixRow `json:"matrix,omitempty"`
	// Routing is the table that WithRouting makes; nil without one.
	Routing *Routing `json:"routing,omitempty"`
}

// Grade computes the verdicts. Candidates that are assumed prove nothing and
// are left out. Without a traffic sample, every slice with cases counts in
// proportion to them and the shares are assumed.
func Grade(slicesIn []Slice, declared scenario.Level, m poc.Measurement, traffic evidence.Provenance) Result {
	r := Result{Declared: declared, Slices: make([]Verdict, len(slicesIn)), Traffic: traffic, Levels: map[scenario.Level]Share{},
		Attempt: max(1, m.Attempt), AlphaSpent: spent(slicesIn, m), Worn: m.Worn()}
	requests := make([]int, len(slicesIn))
	sampled := false
	for i, s := range slicesIn {
		requests[i] = s.Requests
		sampled = sampled || s.Requests > 0
	}
	if !sampled {
		r.Traffic = evidence.Assumed
		for i, s := range slicesIn {
			requests[i] = cases(m, s.ID)
		}
	}

	tests := holm(slicesIn, m)
	for i, s := range slicesIn {
		v := verdict(s, tests[i], m)
		v.Declared = cmp.Or(s.Declared, declared)
		v.Share = share(requests, func(j int) bool { return j == i }, sampled)
		r.Slices[i] = v
	}
	at := func(ok func(Verdict) bool) Share {
		return share(requests, func(j int) bool { return ok(r.Slices[j]) }, sampled)
	}
	r.Proven = at(func(v Verdict) bool { return v.Outcome == Pass })
	r.Possible = at(func(v Verdict) bool { return v.Outcome != Fail })
	for _, l := range []scenario.Level{scenario.L1, scenario.L2, scenario.L3} {
		r.Levels[l] = at(func(v Verdict) bool { return v.Outcome == Pass && v.Proven == l })
	}
	return r
}

func cases(m poc.Measurement, slice string) int {
	for _, c := range m.Candidates {
		for _, s := range c.Slices {
			if s.Slice == slice {
				return s.N
			}
		}
	}
	return 0
}

func share(requests []int, in func(int) bool, sampled bool) Share {
	n, include := 0, make([]bool, len(requests))
	for i, x := range requests {
		n += x
		include[i] = in(i)
	}
	if n == 0 {
		return Share{High: 1}
	}
	k := 0
	for i, x := range requests {
		if include[i] {
			k += x
		}
	}
	v := float64(k) / float64(n)
	if !sampled {
		return Share{Value: v, Low: v, High: v}
	}
	ci := stats.ShareOfSum(requests, include, poc.Level)
	return Share{Value: v, Low: ci.Low, High: ci.High, N: n}
}

// holm tests every measured candidate on every slice: passing by Holm over all
// of them, and failing likewise. A bound is shown at the level at which Holm's
// procedure tested it, so that bound and outcome always agree.
func holm(slicesIn []Slice, m poc.Measurement) [][]Test {
	type cell struct {
		test      Test
		bar       float64
		slice     int
		pass, not float64 // one-sided p-values: reaching and missing the bar
	}
	var cells []cell
	for i, s := range slicesIn {
		for _, c := range m.Candidates {
			j := slices.IndexFunc(c.Slices, func(x poc.SliceScore) bool { return x.Slice == s.ID })
			if c.Provenance == evidence.Assumed || j < 0 || c.Slices[j].N == 0 {
				continue
			}
			x := c.Slices[j]
			cells = append(cells, cell{slice: i, bar: s.Bar,
				test: Test{Candidate: c.ID, Correct: x.Correct, N: x.N, Accuracy: x.Accuracy, Clusters: x.Clusters, NEff: x.NEff, Verdicts: x.Count().Parts},
				pass: x.Count().Greater(s.Bar), not: x.Count().Less(s.Bar)})
		}
	}
	pass, not := make([]float64, len(cells)), make([]float64, len(cells))
	for i, c := range cells {
		pass[i], not[i] = c.pass, c.not
	}
	alpha := spent(slicesIn, m)
	up, down := levels(pass, alpha), levels(not, alpha)
	out := make([][]Test, len(slicesIn))
	for i, c := range cells {
		t := c.test
		t.AlphaUsed = up[i]
		t.Low, _ = t.Count().Bounds(up[i])
		_, t.High = t.Count().Bounds(down[i])
		switch {
		case c.pass <= up[i]:
			t.Outcome = Pass
		case c.not <= down[i]:
			t.Outcome = Fail
		default:
			t.Outcome = Insufficient
		}
		out[c.slice] = append(out[c.slice], t)
	}
	return out
}

// levels returns the level at which Holm's step-down procedure tests each
// p-value: all/(m−i) for the i-th smallest, and for all that follow the first
// one not rejected, the level at which the procedure stopped.
func levels(p []float64, all float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out := make([]float64, len(p))
	stopped := 0.0
	for i, at := range order {
		alpha := all / float64(len(p)-i)
		if stopped > 0 {
			alpha = stopped
		} else if p[at] > alpha {
			stopped = alpha
		}
		out[at] = alpha
	}
	return out
}

func verdict(s Slice, tests []Test, m poc.Measurement) Verdict {
	v := Verdict{Slice: s.ID, Title: s.Title, Level: s.Level, Bar: s.Bar, Tests: tests, Outcome: Insufficient, Why: WhyNotMeasured}
	if len(tests) == 0 {
		v.Tests = []Test{}
		return v
	}
	cost := func(id string) float64 {
		i := slices.IndexFunc(m.Candidates, func(c poc.CandidateMeasurement) bool { return c.ID == id })
		return m.Candidates[i].CostPerTask.Float()
	}
	best := tests[0]
	for _, t := range tests[1:] {
		if t.Low > best.Low {
			best = t
		}
	}
	v.Closest = best.Candidate
	failed := 0
	for _, t := range tests { // in ladder order, so that a tie in cost goes to the lower rung
		switch t.Outcome {
		case Pass:
			if v.Cheapest == "" || cost(t.Candidate) < cost(v.Cheapest) {
				v.Cheapest = t.Candidate
			}
		case Fail:
			failed++
		}
	}
	switch {
	case v.Cheapest != "":
		v.Outcome, v.Proven, v.Closest, v.Why = Pass, s.Level, v.Cheapest, WhyProven
	case failed == len(tests):
		v.Outcome, v.Why = Fail, WhyBelow
	default:
		v.Why = WhyNotClose
		// Adding cases looks at the old ones again: the next attempt's part.
		next := best.AlphaUsed * m.AlphaNext() / m.AlphaSpent()
		if more, ok := best.Count().More(s.Bar, next, Power); ok {
			v.Why, v.More = WhyMoreCases, roundUp(more)
		}
		if !best.Count().Gated() {
			v.Why = WhyFewClusters
		}
	}
	return v
}

// roundUp gives a planned number two digits: it rests on an estimate.
func roundUp(n int) int {
	if n < 100 {
		return (n + 9) / 10 * 10
	}
	unit := int(math.Pow10(int(math.Log10(float64(n))) - 1))
	return (n + unit - 1) / unit * unit
}
