package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/remote"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/text"
)

// ErrCase is returned for a case that a run has no result of.
var ErrCase = fault.Def{Kind: fault.NotFound, Code: "run.case",
	En: "run {run} has no answer of {candidate} to a case {case}", Zh: "运行记录 {run} 中没有 {candidate} 对用例 {case} 的回答",
	HintEn: "landfall runs cases {run} lists them", HintZh: "用 landfall runs cases {run} 查看全部用例"}

// ErrGone is returned where a folder no longer holds what a run measured.
var ErrGone = fault.Def{Kind: fault.Conflict, Code: "run.changed",
	En: "the folder of the run no longer has the {what} {id}, so it cannot be asked again", Zh: "该运行的目录中已没有{what} {id}，无法重放",
	HintEn: "check out the version of the folder that was measured", HintZh: "请切换到评测时的目录版本"}

// Replayed is one case asked again, beside what a run has on file about it.
type Replayed struct {
	Run       string `json:"run"`
	Case      string `json:"case"`
	Suite     string `json:"suite"`
	Slice     string `json:"slice,omitempty"`
	Candidate string `json:"candidate"`
	Input     string `json:"input"`
	Image     string `json:"image,omitempty"` // path
	// Asked is what was sent to a model or an application; "" of others.
	Asked    string   `json:"asked,omitempty"`
	Expected string   `json:"expected"`
	Then     Resolved `json:"then"`
	Now      Resolved `json:"now"`
	Same     bool     `json:"same"` // the same answer, in letters
	// Changed says what is no longer as it was when the run measured it.
	Changed []text.Text `json:"changed"`
}

// Resolved is an answer with its grade.
type Resolved struct {
	Resolution string  `json:"resolution"`
	Correct    bool    `json:"correct"`
	Score      float64 `json:"score"`
	Confidence float64 `json:"confidence"`
	LatencyUs  int64   `json:"latency_us"`
	Error      string  `json:"error,omitempty"` // code
}

// Replay asks a candidate one case of a run again, past the cache of answers,
// and changes nothing on file. candidate is the recommended one if "". opt
// allows what a run would need: endpoints, commands, spend.
func (a *App) Replay(ctx context.Context, runID poc.RunID, caseID, candidate string, opt RunOptions) (*Replayed, error) {
	run, err := a.sealedRun(ctx, runID)
	if err != nil {
		return nil, err
	}
	m, recommended, err := a.measurement(ctx, run)
	if err != nil {
		return nil, err
	}
	if candidate == "" {
		candidate = recommended
	}
	then, err := a.caseResult(ctx, run, caseID, candidate)
	if err != nil {
		return nil, err
	}
	b, err := a.read(ctx, run.Folder)
	if err != nil {
		return nil, err
	}
	if err := a.consent(b, opt); err != nil {
		return nil, err
	}
	if err := b.limitSpend(opt); err != nil {
		return nil, err
	}
	entrants, _, err := a.entrants(ctx, b)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(entrants, func(e poc.Entrant) bool { return e.ID == candidate })
	if i < 0 {
		return nil, ErrGone.With("what", text.Text{En: "candidate", Zh: "候选方案"}, "id", candidate)
	}
	e := entrants[i]
	at := slices.IndexFunc(e.Cases, func(c dataset.Case) bool { return c.ID == caseID })
	if at < 0 {
		return nil, ErrGone.With("what", text.Text{En: "case", Zh: "用例"}, "id", caseID)
	}
	c := e.Cases[at]
	out := &Replayed{Run: run.ID, Case: c.ID, Suite: c.Suite, Slice: c.Slice, Candidate: candidate, Input: c.Input, Image: c.Image, Expected: c.Resolution,
		Then:    Resolved{Resolution: then.Resolution, Correct: then.Correct, Score: then.Score, Confidence: then.Confidence, LatencyUs: then.LatencyUs, Error: then.Error},
		Changed: changed(m, e, then, c)}
	if out.Asked, err = a.asks(b, candidate, c); err != nil {
		return nil, err
	}
	if err := a.again(ctx, b, e, c, out); err != nil {
		return nil, err
	}
	out.Same = out.Now.Error == "" && out.Now.Resolution == out.Then.Resolution
	return out, nil
}

// measurement reads what a run measured out of its evidence.
func (a *App) measurement(ctx context.Context, run poc.Run) (poc.Measurement, string, error) {
	rec, found, err := a.evidenceOf(ctx, run.ID, poc.Kind())
	if err != nil || !found {
		return poc.Measurement{}, "", err
	}
	m, recommended, _, err := poc.FromRecord(rec)
	return m, recommended, err
}

