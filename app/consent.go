package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of a folder that asks for more than to be measured.
var (
	ErrCommand = fault.Def{Kind: fault.Denied, Code: "scenario.command_not_allowed",
		En: "the grader of the suite {suite} would run a program of the folder's choice: {command}", Zh: "用例集 {suite} 的评分器要运行目录指定的程序：{command}",
		HintEn: "nothing was run; read the program, and if you trust it, run with --allow-commands", HintZh: "尚未运行任何程序；请先查看该程序，确认可信后加上 --allow-commands 运行"}
	ErrEndpoint = fault.Def{Kind: fault.Denied, Code: "scenario.endpoint_not_allowed",
		En: "the endpoint {endpoint} would get the folder's cases and {secret}, at {origin}", Zh: "端点 {endpoint} 将把目录中的用例和{secret}发往 {origin}",
		HintEn: "nothing was sent; if address and key belong together, run with --allow-endpoint {endpoint}: this home remembers it for this address and this key",
		HintZh: "尚未发送任何内容；确认该地址与密钥相配后，加上 --allow-endpoint {endpoint} 运行：本机记录会记住这一地址与密钥的组合"}
	ErrNoEndpoint = fault.Def{Kind: fault.Invalid, Code: "scenario.no_such_endpoint",
		En: "the scenario has no endpoint {endpoint}; it has: {known}", Zh: "场景中没有端点 {endpoint}；可用：{known}"}
)

// AllEndpoints allows every endpoint of a folder.
const AllEndpoints = "all"

// reach is where an endpoint leads and what it gets to see there. A folder may
// name any address with any variable, so neither alone is enough.
type reach struct {
	Origin   string `json:"origin"`             // scheme://host:port
	Variable string `json:"variable,omitempty"` // with the key; "" without one
}

func reachOf(e scenario.Endpoint) (reach, *url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(e.BaseURL))
	if err != nil {
		return reach{}, nil, err
	}
	return reach{Origin: strings.ToLower(u.Scheme + "://" + u.Host), Variable: e.KeyEnv}, u, nil
}

// consent holds a folder to what its user allowed, before anything is run or
// sent. Folders are handed around: one may name a program as its grader, or an
// address of its author's together with a variable that holds a key of
// somebody else's. A program needs opt.AllowCommands each time. An endpoint
// needs opt.AllowEndpoints once per home, address and variable; only a model
// on this machine needs nothing, since what it gets goes nowhere and what it
// is asked is always the same kind of request. It fails with ErrCommand,
// ErrEndpoint and ErrNoEndpoint.
func (a *App) consent(b *bound, opt RunOptions) error {
	for _, s := range b.suites {
		if len(s.command) > 0 && !opt.AllowCommands {
			return ErrCommand.With("suite", s.ID, "command", strings.Join(s.command, " "))
		}
		s.mayRun = opt.AllowCommands
	}
	return a.consentEndpoints(b.folder.Document, opt.AllowEndpoints)
}

func (a *App) consentEndpoints(doc *scenario.Document, named []string) error {
	for _, name := range named {
		if _, ok := doc.Endpoints[name]; !ok && name != AllEndpoints {
			known := make([]string, 0, len(doc.Endpoints))
			for k := range doc.Endpoints {
				known = append(known, k)
			}
			slices.Sort(known)
			if len(known) == 0 {
				known = []string{"–"}
			}
			return ErrNoEndpoint.With("endpoint", name, "known", known)
		}
	}
	allowed, err := a.allowedReaches()
	if err != nil {
		return err
	}
	before := len(allowed)
	for _, ask := range asks(doc) {
		name := ask.endpoint
		r, u, err := reachOf(doc.Endpoints[name])
		switch {
		case doc.Endpoints[name].Defined:
			continue // an administrator put it there, with its key
		case err != nil:
			continue // the client refuses it, and says why
		case ask.model && outbound.Loopback(u.Hostname()), slices.Contains(allowed, r):
			continue
		case slices.Contains(named, name) || slices.Contains(named, AllEndpoints):
			allowed = append(allowed, r)
			continue
		}
		var secret any = text.Text{En: "no key", Zh: "不带密钥的请求"}
		if r.Variable != "" {
			secret = text.Text{En: "the key in " + r.Variable, Zh: "环境变量 " + r.Variable + " 中的密钥"}
		}
		return ErrEndpoint.With("endpoint", name, "secret", secret, "origin", r.Origin)
	}
	if len(allowed) == before {
		return nil
	}
	return a.rememberReaches(allowed)
}

// asking is an endpoint that something of a folder asks: a model, or else an
// application.
type asking struct {
	endpoint string
	model    bool
}

func asks(doc *scenario.Document) []asking {
	var out []asking
	for _, c := range doc.Candidates {
		switch {
		case c.Model != nil:
			out = append(out, asking{c.Model.Endpoint, true})
		case c.HTTP != nil:
			out = append(out, asking{c.HTTP.Endpoint, false})
		}
	}
	for _, s := range doc.AllSuites() {
		for _, who := range []string{"judge", "embed"} {
			declared, _ := s.Task.Grader[who].(map[string]any)
			if name, _ := declared["endpoint"].(string); name != "" {
				out = append(out, asking{name, true})
			}
		}
	}
	return out
}

func (a *App) reachesFile() string { return filepath.Join(a.Home.Dir(), "endpoints.json") }

func (a *App) allowedReaches() ([]reach, error) {
	raw, err := os.ReadFile(a.reachesFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var out []reach
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("read the allowed endpoints: %w", err)
	}
	return out, nil
}

func (a *App) rememberReaches(all []reach) error {
	return file.Write(a.reachesFile(), 0o600, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	})
}

// guarded is the runner of a suite's grader. What a command does is needed to
// tell whether evidence is stale, so its digest is always taken; it is run only
// once consent was given.
func (s *suite) guarded(dir string) grader.Runner {
	exec := grader.Exec(dir)
	return grader.Runner{
		Run: func(ctx context.Context, argv []string, stdin []byte, limit int) ([]byte, error) {
			if !s.mayRun {
				return nil, ErrCommand.With("suite", s.ID, "command", strings.Join(argv, " "))
			}
			return exec.Run(ctx, argv, stdin, limit)
		},
		Fingerprint: func(argv []string) (string, error) {
			s.command = argv
			return exec.Fingerprint(argv)
		},
	}
}
