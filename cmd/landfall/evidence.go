package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/rest/cli"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ErrTampered is returned by evidence verify if anything was found.
var ErrTampered = fault.Def{Kind: fault.Invalid, Code: "evidence.not_intact", Exit: 1,
	En: "the log is not intact: {count} findings", Zh: "日志不完整：发现 {count} 处问题",
	HintEn: "keep the files as they are, and compare with a bundle or checkpoint that was kept outside",
	HintZh: "保留现场文件，并与外部保存的证据包或检查点比对"}

func (c *command) evidenceCommand() *cobra.Command {
	noun := term.Noun(c.t, "evidence", text.Text{En: "what was measured: list, show, export, verify", Zh: "证据：列表、查看、导出、校验"})
	noun.AddCommand(c.evidenceExport(), c.evidenceVerify(), c.evidenceCheckpoint())
	return noun
}

func (c *command) evidenceExport() *cobra.Command {
	var out, scenario string
	cmd := &cobra.Command{
		Use: "export [ID …]", Args: cobra.ArbitraryArgs,
		Short: c.say("write a bundle that verifies offline, without Landfall's database", "导出证据包：无需数据库即可离线校验"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.either(cmd.Context(), func(a *app.App) error {
				sel := evidence.Selection{IDs: args, All: len(args) == 0 && scenario == ""}
				if scenario != "" {
					id, err := a.Scenarios.Resolve(cmd.Context(), evidence.ScenarioID(scenario))
					if err != nil {
						return err
					}
					sel.Scenario = id
				}
				return c.writeBundle(out, func(w io.Writer) error { return a.Evidence.Export(cmd.Context(), w, sel) })
			}, func(r *remote) error {
				if len(args) > 0 {
					return term.ErrUsage.With("command", cmd.CommandPath(), "problem", c.say("a server exports a scenario, or all", "服务器只支持导出一个场景或全部"))
				}
				q := url.Values{}
				if scenario != "" {
					q.Set("scenario", scenario)
				}
				res, err := r.send(cmd.Context(), call{method: "GET", path: "/evidence-bundle", query: q})
				if err != nil {
					return err
				}
				defer res.Body.Close()
				return c.writeBundle(out, func(w io.Writer) error { _, err := io.Copy(w, res.Body); return err })
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "O", "", c.say("the file to write (standard output without it)", "要写入的文件（缺省写到标准输出）"))
	cmd.Flags().StringVar(&scenario, "scenario", "", c.say("only of this scenario", "只导出该场景的证据"))
	return cmd
}

func (c *command) writeBundle(out string, write func(io.Writer) error) error {
	if out == "" || out == "-" {
		return write(c.t.Out)
	}
	if err := file.Write(out, 0o644, write); err != nil {
		return err
	}
	return c.t.Talk("wrote %s; check it anywhere with: landfall evidence verify %s", "已写入 %s；可在任何机器上校验：landfall evidence verify %s", out, out)
}

func (c *command) evidenceVerify() *cobra.Command {
	var checkpoint, trust string
	cmd := &cobra.Command{
		Use: "verify [BUNDLE]", Args: cobra.MaximumNArgs(1),
		Short: c.say("prove every envelope, inclusion and consistency; of the home, or of a bundle", "逐条校验签名、包含性与一致性；校验本机记录或一个证据包"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt := evidence.VerifyOptions{Trust: trust}
			if checkpoint != "" {
				raw, err := readBounded(checkpoint)
				if err != nil {
					return err
				}
				opt.Checkpoint = raw
			}
			if len(args) == 1 {
				f, err := file.Open(args[0])
				if errors.Is(err, file.ErrNotPlain) {
					return err
				}
				if err != nil {
					return app.ErrNoInput.With("file", args[0]).Because(err)
				}
				defer f.Close()
				r, err := evidence.VerifyBundle(cmd.Context(), f, opt)
				if err != nil {
					return err
				}
				return c.verified(r)
			}
			return c.either(cmd.Context(), func(a *app.App) error {
				r, err := a.Evidence.Verify(cmd.Context(), opt)
				if err != nil {
					return err
				}
				return c.verified(r)
			}, func(server *remote) error { // of all that the server gives: it proves itself, here
				res, err := server.send(cmd.Context(), call{method: "GET", path: "/evidence-bundle"})
				if err != nil {
					return err
				}
				defer res.Body.Close()
				r, err := evidence.VerifyBundle(cmd.Context(), res.Body, opt)
				if err != nil {
					return err
				}
				return c.verified(r)
			})
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", c.say("a signed checkpoint that was kept outside: truncation shows only against it", "外部保存的签名检查点：只有与它比对才能发现截断"))
	cmd.Flags().StringVar(&trust, "trust", "", c.say("the signer's key that was kept outside", "外部保存的签名者公钥"))
	return cmd
}

// maxCheckpoint bounds a checkpoint file.
const maxCheckpoint = 64 << 10

func readBounded(path string) ([]byte, error) {
	f, err := file.Open(path)
	if errors.Is(err, file.ErrNotPlain) {
		return nil, err
	}
	if err != nil {
		return nil, app.ErrNoInput.With("file", path).Because(err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return nil, app.ErrNoInput.With("file", path).Because(err)
	}
	return raw, nil
}

func (c *command) verified(r evidence.Report) error {
	err := c.t.Print(r, func(w io.Writer) error {
		if _, err := fmt.Fprintln(w, r.Summary().In(c.t.Lang)); err != nil {
			return err
		}
		for _, f := range r.Findings {
			where := ""
			switch {
			case f.From >= 0 && f.To == f.From+1:
				where = fmt.Sprintf(c.say(" leaf %d:", " 第 %d 条:"), f.From)
			case f.From >= 0:
				where = fmt.Sprintf(c.say(" leaves %d to %d:", " 第 %d 至 %d 条:"), f.From, f.To-1)
			}
			if _, err := fmt.Fprintf(w, "  [%s]%s %s\n", f.Code, where, term.Clean(f.Text.In(c.t.Lang))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || r.OK() {
		return err
	}
	return ErrTampered.With("count", int64(len(r.Findings))+r.More)
}

func (c *command) evidenceCheckpoint() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Args: cobra.NoArgs,
		Short: c.say("print the newest signed checkpoint and the signer's key, to be kept outside", "输出最新的签名检查点和签名者公钥，供外部保存"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(doc *app.CheckpointView) error {
				return c.t.Print(doc, func(w io.Writer) error {
					_, err := io.WriteString(w, doc.Checkpoint)
					return errors.Join(err, c.t.Talk("keep it outside, with this key for --trust: %s", "请将其保存到外部，并保存用于 --trust 的公钥：%s", doc.Trust))
				})
			}
			return c.either(cmd.Context(), func(a *app.App) error {
				doc, err := a.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				return show(doc)
			}, func(r *remote) error {
				var doc app.CheckpointView
				if _, err := r.do(cmd.Context(), call{method: "GET", path: "/evidence-checkpoint"}, &doc); err != nil {
					return err
				}
				return show(&doc)
			})
		},
	}
}

// nouns describes the nouns that operations bring.
var nouns = map[string]text.Text{
	"scenarios": {En: "scenarios: list, show", Zh: "场景：列表、查看"},
	"datasets":  {En: "dataset versions: list, show", Zh: "数据集版本：列表、查看"},
	"runs":      {En: "runs: list, show, start, resume, cancel, cases", Zh: "运行记录：列表、查看、启动、继续、取消、逐条结果"},
	"webhooks":  {En: "other systems that are told of events: list, create, test, pause, remove, deliveries", Zh: "事件通知：列表、创建、测试、暂停、移除、投递记录"},
	"waivers":   {En: "waivers: list, show, request, approve, withdraw", Zh: "豁免：列表、查看、申请、审批、撤回"},
	"endpoints": {En: "model endpoints: list, show, add, change, remove, test", Zh: "模型端点：列表、查看、新增、修改、移除、测试"},
	"audit":     {En: "who changed what: list, show, verify", Zh: "审计日志：列表、查看、校验"},
	"users":     {En: "users: list, invite, roles, deactivate", Zh: "用户：列表、邀请、角色、停用"},
	"teams":     {En: "teams: list, show, create, rename", Zh: "团队：列表、查看、新建、改名"},
	"members":   {En: "members of a team: list, add, change-role, remove", Zh: "团队成员：列表、添加、调整角色、移除"},
	"tokens":    {En: "API tokens: list, create, revoke", Zh: "API 令牌：列表、新建、撤销"},
	"sessions":  {En: "sessions: list, end", Zh: "会话：列表、结束"},
	"revisions": {En: "revisions of a scenario: list, show, diff", Zh: "场景的修订：列表、查看、比较"},
	"gates":     {En: "verdicts of gates: list, show", Zh: "门禁结论：列表、查看"},
	"events":    {En: "what happened to scenarios: list", Zh: "场景事件：列表"},
}

// addGenerated adds the commands of the operation table. They open the home
// when they run, not before, so that --help opens nothing.
func (c *command) addGenerated(root *cobra.Command) {
	failures := term.Noun(c.t, "failures", text.Text{En: "production failures: import, list, show, modes", Zh: "生产失败：导入、列表、查看、故障模式"})
	failures.AddCommand(c.failuresImport())
	root.AddCommand(c.evidenceCommand(), failures)
	table := app.Table()
	cli.Attach(c.t, root, table.Operations(), nouns, c.session)
}
