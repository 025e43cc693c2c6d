package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/failure"
	"github.com/landfall-ai/landfall/prove/quality"
)

// defaultDataDir is where pinned data is looked for before the network, if
// LANDFALL_DATA_DIR does not say.
const defaultDataDir = "../shared/data"

func (c *command) dataCommand() *cobra.Command {
	noun := term.Noun(c.t, "data", text.Text{En: "fetch and check data", Zh: "获取与检查数据"})
	noun.AddCommand(c.dataPull(), c.dataCheck())
	return noun
}

func (c *command) dataPull() *cobra.Command {
	return &cobra.Command{
		Use: "pull DIR", Args: cobra.ExactArgs(1),
		Short: c.say("fetch the data that a scenario names by address and digest, and verify it", "按场景给出的地址与摘要获取数据并校验"),
		RunE: func(cmd *cobra.Command, args []string) error {
			doc, _, err := scenario.Read(args[0])
			if err != nil {
				return err
			}
			dir := os.Getenv("LANDFALL_DATA_DIR")
			if dir == "" {
				dir = defaultDataDir
			}
			pulled, err := dataset.Pull(cmd.Context(), args[0], doc.Data.Sources, dataset.PullOptions{DataDir: dir, Client: c.httpClient()})
			if err != nil {
				return err
			}
			return c.t.PrintList(pulled, pulled, []term.Column{
				{Field: "path", Head: text.Text{En: "FILE", Zh: "文件"}},
				{Field: "bytes", Head: text.Text{En: "SIZE", Zh: "大小"}, Form: term.AsSize},
				{Field: "from", Head: text.Text{En: "FROM", Zh: "来源"}},
			})
		},
	}
}

func (c *command) httpClient() *http.Client { return dataset.PublicClient() }

func (c *command) dataCheck() *cobra.Command {
	var opt quality.FileOptions
	var label string
	cmd := &cobra.Command{
		Use: "check FILE --label COLUMN", Args: cobra.ExactArgs(1),
		Short: c.say("the data-quality gate alone, on any CSV or JSONL file", "只对任意 CSV 或 JSONL 文件做数据质量门禁检查"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := quality.CheckFile(cmd.Context(), args[0], label, opt)
			if err != nil {
				return err
			}
			view := app.DataView(q)
			err = c.t.Print(view, func(w io.Writer) error {
				for _, r := range view.Rules {
					outcome := "fail"
					if r.Passed {
						outcome = "pass"
					}
					if _, err := fmt.Fprintf(w, "%s  %s\n", c.t.Mark(outcome), term.Clean(r.Title.In(c.t.Lang))); err != nil {
						return err
					}
				}
				return nil
			})
			return errors.Join(err, q.Err())
		},
	}
	f := cmd.Flags()
	f.StringVar(&label, "label", "", c.say("the column with the class", "类别所在的列"))
	f.StringSliceVar(&opt.Optional, "optional", nil, c.say("columns in which values may be missing", "允许缺失的列"))
	f.IntVar(&opt.Quality.MinPerClass, "min-per-class", 0, c.say("under many-classes: the least count per class (30)", "many-classes 策略下每类最少条数（30）"))
	opt.Quality.Policy = "method"
	term.Choice(f, &opt.Quality.Policy, "policy", []string{"method", "many-classes"}, c.say("the policy", "策略"))
	return cmd
}

func (c *command) failuresImport() *cobra.Command {
	var opt failure.ImportOptions
	cmd := &cobra.Command{
		Use: "import DIR FILE", Args: cobra.ExactArgs(2),
		Short: c.say("import production failures: they become failure modes and test cases, and evidence goes stale", "导入生产失败：归为故障模式、变成用例，相关证据随之过时"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				got, err := a.ImportFailures(cmd.Context(), args[0], args[1], opt)
				if err != nil {
					return err
				}
				return c.t.Print(got, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, c.say("%d failures (%d new) in %d modes: %d new cases, %d modes still need a right answer\nnext:  landfall run %s\n",
						"%d 条失败（%d 条新增），归为 %d 种故障模式：新增 %d 条用例，%d 种仍需给出正确答案\n下一步：landfall run %s\n"),
						got.Failures, got.New, got.Modes, got.NewCases, got.Pending, args[0])
					return err
				})
			})
		},
	}
	return cmd
}
