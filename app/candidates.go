package app

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// candidateDigests returns, by id, the digest of what determines each
// candidate's behaviour. Its training data is a subject of its own.
func candidateDigests(doc *scenario.Document) (map[string]string, error) {
	out := map[string]string{}
	for _, c := range doc.Candidates {
		var what map[string]any
		switch {
		case c.Human != nil:
			what = map[string]any{"human": c.Human.Accuracy, "latency_ms": c.Human.LatencyMs}
		case c.Planned != nil:
			what = map[string]any{"planned": c.Planned.ID, "rung": c.Planned.Rung}
		default:
			what = map[string]any{"builtin": c.Builtin, "version": baseline.Version,
				"seed": strconv.FormatUint(doc.Run.Seed, 10), "grader": grader.DefaultVersion}
		}
		d, err := evidence.Digest(what)
		if err != nil {
			return nil, fmt.Errorf("digest candidate %s: %w", c.ID(), err)
		}
		out[c.ID()] = d
	}
	return out, nil
}

// entrants makes the candidates that run and those that are assumed.
func entrants(doc *scenario.Document, data *dataset.Data, digests map[string]string) ([]poc.Entrant, []poc.Assumption, error) {
	lines, err := costLines(doc)
	if err != nil {
		return nil, nil, err
	}
	volume, err := dist(doc.Traffic.PerYear)
	if err != nil {
		return nil, nil, fmt.Errorf("traffic.per_year: %w", err)
	}
	train := trainingExamples(data.Train)
	docs := documents(data.Documents)
	var run []poc.Entrant
	var assumed []poc.Assumption
	for _, c := range doc.Candidates {
		cost := poc.Cost{Amount: "0", Currency: doc.Costs.Currency, Provenance: evidence.Assumed}
		rc := roiCandidate(c)
		if v, prov := roi.CostPerTask(lines, rc, volume.Mean()); len(lines) > 0 {
			cost.Amount, cost.Provenance = strconv.FormatFloat(v, 'f', -1, 64), prov
		}
		switch {
		case c.Planned != nil: // nothing is known of it but its price
		case c.Human != nil:
			assumed = append(assumed, humanAssumption(c.Human, digests[c.ID()], cost))
		default:
			run = append(run, builtin(c.Builtin, doc, train, docs, digests[c.ID()], cost))
		}
	}
	return run, assumed, nil
}

func builtin(id string, doc *scenario.Document, train []baseline.Example, docs []baseline.Document, digest string, cost poc.Cost) poc.Entrant {
	ms := baseline.Methods()
	m := ms[slices.IndexFunc(ms, func(m baseline.Method) bool { return m.ID == id })]
	return poc.Entrant{
		ID: id, Title: m.Title, Rung: poc.Rung(m.Rung), Digest: digest, Cost: cost,
		Interpretability: poc.Interpretability{Class: m.Class, Why: m.Why},
		// Built-in candidates use the processor only: more in flight than
		// cores would measure their waiting for each other.
		Concurrency: min(doc.Run.Concurrency, runtime.GOMAXPROCS(0)),
		Prepare: func(ctx context.Context) (poc.Prepared, error) {
			t, err := baseline.Train(ctx, id, train, docs, doc.Run.Seed)
			if err != nil {
				return poc.Prepared{}, err
			}
			return poc.Prepared{Candidate: trained{t.Model}, Settings: t.Settings, Threshold80: t.Threshold80}, nil
		},
	}
}

// trained is a built-in model as a candidate.
type trained struct{ model baseline.Model }

func (t trained) Answer(_ context.Context, in poc.Input) (poc.Answer, error) {
	a := t.model.Answer(in.Text)
	return poc.Answer{Resolution: a.Answer, Confidence: a.Confidence}, nil
}

