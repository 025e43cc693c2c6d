package grade

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Verdicts of a cell beside those of a slice.
const (
	Stale       Outcome = "stale"        // measured on something else than there is now
	NotMeasured Outcome = "not_measured" // there is no figure
	NoLimit     Outcome = "no_limit"     // a figure, and nothing to hold it to
)

// Cell is one figure of the feasibility matrix with the evidence behind it.
type Cell struct {
	Figure   *float64            `json:"figure,omitempty"` // nil if not measured
	Low      *float64            `json:"low,omitempty"`
	High     *float64            `json:"high,omitempty"`
	Unit     string              `json:"unit"` // share, ms, currency/1k, wrong/1k
	Verdict  Outcome             `json:"verdict"`
	Evidence string              `json:"evidence"` // id; "" if not measured
	Basis    evidence.Provenance `json:"basis,omitempty"`
	Note     text.Text           `json:"note"`
}

// Source is an item of evidence that a matrix reads.
type Source struct {
	ID    string
	Stale bool
}

// Facts is what is known of one scenario.
type Facts struct {
	Slug  string
	Title text.Text
	// Grade, with its candidates; nil without a grading.
	Grade   *Result
	POC     *poc.Measurement
	Grading Source
	// DataPassed and DataRules count the rules of the data-quality gate; no
	// rules if it was not evaluated.
	DataPassed, DataRules int
	Data                  Source
	Money                 *Money // nil without a computed return
}

// Money is what a scenario's return says.
type Money struct {
	Currency string
	// AtStake is what the work costs a year as it is done today, or, without
	// today's process, with the dearest candidate.
	AtStake evidence.Estimate
	Basis   evidence.Provenance
	Source  Source
}

// FeasibilityRow is one scenario.
type FeasibilityRow struct {
	Rank     int       `json:"rank"` // from 1
	Scenario string    `json:"scenario"`
	Title    text.Text `json:"title"`
	Tier     Tier      `json:"tier"`
	// L1, L2 and L3 hold the share of the level's traffic that is proven,
	// from what is proven to what is proven or open.
	L1 Cell `json:"l1"`
	L2 Cell `json:"l2"`
	L3 Cell `json:"l3"`
	// Data is the share of data-quality rules that hold.
	Data Cell `json:"data"`
	// Latency is the longest p95, in ms, of the candidates that serve.
	Latency Cell `json:"latency"`
	// Cost is of 1,000 requests with the cheapest sufficient candidates.
	Cost Cell `json:"cost"`
	// Risk is the most wrong answers in 1,000 that the evidence allows on
	// proven slices.
	Risk Cell `json:"risk"`
	// Value is the money at stake a year.
	Value    Cell   `json:"value"`
	Currency string `json:"currency"`
	Proven   Share  `json:"proven"`
	// Worth is Value times the lower bound of Proven: what orders rows of a
	// tier; 0 if either is not known.
	Worth float64 `json:"worth"`
	// KeepsFrom and KeepsTo are the weights of value (the rest is the proven
	// share's), between which this row stays above the next; both nil if they
	// are not compared by worth.
	KeepsFrom *float64    `json:"keeps_from,omitempty"`
	KeepsTo   *float64    `json:"keeps_to,omitempty"`
	Missing   []text.Text `json:"missing"` // what is not known yet, in plain words
}

// Tier is how a scenario stands by its hard constraints, the best first.
type Tier string

// The tiers.
const (
	Ready   Tier = "ready"   // every hard constraint provably holds
	Open    Tier = "open"    // none is broken, some are not shown
	Blocked Tier = "blocked" // one is broken
	Unknown Tier = "unknown" // nothing was measured
)

var tiers = []Tier{Ready, Open, Blocked, Unknown}

// Feasibility is the matrix over scenarios.
type Feasibility struct {
	Rows []FeasibilityRow `json:"rows"` // by rank
	// KeepsFrom and KeepsTo are the weights of value between which the whole
	// order stays; the order shown is that of 0.5.
	KeepsFrom float64 `json:"keeps_from"`
	KeepsTo   float64 `json:"keeps_to"`
}

