package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/term"
)

// modelFlags name the model that a new scenario gets as a candidate.
type modelFlags struct {
	endpoint string
	app.InitModel
}

func (m *modelFlags) add(c *command, f *pflag.FlagSet) {
	f.StringVar(&m.endpoint, "endpoint", "", c.say("add a model: an address, or a name such as ollama, vllm, openai, dashscope", "添加模型：给出地址，或 ollama、vllm、openai、dashscope 等名称"))
	f.StringVar(&m.Model, "model", "", c.say("its model there", "端点上的模型名"))
	f.BoolVar(&m.Allow, "allow-data", false, c.say("the endpoint may see data of this class", "允许该端点接收该分级的数据"))
	f.StringVar(&m.PriceVersion, "price-version", "", c.say("which price list the prices are of", "价格所属的价目表版本"))
	f.StringVar(&m.PriceInput, "price-in", "", c.say("price of a million tokens in", "每百万输入 token 的价格"))
	f.StringVar(&m.PriceOutput, "price-out", "", c.say("price of a million tokens out", "每百万输出 token 的价格"))
	f.StringVar(&m.Currency, "currency", "", c.say("their currency (default CNY)", "币种（默认 CNY）"))
}

// chosenModel is the model that flags or answers named; nil if none did.
func (c *command) chosenModel(ctx context.Context, m modelFlags, _ *app.InitOptions) (*app.InitModel, error) {
	if m.endpoint != "" {
		var err error
		if m.Found, err = app.EndpointOf(ctx, m.endpoint); err != nil {
			return nil, err
		}
	}
	if m.Found.Endpoint.Name == "" {
		return nil, nil
	}
	return &m.InitModel, nil
}

// askModel offers the endpoints that are to be found. Nothing is sent to them.
func (c *command) askModel(ctx context.Context, opt *app.InitOptions, m *modelFlags, question func(en, zh string, into *string) error) error {
	if m.endpoint != "" {
		return nil
	}
	found := app.FindEndpoints(ctx, nil)
	if len(found) == 0 {
		return nil
	}
	en, zh := "A model as a candidate:", "将模型作为候选方案："
	for i, f := range found {
		en += fmt.Sprintf("\n  %d %s (%s): %s", i+1, f.Endpoint.Name, f.Origin, f.Leaves.En)
		zh += fmt.Sprintf("\n  %d %s（%s）：%s", i+1, f.Endpoint.Name, f.Origin, f.Leaves.Zh)
	}
	said := ""
	if err := question(term.Clean(en)+"\n(number, Enter for none):", term.Clean(zh)+"\n（输入编号，回车则不添加）：", &said); err != nil {
		return err
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || n > len(found) {
		return nil
	}
	m.Found = found[n-1]
	m.Model = m.Found.Endpoint.Model
	if err := question("Its model there (Enter for "+m.Model+"):", "模型名（回车用 "+m.Model+"）：", &m.Model); err != nil {
		return err
	}
	if m.Found.Local || opt.Class == "public" {
		return nil
	}
	may := ""
	host := m.Found.Endpoint.Host()
	if err := question("May "+opt.Class+" data go to "+host+"? (yes, Enter for no):", opt.Class+" 级数据可以发往 "+host+" 吗？（yes，回车为否）：", &may); err != nil {
		return err
	}
	m.Allow = slices.Contains([]string{"y", "yes", "是"}, strings.ToLower(may))
	return nil
}

// writeModel says which model was added, and what data would leave.
func (c *command) writeModel(w io.Writer, made *app.Created) error {
	if made.Endpoint == "" {
		return nil
	}
	s := fmt.Sprintf(c.say("model: %s at %s; %s; allowed: %s", "模型：%s，位于 %s；%s；允许的数据分级：%s"),
		made.Model, made.Endpoint, made.Leaves.In(c.t.Lang), strings.Join(made.Allows, c.say(", ", "、")))
	if made.Refused {
		s += c.say("\n       the scenario's data is of another class: a run will refuse to send it until allows says so",
			"\n      场景数据不在允许的分级之内：在 allows 中放行之前，运行会拒绝发送")
	}
	_, err := io.WriteString(w, term.Clean(s)+"\n")
	return err
}
