package grade

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Folds is the number of parts in which the cases are cross-fitted: what is
// chosen on four parts is measured on the fifth, and never on its own cases.
const Folds = 5

// deferrals is the number of steps of the curve from always-cheap to
// deferring everything.
const deferrals = 20

// Answer is what one candidate made of one case.
type Answer struct {
	Correct    bool
	Answered   bool    // false: it abstained or failed, which hands the case on
	Confidence float64 // 0 to 1
}

// Router is a candidate that requests can be routed to, with its answers in
// the order of the cases.
type Router struct {
	ID      string
	Cost    float64 // of one request
	Answers []Answer
}

// RoutingInput is what a routing is computed from.
type RoutingInput struct {
	Cases  []string // ids
	Slices []string // of the cases
	// Clusters numbers what cases have in common, as poc.Clusters does; nil if
	// each stands by itself. Cases of one cluster are in one fold.
	Clusters []int
	// Judge measured the judge model that said which answers are correct; nil
	// if none did. Shares stay as it judged; what is proven has its errors out.
	Judge   *judge.Measurement
	Routers []Router
	Bar     float64
	Alpha   float64            // one-sided error of what is shown as proven; Alpha if 0
	Bars    map[string]float64 // by slice
	Seed    uint64
}

// Routing says which candidate serves what, and what that buys.
type Routing struct {
	Slices []SliceRoute `json:"slices"`
	// Policy is chosen among all single candidates and cascades: the cheapest
	// whose exact lower bound reaches the bar on the cases that it is chosen
	// on, else the one most often right. Its figures are cross-fitted.
	Policy *RoutePolicy `json:"policy,omitempty"`
	Curve  *RouteCurve  `json:"curve,omitempty"`
	// Without says why there is no cascade; zero if there is one.
	Without text.Text `json:"without"`
	// Suite is the one that Policy and Curve are about; "" is the main one.
	Suite string `json:"suite"`
	N     int    `json:"n"`
	Folds int    `json:"folds"`
	Seed  uint64 `json:"seed"`
}

// SliceRoute is where the requests of one slice go.
type SliceRoute struct {
	Slice     string   `json:"slice"`
	Candidate string   `json:"candidate"` // "" if nobody is known to suffice
	Rung      poc.Rung `json:"rung"`
	Digest    string   `json:"digest"`
	// Proven is true if the candidate's lower bound reaches the bar. Else the
	// slice goes to people, if the scenario has them.
	Proven    bool    `json:"proven"`
	Low       float64 `json:"lb"`
	AlphaUsed float64 `json:"alpha_used"`
	N         int     `json:"n"`
}

// RoutePolicy is a cascade, or a single candidate.
type RoutePolicy struct {
	Cheap string `json:"cheap"`
	Dear  string `json:"dear"` // "" of a single candidate
	// Threshold is the least confidence at which the cheap candidate's answer
	// stands; below it, and where it abstains, the dear one is asked as well.
	// It was chosen on all cases.
	Threshold float64    `json:"threshold"`
	Measured  RoutePoint `json:"measured"`
	// Bar is the scenario's; LowerBound is the exact one-sided bound of the
	// cross-fitted cases, and Proven says whether it reaches the bar.
	Bar        float64 `json:"bar"`
	LowerBound float64 `json:"lb"`
	Proven     bool    `json:"proven"`
	// AgainstDear is the difference in the share of right answers to
	// always-dear on the same cases: Tango's score interval at poc.Level, for
	// cases in clusters Student's on their clustered error; nil of a single
	// candidate.
	AgainstDear *Difference `json:"against_dear,omitempty"`
}

// Difference is a difference of two shares on the same cases.
type Difference struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// RoutePoint is what one way to route costs and how often it is right.
type RoutePoint struct {
	Deferred float64 `json:"deferred"` // share of cases that the dear candidate is asked
	Per1k    float64 `json:"cost_per_1k"`
	Correct  int     `json:"correct"`
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"` // two-sided Clopper–Pearson at poc.Level
	High     float64 `json:"high"`
}