// Compare ranks scenarios: by tier; then by money at stake times proven share,
// those without either last; then by name. There is no exchange: scenarios in
// another currency stand apart, by its code.
func Compare(facts []Facts) Feasibility {
	out := Feasibility{Rows: []FeasibilityRow{}, KeepsTo: 1}
	for _, f := range facts {
		out.Rows = append(out.Rows, newFeasibilityRow(f))
	}
	slices.SortStableFunc(out.Rows, func(a, b FeasibilityRow) int {
		known := func(r FeasibilityRow) int { return bit(r.Worth > 0) }
		return cmp.Or(cmp.Compare(slices.Index(tiers, a.Tier), slices.Index(tiers, b.Tier)), cmp.Compare(known(b), known(a)),
			cmp.Compare(a.Currency, b.Currency), cmp.Compare(b.Worth, a.Worth), strings.Compare(a.Scenario, b.Scenario))
	})
	for i := range out.Rows {
		r := &out.Rows[i]
		r.Rank = i + 1
		if i+1 == len(out.Rows) {
			break
		}
		n := out.Rows[i+1]
		if r.Tier != n.Tier || r.Currency != n.Currency || r.Worth <= 0 || n.Worth <= 0 {
			continue
		}
		from, to := keeps(math.Log(*r.Value.Figure / *n.Value.Figure), math.Log(r.Proven.Low/n.Proven.Low))
		r.KeepsFrom, r.KeepsTo = &from, &to
		out.KeepsFrom, out.KeepsTo = max(out.KeepsFrom, from), min(out.KeepsTo, to)
	}
	return out
}

// keeps returns the weights w for which w·value + (1−w)·proven ≥ 0, given that
// it holds at one half: where the geometric mean so weighted keeps its order.
func keeps(value, proven float64) (from, to float64) {
	switch {
	case value < 0 && proven > 0:
		return 0, proven / (proven - value)
	case proven < 0 && value > 0:
		return proven / (proven - value), 1
	}
	return 0, 1
}

func newFeasibilityRow(f Facts) FeasibilityRow {
	r := FeasibilityRow{Scenario: f.Slug, Title: f.Title, Missing: []text.Text{}}
	miss := func(en, zh string, args ...any) { r.Missing = append(r.Missing, say(en, zh, args...)) }
	if f.Grade == nil {
		miss("nothing was graded yet: run it", "尚未分级：先运行一次")
	} else if f.Grading.Stale {
		miss("the grading is stale: something it was measured on has changed", "分级证据已过时：其所依据的内容有变")
	}
	r.L1, r.L2, r.L3 = levelCell(f, scenario.L1), levelCell(f, scenario.L2), levelCell(f, scenario.L3)
	r.Data = Cell{Unit: "share", Verdict: NotMeasured}
	if f.DataRules > 0 {
		v := float64(f.DataPassed) / float64(f.DataRules)
		r.Data = f.Data.cell(Cell{Figure: &v, Unit: "share", Verdict: Pass, Basis: evidence.Measured})
		if f.DataPassed < f.DataRules {
			r.Data.Verdict = Fail
			miss("%d of %d data-quality rules do not hold", "%[2]d 条数据质量规则中有 %[1]d 条不满足", f.DataRules-f.DataPassed, f.DataRules)
		}
	} else {
		miss("the data's quality was not measured", "尚未测量数据质量")
	}
	r.Latency, r.Cost, r.Risk = latencyCell(f), costCell(f), riskCell(f)
	if f.Grade != nil {
		r.Proven = f.Grade.Proven
		r.missing(f)
	}
	r.Value = Cell{Unit: "currency/year", Verdict: NotMeasured}
	if m := f.Money; m != nil {
		r.Value = m.Source.cell(Cell{Figure: &m.AtStake.Value, Low: &m.AtStake.Low, High: &m.AtStake.High, Unit: "currency/year", Verdict: NoLimit, Basis: m.Basis})
		r.Currency = m.Currency
		if !m.Source.Stale && !f.Grading.Stale {
			r.Worth = max(0, m.AtStake.Value) * r.Proven.Low
		}
	} else {
		miss("the money at stake is not known: state traffic.per_year and costs", "尚不清楚涉及多少资金：填写 traffic.per_year 与 costs")
	}
	r.Tier = tier(f, r)
	return r
}

// cell makes a cell of s: what is stale is shown, and decides nothing.
func (s Source) cell(c Cell) Cell {
	c.Evidence = s.ID
	if s.Stale {
		c.Verdict = Stale
	}
	return c
}

