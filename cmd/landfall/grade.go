package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

func (c *command) gradeCommand() *cobra.Command {
	noun := term.Noun(c.t, "grade", text.Text{En: "what level the work needs, what is feasible, and who serves what", Zh: "需要什么级别、哪些可行、由谁来处理"})
	noun.AddCommand(c.gradeRubric(), c.gradePlan(), c.gradeMatrix(), c.gradeRoutes(), c.gradeRaters())
	return noun
}

func (c *command) gradeRubric() *cobra.Command {
	return &cobra.Command{
		Use: "rubric DIR", Args: cobra.ExactArgs(1),
		Short: c.say("the questions that say what level the work needs, with the answers in scenario.yaml", "判断所需级别的问卷，以及 scenario.yaml 中的答案"),
		Long: c.say("The hardest need decides. Answers stand in scenario.yaml under declared.rubric, of a slice under slices[].declared.rubric.",
			"要求最高的一项决定级别。答案写在 scenario.yaml 的 declared.rubric 下；单个分组写在 slices[].declared.rubric 下。"),
		RunE: func(_ *cobra.Command, args []string) error {
			of, err := app.Rubric(args[0])
			if err != nil {
				return err
			}
			doc := struct {
				Version   string           `json:"version"`
				Questions []grade.Question `json:"questions"`
				Of        []app.RubricOf   `json:"of"`
			}{scenario.RubricVersion, grade.Questions(), of}
			return c.t.Print(doc, func(w io.Writer) error { return c.printRubric(w, of) })
		},
	}
}

func (c *command) printRubric(w io.Writer, of []app.RubricOf) error {
	var b strings.Builder
	for _, q := range grade.Questions() {
		fmt.Fprintf(&b, "%s  (%s)\n", q.Text.In(c.t.Lang), q.ID)
		for _, o := range q.Options {
			var chosen []string
			for _, x := range of {
				if x.Answers != nil && q.Answer(*x.Answers) == o.ID {
					chosen = append(chosen, c.rubricOf(x))
				}
			}
			mark := "  "
			if len(chosen) > 0 {
				mark = "▸ "
			}
			line := fmt.Sprintf("  %s%-12s %-3s %s", mark, o.ID, o.Floor, o.Text.In(c.t.Lang))
			if len(chosen) > 0 {
				line += "  ← " + strings.Join(chosen, c.say(", ", "、"))
			}
			b.WriteString(line + "\n")
		}
		if !q.Effect.IsZero() {
			fmt.Fprintf(&b, "    %s\n", q.Effect.In(c.t.Lang))
		}
	}
	for _, x := range of {
		floor := c.say("no answers", "尚未回答")
		if f := x.Floor; f != nil {
			floor = c.say("the answers ask for ", "答案对应 ") + string(f.Level)
			if f.Level == "" {
				floor = c.say("no question with a level was answered", "尚未回答决定级别的问题")
			} else {
				floor += " (" + strings.Join(f.Drivers, ", ") + ")"
			}
			if len(f.Open) > 0 {
				floor += c.say("; open: ", "；未答：") + strings.Join(f.Open, ", ")
			}
		}
		fmt.Fprintf(&b, c.say("%s: declared %s; %s\n", "%s：申报 %s；%s\n"), c.rubricOf(x), x.Declared, floor)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *command) rubricOf(x app.RubricOf) string {
	if x.Slice == "" {
		return c.say("scenario", "场景")
	}
	return x.Slice
}

// errPlan is returned for figures that nothing can be planned with.
var errPlan = fault.Def{Kind: fault.Invalid, Code: "grade.plan",
	En: "{flag} {value} is out of range: it takes {allowed}", Zh: "{flag} {value} 超出范围：应为 {allowed}",
	HintEn: "landfall grade plan --help shows an example", HintZh: "示例见 landfall grade plan --help"}

func (c *command) gradePlan() *cobra.Command {
	var shares []float64
	var margin, differ float64
	cmd := &cobra.Command{
		Use: "plan DIR", Args: cobra.ExactArgs(1),
		Short: c.say("how many test cases settle each slice, before anything is measured", "在测量之前，算出各分组需要多少条评测用例"),
		Long: c.say("Exact one-sided plan with 80 % power, at the error that the next attempt on this test set may spend, with correction for all candidates on all slices. Measures nothing.",
			"按把握度 80%、单侧精确检验计算；所用错误率是该评测集下一次尝试可用的部分，并对全部候选方案与分组作了校正。本命令不做测量。"),
		Example: "  landfall grade plan DIR --if 0.93,0.96\n  landfall grade plan DIR --margin 0.03 --differ 0.1",
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, x := range shares {
				if !(x > 0 && x <= 1) {
					return errPlan.With("flag", "--if", "value", x, "allowed", "0 < x ≤ 1")
				}
			}
			if cmd.Flags().Changed("margin") && !(margin > 0 && margin < 1) {
				return errPlan.With("flag", "--margin", "value", margin, "allowed", "0 < x < 1")
			}
			if !(differ > 0 && differ <= 1) {
				return errPlan.With("flag", "--differ", "value", differ, "allowed", "0 < x ≤ 1")
			}
			return c.with(cmd.Context(), func(a *app.App) error {
				p, err := a.Plan(cmd.Context(), args[0], shares)
				if err != nil {
					return err
				}
				if margin > 0 {
					p = p.WithPaired(margin, differ)
				}
				return c.t.Print(p, func(w io.Writer) error { return report.PlanTerminal(c.t, w, p) })
			})
		},
	}
	cmd.Flags().Float64SliceVar(&shares, "if", nil, c.say("true shares of right answers to plan for; else some above each bar", "按哪些真实正确率来计划；不给则取门槛以上的几档"))
	cmd.Flags().Float64Var(&margin, "margin", 0, c.say("also plan a paired comparison: how much worse a cheaper candidate may be", "同时计划配对比较：便宜方案允许差多少"))
	cmd.Flags().Float64Var(&differ, "differ", 0.1, c.say("the share of cases on which the two differ", "两个方案结果不同的用例占比"))
	return cmd
}

