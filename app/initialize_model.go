package app

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of a model that a new scenario is to have.
var (
	ErrInitEndpoint = fault.Def{Kind: fault.Invalid, Code: "init.endpoint",
		En: "no endpoint {endpoint} is to be found; there are: {known}", Zh: "找不到端点 {endpoint}；可用：{known}",
		HintEn: "give its address (http://127.0.0.1:11434/v1), or set the variable of its maker (OPENAI_API_KEY, DASHSCOPE_API_KEY, …)",
		HintZh: "请直接给出地址（http://127.0.0.1:11434/v1），或设置相应的环境变量（OPENAI_API_KEY、DASHSCOPE_API_KEY 等）"}
	ErrInitModel = fault.Def{Kind: fault.Invalid, Code: "init.model",
		En: "name the model at {endpoint} with --model", Zh: "请用 --model 指定 {endpoint} 上的模型"}
	ErrInitModelData = fault.Def{Kind: fault.Invalid, Code: "init.model_data",
		En: "a model is added to a scenario of your own cases: name them with --data", Zh: "只有基于您自己用例的场景才能添加模型：请用 --data 指定用例文件"}
	ErrInitPrice = fault.Def{Kind: fault.Invalid, Code: "init.price",
		En: "{value} is no price: a decimal number per million tokens, with its --price-version", Zh: "{value} 不是有效的价格：应为每百万 token 的十进制数，并用 --price-version 注明版本"}
)

// InitModel is the model that a new scenario gets as a candidate.
type InitModel struct {
	Found llm.Found
	Model string
	// Allow lets the endpoint see the scenario's data; without it one that is
	// not on this machine sees public data only, and a run refuses the rest.
	Allow bool
	// Price per million tokens, as decimals; "" is unknown.
	PriceVersion, PriceInput, PriceOutput, Currency string
}

// FindEndpoints lists what a new scenario could ask (llm.Find).
func FindEndpoints(ctx context.Context, client *http.Client) []llm.Found {
	return llm.Find(ctx, os.Getenv, client)
}

// EndpointOf is the endpoint that a name or an address stands for. Local
// servers are looked for only if a name asks for one. It fails with
// ErrInitEndpoint.
func EndpointOf(ctx context.Context, name string) (llm.Found, error) {
	if strings.Contains(name, "://") {
		e := llm.Endpoint{Name: "model", BaseURL: name, Classes: []string{"public"}}
		f := llm.Found{Endpoint: e, Origin: name, Local: e.Local()}
		host := e.Host()
		f.Leaves = text.Text{En: "prompts and cases of the classes that you allow would leave for " + host, Zh: "提示词和允许外发的用例将发往 " + host}
		if f.Local {
			f.Leaves = text.Text{En: "data goes to " + host + " on this machine", Zh: "数据发往本机 " + host}
		}
		return f, nil
	}
	var known []string
	for _, f := range FindEndpoints(ctx, nil) {
		if f.Endpoint.Name == name {
			return f, nil
		}
		known = append(known, f.Endpoint.Name)
	}
	if len(known) == 0 {
		known = []string{"–"}
	}
	return llm.Found{}, ErrInitEndpoint.With("endpoint", name, "known", known)
}

// initModel is what the template of a scenario writes of a model.
type initModel struct {
	Name, BaseURL, KeyEnv, Model, Rung              string
	Allows                                          []string
	PriceVersion, PriceInput, PriceOutput, Currency string
}

func (m *InitModel) written(class string) (*initModel, error) {
	if m == nil {
		return nil, nil
	}
	e := m.Found.Endpoint
	out := &initModel{Name: e.Name, BaseURL: e.BaseURL, KeyEnv: e.KeyEnv, Model: cmp.Or(m.Model, e.Model), Rung: "large-model", Allows: []string{"public"},
		PriceVersion: m.PriceVersion, PriceInput: m.PriceInput, PriceOutput: m.PriceOutput, Currency: cmp.Or(m.Currency, "CNY")}
	if out.Model == "" {
		return nil, ErrInitModel.With("endpoint", e.Name)
	}
	if m.Found.Local {
		out.Rung = "small-model"
	}
	if (m.Allow || m.Found.Local) && !slices.Contains(out.Allows, class) {
		out.Allows = append(out.Allows, class)
	}
	for _, p := range []string{m.PriceInput, m.PriceOutput} {
		if p == "" {
			continue
		}
		if d, err := decimal.NewFromString(p); err != nil || d.IsNegative() || m.PriceVersion == "" {
			return nil, ErrInitPrice.With("value", p)
		}
	}
	return out, nil
}

// noted says in c what of a model was written, and what data would leave.
func (c *Created) noted(m *InitModel, w *initModel, class string) {
	if w == nil {
		return
	}
	c.Endpoint, c.Model, c.Leaves, c.Allows = w.Name, w.Model, m.Found.Leaves, w.Allows
	c.Refused = !slices.Contains(w.Allows, class)
}
