package endpoint

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the table of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Faults of endpoints.
var (
	ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "endpoint.unknown",
		En: "there is no endpoint {id}", Zh: "没有端点 {id}",
		HintEn: "see them all with: landfall endpoints list", HintZh: "查看全部：landfall endpoints list"}
	ErrName = fault.Def{Kind: fault.Invalid, Code: "endpoint.name",
		En: "{name} is no name of an endpoint", Zh: "{name} 不能作为端点名称",
		HintEn: "use lower-case letters, digits and hyphens, and begin with a letter", HintZh: "使用小写字母、数字和连字符，以字母开头"}
	ErrTaken = fault.Def{Kind: fault.Conflict, Code: "endpoint.name_taken",
		En: "there is an endpoint named {name} already", Zh: "已有名为 {name} 的端点",
		HintEn: "change that one, or choose another name", HintZh: "请修改该端点，或换一个名称"}
	ErrAddress = fault.Def{Kind: fault.Invalid, Code: "endpoint.address",
		En: "the base URL cannot be used: {why}", Zh: "基础地址无法使用：{why}",
		HintEn: "write https://HOST/v1, or http on this machine", HintZh: "写法：https://HOST/v1；仅本机可用 http"}
	ErrClass = fault.Def{Kind: fault.Invalid, Code: "endpoint.class",
		En: "there is no class of data {class}", Zh: "没有数据分级 {class}",
		HintEn: "one or more of: {classes}", HintZh: "可选：{classes}"}
	ErrPrice = fault.Def{Kind: fault.Invalid, Code: "endpoint.price",
		En: "{price} is no price", Zh: "{price} 不是有效价格",
		HintEn: "write a decimal per million tokens, and the currency as CNY", HintZh: "写每百万令牌的价格（十进制），货币写作 CNY"}
	ErrHeader = fault.Def{Kind: fault.Invalid, Code: "endpoint.header",
		En: "{header} is no name of a header for a key", Zh: "{header} 不能作为密钥的请求头",
		HintEn: "leave it out for Authorization, or write such as api-key", HintZh: "缺省为 Authorization；也可写作 api-key 等"}
)

// Deps is what a Service needs.
type Deps struct {
	DB    *store.DB
	Box   *seal.Box
	NewID func(prefix string) string
	Now   func() time.Time
}

