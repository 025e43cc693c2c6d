package llm_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// machine is a client for a machine on which these servers listen.
func machine(t *testing.T, servers map[string]llmtest.Reply) (*http.Client, func() []string) {
	t.Helper()
	at := map[string]*llmtest.Server{}
	for port, r := range servers {
		at[port] = llmtest.New(t, llmtest.Always(r))
	}
	tr := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || host != "127.0.0.1" {
			t.Errorf("dialled %s", address)
			return nil, fmt.Errorf("not here: %s", address)
		}
		s := at[port]
		if s == nil {
			return nil, fmt.Errorf("nothing at %s", port)
		}
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimSuffix(strings.TrimPrefix(s.BaseURL, "http://"), "/v1"))
	}}
	return &http.Client{Transport: tr}, func() []string {
		var auth []string
		for _, s := range at {
			for _, c := range s.Calls() {
				auth = append(auth, c.Header.Get("Authorization"))
			}
		}
		return auth
	}
}

func list(models ...string) llmtest.Reply {
	var data []string
	for _, m := range models {
		id, owner, _ := strings.Cut(m, "@")
		data = append(data, fmt.Sprintf(`{"id":%q,"owned_by":%q}`, id, owner))
	}
	return llmtest.Reply{Raw: []byte(`{"object":"list","data":[` + strings.Join(data, ",") + `]}`)}
}

func TestFind(t *testing.T) {
	t.Parallel()
	client, auth := machine(t, map[string]llmtest.Reply{
		"11434": list("qwen3:8b@library", "gpt-oss:120b-cloud@library"),
		"8000":  list("Qwen/Qwen3-8B@vllm"),
		"1234":  {Raw: []byte(`{"hello":"I am no server of models"}`)},
		"8080":  list("some.gguf@llamacpp"),
		"11500": list("phi@library"),
	})
	env := map[string]string{"OPENAI_API_KEY": key, "DEEPSEEK_API_KEY": key, "DASHSCOPE_API_KEY": key, "ARK_API_KEY": " ",
		"DASHSCOPE_BASE_URL": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "OLLAMA_HOST": "0.0.0.0:11500", "ANTHROPIC_API_KEY": key}
	found := llm.Find(t.Context(), func(k string) string { return env[k] }, client)
	var got []string
	for _, f := range found {
		e := f.Endpoint
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s|%v|%d", f.Origin, e.Name, e.BaseURL, e.Model, e.KeyEnv, f.Local, len(f.Models)))
		if strings.Contains(fmt.Sprintf("%+v", f), key) || f.Leaves.En == "" || f.Leaves.Zh == "" || !strings.Contains(f.Leaves.Zh, e.Host()) {
			t.Errorf("%+v", f)
		}
		if e.Allow("personal") == nil != f.Local || e.Allow("public") != nil {
			t.Errorf("%s may see %v", e.Name, e.Classes)
		}
	}
	want := []string{
		"Ollama|ollama|http://127.0.0.1:11434/v1|qwen3:8b||true|1",
		"vLLM|vllm|http://127.0.0.1:8000/v1|Qwen/Qwen3-8B||true|1",
		"llama.cpp|llama-cpp|http://127.0.0.1:8080/v1|some.gguf||true|1",
		"Ollama|ollama-11500|http://127.0.0.1:11500/v1|phi||true|1",
		"OPENAI_API_KEY|openai|https://api.openai.com/v1||OPENAI_API_KEY|false|0",
		"DASHSCOPE_API_KEY|dashscope|https://dashscope-intl.aliyuncs.com/compatible-mode/v1||DASHSCOPE_API_KEY|false|0",
		"DEEPSEEK_API_KEY|deepseek|https://api.deepseek.com/v1||DEEPSEEK_API_KEY|false|0",
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
	for _, a := range auth() {
		if a != "" {
			t.Error("a key was sent")
		}
	}
}

func TestFindWhoReallyListens(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	client, _ := machine(t, map[string]llmtest.Reply{
		"8000": list("x@llamacpp"), // a port is no proof
		"1234": {Fault: llmtest.Hang}, "8080": {Fault: llmtest.HTML}, "11434": {Status: 307, Header: map[string]string{"Location": "http://example.com/v1/models"}},
	})
	found := llm.Find(t.Context(), none, client)
	if len(found) != 1 || found[0].Origin != "llama.cpp" {
		t.Errorf("%+v", found)
	}
	env := map[string]string{"OPENAI_BASE_URL": "http://localhost:9999/v1"}
	client, _ = machine(t, nil)
	found = llm.Find(t.Context(), func(k string) string { return env[k] }, client)
	if len(found) != 1 || !found[0].Local || found[0].Endpoint.KeyEnv != "" || found[0].Origin != "OPENAI_BASE_URL" {
		t.Errorf("a base URL without a key: %+v", found)
	}
	env["OPENAI_BASE_URL"] = "https://user:secret@example.com"
	if found := llm.Find(t.Context(), func(k string) string { return env[k] }, client); len(found) != 0 {
		t.Errorf("an address that cannot be used: %+v", found)
	}
	for _, host := range []string{"192.168.1.5:11434", "example.com", "::::", "127.0.0.1:11434"} {
		env := map[string]string{"OLLAMA_HOST": host}
		if found := llm.Find(t.Context(), func(k string) string { return env[k] }, client); len(found) != 0 {
			t.Errorf("%s: %+v", host, found)
		}
	}
}
