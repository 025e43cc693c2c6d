package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// readProbes makes the cases of the declared probes, and binds the scenario to
// what determines them.
func (b *bound) readProbes() error {
	doc := b.folder.Document
	if len(doc.Probes) == 0 {
		return nil
	}
	digests := map[string]string{}
	for _, p := range doc.Probes {
		var rows []probe.Row
		what := map[string]any{"version": probe.Version, "seed": doc.Run.Seed, "file": ""}
		if p.File != "" {
			raw, err := b.folder.ReadFile(p.File, "probes", probe.MaxBytes)
			if err != nil {
				return err
			}
			if rows, err = probe.Read(filepath.Join(b.folder.Dir, filepath.FromSlash(p.File)), raw); err != nil {
				return err
			}
			what["file"] = rows
		}
		made, err := probe.Build(p, b.suite(p.Suite).data.Test, rows, doc.Run.Seed)
		if err != nil {
			return err
		}
		b.probes = append(b.probes, made)
		p.Title = text.Text{}
		what["probe"] = p
		if digests[p.ID], err = evidence.Digest(what); err != nil {
			return fmt.Errorf("digest the probe %s: %w", p.ID, err)
		}
	}
	b.bindings[scenario.RoleProbes] = digests
	return nil
}

// unasked says why nobody can ask a candidate a changed case; zero if they can.
func unasked(c scenario.Candidate) text.Text {
	switch {
	case c.Recorded != nil:
		return text.Text{En: "recorded answers: whoever gave them cannot be asked again", Zh: "录制的回答：无法再向作答方提问"}
	case c.Human != nil:
		return text.Text{En: "people: they are not asked by Landfall", Zh: "人工：Landfall 不向人提问"}
	}
	return text.Text{}
}

// probesOf returns the probes whose cases c is asked.
func (b *bound) probesOf(c scenario.Candidate) []probe.Probe {
	e := probe.Entry{Why: unasked(c), Speaks: c.Model != nil || c.HTTP != nil}
	return slices.DeleteFunc(slices.Clone(b.probes), func(p probe.Probe) bool {
		return c.Planned != nil || !slices.Contains(c.SuiteIDs(), p.Suite) || !probe.Unaskable(p.Probe, e).IsZero()
	})
}

// probeEntrant is the mark of the entrant that answers a candidate's probes: it
// keeps them apart from the main measurement in the journal of the run. No
// candidate's id can end in it.
const probeEntrant = "#probes"

// probed makes of entrants those that answer probes. Each is the same candidate
// as its entrant, made ready once for both.
func (b *bound) probed(entrants []poc.Entrant) []poc.Entrant {
	var out []poc.Entrant
	for _, c := range b.folder.Document.Candidates {
		i := slices.IndexFunc(entrants, func(e poc.Entrant) bool { return e.ID == c.ID() })
		probes := b.probesOf(c)
		if i < 0 || len(probes) == 0 {
			continue
		}
		entrants[i].Prepare = once(entrants[i].Prepare)
		e := entrants[i]
		e.ID += probeEntrant
		e.Title = text.Text{En: e.Title.In("en") + ", probes", Zh: e.Title.In("zh") + "（探测）"}
		e.Cases, e.Repeats = nil, 0
		for _, p := range probes {
			for _, v := range p.Variants {
				e.Cases = append(e.Cases, v.Case)
			}
		}
		if len(e.Cases) > 0 {
			out = append(out, e)
		}
	}
	return out
}

// once makes a candidate ready at the first call only. Entrants of a run follow
// one another, so it needs no lock.
func once(prepare func(context.Context) (poc.Prepared, error)) func(context.Context) (poc.Prepared, error) {
	var ready *poc.Prepared
	return func(ctx context.Context) (poc.Prepared, error) {
		if ready == nil {
			p, err := prepare(ctx)
			if err != nil {
				return p, err
			}
			ready = &p
		}
		return *ready, nil
	}
}

// concludeProbes turns what the probes' entrants answered into evidence; ok is
// false if the scenario declares none. The case results are sealed apart from
// those of the main measurement.
func (a *App) concludeProbes(ctx context.Context, run poc.Run, b *bound, m poc.Measurement, main, probed []poc.Outcome, started time.Time) (st evidence.Statement, ok bool, err error) {
	if len(b.probes) == 0 {
		return st, false, nil
	}
	rec, ok := poc.Recommend(m.Suite(scenario.MainSuite), b.folder.Document.Targets.Accuracy)
	if !ok {
		return st, false, poc.ErrNothingMeasured.With()
	}
	var entries []probe.Entry
	for _, c := range b.folder.Document.Candidates {
		if c.Planned != nil {
			continue
		}
		var measured poc.Outcome
		if i := indexOutcome(main, c.ID()); i >= 0 {
			measured = main[i]
		}
		var variants *poc.Outcome
		if i := indexOutcome(probed, c.ID()+probeEntrant); i >= 0 {
			variants = &probed[i]
		}
		e := probe.EntryOf(c.ID(), c.SuiteIDs(), measured, variants)
		e.Why, e.Speaks = unasked(c), c.Model != nil || c.HTTP != nil
		entries = append(entries, e)
	}
	found := probe.Measure(b.probes, entries, m.AlphaSpent())
	if len(probed) > 0 {
		if found.Results, err = a.seal(ctx, run, probed); err != nil {
			return st, false, err
		}
	}
	st, err = probe.Statement(found, rec.Candidate.ID, started, a.now())
	return st, err == nil, err
}

func indexOutcome(outcomes []poc.Outcome, id string) int {
	return slices.IndexFunc(outcomes, func(o poc.Outcome) bool { return o.Entrant.ID == id })
}

// eachProbe calls f for each case of its probes that cand is asked, as eachCase
// does for those of the main measurement.
func eachProbe(ctx context.Context, b *bound, cand scenario.Candidate, f func(suite string, in poc.Input) error) error {
	for _, p := range b.probesOf(cand) {
		for _, v := range p.Variants {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			if err := f(p.Suite, inputOf(v.Case)); err != nil {
				return err
			}
		}
	}
	return nil
}
