package llm_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

const benchBody = `{"model":"m","messages":[{"role":"user","content":"hello"}],"max_tokens":50}`

// reply is ready made, so that the server costs little of what is measured.
func reply(stream bool) llmtest.Reply {
	if !stream {
		return llmtest.Reply{Raw: []byte(`{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` +
			strings.Repeat("word ", 100) + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":100}}`)}
	}
	var b strings.Builder
	for range 100 {
		b.WriteString(`data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}` + "\n\n")
	}
	b.WriteString(`data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":100}}` + "\n\ndata: [DONE]\n\n")
	return llmtest.Reply{Raw: []byte(b.String()), ContentType: "text/event-stream"}
}

// BenchmarkClient compares a call with the same over bare net/http, which
// reads the answer and looks at nothing; both in the same run.
func BenchmarkClient(b *testing.B) {
	for _, kind := range []string{"whole", "stream"} {
		s := llmtest.Start(llmtest.Always(reply(kind == "stream")))
		b.Run(kind+"/bare", func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			b.ReportAllocs()
			for b.Loop() {
				res, err := client.Post(s.BaseURL+"/chat/completions", "application/json", bytes.NewReader([]byte(benchBody)))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					b.Fatal(err)
				}
				_ = res.Body.Close()
			}
		})
		b.Run(kind+"/client", func(b *testing.B) {
			c, err := llm.New(llm.Deps{Endpoint: llm.Endpoint{Name: "b", BaseURL: s.BaseURL, Model: "m", Classes: []string{"public"}, Unstreamed: kind == "whole"}})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			b.ReportAllocs()
			for b.Loop() {
				if a, err := c.Chat(b.Context(), hello()); err != nil || len(a.Text) != 500 {
					b.Fatal(len(a.Text), err)
				}
			}
		})
		s.Close()
	}
}

// BenchmarkEvents reads a stream of 100 events.
func BenchmarkEvents(b *testing.B) {
	raw := reply(true).Raw
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events(bytes.NewReader(raw), 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