// RouteCurve sets one cascade against what it must beat.
type RouteCurve struct {
	Cheap  string       `json:"cheap"`
	Dear   string       `json:"dear"`
	Points []RoutePoint `json:"points"` // by rising deferral, cross-fitted
	// AlwaysCheap and AlwaysDear are the ends of the random mix, which is the
	// straight line between them.
	AlwaysCheap RoutePoint `json:"always_cheap"`
	AlwaysDear  RoutePoint `json:"always_dear"`
	// BySlice routes each slice to the cheapest candidate that reaches its
	// bar on the other folds.
	BySlice RoutePoint `json:"by_slice"`
	// Oracle knows each case's outcome beforehand: cheap where it is right,
	// dear where only that is, else cheap. Nothing can do better with these
	// two.
	Oracle RoutePoint `json:"oracle"`
	// Gain is the mean height of the cascade's curve above the random mix
	// between the two costs: the area between the curves over the range of
	// cost. Its interval is the percentile bootstrap over cases, too narrow
	// where these come in clusters; nothing is decided on it.
	Gain evidence.Estimate `json:"gain"`
}

// Route computes the routing of in. Candidates that cost the same cannot be
// traded for each other, so a cascade needs two that differ in cost.
func Route(in RoutingInput) Routing {
	r := Routing{Slices: []SliceRoute{}, N: len(in.Cases), Folds: Folds, Seed: in.Seed}
	routers := slices.Clone(in.Routers)
	slices.SortStableFunc(routers, func(a, b Router) int { return cmp.Compare(a.Cost, b.Cost) })
	switch {
	case len(in.Cases) < 2*Folds || len(routers) == 0:
		r.Without = text.Text{En: "too few cases, or no candidate was measured", Zh: "用例太少，或没有实测的候选方案"}
		return r
	case routers[0].Cost == routers[len(routers)-1].Cost:
		r.Without = text.Text{En: "every candidate costs the same, so that there is nothing to trade", Zh: "各候选方案成本相同，没有可权衡的余地"}
	}
	in.Alpha = cmp.Or(in.Alpha, Alpha)
	f := newFitter(in, routers)
	best, cascade := f.choose(nil)
	policy := f.cross()
	r.Policy = &RoutePolicy{Cheap: routers[best.cheap].ID, Measured: f.point(policy), Bar: in.Bar}
	r.Policy.LowerBound = f.low(policy)
	r.Policy.Proven = r.Policy.LowerBound >= in.Bar
	if best.dear >= 0 {
		r.Policy.Dear, r.Policy.Threshold = routers[best.dear].ID, best.threshold
		dear := single(len(in.Cases), best.dear)
		lost, won := 0, 0 // discordant cases
		for i := range in.Cases {
			p, d := f.correct(policy[i], i), f.correct(dear[i], i)
			switch {
			case p && !d:
				won++
			case d && !p:
				lost++
			}
		}
		ci := stats.TangoInterval(won, lost, len(in.Cases), poc.Level)
		if in.Clusters != nil {
			ci = f.difference(policy, dear)
		}
		r.Policy.AgainstDear = &Difference{Value: float64(won-lost) / float64(len(in.Cases)), Low: ci.Low, High: ci.High}
	}
	if cascade.dear >= 0 {
		r.Curve = f.curve(cascade.cheap, cascade.dear)
	}
	return r
}

// decision is what became of one case: who was asked, and whose answer stood.
type decision struct{ cheap, dear int } // dear is −1 if it was not asked

func single(n, router int) []decision {
	out := make([]decision, n)
	for i := range out {
		out[i] = decision{router, -1}
	}
	return out
}

// choice is a policy with the step at which it defers.
type choice struct {
	cheap, dear int // dear is −1 of a single candidate
	threshold   float64
	accuracy    float64
	reaches     bool // its one-sided lower bound reaches the bar
	cost        float64
}

type fitter struct {
	in      RoutingInput
	routers []Router
	fold    []int
}

