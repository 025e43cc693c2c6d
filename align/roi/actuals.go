package roi

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of actual amounts.
var (
	ErrActualLine = fault.Def{Kind: fault.Invalid, Code: "roi.actual_line",
		En:     "the proposed option has no line {line}; known: {known}",
		Zh:     "建议方案中没有 {line} 这一项；可用：{known}",
		HintEn: "use the ids under lifecycle.lines", HintZh: "请使用 lifecycle.lines 中的 id"}
	ErrActualMonth = fault.Def{Kind: fault.Invalid, Code: "roi.actual_month",
		En:     "the line {line} has an amount for month {month}; the lifecycle has the months 0 to {last}, each at most once",
		Zh:     "{line} 填了第 {month} 月的金额；生命周期为第 0 至 {last} 月，每月至多一次",
		HintEn: "count months from the start: month 0 is what was paid before it", HintZh: "月份从起始月算起，第 0 月为启动前的支出"}
)

// Actual is what one line really cost or brought in one month, as a positive
// amount.
type Actual struct {
	Line   string  `json:"line"`
	Month  int     `json:"month"`
	Amount float64 `json:"amount"`
}

// Surprise is a line's forecast beside what really happened, over the months of
// which the actual amount is known.
type Surprise struct {
	Line     string    `json:"line"`
	Title    text.Text `json:"title"`
	Benefit  bool      `json:"benefit,omitempty"`
	Months   int       `json:"months"`
	Forecast Range     `json:"forecast"`
	Actual   float64   `json:"actual"`
	// Percentile is the share of the forecast's draws below the actual amount,
	// those equal to it counted half: near 0 or 1 is a surprise.
	Percentile float64 `json:"percentile"`
}

// Reality is a kept model evaluated again with actual amounts.
type Reality struct {
	Lines []Surprise `json:"lines"` // in the order of the model's
	// NPV is of the proposed option against the baseline, with the actual
	// amounts in place of what was drawn for their months; Before is without.
	NPV               Range   `json:"npv"`
	Before            Range   `json:"before"`
	ProbabilityOfLoss float64 `json:"probability_of_loss"`
}

// Compare draws a kept model again and sets the actual amounts of the proposed
// option's lines beside it. It fails with ErrActualLine for an unknown line and
// ErrActualMonth for a month outside the model or given twice.
func Compare(l Life, actuals []Actual) (Reality, error) {
	months, err := l.byLine(actuals)
	if err != nil {
		return Reality{}, err
	}
	d, err := l.draw()
	if err != nil {
		return Reality{}, fmt.Errorf("compare with actuals: %w", err)
	}
	d.run()
	npv, scratch := make([]float64, l.Draws), make([]float64, l.Draws)
	for k, line := range l.Lines {
		if w := l.Weight(line); w != 0 {
			for j, v := range d.present[k] {
				npv[j] += w * v
			}
		}
	}
	r := Reality{Lines: []Surprise{}, Before: spread(npv, scratch)}
	for _, line := range l.Lines {
		if of := months[line.ID]; of != nil {
			r.Lines = append(r.Lines, d.surprise(line, of, npv, scratch))
		}
	}
	r.NPV = spread(npv, scratch)
	for _, v := range npv {
		if v < 0 {
			r.ProbabilityOfLoss++
		}
	}
	r.ProbabilityOfLoss /= float64(l.Draws)
	return r, nil
}

// byLine sorts actual amounts by line and month.
func (l Life) byLine(actuals []Actual) (map[string]map[int]float64, error) {
	months := map[string]map[int]float64{}
	var known []string
	for _, line := range l.Lines {
		if slices.Contains(line.Options, l.Proposed) {
			known = append(known, line.ID)
		}
	}
	for _, a := range actuals {
		if !slices.Contains(known, a.Line) {
			return nil, ErrActualLine.With("line", a.Line, "known", strings.Join(known, ", "))
		}
		if months[a.Line] == nil {
			months[a.Line] = map[int]float64{}
		}
		if _, twice := months[a.Line][a.Month]; twice || a.Month < 0 || a.Month > l.Months {
			return nil, ErrActualMonth.With("line", a.Line, "month", a.Month, "last", l.Months)
		}
		months[a.Line][a.Month] = a.Amount
	}
	return months, nil
}

// surprise compares one line's months with their actual amounts, and puts
// these into npv. What a line that the baseline has as well really cost
// touches no difference.
func (d *draws) surprise(line LifeLine, of map[int]float64, npv, scratch []float64) Surprise {
	l := d.life
	s := Surprise{Line: line.ID, Title: line.Title, Benefit: line.Benefit, Months: len(of)}
	present := 0.0
	known := slices.Sorted(maps.Keys(of))
	factor := make([]float64, l.Months+1)
	for _, m := range known {
		factor[m] = math.Pow(1+l.Discount, -float64(m)/12)
		s.Actual += of[m]
		present += of[m] * factor[m]
	}
	weight := l.Weight(line)
	values, path := make([]float64, len(l.Inputs)), make([]float64, l.Months+1)
	forecast := make([]float64, l.Draws)
	for j := range forecast {
		for i := range values {
			values[i] = d.values[i][j]
		}
		l.path(line, values, path)
		sum, drawn := 0.0, 0.0
		for _, m := range known {
			sum += path[m]
			drawn += path[m] * factor[m]
		}
		unit := amount(line, values)
		forecast[j] = sum * unit
		npv[j] += weight * (present - drawn*unit)
		switch {
		case forecast[j] < s.Actual:
			s.Percentile++
		case forecast[j] == s.Actual:
			s.Percentile += 0.5
		}
	}
	s.Percentile /= float64(l.Draws)
	s.Forecast = spread(forecast, scratch)
	return s
}
