package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// ID names an endpoint in operations.
type ID string

// View is an endpoint as operations give it: never its key.
type View struct {
	ID   string `json:"id"`
	Name string `json:"name" doc:"What scenarios name."`
	// Where it is concerns those who see everything.
	BaseURL   string    `json:"base_url,omitempty" doc:"Absent for members of teams alone."`
	Allows    []string  `json:"allows" nullable:"false" doc:"Classes of data that may be sent there."`
	HasKey    bool      `json:"has_key"`
	KeyHeader string    `json:"key_header,omitempty"`
	TimeoutS  float64   `json:"timeout_s,omitempty"`
	Currency  string    `json:"currency,omitempty"`
	Input     string    `json:"input_price,omitempty" doc:"Price per million tokens read."`
	Output    string    `json:"output_price,omitempty" doc:"Price per million tokens written."`
	Updated   time.Time `json:"updated"`
}

func view(ctx context.Context, e Endpoint) View {
	v := View{ID: e.ID, Name: e.Name, Allows: e.classes(), HasKey: e.Secret != "", TimeoutS: e.TimeoutS,
		Currency: e.Currency, Input: e.PriceIn, Output: e.PriceOut, Updated: store.FromMicros(e.UpdatedAt)}
	if auth.Scope(ctx).All() {
		v.BaseURL, v.KeyHeader = e.BaseURL, e.KeyHeader
	}
	return v
}

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "ENDPOINT", Zh: "端点"}},
	{Field: "name", Head: text.Text{En: "NAME", Zh: "名称"}},
	{Field: "base_url", Head: text.Text{En: "ADDRESS", Zh: "地址"}},
	{Field: "allows", Head: text.Text{En: "MAY SEE", Zh: "可接触的数据分级"}},
	{Field: "has_key", Head: text.Text{En: "KEY", Zh: "密钥"}},
}

// fields are what an administrator gives.
type fields struct {
	Name      *string  `json:"name,omitempty" maxLength:"63" doc:"what scenarios name" zh:"场景引用的名称"`
	BaseURL   *string  `json:"base_url,omitempty" maxLength:"2000" doc:"what stands before /chat/completions" zh:"/chat/completions 之前的地址"`
	Allows    []string `json:"allows,omitempty" enum:"public,internal,confidential,personal" nullable:"false" doc:"a class of data that may be sent there; may be given again" zh:"允许发送的数据分级，可多次给出"`
	Key       *string  `json:"key,omitempty" maxLength:"4000" doc:"its key; an empty one takes it away" zh:"密钥；留空表示移除"`
	KeyHeader *string  `json:"key_header,omitempty" maxLength:"64" doc:"header that carries the key as it is, if not Authorization" zh:"携带密钥的请求头（缺省为 Authorization）"`
	TimeoutS  *float64 `json:"timeout_s,omitempty" minimum:"0" maximum:"3600" doc:"seconds that a call may take" zh:"单次调用超时（秒）"`
	Currency  *string  `json:"currency,omitempty" maxLength:"3" doc:"currency of the prices, such as CNY" zh:"价格的货币，如 CNY"`
	Input     *string  `json:"input_price,omitempty" maxLength:"30" doc:"price per million tokens read" zh:"每百万输入令牌的价格"`
	Output    *string  `json:"output_price,omitempty" maxLength:"30" doc:"price per million tokens written" zh:"每百万输出令牌的价格"`
}

func (f fields) change() Change {
	return Change{Name: f.Name, BaseURL: f.BaseURL, KeyHeader: f.KeyHeader, Key: f.Key, Allows: f.Allows, TimeoutS: f.TimeoutS,
		Currency: f.Currency, Input: f.Input, Output: f.Output}
}

type oneInput struct {
	Endpoint ID `path:"endpoint"`
}

