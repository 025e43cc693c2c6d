// Package workbook writes a lifecycle as a spreadsheet whose figures are
// formulas: whoever changes an input sees what follows.
package workbook

import (
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/kit/text"
)

// The sheets. Their names are the same in both languages, so that formulas in
// other workbooks keep referring to them.
const (
	Inputs = "Inputs"
	Cash   = "Cash"
	Result = "Result"
)

// The cells of sheet Result that hold a figure.
const (
	CellNPV      = "B2"
	CellIRR      = "B3"
	CellMIRR     = "B4"
	CellPayback  = "B5"
	CellRequests = "B6"
)

// firstInput is the row of the first input; the discount rate stands before it.
const (
	discountRow  = 2
	firstInput   = 3
	firstColumn  = 3 // of the months
	factorRow    = 2
	requestsRow  = 3
	adoptionRow  = 4
	firstCashRow = 5
)

// sheet writes cells and keeps the first error.
type sheet struct {
	f    *excelize.File
	name string
	err  error
}

func (s *sheet) set(column, row int, v any) {
	if s.err != nil {
		return
	}
	cell := at(column, row)
	if f, ok := v.(formula); ok {
		s.err = s.f.SetCellFormula(s.name, cell, string(f))
		return
	}
	if t, ok := v.(string); ok { // never a formula: titles come from the document
		s.err = s.f.SetCellStr(s.name, cell, t)
		return
	}
	s.err = s.f.SetCellValue(s.name, cell, v)
}

func (s *sheet) row(row int, vs ...any) {
	for i, v := range vs {
		s.set(i+1, row, v)
	}
}

type formula string

func at(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // columns and rows are our own and bounded
	}
	return name
}

// Write writes l as XLSX in the given language. Every input stands at its
// mean, so the results are those of roi.LifeResult.Expected and its rates; the
// ranges of the simulation are in the report.
func Write(w io.Writer, l roi.Life, lang string) (err error) {
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	say := func(en, zh string) string { return text.Text{En: en, Zh: zh}.In(lang) }
	if err := f.SetSheetName("Sheet1", Inputs); err != nil {
		return fmt.Errorf("make the workbook: %w", err)
	}
	for _, name := range []string{Cash, Result} {
		if _, err := f.NewSheet(name); err != nil {
			return fmt.Errorf("make the workbook: %w", err)
		}
	}
	for _, part := range []func() error{
		func() error { return inputs(f, l, lang, say) },
		func() error { return cash(f, l, lang, say) },
		func() error { return result(f, l, lang, say) },
		func() error { return look(f, l) },
	} {
		if err := part(); err != nil {
			return fmt.Errorf("make the workbook: %w", err)
		}
	}
	return f.Write(w)
}

func inputs(f *excelize.File, l roi.Life, lang string, say func(en, zh string) string) error {
	s := &sheet{f: f, name: Inputs}
	s.row(1, say("Input", "输入项"), say("What it is", "含义"), say("Unit", "单位"), say("Value (mean)", "取值（均值）"), "P10", "P90",
		say("Provenance", "取证方式"), say("Source", "来源"))
	s.row(discountRow, "discount", say("Discount rate a year", "年折现率"), say("share", "占比"), l.Discount)
	for i, in := range l.Inputs {
		d, err := in.Quantity.Dist()
		if err != nil {
			return err
		}
		source := in.Quantity.Source
		if source == "" {
			source = in.Quantity.Imported
		}
		if in.Quantity.N > 0 {
			source = fmt.Sprintf("%d / %d", in.Quantity.K, in.Quantity.N)
		}
		s.row(firstInput+i, in.ID, in.Title.In(lang), in.Unit.In(lang), d.Mean(), d.Quantile(0.1), d.Quantile(0.9),
			map[string]string{"measured": say("measured", "实测"), "imported": say("imported", "导入"), "assumed": say("assumed", "假设")}[string(in.Provenance)], source)
	}
	return s.err
}

// input refers to an input's value.
func input(i int) string { return fmt.Sprintf("%s!$D$%d", Inputs, firstInput+i) }

// number writes v without an exponent, which not every program reads in a
// formula.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// amount writes the sum of a line's terms.
func amount(line roi.LifeLine) string {
	out := ""
	for i, t := range line.Terms {
		if i > 0 {
			out += "+"
		}
		out += number(t.Scale)
		for _, x := range t.Factors {
			if x.Rest {
				out += "*(1-" + input(x.Input) + ")"
			} else {
				out += "*" + input(x.Input)
			}
		}
	}
	return out
}

// rows returns the lines that the sheet shows, with their signs.
func rows(l roi.Life) ([]roi.LifeLine, []float64) {
	var lines []roi.LifeLine
	var signs []float64
	for _, line := range l.Lines {
		if w := l.Weight(line); w != 0 {
			lines, signs = append(lines, line), append(signs, w)
		}
	}
	return lines, signs
}

