package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/idempotent"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/kit/web"
)

type startInput struct {
	idempotent.Header
	Scenario scenario.ID `path:"scenario"`
	Body     struct {
		Explore  bool   `json:"explore,omitempty" doc:"go on in spite of a failed data gate; the evidence is exploratory and passes no gate" zh:"数据门禁未通过也继续；证据标为探索性，不能通过任何门禁"`
		Again    bool   `json:"again,omitempty" doc:"measure again although nothing has changed" zh:"即使没有变化也重新测量"`
		MaxSpend string `json:"max_spend,omitempty" maxLength:"40" doc:"the most that calls may cost, in the currency of the costs, instead of run.spend" zh:"调用费用上限，币种同成本，代替 run.spend"`
	}
}

// RunInput names a run.
type RunInput struct {
	Run poc.RunID `path:"run"`
}

type eventsInput struct {
	RunInput
	LastEventID string `header:"Last-Event-ID" doc:"The last event that was seen."`
}

type reportInput struct {
	Scenario scenario.ID `path:"scenario"`
	As       string      `query:"as" maxLength:"400" doc:"what the commands in it call the folder" zh:"报告中的命令如何称呼该目录"`
}

type runReportInput struct {
	RunInput
	As     string `query:"as" maxLength:"400" doc:"what the commands in it call the folder" zh:"报告中的命令如何称呼该目录"`
	Reused bool   `query:"reused" doc:"whether the run was at hand already" zh:"该运行是否为已有的运行"`
}

type pageInput struct {
	Scenario scenario.ID `path:"scenario"`
	Lang     string      `query:"lang" enum:"en,zh" doc:"language; else as the request asks" zh:"语言；缺省按请求"`
}

type runPageInput struct {
	RunInput
	Lang string `query:"lang" enum:"en,zh" doc:"language; else as the request asks" zh:"语言；缺省按请求"`
}

// StartedRun is a run that was asked for.
type StartedRun struct {
	poc.RunView
	Reused bool `json:"reused" doc:"Whether nothing has changed since it ended, so that it is not measured again."`
}

// runOperations registers how runs are started, watched and reported.
func (a *App) runOperations(r *rest.Registry) {
	rest.Add(r, rest.Op{ID: "start-run", Method: "POST", Path: "/scenarios/{scenario}/runs", Perm: auth.Contribute, Noun: "runs", Verb: "start", Status: http.StatusAccepted,
		Doc: text.Text{En: "Queue a run of a scenario's newest revision, or return the one at hand.", Zh: "将场景最新修订的运行加入队列，或返回已有的运行。"}, Columns: poc.RunColumns,
		Errors: []fault.Def{scenario.ErrUnknown, scenario.ErrNoFolder, ErrMaxSpend, idempotent.ErrReused}},
		func(ctx context.Context, in *startInput) (*StartedRun, error) {
			run, reused, err := a.StartRun(ctx, string(in.Scenario), in.IdempotencyKey,
				ServedOptions{Explore: in.Body.Explore, Again: in.Body.Again, MaxSpend: in.Body.MaxSpend, Lang: rest.Lang(ctx)})
			return &StartedRun{a.Runs.View(run), reused}, err
		})
	rest.Add(r, rest.Op{ID: "resume-run", Method: "POST", Path: "/runs/{run}/resume", Perm: auth.Contribute, Noun: "runs", Verb: "resume", Status: http.StatusAccepted,
		Doc: text.Text{En: "Let a run go on that failed or was interrupted.", Zh: "让失败或被中断的运行继续。"}, Columns: poc.RunColumns,
		Errors: []fault.Def{poc.ErrUnknownRun, poc.ErrNotResumable, scenario.ErrNoFolder}},
		func(ctx context.Context, in *RunInput) (*poc.RunView, error) {
			run, err := a.ResumeRun(ctx, string(in.Run), ServedOptions{Lang: rest.Lang(ctx)})
			v := a.Runs.View(run)
			return &v, err
		})
	rest.Stream(r, rest.Op{ID: "watch-run", Method: "GET", Path: "/runs/{run}/events", Perm: auth.Read,
		Doc:    text.Text{En: "Watch a run: events progress and end, each with the run; a comment every 15 seconds.", Zh: "观察运行：事件 progress 与 end 均携带该运行；每 15 秒一条保活注释。"},
		Errors: []fault.Def{poc.ErrUnknownRun, ErrWatching}}, "text/event-stream", a.watch)
	rest.Add(r, rest.Op{ID: "show-report", Method: "GET", Path: "/scenarios/{scenario}/report", Perm: auth.Read,
		Doc: text.Text{En: "Report a scenario: its newest run, evidence and verdicts as of now.", Zh: "场景报告：最近一次运行、证据与此刻的结论。"}, Errors: []fault.Def{scenario.ErrUnknown}},
		func(ctx context.Context, in *reportInput) (*report.Report, error) {
			return a.ReportOf(ctx, string(in.Scenario), in.As, nil)
		})
	rest.Add(r, rest.Op{ID: "show-run-report", Method: "GET", Path: "/runs/{run}/report", Perm: auth.Read,
		Doc: text.Text{En: "Report a run, with verdicts as of now.", Zh: "某次运行的报告，附此刻的结论。"}, Errors: []fault.Def{poc.ErrUnknownRun}},
		func(ctx context.Context, in *runReportInput) (*report.Report, error) {
			run, err := a.Runs.Get(ctx, string(in.Run))
			if err != nil {
				return nil, err
			}
			return a.ReportOf(ctx, run.ScenarioID, in.As, &RunInfo{ID: run.ID, Reused: in.Reused})
		})
	rest.Stream(r, rest.Op{ID: "page-report", Method: "GET", Path: "/scenarios/{scenario}/report.html", Perm: auth.Read,
		Doc: text.Text{En: "Report a scenario as one self-contained page.", Zh: "场景报告（单文件网页）。"}, Errors: []fault.Def{scenario.ErrUnknown}}, "text/html; charset=utf-8",
		func(ctx context.Context, in *pageInput, w http.ResponseWriter, _ *http.Request) error {
			rep, err := a.ReportOf(ctx, string(in.Scenario), "", nil)
			return page(ctx, w, rep, in.Lang, err)
		})
	rest.Stream(r, rest.Op{ID: "page-run-report", Method: "GET", Path: "/runs/{run}/report.html", Perm: auth.Read,
		Doc: text.Text{En: "Report a run as one self-contained page.", Zh: "某次运行的报告（单文件网页）。"}, Errors: []fault.Def{poc.ErrUnknownRun}}, "text/html; charset=utf-8",
		func(ctx context.Context, in *runPageInput, w http.ResponseWriter, _ *http.Request) error {
			run, err := a.Runs.Get(ctx, string(in.Run))
			if err != nil {
				return err
			}
			rep, err := a.ReportOf(ctx, run.ScenarioID, "", &RunInfo{ID: run.ID})
			return page(ctx, w, rep, in.Lang, err)
		})
}

