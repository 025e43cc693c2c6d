package app

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/align/poc/baseline/slots"
	"github.com/landfall-ai/landfall/align/poc/recorded"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// candidateDigests returns, by id, the digest of what determines each
// candidate's behaviour and how it is graded. The training data of its suites
// is a subject of its own.
func (b *bound) candidateDigests() (map[string]string, error) {
	doc := b.folder.Document
	out := map[string]string{}
	for _, c := range doc.Candidates {
		what, err := b.determines(c)
		if err != nil {
			return nil, err
		}
		d, err := evidence.Digest(what)
		if err != nil {
			return nil, fmt.Errorf("digest candidate %s: %w", c.ID(), err)
		}
		out[c.ID()] = d
	}
	return out, nil
}

func (b *bound) determines(c scenario.Candidate) (map[string]any, error) {
	if c.Planned != nil {
		return map[string]any{"planned": c.Planned.ID, "rung": c.Planned.Rung}, nil
	}
	if c.Human != nil && c.Human.Answers == "" {
		return map[string]any{"human": c.Human.Accuracy, "latency_ms": c.Human.LatencyMs}, nil
	}
	graders := map[string]string{}
	for _, id := range c.SuiteIDs() {
		graders[id] = b.suite(id).grader.Version()
	}
	files := map[string]string{}
	for _, f := range c.Files() {
		raw, err := b.file(f, recorded.MaxBytes)
		if err != nil {
			return nil, err
		}
		if files[f.Field], err = evidence.Digest(string(raw)); err != nil {
			return nil, dataset.ErrEncoding.With("bytes", "?", "encoding", "UTF-8").At(filepath.Join(b.folder.Dir, f.Path), 0, 0).Because(err)
		}
	}
	what := map[string]any{"graders": graders, "files": files}
	switch {
	case c.Model != nil:
		m := *c.Model
		m.Title, m.Price, m.Concurrency, m.Repeats = text.Text{}, nil, 0, 0
		what["model"], what["address"] = m, b.folder.Document.Endpoints[m.Endpoint].BaseURL
		what["prompts"] = b.ownPrompts(c)
	case c.HTTP != nil:
		h := *c.HTTP
		h.Title, h.Price, h.Concurrency, h.Repeats = text.Text{}, nil, 0, 0
		what["http"], what["address"] = h, b.folder.Document.Endpoints[h.Endpoint].BaseURL
	case c.Recorded != nil:
		r := *c.Recorded
		r.Title, r.Price = text.Text{}, nil
		what["recorded"] = r
	case c.Human != nil:
		what["human"] = c.Human.System
	default:
		what["builtin"], what["seed"] = c.Builtin, strconv.FormatUint(b.folder.Document.Run.Seed, 10)
		what["version"] = baseline.Version
		if c.Builtin == "slots" {
			what["slots"] = slots.Version
		}
	}
	return what, nil
}

// entrants makes the candidates that run and those that are assumed. Nothing is
// sent anywhere: data that an endpoint may not see is refused here.
func (a *App) entrants(ctx context.Context, b *bound) ([]poc.Entrant, []poc.Assumption, error) {
	doc := b.folder.Document
	lines, err := costLines(doc)
	if err != nil {
		return nil, nil, err
	}
	volume, err := dist(doc.Traffic.PerYear)
	if err != nil {
		return nil, nil, fmt.Errorf("traffic.per_year: %w", err)
	}
	calls, err := newCalls(doc, a.log, answers{a.Blobs, a.Home.Dir()})
	if err != nil {
		return nil, nil, err
	}
	if err := calls.bind(b); err != nil {
		return nil, nil, err
	}
	var run []poc.Entrant
	var assumed []poc.Assumption
	for _, c := range doc.Candidates {
		cost := poc.Cost{Amount: "0", Currency: doc.Costs.Currency, Provenance: evidence.Assumed}
		rc := roiCandidate(c)
		if v, prov := roi.CostPerTask(lines, rc, volume.Mean()); len(lines) > 0 {
			cost.Amount, cost.Provenance = strconv.FormatFloat(v, 'f', -1, 64), prov
		}
		if c.Planned != nil { // nothing is known of it but its price
			continue
		}
		if c.Human != nil && c.Human.Answers == "" {
			assumed = append(assumed, humanAssumption(c.Human, b.digests[c.ID()], cost))
			continue
		}
		e := poc.Entrant{ID: c.ID(), Title: rc.Title, Rung: poc.Rung(rc.Rung), Digest: b.digests[c.ID()], Cost: cost}
		for _, id := range c.SuiteIDs() {
			// Clipped, so that one suite's cases are shared and several are a copy.
			if test := slices.Clip(b.suite(id).data.Test); len(e.Cases) == 0 {
				e.Cases = test
			} else {
				e.Cases = append(e.Cases, test...)
			}
		}
		switch {
		case c.Model != nil:
			err = calls.model(b, c, &e)
		case c.HTTP != nil:
			err = calls.http(b, c, &e)
		case c.Recorded != nil:
			err = b.recorded(ctx, c.Recorded.File, c.Recorded.Columns, c.Recorded.Sample, recordedSource(c.Recorded), &e)
		case c.Human != nil:
			err = b.recorded(ctx, c.Human.Answers, nil, true, c.Human.System, &e)
		default:
			b.builtin(c, &e)
		}
		if err != nil {
			return nil, nil, err
		}
		run = append(run, e)
	}
	return run, assumed, nil
}

