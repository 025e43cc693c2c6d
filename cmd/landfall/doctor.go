package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/term"
)

func (c *command) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [DIR...]",
		Short: c.say("say what is wrong with the home and the endpoints, and what to do", "检查记录目录与端点有何问题，并给出处理办法"),
		Long: c.say(`Looks at permissions, disk, keys, database, files, the log of evidence, the clock,
and the endpoints of the scenario folders (the current one if it is one). Nothing is
sent: endpoints are only connected to. Exits 1 if something is wrong.`,
			`检查权限、磁盘、密钥、数据库、文件、证据日志、时钟，以及场景目录（默认当前目录）中的端点。
只建立连接，不发送任何内容。发现问题时退出码为 1。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if _, err := os.Stat(filepath.Join(".", scenario.FileName)); err == nil {
					args = []string{"."}
				} else if !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("look for a scenario: %w", err)
				}
			}
			d, err := app.Doctor(cmd.Context(), app.Config{Home: c.home, Version: version, Now: time.Now}, args)
			if err != nil {
				return err
			}
			if d.Wrong() {
				c.exit = 1
			}
			return c.t.Print(d, func(w io.Writer) error { return c.writeDiagnosis(w, d) })
		},
	}
}

func (c *command) writeDiagnosis(w io.Writer, d app.Diagnosis) error {
	marks := map[app.Health]string{app.Healthy: "✓", app.Wary: "!", app.Sick: "✗", app.Skipped: "–"}
	for _, x := range d.Checks {
		line := marks[x.State] + " " + x.Title.In(c.t.Lang) + c.say(": ", "：") + x.Found.In(c.t.Lang)
		if !x.Fix.IsZero() && x.Fix.In(c.t.Lang) != "" {
			line += "\n  → " + x.Fix.In(c.t.Lang)
		}
		if _, err := io.WriteString(w, term.Clean(line)+"\n"); err != nil {
			return err
		}
	}
	return nil
}