func newFitter(in RoutingInput, routers []Router) fitter {
	f := fitter{in: in, routers: routers, fold: make([]int, len(in.Cases))}
	// By rank of a hash: folds are even, and do not depend on the order of the
	// cases.
	hash, order := make([]uint64, len(in.Cases)), make([]int, len(in.Cases))
	for i, id := range in.Cases {
		h := fnv.New64a()
		h.Write([]byte(strconv.FormatUint(in.Seed, 10) + "\x00" + id))
		hash[i], order[i] = mix(h.Sum64()), i
	}
	f.together(hash)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(hash[a], hash[b]) })
	for rank, i := range order {
		if in.Clusters != nil && rank > 0 && hash[order[rank-1]] == hash[i] {
			f.fold[i] = f.fold[order[rank-1]] // of the same cluster
			continue
		}
		f.fold[i] = rank % Folds
	}
	return f
}

// together gives all cases of a cluster the least hash among them.
func (f fitter) together(hash []uint64) {
	if f.in.Clusters == nil {
		return
	}
	least := map[int]uint64{}
	for i, c := range f.in.Clusters {
		if h, ok := least[c]; !ok || hash[i] < h {
			least[c] = hash[i]
		}
	}
	for i, c := range f.in.Clusters {
		hash[i] = least[c]
	}
}

// count counts the right answers of decisions.
func (f fitter) count(ds []decision) stats.Count {
	correct := make([]bool, len(ds))
	for i, d := range ds {
		correct[i] = f.correct(d, i)
	}
	return stats.CountOf(correct, f.in.Clusters)
}

// low is the one-sided lower bound of how often decisions are right: 0 if a
// judge says so who does not reach its bar.
func (f fitter) low(ds []decision) float64 {
	c := f.count(ds)
	if f.in.Judge != nil {
		if !f.in.Judge.Standing.Sufficient {
			return 0
		}
		c.Judge = &f.in.Judge.Calibration
	}
	low, _ := c.Bounds(f.in.Alpha)
	return low
}

// difference is the interval at poc.Level of how much more often the first
// decisions are right, from paired differences in clusters.
func (f fitter) difference(a, b []decision) stats.Interval {
	xs := make([]float64, len(a))
	for i := range xs {
		xs[i] = float64(bit(f.correct(a[i], i)) - bit(f.correct(b[i], i)))
	}
	return stats.ClusteredMean(xs, f.in.Clusters).Interval(poc.Level)
}

// mix spreads a hash over all bits (the finaliser of SplitMix64), since the
// low bits of FNV alone follow those of the last letters.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// cases returns the cases outside a fold, or all of them.
func (f fitter) cases(but *int) []int {
	out := make([]int, 0, len(f.fold))
	for i, fold := range f.fold {
		if but == nil || fold != *but {
			out = append(out, i)
		}
	}
	return out
}

// sureness orders cases by how far a candidate's answer can stand; what it did
// not answer comes first.
func sureness(a Answer) float64 {
	if !a.Answered {
		return math.Inf(-1)
	}
	return a.Confidence
}

// thresholds returns the confidence below which 1/deferrals, 2/deferrals, …
// of the given cases lie; nothing is deferred at index 0, everything at the
// last.
func (f fitter) thresholds(router int, on []int) []float64 {
	conf := make([]float64, len(on))
	for i, c := range on {
		conf[i] = sureness(f.routers[router].Answers[c])
	}
	slices.Sort(conf)
	out := make([]float64, deferrals+1)
	out[0], out[deferrals] = math.Inf(-1), math.Inf(1)
	for j := 1; j < deferrals; j++ {
		out[j] = conf[len(conf)*j/deferrals]
	}
	return out
}

