package llmtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

func (p Reply) usage() map[string]any {
	completion := p.Completion
	if completion == 0 {
		completion = len(p.pieces())
	}
	prompt := cmp.Or(p.Prompt, 10)
	return map[string]any{"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		"prompt_tokens_details": map[string]any{"cached_tokens": p.Cached}}
}

func (p Reply) finish() string {
	if p.Finish == "" && len(p.Tools) > 0 {
		return "tool_calls"
	}
	return cmp.Or(p.Finish, "stop")
}

// head is what every answer and chunk begins with.
func (p Reply) head(c Call, object string) map[string]any {
	return map[string]any{"id": fmt.Sprintf("chatcmpl-%d", c.N), "object": object, "created": 1767225600,
		"model": cmp.Or(p.Model, c.Model), "system_fingerprint": cmp.Or(p.Fingerprint, "fp_test")}
}

func call(i int, t Tool) map[string]any {
	return map[string]any{"index": i, "id": t.ID, "type": "function", "function": map[string]any{"name": t.Name, "arguments": t.Arguments}}
}

// whole answers at once.
func (s *Server) whole(w http.ResponseWriter, r *http.Request, c Call, p Reply) {
	message := map[string]any{"role": "assistant", "content": p.Text}
	if p.Text == "" {
		message["content"] = strings.Join(p.Pieces, "")
	}
	if p.Reasoning != "" {
		message["reasoning_content"] = p.Reasoning
	}
	var calls []map[string]any
	for i, t := range p.Tools {
		calls = append(calls, call(i, t))
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	out := p.head(c, "chat.completion")
	out["choices"] = []map[string]any{{"index": 0, "message": message, "finish_reason": p.finish()}}
	switch p.Fault {
	case InOK:
		out = map[string]any{"error": orDefault(p.Error)}
	case Empty:
		out["choices"] = []any{}
	case NoUsage:
	default:
		out["usage"] = p.usage()
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	switch p.Fault {
	case BadJSON:
		b = b[:len(b)-2]
	case Cut, HangBody:
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		_, _ = w.Write(b[:len(b)/2])
		w.(http.Flusher).Flush()
		if p.Fault == Cut {
			panic(http.ErrAbortHandler)
		}
		s.hang(r)
		return
	case Oversize:
		s.flood(w, []byte(strings.Repeat(" ", 64<<10)))
		return
	}
	_, _ = w.Write(b)
}

func orDefault(e map[string]any) map[string]any {
	if e == nil {
		return map[string]any{"message": "the model crashed", "type": "server_error", "code": nil}
	}
	return e
}

// flood writes until the client has gone.
func (s *Server) flood(w http.ResponseWriter, b []byte) {
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
		select {
		case <-s.ended:
			return
		default:
		}
	}
}

// stream answers piece by piece.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, c Call, p Reply) {
	w.Header().Set("Content-Type", "text/event-stream")
	event := func(v any) {
		b, ok := v.([]byte)
		if !ok {
			var err error
			if b, err = json.Marshal(v); err != nil {
				panic(err)
			}
		}
		fmt.Fprintf(w, "data: %s\n\n", b)
		w.(http.Flusher).Flush()
	}
	chunk := func(delta map[string]any, finish any) {
		out := p.head(c, "chat.completion.chunk")
		out["choices"] = []map[string]any{{"index": 0, "delta": delta, "finish_reason": finish}}
		event(out)
	}
	if p.Fault == Empty {
		event([]byte("[DONE]"))
		return
	}
	chunk(map[string]any{"role": "assistant", "content": ""}, nil)
	n := 0
	piece := func(delta map[string]any) {
		if n > 0 && p.Between != nil {
			p.Between(n)
		}
		n++
		chunk(delta, nil)
	}
	if p.Reasoning != "" {
		piece(map[string]any{"reasoning_content": p.Reasoning})
	}
	for i, text := range p.pieces() {
		piece(map[string]any{"content": text})
		if i > 0 {
			continue
		}
		switch p.Fault {
		case HangBody:
			s.hang(r)
			return
		case Cut:
			panic(http.ErrAbortHandler)
		case InOK:
			event(map[string]any{"error": orDefault(p.Error)})
			return
		case BadSSE:
			event([]byte(`{"choices": [`))
			return
		case Oversize:
			b := []byte(fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", strings.Repeat("a", 16<<10)))
			s.flood(w, b)
			return
		}
	}
	for i, t := range p.Tools {
		half := len(t.Arguments) / 2
		piece(map[string]any{"tool_calls": []map[string]any{call(i, Tool{t.ID, t.Name, t.Arguments[:half]})}})
		piece(map[string]any{"tool_calls": []map[string]any{{"index": i, "function": map[string]any{"arguments": t.Arguments[half:]}}}})
	}
	chunk(map[string]any{}, p.finish())
	if c.StreamOptions != nil && c.StreamOptions.IncludeUsage && p.Fault != NoUsage {
		out := p.head(c, "chat.completion.chunk")
		out["choices"], out["usage"] = []any{}, p.usage()
		event(out)
	}
	if p.Fault != NoDone {
		event([]byte("[DONE]"))
	}
}
