package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/llm"
)

// Faults of what a scenario folder may not do by itself.
var (
	ErrCommand = fault.Def{Kind: fault.Denied, Code: "run.command",
		En: "the grader of the suite {suite} runs a command ({command}), which was not allowed", Zh: "用例集 {suite} 的评分器会运行命令（{command}），尚未获得允许",
		HintEn: "look at what it does; if you trust this folder: landfall run DIR --allow-commands", HintZh: "请先查看该命令；若信任此目录：landfall run DIR --allow-commands"}
	ErrSecret = fault.Def{Kind: fault.Denied, Code: "run.secret",
		En:     "the folder would send what the variable {variable} holds to {host} (endpoint {endpoint}), which was not allowed",
		Zh:     "该目录会把环境变量 {variable} 的内容发送到 {host}（endpoint {endpoint}），尚未获得允许",
		HintEn: "if this is your key for that address: landfall run DIR --allow-endpoint {endpoint} (asked once)",
		HintZh: "若这确实是该地址的密钥：landfall run DIR --allow-endpoint {endpoint}（只需一次）"}
)

// checkCommands refuses graders that run commands unless the user allowed them.
func (b *bound) checkCommands(allowed bool) error {
	for _, s := range b.suites {
		if s.spec.Kind == grader.KindCommand && !allowed {
			return ErrCommand.With("suite", s.ID, "command", fmt.Sprintf("%q", s.spec.Command.Argv))
		}
	}
	return nil
}

// allowedEndpoint is an endpoint to which a home's user lets a folder send a key.
type allowedEndpoint struct {
	Name    string `json:"name"`
	BaseURL string `json:"base_url"`
	KeyEnv  string `json:"key_env"`
}

func (a *App) allowedFile() string { return filepath.Join(a.Home.Dir(), "endpoints.json") }

func (a *App) allowedEndpoints() ([]allowedEndpoint, error) {
	raw, err := os.ReadFile(a.allowedFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the allowed endpoints: %w", err)
	}
	var out []allowedEndpoint
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("decode %s: %w", a.allowedFile(), err)
	}
	return out, nil
}

// checkSecrets refuses to send a key that a folder names to a host that the
// user of this home has not allowed: a folder names both the variable and the
// host, and may come from anybody. grants are names to allow from now on, or
// "all". An endpoint on this machine needs no leave.
func (a *App) checkSecrets(doc *scenario.Document, grants []string) error {
	used := map[string]bool{}
	for _, c := range doc.Candidates {
		switch {
		case c.Model != nil:
			used[c.Model.Endpoint] = true
		case c.HTTP != nil:
			used[c.HTTP.Endpoint] = true
		}
	}
	allowed, err := a.allowedEndpoints()
	if err != nil {
		return err
	}
	granted := false
	for name, e := range doc.Endpoints {
		if !used[name] || e.KeyEnv == "" || (llm.Endpoint{BaseURL: e.BaseURL}).Local() {
			continue
		}
		want := allowedEndpoint{name, e.BaseURL, e.KeyEnv}
		if slices.Contains(allowed, want) {
			continue
		}
		if !slices.Contains(grants, name) && !slices.Contains(grants, "all") {
			return ErrSecret.With("variable", e.KeyEnv, "host", llm.Endpoint{BaseURL: e.BaseURL}.Host(), "endpoint", name)
		}
		allowed, granted = append(allowed, want), true
	}
	if !granted {
		return nil
	}
	return file.Write(a.allowedFile(), 0o600, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(allowed)
	})
}
