package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
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
				{Field: "size", Head: text.Text{En: "SIZE", Zh: "大小"}, Form: term.AsSize},
				{Field: "from", Head: text.Text{En: "FROM", Zh: "来源"}},
				{Field: "sha256", Head: text.Text{En: "SHA-256", Zh: "SHA-256"}},
			})
		},
	}
}

func (c *command) httpClient() *http.Client { return dataset.PublicClient() }

func (c *command) dataCheck() *cobra.Command {
	var opt quality.FileOptions
	cmd := &cobra.Command{
		Use: "check FILE --label COLUMN", Args: cobra.ExactArgs(1),
		Short: c.say("the data-quality gate alone, on any CSV or JSONL file", "只对任意 CSV 或 JSONL 文件做数据质量门禁检查"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := quality.CheckFile(cmd.Context(), args[0], opt)
			if err != nil {
				return err
			}
			view := app.DataView("", "", q)
			if err := c.t.Print(view, func(w io.Writer) error { return report.DataCheck(w, *view, c.t) }); err != nil {
				return err
			}
			if !q.Passed() {
				return q.Fault()
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.Label, "label", "", c.say("the column with the class", "类别所在的列"))
	f.StringSliceVar(&opt.Optional, "optional", nil, c.say("columns in which values may be missing", "允许缺失的列"))
	f.IntVar(&opt.MinPerClass, "min-per-class", 0, c.say("under many-classes: the least count per class (30)", "many-classes 策略下每类最少条数(30)"))
	opt.Policy = "method"
	term.Choice(f, &opt.Policy, "policy", []string{"method", "many-classes"}, c.say("the policy", "策略"))
	return cmd
}

func (c *command) failuresImport() *cobra.Command {
	var opt failure.ImportOptions
	cmd := &cobra.Command{
		Use: "import DIR FILE", Args: cobra.ExactArgs(2),
		Short: c.say("import production failures: they become failure modes and test cases, and evidence goes stale", "导入生产失败:归为故障模式、变成用例,相关证据随之过时"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(a *app.App) error {
				got, err := a.ImportFailures(cmd.Context(), args[0], args[1], opt)
				if err != nil {
					return err
				}
				return c.t.Print(got, func(w io.Writer) error { return report.Imported(w, got.View(filepath.Clean(args[0])), c.t) })
			})
		},
	}
	return cmd
}
