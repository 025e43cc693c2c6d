package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/quality"
	"github.com/landfall-ai/landfall/prove/selection"
)

// Report gathers what is known about the scenario in dir: its newest run, the
// evidence that stands, and the verdicts as of now. It binds the folder as it
// is, so that a change since the last run shows as stale evidence.
func (a *App) Report(ctx context.Context, dir string, info *RunInfo) (*report.Report, error) {
	known, err := a.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	f, err := scenario.OpenAs(dir, scenario.Reading{Known: known})
	if err != nil {
		return nil, err
	}
	sc, err := a.Scenarios.Get(ctx, f.Document.Slug)
	if err != nil {
		return nil, err
	}
	return a.report(ctx, sc, f.Document, dir, info)
}

// ReportOf is Report for a scenario that is stored: of its newest run, or of
// the run that info names. as is what the commands in it call its folder.
func (a *App) ReportOf(ctx context.Context, ref, as string, info *RunInfo) (*report.Report, error) {
	sc, err := a.Scenarios.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	doc, _, err := a.Scenarios.Document(ctx, a.DB.Read(), sc.ID)
	if err != nil {
		return nil, err
	}
	if info != nil && info.ID != "" {
		run, err := a.Runs.Get(ctx, info.ID)
		if err != nil {
			return nil, err
		}
		if doc, err = a.Scenarios.Kept(ctx, run.Document); err != nil {
			return nil, err
		}
	}
	if as == "" {
		as = sc.Slug
	}
	return a.report(ctx, sc, doc, as, info)
}

func (a *App) report(ctx context.Context, sc scenario.Scenario, doc *scenario.Document, dir string, info *RunInfo) (*report.Report, error) {
	r := &report.Report{Schema: report.Schema, Generated: a.now().UTC(), Tool: a.tool, Gates: []report.Gate{}, Evidence: []report.Evidence{},
		Unexpected: []text.Text{},
		Scenario: report.Scenario{ID: sc.ID, Slug: doc.Slug, Title: doc.Title, Summary: doc.Summary, Owner: doc.Owner.Name, Team: doc.Owner.Team,
			Declared: doc.Declared.Level, DataClass: doc.Data.Class, Bar: doc.Targets.Accuracy, BarWhy: doc.Targets.AccuracyWhy, Currency: doc.Costs.Currency}}
	var err error
	if r.Raters, err = a.agreements(doc.Slug); err != nil {
		return nil, err
	}
	records, err := a.Evidence.ForScenario(ctx, sc.ID)
	if err != nil {
		return nil, err
	}
	run, err := a.newestRun(ctx, sc.ID, info)
	if err != nil {
		return nil, err
	}
	if run != nil {
		r.Run = &report.Run{ID: run.ID, State: run.State, Exploratory: run.Exploratory, Started: run.Created, Finished: run.Finished}
		if info != nil {
			r.Run.Resumed, r.Run.Reused = info.Resumed, info.Reused
		}
		if err := fill(r, records, run.ID); err != nil {
			return nil, err
		}
	}
	verdicts, err := a.Verdicts(ctx, sc.ID)
	if err != nil {
		return nil, err
	}
	for _, v := range verdicts {
		r.Gates = append(r.Gates, gateView(v))
	}
	if err := a.evidenceViews(ctx, r, sc.ID, records); err != nil {
		return nil, err
	}
	if err := a.loopView(ctx, r, sc.ID); err != nil {
		return nil, err
	}
	r.Exit = exitCode(r)
	r.Unexpected = unexpected(doc, r)
	r.Next = next(dir, doc, r)
	return r, nil
}

func (a *App) newestRun(ctx context.Context, scenarioID string, info *RunInfo) (*poc.Run, error) {
	if info != nil && info.ID != "" {
		run, err := a.Runs.Get(ctx, info.ID)
		return &run, err
	}
	runs, err := a.Runs.List(ctx, poc.RunFilter{Scenarios: []string{scenarioID}, Limit: 1})
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return &runs[0], nil
}

// fill reads what a run found out of its evidence.
func fill(r *report.Report, records []evidence.Record, runID string) error {
	for _, rec := range records {
		if rec.Statement.Predicate.Run != runID {
			continue
		}
		switch rec.Statement.PredicateType {
		case quality.Kind().URI:
			q, err := quality.FromRecord(rec)
			if err != nil {
				return err
			}
			r.Data = DataView(q)
			r.Data.Digest = digestOf(rec)
		case poc.Kind().URI:
			m, best, ok, err := poc.FromRecord(rec)
			if err != nil {
				return err
			}
			acc, _ := rec.Estimate("recommended.accuracy")
			r.POC, r.Best = &m, &report.Best{Candidate: best, Accuracy: acc, Sufficient: ok}
		case boundary.Kind().URI:
			m, err := boundary.FromRecord(rec)
			if err != nil {
				return err
			}
			r.Boundary = &m
		case probe.Kind().URI:
			p, err := probe.FromRecord(rec)
			if err != nil {
				return err
			}
			r.Probes = &p
		case grade.Kind().URI:
			g, err := grade.FromRecord(rec)
			if err != nil {
				return err
			}
			r.Grade = &g
		case roi.Kind().URI:
			x, err := roi.FromRecord(rec)
			if err != nil {
				return err
			}
			r.ROI = &x
		case selection.Kind().URI:
			s, err := selection.FromRecord(rec)
			if err != nil {
				return err
			}
			r.Selection = &s
		}
	}
	return nil
}

