package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	xterm "github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
)

// Faults of signing in.
var (
	ErrNoToken = fault.Def{Kind: fault.Invalid, Code: "login.no_token",
		En: "no token was given", Zh: "未提供令牌",
		HintEn: "make one in the console under settings, and paste it, or pipe it in", HintZh: "请在控制台的设置中创建令牌，然后粘贴或通过管道传入"}
	ErrCredentials = fault.Def{Kind: fault.Invalid, Code: "login.credentials",
		En: "the file of tokens cannot be read", Zh: "无法读取令牌文件",
		HintEn: "remove it and sign in again", HintZh: "请删除该文件后重新登录"}
)

// The environment's way to name a server and a token.
const (
	serverEnv = "LANDFALL_SERVER"
	tokenEnv  = "LANDFALL_TOKEN"
)

// maxToken bounds what is read as a token.
const maxToken = 4096

// credentials is the file of tokens, by the origin that each is for.
func credentials() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of settings: %w", err)
	}
	return filepath.Join(dir, "landfall", "tokens.json"), nil
}

func readCredentials() (map[string]string, string, error) {
	path, err := credentials()
	if err != nil {
		return nil, "", err
	}
	out := map[string]string{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return out, path, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return nil, path, ErrCredentials.With().At(path, 0, 0).Because(err)
	}
	return out, path, nil
}

// token returns the token for a server; "" is none. A token goes to the origin
// that it was given for and to no other.
func (c *command) token(origin string) (string, error) {
	if t := os.Getenv(tokenEnv); t != "" {
		return t, nil
	}
	all, _, err := readCredentials()
	return all[origin], err
}

func (c *command) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use: "login URL", Args: cobra.ExactArgs(1),
		Short: c.say("keep an API token for a server", "保存服务器的 API 令牌"),
		Long: c.say(`Asks for a token, which the console makes under settings, tries it, and keeps it
for this server alone in a file that only you may read. Without a terminal it is
read from standard input. LANDFALL_TOKEN goes before what is kept, and
LANDFALL_SERVER names the server for commands without --server.`,
			`读取一个令牌（在控制台的设置中创建），验证后仅为该服务器保存在只有您可读的文件中。
没有终端时从标准输入读取。环境变量 LANDFALL_TOKEN 优先于已保存的令牌；
LANDFALL_SERVER 为未加 --server 的命令指定服务器。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.server = args[0]
			if _, err := c.remoteServer(); err != nil { // before anything is asked
				return err
			}
			token, err := c.askToken()
			if err != nil {
				return err
			}
			u, err := url.Parse(c.server)
			if err != nil {
				return ErrServer.With("url", c.server)
			}
			origin := u.Scheme + "://" + u.Host
			r, err := c.remoteServer()
			if err != nil {
				return err
			}
			r.http.Transport = bearer{r.http.Transport, token}
			if _, err := r.do(cmd.Context(), call{method: "GET", path: "/scenarios", query: url.Values{"limit": {"1"}}}, nil); err != nil {
				return err
			}
			all, path, err := readCredentials()
			if err != nil {
				return err
			}
			all[origin] = token
			err = file.Write(path, 0o600, func(w io.Writer) error {
				enc := json.NewEncoder(w)
				enc.SetIndent("", "  ")
				return enc.Encode(all)
			})
			if err != nil {
				return err
			}
			return c.t.Talk("signed in at %s; the token is in %s", "已登录 %s；令牌保存在 %s", origin, path)
		},
	}
}

func (c *command) askToken() (string, error) {
	var line string
	if in, ok := c.t.In.(*os.File); ok && xterm.IsTerminal(in.Fd()) {
		if _, err := fmt.Fprint(c.t.Err, c.say("token: ", "令牌：")); err != nil {
			return "", err
		}
		raw, err := xterm.ReadPassword(in.Fd())
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		line = string(raw)
		if err := c.t.Talk("", ""); err != nil {
			return "", err
		}
	} else {
		var err error
		line, err = bufio.NewReader(io.LimitReader(c.t.In, maxToken)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the token: %w", err)
		}
	}
	line = strings.TrimSpace(line)
	if line == "" || strings.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", ErrNoToken.With()
	}
	return line, nil
}
