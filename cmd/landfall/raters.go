package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

func (c *command) gradeRaters() *cobra.Command {
	noun := term.Noun(c.t, "raters", text.Text{En: "how far two people agree on cases, answers and the declared level", Zh: "两位评判者在用例、答案与申报级别上的一致程度"})
	noun.AddCommand(c.ratersSheet(), c.ratersCompare())
	return noun
}

func (c *command) ratersSheet() *cobra.Command {
	var out, answers string
	var n int
	var rubric bool
	cmd := &cobra.Command{
		Use: "sheet DIR", Args: cobra.ExactArgs(1),
		Short: c.say("write a sheet of sampled cases for a person to judge", "生成抽样用例的评判表"),
		Long: c.say(`Give the same sheet to two people; each writes yes or no into the column good.
With --answers a system's answers are judged, which also makes labels for a judge model.`,
			`将同一份表交给两人，各自在 good 列填写“是”或“否”。
使用 --answers 时评判的是某系统的回答，其结果也可作为裁判模型的标注。`),
		Example: "  landfall grade raters sheet DIR --out sheet.xlsx\n  landfall grade raters sheet DIR --answers answers.csv --cases 100 --out labels.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 {
				return errPlan.With("flag", "--cases", "value", n, "allowed", "≥ 1")
			}
			var rows [][]string
			var err error
			if rubric {
				rows, err = app.RubricSheet(args[0])
			} else {
				rows, err = app.RatingSheet(cmd.Context(), args[0], n, answers)
			}
			if err != nil {
				return err
			}
			if out == "" {
				return writeSheet(c.t.Out, "-", rows)
			}
			if err := file.Write(out, 0o600, func(w io.Writer) error { return writeSheet(w, out, rows) }); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.t.Err, c.say("%d rows in %s\n", "已写入 %d 行：%s\n"), len(rows)-1, out)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", c.say("CSV or Excel file to write (default: CSV on the output)", "输出文件，CSV 或 Excel（缺省：以 CSV 写到标准输出）"))
	cmd.Flags().StringVar(&answers, "answers", "", c.say("recorded answers to judge: columns case and answer", "要评判的录制回答：含 case 与 answer 列"))
	cmd.Flags().IntVar(&n, "cases", 60, c.say("how many cases", "抽取用例数"))
	cmd.Flags().BoolVar(&rubric, "rubric", false, c.say("the questions of the declared level instead", "改为申报级别的问卷"))
	return cmd
}

func writeSheet(w io.Writer, name string, rows [][]string) error {
	if !strings.EqualFold(filepath.Ext(name), ".xlsx") {
		return csv.NewWriter(w).WriteAll(rows)
	}
	f := excelize.NewFile()
	for i, r := range rows {
		cells := make([]any, len(r))
		for k, s := range r {
			cells[k] = s // as text: no cell is a formula
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Write(w), f.Close())
}

func (c *command) ratersCompare() *cobra.Command {
	var rubric bool
	cmd := &cobra.Command{
		Use: "compare DIR FIRST SECOND", Args: cobra.ExactArgs(3),
		Short: c.say("compare two filled sheets: kappa with its interval, and where the two differ", "比较两份已填写的表：kappa 及其区间，以及意见不一之处"),
		Long:  c.say("The report of the scenario shows the agreement.", "场景报告会展示该一致性。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				got, err := a.CompareRaters(cmd.Context(), args[0], args[1], args[2], rubric)
				if err != nil {
					return err
				}
				return c.t.Print(got, func(w io.Writer) error {
					var b strings.Builder
					k := got.Kappa
					fmt.Fprintf(&b, c.say("kappa %.2f (%.2f to %.2f at %.0f %%) on %d items; they differ on %d\n", "kappa %.2f（%.2f 至 %.2f，置信水平 %.0f%%），共 %d 项，意见不一 %d 项\n"),
						k.Kappa, k.Low, k.High, 100*k.Level, got.Both, len(got.Disagreements))
					if n := got.OnlyFirst + got.OnlySecond; n > 0 {
						fmt.Fprintf(&b, c.say("%d items were rated by one of them only\n", "%d 项只有一人评判\n"), n)
					}
					for _, d := range got.Disagreements {
						line := fmt.Sprintf("  %s: %s / %s  %s", term.Clean(d.ID), d.First, d.Second, term.Clean(d.Input))
						b.WriteString(strings.TrimRight(line, " ") + "\n")
					}
					_, err := io.WriteString(w, b.String())
					return err
				})
			})
		},
	}
	cmd.Flags().BoolVar(&rubric, "rubric", false, c.say("the sheets hold answers to the questions of the declared level", "表中为申报级别问卷的答案"))
	return cmd
}
