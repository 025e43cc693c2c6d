package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/examples"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/failure"
	"github.com/landfall-ai/landfall/prove/quality"
)

// Faults of the demo.
var (
	ErrDemoFolder = fault.Def{Kind: fault.Conflict, Code: "demo.folder",
		En: "{dir} exists and was not made by the demo", Zh: "{dir} 已存在，且不是由演示创建的",
		HintEn: "name another folder: landfall demo --dir FOLDER", HintZh: "换一个目录：landfall demo --dir 目录"}
	ErrDemo = fault.Def{Kind: fault.Internal, Code: "demo.unexpected",
		En: "the demo did not go as it should: {problem}", Zh: "演示未按预期进行：{problem}"}
)

// demoMark is the file by which the demo knows its own folder.
const demoMark = ".landfall-demo"

// DemoFolder makes dir, or empties it if an earlier demo made it, and puts the
// example into it. It returns the home and the scenario folder inside.
func DemoFolder(dir string) (homeDir, scenarioDir string, err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMark)); err != nil {
			return "", "", ErrDemoFolder.With("dir", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", "", fmt.Errorf("empty %s: %w", dir, err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", fmt.Errorf("make %s: %w", dir, err)
	}
	if err := os.WriteFile(filepath.Join(dir, demoMark), nil, 0o644); err != nil {
		return "", "", fmt.Errorf("make %s: %w", dir, err)
	}
	scenarioDir = filepath.Join(dir, examples.BankSupport)
	return filepath.Join(dir, "home"), scenarioDir, CopyExample(examples.BankSupport, scenarioDir)
}

// CopyExample writes a shipped example into dir, which must not exist or be empty.
func CopyExample(name, dir string) error {
	files, err := fs.Sub(examples.Files, name)
	if err != nil {
		return fmt.Errorf("find the example %s: %w", name, err)
	}
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, path)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

// Narrator shows a demo while it plays.
type Narrator struct {
	Say    func(text.Text) error
	Show   func(*report.Report) error
	Run    func() (opt RunOptions, done func())
	HTML   func(*report.Report) (path string, err error)
	Prompt func(command string) error
}

// Demo plays three acts on the scenario folder that DemoFolder made: data that
// is stopped before anything is spent, a verdict, and a production failure
// that comes back. It fails if an act does not go as it should.
func (a *App) Demo(ctx context.Context, dir string, n Narrator) error {
	say := func(en, zh string, args ...any) error {
		return n.Say(text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)})
	}
	run := func() (RunInfo, *report.Report, error) {
		if err := n.Prompt("landfall run " + shellWord(dir)); err != nil {
			return RunInfo{}, nil, err
		}
		opt, done := n.Run()
		info, err := a.Run(ctx, dir, opt)
		done()
		blocked := errors.Is(err, quality.ErrData)
		if err != nil && !blocked {
			return info, nil, err
		}
		r, err := a.Report(ctx, dir, &info)
		return info, r, err
	}

	if err := say("Act 1 of 3 · The data is not fit, and nothing is spent",
		"第一幕（共三幕）· 数据不合格，一分钱也不花"); err != nil {
		return err
	}
	if err := useData(dir, "data/v2", "data/v1"); err != nil {
		return err
	}
	_, r, err := run()
	if err != nil {
		return err
	}
	if r.Exit != fault.ExitDataQuality || r.POC != nil {
		return ErrDemo.With("problem", "the first version of the data was not stopped")
	}
	if err := errors.Join(n.Show(r),
		say("No candidate was called. The evidence of the refusal is kept.", "没有调用任何候选方案；这次拦截的证据已留存。"),
		say("Act 2 of 3 · The data is mended, and the scenario runs to its verdict", "第二幕 · 数据修好，场景跑到结论")); err != nil {
		return err
	}
	if err := useData(dir, "data/v1", "data/v2"); err != nil {
		return err
	}
	if _, r, err = run(); err != nil {
		return err
	}
	if r.POC == nil {
		return ErrDemo.With("problem", "the second version of the data reached no verdict")
	}
	if err := errors.Join(n.Show(r),
		say("Act 3 of 3 · What fails in production comes back", "第三幕 · 生产中的失败回到第一步"),
		n.Prompt("landfall failures import "+shellWord(dir)+" "+shellWord(filepath.Join(dir, "failures.csv")))); err != nil {
		return err
	}
	return a.thirdAct(ctx, dir, n, say, run, r)
}

func (a *App) thirdAct(ctx context.Context, dir string, n Narrator, say func(en, zh string, args ...any) error,
	run func() (RunInfo, *report.Report, error), before *report.Report) error {
	imported, err := a.ImportFailures(ctx, dir, filepath.Join(dir, "failures.csv"), failure.ImportOptions{})
	if err != nil {
		return err
	}
	r, err := a.Report(ctx, dir, nil)
	if err != nil {
		return err
	}
	stale := 0
	for _, e := range r.Evidence {
		if e.Stale != nil {
			stale++
		}
	}
	if imported.NewCases == 0 || stale == 0 {
		return ErrDemo.With("problem", "the failures made no evidence stale")
	}
	if err := errors.Join(
		say("%d failures in %d modes became %d new cases; %d items of evidence are stale.", "%d 条失败归为 %d 种故障模式，变成 %d 条新用例；%d 条证据因此过时。",
			imported.Failures, imported.Modes, imported.NewCases, stale),
		say("Gates: %s → %s", "门禁：%s → %s", gatesLine(before), gatesLine(r)),
		say("One more run measures the candidates on the new cases too.", "再跑一次，新用例也纳入测量。")); err != nil {
		return err
	}
	_, r, err = run()
	if err != nil {
		return err
	}
	if r.Run.Reused {
		return ErrDemo.With("problem", "the run after the import measured nothing")
	}
	if err := n.Show(r); err != nil {
		return err
	}
	path, err := n.HTML(r)
	if err != nil {
		return err
	}
	return errors.Join(
		say("The loop is closed: failure → case → stale evidence → reopened gate → new verdict.", "闭环完成：失败 → 用例 → 证据过时 → 门禁重开 → 新的结论。"),
		say("Report: %s", "报告：%s", path),
		say("Try next:", "接下来可以试试："),
		n.Prompt("landfall evidence verify --home "+shellWord(a.Home.Dir())),
		n.Prompt("landfall gate "+shellWord(dir)+" --home "+shellWord(a.Home.Dir())),
		n.Prompt("landfall init my-scenario"))
}

// gatesLine is every gate with its outcome, for one line of talk.
func gatesLine(r *report.Report) string {
	var b bytes.Buffer
	for i, g := range r.Gates {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", g.Gate, g.Outcome)
	}
	return b.String()
}

// useData points scenario.yaml at another version of the data, as a person
// would in an editor.
func useData(dir, from, to string) error {
	path := filepath.Join(dir, scenario.FileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	changed := bytes.ReplaceAll(raw, []byte(from), []byte(to))
	if bytes.Equal(raw, changed) {
		return ErrDemo.With("problem", path+" does not name "+from)
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