func gateView(v gate.Verdict) report.Gate {
	g := report.Gate{Gate: v.Gate, Title: gate.Title(v.Gate), Outcome: string(v.Outcome), Rules: []report.Rule{}}
	for _, x := range v.Rules {
		rule := report.Rule{ID: x.ID, Title: x.Title, Expr: x.Expr, Outcome: string(x.Outcome), Reason: x.Reason.Text,
			Method: x.Method, Fix: x.Fix, Assumed: x.Assumed, Read: []report.Reading{}}
		for _, rd := range x.Readings {
			view := report.Reading{Metric: rd.Metric, Title: rd.Title, Unit: rd.Unit, Estimate: rd.Estimate, Evidence: rd.Evidence, Allowed: rd.Allowed}
			if rd.Value != nil {
				view.Value = *rd.Value
			}
			rule.Read = append(rule.Read, view)
		}
		g.Rules = append(g.Rules, rule)
	}
	return g
}

// evidenceViews lists the newest item of each kind, with why it is stale if it is.
func (a *App) evidenceViews(ctx context.Context, r *report.Report, scenarioID string, records []evidence.Record) error {
	b, err := a.Scenarios.Bindings(ctx, a.DB.Read(), scenarioID)
	if err != nil {
		return err
	}
	superseded := map[string]bool{}
	for _, rec := range records {
		superseded[rec.Statement.Predicate.Supersedes] = true
	}
	seen := map[string]bool{}
	for _, rec := range slices.Backward(records) {
		k, ok := a.Evidence.Kind(rec)
		if !ok || k.Silent || seen[k.Name] {
			continue
		}
		seen[k.Name] = true
		e := report.Evidence{ID: rec.ID(), Kind: k.Name, Title: k.Title, Leaf: rec.Leaf, Provenance: rec.Statement.Predicate.Provenance, At: rec.Statement.Predicate.Finished}
		if why, stale := evidence.Stale(k, rec, b, superseded[rec.ID()], 0, a.now()); stale {
			t := why.Text()
			e.Stale = &t
		}
		r.Evidence = append(r.Evidence, e)
	}
	slices.Reverse(r.Evidence)
	return nil
}

var ring = []struct {
	gate string
	word text.Text
}{
	{gate.Align, text.Text{En: "Align", Zh: "认知"}}, {gate.Prove, text.Text{En: "Prove", Zh: "验证"}},
	{gate.Platform, text.Text{En: "Build", Zh: "建设"}}, {gate.Deepen, text.Text{En: "Deepen", Zh: "赋能"}},
	{gate.Organize, text.Text{En: "Organize", Zh: "变革"}}, {gate.Share, text.Text{En: "Evolve", Zh: "进化"}},
}

func (a *App) loopView(ctx context.Context, r *report.Report, scenarioID string) error {
	for _, s := range ring {
		state := "later"
		for _, g := range r.Gates {
			if g.Gate == s.gate {
				state = g.Outcome
			}
		}
		r.Loop.Steps = append(r.Loop.Steps, report.Step{Stage: s.gate, Word: s.word, State: state})
	}
	n, err := a.Failures.Count(ctx, scenarioID)
	if err != nil {
		return err
	}
	r.Loop.Failures, r.Loop.Modes, r.Loop.Cases = n.Failures, n.Modes, n.Cases
	r.Loop.Reopened, err = a.reopened(ctx, scenarioID)
	return err
}

// exitCode is what `run` and `gate` end with: data quality before a failed
// rule before insufficient or stale evidence.
func exitCode(r *report.Report) int {
	if r.Run != nil && r.Run.State == poc.Blocked {
		return fault.ExitDataQuality
	}
	code := fault.ExitOK
	for _, g := range r.Gates {
		switch g.Outcome {
		case string(gate.Fail):
			return fault.ExitRuleFailed
		case string(gate.Insufficient):
			code = fault.ExitInsufficient
		}
	}
	return code
}

// unexpected says where the outcome differs from what the scenario expects.
func unexpected(doc *scenario.Document, r *report.Report) []text.Text {
	out := []text.Text{}
	if doc.Expect == nil || r.Run == nil || r.Run.State != poc.Done || r.Run.Exploratory {
		return out
	}
	differ := func(what text.Text, want, got string) {
		if want != "" && got != "" && want != got {
			out = append(out, text.Text{
				En: fmt.Sprintf("%s: expected %s, got %s", what.En, want, got),
				Zh: fmt.Sprintf("%s：预期 %s，实际 %s", what.Zh, want, got)})
		}
	}
	for _, g := range r.Gates {
		want := map[string]string{gate.Align: doc.Expect.Align, gate.Prove: doc.Expect.Prove}[g.Gate]
		differ(g.Title, want, g.Outcome)
	}
	if r.Grade != nil {
		for _, v := range r.Grade.Slices {
			differ(v.Title, doc.Expect.Slices[v.Slice], string(v.Outcome))
		}
	}
	if doc.Expect.Exit != nil {
		differ(text.Text{En: "exit code", Zh: "退出码"}, strconv.Itoa(*doc.Expect.Exit), strconv.Itoa(r.Exit))
	}
	return out
}
