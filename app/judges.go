package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/align/poc/raters"
	"github.com/landfall-ai/landfall/align/poc/remote"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/text"
)

// asker is the model that a suite's grader asks. Its client is there once a run
// has consent to ask it.
type asker struct {
	suite    *suite
	who      string // judge or embed
	asked    grader.Asked
	judge    *grader.Judge
	embed    *grader.Embed
	rubric   judge.Rubric
	pass     int
	labels   []raters.Rating
	client   *llm.Client
	found    *grader.Threshold // on labels
	progress func(bad bool)
	mu       sync.Mutex // of found
}

// maxPairs bounds the comparisons that measure a judge's preference for what
// stands first.
const maxPairs = 100

// outside reads what a grader with a model behind it names, and puts the model
// into its dependencies. What determines its grades enters their ids: address,
// model, parameters, and by digest the labels that it is measured on.
func (s *suite) outside(folder *scenario.Folder, spec *grader.Spec, deps *grader.Deps) error {
	if r := spec.Rubric; r != nil && r.File != "" {
		raw, err := folder.ReadFile(r.File, "task.grader.rubric.file", judge.MaxText)
		if err != nil {
			return err
		}
		if r.Text != "" {
			return ErrGrader.With("suite", s.ID, "problem", text.Text{En: "rubric has both text and file", Zh: "rubric 同时给出了 text 和 file"})
		}
		r.Text, r.File = string(raw), ""
	}
	a := &asker{suite: s, progress: func(bool) {}}
	labels, needed := "", []string(nil)
	switch {
	case spec.Judge != nil:
		a.who, a.judge, a.asked = "judge", spec.Judge, spec.Judge.Asked
		labels, needed = spec.Judge.Labels, []string{"input", "answer"}
		if spec.Rubric != nil {
			a.rubric, a.pass = spec.Rubric.Judged()
		}
		if n := spec.Judge.Repeats; n != 0 && (n < 2 || n > 20) {
			return ErrGrader.With("suite", s.ID, "problem", text.Text{En: "judge.repeats lies between 2 and 20", Zh: "judge.repeats 须在 2 到 20 之间"})
		}
	case spec.Embed != nil:
		a.who, a.embed, a.asked = "embed", spec.Embed, spec.Embed.Asked
		labels, needed = spec.Embed.Labels, []string{"expected", "answer"}
	default:
		return nil
	}
	endpoint, ok := folder.Document.Endpoints[a.asked.Endpoint]
	if !ok {
		known := []string{"–"}
		for k := range folder.Document.Endpoints {
			known = append(known, k)
		}
		slices.Sort(known)
		return ErrNoEndpoint.With("endpoint", a.asked.Endpoint, "known", known)
	}
	what := map[string]any{"address": endpoint.BaseURL, "model": a.asked.Model, "parameters": a.asked.Parameters}
	if labels != "" {
		raw, err := folder.ReadFile(labels, "task.grader."+a.who+".labels", raters.MaxBytes)
		if err != nil {
			return err
		}
		if a.labels, _, err = raters.Read(filepath.Join(folder.Dir, filepath.FromSlash(labels)), raw, needed...); err != nil {
			return err
		}
		what["labels"] = a.labels
	}
	if a.judge != nil {
		what["bar"], what["swap"] = a.judge.Bar, a.swaps()
	} else {
		what["dimensions"] = a.embed.Dimensions
	}
	id, err := evidence.Digest(what)
	if err != nil {
		return fmt.Errorf("digest what the grader of %s asks: %w", s.ID, err)
	}
	s.asker = a
	if a.judge != nil {
		deps.Ask, deps.AskID = a.ask, id
		return nil
	}
	deps.Embed, deps.EmbedID = a.vectors, id
	if labels != "" {
		deps.Threshold = a.threshold
	}
	return nil
}

func (a *asker) swaps() bool { return a.judge.Swap == nil || *a.judge.Swap }

// bind gives the graders of b the clients that they ask. It refuses data that
// an endpoint may not see.
func (c *calls) bind(b *bound) error {
	for _, s := range b.suites {
		if s.asker == nil {
			continue
		}
		client, err := c.askerClient(s.asker)
		if err != nil {
			return err
		}
		s.asker.client = client
	}
	return nil
}

