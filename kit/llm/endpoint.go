package llm

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/text"
)

// Classes of data, from open to closed.
var Classes = []string{"public", "internal", "confidential", "personal"}

// Endpoint is where a model is, and what it may see.
type Endpoint struct {
	Name    string `json:"name"`
	BaseURL string `json:"base_url"` // what stands before /chat/completions
	Model   string `json:"model"`
	// Classes are the data classes that may be sent there; empty is none.
	Classes []string `json:"classes"`
	// KeyEnv names the variable with the key. Key, if not nil, is asked
	// instead, before each attempt. Neither is no key.
	KeyEnv string                 `json:"key_env,omitempty"`
	Key    func() (string, error) `json:"-"`
	// Headers are sent with each request. They may carry secrets, so they are
	// never printed.
	Headers map[string]string `json:"-"`
	// AllowHTTP permits plain http to other than loopback addresses.
	AllowHTTP bool `json:"allow_http,omitempty"`
	// Unstreamed is set for servers that cannot stream, or not all that is
	// asked of them. Times to and between tokens are then unknown.
	Unstreamed bool `json:"unstreamed,omitempty"`
}

// address returns the parsed base URL; a pasted full path is cut to its base.
func (e Endpoint) address() (*url.URL, error) {
	bad := func(en, zh string) error {
		return ErrEndpoint.With("endpoint", e.Name, "problem", text.Text{En: en, Zh: zh})
	}
	if strings.TrimSpace(e.Name) == "" {
		return nil, bad("it has no name", "缺少名称")
	}
	u, err := url.Parse(strings.TrimSpace(e.BaseURL))
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, bad("its base URL is not an address", "基础地址不是有效网址")
	case u.User != nil:
		return nil, bad("its base URL holds a user name or password", "基础地址中含有用户名或密码")
	case u.Fragment != "":
		return nil, bad("its base URL has a fragment", "基础地址中含有 # 片段")
	}
	for _, c := range e.Classes {
		if !slices.Contains(Classes, c) {
			return nil, bad("it names the unknown data class "+c, "引用了未知的数据分级 "+c)
		}
	}
	for k, v := range e.Headers {
		if strings.ContainsAny(k+v, "\r\n\x00") || k == "" {
			return nil, bad("one of its headers is not valid", "含有无效的请求头")
		}
	}
	path := strings.TrimRight(u.Path, "/")
	for _, tail := range []string{"/chat/completions", "/embeddings", "/models"} {
		path = strings.TrimSuffix(path, tail)
	}
	u.Path, u.RawPath = strings.TrimRight(path, "/"), ""
	return u, nil
}

// Allow refuses data of a class that the endpoint may not see with ErrClass.
// Data without a class may go nowhere.
func (e Endpoint) Allow(class string) error {
	if slices.Contains(e.Classes, class) && slices.Contains(Classes, class) {
		return nil
	}
	var allowed, shown any = noClasses, noClass
	if len(e.Classes) > 0 {
		allowed = e.Classes
	}
	if class != "" {
		shown = class
	}
	return ErrClass.With("class", shown, "endpoint", e.Name, "host", e.Host(), "allowed", allowed)
}

// Host returns where data would go: host and port of the base URL.
func (e Endpoint) Host() string {
	u, err := url.Parse(strings.TrimSpace(e.BaseURL))
	if err != nil {
		return ""
	}
	return u.Host
}

// Local reports whether the endpoint is on this machine, so that data sent to
// it leaves nothing.
func (e Endpoint) Local() bool {
	u, err := url.Parse(strings.TrimSpace(e.BaseURL))
	return err == nil && outbound.Loopback(u.Hostname())
}

// String names the endpoint without anything secret.
func (e Endpoint) String() string { return e.Name + " (" + e.Model + " at " + e.Host() + ")" }

// GoString keeps secrets out of %#v.
func (e Endpoint) GoString() string { return "llm.Endpoint{" + e.String() + "}" }

// LogValue keeps secrets out of logs.
func (e Endpoint) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", e.Name), slog.String("model", e.Model), slog.String("host", e.Host()))
}

// key returns the key, or "" for an endpoint without one.
func (e Endpoint) key(env func(string) string) (string, error) {
	var k string
	switch {
	case e.Key != nil:
		var err error
		if k, err = e.Key(); err != nil {
			return "", ErrKeyMissing.With("endpoint", e.Name, "variable", noVariable).Because(err)
		}
	case e.KeyEnv != "":
		if k = strings.TrimSpace(env(e.KeyEnv)); k == "" {
			return "", ErrKeyMissing.With("endpoint", e.Name, "variable", e.KeyEnv)
		}
	}
	if strings.ContainsFunc(k, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", ErrEndpoint.With("endpoint", e.Name, "problem",
			text.Text{En: "its key holds characters that no key has", Zh: "密钥中含有无效字符"})
	}
	return k, nil
}

// header returns the header of a request with the key.
func (e Endpoint) header(key string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"landfall"}}
	if key != "" {
		h.Set("Authorization", "Bearer "+key)
	}
	for k, v := range e.Headers {
		h.Set(k, v)
	}
	return h
}

// scrub takes the key and every value of Headers out of what a server said.
func (e Endpoint) scrub(s, key string) string {
	secrets := []string{key}
	for _, v := range e.Headers {
		secrets = append(secrets, v)
	}
	for _, secret := range secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}
