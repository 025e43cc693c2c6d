package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

// SeedDemo runs the shipped example in this home unless its scenario is there.
func (a *App) SeedDemo(ctx context.Context) error {
	if _, err := a.Scenarios.Get(ctx, examples.BankSupport); !errors.Is(err, scenario.ErrUnknown) {
		return err
	}
	dir := filepath.Join(a.Home.Dir(), "demo", examples.BankSupport)
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	if err := CopyExample(examples.BankSupport, dir); err != nil {
		return fmt.Errorf("write the example: %w", err)
	}
	_, err := a.Run(ctx, dir, RunOptions{})
	return err
}
