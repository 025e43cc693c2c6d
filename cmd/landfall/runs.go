package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/diff"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// runsCommand holds what of runs is written by hand; the rest is generated.
func (c *command) runsCommand() *cobra.Command {
	noun := term.Noun(c.t, "runs", text.Text{En: "runs: list, show, cancel, cases, boundary, compare, ask again", Zh: "运行记录：列表、查看、取消、逐条结果、能力边界、比较、重放"})
	noun.AddCommand(c.runsDiff(), c.runsReplay())
	return noun
}

func (c *command) runsDiff() *cobra.Command {
	q := diff.Query{}
	limit := 20
	cmd := &cobra.Command{
		Use: "diff A B", Args: cobra.ExactArgs(2),
		Short: c.say("which cases flipped from run A to run B, and is it noise", "从运行 A 到运行 B 哪些用例变了，是不是噪声"),
		Long: c.say("Compares the answers of one candidate, case by case: McNemar's test, Tango's interval, and for slices Holm's correction over all of them. A run with itself compares two of its candidates.",
			"逐条比较一个候选方案的回答：McNemar 检验、Tango 区间，分组按 Holm 法统一校正。与自身比较时，可比较同一次运行中的两个候选方案。"),
		Example: "  landfall runs diff run_A run_B\n  landfall runs diff run_A run_B --candidate tfidf\n  landfall runs diff run_A run_A --candidate bm25 --with tfidf",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.A, q.B = poc.RunID(args[0]), poc.RunID(args[1])
			return c.with(cmd.Context(), func(a *app.App) error {
				d, err := a.Diff(cmd.Context(), q)
				if err != nil {
					return err
				}
				if c.t.Format == term.CSV {
					return c.t.PrintList(d, d.Flips(), flipColumns)
				}
				return c.t.Print(d, func(w io.Writer) error { return report.DiffTerminal(c.t, w, *d, limit) })
			})
		},
	}
	cmd.Flags().StringVar(&q.Candidate, "candidate", "", c.say("whose answers; else each run's recommended candidate", "比较哪个候选方案；缺省为各次运行推荐的方案"))
	cmd.Flags().StringVar(&q.WithCandidate, "with", "", c.say("whose answers in run B, if another's", "运行 B 中比较哪个候选方案（若不同）"))
	cmd.Flags().StringVar(&q.Suite, "suite", "", c.say("only the cases of this suite", "只比较该用例集"))
	cmd.Flags().IntVar(&limit, "limit", limit, c.say("at most this many flipped cases of each direction in the table", "表中每个方向最多列出多少条"))
	return cmd
}

var flipColumns = []term.Column{{Field: "case"}, {Field: "slice"}, {Field: "flip"}, {Field: "expected"}, {Field: "was"}, {Field: "is"}}

func (c *command) runsReplay() *cobra.Command {
	var candidate string
	opt := app.RunOptions{}
	cmd := &cobra.Command{
		Use: "replay RUN CASE", Args: cobra.ExactArgs(2),
		Short: c.say("ask a candidate one case of a run again, and compare with what is on file", "把一次运行中的某条用例重新问一遍，并与存档结果对照"),
		Long: c.say("Shows the input, what is sent, the right answer, the answer and grade on file, and the new ones. Nothing on file changes; no kept answer stands in. Calls need the same consent as those of a run.",
			"显示输入、实际发送的内容、正确答案、存档的回答与判分，以及新的回答与判分。存档不会改变，也不使用缓存的回答。外部调用需要与 run 相同的授权。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				r, err := a.Replay(cmd.Context(), poc.RunID(args[0]), args[1], candidate, opt)
				if err != nil {
					return err
				}
				return c.t.Print(r, func(w io.Writer) error { return c.printReplay(w, *r) })
			})
		},
	}
	cmd.Flags().StringVar(&candidate, "candidate", "", c.say("whom to ask; else the run's recommended candidate", "问哪个候选方案；缺省为该次运行推荐的方案"))
	cmd.Flags().BoolVar(&opt.AllowCommands, "allow-commands", false, c.say("let graders run the programs that the folder names", "允许评分器运行目录中指定的程序"))
	cmd.Flags().StringSliceVar(&opt.AllowEndpoints, "allow-endpoint", nil, c.say("let this endpoint of the folder be asked, or all; the home remembers it for its address and key", "允许访问目录中的该端点，或 all；会按地址与密钥记住"))
	cmd.Flags().StringVar(&opt.MaxSpend, "max-spend", "", c.say("the most that the call may cost, in the currency of the costs", "本次调用的费用上限，币种同成本"))
	return cmd
}

func (c *command) printReplay(w io.Writer, r app.Replayed) error {
	var b strings.Builder
	field := func(en, zh, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s\n", c.t.Bold(c.say(en, zh)))
			for line := range strings.SplitSeq(strings.TrimRight(value, "\n"), "\n") {
				b.WriteString("  " + term.Clean(line) + "\n")
			}
		}
	}
	answer := func(x app.Resolved) string {
		grade := "✗ " + c.say("wrong", "错误")
		switch {
		case x.Error != "":
			return "✗ " + c.say("error ", "出错 ") + x.Error
		case x.Correct:
			grade = "✓ " + c.say("right", "正确")
		}
		text := x.Resolution
		if text == "" {
			text = c.say("(no answer)", "（未作答）")
		}
		return fmt.Sprintf("%s\n%s · %s %s · %s", text, grade, c.say("confidence", "置信度"), term.Percent(x.Confidence),
			time.Duration(x.LatencyUs)*time.Microsecond)
	}
	fmt.Fprintf(&b, "%s  %s  %s\n", r.Candidate, r.Case, r.Slice)
	field("Input", "输入", r.Input+r.Image)
	field("Sent", "实际发送", r.Asked)
	field("Right answer", "正确答案", r.Expected)
	field("On file", "存档", answer(r.Then))
	field("Now", "本次", answer(r.Now))
	same := c.say("the same answer", "回答相同")
	if !r.Same {
		same = c.say("another answer", "回答不同")
	}
	b.WriteString(same + "\n")
	for _, x := range r.Changed {
		b.WriteString("⚠ " + term.Clean(x.In(c.t.Lang)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