// evidenceOf returns the newest evidence of a kind that a run left.
func (a *App) evidenceOf(ctx context.Context, run string, k evidence.Kind) (_ evidence.Record, found bool, err error) {
	list, err := a.Evidence.List(ctx, evidence.Filter{Run: run, Kind: k.Name, Limit: 1})
	if err != nil || len(list) == 0 {
		return evidence.Record{}, false, err
	}
	return list[0], true, nil
}

func (a *App) caseResult(ctx context.Context, run poc.Run, caseID, candidate string) (poc.CaseResult, error) {
	rows, err := a.answersOf(ctx, run, poc.CaseFilter{Candidate: candidate, Case: caseID})
	switch {
	case err != nil:
		return poc.CaseResult{}, err
	case len(rows) == 0:
		return poc.CaseResult{}, ErrCase.With("run", run.ID, "candidate", candidate, "case", caseID)
	}
	return rows[len(rows)-1], nil
}

// changed says what differs between what a run measured and what is there now.
func changed(m poc.Measurement, e poc.Entrant, then poc.CaseResult, c dataset.Case) []text.Text {
	out := []text.Text{}
	for _, x := range m.Candidates {
		if x.ID == e.ID && x.Digest != e.Digest {
			out = append(out, text.Text{En: "the candidate is another one now: its prompt, parameters, model or training data changed", Zh: "候选方案已变：提示词、参数、模型或训练数据有改动"})
		}
	}
	if then.Expected != c.Resolution {
		out = append(out, text.Text{En: "the right answer of the case was another one then: " + then.Expected, Zh: "当时该用例的正确答案不同：" + then.Expected})
	}
	return out
}

// asks returns what would be sent for a case; "" of candidates that send nothing.
func (a *App) asks(b *bound, candidate string, c dataset.Case) (string, error) {
	doc := b.folder.Document
	cand := doc.Candidates[slices.IndexFunc(doc.Candidates, func(x scenario.Candidate) bool { return x.ID() == candidate })]
	calls, err := newCalls(doc, a.log, nil)
	if err != nil {
		return "", err
	}
	suite := c.Suite
	if suite == "" {
		suite = scenario.MainSuite
	}
	switch {
	case cand.Model != nil:
		client, err := llm.New(llm.Deps{Endpoint: calls.endpoint(cand.Model.Endpoint, cand.Model.Model)})
		if err != nil {
			return "", err
		}
		defer client.Close()
		models, err := calls.models(b, cand, client)
		if err != nil {
			return "", err
		}
		r, err := models[suite].Request(inputOf(c))
		if err != nil {
			return "", err
		}
		var s strings.Builder
		for _, m := range r.Messages {
			fmt.Fprintf(&s, "[%s]\n", m.Role)
			for _, p := range m.Parts {
				if p.Image != nil {
					s.WriteString("(" + c.Image + ")\n")
				} else {
					s.WriteString(p.Text + "\n")
				}
			}
		}
		return s.String(), nil
	case cand.HTTP != nil:
		template, err := b.template(cand.HTTP.Request, "http.request", "")
		if err != nil {
			return "", err
		}
		app := remote.App{Request: template, Task: b.suite(suite).remoteTask()}
		raw, err := app.Body(inputOf(c))
		return string(raw), err
	}
	return "", nil
}

// again asks the case and grades what comes. Its sample is one that no run has,
// so that no kept answer stands in for a new one.
func (a *App) again(ctx context.Context, b *bound, e poc.Entrant, c dataset.Case, out *Replayed) error {
	ready, err := e.Prepare(ctx)
	if err != nil {
		return err
	}
	in := inputOf(c)
	in.Sample = int(a.now().UnixNano())
	if c.Image != "" {
		if in.Image, err = b.image(c.Image); err != nil {
			return err
		}
	}
	start := time.Now()
	answer, err := ready.Candidate.Answer(ctx, in)
	took := time.Since(start)
	if answer.Took.Service > 0 {
		took = answer.Took.Service
	}
	out.Now = Resolved{Resolution: answer.Resolution, Confidence: answer.Confidence, LatencyUs: took.Microseconds()}
	if err == nil {
		g, gerr := b.grade(ctx, c, answer)
		out.Now.Correct, out.Now.Score, err = g.Correct, g.Score, gerr
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f := fault.From(err)
		if f.Kind == fault.Internal {
			return err
		}
		out.Now = Resolved{Error: f.Code, LatencyUs: took.Microseconds()}
	}
	return nil
}