// Service keeps endpoints.
type Service struct{ d Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

// Endpoint is an endpoint as it is stored.
type Endpoint struct {
	bun.BaseModel `bun:"table:endpoints,alias:e"`

	ID        string `bun:",pk"`
	Name      string
	BaseURL   string `bun:"base_url"`
	Classes   string
	KeyHeader string
	Secret    string  // sealed
	TimeoutS  float64 `bun:"timeout_s"`
	Currency  string
	PriceIn   string
	PriceOut  string
	CreatedAt int64
	UpdatedAt int64
}

func (e Endpoint) classes() []string {
	if e.Classes == "" {
		return []string{}
	}
	return strings.Split(e.Classes, ",")
}

// noted is what audit digests: whether there is a key, and not which.
func (e Endpoint) noted() map[string]any {
	return map[string]any{"name": e.Name, "base_url": e.BaseURL, "classes": e.classes(), "key": e.Secret != "", "key_header": e.KeyHeader,
		"timeout_s": e.TimeoutS, "currency": e.Currency, "input": e.PriceIn, "output": e.PriceOut}
}

func purpose(id string) string { return "endpoint/" + id + "/key" }

var (
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	moneyForm  = regexp.MustCompile(`^[A-Z]{3}$`)
	headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
)

// check fails with what is wrong with e.
func (e Endpoint) check() error {
	if !nameForm.MatchString(e.Name) {
		return ErrName.With("name", e.Name).In("/name")
	}
	for _, c := range e.classes() {
		if !slices.Contains(llm.Classes, c) {
			return ErrClass.With("class", c, "classes", llm.Classes).In("/allows")
		}
	}
	for _, p := range []string{e.PriceIn, e.PriceOut} {
		if d, err := decimal.NewFromString(p); p != "" && (err != nil || d.IsNegative()) {
			return ErrPrice.With("price", p)
		}
	}
	if (e.PriceIn != "" || e.PriceOut != "" || e.Currency != "") && !moneyForm.MatchString(e.Currency) {
		return ErrPrice.With("price", e.Currency).In("/currency")
	}
	if e.KeyHeader != "" && (!headerForm.MatchString(e.KeyHeader) || slices.Contains([]string{"host", "cookie", "content-length", "transfer-encoding", "connection"}, strings.ToLower(e.KeyHeader))) {
		return ErrHeader.With("header", e.KeyHeader).In("/key_header")
	}
	_, err := e.client()
	return err
}

// client returns a client that speaks to the endpoint's origin and to nothing
// else.
func (e Endpoint) client() (*http.Client, error) {
	u, err := url.Parse(e.BaseURL)
	bad := func(why string) error { return ErrAddress.With("why", why).In("/base_url").Because(err) }
	switch {
	case err != nil || u.Host == "":
		return nil, bad("it is no URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, bad("it has a user, a query or a fragment")
	}
	// Services of the cloud that know secrets are at link-local addresses.
	if a, aerr := netip.ParseAddr(u.Hostname()); aerr == nil && (a.Unmap().IsLinkLocalUnicast() || a.Unmap().IsMulticast() || a.Unmap().IsUnspecified()) {
		return nil, bad("nobody serves models there")
	}
	c, err := outbound.Origin(u, outbound.Options{Proxy: http.ProxyFromEnvironment, Conns: 4})
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return nil, f.In("/base_url")
		}
		return nil, err
	}
	c.Timeout = 20 * time.Second
	return c, nil
}

// Change is what an administrator gives; nil leaves what is there.
type Change struct {
	Name, BaseURL, KeyHeader, Key *string
	Allows                        []string // nil leaves them
	TimeoutS                      *float64
	Currency, Input, Output       *string
}

func (c Change) apply(e *Endpoint) {
	for _, f := range []struct {
		from *string
		to   *string
	}{{c.Name, &e.Name}, {c.BaseURL, &e.BaseURL}, {c.KeyHeader, &e.KeyHeader}, {c.Currency, &e.Currency}, {c.Input, &e.PriceIn}, {c.Output, &e.PriceOut}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
	e.BaseURL = strings.TrimSuffix(e.BaseURL, "/")
	if c.Allows != nil {
		e.Classes = strings.Join(c.Allows, ",")
	}
	if c.TimeoutS != nil {
		e.TimeoutS = *c.TimeoutS
	}
}

// Add defines an endpoint.
func (s *Service) Add(ctx context.Context, c Change) (Endpoint, error) {
	now := store.Micros(s.d.Now())
	return s.save(ctx, Endpoint{ID: s.d.NewID("ep"), CreatedAt: now}, c, false)
}

// Edit changes an endpoint. A new address takes the key away unless a key comes
// with it: a key is for the one who gave it.
func (s *Service) Edit(ctx context.Context, id string, c Change) (Endpoint, error) {
	e, err := s.Get(ctx, s.d.DB.Read(), id)
	if err != nil {
		return e, err
	}
	return s.save(ctx, e, c, true)
}

func (s *Service) save(ctx context.Context, e Endpoint, c Change, there bool) (Endpoint, error) {
	var before any
	old := e.BaseURL
	if there {
		before = e.noted()
	}
	c.apply(&e)
	e.UpdatedAt = store.Micros(s.d.Now())
	if err := e.check(); err != nil {
		return e, err
	}
	switch {
	case c.Key != nil && *c.Key == "" || there && c.Key == nil && old != e.BaseURL:
		e.Secret = ""
	case c.Key != nil:
		var err error
		if e.Secret, err = s.d.Box.Seal(purpose(e.ID), []byte(*c.Key)); err != nil {
			return e, err
		}
	}
	err := s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := tx.NewSelect().Model((*Endpoint)(nil)).Where("name = ? AND id <> ?", e.Name, e.ID).Count(ctx)
		if err != nil {
			return fmt.Errorf("store endpoint: %w", err)
		}
		if n > 0 {
			return ErrTaken.With("name", e.Name).In("/name")
		}
		if there {
			_, err = tx.NewUpdate().Model(&e).WherePK().Exec(ctx)
		} else {
			_, err = tx.NewInsert().Model(&e).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("store endpoint: %w", err)
		}
		return audit.Note(ctx, "endpoint", e.ID, before, e.noted())
	})
	return e, err
}

