package llm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/text"
)

// Request asks for a chat completion. What is nil or zero is not sent.
type Request struct {
	// Class is the class of the data within; it is checked and not sent.
	Class    string
	Model    string // the endpoint's if empty
	Messages []Message
	Tools    []Tool
	// ToolChoice is "auto", "none", "required" or the name of a tool.
	ToolChoice  string
	Format      *Format
	Temperature *float64
	TopP        *float64
	MaxTokens   int
	Seed        *int64
	Stop        []string
	// Extra are further parameters, sent as they are; a parameter that this
	// type or the client sets is an error.
	Extra map[string]json.RawMessage
	// Sample tells repeated requests apart that are otherwise the same, so
	// that each has an answer of its own in the cache. It is not sent.
	Sample int
}

// Message is one of a conversation. Role is system, developer, user,
// assistant or tool.
type Message struct {
	Role       string
	Parts      []Part
	ToolCalls  []ToolCall // of an assistant
	ToolCallID string     // that a tool message answers
}

// Text is a message of one text.
func Text(role, content string) Message {
	return Message{Role: role, Parts: []Part{{Text: content}}}
}

// Part is a text or, if Image is not nil, an image.
type Part struct {
	Text  string
	Image *Image
}

// Image is given by its bytes or, if there are none, by its URL. Detail is
// "", low, high or auto.
type Image struct {
	Data   []byte
	MIME   string // found from Data if empty
	URL    string
	Detail string
}

// Tool is a function that the model may call. Parameters is a JSON Schema.
type Tool struct {
	Name, Description string
	Parameters        json.RawMessage
	Strict            bool
}

// ToolCall is a call that the model asks for. Arguments is what it wrote,
// which need not be JSON.
type ToolCall struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Format constrains the answer: to Schema under Name, or to any JSON object if
// Schema is nil.
type Format struct {
	Name   string
	Schema json.RawMessage
	Strict bool
	// Object writes the schema beside the type json_object, as llama.cpp's
	// Python server and some hosts take it, and not as OpenAI does.
	Object bool
}

// The wire forms.
type (
	wireRequest struct {
		Model         string          `json:"model"`
		Messages      []wireMessage   `json:"messages"`
		Tools         []wireTool      `json:"tools,omitempty"`
		ToolChoice    any             `json:"tool_choice,omitempty"`
		Format        *wireFormat     `json:"response_format,omitempty"`
		Temperature   *float64        `json:"temperature,omitempty"`
		TopP          *float64        `json:"top_p,omitempty"`
		MaxTokens     int             `json:"max_tokens,omitempty"`
		MaxCompletion int             `json:"max_completion_tokens,omitempty"`
		Seed          *int64          `json:"seed,omitempty"`
		Stop          []string        `json:"stop,omitempty"`
		Stream        bool            `json:"stream,omitempty"`
		Options       *wireStreamOpts `json:"stream_options,omitempty"`
	}
	wireStreamOpts struct {
		Usage bool `json:"include_usage"`
	}
	wireMessage struct {
		Role       string         `json:"role"`
		Content    any            `json:"content"`
		ToolCalls  []wireToolCall `json:"tool_calls,omitempty"`
		ToolCallID string         `json:"tool_call_id,omitempty"`
	}
	wirePart struct {
		Type  string     `json:"type"`
		Text  *string    `json:"text,omitempty"`
		Image *wireImage `json:"image_url,omitempty"`
	}
	wireImage struct {
		URL    string `json:"url"`
		Detail string `json:"detail,omitempty"`
	}
	wireTool struct {
		Type     string       `json:"type"`
		Function wireFunction `json:"function"`
	}
	wireFunction struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters,omitempty"`
		Strict      bool            `json:"strict,omitempty"`
	}
	wireToolCall struct {
		Index    *int   `json:"index,omitempty"`
		ID       string `json:"id,omitempty"`
		Type     string `json:"type,omitempty"`
		Function struct {
			Name      string `json:"name,omitempty"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	wireFormat struct {
		Type   string          `json:"type"`
		Schema *wireSchema     `json:"json_schema,omitempty"`
		Beside json.RawMessage `json:"schema,omitempty"`
	}
	wireSchema struct {
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"schema"`
		Strict bool            `json:"strict,omitempty"`
	}
)

// reserved parameters are the client's own.
var reserved = []string{"model", "messages", "tools", "tool_choice", "response_format", "temperature", "top_p",
	"max_tokens", "max_completion_tokens", "seed", "stop", "stream", "stream_options", "n"}

func badRequest(en, zh string) error {
	return ErrRequest.With("problem", text.Text{En: en, Zh: zh})
}