// tier looks at the hard constraints: the data, the work itself at some level,
// and the limits on latency and cost where the scenario has them.
func tier(f Facts, r FeasibilityRow) Tier {
	if f.Grade == nil {
		return Unknown
	}
	hard := []Outcome{r.Data.Verdict, r.Latency.Verdict, r.Cost.Verdict, workVerdict(f)}
	switch {
	case slices.Contains(hard, Fail):
		return Blocked
	case slices.ContainsFunc(hard, func(o Outcome) bool { return o != Pass && o != NoLimit }):
		return Open
	}
	return Ready
}

// workVerdict passes if any slice does: a scenario is worth doing for the part
// that is proven.
func workVerdict(f Facts) Outcome {
	if f.Grading.Stale {
		return Stale
	}
	failed := 0
	for _, v := range f.Grade.Slices {
		switch v.Outcome {
		case Pass:
			return Pass
		case Fail:
			failed++
		}
	}
	if failed == len(f.Grade.Slices) {
		return Fail
	}
	return Insufficient
}

func levelCell(f Facts, level scenario.Level) Cell {
	c := Cell{Unit: "share", Verdict: NotMeasured}
	if f.Grade == nil {
		return c
	}
	total, passed, open, measured, n := 0.0, 0.0, 0.0, false, 0
	outcomes := map[Outcome]int{}
	for _, v := range f.Grade.Slices {
		if v.Level != level {
			continue
		}
		n++
		total += v.Share.Value
		measured = measured || len(v.Tests) > 0
		outcomes[v.Outcome]++
		switch v.Outcome {
		case Pass:
			passed += v.Share.Value
		case Insufficient:
			open += v.Share.Value
		}
	}
	switch {
	case n == 0:
		c.Note = say("no slice of this level", "没有该级别的分组")
		return c
	case !measured || total == 0:
		c.Note = say("not measured: no test case, or no candidate that runs", "未测：没有评测用例，或没有可运行的候选方案")
		return c
	}
	c.Verdict = Insufficient
	switch {
	case outcomes[Pass] == n:
		c.Verdict = Pass
	case outcomes[Fail] == n:
		c.Verdict = Fail
	}
	share, high := passed/total, min(1, (passed+open)/total)
	c.Figure, c.Low, c.High, c.Basis = &share, &share, &high, evidence.Measured
	c.Note = say("%d of %d slices pass", "%[2]d 个分组中有 %[1]d 个合格", outcomes[Pass], n)
	return f.Grading.cell(c)
}

// serving returns the candidate of each slice that was measured: the cheapest
// that passes, or else the closest.
func (f Facts) serving() map[string]poc.CandidateMeasurement {
	out := map[string]poc.CandidateMeasurement{}
	if f.Grade == nil || f.POC == nil {
		return out
	}
	for _, v := range f.Grade.Slices {
		for _, c := range f.POC.Candidates {
			if c.ID == v.Closest {
				out[v.Slice] = c
			}
		}
	}
	return out
}

func latencyCell(f Facts) Cell {
	c := Cell{Unit: "ms", Verdict: NotMeasured}
	serving := f.serving()
	limit := 0.0
	bounded, slow := true, false
	if f.Grade != nil {
		for _, row := range f.Grade.Matrix {
			limit = max(limit, row.Bar.P95Ms)
		}
	}
	for _, x := range serving {
		l := x.LatencyMs
		if l == nil || l.N == 0 {
			continue
		}
		if c.Figure == nil || l.P95 > *c.Figure {
			p95 := l.P95
			c.Figure = &p95
		}
		slow = slow || limit > 0 && l.P50 > limit // then p95 is beyond it too, whatever its interval
		switch {
		case l.P95High == nil:
			bounded = false
		case c.High == nil || *l.P95High > *c.High:
			high := *l.P95High
			c.High = &high
		}
	}
	if c.Figure == nil {
		return c
	}
	if !bounded {
		c.High = nil
	}
	c.Basis = evidence.Measured
	switch {
	case limit == 0:
		c.Verdict = NoLimit
	case c.High != nil && *c.High <= limit:
		c.Verdict = Pass
	case slow:
		c.Verdict = Fail
	default:
		c.Verdict = Insufficient
	}
	return f.Grading.cell(c)
}

