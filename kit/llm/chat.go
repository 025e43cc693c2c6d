package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// Delta is a piece of an answer as it comes.
type Delta struct{ Text, Reasoning string }

// Chat asks for an answer. It streams unless the endpoint cannot, so that the
// time to the first token is measured. On a fault the Answer holds what came
// before it, and what the call took and cost.
//
// Faults: ErrClass, ErrKeyMissing, ErrRequest and ErrSpend before anything is
// sent; every other of this package after; a plain error that wraps
// context.Canceled if ctx was canceled.
func (c *Client) Chat(ctx context.Context, r Request) (Answer, error) { return c.chat(ctx, r, nil) }

// Stream is Chat that gives the answer to deliver as it comes. Once a piece
// was delivered nothing is tried again. An error of deliver ends the call and
// is returned, wrapped. An answer from the cache is delivered in one piece.
func (c *Client) Stream(ctx context.Context, r Request, deliver func(Delta) error) (Answer, error) {
	return c.chat(ctx, r, deliver)
}

func (c *Client) chat(ctx context.Context, r Request, deliver func(Delta) error) (Answer, error) {
	if err := c.d.Endpoint.Allow(r.Class); err != nil {
		return Answer{}, err
	}
	w, err := r.wire(c.d.Endpoint.Model)
	if err != nil {
		return Answer{}, err
	}
	plain, err := body(w, r.Extra)
	if err != nil {
		return Answer{}, err
	}
	const path = "/chat/completions"
	id := digest(c.d.Endpoint, c.base.String(), path, plain, r.Sample)
	ask := func() (Answer, error) { return c.ask(ctx, r, w, path, id, deliver) }
	if c.d.Cache == nil {
		return ask()
	}
	fresh := false
	v, shared, err := c.flights.do(ctx, id, func() (any, error) {
		var kept Answer
		if c.recall(ctx, id, &kept) && !kept.silent() { // older versions kept silence too
			kept.Cached = true
			return kept, nil
		}
		fresh = true
		a, err := ask()
		if err == nil {
			c.keep(ctx, id, a)
		}
		return a, err
	})
	a, _ := v.(Answer)
	if shared {
		a.Cached, a.Paid = true, Money{Currency: a.Paid.Currency}
	}
	if err == nil && !fresh && deliver != nil {
		if e := deliver(Delta{a.Text, a.Reasoning}); e != nil {
			err = &deliveryError{e}
		}
	}
	if v == nil && err != nil {
		err = c.ended(err)
	}
	return a, err
}

// recall reads a value from the cache.
func (c *Client) recall(ctx context.Context, id string, into any) bool {
	b, ok, err := c.d.Cache.Get(ctx, id)
	if err == nil && ok {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		c.d.Log.WarnContext(ctx, "cache of answers cannot be read", "digest", id, "err", err)
	}
	return ok && err == nil
}

func (c *Client) keep(ctx context.Context, id string, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		// The answer is paid for: keep it though the caller may have left.
		err = c.d.Cache.Put(context.WithoutCancel(ctx), id, b)
	}
	if err != nil {
		c.d.Log.WarnContext(ctx, "answer cannot be kept in the cache", "digest", id, "err", err)
	}
}

// ask asks the model.
func (c *Client) ask(ctx context.Context, r Request, w wireRequest, path, id string, deliver func(Delta) error) (Answer, error) {
	a := Answer{Digest: id}
	streamed := !c.d.Endpoint.Unstreamed
	s := r.size()
	var rhythm pace
	j := job{method: http.MethodPost, path: path, size: s, streamed: streamed, estimate: c.tokens.estimate(s, c.d.Price),
		body: func() (sent, error) {
			w := w
			out := sent{oldMaxTokens: w.MaxTokens > 0}
			if c.newMaxTokens.Load() {
				w.MaxTokens, w.MaxCompletion, out.oldMaxTokens = 0, w.MaxTokens, false
			}
			if w.Stream = streamed; streamed && !c.noUsageOption.Load() {
				w.Options, out.usageOption = &wireStreamOpts{Usage: true}, true
			}
			var err error
			out.body, err = body(w, r.Extra)
			return out, err
		},
		read: func(arr *arrival) error {
			a = Answer{Digest: id} // of an attempt before nothing stays
			rhythm = pace{start: arr.start}
			err := c.readChat(arr, &a, &rhythm, deliver)
			if err == nil && a.silent() {
				err = c.silence(a)
			}
			if a.Usage == (Usage{}) {
				a.Usage = Usage{Prompt: s.expected, Completion: outputTokens(a), Estimated: true}
			}
			arr.usage, arr.latency = a.Usage, rhythm.first
			return err
		}}
	m, paid, err := c.run(ctx, j)
	rhythm.into(&m, a.Usage)
	a.Measure, a.Paid = m, paid
	if err != nil {
		a.Finish = ""
		return a, err
	}
	a.At = c.d.Clock.Now().UTC()
	c.tokens.add(s.expected, a.Usage)
	if c.d.Price != nil {
		a.Cost = c.d.Price.Cost(a.Usage, s.images)
	}
	return a, nil
}

