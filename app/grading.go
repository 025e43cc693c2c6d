package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/prove/quality"
)

// graded grades what a run measured, with the matrix and the routing table
// that follow.
func graded(b *bound, m poc.Measurement, outcomes []poc.Outcome) (grade.Result, error) {
	doc := b.folder.Document
	in := b.gradeSlices()
	r := grade.Grade(in, doc.Declared.Level, m, b.folder.Traffic.Provenance())
	lim, err := limits(doc)
	if err != nil {
		return r, err
	}
	dearest, err := dearestCost(doc)
	if err != nil {
		return r, err
	}
	r, err = grade.WithMatrix(r, m, grade.Matrix{Slices: in, Economics: doc.Targets.Economics, LatencyP95Ms: lim.LatencyP95Ms, CostPerTask: lim.CostPerTask, Dearest: dearest})
	if err != nil {
		return r, err
	}
	return grade.WithRouting(r, m, outcomes, doc.Targets.Accuracy), nil
}

// dearestCost is what one request costs with the dearest candidate that is no
// person.
func dearestCost(doc *scenario.Document) (float64, error) {
	lines, err := costLines(doc)
	if err != nil {
		return 0, err
	}
	volume, err := dist(doc.Traffic.PerYear)
	if err != nil {
		return 0, fmt.Errorf("traffic.per_year: %w", err)
	}
	most := 0.0
	for _, c := range doc.Candidates {
		if c.Human == nil {
			v, _ := roi.CostPerTask(lines, roiCandidate(c), volume.Mean())
			most = max(most, v)
		}
	}
	return most, nil
}

// maxCompared bounds how many scenarios one matrix compares.
const maxCompared = 1000

// visibleFeasibility compares the scenarios that the principal of ctx may
// read.
func (a *App) visibleFeasibility(ctx context.Context) (*grade.Feasibility, error) {
	list, err := a.Scenarios.List(ctx, auth.Scope(ctx), "", maxCompared)
	if err != nil {
		return nil, err
	}
	return a.compare(ctx, list)
}

// Feasibility compares the scenarios in the given folders, as they are now;
// without any, all scenarios of the home. It measures nothing.
func (a *App) Feasibility(ctx context.Context, dirs []string) (*grade.Feasibility, error) {
	if len(dirs) == 0 {
		return a.visibleFeasibility(auth.With(ctx, auth.Local(actor.From(ctx).ID, actor.From(ctx).Name)))
	}
	var list []scenario.Scenario
	for _, dir := range dirs {
		id, err := a.Bind(ctx, dir)
		if err != nil {
			return nil, err
		}
		sc, err := a.Scenarios.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(x scenario.Scenario) bool { return x.ID == sc.ID }) {
			list = append(list, sc)
		}
	}
	return a.compare(ctx, list)
}

func (a *App) compare(ctx context.Context, list []scenario.Scenario) (*grade.Feasibility, error) {
	facts := make([]grade.Facts, len(list))
	for i, sc := range list {
		var err error
		if facts[i], err = a.facts(ctx, sc); err != nil {
			return nil, err
		}
	}
	m := grade.Compare(facts)
	return &m, nil
}

// newest returns the newest item of each kind of a scenario that no later one
// supersedes, and whether it is stale. Exploratory evidence is none.
func (a *App) newest(ctx context.Context, scenarioID string) (map[string]evidence.Record, func(kind string) grade.Source, error) {
	records, err := a.Evidence.ForScenario(ctx, scenarioID)
	if err != nil {
		return nil, nil, err
	}
	b, err := a.Scenarios.Bindings(ctx, a.DB.Read(), scenarioID)
	if err != nil {
		return nil, nil, err
	}
	superseded := map[string]bool{}
	for _, rec := range records {
		superseded[rec.Statement.Predicate.Supersedes] = true
	}
	out := map[string]evidence.Record{}
	for _, rec := range records { // in log order: the last stays
		k, ok := a.Evidence.Kind(rec)
		if ok && !rec.Statement.Predicate.Exploratory && !superseded[rec.ID()] {
			out[k.Name] = rec
		}
	}
	return out, func(kind string) grade.Source {
		rec := out[kind]
		k, _ := a.Evidence.Kind(rec)
		_, stale := evidence.Stale(k, rec, b, false, 0, a.now())
		return grade.Source{ID: rec.ID(), Stale: stale}
	}, nil
}

