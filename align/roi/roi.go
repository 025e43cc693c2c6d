package roi

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Draws is the number of Monte Carlo draws.
const Draws = 10_000

// Per says how often a cost line is paid.
type Per string

// The periods. Once is spread over Line.Years.
const (
	PerTask Per = "task"
	PerYear Per = "year"
	Once    Per = "once"
)

// Line is one thing that is paid for.
type Line struct {
	ID    string
	Title text.Text
	// For is the candidate id or rung that causes the cost; "" is paid
	// whatever serves.
	For        string
	Per        Per
	Years      float64 // of Once; > 0
	Amount     stats.Dist
	Provenance evidence.Provenance
}

// Candidate is what may serve a slice.
type Candidate struct {
	ID    string
	Rung  string
	Title text.Text
}

// Slice is a part of the traffic.
type Slice struct {
	ID       string
	Requests int    // in the traffic sample
	Cases    int    // test cases: the slices' weights where no slice has requests
	Cheapest string // candidate id that provably suffices; "" if none does
}

// Input is all that the model computes from.
type Input struct {
	Currency   string
	Lines      []Line
	Candidates []Candidate // in ladder order
	Slices     []Slice
	Volume     stats.Dist // requests a year; its mean is > 0
	// VolumeProvenance and TrafficProvenance say how volume and sample came about.
	VolumeProvenance  evidence.Provenance
	TrafficProvenance evidence.Provenance
	Seed              uint64
}

