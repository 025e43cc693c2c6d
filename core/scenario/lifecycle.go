package scenario

import (
	"encoding/json"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Lifecycle is what a scenario costs and brings over its whole life, month by
// month, for several ways to do the work.
type Lifecycle struct {
	// Months is the horizon; payments of month 0 are made at the start, of
	// month m at its end.
	Months int `json:"months"`
	// Start is the first month, YYYY-MM: it dates the payments.
	Start string `json:"start"`
	// Discount is the rate per year; a month takes its twelfth root.
	Discount float64 `json:"discount"`
	// Growth of the requests per year, as a share.
	Growth Quantity `json:"growth"`
	// Adoption scales what grows with use; nil is full use from month 1.
	Adoption *Adoption `json:"adoption,omitempty"`
	// Proposed is the option that is judged; the first one if "".
	Proposed string `json:"proposed"`
	// Baseline is the option that the proposed one is measured against; ""
	// measures it against doing nothing, which costs and brings nothing.
	Baseline string            `json:"baseline"`
	Options  []LifecycleOption `json:"options"`
	Lines    []LifecycleLine   `json:"lines"`
}

// LifecycleOption is one way to do the work over the whole life.
type LifecycleOption struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
}

// Adoption is the share of the intended use by month: straight from From to To,
// or along a logistic curve, over Months; or as the table says, whose last
// value holds from then on.
type Adoption struct {
	Shape  string    `json:"shape"` // linear, logistic, table
	Months int       `json:"months"`
	From   float64   `json:"from"`
	To     float64   `json:"to"` // 1 if 0
	Table  []float64 `json:"table"`
}

// LifecycleLine is one thing that is paid for or gained.
type LifecycleLine struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"` // of LifecycleKinds
	Title text.Text `json:"title"`
	// Options that the line belongs to; all of them if empty.
	Options []string `json:"options"`
	// From is the month in which the line begins, Until the last one; what is
	// paid once is paid in month From. Until is the horizon's end if 0.
	From  int `json:"from"`
	Until int `json:"until"`
	// Every repeats what is otherwise paid once, in months.
	Every int `json:"every"`
	// FullUse leaves the line out of the adoption ramp.
	FullUse bool `json:"full_use"`
	// PriceGrowth is the yearly change of the line's price; below 0 it falls.
	PriceGrowth Quantity `json:"price_growth"`
	// Accelerator names the machine whose power draw an energy line takes.
	Accelerator string `json:"accelerator"`
	// PriceVersion names the price list that a tokens line is computed with.
	PriceVersion string              `json:"price_version"`
	Values       map[string]Quantity `json:"values"`
}

