package poc

import (
	"cmp"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
)

// Level of the two-sided intervals that are shown; gates use their own.
const Level = 0.95

// Measure turns what is on file into what was measured. sliceIDs are the
// scenario's slices; a slice without cases is left out of every candidate.
func Measure(cases []dataset.Case, sliceIDs []string, outcomes []Outcome, assumed []Assumption, seed uint64) Measurement {
	m := Measurement{Cases: len(cases), Seed: seed, Candidates: []CandidateMeasurement{}}
	for _, o := range outcomes {
		m.Candidates = append(m.Candidates, measure(cases, sliceIDs, o))
	}
	for _, a := range assumed {
		m.Candidates = append(m.Candidates, CandidateMeasurement{ID: a.ID, Title: a.Title, Rung: a.Rung, Digest: a.Digest,
			Provenance: evidence.Assumed, Source: a.Source, Interpretability: a.Why, Overall: a.Accuracy,
			Slices: []SliceScore{}, LatencyMs: a.LatencyMs, CostPerTask: a.Cost})
	}
	slices.SortStableFunc(m.Candidates, func(a, b CandidateMeasurement) int { return cmp.Compare(a.Rung.Step(), b.Rung.Step()) })
	m.NotMeasured = []Rung{}
	for _, r := range ladder {
		if r != Human && !slices.ContainsFunc(m.Candidates, func(c CandidateMeasurement) bool { return c.Rung == r && c.Overall.N > 0 }) {
			m.NotMeasured = append(m.NotMeasured, r)
		}
	}
	return m
}

var ladder = [...]Rung{Rules, Classic, SmallModel, LargeModel, Multimodal, Human}

// Step returns the place of r on the ladder, from 0, cheapest first.
func (r Rung) Step() int { return slices.Index(ladder[:], r) }

func measure(cases []dataset.Case, sliceIDs []string, o Outcome) CandidateMeasurement {
	e := o.Entrant
	c := CandidateMeasurement{ID: e.ID, Title: e.Title, Rung: e.Rung, Digest: e.Digest, Provenance: evidence.Measured,
		Interpretability: e.Interpretability, Settings: o.Settings, CostPerTask: e.Cost, Slices: []SliceScore{}}
	correct, bySlice := 0, map[string]*Score{}
	ms := make([]float64, 0, len(cases))
	for i, r := range o.Results {
		s := bySlice[cases[i].Slice]
		if s == nil {
			s = &Score{}
			bySlice[cases[i].Slice] = s
		}
		s.N++
		if r.Correct {
			correct++
			s.Correct++
		}
		if r.Err != "" {
			c.Errors++
		} else {
			ms = append(ms, float64(r.Latency)/float64(time.Millisecond))
		}
	}
	c.Overall = score(correct, len(cases))
	for _, id := range sliceIDs {
		if s := bySlice[id]; s != nil {
			c.Slices = append(c.Slices, SliceScore{Slice: id, Score: score(s.Correct, s.N)})
		}
	}
	c.LatencyMs = latency(ms)
	if o.Active > 0 {
		c.Throughput = float64(len(cases)) / o.Active.Seconds()
	}
	c.Coverage = coverage(o.Results)
	if o.Threshold80 > 0 {
		p := coverageAt(o.Results, o.Threshold80)
		c.Surest80 = &p
	}
	return c
}

func score(correct, n int) Score {
	s := Score{Correct: correct, N: n, Level: Level, High: 1}
	if n > 0 {
		ci := stats.ClopperPearson(correct, n, Level)
		s.Accuracy, s.Low, s.High = float64(correct)/float64(n), ci.Low, ci.High
	}
	return s
}

// p95Alpha is the one-sided error of Latency.P95High.
const p95Alpha = 0.05