func humanAssumption(h *scenario.Human, digest string, cost poc.Cost) poc.Assumption {
	low, high := h.Accuracy.Range()
	a := poc.Assumption{ID: "human", Title: h.Title, Rung: poc.Human, Digest: digest, Source: h.Source, Cost: cost,
		Accuracy: poc.Score{Accuracy: h.Accuracy.Mid(), Low: low, High: high, Level: 0.8},
		Why: poc.Interpretability{Class: "traceable", Why: text.Text{
			En: "people: an agent can be asked for the reason", Zh: "人工:可以询问坐席的理由"}}}
	if a.Title.IsZero() {
		a.Title = text.Text{En: "People (today)", Zh: "人工(现状)"}
	}
	if h.LatencyMs > 0 {
		a.LatencyMs = &poc.Latency{P50: h.LatencyMs}
	}
	return a
}

func trainingExamples(cases []dataset.Case) []baseline.Example {
	out := make([]baseline.Example, len(cases))
	for i, c := range cases {
		out[i] = baseline.Example{Text: c.Input, Answer: c.Resolution}
	}
	return out
}

func documents(docs []dataset.Document) []baseline.Document {
	out := make([]baseline.Document, len(docs))
	for i, d := range docs {
		out[i] = baseline.Document{ID: d.ID, Fields: d.Fields}
	}
	return out
}

// roiCandidate is c as the return model sees it.
func roiCandidate(c scenario.Candidate) roi.Candidate {
	out := roi.Candidate{ID: c.ID()}
	switch {
	case c.Human != nil:
		out.Rung, out.Title = string(poc.Human), c.Human.Title
	case c.Planned != nil:
		out.Rung, out.Title = c.Planned.Rung, c.Planned.Title
	default:
		ms := baseline.Methods()
		m := ms[slices.IndexFunc(ms, func(m baseline.Method) bool { return m.ID == c.Builtin })]
		out.Rung, out.Title = m.Rung, m.Title
	}
	return out
}

func costLines(doc *scenario.Document) ([]roi.Line, error) {
	out := make([]roi.Line, len(doc.Costs.Lines))
	for i, l := range doc.Costs.Lines {
		amount, err := dist(l.Amount)
		if err != nil {
			return nil, fmt.Errorf("cost line %s: %w", l.ID, err)
		}
		title := l.Title
		if title.IsZero() {
			title = text.Text{En: l.ID, Zh: l.ID}
		}
		out[i] = roi.Line{ID: l.ID, Title: title, For: l.For, Per: roi.Per(l.Per), Years: l.Years,
			Amount: amount, Provenance: l.Amount.Provenance()}
	}
	return out, nil
}

// dist makes a distribution of an amount: a point, or one through P10, P50 and P90.
func dist(a scenario.Amount) (stats.Dist, error) {
	if a.P50 != nil {
		return stats.ThreePoint(*a.P10, *a.P50, *a.P90)
	}
	return stats.Point(a.Mid())
}

// returnInput gathers what the return model computes from. cheapest maps a
// slice to the candidate that provably suffices.
func returnInput(f *scenario.Folder, cheapest map[string]string) (roi.Input, error) {
	doc := f.Document
	lines, err := costLines(doc)
	if err != nil {
		return roi.Input{}, err
	}
	volume, err := dist(doc.Traffic.PerYear)
	if err != nil {
		return roi.Input{}, fmt.Errorf("traffic.per_year: %w", err)
	}
	in := roi.Input{Currency: doc.Costs.Currency, Lines: lines, Volume: volume, Seed: doc.Run.Seed,
		VolumeProvenance: doc.Traffic.PerYear.Provenance(), TrafficProvenance: f.Traffic.Provenance()}
	for _, c := range doc.Candidates {
		in.Candidates = append(in.Candidates, roiCandidate(c))
	}
	for _, s := range doc.Slices {
		in.Slices = append(in.Slices, roi.Slice{ID: s.ID, Requests: f.Traffic.Requests[s.ID], Cheapest: cheapest[s.ID]})
	}
	return in, nil
}
