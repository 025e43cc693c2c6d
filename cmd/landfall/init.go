package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/term"
)

func (c *command) initCommand() *cobra.Command {
	var opt app.InitOptions
	var level string
	var m modelFlags
	cmd := &cobra.Command{
		Use: "init [DIR]", Args: cobra.MaximumNArgs(1),
		Short: c.say("make a scenario folder that runs at once", "创建一个可以立即运行的场景目录"),
		Long: c.say(`With --data FILE the scenario is about your labelled cases (CSV or JSONL); columns
that are not named are guessed. Without it, and without a terminal to ask on, the
shipped bank example is copied.`,
			`使用 --data FILE 时，场景基于您自己的标注用例（CSV 或 JSONL）；未指定的列会自动猜测。
不给出时（且无法询问时）复制内置的银行示例。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "my-scenario"
			if len(args) == 1 {
				dir = args[0]
			}
			if cmd.Flags().Changed("level") {
				opt.Level = scenario.Level(level)
			}
			asked := cmd.Flags().Changed("data")
			var err error
			if f, ok := c.t.In.(*os.File); ok && !asked && isTerminal(f) && c.t.ErrTTY && !c.t.Quiet {
				if err := c.ask(cmd.Context(), &opt, &m); err != nil {
					return err
				}
			}
			if opt.Model, err = c.chosenModel(cmd.Context(), m, &opt); err != nil {
				return err
			}
			made, err := app.Init(cmd.Context(), dir, opt)
			if err != nil {
				return err
			}
			return c.t.Print(made, func(w io.Writer) error {
				what := c.say("the shipped bank example", "内置的银行示例")
				if made.Example == "" {
					what = fmt.Sprintf(c.say("text column %q, label column %q", "文本列 %q，标签列 %q"), made.Text, made.Label)
				}
				_, err := fmt.Fprintf(w, c.say("made %s: %s, %d classes, %d training and %d test cases\nnext:  landfall run %s\n",
					"已创建 %s:%s,%d 个类别，%d 条训练用例，%d 条评测用例\n下一步：landfall run %s\n"),
					made.Dir, what, made.Classes, made.Train, made.Test, made.Dir)
				return errors.Join(err, c.writeModel(w, made))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.Data, "data", "", c.say("your labelled cases, CSV or JSONL", "您的标注用例，CSV 或 JSONL"))
	f.StringVar(&opt.Text, "text", "", c.say("its column with what people say", "文本所在的列"))
	f.StringVar(&opt.Label, "label", "", c.say("its column with the right resolution", "正确答案所在的列"))
	f.StringVar(&opt.Title, "title", "", c.say("title of the scenario", "场景名称"))
	f.StringVar(&opt.Owner, "owner", "", c.say("who answers for it", "负责人"))
	f.Float64Var(&opt.Accuracy, "accuracy", 0.85, c.say("the bar: share of correct resolutions", "门槛：正确率"))
	level = "L1"
	term.Choice(f, &level, "level", []string{"L1", "L2", "L3"}, c.say("the level that the owner declares", "业务申报的级别"))
	opt.Class = "internal"
	term.Choice(f, &opt.Class, "class", []string{"public", "internal", "confidential", "personal"}, c.say("who may see the data", "数据可见范围"))
	m.add(c, f)
	return cmd
}

// ask puts the few questions that flags would have answered.
func (c *command) ask(ctx context.Context, opt *app.InitOptions, m *modelFlags) error {
	in := bufio.NewScanner(c.t.In)
	question := func(en, zh string, into *string) error {
		if _, err := fmt.Fprint(c.t.Err, c.say(en, zh)+" "); err != nil {
			return err
		}
		if !in.Scan() {
			return in.Err()
		}
		if s := strings.TrimSpace(in.Text()); s != "" {
			*into = s
		}
		return nil
	}
	if err := question("Your labelled cases (CSV or JSONL; Enter for the bank example):", "您的标注用例文件（CSV 或 JSONL；回车则用银行示例）：", &opt.Data); err != nil || opt.Data == "" {
		return err
	}
	for _, q := range []struct {
		en, zh string
		into   *string
	}{
		{"Column with the text (Enter to guess):", "文本所在的列（回车自动猜测）：", &opt.Text},
		{"Column with the right resolution (Enter to guess):", "正确答案所在的列（回车自动猜测）：", &opt.Label},
		{"Title of the scenario (Enter for the folder's name):", "场景名称（回车用目录名）：", &opt.Title},
		{"Who answers for it:", "负责人：", &opt.Owner},
	} {
		if err := question(q.en, q.zh, q.into); err != nil {
			return err
		}
	}
	if err := c.askRubric(opt, question); err != nil {
		return err
	}
	return c.askModel(ctx, opt, m, question)
}

// askRubric asks what the work needs. A number or a name answers, Enter leaves
// a question open.
func (c *command) askRubric(opt *app.InitOptions, question func(en, zh string, into *string) error) error {
	for _, q := range grade.Questions() {
		en, zh := q.Text.En, q.Text.Zh
		for i, o := range q.Options {
			en += fmt.Sprintf("\n  %d %s: %s", i+1, o.ID, o.Text.En)
			zh += fmt.Sprintf("\n  %d %s:%s", i+1, o.ID, o.Text.Zh)
		}
		for {
			said := ""
			if err := question(en+"\n(1-3, Enter to leave open):", zh+"\n（1-3，回车跳过）：", &said); err != nil {
				return err
			}
			if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(q.Options) {
				said = q.Options[n-1].ID
			}
			if _, known := q.Option(said); known || said == "" {
				q.Set(&opt.Rubric, said)
				break
			}
		}
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
