package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/kit/text"
)

func (c *command) demoCommand() *cobra.Command {
	dir := "landfall-demo"
	cmd := &cobra.Command{
		Use: "demo", Args: cobra.NoArgs,
		Short: c.say("play the shipped bank example in three acts; no key, no network", "用内置银行示例演示三幕；不需要密钥和网络"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, folder, err := app.DemoFolder(dir)
			if err != nil {
				return err
			}
			c.home = home
			began := time.Now()
			return c.with(cmd.Context(), func(a *app.App) error {
				if err := a.Demo(cmd.Context(), folder, c.narrator(filepath.Join(dir, "report."+c.t.Lang+".html"))); err != nil {
					return err
				}
				return c.t.Talk("the demo took %.0f seconds", "演示用时 %.0f 秒", time.Since(began).Seconds())
			})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", dir, c.say("folder to play in; an earlier demo's is replaced", "演示所用目录；会替换上次演示的内容"))
	return cmd
}

func (c *command) narrator(html string) app.Narrator {
	line := func(s string) error { _, err := fmt.Fprintln(c.t.Out, s); return err }
	return app.Narrator{
		Say:    func(t text.Text) error { return line("\n" + c.t.Bold(t.In(c.t.Lang))) },
		Prompt: func(cmd string) error { return line(c.t.Faint("$ " + cmd)) },
		Show:   c.show,
		Run: func() (app.RunOptions, func()) {
			p := newProgress(c.t)
			return app.RunOptions{Progress: p, Lang: c.t.Lang}, p.close
		},
		HTML: func(r *report.Report) (string, error) { return html, writeHTML(html, *r, c.t.Lang) },
	}
}