// Remove takes an endpoint away. Runs that name it fail from then on.
func (s *Service) Remove(ctx context.Context, id string) error {
	return s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := s.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(&e).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("remove endpoint: %w", err)
		}
		return audit.Note(ctx, "endpoint", id, e.noted(), nil)
	})
}

// Get returns an endpoint by id, or fails with ErrUnknown.
func (s *Service) Get(ctx context.Context, db bun.IDB, id string) (Endpoint, error) {
	var e Endpoint
	found, err := store.Found(db.NewSelect().Model(&e).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return e, fmt.Errorf("read endpoint: %w", err)
	}
	if !found {
		return e, ErrUnknown.With("id", id)
	}
	return e, nil
}

// Known returns all endpoints, with their keys, as scenarios use them.
func (s *Service) Known(ctx context.Context) (scenario.Endpoints, error) {
	var rows []Endpoint
	if err := s.d.DB.Read().NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	out := scenario.Endpoints{}
	for _, e := range rows {
		key, err := s.key(e)
		if err != nil {
			return nil, err
		}
		out[e.Name] = scenario.Endpoint{BaseURL: e.BaseURL, KeyHeader: e.KeyHeader, Allows: e.classes(), TimeoutS: e.TimeoutS, Defined: true, Key: key}
	}
	return out, nil
}

func (s *Service) key(e Endpoint) (string, error) {
	if e.Secret == "" {
		return "", nil
	}
	b, err := s.d.Box.Open(purpose(e.ID), e.Secret)
	return string(b), err
}

// Tried is what came of asking an endpoint for its models.
type Tried struct {
	OK     bool     `json:"ok"`
	Status int      `json:"status,omitempty" doc:"The HTTP status of its answer; absent if there was none."`
	Why    string   `json:"why,omitempty" doc:"Why it is no good: unreachable, refused, not_models."`
	Models []string `json:"models,omitempty" doc:"Up to a hundred models that it has."`
}

// maxModels bounds the answer of an endpoint that is tried, in bytes.
const maxModels = 4 << 20

// Try asks an endpoint which models it has. No data is sent. Nothing of the
// answer but names of models is told.
func (s *Service) Try(ctx context.Context, id string) (Tried, error) {
	e, err := s.Get(ctx, s.d.DB.Read(), id)
	if err != nil {
		return Tried{}, err
	}
	key, err := s.key(e)
	if err != nil {
		return Tried{}, err
	}
	client, err := e.client()
	if err != nil {
		return Tried{}, err
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.BaseURL+"/models", nil)
	if err != nil {
		return Tried{}, fmt.Errorf("try endpoint: %w", err)
	}
	if key != "" && e.KeyHeader != "" {
		req.Header.Set(e.KeyHeader, key)
	} else if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := client.Do(req)
	if err != nil {
		return Tried{Why: "unreachable"}, nil
	}
	defer func() { _ = res.Body.Close() }()
	out := Tried{Status: res.StatusCode}
	if res.StatusCode != http.StatusOK {
		out.Why = "refused"
		return out, nil
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxModels)).Decode(&list); err != nil || list.Data == nil {
		out.Why = "not_models"
		return out, nil
	}
	out.OK = true
	for _, m := range list.Data[:min(len(list.Data), 100)] {
		out.Models = append(out.Models, m.ID)
	}
	return out, nil
}