func (c *calls) askerClient(a *asker) (*llm.Client, error) {
	ep := c.endpoint(a.asked.Endpoint, a.asked.Model)
	if err := ep.Allow(a.suite.Data.Class); err != nil {
		return nil, err
	}
	price, err := c.price((*scenario.Price)(a.asked.Price))
	if err != nil {
		return nil, err
	}
	d := llm.Deps{Endpoint: ep, Log: c.log, Cache: c.cache, Price: price, Budget: c.budget,
		Limiter: c.limiter(a.asked.Endpoint, cmp.Or(a.asked.Concurrency, 4))}
	if s := c.doc.Endpoints[a.asked.Endpoint].TimeoutS; s > 0 {
		d.Timeouts.Total = time.Duration(s * float64(time.Second))
	}
	return llm.New(d)
}

func (a *asker) ready() error {
	if a.client == nil {
		return grader.ErrNeeds.With("kind", a.who, "what", text.Text{En: "leave to ask " + a.asked.Endpoint, Zh: "访问端点 " + a.asked.Endpoint + " 的许可"})
	}
	return nil
}

// request is the question to a judge. What is not stated is the least random.
func (a *asker) request(p judge.Prompt) (llm.Request, error) {
	r := llm.Request{Class: a.suite.Data.Class, Sample: p.Sample, Format: &llm.Format{},
		Messages: []llm.Message{llm.Text("system", p.System), llm.Text("user", p.User)}}
	all, err := rawParameters(a.asked.Parameters)
	if err != nil {
		return r, err
	}
	if err := remote.Parameters(&r, all); err != nil {
		return r, err
	}
	if r.Temperature == nil {
		r.Temperature = new(float64)
	}
	return r, nil
}

func rawParameters(in map[string]any) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(in))
	for k, v := range in {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", k, err)
		}
		out[k] = raw
	}
	return out, nil
}

// ask implements judge.Ask.
func (a *asker) ask(ctx context.Context, p judge.Prompt) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	r, err := a.request(p)
	if err != nil {
		return "", poc.Stop{Err: err}
	}
	answer, err := a.client.Chat(ctx, r)
	if err != nil {
		return "", remote.Stopping(err)
	}
	return answer.Text, nil
}

// vectors implements grader.Deps.Embed. Texts are asked for one by one, so that
// each is in the cache by itself: references come back with every candidate.
func (a *asker) vectors(ctx context.Context, texts []string) ([][]float64, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	extra, err := rawParameters(a.asked.Parameters)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(texts))
	for i, t := range texts {
		e, err := a.client.Embed(ctx, llm.EmbedRequest{Class: a.suite.Data.Class, Texts: []string{t}, Dimensions: a.embed.Dimensions, Extra: extra})
		if err != nil {
			return nil, remote.Stopping(err)
		}
		out[i] = make([]float64, len(e.Vectors[0]))
		for k, v := range e.Vectors[0] {
			out[i][k] = float64(v)
		}
	}
	return out, nil
}

// threshold is the cosine that the labels ask for. A replay of one case comes
// here without a run that measured before; the vectors are mostly kept.
func (a *asker) threshold() (float64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		if err := a.ready(); err != nil {
			return 0, err
		}
		t, err := a.chooseThreshold(context.Background())
		if err != nil {
			return 0, err
		}
		a.found = t
	}
	return a.found.Value, nil
}

