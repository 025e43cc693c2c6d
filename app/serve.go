package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/examples"
	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrStore is answered while the database cannot be read.
var ErrStore = fault.Def{Kind: fault.Unavailable, Code: "app.store_unavailable",
	En: "the database does not answer", Zh: "数据库没有响应",
	HintEn: "look into the server's log", HintZh: "请查看服务日志"}

// Start begins to work jobs, once; Close stops them.
func (a *App) Start(ctx context.Context) error { return a.start(ctx) }

// NewID makes an id with a prefix that says of what.
func (a *App) NewID(prefix string) string { return a.newID(prefix) }

// Ping asks the database whether it answers.
func (a *App) Ping(ctx context.Context) error {
	_, err := a.DB.Read().NewSelect().Table("scenarios").ColumnExpr("1").Limit(1).Exists(ctx)
	if err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	return nil
}

// SeedDemo pushes the shipped example and queues its run, unless its scenario
// is there.
func (a *App) SeedDemo(ctx context.Context) (err error) {
	if _, err := a.Scenarios.Get(ctx, examples.BankSupport); !errors.Is(err, scenario.ErrUnknown) {
		return err
	}
	dir, err := os.MkdirTemp("", "landfall-demo-")
	if err != nil {
		return fmt.Errorf("write the example: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := CopyExample(examples.BankSupport, dir); err != nil {
		return fmt.Errorf("write the example: %w", err)
	}
	sc, err := a.PushDir(ctx, dir, scenario.Pushed{Source: scenario.Source{Kind: scenario.FromUpload}, New: true})
	if err != nil {
		return err
	}
	_, _, err = a.StartRun(ctx, sc.Slug, "", ServedOptions{})
	return err
}