// page writes a report as HTML. It asks for nothing and runs nothing, whatever
// stands in it.
func page(ctx context.Context, w http.ResponseWriter, rep *report.Report, lang string, err error) error {
	if err != nil {
		return err
	}
	if lang == "" {
		lang = rest.Lang(ctx)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-modals")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	return report.HTML(w, *rep, lang)
}

// The pace of a stream: events at most so often, and looks for a run that
// waits or goes on elsewhere.
const (
	eventPause = 200 * time.Millisecond
	lookPause  = 500 * time.Millisecond
)

// watch streams how far a run has come until it ends, or the stream is of age.
func (a *App) watch(ctx context.Context, in *eventsInput, w http.ResponseWriter, _ *http.Request) error {
	if _, err := a.Runs.Get(ctx, string(in.Run)); err != nil {
		return err
	}
	leave, err := a.watched.enter(auth.From(ctx).ID)
	if err != nil {
		return err
	}
	defer leave()
	ev, err := web.NewEvents(w)
	if err != nil {
		return err
	}
	began := a.now()
	beat := time.NewTicker(web.Beat)
	defer beat.Stop()
	sent, last := in.LastEventID, poc.State("")
	for {
		live := a.live.get(string(in.Run))
		var changed <-chan struct{}
		version := 0
		if live != nil {
			_, version, _ = live.snapshot()
			changed = live.after(version)
		}
		run, err := a.Runs.Get(ctx, string(in.Run))
		if err != nil {
			return err
		}
		v := a.Runs.View(run)
		id := a.boot + "." + strconv.Itoa(version) + "." + string(v.State)
		switch {
		case !run.Finished.IsZero():
			return ev.Send(id, "end", v)
		case id != sent || v.State != last && last != "":
			if err := ev.Send(id, "progress", v); err != nil {
				return err
			}
			sent, last = id, v.State
		}
		if a.now().Sub(began) >= watchLife {
			return nil // the client comes back if it may
		}
		pause := time.NewTimer(eventPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		case <-web.Stopping(ctx):
			return nil // the client comes back once the server does
		}
		look := time.NewTimer(lookPause)
		select {
		case <-changed:
		case <-look.C:
		case <-beat.C:
			err = ev.Alive()
		case <-ctx.Done():
			return nil
		case <-web.Stopping(ctx):
			return nil
		}
		look.Stop()
		if err != nil {
			return err
		}
	}
}
