package app

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/remote"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
)

// ErrMaxSpend is returned for a limit of spend that cannot be held.
var ErrMaxSpend = fault.Def{Kind: fault.Invalid, Code: "run.max_spend",
	En: "{value} is no limit of spend: it takes a positive decimal number, in the currency under costs", Zh: "{value} 不是有效的费用上限：应为正的十进制数，币种取自 costs",
	HintEn: "state costs.currency and a price for each candidate that is called", HintZh: "请填写 costs.currency，并为每个要调用的候选方案填写 price"}

// Sending is what a run would send somewhere for one candidate, and what that
// may cost, reckoned before anything is sent. Answers that a home has at hand
// are counted too: they make it less.
type Sending struct {
	Candidate string   `json:"candidate"`        // "" of a grader
	Grader    string   `json:"grader,omitempty"` // judge or embed: a suite's grader sends it
	Suite     string   `json:"suite,omitempty"`  // of the grader
	Endpoint  string   `json:"endpoint"`
	Host      string   `json:"host"`
	Local     bool     `json:"local"` // on this machine
	Model     string   `json:"model,omitempty"`
	Classes   []string `json:"classes"` // of the data
	Cases     int      `json:"cases"`
	Repeats   int      `json:"repeats,omitempty"` // how often each is sent, if more than once
	Probes    int      `json:"probes,omitempty"`  // changed cases beside them, sent once
	Images    int      `json:"images,omitempty"`
	// Input and Output are tokens, nothing for an application. Bounded is false
	// if no max_tokens is set: then the most of Output is an assumption.
	Input   llm.Range `json:"input_tokens"`
	Output  llm.Range `json:"output_tokens"`
	Bounded bool      `json:"bounded"`
	// Expected and Most are costs; nil without a price.
	Expected *llm.Money `json:"expected,omitempty"`
	Most     *llm.Money `json:"most,omitempty"`
}

// outlook reckons what measuring every candidate once would send. It fails as
// the run would: with llm.ErrClass for data that an endpoint may not see, and
// with the faults of templates.
func (b *bound) outlook(ctx context.Context) ([]Sending, error) {
	calls, err := newCalls(b.folder.Document, nil, nil)
	if err != nil {
		return nil, err
	}
	out := []Sending{}
	for _, c := range b.folder.Document.Candidates {
		var s Sending
		switch {
		case c.Model != nil:
			s, err = calls.modelOutlook(ctx, b, c)
		case c.HTTP != nil:
			s, err = calls.httpOutlook(ctx, b, c)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reckon what %s sends: %w", c.ID(), err)
		}
		out = append(out, s)
	}
	graders, err := calls.askersOutlook(b)
	return append(out, graders...), err
}

func (c *calls) modelOutlook(ctx context.Context, b *bound, cand scenario.Candidate) (Sending, error) {
	price, err := c.price(cand.Model.Price)
	if err != nil {
		return Sending{}, err
	}
	ep := c.endpoint(cand.Model.Endpoint, cand.Model.Model)
	client, err := llm.New(llm.Deps{Endpoint: ep, Price: price, Budget: c.budget})
	if err != nil {
		return Sending{}, err
	}
	defer client.Close()
	models, err := c.models(b, cand, client)
	if err != nil {
		return Sending{}, err
	}
	s := sendingOf(b, cand, ep)
	s.Model, s.Bounded = cand.Model.Model, true
	expected, most := decimal.Zero, decimal.Zero
	add := func(suite string, in poc.Input) error {
		r, err := models[suite].Request(in)
		if err != nil {
			return err
		}
		e := client.Estimate(r)
		s.Images += e.Images
		s.Input.Expected, s.Input.Most = s.Input.Expected+e.Prompt.Expected, s.Input.Most+e.Prompt.Most
		s.Output.Expected, s.Output.Most = s.Output.Expected+e.Completion.Expected, s.Output.Most+e.Completion.Most
		s.Bounded = s.Bounded && e.Bounded
		expected, most = expected.Add(e.Expected.Amount), most.Add(e.Most.Amount)
		return nil
	}
	if err := eachCase(ctx, b, cand, add); err != nil {
		return s, err
	}
	times := max(1, s.Repeats)
	for _, n := range []*int{&s.Input.Expected, &s.Input.Most, &s.Output.Expected, &s.Output.Most} {
		*n *= times
	}
	expected, most = expected.Mul(decimal.NewFromInt(int64(times))), most.Mul(decimal.NewFromInt(int64(times)))
	err = eachProbe(ctx, b, cand, add)
	if price != nil {
		s.Expected, s.Most = &llm.Money{Amount: expected, Currency: price.Currency}, &llm.Money{Amount: most, Currency: price.Currency}
	}
	return s, err
}