// choose returns the best policy on the cases outside a fold (all if nil), and
// the best that is truly a cascade, whose dear is −1 if there is none.
func (f fitter) choose(but *int) (best, cascade choice) {
	on := f.cases(but)
	n := float64(len(on))
	enough := stats.CriticalCount(len(on), f.in.Bar, f.in.Alpha)
	best, cascade = choice{cheap: -1}, choice{dear: -1}
	take := func(c choice) {
		if best.cheap < 0 || better(c, best) {
			best = c
		}
		if c.dear >= 0 && (cascade.dear < 0 || better(c, cascade)) {
			cascade = c
		}
	}
	for i, r := range f.routers {
		right := 0
		for _, c := range on {
			if r.Answers[c].Correct {
				right++
			}
		}
		take(choice{cheap: i, dear: -1, accuracy: float64(right) / n, reaches: right >= enough, cost: r.Cost})
	}
	for i := range f.routers {
		levels := f.thresholds(i, on)
		order := slices.Clone(on)
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Compare(sureness(f.routers[i].Answers[a]), sureness(f.routers[i].Answers[b]))
		})
		for j := range f.routers {
			if f.routers[j].Cost <= f.routers[i].Cost {
				continue
			}
			right := 0 // with nothing deferred; each deferred case then swaps its answer
			for _, c := range on {
				right += bit(f.routers[i].Answers[c].Correct)
			}
			deferred := 0
			for _, t := range levels[1:deferrals] {
				for deferred < len(order) && sureness(f.routers[i].Answers[order[deferred]]) < t {
					c := order[deferred]
					right += bit(f.routers[j].Answers[c].Correct) - bit(f.routers[i].Answers[c].Correct)
					deferred++
				}
				if !math.IsInf(t, 0) {
					take(choice{cheap: i, dear: j, threshold: t, accuracy: float64(right) / n, reaches: right >= enough,
						cost: f.routers[i].Cost + f.routers[j].Cost*float64(deferred)/n})
				}
			}
		}
	}
	return best, cascade
}

// better prefers what reaches the bar, then the cheaper of two that do, and
// the one more often right of two that do not.
func better(a, b choice) bool {
	x, y := a.reaches, b.reaches
	switch {
	case x != y:
		return x
	case x && a.cost != b.cost:
		return a.cost < b.cost
	case a.accuracy != b.accuracy:
		return a.accuracy > b.accuracy
	}
	return a.cost < b.cost
}

func (f fitter) decide(cheap, dear int, threshold float64, c int) decision {
	if dear >= 0 && sureness(f.routers[cheap].Answers[c]) < threshold {
		return decision{cheap, dear}
	}
	return decision{cheap, -1}
}

func (f fitter) correct(d decision, c int) bool {
	if d.dear >= 0 {
		return f.routers[d.dear].Answers[c].Correct
	}
	return f.routers[d.cheap].Answers[c].Correct
}

// cross decides each case by the policy that is chosen outside its fold.
func (f fitter) cross() []decision {
	out := make([]decision, len(f.fold))
	for k := range Folds {
		best, _ := f.choose(&k)
		for i, fold := range f.fold {
			if fold == k {
				out[i] = f.decide(best.cheap, best.dear, best.threshold, i)
			}
		}
	}
	return out
}

// bySlice sends each case to the cheapest candidate that reaches the bar of
// its slice outside its fold, or to the one most often right there.
func (f fitter) bySlice() []decision {
	out := make([]decision, len(f.fold))
	for k := range Folds {
		type tally struct{ right, n int }
		seen := map[string][]tally{}
		for _, c := range f.cases(&k) {
			s := f.in.Slices[c]
			if seen[s] == nil {
				seen[s] = make([]tally, len(f.routers))
			}
			for j, r := range f.routers {
				seen[s][j].n++
				if r.Answers[c].Correct {
					seen[s][j].right++
				}
			}
		}
		for i, fold := range f.fold {
			if fold != k {
				continue
			}
			to, best := 0, -1.0
			for j, x := range seen[f.in.Slices[i]] { // by rising cost
				if x.right >= stats.CriticalCount(x.n, f.in.Bars[f.in.Slices[i]], f.in.Alpha) {
					to = j
					break
				}
				if share := float64(x.right) / float64(x.n); share > best {
					to, best = j, share
				}
			}
			out[i] = decision{to, -1}
		}
	}
	return out
}

