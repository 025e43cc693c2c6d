package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/rest/cli"
)

// ErrLocalOnly is returned for what only works on the machine itself.
var ErrLocalOnly = fault.Def{Kind: fault.Invalid, Code: "run.local_only",
	En: "{flag} is for your own machine: on a server an administrator defines what may be reached and run", Zh: "{flag} 仅用于本机：服务器上可访问和可运行的内容由管理员定义",
	HintEn: "leave it out, or run without a server", HintZh: "请去掉该参数，或不经服务器运行"}

// runRemote is `landfall run` with a server: the folder is pushed, the run
// watched, the report fetched.
func (c *command) runRemote(ctx context.Context, r *remote, dir string, opt app.RunOptions, html string) error {
	switch {
	case opt.AllowCommands:
		return ErrLocalOnly.With("flag", "--allow-commands")
	case len(opt.AllowEndpoints) > 0:
		return ErrLocalOnly.With("flag", "--allow-endpoint")
	}
	v, err := c.push(ctx, r, dir, pushOptions{team: scenario.LocalTeam})
	if err != nil {
		return err
	}
	var started app.StartedRun
	body := map[string]any{"explore": opt.Explore, "again": opt.Again, "max_spend": opt.MaxSpend}
	if err := r.json(ctx, http.MethodPost, "/scenarios/"+url.PathEscape(v.Slug)+"/runs", body, &started); err != nil {
		return below(dir, err)
	}
	run := started.RunView
	if run.Finished == nil {
		p := newProgress(c.t)
		err := r.watch(ctx, run.ID, p, &run)
		p.close()
		if err != nil {
			return err
		}
	}
	blocked := run.State == poc.Blocked
	if run.State != poc.Done && !blocked {
		if run.Problem != nil {
			return below(dir, run.Problem.Err())
		}
		return poc.ErrFinished.With("id", run.ID, "state", string(run.State))
	}
	q := url.Values{"as": {dir}}
	if started.Reused {
		q.Set("reused", "true")
	}
	rep, err := r.report(ctx, "/runs/"+url.PathEscape(run.ID)+"/report", q)
	if err != nil {
		return err
	}
	if err := c.keepHTML(html, rep); err != nil {
		return err
	}
	if err := c.show(rep); err != nil {
		return err
	}
	c.exit = rep.Exit
	if blocked && run.Problem != nil {
		return run.Problem.Err()
	}
	return nil
}

// keepHTML writes the page of a report, which is made here of what the
// server said.
func (c *command) keepHTML(path string, rep *report.Report) error {
	if path == "" {
		dir := c.home
		if dir == "" {
			var err error
			if dir, err = home.Default(); err != nil {
				return err
			}
		}
		dir, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("find the home: %w", err)
		}
		path = filepath.Join(dir, "reports", rep.Scenario.Slug+"."+c.t.Lang+".html")
	}
	if err := writeHTML(path, *rep, c.t.Lang); err != nil {
		return err
	}
	rep.HTML = path
	return nil
}

func (r *remote) report(ctx context.Context, path string, q url.Values) (*report.Report, error) {
	var rep report.Report
	_, err := r.do(ctx, call{method: http.MethodGet, path: path, query: q}, &rep)
	return &rep, err
}

// bound pushes dir, so that the server judges it as it is, and returns the
// scenario's report.
func (c *command) bound(ctx context.Context, r *remote, dir string) (*report.Report, error) {
	v, err := c.push(ctx, r, dir, pushOptions{team: scenario.LocalTeam})
	if err != nil {
		return nil, err
	}
	return r.report(ctx, "/scenarios/"+url.PathEscape(v.Slug)+"/report", url.Values{"as": {dir}})
}

// The patience of a watcher whose stream breaks off.
const (
	watchTries = 60
	watchPause = time.Second
)

// watch follows a run to its end. A stream that breaks off is taken up again:
// a server that restarts goes on with the run.
func (r *remote) watch(ctx context.Context, id string, p *progress, run *poc.RunView) error {
	shown := map[string]poc.Phase{}
	var broken error
	for try := 0; try < watchTries; {
		seen, err := r.stream(ctx, id, func(v poc.RunView) {
			*run = v
			for _, ph := range v.Progress {
				p.update(shown, ph)
			}
		})
		switch {
		case run.Finished != nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && fault.From(err).Kind != fault.Unavailable:
			return err
		}
		broken = err
		if try++; seen {
			try = 0
		}
		select {
		case <-time.After(watchPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(cli.ErrUnreachable.With().Because(broken))
}

// stream reads one stream of events; seen tells whether there was any.
func (r *remote) stream(ctx context.Context, id string, show func(poc.RunView)) (seen bool, err error) {
	res, err := r.send(ctx, call{method: http.MethodGet, path: "/runs/" + url.PathEscape(id) + "/events", header: map[string]string{"Accept": "text/event-stream"}})
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	in := bufio.NewReaderSize(res.Body, 64<<10)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			if err != nil {
				err = cli.ErrUnreachable.With().Because(err)
			}
			return seen, err
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var v poc.RunView
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			return seen, cli.ErrAnswer.With("status", res.StatusCode).Because(err)
		}
		seen = true
		show(v)
	}
}

// update moves the bar of a phase to where a server says that it is.
func (p *progress) update(shown map[string]poc.Phase, now poc.Phase) {
	was, ok := shown[now.ID]
	if !ok {
		p.Phase(now.ID, now.Title, now.Total, 0)
	}
	for range now.Failed - was.Failed {
		p.Step(now.ID, true)
	}
	for range (now.Done - now.Failed) - (was.Done - was.Failed) {
		p.Step(now.ID, false)
	}
	if now.Ended && !was.Ended {
		p.End(now.ID)
	}
	shown[now.ID] = now
}