// measureGraders measures the models that graders ask, before they grade: a
// judge on labelled answers and on pairs in both orders, a similarity by its
// threshold. Answers are kept, so that a run that is taken up asks none twice.
func (b *bound) measureGraders(ctx context.Context, opt RunOptions) ([]poc.GraderMeasurement, error) {
	var out []poc.GraderMeasurement
	for _, s := range b.suites {
		a := s.asker
		if a == nil {
			continue
		}
		g := poc.GraderMeasurement{Suite: s.ID, Kind: a.who, Endpoint: a.asked.Endpoint, Model: a.asked.Model}
		title := text.Text{En: "measuring the judge " + a.asked.Model, Zh: "实测裁判 " + a.asked.Model}
		if a.embed != nil {
			title = text.Text{En: "choosing the threshold of similarity", Zh: "选定相似度阈值"}
		}
		id := a.who + ":" + s.ID
		opt.Progress.Phase(id, title.In(opt.Lang), a.questions(), 0)
		a.progress = func(bad bool) { opt.Progress.Step(id, bad) }
		var err error
		if a.judge != nil {
			g.Judge, err = a.measureJudge(ctx)
		} else if len(a.labels) > 0 {
			a.found, err = a.chooseThreshold(ctx)
			g.Threshold = a.found
		}
		opt.Progress.End(id)
		if err != nil {
			return nil, fmt.Errorf("measure the grader of %s: %w", s.ID, err)
		}
		out = append(out, g)
	}
	return out, nil
}

func (a *asker) repeats() int { return cmp.Or(a.judge.Repeats, 3) }

// questions is how often measuring asks.
func (a *asker) questions() int {
	if a.judge == nil {
		return 2 * len(a.labels)
	}
	return len(a.labels)*a.repeats() + 2*len(a.pairs())
}

// pairs are a better and a worse answer each: a good and a bad one to the same
// input, else what was expected and a bad one.
func (a *asker) pairs() []judge.Pair {
	if !a.swaps() {
		return nil
	}
	good := map[string]string{}
	for _, l := range a.labels {
		if l.Good && good[l.Input] == "" {
			good[l.Input] = l.Answer
		}
	}
	var out []judge.Pair
	for _, l := range a.labels {
		better := cmp.Or(good[l.Input], l.Expected)
		if l.Good || better == "" || better == l.Answer || len(out) == maxPairs {
			continue
		}
		out = append(out, judge.Pair{ID: l.ID, Input: l.Input, References: references(l.Expected), A: better, B: l.Answer})
	}
	return out
}

func references(expected string) []string {
	if expected == "" {
		return nil
	}
	return []string{expected}
}

func (a *asker) measureJudge(ctx context.Context) (*judge.Measurement, error) {
	if len(a.labels) == 0 {
		m := judge.Unmeasured(a.judge.Bar)
		return &m, nil
	}
	items := make([]judge.Labelled, len(a.labels))
	for i, l := range a.labels {
		items[i] = judge.Labelled{Good: l.Good, Item: judge.Item{ID: l.ID, Input: l.Input, References: references(l.Expected), Answer: l.Answer}}
	}
	// What an endpoint fails at on one item is no verdict on that item.
	ask := func(ctx context.Context, p judge.Prompt) (string, error) {
		reply, err := a.ask(ctx, p)
		a.progress(err != nil)
		var stop poc.Stop
		if err == nil || errors.As(err, &stop) || ctx.Err() != nil {
			return reply, err
		}
		return "", judge.ErrVerdict.With("why", err.Error()).Because(err)
	}
	ms, err := judge.Measure(ctx, ask, items, judge.Plan{Rubric: a.rubric, Pass: a.pass, Repeats: a.repeats(), Pairs: a.pairs(),
		Bar: a.judge.Bar, Concurrency: cmp.Or(a.asked.Concurrency, 4)})
	if err != nil {
		return nil, err
	}
	return &ms[0], nil
}

func (a *asker) chooseThreshold(ctx context.Context) (*grader.Threshold, error) {
	pairs := make([]grader.LabelledPair, len(a.labels))
	for i, l := range a.labels {
		v, err := a.vectors(ctx, []string{l.Answer, l.Expected})
		if err != nil {
			return nil, err
		}
		if len(v[0]) != len(v[1]) {
			return nil, grader.ErrDimensions.With("answer", len(v[0]), "reference", len(v[1]))
		}
		cosine, ok := grader.Cosine(v[0], v[1])
		if !ok {
			return nil, grader.ErrReply.With("who", a.asked.Endpoint, "why", text.Text{En: "a vector is empty or zero", Zh: "向量为空或全零"})
		}
		pairs[i] = grader.LabelledPair{Cosine: cosine, Same: l.Good}
		a.progress(false)
	}
	t, err := grader.ChooseThreshold(pairs)
	if err != nil {
		return nil, err
	}
	return &t, nil
}