func (f fitter) point(ds []decision) RoutePoint {
	right, deferred := 0, 0
	asked := make([]int, len(f.routers)) // counts, so that the sum does not depend on the order
	for i, d := range ds {
		if f.correct(d, i) {
			right++
		}
		if d.dear >= 0 {
			deferred++
			asked[d.dear]++
		}
		asked[d.cheap]++
	}
	cost := 0.0
	for i, n := range asked {
		cost += float64(n) * f.routers[i].Cost
	}
	p := newPoint(right, deferred, len(ds), cost)
	if f.in.Clusters != nil {
		p.Low, p.High = f.count(ds).Bounds((1 - poc.Level) / 2)
	}
	return p
}

func newPoint(right, deferred, n int, cost float64) RoutePoint {
	ci := stats.ClopperPearson(right, n, poc.Level)
	return RoutePoint{Deferred: float64(deferred) / float64(n), Per1k: cost / float64(n) * 1000, Correct: right,
		Accuracy: float64(right) / float64(n), Low: ci.Low, High: ci.High}
}

// WithRouting returns r with the routing table of what a run measured. The
// slices' routes are what r has proven. Policy and curve are about the suite
// with the most cases, since candidates can be traded for each other only on
// the same ones; a candidate that was not asked all of them stays out.
func WithRouting(r Result, m poc.Measurement, outcomes []poc.Outcome, bar float64) Result {
	in := RoutingInput{Bar: bar, Alpha: r.AlphaSpent, Bars: map[string]float64{}, Seed: m.Seed}
	for _, v := range r.Slices {
		in.Bars[v.Slice] = v.Bar
	}
	suite := largestSuite(outcomes)
	place := map[string]int{} // of a case, by id
	var cases []dataset.Case
	for _, o := range outcomes {
		for _, c := range o.Entrant.Cases {
			if _, seen := place[c.ID]; c.Suite == suite && !seen {
				place[c.ID] = len(in.Cases)
				in.Cases, in.Slices, cases = append(in.Cases, c.ID), append(in.Slices, c.Slice), append(cases, c)
			}
		}
	}
	for _, o := range outcomes {
		x := Router{ID: o.Entrant.ID, Cost: o.Entrant.Cost.Float(), Answers: make([]Answer, len(in.Cases))}
		asked := 0
		for i, res := range o.Results {
			if c := o.Entrant.Cases[i]; c.Suite == suite {
				asked++
				x.Answers[place[c.ID]] = Answer{Correct: res.Correct, Answered: res.Err == "" && res.Resolution != "", Confidence: res.Confidence}
			}
		}
		if asked == len(in.Cases) && asked > 0 {
			in.Routers = append(in.Routers, x)
		}
	}
	in.Clusters = poc.Clusters(cases)
	for _, g := range m.Graders {
		if g.Suite == suite || suite == "" { // with one suite, cases name none
			in.Judge = cmp.Or(in.Judge, g.Judge)
		}
	}
	routing := Route(in)
	routing.Suite = suite
	people := slices.IndexFunc(m.Candidates, func(c poc.CandidateMeasurement) bool { return c.Rung == poc.Human })
	for _, v := range r.Slices {
		route := SliceRoute{Slice: v.Slice}
		to := slices.IndexFunc(m.Candidates, func(c poc.CandidateMeasurement) bool { return c.ID == v.Cheapest })
		if to >= 0 {
			t := closestTest(v)
			route.Proven, route.Low, route.AlphaUsed, route.N = true, t.Low, t.AlphaUsed, t.N
		} else {
			to = people
		}
		if to >= 0 {
			c := m.Candidates[to]
			route.Candidate, route.Rung, route.Digest = c.ID, c.Rung, c.Digest
		}
		routing.Slices = append(routing.Slices, route)
	}
	r.Routing = &routing
	return r
}

// largestSuite returns the suite of which the most cases were asked of one
// candidate; of equals the one that comes first.
func largestSuite(outcomes []poc.Outcome) string {
	best, most := "", 0
	for _, o := range outcomes {
		count := map[string]int{}
		for _, c := range o.Entrant.Cases {
			count[c.Suite]++
			if count[c.Suite] > most {
				best, most = c.Suite, count[c.Suite]
			}
		}
	}
	return best
}