func cash(f *excelize.File, l roi.Life, lang string, say func(en, zh string) string) error {
	s := &sheet{f: f, name: Cash}
	lines, signs := rows(l)
	total := firstCashRow + len(lines)
	s.row(1, say("Line", "项目"), say("Month", "月份"))
	s.row(factorRow, "factor", say("Discount factor", "折现系数"))
	s.row(requestsRow, "requests", say("Requests", "请求量"))
	s.row(adoptionRow, "adoption", say("Share of the intended use", "使用比例"))
	for i, line := range lines {
		title := line.Title.In(lang)
		if l.Baseline != "" && signs[i] > 0 != line.Benefit {
			title += say(" (baseline)", "（基准方案）")
		}
		s.row(firstCashRow+i, line.ID, title)
	}
	s.row(total, "total", say("Cash of the month", "当月现金流"))
	s.row(total+1, "sum", say("Sum so far", "累计"))
	s.row(total+2, "open", say("Month, while the sum is below 0", "累计为负的月份"))
	for m := range l.Months + 1 {
		c := firstColumn + m
		month := at(c, 1)
		s.set(c, 1, m)
		s.set(c, factorRow, formula(fmt.Sprintf("(1+%s!$D$%d)^(-%s/12)", Inputs, discountRow, month)))
		if m > 0 {
			s.set(c, requestsRow, formula(fmt.Sprintf("%s/12*(1+%s)^((%s-1)/12)", input(l.Volume), input(l.Growth), month)))
		} else {
			s.set(c, requestsRow, 0)
		}
		s.set(c, adoptionRow, l.Adoption[m])
		for i := range lines {
			s.set(c, firstCashRow+i, 0)
		}
		s.set(c, total, formula(fmt.Sprintf("SUM(%s:%s)", at(c, firstCashRow), at(c, total-1))))
		before := ""
		if m > 0 {
			before = at(c-1, total+1) + "+"
		}
		s.set(c, total+1, formula(before+at(c, total)))
		s.set(c, total+2, formula(fmt.Sprintf("IF(%s<0,%s,-1)", at(c, total+1), month)))
	}
	for i, line := range lines {
		for _, m := range line.Due {
			c := firstColumn + m
			x := fmt.Sprintf("%s*(%s)", number(signs[i]), amount(line))
			if line.PerRequest {
				x += "*" + at(c, requestsRow)
			}
			if line.Ramp {
				x += "*" + at(c, adoptionRow)
			}
			if line.PriceGrowth >= 0 {
				x += fmt.Sprintf("*(1+%s)^(%s/12)", input(line.PriceGrowth), at(c, 1))
			}
			s.set(c, firstCashRow+i, formula(x))
		}
	}
	return s.err
}

func result(f *excelize.File, l roi.Life, lang string, say func(en, zh string) string) error {
	s := &sheet{f: f, name: Result}
	lines, _ := rows(l)
	total := firstCashRow + len(lines)
	across := func(row int) string {
		return fmt.Sprintf("%s!%s:%s", Cash, at(firstColumn, row), at(firstColumn+l.Months, row))
	}
	rate := fmt.Sprintf("(1+%s!$D$%d)^(1/12)-1", Inputs, discountRow)
	s.row(1, say("At every input's mean", "各输入取均值时"), l.Currency)
	s.row(2, say("Net present value", "净现值"), formula(fmt.Sprintf("SUMPRODUCT(%s,%s)", across(total), across(factorRow))))
	s.row(3, say("Internal rate of return, a year", "内部收益率（年）"), formula(fmt.Sprintf(`IFERROR((1+IRR(%s))^12-1,"-")`, across(total))))
	s.row(4, say("Modified internal rate of return, a year", "修正内部收益率（年）"), formula(fmt.Sprintf(`IFERROR((1+MIRR(%s,%s,%s))^12-1,"-")`, across(total), rate, rate)))
	// Helper cells instead of one nested formula, which fewer programs can read.
	at0 := fmt.Sprintf("INDEX(%s,1,MAX(B7,0)+1)", across(total+1))
	at1 := fmt.Sprintf("INDEX(%s,1,MIN(B7+2,%d))", across(total), l.Months+1)
	s.row(5, say("Payback, months", "回收期（月）"), formula(fmt.Sprintf(`IF(B7=%d,"-",D7)`, l.Months)))
	s.row(6, say("Requests over the whole life", "全周期请求量"), formula(fmt.Sprintf("SUM(%s)", across(requestsRow))))
	s.row(7, say("Last month with a sum below 0", "累计最后为负的月份"), formula(fmt.Sprintf("MAX(%s)", across(total+2))),
		formula(fmt.Sprintf("IFERROR(B7-(%s)/(%s),0)", at0, at1)), formula("IF(B7<0,0,C7)"))
	s.row(8, say("Line", "项目"), say("Whole life", "全周期合计"))
	for i, line := range lines {
		s.row(9+i, line.Title.In(lang), formula(fmt.Sprintf("SUM(%s)", across(firstCashRow+i))))
	}
	return s.err
}

// look sets widths, number formats and frozen heads.
func look(f *excelize.File, l roi.Life) error {
	money, err := f.NewStyle(&excelize.Style{NumFmt: 4})
	if err != nil {
		return err
	}
	share, err := f.NewStyle(&excelize.Style{NumFmt: 10})
	if err != nil {
		return err
	}
	lines, _ := rows(l)
	last := firstCashRow + len(lines) + 1
	for _, step := range []func() error{
		func() error { return f.SetColWidth(Inputs, "A", "B", 34) },
		func() error { return f.SetColWidth(Inputs, "C", "H", 16) },
		func() error { return f.SetColWidth(Cash, "A", "B", 26) },
		func() error { return f.SetColWidth(Cash, "C", "ZZ", 14) },
		func() error { return f.SetColWidth(Result, "A", "B", 34) },
		func() error {
			return f.SetCellStyle(Cash, at(firstColumn, firstCashRow), at(firstColumn+l.Months, last), money)
		},
		func() error { return f.SetCellStyle(Result, CellNPV, CellNPV, money) },
		func() error { return f.SetCellStyle(Result, CellIRR, CellMIRR, share) },
		func() error { return f.SetCellStyle(Result, CellPayback, at(2, 9+len(lines)), money) },
		func() error {
			return f.SetPanes(Cash, &excelize.Panes{Freeze: true, XSplit: 2, YSplit: 1, TopLeftCell: "C2", ActivePane: "bottomRight"})
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
