// Package llmtest is a server of models that does what it is told: it answers
// as OpenAI-compatible servers do, and fails as they do. It is for tests.
package llmtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"
)

// Call is a request that the server got.
type Call struct {
	N      int // 1 for the first that it got
	Path   string
	Header http.Header
	Body   []byte
	Request
}

// Request is what of a request's body tests mostly look at. Content is left
// as it came.
type Request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	Input         []string `json:"input"`
	MaxTokens     int      `json:"max_tokens"`
	Stream        bool     `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// Last returns the text of the last message, if it is a text.
func (r Request) Last() string {
	var s string
	if n := len(r.Messages); n > 0 {
		_ = json.Unmarshal(r.Messages[n-1].Content, &s) // parts are no text: ""
	}
	return s
}

// Fault is a way to fail.
type Fault string

// The faults.
const (
	Hang      Fault = "hang"       // takes the request and never answers
	HangBody  Fault = "hang_body"  // begins to answer and stops (in a stream: after its first piece)
	Cut       Fault = "cut"        // closes the connection half-way
	Drop      Fault = "drop"       // closes it without an answer
	HTML      Fault = "html"       // answers with a web page
	InOK      Fault = "in_ok"      // 200 with an error for a body (in a stream: after its first piece)
	BadJSON   Fault = "bad_json"   // 200 with JSON that is none
	BadSSE    Fault = "bad_sse"    // a stream with an event that is no JSON
	Oversize  Fault = "oversize"   // never stops to answer
	NoDone    Fault = "no_done"    // a stream that ends without [DONE]
	NoUsage   Fault = "no_usage"   // never counts tokens
	NoOptions Fault = "no_options" // refuses stream_options, as strict servers do
	NewTokens Fault = "new_tokens" // refuses max_tokens for max_completion_tokens
	Empty     Fault = "empty"      // answers without a choice
)

// Reply is what the server does with a call. The zero value answers with an
// empty text.
type Reply struct {
	Fault Fault
	// Status other than 0 or 200 refuses, with Error (and Header).
	Status int
	Error  map[string]any // the error object; one that fits Status if nil
	Header map[string]string

	Text, Reasoning string
	// Pieces are what is streamed; Text, four runes at a time, if nil.
	Pieces      []string
	Tools       []Tool
	Finish      string // "stop", or "tool_calls" with Tools, if empty
	Prompt      int    // tokens; 10 if 0
	Cached      int
	Completion  int // tokens; the number of pieces if 0
	Model       string
	Fingerprint string
	// Raw, if not nil, is the body, sent as ContentType (application/json if
	// empty).
	Raw         []byte
	ContentType string
	// Before is called before the answer begins, Between before each piece of
	// a stream but the first, with its number from 1. Let them block on a
	// channel, or move a Clock.
	Before  func()
	Between func(piece int)
}

// Tool is a call of a tool in a reply. It is streamed in two pieces.
type Tool struct{ ID, Name, Arguments string }

// Server is the server. BaseURL is that of an endpoint.
type Server struct {
	BaseURL string

	http   *httptest.Server
	answer func(Call) Reply
	models []string
	ended  chan struct{}
	count  atomic.Int64
	mu     sync.Mutex
	calls  []Call
	flying atomic.Int64
	most   atomic.Int64
}

// New starts a server that answers by answer, and ends it with the test.
// Embeddings and the list of models are answered by themselves unless answer
// gives Raw, a Fault or a Status.
func New(t testing.TB, answer func(Call) Reply) *Server {
	t.Helper()
	s := Start(answer)
	t.Cleanup(s.Close)
	return s
}

// Start starts a server outside of a test. Close it.
func Start(answer func(Call) Reply) *Server {
	s := &Server{answer: answer, models: []string{"test-model"}, ended: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.BaseURL = s.http.URL + "/v1"
	return s
}

// Close ends what hangs and stops the server.
func (s *Server) Close() {
	close(s.ended)
	s.http.CloseClientConnections()
	s.http.Close()
}

// Always answers every call with r.
func Always(r Reply) func(Call) Reply { return func(Call) Reply { return r } }

// Sequence answers the first call with the first reply, and so on; the last
// reply repeats.
func Sequence(rs ...Reply) func(Call) Reply {
	return func(c Call) Reply { return rs[min(c.N, len(rs))-1] }
}

// Flood refuses the first n calls with 429 and a Retry-After of seconds (none
// if negative), and answers the others with r.
func Flood(n, seconds int, r Reply) func(Call) Reply {
	return func(c Call) Reply {
		if c.N > n {
			return r
		}
		refusal := Reply{Status: http.StatusTooManyRequests}
		if seconds >= 0 {
			refusal.Header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
		}
		return refusal
	}
}

// Calls returns the requests so far, in the order in which they came.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// MostAtOnce returns the highest number of calls that were served at once.
func (s *Server) MostAtOnce() int { return int(s.most.Load()) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	now := s.flying.Add(1)
	defer s.flying.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	c := Call{Path: strings.TrimPrefix(r.URL.Path, "/v1"), Header: r.Header.Clone(), Body: b}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &c.Request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	s.mu.Lock()
	c.N = int(s.count.Add(1))
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	reply := s.answer(c)
	if reply.Before != nil {
		reply.Before()
	}
	s.reply(w, r, c, reply)
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, c Call, p Reply) {
	for k, v := range p.Header {
		w.Header().Set(k, v)
	}
	switch {
	case p.Fault == Hang:
		s.hang(r)
		return
	case p.Fault == Drop:
		panic(http.ErrAbortHandler)
	case p.Fault == HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if p.Status != 0 {
			w.WriteHeader(p.Status)
		}
		fmt.Fprint(w, "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>")
		return
	case p.Fault == NoOptions && c.StreamOptions != nil:
		p.Status, p.Error = 422, map[string]any{"message": "Extra inputs are not permitted: stream_options.include_usage"}
	case p.Fault == NewTokens && c.MaxTokens > 0:
		p.Status, p.Error = 400, map[string]any{"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "type": "invalid_request_error"}
	}
	switch {
	case p.Status != 0 && p.Status != http.StatusOK:
		if p.Error == nil {
			p.Error = map[string]any{"message": http.StatusText(p.Status), "type": "test_error", "code": nil}
		}
		s.json(w, p.Status, map[string]any{"error": p.Error})
	case p.Raw != nil:
		if p.ContentType == "" {
			p.ContentType = "application/json"
		}
		w.Header().Set("Content-Type", p.ContentType)
		_, _ = w.Write(p.Raw) // the client may have gone
	case c.Path == "/models":
		data := []map[string]any{}
		for _, m := range s.models {
			data = append(data, map[string]any{"id": m, "object": "model", "owned_by": "test"})
		}
		s.json(w, http.StatusOK, map[string]any{"object": "list", "data": data})
	case c.Path == "/embeddings" && p.Fault == "":
		s.embeddings(w, c)
	case c.Stream:
		s.stream(w, r, c, p)
	default:
		s.whole(w, r, c, p)
	}
}

// hang waits for the client to give up, or the test to end.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.ended:
	}
}

func (s *Server) json(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may have gone
}

func (s *Server) embeddings(w http.ResponseWriter, c Call) {
	data := []map[string]any{}
	tokens := 0
	for i, text := range c.Input {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": Vector(text)})
		tokens += len(text)
	}
	s.json(w, http.StatusOK, map[string]any{"object": "list", "model": c.Model, "data": data,
		"usage": map[string]any{"prompt_tokens": tokens, "total_tokens": tokens}})
}

// Vector is the embedding of text: 8 numbers, equal for equal texts.
func Vector(text string) []float32 {
	out := make([]float32, 8)
	for i := range out {
		h := fnv.New32a()
		fmt.Fprintf(h, "%d %s", i, text)
		out[i] = float32(h.Sum32()%2000)/1000 - 1
	}
	return out
}

// pieces returns what is streamed.
func (p Reply) pieces() []string {
	if p.Pieces != nil {
		return p.Pieces
	}
	var out []string
	for rest := p.Text; rest != ""; {
		n := 0
		for range 4 {
			_, size := utf8.DecodeRuneInString(rest[n:])
			n += size
		}
		out, rest = append(out, rest[:n]), rest[n:]
	}
	return out
}
