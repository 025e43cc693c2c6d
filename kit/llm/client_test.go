package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
	"github.com/landfall-ai/landfall/kit/outbound"
)

const key = "sk-0123456789-secret"

// client returns one for s on a clock that moves by itself, changed by set.
func client(t *testing.T, s *llmtest.Server, set func(*llm.Deps)) (*llm.Client, *llmtest.Clock) {
	t.Helper()
	clock := llmtest.NewClock()
	clock.Auto = true
	d := llm.Deps{
		Endpoint: llm.Endpoint{Name: "test", BaseURL: s.BaseURL, Model: "m", Classes: []string{"public"}, Key: func() (string, error) { return key, nil }},
		Clock:    clock, Jitter: func() float64 { return 0.5 },
	}
	if set != nil {
		set(&d)
	}
	c, err := llm.New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, clock
}

func hello() llm.Request {
	return llm.Request{Class: "public", Messages: []llm.Message{llm.Text("user", "hello")}, MaxTokens: 50}
}

func TestChat(t *testing.T) {
	t.Parallel()
	for _, unstreamed := range []bool{false, true} {
		reply := llmtest.Reply{Text: "你好,世界。Hello!", Reasoning: "greet", Prompt: 12, Cached: 4, Completion: 9, Model: "m-2026", Fingerprint: "fp_1",
			Header: map[string]string{"X-Request-Id": "req-7"}}
		s := llmtest.New(t, llmtest.Always(reply))
		c, _ := client(t, s, func(d *llm.Deps) { d.Endpoint.Unstreamed = unstreamed })
		var streamed strings.Builder
		a, err := c.Stream(t.Context(), hello(), func(d llm.Delta) error { streamed.WriteString(d.Text); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if a.Text != reply.Text || streamed.String() != reply.Text || a.Reasoning != "greet" || a.Finish != "stop" ||
			a.Model != "m-2026" || a.Fingerprint != "fp_1" || a.RequestID != "req-7" || a.ID != "chatcmpl-1" || a.Cached {
			t.Errorf("unstreamed %v: %+v", unstreamed, a)
		}
		if want := (llm.Usage{Prompt: 12, Cached: 4, Completion: 9}); a.Usage != want {
			t.Errorf("usage %+v", a.Usage)
		}
		if a.Measure.Attempts != 1 || len(a.Digest) != 64 || a.At.IsZero() {
			t.Errorf("measured %+v", a)
		}
		call := s.Calls()[0]
		if call.Header.Get("Authorization") != "Bearer "+key || call.Path != "/chat/completions" || call.Stream == unstreamed {
			t.Errorf("sent %s %v %v", call.Path, call.Header, call.Stream)
		}
	}
}

// All that can be asked for, as it is sent.
func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "ok"}))
	c, _ := client(t, s, nil)
	half, seed := 0.5, int64(7)
	png := []byte("\x89PNG\r\n\x1a\n")
	_, err := c.Chat(t.Context(), llm.Request{Class: "public", Model: "other",
		Messages: []llm.Message{
			llm.Text("system", "be <brief>"),
			{Role: "user", Parts: []llm.Part{{Text: "what is it?"}, {Image: &llm.Image{Data: png, Detail: "low"}}, {Image: &llm.Image{URL: "https://example.com/a.png"}}}},
			{Role: "assistant", ToolCalls: []llm.ToolCall{{ID: "c1", Name: "look", Arguments: `{"a":1}`}}},
			{Role: "tool", ToolCallID: "c1", Parts: []llm.Part{{Text: "42"}}},
		},
		Tools: []llm.Tool{{Name: "look", Description: "looks", Parameters: json.RawMessage(`{"type":"object"}`), Strict: true}}, ToolChoice: "look",
		Format:      &llm.Format{Schema: json.RawMessage(`{"properties":{"z":{},"a":{}}}`), Strict: true},
		Temperature: &half, TopP: &half, MaxTokens: 9, Seed: &seed, Stop: []string{"END"},
		Extra: map[string]json.RawMessage{"top_k": json.RawMessage(" 5 "), "enable_thinking": json.RawMessage("false")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"model":"other","messages":[{"role":"system","content":"be <brief>"},` +
		`{"role":"user","content":[{"type":"text","text":"what is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"low"}},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]},` +
		`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"a\":1}"}}]},` +
		`{"role":"tool","content":"42","tool_call_id":"c1"}],` +
		`"tools":[{"type":"function","function":{"name":"look","description":"looks","parameters":{"type":"object"},"strict":true}}],` +
		`"tool_choice":{"type":"function","function":{"name":"look"}},` +
		`"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"properties":{"z":{},"a":{}}},"strict":true}},` +
		`"temperature":0.5,"top_p":0.5,"max_tokens":9,"seed":7,"stop":["END"],"stream":true,"stream_options":{"include_usage":true},` +
		`"enable_thinking":false,"top_k":5}`
	if got := string(s.Calls()[0].Body); got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

func TestRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Endpoint.Model = "" })
	user := []llm.Message{llm.Text("user", "x")}
	image := func(i llm.Image) []llm.Message {
		return []llm.Message{{Role: "user", Parts: []llm.Part{{Image: &i}}}}
	}
	for name, r := range map[string]llm.Request{
		"no model":           {Messages: user},
		"no messages":        {Model: "m"},
		"no role":            {Model: "m", Messages: []llm.Message{{}}},
		"negative":           {Model: "m", Messages: user, MaxTokens: -1},
		"extra that is ours": {Model: "m", Messages: user, Extra: map[string]json.RawMessage{"stream": json.RawMessage("true")}},
		"extra no JSON":      {Model: "m", Messages: user, Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}},
		"schema no JSON":     {Model: "m", Messages: user, Format: &llm.Format{Schema: json.RawMessage("{")}},
		"image that is none": {Model: "m", Messages: image(llm.Image{Data: []byte("hello")})},
		"image of nothing":   {Model: "m", Messages: image(llm.Image{})},
		"image from a file":  {Model: "m", Messages: image(llm.Image{URL: "file:///etc/passwd"})},
	} {
		r.Class = "public"
		if _, err := c.Chat(t.Context(), r); !errors.Is(err, llm.ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.Calls()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestToolCalls(t *testing.T) {
	t.Parallel()
	tools := []llmtest.Tool{{ID: "a", Name: "transfer", Arguments: `{"amount": 100}`}, {ID: "b", Name: "notify", Arguments: `{}`}}
	for _, unstreamed := range []bool{false, true} {
		s := llmtest.New(t, llmtest.Always(llmtest.Reply{Tools: tools}))
		c, _ := client(t, s, func(d *llm.Deps) { d.Endpoint.Unstreamed = unstreamed })
		a, err := c.Chat(t.Context(), hello())
		if got := fmt.Sprint(a.ToolCalls); err != nil || got != `[{a transfer {"amount": 100}} {b notify {}}]` || a.Finish != "tool_calls" {
			t.Errorf("unstreamed %v: %v, %s, %v", unstreamed, got, a.Finish, err)
		}
	}
	// Pieces without an index: ids tell them apart.
	raw := `data: {"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"1}"}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{}"}},{"index":100000000,"function":{"arguments":"x"}}]},"finish_reason":"tool_calls"}]}

data: [DONE]`
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Raw: []byte(raw), ContentType: "text/event-stream"}))
	c, _ := client(t, s, nil)
	a, err := c.Chat(t.Context(), hello())
	if got := fmt.Sprint(a.ToolCalls); err != nil || got != `[{a f {"x":1}} {b g {}}]` {
		t.Errorf("without an index: %v, %v", got, err)
	}
}

// What servers really write.
func TestDialects(t *testing.T) {
	t.Parallel()
	const sse = "text/event-stream"
	for _, c := range []struct {
		name, contentType, raw string
		text                   string
		usage                  llm.Usage
	}{
		{"a whole answer to a request for a stream", "application/json", `{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, "hi", llm.Usage{Prompt: 3, Completion: 1}},
		{"null content beside a refusal", "application/json", `{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":null}]}`, "", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
		{"content in parts", "application/json", `{"choices":[{"message":{"content":[{"type":"text","text":"h"},{"type":"text","text":"i"}]}}]}`, "hi", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
		{"DeepSeek's cache", sse, "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_cache_hit_tokens\":8}}\n\ndata: [DONE]\n\n", "hi", llm.Usage{Prompt: 9, Cached: 8, Completion: 1}},
		{"Moonshot's cache", sse, "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"cached_tokens\":5}}\n\n", "hi", llm.Usage{Prompt: 9, Cached: 5, Completion: 1}},
		{"reasoning tokens", sse, "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":7,\"completion_tokens_details\":{\"reasoning_tokens\":6}}}\n\n", "hi", llm.Usage{Prompt: 9, Completion: 7, Reasoning: 6}},
		{"counts that cannot be", sse, "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"cached_tokens\":500}}\n\n", "hi", llm.Usage{Prompt: 9, Cached: 9, Completion: 1}},
		{"keep-alive, empty data, no type", "", ": keep-alive\n\ndata:\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n", "hi", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
		{"Azure's first chunk", sse, "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", "hi", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
		{"a second choice", sse, "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}},{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n", "hi", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
		{"an error that is null", "application/json", `{"error":null,"choices":[{"message":{"content":"hi"}}]}`, "hi", llm.Usage{Prompt: 6, Completion: 1, Estimated: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t, llmtest.Always(llmtest.Reply{Raw: []byte(c.raw), ContentType: c.contentType}))
			cl, _ := client(t, s, nil)
			a, err := cl.Chat(t.Context(), hello())
			if err != nil || a.Text != c.text || a.Usage != c.usage || a.Finish == "" {
				t.Errorf("%q, %+v, %q, %v", a.Text, a.Usage, a.Finish, err)
			}
		})
	}
}

// Time is what the clock says: waiting is told apart from service, and the
// first token from the others.
func TestMeasure(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	clock.Auto = true
	s := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		if c.N == 1 {
			return llmtest.Reply{Status: 429, Header: map[string]string{"Retry-After": "7"}, Before: func() { clock.Advance(time.Second) }}
		}
		if c.N == 2 {
			return llmtest.Reply{Status: 500, Before: func() { clock.Advance(2 * time.Second) }}
		}
		return llmtest.Reply{Pieces: []string{"a", "b", "c"}, Completion: 5, Before: func() { clock.Advance(3 * time.Second) }}
	})
	c, _ := client(t, s, func(d *llm.Deps) { d.Clock = clock })
	at := 0
	a, err := c.Stream(t.Context(), hello(), func(llm.Delta) error {
		at++ // the tokens come 100 ms apart, then 300 ms
		clock.Advance(time.Duration(at*2-1) * 100 * time.Millisecond)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m := a.Measure
	want := llm.Measure{Rate: 7 * time.Second, Backoff: 500 * time.Millisecond, Failed: 3 * time.Second,
		Service: 3900 * time.Millisecond, FirstToken: 3 * time.Second, FirstText: 3 * time.Second, Pieces: 3,
		GapMean: 200 * time.Millisecond, GapP95: 290 * time.Millisecond, PerToken: 100 * time.Millisecond, Attempts: 3}
	if m != want {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
	if m.Total() != 14400*time.Millisecond {
		t.Errorf("total %v", m.Total())
	}
}

func TestFirstTextComesAfterReasoning(t *testing.T) {
	t.Parallel()
	clock := llmtest.NewClock()
	gate := make(chan struct{})
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Reasoning: "hm", Pieces: []string{"a"}, Between: func(int) { <-gate }}))
	c, _ := client(t, s, func(d *llm.Deps) { d.Clock = clock })
	a, err := c.Stream(t.Context(), hello(), func(d llm.Delta) error {
		if d.Reasoning != "" {
			clock.Advance(5 * time.Second)
			close(gate)
		}
		return nil
	})
	if err != nil || a.Measure.FirstToken != 0 || a.Measure.FirstText != 5*time.Second {
		t.Errorf("%+v, %v", a.Measure, err)
	}
}

func TestDataClassIsCheckedBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{}))
	asked := false
	c, _ := client(t, s, func(d *llm.Deps) {
		d.Endpoint.Classes = []string{"public", "internal"}
		d.Endpoint.Key = func() (string, error) { asked = true; return key, nil }
	})
	for _, class := range []string{"", "personal", "confidential", "Public"} {
		_, err := c.Chat(t.Context(), llm.Request{Class: class, Messages: []llm.Message{llm.Text("user", "x")}})
		if f := fault.From(err); !errors.Is(err, llm.ErrClass) || f.Kind != fault.Denied {
			t.Errorf("%q: %v", class, err)
		}
		if _, err := c.Embed(t.Context(), llm.EmbedRequest{Class: class, Texts: []string{"x"}}); !errors.Is(err, llm.ErrClass) {
			t.Errorf("%q: %v", class, err)
		}
	}
	if asked || len(s.Calls()) > 0 {
		t.Error("the key was asked for, or something sent")
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]error{
		"https://api.example.com/v1":                   nil,
		"https://api.example.com/v1/chat/completions/": nil,
		"https://example.com/openai?api-version=1":     nil,
		"http://127.0.0.1:11434/v1":                    nil,
		"http://10.0.0.9:8000/v1":                      outbound.ErrInsecure,
		"http://api.example.com/v1":                    outbound.ErrInsecure,
		"https://user:pass@example.com/":               llm.ErrEndpoint,
		"https://example.com/#x":                       llm.ErrEndpoint,
		"example.com/v1":                               llm.ErrEndpoint,
		"":                                             llm.ErrEndpoint,
		"ftp://example.com":                            outbound.ErrInsecure,
	} {
		_, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "e", BaseURL: base}})
		if (want == nil) != (err == nil) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", base, err)
		}
	}
	for name, e := range map[string]llm.Endpoint{
		"no name":       {BaseURL: "https://example.com"},
		"unknown class": {Name: "e", BaseURL: "https://example.com", Classes: []string{"secret"}},
		"split header":  {Name: "e", BaseURL: "https://example.com", Headers: map[string]string{"X": "a\r\nB: c"}},
	} {
		if _, err := llm.New(llm.Deps{Endpoint: e}); !errors.Is(err, llm.ErrEndpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "e", BaseURL: "http://10.0.0.9", AllowHTTP: true}}); err != nil {
		t.Errorf("allowed: %v", err)
	}
	for _, price := range []*llm.Price{nil, {Currency: "USD"}} {
		if _, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "e", BaseURL: "https://example.com"}, Price: price, Budget: llm.NewBudget(yuan("1"))}); !errors.Is(err, llm.ErrPrice) {
			t.Errorf("a budget with price %v: %v", price, err)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "x"}))
	env := map[string]string{"MY_KEY": " " + key + "\n", "EMPTY": " ", "BROKEN": "a\nb"}
	for variable, want := range map[string]error{"MY_KEY": nil, "": nil, "EMPTY": llm.ErrKeyMissing, "ABSENT": llm.ErrKeyMissing, "BROKEN": llm.ErrEndpoint} {
		c, _ := client(t, s, func(d *llm.Deps) {
			d.Endpoint.Key, d.Endpoint.KeyEnv = nil, variable
			d.Env = func(k string) string { return env[k] }
		})
		if _, err := c.Chat(t.Context(), hello()); (want == nil) != (err == nil) || want != nil && !errors.Is(err, want) {
			t.Errorf("%q: %v", variable, err)
		}
	}
}

