package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// command is what every command shares.
type command struct {
	t      *term.Terminal
	home   string
	server string
	exit   int // of a command that did its work and has something to say by it
}

// execute runs the command line and returns the exit code.
func execute(ctx context.Context, args []string, in, out, err *os.File) int {
	c := &command{t: term.Open(args, os.Getenv, in, out, err)}
	ctx = actor.With(ctx, actor.Local())
	if code := term.Run(ctx, c.t, c.root(), args); code != 0 {
		return code
	}
	return c.exit
}

func (c *command) root() *cobra.Command {
	t := c.t
	root := term.NewRoot(t, "landfall", text.Text{
		En: "from a use case to a verdict that holds: measure, grade, gate",
		Zh: "从业务场景到站得住的结论：实测、分级、门禁"}, func(*cobra.Command) error {
		if c.server == "" {
			c.server = os.Getenv(serverEnv)
		}
		return nil
	})
	root.Version = version
	root.PersistentFlags().StringVar(&c.home, "home", "", t.Say("folder of the records (default $LANDFALL_HOME, else the user's data folder)",
		"记录所在目录（缺省 $LANDFALL_HOME，否则为用户数据目录）"))
	root.PersistentFlags().StringVar(&c.server, "server", "", t.Say("work on this server instead of the home (else $LANDFALL_SERVER)", "改用该服务器而非本机记录（缺省 $LANDFALL_SERVER）"))
	root.AddCommand(c.initCommand(), c.validateCommand(), c.runCommand(), c.gateCommand(), c.reportCommand(), c.demoCommand(), c.dataCommand(), c.gradeCommand(), c.roiCommand(), c.serveCommand(), c.loginCommand(), c.pushCommand(), c.runsCommand(), c.doctorCommand(), c.backupCommand(), c.restoreCommand())
	c.addGenerated(root)
	return root
}

// say returns the words of a command in the terminal's language.
func (c *command) say(en, zh string) string { return c.t.Say(en, zh) }

// open opens the home for this command. close must be called.
func (c *command) open(ctx context.Context) (*app.App, error) {
	level := slog.LevelError + 1
	if c.t.Verbose {
		level = slog.LevelInfo
	}
	a, err := app.Open(ctx, app.Config{Home: c.home, Version: version, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(c.t.Err, &slog.HandlerOptions{Level: level}))})
	return a, store.Explain(err) // a full disk may show here too
}

// with runs f with an open home.
func (c *command) with(ctx context.Context, f func(*app.App) error) (err error) {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing(ctx, a)) }()
	return store.Explain(f(a)) // a full disk may show anywhere
}

// closing closes a home, whatever has become of ctx.
func closing(ctx context.Context, a *app.App) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return a.Close(stop)
}