// Operations registers what can be done with endpoints. They belong to the
// organisation; everybody who is signed in may know their names and what they
// may see.
func (s *Service) Operations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "endpoint", Zh: "端点"}, auth.Read, func(ctx context.Context, id ID) (string, error) {
		_, err := s.Get(ctx, s.d.DB.Read(), string(id))
		return "", err
	})
	shown := func(ctx context.Context, e Endpoint, err error) (*View, error) {
		v := view(ctx, e)
		return &v, err
	}
	rest.Add(r, rest.Op{ID: "list-endpoints", Method: "GET", Path: "/endpoints", Perm: auth.Read, Noun: "endpoints", Verb: "list",
		Doc: text.Text{En: "List model endpoints by name.", Zh: "按名称列出模型端点。"}, Columns: columns},
		func(ctx context.Context, in *struct{ rest.PageParams }) (*rest.Page[View], error) {
			return rest.Paginate(ctx, in.PageParams, nil, func(ctx context.Context, after *string, limit int) ([]View, error) {
				var rows []Endpoint
				q := s.d.DB.Read().NewSelect().Model(&rows).Order("name").Limit(int64(limit))
				if after != nil {
					q = q.Where("name > ?", *after)
				}
				if err := q.Scan(ctx); err != nil {
					return nil, fmt.Errorf("list endpoints: %w", err)
				}
				out := make([]View, len(rows))
				for i, e := range rows {
					out[i] = view(ctx, e)
				}
				return out, nil
			}, func(v View) string { return v.Name })
		})
	rest.Add(r, rest.Op{ID: "show-endpoint", Method: "GET", Path: "/endpoints/{endpoint}", Perm: auth.Read, Noun: "endpoints", Verb: "show",
		Doc: text.Text{En: "Show a model endpoint, without its key.", Zh: "查看模型端点（不含密钥）。"}, Columns: columns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *oneInput) (*View, error) {
			e, err := s.Get(ctx, s.d.DB.Read(), string(in.Endpoint))
			return shown(ctx, e, err)
		})
	faults := []fault.Def{ErrName, ErrTaken, ErrAddress, ErrClass, ErrPrice, ErrHeader, seal.ErrBroken}
	rest.Add(r, rest.Op{ID: "add-endpoint", Method: "POST", Path: "/endpoints", Perm: auth.Admin, Noun: "endpoints", Verb: "add", Status: http.StatusCreated,
		Doc: text.Text{En: "Define a model endpoint. Its key is sealed and never shown.", Zh: "新增模型端点；密钥密封保存，不再显示。"}, Columns: columns, Errors: faults},
		func(ctx context.Context, in *struct{ Body fields }) (*View, error) {
			e, err := s.Add(ctx, in.Body.change())
			return shown(ctx, e, err)
		})
	rest.Add(r, rest.Op{ID: "change-endpoint", Method: "PATCH", Path: "/endpoints/{endpoint}", Perm: auth.Admin, Noun: "endpoints", Verb: "change",
		Doc: text.Text{En: "Change a model endpoint. Another address needs the key again.", Zh: "修改模型端点；更换地址后须重新填写密钥。"}, Columns: columns, Errors: faults},
		func(ctx context.Context, in *struct {
			Endpoint ID `path:"endpoint"`
			Body     fields
		}) (*View, error) {
			e, err := s.Edit(ctx, string(in.Endpoint), in.Body.change())
			return shown(ctx, e, err)
		})
	rest.Add(r, rest.Op{ID: "remove-endpoint", Method: "DELETE", Path: "/endpoints/{endpoint}", Perm: auth.Admin, Noun: "endpoints", Verb: "remove",
		Doc: text.Text{En: "Take a model endpoint away.", Zh: "移除模型端点。"}},
		func(ctx context.Context, in *oneInput) (*rest.None, error) {
			return nil, s.Remove(ctx, string(in.Endpoint))
		})
	rest.Add(r, rest.Op{ID: "test-endpoint", Method: "POST", Path: "/endpoints/{endpoint}/test", Perm: auth.Admin, Noun: "endpoints", Verb: "test",
		Doc: text.Text{En: "Ask an endpoint which models it has. No data is sent.", Zh: "询问端点有哪些模型，不发送任何数据。"},
		Columns: []term.Column{{Field: "ok", Head: text.Text{En: "OK", Zh: "可用"}}, {Field: "status", Head: text.Text{En: "STATUS", Zh: "状态码"}},
			{Field: "why", Head: text.Text{En: "WHY", Zh: "原因"}}, {Field: "models", Head: text.Text{En: "MODELS", Zh: "模型"}}}},
		func(ctx context.Context, in *oneInput) (*Tried, error) {
			t, err := s.Try(ctx, string(in.Endpoint))
			return &t, err
		})
}
