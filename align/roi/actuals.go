package roi

import (
	"fmt"
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

// Compare draws a kept model again and sets the actual amounts beside it, in
// the order of the model's lines. It fails with ErrActualLine for an unknown
// line and ErrActualMonth for a month outside the model or given twice.
func Compare(l Life, actuals []Actual) ([]Surprise, error) {
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
	d, err := l.draw()
	if err != nil {
		return nil, fmt.Errorf("compare with actuals: %w", err)
	}
	values, path := make([]float64, len(l.Inputs)), make([]float64, l.Months+1)
	forecast, scratch := make([]float64, l.Draws), make([]float64, l.Draws)
	out := []Surprise{}
	for _, line := range l.Lines {
		of := months[line.ID]
		if of == nil {
			continue
		}
		s := Surprise{Line: line.ID, Title: line.Title, Benefit: line.Benefit, Months: len(of)}
		for _, v := range of {
			s.Actual += v
		}
		for j := range forecast {
			for i := range values {
				values[i] = d.values[i][j]
			}
			l.path(line, values, path)
			sum := 0.0
			for m, p := range path {
				if _, due := of[m]; due {
					sum += p
				}
			}
			forecast[j] = sum * amount(line, values)
			switch {
			case forecast[j] < s.Actual:
				s.Percentile++
			case forecast[j] == s.Actual:
				s.Percentile += 0.5
			}
		}
		s.Percentile /= float64(l.Draws)
		s.Forecast = spread(forecast, scratch)
		out = append(out, s)
	}
	return out, nil
}