func outputTokens(a Answer) int {
	n := TokensOf(a.Text) + TokensOf(a.Reasoning) + TokensOf(a.Refusal)
	for _, t := range a.ToolCalls {
		n += TokensOf(t.Name + t.Arguments)
	}
	return n
}

// The forms of answers; a chunk of a stream and a whole answer differ only in
// delta and message.
type (
	wireAnswer struct {
		ID          loose           `json:"id"`
		Model       loose           `json:"model"`
		Fingerprint loose           `json:"system_fingerprint"`
		Choices     []wireChoice    `json:"choices"`
		Usage       json.RawMessage `json:"usage"`
		Error       json.RawMessage `json:"error"`
	}
	wireChoice struct {
		Index   int      `json:"index"`
		Delta   *wireOut `json:"delta"`
		Message *wireOut `json:"message"`
		Finish  loose    `json:"finish_reason"`
	}
	wireOut struct {
		Content   loose          `json:"content"`
		Reasoning loose          `json:"reasoning_content"` // DeepSeek, Qwen, GLM
		Thought   loose          `json:"reasoning"`         // vLLM, Ollama, OpenRouter
		Refusal   loose          `json:"refusal"`
		ToolCalls []wireToolCall `json:"tool_calls"`
	}
)

// readChat reads an answer, streamed or not, whatever was asked for: some
// servers do the other.
func (c *Client) readChat(arr *arrival, a *Answer, rhythm *pace, deliver func(Delta) error) error {
	kind, err := arr.kindOf()
	if err != nil {
		return err
	}
	a.RequestID = arr.res.Header.Get("X-Request-Id")
	g := gathered{a: a}
	defer g.write()
	switch kind {
	case isPage:
		return c.page(arr)
	case isEvents:
		return c.readEvents(arr, &g, rhythm, deliver)
	case isJSON:
	}
	b, err := c.all(arr)
	if err != nil {
		return err
	}
	if s, ok := errorIn(b); ok {
		return c.inside(s, arr.key)
	}
	var w wireAnswer
	if err := json.Unmarshal(b, &w); err != nil {
		return c.notJSON(b, arr.key, err)
	}
	if _, chosen := g.take(w); !chosen {
		return ErrEmpty.With("endpoint", c.d.Endpoint.Name)
	}
	if a.Finish == "" {
		a.Finish = unstated
	}
	if g.write(); deliver != nil && !a.silent() {
		arr.delivered = true
		if err := deliver(Delta{a.Text, a.Reasoning}); err != nil {
			return &deliveryError{err}
		}
	}
	return nil
}

// silent reports whether nothing was answered: no text, no call of a tool, no
// refusal. What a model thought aloud is no answer.
func (a Answer) silent() bool { return a.Text == "" && a.Refusal == "" && len(a.ToolCalls) == 0 }

// silence is the fault of an answer that says nothing, by why it ended. Only a
// model that simply stopped may do better when asked again.
func (c *Client) silence(a Answer) error {
	switch a.Finish {
	case "length", "max_tokens":
		return ErrNoRoom.With("endpoint", c.d.Endpoint.Name, "tokens", a.Usage.Completion)
	case "content_filter", "sensitive": // the second is Zhipu's
		return ErrFiltered.With("endpoint", c.d.Endpoint.Name, "detail", filteredAnswer)
	}
	return ErrEmpty.With("endpoint", c.d.Endpoint.Name)
}

// unstated is the finish of a whole answer whose server does not say why it
// ended.
const unstated = "unstated"

func (c *Client) notJSON(b []byte, key string, err error) error {
	piece := c.shown(string(b[:min(len(b), 400)]), key)
	if r := []rune(piece); len(r) > 80 {
		piece = string(r[:80]) + "…"
	}
	return ErrJSON.With("endpoint", c.d.Endpoint.Name, "problem", piece).Because(err)
}

