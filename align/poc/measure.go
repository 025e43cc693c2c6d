package poc

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/stats"
)

// Level of the two-sided intervals that are shown; gates use their own.
const Level = 0.95

// Measure turns what is on file into what was measured. sliceIDs are the
// scenario's slices; a slice without cases is left out of every candidate. cases
// is the number of test cases of the scenario.
func Measure(cases int, sliceIDs []string, outcomes []Outcome, assumed []Assumption, seed uint64) Measurement {
	m := Measurement{Cases: cases, Seed: seed, Candidates: []CandidateMeasurement{}}
	for _, o := range outcomes {
		m.Candidates = append(m.Candidates, measure(sliceIDs, o))
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

func measure(sliceIDs []string, o Outcome) CandidateMeasurement {
	e := o.Entrant
	cases := e.Cases
	c := CandidateMeasurement{ID: e.ID, Title: e.Title, Rung: e.Rung, Digest: e.Digest, Provenance: cmp.Or(e.Provenance, evidence.Measured), Source: e.Source,
		Interpretability: e.Interpretability, Settings: o.Settings, CostPerTask: e.Cost, Slices: []SliceScore{}}
	bySlice := map[string]*marks{}
	ms, first := make([]float64, 0, len(cases)), []float64{}
	overall, suites := newMarks(cases), []*marks{}
	clusters := Clusters(cases)
	scores, waited := 0.0, time.Duration(0)
	for i, r := range o.Results {
		if len(suites) == 0 || suites[len(suites)-1].id != cases[i].Suite {
			suites = append(suites, &marks{id: cases[i].Suite}) // cases of one suite follow one another
		}
		scores += r.Score
		waited += r.Waited
		c.InputTokens, c.OutputTokens = c.InputTokens+r.InputTokens, c.OutputTokens+r.OutputTokens
		c.Severe, c.Invalid = c.Severe+b2i(r.Severe), c.Invalid+b2i(r.Invalid)
		if r.FirstToken > 0 {
			first = append(first, float64(r.FirstToken)/float64(time.Millisecond))
		}
		s := bySlice[cases[i].Slice]
		if s == nil {
			s = &marks{}
			bySlice[cases[i].Slice] = s
		}
		for _, m := range []*marks{&overall, s, suites[len(suites)-1]} {
			m.add(r.Correct, clusters, i)
		}
		if r.Err != "" {
			if c.ErrorCodes == nil {
				c.ErrorCodes = map[string]int{}
			}
			c.Errors++
			c.ErrorCodes[r.Err]++
		} else if r.Latency > 0 {
			ms = append(ms, float64(r.Latency)/float64(time.Millisecond))
		}
	}
	c.Overall = overall.score()
	for _, id := range sliceIDs {
		if s := bySlice[id]; s != nil {
			c.Slices = append(c.Slices, SliceScore{Slice: id, Score: s.score()})
		}
	}
	if len(suites) > 1 || len(suites) == 1 && suites[0].id != "" {
		for _, s := range suites {
			c.Suites = append(c.Suites, SuiteScore{Suite: s.id, Score: s.score()})
		}
	}
	c.Repeats = repeats(o.Results)
	c.LatencyMs, c.FirstTokenMs = latency(ms), latency(first)
	if n := float64(len(o.Results)); n > 0 {
		c.MeanScore, c.WaitedMs = scores/n, float64(waited)/float64(time.Millisecond)/n
	}
	if e.Price != nil && len(o.Results) > 0 {
		c.CostPerTask = withCalls(e.Cost, *e.Price, o.Results)
	}
	if o.Active > 0 && c.Provenance == evidence.Measured {
		c.Throughput = float64(len(cases)) / o.Active.Seconds()
	}
	c.Coverage = coverage(o.Results)
	if o.Threshold80 > 0 {
		p := coverageAt(o.Results, o.Threshold80)
		c.Surest80 = &p
	}
	return c
}

// repeats sums up how steady the answers were; nil if each case was asked once.
func repeats(rs []Result) *Repeats {
	var correct []bool
	var item []int
	out := Repeats{}
	for i, r := range rs {
		if r.Tried < 2 {
			continue
		}
		out.Each = max(out.Each, r.Tried)
		for k := range r.Tried {
			correct, item = append(correct, k < r.Right), append(item, i)
		}
	}
	if len(item) == 0 {
		return nil
	}
	s := stats.Repeats(correct, item)
	ci := s.Mean.Interval(Level)
	out.Cases, out.Flip, out.Unstable = s.Tried, s.Flip, s.Unstable
	out.Accuracy = evidence.Estimate{Value: s.Mean.Value, Low: max(0, ci.Low), High: min(1, ci.High), N: s.Mean.N, Method: ci.Method, Level: Level}
	return &out
}

// withCalls adds to the cost of a task what its tokens cost on average. Tokens
// are measured and prices typed in, so it is assumed.
func withCalls(cost Cost, price llm.Price, results []Result) Cost {
	total, answered := decimal.Zero, int64(0)
	for _, r := range results {
		if r.Err != "" {
			continue // what a call cost that failed is not known
		}
		answered++
		total = total.Add(price.Cost(llm.Usage{Prompt: int(r.InputTokens), Completion: int(r.OutputTokens)}, 0).Amount)
	}
	if answered == 0 {
		return cost
	}
	mean := total.DivRound(decimal.NewFromInt(answered), 12)
	base, err := decimal.NewFromString(cost.Amount)
	if err != nil {
		base = decimal.Zero // no cost line is about it
	}
	cost.Calls, cost.Amount, cost.Provenance = mean.String(), base.Add(mean).String(), evidence.Assumed
	return cost
}

// marks gathers which cases were right, and their clusters if they have any.
type marks struct {
	id      string
	correct []bool
	cluster []int
}

func newMarks(cases []dataset.Case) marks { return marks{correct: make([]bool, 0, len(cases))} }

func (m *marks) add(correct bool, clusters []int, i int) {
	m.correct = append(m.correct, correct)
	if clusters != nil {
		m.cluster = append(m.cluster, clusters[i])
	}
}

func (m *marks) score() Score {
	c := stats.CountOf(m.correct, m.cluster)
	if c.Clusters == 0 {
		return score(c.K, c.N)
	}
	s := Score{Correct: c.K, N: c.N, Accuracy: float64(c.K) / float64(c.N), Level: Level, Clusters: c.Clusters, NEff: c.NEff}
	s.Low, s.High = c.Bounds((1 - Level) / 2)
	return s
}

// Clusters numbers what cases have in common; a case that names nothing stands
// by itself. It is nil if no case does, and clusters of two suites differ.
func Clusters(cases []dataset.Case) []int {
	if !slices.ContainsFunc(cases, func(c dataset.Case) bool { return c.Cluster != "" }) {
		return nil
	}
	out, known := make([]int, len(cases)), map[[2]string]int{}
	for i, c := range cases {
		key := [2]string{c.Suite, c.Cluster}
		n, ok := known[key]
		if c.Cluster == "" {
			n = -1 - i
		} else if !ok {
			n = len(known)
			known[key] = n
		}
		out[i] = n
	}
	return out
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

// Alpha is the one-sided error that choices on one test set may make, however
// often it is consulted: each attempt spends its part.
const Alpha = 0.05

// AlphaSpent returns the part of Alpha that decisions on m may use, by the
// number of its attempt (stats.SpendAlpha): 0.0304, 0.0076, 0.0034, … So to
// run again until a gate opens gains nothing.
func (m Measurement) AlphaSpent() float64 { return stats.SpendAlpha(Alpha, max(1, m.Attempt)) }

// AlphaNext returns what the attempt after m's will be able to use: to plan
// how many more cases to label, since adding cases looks at the old ones again.
func (m Measurement) AlphaNext() float64 { return stats.SpendAlpha(Alpha, max(1, m.Attempt)+1) }

// Worn reports whether the test set was consulted so often that decisions ask
// for fresh cases.
func (m Measurement) Worn() bool { return stats.Worn(max(1, m.Attempt)) }

// Recommended is the candidate that a run recommends for the whole scenario.
type Recommended struct {
	Candidate  CandidateMeasurement
	Accuracy   evidence.Estimate
	Sufficient bool
}

// Recommend returns the cheapest measured candidate whose share of correct
// resolutions provably reaches bar, or, if none does, the one with the highest
// lower bound. The bounds hold for all measured candidates at once (exact
// one-sided Clopper–Pearson bounds at AlphaSpent over their number), so choosing
// among them spoils nothing. ok is false if nothing was measured.
func Recommend(m Measurement, bar float64) (_ Recommended, ok bool) {
	measured := slices.DeleteFunc(slices.Clone(m.Candidates), func(c CandidateMeasurement) bool { return c.Overall.N == 0 })
	if len(measured) == 0 {
		return Recommended{}, false
	}
	alpha := m.AlphaSpent() / float64(len(measured))
	rs := make([]Recommended, len(measured))
	for i, c := range measured {
		low, high := c.Overall.Count().Bounds(alpha)
		method := "clopper-pearson, bonferroni"
		switch {
		case c.Overall.Judged != nil:
			method = "rogan-gladen on clopper-pearson bounds (mover), bonferroni"
		case c.Overall.Clusters > 0:
			method = "clopper-pearson on effective cases of clusters (korn-graubard), bonferroni"
		}
		rs[i] = Recommended{Candidate: c, Sufficient: low >= bar, Accuracy: evidence.Estimate{
			Value: c.Overall.Accuracy, Low: low, High: high, N: c.Overall.N, Method: method, Level: 1 - 2*alpha}}
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
