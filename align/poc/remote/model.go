package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
)

// Model is a model behind an API as a candidate for one task.
type Model struct {
	Client *llm.Client
	Class  string // of the data
	Task   Task
	System *Template // nil is no system message
	Prompt *Template
	// Parameters are sent as they are.
	Parameters map[string]json.RawMessage
	Structured string // json_schema, json_object_schema, json_object, none
	Answer     string // JSON pointers into a reply in JSON; "" is none
	Confidence string
	Tools      []llm.Tool
}

// ErrTools is returned for a file of tools that is not what chat completions take.
var ErrTools = fault.Def{Kind: fault.Invalid, Code: "remote.tools",
	En: "the tools are not a list as OpenAI's chat completions take it: {problem}", Zh: "工具定义不是 OpenAI chat completions 所接受的列表：{problem}"}

// ParseTools reads tools as OpenAI's chat completions take them:
// [{"type":"function","function":{"name":…,"parameters":…}}].
func ParseTools(raw json.RawMessage) ([]llm.Tool, error) {
	var in []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
			Strict      bool            `json:"strict"`
		} `json:"function"`
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, ErrTools.With("problem", err.Error())
	}
	out := make([]llm.Tool, len(in))
	for i, t := range in {
		if t.Function.Name == "" {
			return nil, ErrTools.With("problem", fmt.Sprintf("item %d has no function.name", i))
		}
		out[i] = llm.Tool{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters, Strict: t.Function.Strict}
	}
	return out, nil
}

// Request returns what is asked for a case: for the estimate of its cost too.
func (m *Model) Request(in poc.Input) (llm.Request, error) {
	prompt, err := m.Prompt.make(in, m.Task)
	if err != nil {
		return llm.Request{}, err
	}
	r := llm.Request{Class: m.Class, Tools: m.Tools, Sample: in.Sample}
	if err := Parameters(&r, m.Parameters); err != nil {
		return llm.Request{}, err
	}
	if m.System != nil {
		system, err := m.System.make(in, m.Task)
		if err != nil {
			return llm.Request{}, err
		}
		r.Messages = append(r.Messages, llm.Text("system", system))
	}
	user := llm.Message{Role: "user", Parts: []llm.Part{{Text: prompt}}}
	if in.Image != nil {
		user.Parts = append(user.Parts, llm.Part{Image: &llm.Image{Data: in.Image}})
	}
	r.Messages = append(r.Messages, user)
	switch {
	case m.Task.Kind == "tools" || m.Structured == "none":
	case m.Structured == "json_object":
		r.Format = &llm.Format{}
	case m.Task.Kind == "extract" && m.Task.Schema != nil:
		r.Format = &llm.Format{Name: "extraction", Schema: m.Task.Schema, Object: m.Structured == "json_object_schema"}
	}
	return r, nil
}

// Parameters sets the parameters of a request that the client knows by name,
// and hands on the others as they are.
func Parameters(r *llm.Request, all map[string]json.RawMessage) error {
	known := map[string]any{"temperature": &r.Temperature, "top_p": &r.TopP, "max_tokens": &r.MaxTokens, "max_completion_tokens": &r.MaxTokens,
		"seed": &r.Seed, "stop": &r.Stop}
	for name, raw := range all {
		to, ok := known[name]
		if !ok {
			if r.Extra == nil {
				r.Extra = map[string]json.RawMessage{}
			}
			r.Extra[name] = raw
			continue
		}
		if one := ""; name == "stop" && json.Unmarshal(raw, &one) == nil {
			r.Stop = []string{one}
			continue
		}
		if err := json.Unmarshal(raw, to); err != nil {
			return llm.ErrRequest.With("problem", "the parameter "+name+" cannot be "+string(raw))
		}
	}
	return nil
}

// stops are the faults after which no further case could fare otherwise.
var stops = []fault.Def{llm.ErrClass, llm.ErrKeyMissing, llm.ErrKeyRefused, llm.ErrForbidden, llm.ErrUnknownModel, llm.ErrQuota, llm.ErrSpend, llm.ErrEndpoint, llm.ErrPrice, llm.ErrRequest}

// Ask asks the model.
func (m *Model) Ask(ctx context.Context, in poc.Input) (poc.Answer, error) {
	r, err := m.Request(in)
	if err != nil {
		return poc.Answer{}, Stopping(err)
	}
	a, err := m.Client.Chat(ctx, r)
	out := poc.Answer{Resolution: a.Text, Took: poc.Took{Service: a.Measure.Service, Waited: a.Measure.Rate + a.Measure.Queue + a.Measure.Backoff,
		FirstToken: a.Measure.FirstToken, InputTokens: int64(a.Usage.Prompt), OutputTokens: int64(a.Usage.Completion)}}
	if err != nil {
		return out, Stopping(err)
	}
	if m.Task.Kind == "tools" {
		calls := []map[string]any{}
		for _, c := range a.ToolCalls {
			out.Calls = append(out.Calls, grader.Call{Name: c.Name, Arguments: json.RawMessage(c.Arguments)})
			var args any = c.Arguments // what a model wrote need not be JSON
			if json.Valid([]byte(c.Arguments)) {
				args = json.RawMessage(c.Arguments)
			}
			calls = append(calls, map[string]any{"name": c.Name, "arguments": args})
		}
		b, err := json.Marshal(calls)
		if err != nil {
			return out, fmt.Errorf("encode the calls of case %s: %w", in.CaseID, err)
		}
		out.Resolution = string(b)
	}
	if m.Answer != "" || m.Confidence != "" {
		var v any
		if err := a.JSON(&v); err != nil {
			return out, err
		}
		if m.Answer != "" {
			x, _ := at(v, m.Answer)
			out.Resolution = asText(x)
		}
		if x, ok := at(v, m.Confidence); ok && m.Confidence != "" {
			out.Confidence = asNumber(x)
		}
	}
	return out, nil
}

// Stopping marks an error of a model as a poc.Stop, if it is one after which no
// further case could fare otherwise.
func Stopping(err error) error {
	for _, d := range stops {
		if errors.Is(err, d) {
			return poc.Stop{Err: err}
		}
	}
	return err
}