func TestRedirectElsewhereIsNotFollowed(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(thief.Close)
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Status: 307, Header: map[string]string{"Location": thief.URL + "/v1/chat/completions"}}))
	for _, given := range []*http.Client{nil, {Transport: http.DefaultTransport}} {
		c, _ := client(t, s, func(d *llm.Deps) { d.HTTP = given })
		if _, err := c.Chat(t.Context(), hello()); !errors.Is(err, outbound.ErrElsewhere) {
			t.Errorf("got %v", err)
		}
	}
	if hits.Load() > 0 {
		t.Error("the request was sent elsewhere")
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{}))
	price := llm.Price{Currency: "CNY", InputPer1M: dec("1")}
	c, _ := client(t, s, func(d *llm.Deps) { d.Price, d.Cache = &price, &llm.Memory{} })
	r := llm.EmbedRequest{Class: "public", Texts: []string{"a", "bb", "a"}}
	e, err := c.Embed(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(e.Vectors) != fmt.Sprint([][]float32{llmtest.Vector("a"), llmtest.Vector("bb"), llmtest.Vector("a")}) || e.Usage.Prompt != 4 || !e.Paid.Amount.Equal(dec("0.000004")) {
		t.Errorf("%+v", e)
	}
	again, err := c.Embed(t.Context(), r)
	if err != nil || !again.Cached || fmt.Sprint(again.Vectors) != fmt.Sprint(e.Vectors) || !again.Paid.Amount.IsZero() || len(s.Calls()) != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	for raw, want := range map[string]error{
		`{"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}]}`:          nil,
		`{"data":[{"index":0,"embedding":"AACAPwAAAEA="},{"index":1,"embedding":[3,4]}]}`: nil,
		`{"data":[{"index":0,"embedding":[1,2]}]}`:                                        llm.ErrVectors,
		`{"data":[{"index":0,"embedding":[1,2]},{"index":0,"embedding":[1,2]}]}`:          llm.ErrVectors,
		`{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1]}]}`:            llm.ErrVectors,
		`{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`:                llm.ErrVectors,
		`{"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":[1]}]}`:       llm.ErrJSON, // NaN
		`{"data":[{"index":0,"embedding":"x"},{"index":1,"embedding":[1]}]}`:              llm.ErrJSON,
		`{"error":{"message":"no"}}`:                                                      llm.ErrInOK,
	} {
		s := llmtest.New(t, llmtest.Always(llmtest.Reply{Raw: []byte(raw)}))
		c, _ := client(t, s, nil)
		e, err := c.Embed(t.Context(), llm.EmbedRequest{Class: "public", Texts: []string{"a", "b"}})
		if (want == nil) != (err == nil) || want != nil && !errors.Is(err, want) || err == nil && fmt.Sprint(e.Vectors) != "[[1 2] [3 4]]" {
			t.Errorf("%s: %v, %v", raw, e.Vectors, err)
		}
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{}))
	c, _ := client(t, s, nil)
	if m, err := c.Models(t.Context()); err != nil || len(m) != 1 || m[0].ID != "test-model" {
		t.Errorf("%v, %v", m, err)
	}
	s = llmtest.New(t, llmtest.Always(llmtest.Reply{Raw: []byte(`{"models":[]}`)}))
	c, _ = client(t, s, nil)
	if _, err := c.Models(t.Context()); !errors.Is(err, llm.ErrJSON) {
		t.Errorf("no list: %v", err)
	}
}