func latency(ms []float64) *Latency {
	if len(ms) == 0 {
		return nil
	}
	slices.Sort(ms)
	l := &Latency{N: len(ms), P50: stats.Quantile(ms, .5), P95: stats.Quantile(ms, .95), P99: stats.Quantile(ms, .99)}
	if high, ok := stats.QuantileUpper(ms, .95, p95Alpha); ok {
		l.P95High = &high
	}
	return l
}

// coveragePoints is the number of points of a coverage curve.
const coveragePoints = 20

// coverage returns accuracy among the surest 5 %, 10 %, … 100 % of the cases.
// Cases of equal confidence are answered together, so that the order of cases
// does not matter; abstentions are never covered.
func coverage(rs []Result) []CoveragePoint {
	conf := make([]float64, 0, len(rs))
	for _, r := range rs {
		if r.Resolution != "" {
			conf = append(conf, r.Confidence)
		}
	}
	slices.SortFunc(conf, func(a, b float64) int { return cmp.Compare(b, a) })
	var out []CoveragePoint
	for i := 1; i <= coveragePoints; i++ {
		k := len(rs) * i / coveragePoints
		if k == 0 {
			continue
		}
		last := k > len(conf)
		if last {
			k = len(conf)
		}
		if k == 0 {
			break
		}
		p := coverageAt(rs, conf[k-1])
		if len(out) == 0 || out[len(out)-1].Threshold != p.Threshold {
			out = append(out, p)
		}
		if last {
			break
		}
	}
	return out
}

func coverageAt(rs []Result, threshold float64) CoveragePoint {
	n, correct := 0, 0
	for _, r := range rs {
		if r.Resolution != "" && r.Confidence >= threshold {
			n++
			if r.Correct {
				correct++
			}
		}
	}
	s := score(correct, n)
	return CoveragePoint{Threshold: threshold, Coverage: float64(n) / float64(max(1, len(rs))),
		Accuracy: s.Accuracy, Low: s.Low, High: s.High, N: n}
}

// Alpha is the one-sided error that the choice of a candidate may make.
const Alpha = 0.05

// Recommended is the candidate that a run recommends for the whole scenario.
type Recommended struct {
	Candidate  CandidateMeasurement
	Accuracy   evidence.Estimate
	Sufficient bool
}

// Recommend returns the cheapest measured candidate whose share of correct
// resolutions provably reaches bar, or, if none does, the one with the highest
// lower bound. The bounds hold for all measured candidates at once (exact
// one-sided Clopper–Pearson bounds at Alpha over their number), so choosing
// among them spoils nothing. ok is false if nothing was measured.
func Recommend(m Measurement, bar float64) (_ Recommended, ok bool) {
	measured := slices.DeleteFunc(slices.Clone(m.Candidates), func(c CandidateMeasurement) bool { return c.Overall.N == 0 })
	if len(measured) == 0 {
		return Recommended{}, false
	}
	alpha := Alpha / float64(len(measured))
	rs := make([]Recommended, len(measured))
	for i, c := range measured {
		low := stats.LowerBound(c.Overall.Correct, c.Overall.N, alpha)
		rs[i] = Recommended{Candidate: c, Sufficient: low >= bar, Accuracy: evidence.Estimate{
			Value: c.Overall.Accuracy, Low: low, High: stats.UpperBound(c.Overall.Correct, c.Overall.N, alpha),
			N: c.Overall.N, Method: "clopper-pearson, bonferroni", Level: 1 - 2*alpha}}
	}
	best := slices.MinFunc(rs, func(a, b Recommended) int {
		if a.Sufficient != b.Sufficient {
			return cmp.Compare(b2i(b.Sufficient), b2i(a.Sufficient))
		}
		if a.Sufficient {
			if d := cmp.Compare(a.Candidate.CostPerTask.Float(), b.Candidate.CostPerTask.Float()); d != 0 {
				return d
			}
			if d := cmp.Compare(a.Candidate.Rung.Step(), b.Candidate.Rung.Step()); d != 0 {
				return d
			}
		}
		return cmp.Compare(b.Accuracy.Low, a.Accuracy.Low)
	})
	return best, true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