func (c *command) gradeMatrix() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "matrix [DIR...]", Args: cobra.ArbitraryArgs,
		Short: c.say("compare scenarios: feasibility by level, data, latency, cost, risk, and what is missing", "比较多个场景：各级别可行性、数据、延迟、成本、风险与所缺事项"),
		Long: c.say("Without a folder, all scenarios of the home. Measures nothing: every cell is a figure with its evidence, or not measured.",
			"不给目录时比较本机全部场景。本命令不做测量：每格是一个带证据的数字，或“未测”。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				m, err := a.Feasibility(cmd.Context(), args)
				if err != nil {
					return err
				}
				if out != "" {
					err := file.Write(out, 0o644, func(w io.Writer) error {
						return report.FeasibilityHTML(w, *m, time.Now(), "landfall/"+version, c.t.Lang)
					})
					if err != nil {
						return err
					}
				}
				if c.t.Format == term.CSV {
					return c.t.PrintList(m, m.Rows, matrixColumns())
				}
				return c.t.Print(m, func(w io.Writer) error { return report.FeasibilityTerminal(c.t, w, *m) })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "", c.say("also write the matrix as an HTML page to this file", "同时把矩阵写成 HTML 页面"))
	return cmd
}

// matrixColumns name the fields of a CSV: of each cell its figure, verdict and
// evidence.
func matrixColumns() []term.Column {
	out := []term.Column{{Field: "rank"}, {Field: "scenario"}, {Field: "tier"}, {Field: "currency"}}
	for _, cell := range []string{"l1", "l2", "l3", "data", "latency", "cost", "risk", "value"} {
		for _, part := range []string{"figure", "low", "high", "verdict", "evidence"} {
			out = append(out, term.Column{Field: cell + "." + part})
		}
	}
	return append(out, term.Column{Field: "proven.low"}, term.Column{Field: "worth"}, term.Column{Field: "keeps_from"}, term.Column{Field: "keeps_to"})
}

func (c *command) gradeRoutes() *cobra.Command {
	var out string
	days := int(grade.RoutesValid / (24 * time.Hour))
	cmd := &cobra.Command{
		Use: "routes DIR", Args: cobra.ExactArgs(1),
		Short: c.say("who serves which slice, and from which confidence on the cheap candidate suffices, as a table that a service can load", "各分组由谁处理、置信度多高时用便宜方案即可：导出为服务可加载的路由表"),
		Long: c.say("The table follows from the newest grading; nothing is measured. It names its evidence, its digest and its end.",
			"路由表由最近一次分级得出，本命令不做测量。表中写明证据、摘要与有效期。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				r, err := a.Routes(cmd.Context(), args[0], time.Duration(days)*24*time.Hour)
				if err != nil {
					return err
				}
				if out != "" {
					write := term.WriteJSON
					if ext := strings.ToLower(filepath.Ext(out)); ext == ".yaml" || ext == ".yml" {
						write = term.WriteYAML
					}
					if err := file.Write(out, 0o644, func(w io.Writer) error { return write(w, r) }); err != nil {
						return err
					}
				}
				return c.t.Print(r, func(w io.Writer) error { return report.RoutesTerminal(c.t, w, r) })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "", c.say("also write the table to this file (.yaml, else JSON)", "同时把路由表写入该文件（.yaml 为 YAML，否则 JSON）"))
	cmd.Flags().IntVar(&days, "days", days, c.say("how many days after the measurement the table may be used", "测量后多少天内可以使用"))
	return cmd
}
