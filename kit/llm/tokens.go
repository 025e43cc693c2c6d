package llm

import (
	"math"
	"sync"
	"unicode"
)

// Tokens are counted by the server alone; before the call they are estimated.
//
// Expectation: 0.6 tokens per character of Chinese, Japanese or Korean, 0.3
// per other character (DeepSeek's API documentation, "Token & Token Usage"),
// 4 per message for the template, 765 per image (one of 1024×1024 in high
// detail, OpenAI's "Images and vision"). Once answers came, the expectation is
// corrected by the ratio of what was counted to what was expected.
//
// Bound: a tokenizer over bytes (byte-level BPE, or one that falls back to
// bytes) never makes more tokens than there are bytes of UTF-8; 32 per message
// and 256 per request are for templates, and an image has at most 16,384.
const (
	tokensPerHan     = 0.6
	tokensPerOther   = 0.3
	tokensPerMessage = 4
	tokensPerImage   = 765
	maxPerMessage    = 32
	maxPerRequest    = 256
	maxPerImage      = 16384
	// An answer without a limit is expected to be as long as answers were so
	// far, this long if there were none, and bounded by nothing: this is
	// assumed instead.
	usualOutput   = 256
	assumedOutput = 8192
)

// TokensOf returns the expected number of tokens of s.
func TokensOf(s string) int {
	var han, other int
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
			r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff60 { // their punctuation
			han++
		} else {
			other++
		}
	}
	return int(math.Ceil(tokensPerHan*float64(han) + tokensPerOther*float64(other)))
}

// size is what is known of a request's prompt before the call.
type size struct{ expected, most, images, output int }

func (r Request) size() size {
	s := size{output: r.MaxTokens, most: maxPerRequest}
	add := func(text string) {
		s.expected += TokensOf(text)
		s.most += len(text)
	}
	for _, m := range r.Messages {
		s.expected += tokensPerMessage
		s.most += maxPerMessage
		add(m.ToolCallID)
		for _, p := range m.Parts {
			add(p.Text)
			if p.Image != nil {
				s.images++
				s.expected += tokensPerImage
				s.most += maxPerImage
			}
		}
		for _, c := range m.ToolCalls {
			add(c.ID + c.Name + c.Arguments)
			s.most += maxPerMessage
		}
	}
	for _, t := range r.Tools {
		add(t.Name + t.Description + string(t.Parameters))
		s.most += maxPerMessage
	}
	if r.Format != nil {
		add(r.Format.Name + string(r.Format.Schema))
	}
	return s
}

// Estimate is what a call may take, before it is made.
type Estimate struct {
	Prompt     Range `json:"prompt"` // tokens
	Completion Range `json:"completion"`
	Images     int   `json:"images,omitempty"`
	// Bounded is false if the request sets no MaxTokens: then the bound of
	// the completion is an assumption.
	Bounded bool `json:"bounded"`
	// Expected and Most are costs, nothing without a price.
	Expected Money `json:"expected"`
	Most     Money `json:"most"`
}

// Range is an expectation and an upper bound.
type Range struct {
	Expected int `json:"expected"`
	Most     int `json:"most"`
}

// calibration compares what was expected with what servers counted.
type calibration struct {
	mu                        sync.Mutex
	calls, expected, measured int64
	answers, output           int64
}

// Calibration is how well estimates did so far.
type Calibration struct {
	Calls              int64   `json:"calls"`
	Expected, Measured int64   // tokens of prompts
	Ratio              float64 `json:"ratio"` // Measured / Expected; 1 if there is nothing
}

func (c *calibration) add(expected int, u Usage) {
	if u.Estimated {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if expected > 0 && u.Prompt > 0 {
		c.calls++
		c.expected += int64(expected)
		c.measured += int64(u.Prompt)
	}
	if u.Completion > 0 {
		c.answers++
		c.output += int64(u.Completion)
	}
}

func (c *calibration) state() Calibration {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Calibration{c.calls, c.expected, c.measured, 1}
	if c.expected > 0 {
		out.Ratio = float64(c.measured) / float64(c.expected)
	}
	return out
}

// trusted is the number of calls from which on what was measured corrects the
// expectation.
const trusted = 5

// estimate returns the ranges of a request of size s.
func (c *calibration) estimate(s size, p *Price) Estimate {
	expected, output := s.expected, usualOutput
	if k := c.state(); k.Calls >= trusted {
		expected = int(math.Ceil(float64(expected) * k.Ratio))
	}
	c.mu.Lock()
	if c.answers >= trusted {
		output = int(math.Ceil(float64(c.output) / float64(c.answers)))
	}
	c.mu.Unlock()
	e := Estimate{Prompt: Range{min(expected, s.most), s.most}, Images: s.images, Bounded: s.output > 0}
	e.Completion = Range{output, assumedOutput}
	if s.output > 0 {
		e.Completion = Range{min(output, s.output), s.output}
	}
	if p != nil {
		e.Expected = p.Cost(Usage{Prompt: e.Prompt.Expected, Completion: e.Completion.Expected}, s.images)
		e.Most = p.highest().Cost(Usage{Prompt: e.Prompt.Most, Completion: e.Completion.Most}, s.images)
	}
	return e
}
