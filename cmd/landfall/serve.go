package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/server"
	"github.com/landfall-ai/landfall/kit/term"
)

func (c *command) serveCommand() *cobra.Command {
	listen, logs := "127.0.0.1:8484", ""
	demo, runs := false, 1
	var webhooks []string
	var drain time.Duration
	cmd := &cobra.Command{
		Use: "serve", Args: cobra.NoArgs,
		Short: c.say("serve the API and the console to a team", "为团队提供 API 与控制台"),
		Long: c.say(`Holds the home and answers the API and the console on one port, and the API to
other landfall commands of this user over the home's socket: they then work as
if they held the home themselves. It stops on an interrupt, after the requests
in flight; runs go on where they stopped at the next start.

/livez says that the process lives, /readyz that it takes requests.`,
			`独占该记录目录，在一个端口上提供 API 与控制台；同一用户的其他 landfall 命令会经由目录
中的套接字访问本服务，效果与独占时相同。收到中断信号后先处理完进行中的请求再退出；
未完成的运行会在下次启动后从断点继续。

/livez 表示进程存活，/readyz 表示可以接收请求。`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context(), server.Config{Listen: listen, Drain: drain}, app.Config{Runs: runs, Webhooks: webhooks}, demo, logs)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", listen, c.say("address to listen on; port 0 takes a free one", "监听地址；端口 0 表示任选空闲端口"))
	cmd.Flags().BoolVar(&demo, "demo", false, c.say("run the shipped example in this home first", "先在该目录中运行内置示例"))
	cmd.Flags().IntVar(&runs, "runs", runs, c.say("runs at once; further ones wait", "同时进行的运行数；其余排队"))
	cmd.Flags().StringSliceVar(&webhooks, "allow-webhook", nil, c.say("origin inside your network that events may be sent to, scheme://host:port", "允许接收事件通知的内网来源，协议://主机:端口"))
	cmd.Flags().DurationVar(&drain, "drain", 30*time.Second, c.say("how long requests in flight may take once it stops", "停止时等待进行中请求的最长时间"))
	term.Choice(cmd.Flags(), &logs, "log", []string{"json", "text"}, c.say("form of the log on standard error (default text on a terminal, else json)", "标准错误上的日志格式（终端上缺省为 text，否则为 json）"))
	return cmd
}

// logger writes what a server logs: JSON unless a person looks on.
func (c *command) logger(form string, w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if c.t.Quiet {
		level = slog.LevelWarn
	}
	opt := &slog.HandlerOptions{Level: level}
	if form == "text" || form == "" && c.t.ErrTTY {
		return slog.New(slog.NewTextHandler(w, opt))
	}
	return slog.New(slog.NewJSONHandler(w, opt))
}

func (c *command) serve(ctx context.Context, cfg server.Config, home app.Config, demo bool, logs string) (err error) {
	cfg.Log, cfg.Now = c.logger(logs, c.t.Err), time.Now
	home.Home, home.Version, home.Now, home.Log = c.home, version, time.Now, cfg.Log
	cfg.App, err = app.Open(ctx, home)
	if err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Drain)
		defer cancel()
		err = errors.Join(err, cfg.App.Close(stop))
	}()
	cfg.Authenticate = cfg.App.People.Authenticate
	s, err := server.Open(cfg)
	if err != nil {
		return err
	}
	cfg.App.People.Reached(s.URL())
	setup, err := cfg.App.People.SetupLink(ctx)
	if err != nil {
		return err
	}
	if err := c.t.Talk("Landfall is at %s", "Landfall 已启动：%s", s.URL()); err != nil {
		return err
	}
	if setup != "" {
		if err := c.t.Talk("Become its administrator with this link; it works once, for a day: %s", "请用此链接成为管理员；一天内有效，仅可使用一次：%s", setup); err != nil {
			return err
		}
	}
	seeded := make(chan error, 1)
	go func() {
		if !demo {
			seeded <- nil
			return
		}
		err := cfg.App.SeedDemo(ctx)
		if err != nil && ctx.Err() == nil {
			cfg.Log.ErrorContext(ctx, "the demo was not seeded", "error", err)
		}
		seeded <- nil
	}()
	err = s.Serve(ctx)
	return errors.Join(err, <-seeded)
}