func TestAnswerAsJSON(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{`{"a":1}`: true, " {\"a\":1}\n": true, "```json\n{\"a\":1}\n```": true, "```\n{\"a\":1}\n```\n": true, "\ufeff{\"a\":1}": true, "Sure! {\"a\":1}": false, "": false, "```": false} {
		var v struct{ A int }
		err := llm.Answer{Text: text}.JSON(&v)
		if ok != (err == nil && v.A == 1) || err != nil && !errors.Is(err, llm.ErrNotJSON) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCallerEndsTheCall(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Pieces: []string{"a", "b"}}))
	c, _ := client(t, s, nil)
	full := errors.New("disk full")
	_, err := c.Stream(t.Context(), hello(), func(llm.Delta) error { return full })
	if !errors.Is(err, full) || len(s.Calls()) != 1 {
		t.Errorf("its own error: %v after %d calls", err, len(s.Calls()))
	}
	hang := llmtest.New(t, llmtest.Always(llmtest.Reply{Fault: llmtest.HangBody, Pieces: []string{"a", "b"}}))
	c, _ = client(t, hang, nil)
	ctx, cancel := context.WithCancel(t.Context())
	a, err := c.Stream(ctx, hello(), func(llm.Delta) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || fault.From(err).Kind != fault.Canceled || a.Text != "a" || a.Finish != "" {
		t.Errorf("canceled: %+v, %v", a, err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if _, err := c.Chat(ctx, hello()); !errors.Is(err, llm.ErrTooSlow) {
		t.Errorf("a deadline: %v", err)
	}
	if s := c.Limiter().State(); s.InFlight != 0 {
		t.Errorf("slots left: %+v", s)
	}
}

// A server that gave up announces a role and ends, or says that it stopped
// without a word: that is no answer. It is asked again under the budget of
// retries, and never kept.
func TestSilenceIsNoAnswer(t *testing.T) {
	t.Parallel()
	gaveUp := llmtest.Reply{ContentType: "text/event-stream",
		Raw: []byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}]}\n\ndata: [DONE]\n\n")}
	for name, silent := range map[string]llmtest.Reply{"gave up": gaveUp, "stop": {}} {
		s := llmtest.New(t, llmtest.Sequence(silent, silent, silent, llmtest.Reply{Text: "said"}))
		cache := &llm.Memory{}
		c, _ := client(t, s, func(d *llm.Deps) { d.Cache, d.Policy.Attempts, d.Retries = cache, 2, llm.NewRetryBudget(0, 1) })
		if a, err := c.Chat(t.Context(), hello()); !errors.Is(err, llm.ErrEmpty) || a.Measure.Attempts != 2 {
			t.Fatalf("%s: %q, %v", name, a.Text, err)
		}
		if a, err := c.Chat(t.Context(), hello()); !errors.Is(err, llm.ErrEmpty) || !a.Measure.RetryDenied {
			t.Fatalf("%s: silence was kept, or the budget is not held to: %q, %v", name, a.Text, err)
		}
		a, err := c.Chat(t.Context(), hello())
		if err != nil || a.Text != "said" || a.Cached {
			t.Fatalf("%s: %q, %v", name, a.Text, err)
		}
		// What an older version kept is asked for afresh.
		old, err := json.Marshal(llm.Answer{Digest: a.Digest, Finish: "stop"})
		if err := errors.Join(err, cache.Put(t.Context(), a.Digest, old)); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Chat(t.Context(), hello()); err != nil || a.Text != "said" || len(s.Calls()) != 5 {
			t.Errorf("%s: %q after %d calls, %v", name, a.Text, len(s.Calls()), err)
		}
	}
}

// Some servers take the schema beside the type json_object.
func TestSchemaBesideJSONObject(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Always(llmtest.Reply{Text: "{}"}))
	c, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "near", BaseURL: s.BaseURL, Model: "m", Classes: []string{"public"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := llm.Request{Class: "public", Messages: []llm.Message{llm.Text("user", "hello")}, Format: &llm.Format{Schema: []byte(`{"type":"object"}`), Object: true}}
	if _, err := c.Chat(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if body := string(s.Calls()[0].Body); !strings.Contains(body, `"response_format":{"type":"json_object","schema":{"type":"object"}}`) {
		t.Error(body)
	}
}