// readEvents reads a stream to its end.
func (c *Client) readEvents(arr *arrival, g *gathered, rhythm *pace, deliver func(Delta) error) error {
	events := NewEventReader(arr.body, c.d.MaxEvent)
	a, some := g.a, false
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) {
			// Some servers leave [DONE] out; a reason to finish ends it too.
			if a.Finish == "" {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			if a.Finish != "" && errors.Is(err, io.ErrUnexpectedEOF) {
				return nil // all of the answer was there
			}
			return err
		}
		data := bytes.TrimSpace(e.Data)
		if len(data) == 0 {
			continue
		}
		if string(data) == "[DONE]" {
			// A server that gave up may announce a role, and then end: nothing
			// was said, and no reason given. It is no answer to keep.
			if g.write(); !some || a.Finish == "" && a.silent() {
				return ErrEmpty.With("endpoint", c.d.Endpoint.Name)
			}
			if a.Finish == "" {
				a.Finish = unstated
			}
			arr.end = c.d.Clock.Now()
			c.drain(arr)
			return nil
		}
		var w wireAnswer
		jsonErr := json.Unmarshal(data, &w)
		if e.Name == "error" || jsonErr == nil && (w.Error != nil || w.Choices == nil) {
			if s, ok := errorIn(data); ok {
				return c.inside(s, arr.key)
			}
			if e.Name == "error" {
				return c.inside(readSaid(data), arr.key)
			}
		}
		if jsonErr != nil {
			return c.notJSON(data, arr.key, jsonErr)
		}
		p, chosen := g.take(w)
		some = some || chosen
		if p.output {
			rhythm.piece(c.d.Clock.Now(), p.Text == "" && p.Reasoning != "")
		}
		if deliver != nil && p.Delta != (Delta{}) {
			arr.delivered = true
			if err := deliver(p.Delta); err != nil {
				return &deliveryError{err}
			}
		}
	}
}

// drain reads the end of a body, so that its connection can be used again.
// Some servers keep it open; that is found out once.
func (c *Client) drain(arr *arrival) {
	if c.slowEnd.Load() {
		return
	}
	ended := make(chan struct{})
	stop := c.d.Clock.AfterFunc(200*time.Millisecond, func() {
		c.slowEnd.Store(true)
		_ = arr.res.Body.Close() // makes the read below return; its error says nothing new
		close(ended)
	})
	_, _ = io.CopyN(io.Discard, arr.body, 4<<10) // the answer is whole already
	if !stop() {
		<-ended
	}
}

// gathered puts an answer together.
type gathered struct {
	a               *Answer
	text, reasoning strings.Builder
}

// write sets the answer's texts to what came so far.
func (g *gathered) write() { g.a.Text, g.a.Reasoning = g.text.String(), g.reasoning.String() }

// piece is what one chunk adds.
type piece struct {
	Delta
	output bool // it adds any output, tool calls included
}

// take adds what a whole answer or a chunk says. It reports whether there was
// a choice.
func (g *gathered) take(w wireAnswer) (p piece, chosen bool) {
	a := g.a
	if w.ID != "" {
		a.ID = string(w.ID)
	}
	if w.Model != "" {
		a.Model = string(w.Model)
	}
	if w.Fingerprint != "" {
		a.Fingerprint = string(w.Fingerprint)
	}
	if u, ok := readUsage(w.Usage); ok {
		a.Usage = u
	}
	for _, c := range w.Choices {
		if c.Index != 0 {
			continue
		}
		chosen = true
		if c.Finish != "" {
			a.Finish = string(c.Finish)
		}
		for _, o := range []*wireOut{c.Delta, c.Message} {
			if o == nil {
				continue
			}
			thought := o.Reasoning
			if thought == "" {
				thought = o.Thought
			}
			p.Text += string(o.Content)
			p.Reasoning += string(thought)
			a.Refusal += string(o.Refusal)
			for i, t := range o.ToolCalls {
				a.tool(t, i, c.Message != nil)
			}
			p.output = p.output || len(o.ToolCalls) > 0 || o.Refusal != ""
		}
	}
	g.text.WriteString(p.Text)
	g.reasoning.WriteString(p.Reasoning)
	p.output = p.output || p.Delta != (Delta{})
	return p, chosen
}

// tool adds a tool call, or a piece of one. Servers that leave the index out
// tell calls apart by their ids, and pieces by having none.
func (a *Answer) tool(t wireToolCall, i int, whole bool) {
	at := len(a.ToolCalls) - 1
	switch {
	case whole:
		at = i
	case t.Index != nil:
		at = *t.Index
	case t.ID != "" && (at < 0 || a.ToolCalls[at].ID != t.ID), at < 0:
		at++
	}
	const most = 128 // calls in an answer; beyond it is nonsense
	if at < 0 || at >= most {
		return
	}
	for len(a.ToolCalls) <= at {
		a.ToolCalls = append(a.ToolCalls, ToolCall{})
	}
	c := &a.ToolCalls[at]
	if t.ID != "" {
		c.ID = t.ID
	}
	// Some repeat the name in each piece, none splits it.
	if t.Function.Name != "" {
		c.Name = t.Function.Name
	}
	c.Arguments += t.Function.Arguments
}

// JSON decodes the answer's text into v. It takes off a fence of Markdown, in
// which models wrap JSON though asked not to, and a byte order mark.
func (a Answer) JSON(v any) error {
	s := strings.TrimSpace(strings.TrimPrefix(a.Text, "\ufeff"))
	if inner, ok := strings.CutPrefix(s, "```"); ok {
		if _, rest, ok := strings.Cut(inner, "\n"); ok {
			s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "```"))
		}
	}
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return ErrNotJSON.With("problem", text.Text{En: err.Error(), Zh: err.Error()})
	}
	return nil
}