// costCell weighs the cheapest sufficient candidates by the traffic of the
// slices that they are proven on.
func costCell(f Facts) Cell {
	c := Cell{Unit: "currency/1k", Verdict: NotMeasured}
	sum, weight, limit := 0.0, 0.0, 0.0
	basis := evidence.Measured
	serving := f.serving()
	if f.Grade == nil {
		return c
	}
	for _, row := range f.Grade.Matrix {
		limit = max(limit, row.Bar.Per1k)
	}
	for _, v := range f.Grade.Slices {
		x, ok := serving[v.Slice]
		if !ok || v.Outcome != Pass || x.CostPerTask.Amount == "" {
			continue
		}
		sum += v.Share.Value * x.CostPerTask.Float() * 1000
		weight += v.Share.Value
		basis = evidence.Worst(basis, x.CostPerTask.Provenance)
	}
	if weight == 0 || f.Money == nil { // without cost lines a price of zero says nothing
		return c
	}
	v := sum / weight
	c.Figure, c.Basis = &v, basis
	switch {
	case limit == 0:
		c.Verdict = NoLimit
	case v <= limit:
		c.Verdict = Pass
	default:
		c.Verdict = Fail
	}
	return f.Grading.cell(c)
}

// riskCell bounds the wrong answers on proven slices, and says whether what
// one of them does was thought of.
func riskCell(f Facts) Cell {
	c := Cell{Unit: "wrong/1k", Verdict: NotMeasured}
	if f.Grade == nil {
		return c
	}
	wrong, weight, most := 0.0, 0.0, 0.0
	answered, harm := true, false
	for i, v := range f.Grade.Slices {
		if v.Outcome != Pass {
			continue
		}
		t := closestTest(v)
		most += v.Share.Value * (1 - t.Low) * 1000
		wrong += v.Share.Value * (1 - t.Accuracy) * 1000
		weight += v.Share.Value
		var floor *Floor
		if i < len(f.Grade.Matrix) {
			floor = f.Grade.Matrix[i].Declared.Rubric
		}
		if floor == nil || floor.Risk == "" {
			answered = false
		} else if floor.Risk == "high" && slices.Contains(floor.Drivers, "autonomy=acts") {
			harm = true
		}
	}
	if weight == 0 {
		return c
	}
	v, high := wrong/weight, most/weight
	c.Figure, c.High, c.Basis = &v, &high, evidence.Measured
	switch {
	case harm:
		c.Verdict = Insufficient
		c.Note = say("harm is possible and nobody reviews: bound the severe errors first", "可能造成伤害且无人复核：先给严重错误定出上限")
	case !answered:
		c.Verdict = NoLimit
		c.Note = say("nobody said what one wrong answer does", "尚未说明答错一次的后果")
	default:
		c.Verdict = Pass
	}
	return f.Grading.cell(c)
}

// missing says what a grading still lacks.
func (row *FeasibilityRow) missing(f Facts) {
	add := func(en, zh string) { row.Missing = append(row.Missing, text.Text{En: en, Zh: zh}) }
	for _, v := range f.Grade.Slices {
		en, zh := v.Title.In("en"), v.Title.In("zh")
		if en == "" {
			en, zh = v.Slice, v.Slice
		}
		switch v.Why {
		case WhyMoreCases:
			row.miss(en, zh, say("about %d more test cases", "约需再标注 %d 条评测用例", v.More))
		case WhyNotMeasured:
			row.miss(en, zh, say("test cases, or a candidate that runs", "缺评测用例，或缺可运行的候选方案"))
		case WhyFewClusters:
			row.miss(en, zh, say("test cases from more clusters: at least %d", "来自更多簇的评测用例：至少 %d 个簇", stats.MinClusters))
		case WhyNotClose, WhyBelow:
			row.miss(en, zh, say("a stronger candidate; the closest is %s", "需要更强的候选方案；目前最接近的是 %s", v.Closest))
		}
	}
	if f.Grade.Traffic == evidence.Assumed {
		add("a traffic sample: shares follow the test cases", "缺流量抽样：占比按评测用例估计")
	}
	answered, limited := false, false
	for _, row := range f.Grade.Matrix {
		answered = answered || row.Declared.Rubric != nil
		limited = limited || row.Bar.P95Ms > 0
	}
	if !answered {
		add("answers to the rubric: see `landfall grade rubric DIR`", "尚未回答分级问卷：见 `landfall grade rubric DIR`")
	}
	if !limited {
		add("a limit on response time: targets.latency_p95_ms", "未设响应时间上限：targets.latency_p95_ms")
	}
}

// miss says what the slice of that title lacks.
func (row *FeasibilityRow) miss(en, zh string, what text.Text) {
	row.Missing = append(row.Missing, text.Text{En: "“" + en + "”: " + what.En, Zh: "“" + zh + "”:" + what.Zh})
}
