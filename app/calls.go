package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/remote"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/blob"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/text"
)

// maxTemplate bounds a prompt or request template, in bytes.
const maxTemplate = 1 << 20

// calls is what the candidates of one run share that ask other systems.
type calls struct {
	doc      *scenario.Document
	log      *slog.Logger
	cache    llm.Cache
	budget   *llm.Budget // nil without a limit
	limiters map[string]*llm.Limiter
}

func newCalls(doc *scenario.Document, log *slog.Logger, cache llm.Cache) (*calls, error) {
	c := &calls{doc: doc, log: log, cache: cache, limiters: map[string]*llm.Limiter{}}
	if doc.Run.Spend != "" {
		limit, err := decimal.NewFromString(doc.Run.Spend)
		if err != nil {
			return nil, fmt.Errorf("run.spend: %w", err)
		}
		c.budget = llm.NewBudget(llm.Money{Amount: limit, Currency: doc.Costs.Currency})
	}
	return c, nil
}

// limiter bounds the calls in flight to one endpoint, whoever makes them.
func (c *calls) limiter(endpoint string, most int) *llm.Limiter {
	if l := c.limiters[endpoint]; l != nil {
		return l
	}
	l := llm.NewLimiter(llm.LimiterOptions{Max: most, Start: min(4, most)}, nil)
	c.limiters[endpoint] = l
	return l
}

func (c *calls) endpoint(name, model string) llm.Endpoint {
	e := c.doc.Endpoints[name]
	out := llm.Endpoint{Name: name, BaseURL: e.BaseURL, Model: model, Classes: e.Allows}
	switch {
	case e.Key != "" && e.KeyHeader != "":
		out.Headers = map[string]string{e.KeyHeader: e.Key}
	case e.Key != "":
		out.Headers = map[string]string{"Authorization": "Bearer " + e.Key}
	case e.KeyEnv != "" && e.KeyHeader != "":
		out.Headers = map[string]string{e.KeyHeader: os.Getenv(e.KeyEnv)}
	case e.KeyEnv != "":
		out.KeyEnv = e.KeyEnv
	}
	return out
}

// allow refuses data that the endpoint may not see.
func (c *calls) allow(b *bound, cand scenario.Candidate, e llm.Endpoint) error {
	for _, id := range cand.SuiteIDs() {
		if err := e.Allow(b.suite(id).Data.Class); err != nil {
			return err
		}
	}
	return nil
}

func (c *calls) price(p *scenario.Price) (*llm.Price, error) {
	if p == nil {
		return nil, nil
	}
	out := &llm.Price{Currency: c.doc.Costs.Currency}
	var err error
	read := func(s string) decimal.Decimal {
		if s == "" || err != nil {
			return decimal.Zero
		}
		var d decimal.Decimal
		d, err = decimal.NewFromString(s)
		return d
	}
	out.InputPer1M, out.OutputPer1M, out.PerRequest = read(p.Input), read(p.Output), read(p.Request)
	if p.Cached != "" {
		out.CachedPer1M = decimal.NewNullDecimal(read(p.Cached))
	}
	if err != nil {
		return nil, fmt.Errorf("price: %w", err)
	}
	return out, nil
}

// model makes an entrant of a model behind an API.
func (c *calls) model(b *bound, cand scenario.Candidate, e *poc.Entrant) error {
	m := cand.Model
	ep := c.endpoint(m.Endpoint, m.Model)
	price, err := c.price(m.Price)
	if err != nil {
		return err
	}
	e.Concurrency, e.Repeats = cmp.Or(m.Concurrency, c.doc.Run.Concurrency), m.Repeats
	d := llm.Deps{Endpoint: ep, Limiter: c.limiter(m.Endpoint, e.Concurrency), Log: c.log, Cache: c.cache, Price: price, Budget: c.budget}
	if s := c.doc.Endpoints[m.Endpoint].TimeoutS; s > 0 {
		d.Timeouts.Total = time.Duration(s * float64(time.Second))
	}
	client, err := llm.New(d)
	if err != nil {
		return err
	}
	models, err := c.models(b, cand, client)
	if err != nil {
		return err
	}
	by := asked{}
	for id, one := range models {
		by[id] = one.Ask
	}
	e.Price = price
	e.Interpretability = poc.Interpretability{Class: "opaque", Why: text.Text{
		En: "a language model: its reasons are text like its answers", Zh: "语言模型：它给出的理由与答案一样只是文本"}}
	e.Prepare = func(context.Context) (poc.Prepared, error) { return poc.Prepared{Candidate: by}, nil }
	return nil
}

// models makes of a candidate the model as it is asked in each of its suites.
// It refuses data that the endpoint may not see.
func (c *calls) models(b *bound, cand scenario.Candidate, client *llm.Client) (map[string]*remote.Model, error) {
	m := cand.Model
	if err := c.allow(b, cand, client.Endpoint()); err != nil {
		return nil, err
	}
	parameters := map[string]json.RawMessage{}
	var err error
	for _, k := range slices.Sorted(maps.Keys(m.Parameters)) {
		if parameters[k], err = json.Marshal(m.Parameters[k]); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", k, err)
		}
	}
	by := map[string]*remote.Model{}
	for _, id := range cand.SuiteIDs() {
		s := b.suite(id)
		one := &remote.Model{Client: client, Class: s.Data.Class, Task: s.remoteTask(), Parameters: parameters,
			Structured: m.Structured, Answer: m.Answer, Confidence: m.Confidence}
		if one.Tools, err = remote.ParseTools(s.tools); err != nil {
			return nil, err
		}
		if one.Prompt, err = b.template(m.Prompt, "model.prompt", remote.Prompt(string(s.Task.Kind))); err != nil {
			return nil, err
		}
		if m.System != "" {
			if one.System, err = b.template(m.System, "model.system", ""); err != nil {
				return nil, err
			}
		}
		by[id] = one
	}
	return by, nil
}

