package llm

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/kit/stats"
)

// Answer is what a model said, and what it took.
type Answer struct {
	Text string `json:"text"`
	// Reasoning is what the model thought aloud before, if the server tells.
	Reasoning string     `json:"reasoning,omitempty"`
	Refusal   string     `json:"refusal,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
	// Finish is why it ended: stop, length, tool_calls, content_filter or what
	// the server says. It is empty if the answer is not whole.
	Finish string `json:"finish,omitempty"`
	// Model and Fingerprint are what the server says that answered.
	Model       string `json:"model,omitempty"`
	Fingerprint string `json:"system_fingerprint,omitempty"`
	ID          string `json:"id,omitempty"`
	RequestID   string `json:"request_id,omitempty"` // for asking the provider
	Usage       Usage  `json:"usage"`
	// Measure is of the call that the model answered, also when the answer
	// now comes from the cache.
	Measure Measure   `json:"measure"`
	At      time.Time `json:"at"` // when the answer was whole, UTC
	// Digest is that of all that determines the answer.
	Digest string `json:"digest,omitempty"`
	// Cost is that of the answer by the client's price, also when it now comes
	// from the cache; nothing without a price.
	Cost Money `json:"cost"`
	// Cached is set if this call asked no model: the answer was in the cache,
	// or an equal call in flight at the same time got it.
	Cached bool `json:"-"`
	// Paid is what this call cost, attempts that failed included; nothing if
	// Cached.
	Paid Money `json:"-"`
}

// Usage counts tokens. Cached are part of Prompt, Reasoning of Completion.
type Usage struct {
	Prompt     int `json:"prompt"`
	Cached     int `json:"cached,omitempty"`
	Completion int `json:"completion"`
	Reasoning  int `json:"reasoning,omitempty"`
	// Estimated is set if the server did not count and we did.
	Estimated bool `json:"estimated,omitempty"`
}

// wireUsage reads the dialects: OpenAI's details, DeepSeek's cache hits,
// Moonshot's cached tokens.
type wireUsage struct {
	Prompt        int `json:"prompt_tokens"`
	Completion    int `json:"completion_tokens"`
	PromptDetails *struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails *struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	CacheHit int `json:"prompt_cache_hit_tokens"`
	Cached   int `json:"cached_tokens"`
}

func (w wireUsage) usage() Usage {
	u := Usage{Prompt: max(w.Prompt, 0), Completion: max(w.Completion, 0)}
	u.Cached = max(w.CacheHit, w.Cached)
	if w.PromptDetails != nil {
		u.Cached = max(u.Cached, w.PromptDetails.Cached)
	}
	if w.CompletionDetails != nil {
		u.Reasoning = w.CompletionDetails.Reasoning
	}
	u.Cached = min(max(u.Cached, 0), u.Prompt)
	u.Reasoning = min(max(u.Reasoning, 0), u.Completion)
	return u
}

// readUsage returns the usage in raw, and whether there is one.
func readUsage(raw json.RawMessage) (Usage, bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return Usage{}, false
	}
	var w wireUsage
	if json.Unmarshal(raw, &w) != nil || w.Prompt+w.Completion <= 0 {
		return Usage{}, false // a count that cannot be read is no count
	}
	return w.usage(), true
}

// Measure is the time that a call took, by cause. Durations are JSON numbers
// of nanoseconds.
type Measure struct {
	// Queue is the wait for calls of our own to end or their money to come
	// free, Rate the wait because of the server's rate limit, Backoff the wait
	// before other retries.
	Queue   time.Duration `json:"queue"`
	Rate    time.Duration `json:"rate"`
	Backoff time.Duration `json:"backoff"`
	// Failed is the time of attempts that gave no answer.
	Failed time.Duration `json:"failed"`
	// Service is the time of the attempt that gave the answer, from sending
	// the request to the last byte of the answer.
	Service time.Duration `json:"service"`
	// FirstToken is the part of Service until the first piece of any output
	// came, FirstText until the first that is not reasoning; 0 if the answer
	// was not streamed.
	FirstToken time.Duration `json:"first_token,omitempty"`
	FirstText  time.Duration `json:"first_text,omitempty"`
	// Pieces are how many pieces of output came; GapMean and GapP95 are the
	// times between them. Servers often send one token a piece.
	Pieces  int           `json:"pieces,omitempty"`
	GapMean time.Duration `json:"gap_mean,omitempty"`
	GapP95  time.Duration `json:"gap_p95,omitempty"`
	// PerToken is the time per token after the first, over the tokens that
	// the server counted; 0 if it did not.
	PerToken time.Duration `json:"per_token,omitempty"`
	// Attempts is how many times the server was asked.
	Attempts int `json:"attempts"`
	// RetryDenied is set if a retry was due and the retry budget was empty.
	RetryDenied bool `json:"retry_denied,omitempty"`
}

// Total is all of it.
func (m Measure) Total() time.Duration {
	return m.Queue + m.Rate + m.Backoff + m.Failed + m.Service
}

// pace notes when pieces of output came.
type pace struct {
	start, last     time.Time
	first, text     time.Duration
	pieces          int
	gaps            []float64
	sum             time.Duration
	lastPieceOffset time.Duration
}

func (p *pace) piece(now time.Time, reasoning bool) {
	since := now.Sub(p.start)
	if p.pieces == 0 {
		p.first = since
	} else {
		gap := now.Sub(p.last)
		p.sum += gap
		p.gaps = append(p.gaps, float64(gap))
	}
	if p.text == 0 && !reasoning {
		p.text = since
	}
	p.pieces++
	p.last, p.lastPieceOffset = now, since
}

func (p *pace) into(m *Measure, u Usage) {
	m.FirstToken, m.FirstText, m.Pieces = p.first, p.text, p.pieces
	if len(p.gaps) > 0 {
		slices.Sort(p.gaps)
		m.GapMean = p.sum / time.Duration(len(p.gaps))
		m.GapP95 = time.Duration(stats.Quantile(p.gaps, 0.95))
	}
	if !u.Estimated && u.Completion > 1 && p.pieces > 1 {
		m.PerToken = (p.lastPieceOffset - p.first) / time.Duration(u.Completion-1)
	}
}
