package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// ConfigFile is the name of the configuration in a home.
const ConfigFile = "identity.yaml"

// ErrConfig refuses a configuration.
var ErrConfig = fault.Def{Kind: fault.Invalid, Code: "identity.config",
	En: "the configuration of sign-in does not fit: {problem}", Zh: "登录配置不符合要求：{problem}",
	HintEn: "docs/identity.md shows a whole one", HintZh: "完整示例见 docs/identity.md"}

// Config says how people sign in. The zero value is passwords alone.
type Config struct {
	// URL is how browsers reach the server, without a path. Links and the
	// redirects of OpenID Connect are made from it.
	URL string `yaml:"url"`
	// Proxies are addresses (CIDR) whose X-Forwarded-For is believed.
	Proxies []string `yaml:"proxies"`
	OIDC    *OIDC    `yaml:"oidc"`

	proxies []netip.Prefix
}

// OIDC is an OpenID Connect provider.
type OIDC struct {
	Issuer   string    `yaml:"issuer"`
	Title    text.Text `yaml:"title"` // what the button says
	ClientID string    `yaml:"client_id"`
	// The secret stands in a file, or in a variable of the environment; a public
	// client has none.
	SecretFile string   `yaml:"client_secret_file"`
	SecretEnv  string   `yaml:"client_secret_env"`
	Scopes     []string `yaml:"scopes"` // beside openid; profile and email if empty
	// LoginClaim names the claim that is the login; email if empty.
	LoginClaim string `yaml:"login_claim"`
	// LinkVerified lets a user who has signed in by password so far sign in here
	// too, if the login is an e-mail address that the provider has verified.
	LinkVerified bool `yaml:"link_verified_email"`
	// GroupsClaim names the claim that lists groups; groups if empty.
	GroupsClaim string  `yaml:"groups_claim"`
	Groups      []Group `yaml:"groups"`
	// OnlyGroups lets in only who is in one of Groups.
	OnlyGroups bool `yaml:"only_groups"`

	secret string
}

// Group says what being in a group gives: a role in a team, which is made if it
// is absent, or a role of the platform.
type Group struct {
	Group    string `yaml:"group"`
	Team     string `yaml:"team"` // its name
	Role     Role   `yaml:"role"`
	Platform Role   `yaml:"platform"`
}

// ReadConfig reads identity.yaml in a home; without one, people sign in by
// password. It fails with ErrConfig.
func ReadConfig(home string) (Config, error) {
	path := filepath.Join(home, ConfigFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read %s: %w", path, err)
	}
	c, err := ParseConfig(raw, os.Getenv)
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		f.At(path, 0, 0)
	}
	return c, err
}

// ParseConfig reads a configuration; env looks up variables.
func ParseConfig(raw []byte, env func(string) string) (Config, error) {
	var c Config
	bad := func(format string, args ...any) (Config, error) {
		return Config{}, ErrConfig.With("problem", fmt.Sprintf(format, args...))
	}
	if err := yaml.UnmarshalWithOptions(raw, &c, yaml.Strict()); err != nil {
		return bad("%v", firstLine(err))
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil {
			return bad("url: write https://HOST")
		}
		c.URL = strings.TrimSuffix(c.URL, "/")
	}
	for _, p := range c.Proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return bad("proxies: %q is no range such as 10.0.0.0/8", p)
		}
		c.proxies = append(c.proxies, prefix)
	}
	if c.OIDC == nil {
		return c, nil
	}
	o := c.OIDC
	switch u, err := url.Parse(o.Issuer); {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return bad("oidc.issuer: write https://HOST/…")
	case o.ClientID == "":
		return bad("oidc.client_id is missing")
	case c.URL == "":
		return bad("url is missing: the provider sends people back there")
	}
	if o.SecretFile != "" {
		b, err := os.ReadFile(o.SecretFile)
		if err != nil {
			return bad("oidc.client_secret_file: %v", err)
		}
		o.secret = strings.TrimSpace(string(b))
	} else if o.SecretEnv != "" {
		if o.secret = env(o.SecretEnv); o.secret == "" {
			return bad("oidc.client_secret_env: %s is not set", o.SecretEnv)
		}
	}
	o.fill()
	for i, g := range o.Groups {
		inTeam, onPlatform := g.Team != "" || g.Role != "", g.Platform != ""
		switch {
		case g.Group == "" || inTeam == onPlatform:
			return bad("oidc.groups[%d]: write group, and either team and role or platform", i)
		case inTeam && (g.Team == "" || rank(g.Role) < 0):
			return bad("oidc.groups[%d]: role is one of viewer, contributor, approver, owner", i)
		case onPlatform && rightsOf(g.Platform, true) == 0:
			return bad("oidc.groups[%d]: platform is administrator or auditor", i)
		}
	}
	return c, nil
}

func (o *OIDC) fill() {
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"profile", "email"}
	}
	if o.LoginClaim == "" {
		o.LoginClaim = "email"
	}
	if o.GroupsClaim == "" {
		o.GroupsClaim = "groups"
	}
	if o.Title.IsZero() {
		host := o.Issuer
		if u, err := url.Parse(o.Issuer); err == nil {
			host = u.Hostname()
		}
		o.Title = text.Text{En: host, Zh: host}
	}
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

func (c Config) issuer() string {
	if c.OIDC == nil {
		return "OpenID Connect"
	}
	return c.OIDC.Issuer
}

// gives returns the platform role and the role by team name that groups give.
func (o OIDC) gives(groups []string) (platform Role, teams map[string]Role, any bool) {
	teams = map[string]Role{}
	for _, g := range o.Groups {
		if !slices.Contains(groups, g.Group) {
			continue
		}
		any = true
		switch {
		case g.Platform == Administrator || g.Platform != "" && platform == "":
			platform = g.Platform
		case g.Team != "" && (teams[g.Team] == "" || rank(g.Role) > rank(teams[g.Team])):
			teams[g.Team] = g.Role
		}
	}
	return platform, teams, any
}

// decidesPlatform reports whether groups decide on roles of the platform.
func (o OIDC) decidesPlatform() bool {
	return slices.ContainsFunc(o.Groups, func(g Group) bool { return g.Platform != "" })
}
