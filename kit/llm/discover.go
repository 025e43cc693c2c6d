package llm

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/text"
)

// Found is an endpoint that could be used. It is a suggestion: nothing was
// sent there but, on this machine, the question which models there are.
type Found struct {
	Endpoint Endpoint `json:"endpoint"`
	// Origin is what was found: a server (Ollama, vLLM, …) or a variable.
	Origin string `json:"origin"`
	Local  bool   `json:"local"`
	// Models are those that a local server has, without those that Ollama
	// runs in its cloud; of other endpoints they are not known before they are
	// asked.
	Models []Model `json:"models,omitempty"`
	// Leaves says which data would go where.
	Leaves text.Text `json:"leaves"`
}

// lookout is how long a server on this machine has to say that it is there.
const lookout = 300 * time.Millisecond

// local servers by their usual ports, in the order in which they are listed.
var local = []struct{ title, name, port string }{
	{"Ollama", "ollama", "11434"}, {"vLLM", "vllm", "8000"}, {"LM Studio", "lm-studio", "1234"}, {"llama.cpp", "llama-cpp", "8080"},
}

// named endpoints by the variables that their makers document. A base URL from
// the second variable goes before the usual one.
var named = []struct{ name, key, base, usual string }{
	{"openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"},
	{"dashscope", "DASHSCOPE_API_KEY", "DASHSCOPE_BASE_URL", "https://dashscope.aliyuncs.com/compatible-mode/v1"},
	{"deepseek", "DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL", "https://api.deepseek.com/v1"},
	{"zhipu", "ZHIPUAI_API_KEY", "ZHIPUAI_BASE_URL", "https://open.bigmodel.cn/api/paas/v4"},
	{"glm", "GLM_API_KEY", "GLM_BASE_URL", "https://open.bigmodel.cn/api/paas/v4"},
	{"moonshot", "MOONSHOT_API_KEY", "MOONSHOT_BASE_URL", "https://api.moonshot.cn/v1"},
	{"ark", "ARK_API_KEY", "ARK_BASE_URL", "https://ark.cn-beijing.volces.com/api/v3"},
	{"siliconflow", "SILICONFLOW_API_KEY", "SILICONFLOW_BASE_URL", "https://api.siliconflow.cn/v1"},
}

// Find lists the model servers on this machine (Ollama, vLLM, LM Studio,
// llama.cpp at their usual ports, and where OLLAMA_HOST says if that is on
// this machine) and then the endpoints that usual variables of env name
// (OPENAI_API_KEY with OPENAI_BASE_URL, DASHSCOPE_API_KEY, DEEPSEEK_API_KEY,
// ZHIPUAI_API_KEY, GLM_API_KEY, MOONSHOT_API_KEY, ARK_API_KEY,
// SILICONFLOW_API_KEY). It asks loopback addresses only, 300 ms at most, and
// sends no key. A server that does not answer with a list of models is none.
// client is for tests; nil is one that reaches loopback only.
func Find(ctx context.Context, env func(string) string, client *http.Client) []Found {
	if client == nil {
		t := &http.Transport{DialContext: outbound.Dial, MaxResponseHeaderBytes: outbound.MaxHeaderBytes, DisableKeepAlives: true}
		client = &http.Client{Transport: t}
	}
	ctx, cancel := context.WithTimeout(ctx, lookout)
	defer cancel()
	places := local
	if port := ollamaPort(env("OLLAMA_HOST")); port != "" && port != "11434" {
		places = append(places[:len(places):len(places)], struct{ title, name, port string }{"Ollama", "ollama-" + port, port})
	}
	found := make([]*Found, len(places))
	var wg sync.WaitGroup
	for i, p := range places {
		wg.Go(func() { found[i] = look(ctx, client, p.title, p.name, "http://127.0.0.1:"+p.port+"/v1") })
	}
	wg.Wait()
	var out []Found
	for _, f := range found {
		if f != nil {
			out = append(out, *f)
		}
	}
	return append(out, fromEnv(env)...)
}

// ollamaPort returns the port of OLLAMA_HOST if it is on this machine.
func ollamaPort(v string) string {
	if v == "" {
		return ""
	}
	if !strings.Contains(v, "://") {
		v = "http://" + v
	}
	u, err := url.Parse(v)
	// What listens everywhere listens here too.
	if err != nil || !outbound.Loopback(u.Hostname()) && u.Hostname() != "0.0.0.0" && u.Hostname() != "" {
		return ""
	}
	return u.Port()
}

func look(ctx context.Context, client *http.Client, title, name, base string) *Found {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
	if err != nil {
		return nil
	}
	still := *client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := still.Do(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil
	}
	models, ok := readModels(b)
	if !ok {
		return nil
	}
	// Ollama also offers models that run in its cloud.
	models = slices.DeleteFunc(models, func(m Model) bool { return strings.HasSuffix(m.ID, "cloud") })
	f := &Found{Endpoint: Endpoint{Name: name, BaseURL: base, Classes: Classes}, Origin: title, Local: true, Models: models}
	if len(models) > 0 {
		f.Endpoint.Model = models[0].ID
		// Ports are shared by many; who owns the models tells.
		for owner, who := range map[string]string{"vllm": "vLLM", "llamacpp": "llama.cpp", "library": "Ollama", "organization_owner": "LM Studio"} {
			if models[0].OwnedBy == owner {
				f.Origin = who
			}
		}
	}
	f.Leaves = stays(f.Origin, req.URL.Host)
	return f
}

func stays(who, host string) text.Text {
	return text.Text{En: "data goes to " + who + " at " + host + " on this machine, and further only if that is set up to pass it on",
		Zh: "数据发往本机 " + host + " 上的 " + who + "；除非该服务被配置为转发，否则不会离开本机"}
}

func fromEnv(env func(string) string) []Found {
	var out []Found
	for _, n := range named {
		base := strings.TrimSpace(env(n.base))
		// OpenAI's base URL alone names a server that needs no key.
		alone := n.name == "openai" && base != ""
		if strings.TrimSpace(env(n.key)) == "" && !alone {
			continue
		}
		f := Found{Origin: n.key, Endpoint: Endpoint{Name: n.name, BaseURL: n.usual, KeyEnv: n.key, Classes: []string{"public"}}}
		if base != "" {
			f.Endpoint.BaseURL = base
		}
		if strings.TrimSpace(env(n.key)) == "" {
			f.Endpoint.KeyEnv, f.Origin = "", n.base
		}
		if _, err := f.Endpoint.address(); err != nil {
			continue // it cannot be used; whoever names it is told so
		}
		f.Local = f.Endpoint.Local()
		host := f.Endpoint.Host()
		f.Leaves = text.Text{En: "prompts, cases and images of the classes that you allow (public, unless you change it) would leave for " + host,
			Zh: "提示词、评测用例和图片中允许外发的分级（默认仅公开数据）将发往 " + host}
		if f.Local {
			f.Endpoint.Classes = Classes
			f.Leaves = stays(n.name, host)
		}
		out = append(out, f)
	}
	return out
}
