package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/prove/quality"
)

func (c *command) runCommand() *cobra.Command {
	var opt app.RunOptions
	var html string
	cmd := &cobra.Command{
		Use: "run DIR", Args: cobra.ExactArgs(1),
		Short: c.say("take a scenario folder from its data to a verdict", "把场景目录从数据一路跑到结论"),
		Long: c.say(`Checks the data, measures every candidate on every test case, grades, costs and
compares them, and evaluates the align gate and the data part of the prove gate.
A run that was interrupted goes on where it stopped; if nothing has changed since
the last run, its evidence is read instead of measured again.

Exit codes: 0 all gates pass · 10 a rule failed · 11 evidence insufficient or
stale · 12 the data-quality gate stopped the run.`,
			`检查数据，用每条评测用例实测每个候选方案，分级、算账、选型，并评估认知对齐门禁与
技术验证门禁的数据部分。被中断的运行会从断点继续；若自上次运行以来没有任何变化，则
直接读取已有证据，不再重复测量。

退出码：0 全部通过 · 10 有规则未通过 · 11 证据不足或已过时 · 12 被数据质量门禁拦下。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			frugal()
			return c.either(cmd.Context(), func(a *app.App) error { return c.run(cmd.Context(), a, args[0], opt, html) },
				func(r *remote) error { return c.runRemote(cmd.Context(), r, args[0], opt, html) })
		},
	}
	cmd.Flags().BoolVar(&opt.Explore, "explore", false, c.say("go on in spite of a failed data gate; the evidence is exploratory and passes no gate", "数据门禁未通过也继续；证据标为探索性，不能通过任何门禁"))
	cmd.Flags().BoolVar(&opt.Again, "again", false, c.say("measure again although nothing has changed", "即使没有变化也重新测量"))
	cmd.Flags().BoolVar(&opt.AllowCommands, "allow-commands", false, c.say("let graders run the programs that the folder names", "允许评分器运行目录指定的程序"))
	cmd.Flags().StringSliceVar(&opt.AllowEndpoints, "allow-endpoint", nil, c.say("let this endpoint of the folder be asked, or all; the home remembers it for its address and key", "允许访问目录中的该端点，或 all；会按地址与密钥记住"))
	cmd.Flags().StringVar(&opt.MaxSpend, "max-spend", "", c.say("the most that calls may cost, in the currency of the costs, instead of run.spend", "调用费用上限，币种同成本，代替 run.spend"))
	cmd.Flags().StringVarP(&html, "out", "O", "", c.say("also write the HTML report to this file", "同时把 HTML 报告写入该文件"))
	return cmd
}

// softMemory is the memory beyond which a run collects its garbage sooner. It
// refuses nothing: a run that needs more takes more.
const softMemory = 256 << 20

// frugal keeps a run of very many cases small, unless GOMEMLIMIT says otherwise.
func frugal() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
}

func (c *command) run(ctx context.Context, a *app.App, dir string, opt app.RunOptions, html string) error {
	p := newProgress(c.t)
	opt.Progress, opt.Lang = p, c.t.Lang
	var told error
	opt.Announce = func(sends []app.Sending, limit llm.Money) {
		if !c.t.Quiet {
			told = c.writeSends(c.t.Err, sends, limit)
		}
	}
	info, err := a.Run(ctx, dir, opt)
	p.close()
	if told != nil {
		return errors.Join(told, err)
	}
	blocked := errors.Is(err, quality.ErrData)
	if err != nil && !blocked {
		return err
	}
	r, rerr := a.Report(ctx, dir, &info)
	if rerr != nil {
		return errors.Join(rerr, err)
	}
	if html == "" {
		html = filepath.Join(a.Reports(), r.Scenario.Slug+"."+c.t.Lang+".html")
	}
	if err := writeHTML(html, *r, c.t.Lang); err != nil {
		return err
	}
	r.HTML = html
	if perr := c.show(r); perr != nil {
		return perr
	}
	c.exit = r.Exit
	return err
}

// show prints a report's first screen, or all of it in a machine's form.
func (c *command) show(r *report.Report) error {
	return c.t.Print(r, func(w io.Writer) error {
		if r.Exit == 12 {
			return report.DataFailure(w, *r, c.t.Lang, c.color())
		}
		return report.Terminal(w, *r, c.t.Lang, c.color())
	})
}

func writeHTML(path string, r report.Report, lang string) error {
	return file.Write(path, 0o644, func(w io.Writer) error { return report.HTML(w, r, lang) })
}

func (c *command) gateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "gate DIR", Args: cobra.ExactArgs(1),
		Short: c.say("the verdict of every gate, as of now", "各道门禁此刻的结论"),
		Long: c.say("Reads the folder as it is now, so that a change since the last run shows as stale evidence. Measures nothing.",
			"按目录当前内容判定：自上次运行以来的改动会显示为证据已过时。本命令不做测量。"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.bind(cmd.Context(), args[0], c.showGates)
		},
	}
}

// bind has the folder dir judged as it is, here or on a server, and shows the
// report that follows.
func (c *command) bind(ctx context.Context, dir string, show func(*report.Report) error) error {
	return c.either(ctx, func(a *app.App) error {
		if _, err := a.Bind(ctx, dir); err != nil {
			return err
		}
		r, err := a.Report(ctx, dir, nil)
		if err != nil {
			return err
		}
		return show(r)
	}, func(server *remote) error {
		r, err := c.bound(ctx, server, dir)
		if err != nil {
			return err
		}
		return show(r)
	})
}

func (c *command) showGates(r *report.Report) error {
	c.exit = r.Exit
	return c.t.Print(r.Gates, func(w io.Writer) error {
		for _, g := range r.Gates {
			if _, err := fmt.Fprintf(w, "%s  %s\n", c.t.Mark(g.Outcome), g.Title.In(c.t.Lang)); err != nil {
				return err
			}
			for _, x := range g.Rules {
				if _, err := fmt.Fprintf(w, "  %s  %s\n      %s\n", c.t.Mark(x.Outcome), term.Clean(x.Title.In(c.t.Lang)), term.Clean(x.Reason.In(c.t.Lang))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (c *command) reportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "report DIR", Args: cobra.ExactArgs(1),
		Short: c.say("write the HTML report of the newest run", "生成最近一次运行的 HTML 报告"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.bind(cmd.Context(), args[0], func(r *report.Report) error {
				if err := c.keepHTML(out, r); err != nil {
					return err
				}
				return c.t.Print(r, func(w io.Writer) error { _, err := io.WriteString(w, r.HTML+"\n"); return err })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "", c.say("the file to write", "要写入的文件"))
	return cmd
}

func (c *command) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate DIR", Args: cobra.ExactArgs(1),
		Short: c.say("check scenario.yaml and its data; measure nothing", "检查 scenario.yaml 及其数据；不做测量"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := app.Validate(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.t.Print(v, func(w io.Writer) error {
				if err := c.writeSends(w, v.Sends, limitOf(v)); err != nil {
					return err
				}
				_, err := io.WriteString(w, c.say("valid: ", "合法：")+filepath.Join(args[0], scenario.FileName)+"\n"+
					c.say("next:  landfall run ", "下一步：landfall run ")+args[0]+"\n")
				return err
			})
		},
	}
}

func limitOf(v *app.Validity) llm.Money {
	if v.Spend == nil {
		return llm.Money{}
	}
	return *v.Spend
}

// color reports whether what goes to standard output may be coloured.
func (c *command) color() bool { return c.t.OutTTY && !c.t.NoColor }

// progress shows a run on the terminal.
type progress struct {
	p     *term.Progress
	mu    sync.Mutex
	tasks map[string]*term.Task
}

func newProgress(t *term.Terminal) *progress {
	return &progress{p: t.Progress(time.Now), tasks: map[string]*term.Task{}}
}

func (p *progress) Phase(id, title string, total, done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.p.Task(title, int64(total))
	t.Skip(int64(done))
	p.tasks[id] = t
}

func (p *progress) Step(id string, failed bool) {
	t := p.task(id)
	if failed {
		t.Fail(1)
	} else {
		t.Add(1)
	}
}

func (p *progress) End(id string) { p.task(id).Done() }

func (p *progress) task(id string) *term.Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tasks[id]
}

func (p *progress) close() { p.p.Close() }
