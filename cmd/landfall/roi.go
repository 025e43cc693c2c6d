package main

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of a file of actual amounts.
var errActuals = fault.Def{Kind: fault.Invalid, Code: "roi.actuals",
	En:     "this is no file of actual amounts: {problem}",
	Zh:     "不是实际金额文件：{problem}",
	HintEn: "a CSV with the columns line, month and amount; month 0 is what was paid before the start",
	HintZh: "应为 CSV，列为 line、month、amount；第 0 月为启动前的支出"}

func (c *command) roiCommand() *cobra.Command {
	noun := term.Noun(c.t, "roi", text.Text{En: "what the work costs and brings over its whole life", Zh: "全周期投入产出"})
	noun.AddCommand(c.roiShow(), c.roiExport(), c.roiActuals())
	return noun
}

func (c *command) roiShow() *cobra.Command {
	return &cobra.Command{
		Use: "show DIR", Args: cobra.ExactArgs(1),
		Short: c.say("the return over the whole life: options, lines, what matters and what to measure next", "全周期投入产出：方案对比、成本明细、关键因素与下一步该测什么"),
		Long: c.say("Shows the newest return; nothing is computed anew. The section lifecycle of scenario.yaml states what it is computed from.",
			"显示最近一次的投入产出，不重新计算。计算依据写在 scenario.yaml 的 lifecycle 中。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				r, err := a.Return(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return c.t.Print(r, func(w io.Writer) error { return report.LifeTerminal(c.t, w, *r.Life) })
			})
		},
	}
}

func (c *command) roiExport() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "export DIR", Args: cobra.ExactArgs(1),
		Short: c.say("write the return as a workbook with live formulas", "把投入产出导出为带公式的工作簿"),
		Long: c.say("Inputs with their provenance, the cash of every month, and the results as formulas at every input's mean.",
			"含各输入项及取证方式、逐月现金流；结果均为公式，按各输入的均值计算。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				r, err := a.Return(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return file.Write(out, 0o644, func(w io.Writer) error { return r.Workbook(w, c.t.Lang) })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "return.xlsx", c.say("the file to write", "要写入的文件"))
	return cmd
}

func (c *command) roiActuals() *cobra.Command {
	return &cobra.Command{
		Use: "actuals DIR FILE", Args: cobra.ExactArgs(2),
		Short: c.say("compare the forecast with what was really paid and gained", "把预测与实际发生额逐项对照"),
		Long: c.say("FILE is a CSV with the columns line, month and amount. Each line's forecast is drawn again from the kept model, for the same months; then the net present value is evaluated with what is known.",
			"FILE 为 CSV，列为 line、month、amount。按保存的模型，对相同月份重新抽样得出各项预测，再代入实际发生额重估净现值。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			actuals, err := readActuals(args[1])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(a *app.App) error {
				r, err := a.Return(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				found, err := r.Compare(actuals)
				if err != nil {
					return err
				}
				return c.t.Print(found, func(w io.Writer) error { return report.RealityTerminal(c.t, w, found, r.Life.Currency) })
			})
		},
	}
}

// maxActuals bounds the rows of a file: 200 lines of 241 months.
const maxActuals = 200 * 241

func readActuals(path string) ([]roi.Actual, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errActuals.With("problem", err.Error()).At(path, 0, 0)
	}
	defer f.Close()
	return parseActuals(path, f)
}

// parseActuals reads a file of actual amounts. It fails with errActuals.
func parseActuals(path string, in io.Reader) ([]roi.Actual, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = 3
	var out []roi.Actual
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errActuals.With("problem", err.Error()).At(path, 0, 0)
		}
		line, _ := r.FieldPos(0)
		if line == 1 {
			if head := strings.TrimPrefix(strings.Join(row, ","), "\ufeff"); head != "line,month,amount" {
				return nil, errActuals.With("problem", strconv.Quote(head)).At(path, 1, 1)
			}
			continue
		}
		month, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, errActuals.With("problem", strconv.Quote(row[1])).At(path, line, 0)
		}
		amount, err := strconv.ParseFloat(row[2], 64)
		if err != nil || !(amount >= 0 && amount <= 1e15) {
			return nil, errActuals.With("problem", strconv.Quote(row[2])).At(path, line, 0)
		}
		if out = append(out, roi.Actual{Line: row[0], Month: month, Amount: amount}); len(out) > maxActuals {
			return nil, errActuals.With("problem", "> "+strconv.Itoa(maxActuals)).At(path, line, 0)
		}
	}
	if len(out) == 0 {
		return nil, errActuals.With("problem", "0").At(path, 0, 0)
	}
	return out, nil
}