// http makes an entrant of an application behind HTTP.
func (c *calls) http(b *bound, cand scenario.Candidate, e *poc.Entrant) error {
	h := cand.HTTP
	ep := c.endpoint(h.Endpoint, h.ID)
	if err := c.allow(b, cand, ep); err != nil {
		return err
	}
	base, err := url.Parse(ep.BaseURL)
	if err != nil {
		return llm.ErrEndpoint.With("endpoint", h.Endpoint, "problem", "the base URL is none").Because(err)
	}
	client, err := outbound.Origin(base, outbound.Options{Proxy: http.ProxyFromEnvironment, Conns: 64})
	if err != nil {
		return err
	}
	header := http.Header{}
	for k, v := range h.Headers {
		header.Set(k, v)
	}
	if declared := c.doc.Endpoints[h.Endpoint]; declared.KeyEnv != "" || declared.Key != "" {
		key := cmp.Or(declared.Key, os.Getenv(declared.KeyEnv))
		if key == "" {
			return llm.ErrKeyMissing.With("endpoint", h.Endpoint, "variable", declared.KeyEnv)
		}
		if declared.KeyHeader != "" {
			header.Set(declared.KeyHeader, key)
		} else {
			header.Set("Authorization", "Bearer "+key)
		}
	}
	template, err := b.template(h.Request, "http.request", "")
	if err != nil {
		return err
	}
	price, err := c.price(h.Price)
	if err != nil {
		return err
	}
	var cost llm.Money
	if price != nil {
		cost = llm.Money{Amount: price.PerRequest, Currency: price.Currency}
	} else if c.budget != nil {
		return llm.ErrPrice.With("currency", c.doc.Costs.Currency, "model", h.ID)
	}
	timeout := 2 * time.Minute
	if s := c.doc.Endpoints[h.Endpoint].TimeoutS; s > 0 {
		timeout = time.Duration(s * float64(time.Second))
	}
	e.Concurrency, e.Repeats = cmp.Or(h.Concurrency, c.doc.Run.Concurrency), h.Repeats
	by := asked{}
	for _, id := range cand.SuiteIDs() {
		one := &remote.App{Client: client, URL: strings.TrimSuffix(ep.BaseURL, "/") + h.Path, Method: cmp.Or(h.Method, http.MethodPost), Header: header,
			Request: template, Task: b.suite(id).remoteTask(), Timeout: timeout, Limiter: c.limiter(h.Endpoint, e.Concurrency), Clock: llm.SystemClock{}, Budget: c.budget, Cost: cost,
			Answer: h.Answer, Citations: h.Citations, Confidence: h.Confidence}
		by[id] = one.Ask
	}
	e.Price = price
	e.Interpretability = poc.Interpretability{Class: "opaque", Why: text.Text{
		En: "an application that was judged from outside", Zh: "从外部评判的应用"}}
	e.Prepare = func(context.Context) (poc.Prepared, error) { return poc.Prepared{Candidate: by}, nil }
	return nil
}

// asked are ways to ask, by suite, as one candidate.
type asked map[string]func(context.Context, poc.Input) (poc.Answer, error)

func (a asked) Answer(ctx context.Context, in poc.Input) (poc.Answer, error) {
	return forSuite(a, in.Suite)(ctx, in)
}

func (s *suite) remoteTask() remote.Task {
	return remote.Task{Kind: string(s.Task.Kind), Choices: s.Task.Choices, Schema: s.schema, Tools: s.tools, Documents: s.data.Documents}
}

// template reads a template of the folder, or takes own if none is named.
func (b *bound) template(name, field, own string) (*remote.Template, error) {
	if name == "" {
		return remote.Parse("prompt", own)
	}
	raw, err := b.folder.ReadFile(name, field, maxTemplate)
	if err != nil {
		return nil, err
	}
	return remote.Parse(filepath.Join(b.folder.Dir, filepath.FromSlash(name)), string(raw))
}

// ownPrompts are the prompts of Landfall that a model candidate uses: they
// determine what it does.
func (b *bound) ownPrompts(c scenario.Candidate) map[string]string {
	out := map[string]string{}
	if c.Model.Prompt == "" {
		for _, id := range c.SuiteIDs() {
			kind := string(b.suite(id).Task.Kind)
			out[kind] = remote.Prompt(kind)
		}
	}
	return out
}

// answers keeps answers of models in the home, so that a run that is taken up
// or repeated asks no model twice. An index file by the digest of the question
// names the blob of the answer.
type answers struct {
	blobs *blob.Store
	home  string
}

func (a answers) index(digest string) string {
	return filepath.Join(a.home, "answers", digest[:2], digest)
}

// Get implements llm.Cache.
func (a answers) Get(ctx context.Context, digest string) ([]byte, bool, error) {
	name, err := os.ReadFile(a.index(digest))
	if os.IsNotExist(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("look up an answer: %w", err)
	}
	r, err := a.blobs.Open(ctx, strings.TrimSpace(string(name)))
	if err != nil {
		return nil, false, fmt.Errorf("open an answer: %w", err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, false, fmt.Errorf("read an answer: %w", err)
	}
	return raw, true, nil
}

// Put implements llm.Cache.
func (a answers) Put(ctx context.Context, digest string, value []byte) error {
	name, _, err := a.blobs.Put(ctx, bytes.NewReader(value))
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	path := a.index(digest)
	err = file.Write(path, 0o600, func(w io.Writer) error { _, err := io.WriteString(w, name); return err })
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}