// facts gathers what the evidence of a scenario says.
func (a *App) facts(ctx context.Context, sc scenario.Scenario) (grade.Facts, error) {
	doc, _, err := a.Scenarios.Document(ctx, a.DB.Read(), sc.ID)
	if err != nil {
		return grade.Facts{}, err
	}
	f := grade.Facts{Slug: sc.Slug, Title: doc.Title}
	records, source, err := a.newest(ctx, sc.ID)
	if err != nil {
		return f, err
	}
	if rec, ok := records[grade.Kind().Name]; ok {
		r, err := grade.FromRecord(rec)
		if err != nil {
			return f, err
		}
		f.Grade, f.Grading = &r, source(grade.Kind().Name)
	}
	if rec, ok := records[poc.Kind().Name]; ok {
		m, _, _, err := poc.FromRecord(rec)
		if err != nil {
			return f, err
		}
		f.POC = &m
	}
	if rec, ok := records[quality.Kind().Name]; ok {
		q, err := quality.FromRecord(rec)
		if err != nil {
			return f, err
		}
		f.Data, f.DataRules = source(quality.Kind().Name), len(q.Rules)
		for _, x := range q.Rules {
			if x.Passed {
				f.DataPassed++
			}
		}
	}
	if rec, ok := records[roi.Kind().Name]; ok {
		x, err := roi.FromRecord(rec)
		if err != nil {
			return f, err
		}
		at := x.AllDearest.PerYear
		if x.Today != nil {
			at = x.Today.PerYear
		}
		f.Money = &grade.Money{Currency: x.Currency, Basis: x.Provenance, Source: source(roi.Kind().Name),
			AtStake: evidence.Estimate{Value: at.P50, Low: at.P10, High: at.P90, N: x.Draws, Method: "monte carlo, P10 to P90", Level: 0.8}}
	}
	return f, nil
}

// Routes returns the routing table of the scenario in dir, from its newest
// grading. It fails with grade.ErrRoutesNone if that is missing, exploratory
// or stale.
func (a *App) Routes(ctx context.Context, dir string, valid time.Duration) (grade.Routes, error) {
	id, err := a.Bind(ctx, dir)
	if err != nil {
		return grade.Routes{}, err
	}
	sc, err := a.Scenarios.Get(ctx, id)
	if err != nil {
		return grade.Routes{}, err
	}
	records, source, err := a.newest(ctx, id)
	if err != nil {
		return grade.Routes{}, err
	}
	rec, ok := records[grade.Kind().Name]
	if !ok || source(grade.Kind().Name).Stale {
		return grade.Routes{}, grade.ErrRoutesNone.With("scenario", sc.Slug)
	}
	return grade.Export(sc.Slug, rec, valid)
}

// RubricOf is what a scenario says it needs, whole or slice by slice.
type RubricOf struct {
	Slice    string           `json:"slice"` // "" for the scenario
	Declared scenario.Level   `json:"declared"`
	Answers  *scenario.Rubric `json:"answers,omitempty"`
	Floor    *grade.Floor     `json:"floor,omitempty"`
}

// Rubric reads the answers of the scenario in dir. It opens no home.
func Rubric(dir string) ([]RubricOf, error) {
	doc, _, err := scenario.Read(dir)
	if err != nil {
		return nil, err
	}
	of := func(slice string, d scenario.Declared) RubricOf {
		out := RubricOf{Slice: slice, Declared: d.Level, Answers: d.Rubric}
		if d.Rubric != nil {
			f := grade.FloorOf(*d.Rubric)
			out.Floor = &f
		}
		return out
	}
	out := []RubricOf{of("", doc.Declared)}
	for _, s := range doc.Slices {
		if s.Declared != nil {
			out = append(out, of(s.ID, doc.DeclaredFor(s)))
		}
	}
	return out, nil
}