// corrected takes the errors of judges out of a measurement, and notes how good
// the graders are.
func (b *bound) corrected(m poc.Measurement, graders []poc.GraderMeasurement) poc.Measurement {
	m.Graders = graders
	for _, g := range graders {
		if g.Judge == nil {
			continue
		}
		own := map[string]bool{}
		for _, c := range b.suite(g.Suite).data.Test {
			own[c.Slice] = true
		}
		m = m.WithJudge(g.Suite, own, len(b.suites) == 1, *g.Judge)
	}
	return m
}

// askersOutlook reckons what graders would send: each answer of each candidate
// once, and what measures them.
func (c *calls) askersOutlook(b *bound) ([]Sending, error) {
	var out []Sending
	for _, s := range b.suites {
		if s.asker == nil {
			continue
		}
		one, err := c.askerOutlook(b, s)
		if err != nil {
			return nil, fmt.Errorf("reckon what the grader of %s sends: %w", s.ID, err)
		}
		out = append(out, one)
	}
	return out, nil
}

func (c *calls) askerOutlook(b *bound, s *suite) (Sending, error) {
	a := s.asker
	client, err := c.askerClient(a)
	if err != nil {
		return Sending{}, err
	}
	defer client.Close()
	ep := client.Endpoint()
	out := Sending{Grader: a.who, Suite: s.ID, Endpoint: ep.Name, Host: ep.Host(), Local: ep.Local(), Model: a.asked.Model,
		Classes: []string{s.Data.Class}, Bounded: true}
	expected, most := decimal.Zero, decimal.Zero
	add := func(times int, input, ref, answer string) error {
		var e llm.Estimate
		if a.embed != nil {
			n := llm.TokensOf(answer) + llm.TokensOf(ref)
			e.Prompt = llm.Range{Expected: n, Most: len(answer) + len(ref)}
			e.Bounded = true
			if p, err := c.price((*scenario.Price)(a.asked.Price)); err != nil {
				return err
			} else if p != nil {
				e.Expected, e.Most = p.Cost(llm.Usage{Prompt: n}, 0), p.Cost(llm.Usage{Prompt: e.Prompt.Most}, 0)
			}
		} else {
			r, err := a.request(judge.ScorePrompt(a.rubric, judge.Item{Input: input, References: references(ref), Answer: answer}))
			if err != nil {
				return err
			}
			e = client.Estimate(r)
		}
		out.Input.Expected, out.Input.Most = out.Input.Expected+times*e.Prompt.Expected, out.Input.Most+times*e.Prompt.Most
		out.Output.Expected, out.Output.Most = out.Output.Expected+times*e.Completion.Expected, out.Output.Most+times*e.Completion.Most
		out.Bounded = out.Bounded && e.Bounded
		n := decimal.NewFromInt(int64(times))
		expected, most = expected.Add(e.Expected.Amount.Mul(n)), most.Add(e.Most.Amount.Mul(n))
		return nil
	}
	times := 0
	for _, cand := range b.folder.Document.Candidates {
		if cand.Planned == nil && (cand.Human == nil || cand.Human.Answers != "") && slices.Contains(cand.SuiteIDs(), s.ID) {
			times += max(1, cand.Repeats())
		}
	}
	for _, x := range s.data.Test {
		if err := add(times, x.Input, x.Resolution, x.Resolution); err != nil {
			return out, err
		}
		out.Cases += times
	}
	for _, l := range a.labels {
		n := 1
		if a.judge != nil {
			n = a.repeats()
		}
		if err := add(n, l.Input, l.Expected, l.Answer); err != nil {
			return out, err
		}
		out.Cases += n
	}
	if a.judge != nil {
		for _, p := range a.pairs() {
			if err := add(2, p.Input, p.A, p.B); err != nil {
				return out, err
			}
			out.Cases += 2
		}
	}
	if a.asked.Price != nil {
		out.Expected, out.Most = &llm.Money{Amount: expected, Currency: c.doc.Costs.Currency}, &llm.Money{Amount: most, Currency: c.doc.Costs.Currency}
	}
	return out, nil
}