func (c *calls) httpOutlook(ctx context.Context, b *bound, cand scenario.Candidate) (Sending, error) {
	price, err := c.price(cand.HTTP.Price)
	if err != nil {
		return Sending{}, err
	}
	ep := c.endpoint(cand.HTTP.Endpoint, "")
	if err := c.allow(b, cand, ep); err != nil {
		return Sending{}, err
	}
	if _, err := url.Parse(ep.BaseURL); err != nil {
		return Sending{}, llm.ErrEndpoint.With("endpoint", ep.Name, "problem", "the base URL is none").Because(err)
	}
	template, err := b.template(cand.HTTP.Request, "http.request", "")
	if err != nil {
		return Sending{}, err
	}
	s := sendingOf(b, cand, ep)
	body := func(suite string, in poc.Input) error {
		app := remote.App{Request: template, Task: b.suite(suite).remoteTask()}
		_, err := app.Body(in)
		return err
	}
	if err = eachCase(ctx, b, cand, body); err == nil {
		err = eachProbe(ctx, b, cand, body)
	}
	if price != nil {
		total := &llm.Money{Amount: price.PerRequest.Mul(decimal.NewFromInt(int64(s.Cases*max(1, s.Repeats) + s.Probes))), Currency: price.Currency}
		s.Expected, s.Most = total, total
	}
	return s, err
}

func sendingOf(b *bound, cand scenario.Candidate, ep llm.Endpoint) Sending {
	s := Sending{Candidate: cand.ID(), Endpoint: ep.Name, Host: ep.Host(), Local: ep.Local()}
	if n := cand.Repeats(); n > 1 {
		s.Repeats = n
	}
	for _, id := range cand.SuiteIDs() {
		suite := b.suite(id)
		s.Cases += len(suite.data.Test)
		if !slices.Contains(s.Classes, suite.Data.Class) {
			s.Classes = append(s.Classes, suite.Data.Class)
		}
	}
	for _, p := range b.probesOf(cand) {
		s.Probes += len(p.Variants)
	}
	return s
}

// eachCase calls f for each case that cand answers, as it would be asked but
// for the picture: of one, only that it is there matters here.
func eachCase(ctx context.Context, b *bound, cand scenario.Candidate, f func(suite string, in poc.Input) error) error {
	for _, id := range cand.SuiteIDs() {
		for _, x := range b.suite(id).data.Test {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			if err := f(id, inputOf(x)); err != nil {
				return err
			}
		}
	}
	return nil
}

func inputOf(x dataset.Case) poc.Input {
	in := poc.Input{CaseID: x.ID, Suite: x.Suite, Text: x.Input, Tags: x.Tags}
	if x.Image != "" {
		in.Image = []byte{}
	}
	return in
}

// limitSpend puts the limit of the command line into the place of the folder's.
func (b *bound) limitSpend(opt RunOptions) error {
	if opt.MaxSpend == "" {
		return nil
	}
	limit, err := decimal.NewFromString(opt.MaxSpend)
	if err != nil || !limit.IsPositive() || b.folder.Document.Costs.Currency == "" {
		return ErrMaxSpend.With("value", opt.MaxSpend)
	}
	b.folder.Document.Run.Spend = opt.MaxSpend
	return nil
}

// limit is the most that a run may spend; the zero value is no limit. The
// document was checked.
func (b *bound) limit() llm.Money {
	amount, err := decimal.NewFromString(b.folder.Document.Run.Spend)
	if err != nil {
		return llm.Money{}
	}
	return llm.Money{Amount: amount, Currency: b.folder.Document.Costs.Currency}
}