// wire returns what determines the answer, without how it is transported.
func (r Request) wire(model string) (wireRequest, error) {
	w := wireRequest{Model: r.Model, Temperature: r.Temperature, TopP: r.TopP, MaxTokens: r.MaxTokens, Seed: r.Seed, Stop: r.Stop}
	if w.Model == "" {
		w.Model = model
	}
	switch {
	case w.Model == "":
		return w, badRequest("it names no model", "未指定模型")
	case len(r.Messages) == 0:
		return w, badRequest("it has no messages", "没有消息")
	case r.MaxTokens < 0:
		return w, badRequest("max_tokens is negative", "max_tokens 为负数")
	}
	for k := range r.Extra {
		if slices.Contains(reserved, k) {
			return w, badRequest("the parameter "+k+" is set among the extra ones", "不能通过附加参数设置 "+k)
		}
	}
	for _, m := range r.Messages {
		wm, err := m.wire()
		if err != nil {
			return w, err
		}
		w.Messages = append(w.Messages, wm)
	}
	for _, t := range r.Tools {
		w.Tools = append(w.Tools, wireTool{"function", wireFunction(t)})
	}
	switch r.ToolChoice {
	case "":
	case "auto", "none", "required":
		w.ToolChoice = r.ToolChoice
	default:
		w.ToolChoice = wireTool{"function", wireFunction{Name: r.ToolChoice}}
	}
	if f := r.Format; f != nil && f.Schema == nil {
		w.Format = &wireFormat{Type: "json_object"}
	} else if f != nil && f.Object {
		w.Format = &wireFormat{Type: "json_object", Beside: f.Schema}
	} else if f != nil {
		name := f.Name
		if name == "" {
			name = "answer"
		}
		w.Format = &wireFormat{Type: "json_schema", Schema: &wireSchema{name, f.Schema, f.Strict}}
	}
	return w, nil
}

func (m Message) wire() (wireMessage, error) {
	w := wireMessage{Role: m.Role, ToolCallID: m.ToolCallID}
	if m.Role == "" {
		return w, badRequest("a message has no role", "有消息缺少角色")
	}
	for _, c := range m.ToolCalls {
		wc := wireToolCall{ID: c.ID, Type: "function"}
		wc.Function.Name, wc.Function.Arguments = c.Name, c.Arguments
		w.ToolCalls = append(w.ToolCalls, wc)
	}
	// Many servers take a list of parts only for models that see images.
	if len(m.Parts) == 1 && m.Parts[0].Image == nil {
		w.Content = m.Parts[0].Text
		return w, nil
	}
	if len(m.Parts) == 0 {
		if len(m.ToolCalls) == 0 {
			w.Content = ""
		}
		return w, nil
	}
	parts := make([]wirePart, 0, len(m.Parts))
	for _, p := range m.Parts {
		if p.Image == nil {
			parts = append(parts, wirePart{Type: "text", Text: &p.Text})
			continue
		}
		at, err := p.Image.address()
		if err != nil {
			return w, err
		}
		parts = append(parts, wirePart{Type: "image_url", Image: &wireImage{at, p.Image.Detail}})
	}
	w.Content = parts
	return w, nil
}

func (i Image) address() (string, error) {
	if len(i.Data) == 0 {
		if !strings.HasPrefix(i.URL, "https://") && !strings.HasPrefix(i.URL, "data:image/") {
			return "", badRequest("an image has neither bytes nor an https address", "有图片既无内容也无 https 地址")
		}
		return i.URL, nil
	}
	mime := i.MIME
	if mime == "" {
		mime = http.DetectContentType(i.Data)
	}
	if !strings.HasPrefix(mime, "image/") {
		return "", badRequest("what is given as an image is "+mime, "作为图片给出的内容是 "+mime)
	}
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(i.Data), nil
}

// body returns the JSON of w with the extra parameters behind. The order of
// keys inside a schema is kept, since models write in that order.
func body(w any, extra map[string]json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		return nil, ErrRequest.With("problem", text.Text{En: "a schema in it is not JSON", Zh: "其中的 Schema 不是有效 JSON"}).Because(err)
	}
	b.Truncate(b.Len() - 1) // the newline
	if len(extra) == 0 {
		return b.Bytes(), nil
	}
	b.Truncate(b.Len() - 1) // the brace
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		name, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("write parameter name: %w", err)
		}
		b.WriteByte(',')
		b.Write(name)
		b.WriteByte(':')
		if err := json.Compact(&b, extra[k]); err != nil {
			return nil, ErrRequest.With("problem", text.Text{En: "the extra parameter " + k + " is not JSON", Zh: "附加参数 " + k + " 不是有效 JSON"}).Because(err)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// digest is the SHA-256 of what determines an answer: where it comes from, the
// request, and which of repeated samples it is. The key is no part of it.
func digest(e Endpoint, base, path string, body []byte, sample int) string {
	h := sha256.New()
	fmt.Fprintf(h, "landfall model answer 1\n%q %q %q %d\n", e.Name, base, path, sample)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