// Quantity is a number that may be uncertain: Value alone; P10, P50 and P90;
// Low and High with Mode (a PERT distribution, or triangular by Shape) or
// without (uniform); or what was measured of a candidate.
type Quantity struct {
	Value *float64 `json:"value,omitempty"`
	P10   *float64 `json:"p10,omitempty"`
	P50   *float64 `json:"p50,omitempty"`
	P90   *float64 `json:"p90,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	Mode  *float64 `json:"mode,omitempty"`
	High  *float64 `json:"high,omitempty"`
	Shape string   `json:"shape,omitempty"` // pert (if ""), triangular
	// Measured is accuracy, cost_per_task or traffic_share: of Candidate, or of
	// the graded mix if that is "".
	Measured  string `json:"measured,omitempty"`
	Candidate string `json:"candidate,omitempty"`
	// Same is LINE.VALUE of an earlier line: the same unknown number, drawn
	// once, so that options that share it are compared as they will differ.
	Same string `json:"same,omitempty"`
	// K of N is the count that a measured share rests on; a document does not
	// state it.
	K int `json:"k,omitempty"`
	N int `json:"n,omitempty"`
	// Imported is the system that the number was read from; "" if it was typed.
	Imported string `json:"imported,omitempty"`
	Source   string `json:"source,omitempty"`
}

// UnmarshalJSON takes a bare number as the value.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	var v float64
	if json.Unmarshal(b, &v) == nil {
		*q = Quantity{Value: &v}
		return nil
	}
	type plain Quantity
	return json.Unmarshal(b, (*plain)(q))
}

// IsZero reports whether nothing was stated.
func (q Quantity) IsZero() bool { return q == Quantity{} }

// Provenance of q: measured, imported from a named system, else assumed.
func (q Quantity) Provenance() evidence.Provenance {
	switch {
	case q.Measured != "":
		return evidence.Measured
	case q.Imported != "":
		return evidence.Imported
	}
	return evidence.Assumed
}

// Dist returns the distribution of q; the point 0 if nothing was stated. It
// fails with stats.ErrRange if the numbers make none. A measured share needs
// its count.
func (q Quantity) Dist() (stats.Dist, error) {
	switch {
	case q.N > 0:
		return stats.Share(q.K, q.N)
	case q.P10 != nil && q.P50 != nil && q.P90 != nil:
		return stats.ThreePoint(*q.P10, *q.P50, *q.P90)
	case q.Low != nil && q.High != nil && q.Mode == nil:
		return stats.Uniform(*q.Low, *q.High)
	case q.Low != nil && q.High != nil && q.Shape == "triangular":
		return stats.Triangular(*q.Low, *q.Mode, *q.High)
	case q.Low != nil && q.High != nil:
		return stats.PERT(*q.Low, *q.Mode, *q.High)
	case q.Value != nil:
		return stats.Point(*q.Value)
	}
	return stats.Dist{}, nil
}

// LifecycleValue is one number that a kind of line is computed from.
type LifecycleValue struct {
	Name string
	// Default holds where a document states nothing; nil if it must.
	Default *float64
	Share   bool // 0 to 1
	Title   text.Text
	Unit    text.Text
}

// LifecycleKind is a kind of line. align/roi holds its formula.
type LifecycleKind struct {
	ID      string
	Benefit bool
	Title   text.Text
	Values  []LifecycleValue
}

// Kind returns the kind of a name.
func Kind(id string) (LifecycleKind, bool) {
	for _, k := range LifecycleKinds() {
		if k.ID == id {
			return k, true
		}
	}
	return LifecycleKind{}, false
}

// LifecycleKinds returns every kind of line, costs first.
func LifecycleKinds() []LifecycleKind {
	def := func(v float64) *float64 { return &v }
	val := func(name, en, zh, unitEn, unitZh string, d *float64) LifecycleValue {
		return LifecycleValue{Name: name, Default: d, Title: text.Text{En: en, Zh: zh}, Unit: text.Text{En: unitEn, Zh: unitZh}}
	}
	share := func(name, en, zh string, d *float64) LifecycleValue {
		v := val(name, en, zh, "share", "占比", d)
		v.Share = true
		return v
	}
	traffic := share("share", "share of the requests", "占请求的比例", def(1))
	used := share("utilisation", "share that this scenario pays for", "由本场景承担的比例", def(1))
	count := val("count", "how many", "数量", "pieces", "台", nil)
	hours := val("hours", "hours a month", "每月小时数", "h/month", "小时/月", def(730))
	minutes := val("minutes", "minutes a request", "每次请求分钟数", "min", "分钟", nil)
	wage := val("wage", "wage an hour", "每小时人工成本", "money/h", "金额/小时", nil)
	yearly := val("amount", "amount a year", "每年金额", "money/year", "金额/年", nil)
	once := val("amount", "amount", "金额", "money", "金额", nil)
	kind := func(id string, benefit bool, en, zh string, vs ...LifecycleValue) LifecycleKind {
		return LifecycleKind{ID: id, Benefit: benefit, Title: text.Text{En: en, Zh: zh}, Values: vs}
	}
	return []LifecycleKind{
		kind("wrong_answers", false, "Wrong answers", "答错的代价", traffic, share("accuracy", "share of right answers", "正确率", nil),
			val("cost", "cost of one wrong answer", "每次答错的代价", "money", "金额", nil)),
		kind("handling", false, "People's handling", "人工处理", traffic, minutes, wage),
		kind("operations", false, "Operations", "运维人力", val("people", "people", "人数", "people", "人", nil),
			share("share", "share of their time", "投入时间的比例", def(1)), val("salary", "salary a year, all told", "每人每年全部人力成本", "money/year", "金额/年", nil)),
		kind("hardware", false, "Hardware, bought", "硬件（购置）", count, val("price", "price of one", "单价", "money", "金额", nil),
			val("years", "years until it is replaced", "折旧年限（到期更换）", "years", "年", def(4)), used),
		kind("hardware_rented", false, "Hardware, rented", "硬件（租用）", count, val("price_hour", "price of one an hour", "每小时租价", "money/h", "金额/小时", nil), hours, used),
		kind("energy", false, "Energy", "电费", count, val("watts", "power draw of one", "单台功耗", "W", "瓦", def(0)), share("load", "average load", "平均负载", def(1)),
			val("pue", "power usage effectiveness", "PUE", "ratio", "倍", def(1)), val("price_kwh", "price of a kilowatt-hour", "电价", "money/kWh", "金额/千瓦时", nil), hours, used),
		kind("tokens", false, "Tokens", "词元", traffic, val("input_tokens", "input tokens a request", "每次输入词元数", "tokens", "词元", nil),
			val("output_tokens", "output tokens a request", "每次输出词元数", "tokens", "词元", nil),
			val("price_input", "price of a million input tokens", "每百万输入词元价格", "money/1M", "金额/百万", nil),
			val("price_output", "price of a million output tokens", "每百万输出词元价格", "money/1M", "金额/百万", nil)),
		kind("per_task", false, "Cost per task", "单次成本", traffic, val("amount", "amount a request", "每次金额", "money", "金额", nil)),
		kind("annotation", false, "Annotation", "标注", val("items", "items", "条数", "items", "条", nil), val("price", "price of one", "单价", "money", "金额", nil),
			val("redundancy", "annotators per item", "每条标注人数", "people", "人", def(1)), share("rework", "share done again", "返工比例", def(0))),
		kind("integration", false, "Integration", "接入", once),
		kind("evaluation", false, "Evaluation", "评测", yearly),
		kind("retraining", false, "Retraining", "重训", val("times", "times a year", "每年次数", "1/year", "次/年", nil), val("cost", "cost of one", "每次成本", "money", "金额", nil)),
		kind("compliance", false, "Compliance", "合规", yearly),
		kind("decommissioning", false, "Decommissioning", "退役", once),
		kind("time_saved", true, "Time saved", "节省工时", traffic, minutes, wage, share("realised", "share that is realised", "真正兑现的比例", nil)),
		kind("errors_avoided", true, "Errors avoided", "减少差错", val("errors", "errors a year", "每年差错数", "1/year", "次/年", nil), val("cost", "cost of one", "每次代价", "money", "金额", nil)),
		kind("revenue", true, "Revenue", "增收", yearly),
	}
}

// bindLifecycle adds what the lifecycle is computed from to what the costs are
// bound to; titles bind nothing, nor does a document without a lifecycle.
func (d *Document) bindLifecycle(costs map[string]any) map[string]any {
	if d.Lifecycle == nil {
		return costs
	}
	l := *d.Lifecycle
	l.Options, l.Lines = slices.Clone(l.Options), slices.Clone(l.Lines)
	for i := range l.Options {
		l.Options[i].Title = text.Text{}
	}
	for i := range l.Lines {
		l.Lines[i].Title = text.Text{}
	}
	costs["lifecycle"] = l
	return costs
}