// recorded makes an entrant of answers that another system gave.
func (b *bound) recorded(ctx context.Context, file string, columns map[string]string, sample bool, source string, e *poc.Entrant) error {
	raw, err := b.folder.ReadFile(file, "candidates", recorded.MaxBytes)
	if err != nil {
		return err
	}
	answers, err := recorded.Read(ctx, filepath.Join(b.folder.Dir, filepath.FromSlash(file)), raw, columns)
	if err != nil {
		return err
	}
	if e.Cases, err = answers.Of(e.Cases, !sample); err != nil {
		return err
	}
	e.Provenance, e.Source, e.Concurrency = evidence.Imported, source, runtime.GOMAXPROCS(0)
	e.Interpretability = poc.Interpretability{Class: "opaque", Why: text.Text{
		En: "recorded answers: why they were given was not recorded", Zh: "录制的回答：作答依据未被录制"}}
	if e.Rung == poc.Human {
		e.Interpretability = humanWhy
	}
	e.Prepare = func(context.Context) (poc.Prepared, error) { return poc.Prepared{Candidate: answers}, nil }
	return nil
}

func recordedSource(r *scenario.Recorded) string {
	s := r.System
	for _, more := range []string{r.Model, r.Date} {
		if more != "" {
			s += ", " + more
		}
	}
	return s
}

// builtin makes an entrant that is trained here, once for each of its suites.
func (b *bound) builtin(c scenario.Candidate, e *poc.Entrant) {
	m := method(c.Builtin)
	e.Interpretability = poc.Interpretability{Class: m.Class, Why: m.Why}
	// Built-in candidates use the processor only: more in flight than cores
	// would measure their waiting for each other.
	e.Concurrency = min(b.folder.Document.Run.Concurrency, runtime.GOMAXPROCS(0))
	e.Prepare = func(ctx context.Context) (poc.Prepared, error) {
		all := trained{}
		out := poc.Prepared{Candidate: all}
		for i, id := range c.SuiteIDs() {
			one, err := b.train(ctx, c, b.suite(id))
			if err != nil {
				return poc.Prepared{}, fmt.Errorf("train on the suite %s: %w", id, err)
			}
			all[id] = one.Candidate
			if i == 0 {
				out.Settings, out.Threshold80 = one.Settings, one.Threshold80
			}
		}
		return out, nil
	}
}