// Range is a yearly amount of money.
type Range struct {
	P10  float64 `json:"p10"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	Mean float64 `json:"mean"`
}

// Plan is one way to serve the whole traffic.
type Plan struct {
	PerYear Range `json:"per_year"`
	// AssumedShare is the share of the mean that rests on assumptions: an
	// amount that was typed in, or for what is paid per task, volume or
	// traffic that was.
	AssumedShare float64 `json:"assumed_share"`
	Lines        []Paid  `json:"lines"` // dearest first
}

// Paid is what one line adds to a plan.
type Paid struct {
	ID         string              `json:"id"`
	Title      text.Text           `json:"title"`
	Mean       float64             `json:"mean"` // per year
	Provenance evidence.Provenance `json:"provenance"`
}

// Result is what the model says.
type Result struct {
	Currency string `json:"currency"`
	Dearest  string `json:"dearest"` // candidate id
	// AllDearest serves everything with the dearest candidate that is no person.
	AllDearest Plan `json:"all_dearest"`
	// Graded serves each proven slice with its cheapest sufficient candidate
	// and everything else with the dearest: what is not proven is not counted
	// as saved.
	Graded Plan `json:"graded"`
	// Saving is AllDearest minus Graded, drawn together.
	Saving Range `json:"saving"`
	// Today serves everything by people; nil without a human candidate.
	Today *Plan `json:"today,omitempty"`
	// Handover is what people cost who serve the unproven slices until they
	// are proven, without what is paid whatever serves; nil without a human
	// candidate. It is part of no plan.
	Handover *Range `json:"handover,omitempty"`
	// ProbabilityOfLoss is the share of draws in which grading saves nothing.
	ProbabilityOfLoss float64             `json:"probability_of_loss"`
	Provenance        evidence.Provenance `json:"provenance"`
	Draws             int                 `json:"draws"`
	Seed              uint64              `json:"seed"`
	// Life is the return over the whole life, and Model what it was computed
	// from; nil if the scenario states no lifecycle.
	Life  *LifeResult `json:"life,omitempty"`
	Model *Life       `json:"model,omitempty"`
}

const human = "human"

// Compute draws the model. The same input gives the same result. Shares of
// traffic are drawn from a Dirichlet distribution over the sample's counts
// with Jeffreys' prior; without a sample they are the slices' shares of the
// test cases, as in grading, or equal without those too. ok is false if no
// candidate but people has a cost per task, so that there is nothing to
// compare.
func Compute(in Input) (_ Result, ok bool, err error) {
	if !(in.Volume.Mean() > 0) {
		return Result{}, false, fmt.Errorf("compute return: the volume is %v requests a year", in.Volume.Mean())
	}
	dearest, ok := dearest(in)
	if !ok {
		return Result{}, false, nil
	}
	if len(in.Slices) == 0 {
		return Result{}, false, fmt.Errorf("compute return: no slices")
	}
	all := func(id string) []string { return slices.Repeat([]string{id}, len(in.Slices)) }
	graded := make([]string, len(in.Slices))
	unproven := make([]string, len(in.Slices))
	for i, s := range in.Slices {
		graded[i] = cmp.Or(s.Cheapest, dearest)
		if s.Cheapest == "" {
			unproven[i] = human
		}
	}
	plans := []*plan{newPlan(in, all(dearest)), newPlan(in, graded)}
	people := slices.ContainsFunc(in.Candidates, func(c Candidate) bool { return c.ID == human }) && perTask(in, human) > 0
	if people {
		handover := newPlan(in, unproven)
		handover.dropShared()
		plans = append(plans, newPlan(in, all(human)), handover)
	}

	rng := stats.NewRand(in.Seed)
	saving := make([]float64, Draws)
	loss := 0
	amounts := make([]float64, len(in.Lines))
	shares, sampled := fixedShares(in.Slices)
	for d := range Draws {
		volume := in.Volume.Draw(rng)
		for i, l := range in.Lines {
			amounts[i] = l.Amount.Draw(rng)
		}
		if sampled {
			dirichlet(rng, in.Slices, shares)
		}
		for _, p := range plans {
			p.draw(d, volume, amounts, shares)
		}
		saving[d] = plans[0].total[d] - plans[1].total[d]
		if saving[d] <= 0 {
			loss++
		}
	}

	r := Result{Currency: in.Currency, Dearest: dearest, AllDearest: plans[0].result(in), Graded: plans[1].result(in),
		Saving: summarise(saving), ProbabilityOfLoss: float64(loss) / Draws,
		Provenance: evidence.Worst(in.VolumeProvenance, in.TrafficProvenance), Draws: Draws, Seed: in.Seed}
	for _, l := range in.Lines {
		r.Provenance = evidence.Worst(r.Provenance, l.Provenance)
	}
	if people {
		today, handover := plans[2].result(in), plans[3].result(in).PerYear
		r.Today, r.Handover = &today, &handover
	}
	return r, true, nil
}

// dearest returns the candidate with the highest cost per task, people apart.
func dearest(in Input) (string, bool) {
	best, cost := "", 0.0
	for _, c := range in.Candidates {
		if v := perTask(in, c.ID); c.ID != human && v > cost {
			best, cost = c.ID, v
		}
	}
	return best, best != ""
}

// CostPerTask returns what a candidate costs per task if it serves volume > 0
// tasks a year, at the mean of each line, and the worst provenance among the lines.
// Lines that are paid whatever serves are nobody's cost.
func CostPerTask(lines []Line, c Candidate, volume float64) (float64, evidence.Provenance) {
	sum, prov := 0.0, evidence.Measured
	for _, l := range lines {
		if !pays(l, c) {
			continue
		}
		v := l.Amount.Mean()
		switch l.Per {
		case PerYear:
			v /= volume
		case Once:
			v /= volume * l.Years
		}
		sum += v
		prov = evidence.Worst(prov, l.Provenance)
	}
	return sum, prov
}

func perTask(in Input, id string) float64 {
	i := slices.IndexFunc(in.Candidates, func(c Candidate) bool { return c.ID == id })
	if i < 0 {
		return 0
	}
	v, _ := CostPerTask(in.Lines, in.Candidates[i], in.Volume.Mean())
	return v
}

func pays(l Line, c Candidate) bool { return l.For != "" && (l.For == c.ID || l.For == c.Rung) }

// plan knows which slices each line is paid for.
type plan struct {
	lines  []Line
	paid   [][]bool  // [line][slice]
	always []bool    // [line]: paid even if it serves no slice
	total  []float64 // [draw]
	sum    []float64 // [line], over all draws
}

// newPlan serves slice i with the candidate serve[i]; "" leaves it out.
func newPlan(in Input, serve []string) *plan {
	p := &plan{lines: in.Lines, paid: make([][]bool, len(in.Lines)), always: make([]bool, len(in.Lines)),
		total: make([]float64, Draws), sum: make([]float64, len(in.Lines))}
	for i, l := range in.Lines {
		p.always[i] = l.For == ""
		p.paid[i] = make([]bool, len(serve))
		for j, id := range serve {
			k := slices.IndexFunc(in.Candidates, func(c Candidate) bool { return c.ID == id })
			p.paid[i][j] = k >= 0 && (l.For == "" || pays(l, in.Candidates[k]))
		}
	}
	return p
}

// dropShared leaves out what is paid whatever serves.
func (p *plan) dropShared() {
	for i, l := range p.lines {
		if l.For == "" {
			p.always[i] = false
			clear(p.paid[i])
		}
	}
}

func (p *plan) draw(d int, volume float64, amounts, shares []float64) {
	for i, l := range p.lines {
		share, due := 0.0, p.always[i]
		for j, on := range p.paid[i] {
			if on {
				share += shares[j]
				due = true
			}
		}
		if !due {
			continue
		}
		v := amounts[i]
		switch l.Per {
		case PerTask:
			v *= volume * share
		case Once:
			v /= l.Years
		}
		p.total[d] += v
		p.sum[i] += v
	}
}

func (p *plan) result(in Input) Plan {
	out := Plan{PerYear: summarise(p.total), Lines: []Paid{}}
	assumed, sum := 0.0, 0.0
	for i, l := range in.Lines {
		mean := p.sum[i] / Draws
		if mean == 0 {
			continue
		}
		prov := l.Provenance
		if l.Per == PerTask {
			prov = evidence.Worst(prov, in.VolumeProvenance, in.TrafficProvenance)
		}
		out.Lines = append(out.Lines, Paid{ID: l.ID, Title: l.Title, Mean: mean, Provenance: prov})
		sum += mean
		if prov == evidence.Assumed {
			assumed += mean
		}
	}
	if sum > 0 {
		out.AssumedShare = assumed / sum
	}
	slices.SortStableFunc(out.Lines, func(a, b Paid) int { return cmp.Compare(b.Mean, a.Mean) })
	return out
}

func summarise(xs []float64) Range {
	sorted := slices.Sorted(slices.Values(xs))
	sum := 0.0
	for _, x := range sorted {
		sum += x
	}
	// Interpolating between draws that are as good as equal may swap their
	// order by a rounding error, and evidence takes no such interval.
	r := Range{P10: stats.Quantile(sorted, .1), Mean: sum / float64(len(xs))}
	r.P50 = max(r.P10, stats.Quantile(sorted, .5))
	r.P90 = max(r.P50, stats.Quantile(sorted, .9))
	return r
}

// fixedShares returns the slices' shares of the test cases, or equal ones, and
// whether there is a traffic sample to draw better ones from.
func fixedShares(in []Slice) (shares []float64, sampled bool) {
	shares = make([]float64, len(in))
	cases := 0
	for _, s := range in {
		sampled = sampled || s.Requests > 0
		cases += s.Cases
	}
	for i, s := range in {
		shares[i] = 1 / float64(len(in))
		if cases > 0 {
			shares[i] = float64(s.Cases) / float64(cases)
		}
	}
	return shares, sampled
}

// dirichlet draws the slices' shares of traffic into out.
func dirichlet(rng *rand.Rand, in []Slice, out []float64) {
	sum := 0.0
	for i, s := range in {
		out[i] = stats.Gamma(rng, float64(s.Requests)+0.5)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
}