// train makes a built-in candidate ready for one suite.
func (b *bound) train(ctx context.Context, c scenario.Candidate, s *suite) (poc.Prepared, error) {
	cases, seed := s.data.Train, b.folder.Document.Run.Seed
	if len(c.Train) > 0 {
		spec := s.Data
		spec.Train, spec.Test, spec.Production = c.Train, nil, ""
		d, err := dataset.Load(ctx, b.folder.Dir, spec)
		if err != nil {
			return poc.Prepared{}, err
		}
		cases = d.Train
	}
	switch c.Builtin {
	case "slots":
		raw, err := b.file(scenario.File{Field: "rules", Path: c.Rules}, slots.MaxRules)
		if err != nil {
			return poc.Prepared{}, err
		}
		rules, err := slots.Parse(filepath.Join(b.folder.Dir, c.Rules), raw)
		if err != nil {
			return poc.Prepared{}, err
		}
		m := slots.Calibrate(rules, trainingExamples(cases))
		return poc.Prepared{Candidate: textModel{m}, Threshold80: m.Threshold80}, nil
	case "image-linear":
		examples := make([]baseline.ImageExample, 0, len(cases))
		for _, x := range cases {
			raw, err := b.image(x.Image)
			if err != nil {
				return poc.Prepared{}, err
			}
			examples = append(examples, baseline.ImageExample{File: x.Image, Raw: raw, Answer: x.Resolution})
		}
		m, err := baseline.TrainImages(ctx, examples, seed)
		if err != nil {
			return poc.Prepared{}, err
		}
		return poc.Prepared{Candidate: imageModel{m}, Settings: m.Settings, Threshold80: m.Threshold80}, nil
	}
	t, err := baseline.Train(ctx, c.Builtin, trainingExamples(cases), documents(s.data.Documents), seed)
	if err != nil {
		return poc.Prepared{}, err
	}
	return poc.Prepared{Candidate: textModel{t.Model}, Settings: t.Settings, Threshold80: t.Threshold80}, nil
}

// trained are built-in models by suite, as one candidate.
type trained map[string]poc.Candidate

func (t trained) Answer(ctx context.Context, in poc.Input) (poc.Answer, error) {
	return forSuite(t, in.Suite).Answer(ctx, in)
}

// forSuite returns what is kept for a suite; a scenario with one suite names none.
func forSuite[T any](m map[string]T, id string) T {
	if id == "" {
		id = scenario.MainSuite
	}
	return m[id]
}

type textModel struct{ model baseline.Model }

func (t textModel) Answer(_ context.Context, in poc.Input) (poc.Answer, error) {
	a := t.model.Answer(in.Text)
	return poc.Answer{Resolution: a.Answer, Confidence: a.Confidence}, nil
}

type imageModel struct{ model *baseline.ImageModel }

func (m imageModel) Answer(_ context.Context, in poc.Input) (poc.Answer, error) {
	a, err := m.model.AnswerImage(in.CaseID, in.Image)
	return poc.Answer{Resolution: a.Answer, Confidence: a.Confidence}, err
}

// method returns the built-in candidate of a name; the document was checked.
func method(id string) baseline.Method {
	ms := append(baseline.Methods(), slots.Method, baseline.ImageLinear)
	return ms[slices.IndexFunc(ms, func(m baseline.Method) bool { return m.ID == id })]
}

func humanAssumption(h *scenario.Human, digest string, cost poc.Cost) poc.Assumption {
	low, high := h.Accuracy.Range()
	a := poc.Assumption{ID: "human", Title: h.Title, Rung: poc.Human, Digest: digest, Source: h.Source, Cost: cost,
		Accuracy: poc.Score{Accuracy: h.Accuracy.Mid(), Low: low, High: high, Level: 0.8},
		Why:      humanWhy}
	if a.Title.IsZero() {
		a.Title = text.Text{En: "People (today)", Zh: "人工（现状）"}
	}
	if h.LatencyMs > 0 {
		a.LatencyMs = &poc.Latency{P50: h.LatencyMs}
	}
	return a
}

var humanWhy = poc.Interpretability{Class: "traceable", Why: text.Text{
	En: "people: whoever answered can be asked for the reason", Zh: "人工：可以询问作答人的理由"}}

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
	case c.Model != nil:
		out.Rung, out.Title = c.Model.Rung, c.Model.Title
	case c.HTTP != nil:
		out.Rung, out.Title = c.HTTP.Rung, c.HTTP.Title
	case c.Recorded != nil:
		out.Rung, out.Title = c.Recorded.Rung, c.Recorded.Title
	case c.Human != nil:
		out.Rung, out.Title = string(poc.Human), c.Human.Title
		if out.Title.IsZero() {
			out.Title = text.Text{En: "People (today)", Zh: "人工（现状）"}
		}
	case c.Planned != nil:
		out.Rung, out.Title = c.Planned.Rung, c.Planned.Title
	default:
		m := method(c.Builtin)
		out.Rung, out.Title = m.Rung, m.Title
		if !c.Title.IsZero() {
			out.Title = c.Title
		}
	}
	if out.Title.IsZero() {
		out.Title = text.Text{En: out.ID, Zh: out.ID}
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
