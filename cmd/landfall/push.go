package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/pack"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of pushing.
var (
	ErrNoServer = fault.Def{Kind: fault.Invalid, Code: "push.no_server",
		En: "no server was named, and none holds the home", Zh: "未指定服务器，本机也没有正在运行的服务",
		HintEn: "name one with --server URL, or start one: landfall serve", HintZh: "用 --server URL 指定，或启动一个：landfall serve"}
	ErrUnknownBase = fault.Def{Kind: fault.Conflict, Code: "push.unknown_base",
		En: "the server has a scenario {slug} that this folder was not pushed to before", Zh: "服务器上已有场景 {slug}，而此目录从未推送过",
		HintEn: "if this folder is to replace it: landfall push --force {dir}", HintZh: "若确要用此目录替换：landfall push --force {dir}"}
)

// pushed is what a folder remembers of the servers that it was pushed to: the
// tag of each, by server, below the scenario's slug.
type pushed map[string]string

const (
	stateFolder = ".landfall"
	stateFile   = "pushed.json"
)

func (c *command) pushCommand() *cobra.Command {
	var opt pushOptions
	cmd := &cobra.Command{
		Use: "push DIR", Args: cobra.ExactArgs(1),
		Short: c.say("send a scenario folder to a server", "将场景目录推送到服务器"),
		Long: c.say(`Checks the folder as the server would, sends the files that the server lacks,
and makes it the newest revision. If somebody else has changed the scenario
since your last push, that is a conflict and nothing is changed.

A folder from a git repository is changed there only: the console shows it and
offers patches.`,
			`按服务器的标准检查目录，仅上传服务器缺少的文件，并使其成为最新修订。若自您上次推送以来
他人改动过该场景，则视为冲突，不做任何更改。

来自 git 仓库的目录只能在仓库中修改：控制台只读展示，并给出补丁。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.either(cmd.Context(), func(*app.App) error { return ErrNoServer.With() }, func(r *remote) error {
				v, err := c.push(cmd.Context(), r, args[0], opt)
				if err != nil {
					return err
				}
				return c.t.PrintOne(v, []term.Column{
					{Field: "slug", Head: text.Text{En: "SCENARIO", Zh: "场景"}},
					{Field: "team", Head: text.Text{En: "TEAM", Zh: "团队"}},
					{Field: "revision", Head: text.Text{En: "REVISION", Zh: "修订"}, Form: term.AsCount},
				})
			})
		},
	}
	cmd.Flags().StringVar(&opt.team, "team", scenario.LocalTeam, c.say("the team that a new scenario belongs to", "新场景所属的团队"))
	cmd.Flags().BoolVar(&opt.force, "force", false, c.say("replace what is there, whoever changed it", "无论何人改动，一律替换"))
	cmd.Flags().BoolVar(&opt.noGit, "no-git", false, c.say("do not say that the folder comes from a repository; it can then be changed in the console", "不标记为来自代码仓库；之后可在控制台中修改"))
	return cmd
}

type pushOptions struct {
	team         string
	force, noGit bool
}

// push sends the folder dir and returns the scenario that it is now.
func (c *command) push(ctx context.Context, r *remote, dir string, opt pushOptions) (*scenario.View, error) {
	doc, _, err := scenario.ReadAs(dir, scenario.Reading{Kept: true}) // the server knows which endpoints there are
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, app.ErrNoInput.With("file", dir).Because(err)
	}
	defer root.Close()
	m, err := manifestOf(root)
	if err != nil {
		return nil, err
	}
	state := readPushed(dir)
	key := r.name + " " + doc.Slug
	var there scenario.View
	head, err := r.do(ctx, call{method: http.MethodGet, path: "/scenarios/" + url.PathEscape(doc.Slug)}, &there)
	exists := err == nil
	if err != nil && fault.From(err).Kind != fault.NotFound {
		return nil, err
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(raw)
	same := exists && there.Folder == hex.EncodeToString(digest[:])
	if exists && !same && !opt.force && state[key] == "" && there.Folder != "" {
		return nil, ErrUnknownBase.With("slug", doc.Slug, "dir", dir)
	}
	team := opt.team
	if exists {
		team = there.Team
	}
	tag := ""
	if exists && head != nil {
		tag = head.Get("ETag")
	}
	if !same {
		if err := r.sendFiles(ctx, root, team, m); err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string]any{"files": m})
		if err != nil {
			return nil, fmt.Errorf("write the list of files: %w", err)
		}
		q := sourceOf(ctx, dir, opt.noGit)
		one := call{method: http.MethodPost, path: "/teams/" + url.PathEscape(team) + "/scenarios", query: q, kind: "application/json", body: bytes.NewReader(body)}
		if exists {
			one.method, one.path = http.MethodPut, "/scenarios/"+url.PathEscape(doc.Slug)
			if !opt.force && state[key] != "" {
				one.header = map[string]string{"If-Match": state[key]}
			}
		}
		there = scenario.View{}
		if head, err = r.do(ctx, one, &there); err != nil {
			return nil, below(dir, err)
		}
		tag = head.Get("ETag")
	}
	if state[key] != tag {
		state[key] = tag
		if err := state.write(dir); err != nil {
			return nil, err
		}
	}
	return &there, nil
}

// below makes the places that err names inside a folder those of dir.
func below(dir string, err error) error {
	for _, f := range fault.All(err) {
		if f.Where != "" && !filepath.IsAbs(f.Where) {
			f.Where = filepath.Join(dir, f.Where)
		}
	}
	return err
}

func manifestOf(root *os.Root) (scenario.Manifest, error) {
	names, err := pack.Files(root, pack.DefaultLimits)
	if err != nil {
		return nil, err
	}
	var m scenario.Manifest
	for _, name := range names {
		f, err := root.Open(name)
		if err != nil {
			return nil, app.ErrNoInput.With("file", name).Because(err)
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		m = append(m, scenario.FileRef{Path: name, SHA256: hex.EncodeToString(h.Sum(nil)), Size: n})
	}
	return m, nil
}

// sendFiles sends those of m that the server does not have from this team.
func (r *remote) sendFiles(ctx context.Context, root *os.Root, team string, m scenario.Manifest) error {
	digests := make([]string, len(m))
	by := map[string]scenario.FileRef{}
	for i, f := range m {
		digests[i], by[f.SHA256] = f.SHA256, f
	}
	var answer app.MissingFiles
	at := "/teams/" + url.PathEscape(team) + "/files"
	if err := r.json(ctx, http.MethodPost, at+"/missing", map[string]any{"digests": digests}, &answer); err != nil {
		return err
	}
	for _, d := range answer.Missing {
		f, err := root.Open(by[d].Path)
		if err != nil {
			return app.ErrNoInput.With("file", by[d].Path).Because(err)
		}
		var got app.ReceivedFile
		_, err = r.do(ctx, call{method: http.MethodPost, path: at, kind: "application/octet-stream", body: f}, &got)
		if err := errors.Join(err, f.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
			return err
		}
	}
	return nil
}

func readPushed(dir string) pushed {
	out := pushed{}
	raw, err := os.ReadFile(filepath.Join(dir, stateFolder, stateFile))
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return pushed{} // it is a memory: without it a push must say that it means to replace
	}
	return out
}

// write remembers p beside the folder's own files, out of sight of git.
func (p pushed) write(dir string) error {
	at := filepath.Join(dir, stateFolder)
	if err := file.Write(filepath.Join(at, ".gitignore"), 0o644, func(w io.Writer) error { _, err := io.WriteString(w, "*\n"); return err }); err != nil {
		return err
	}
	return file.Write(filepath.Join(at, stateFile), 0o644, func(w io.Writer) error { return json.NewEncoder(w).Encode(p) })
}

// sourceOf asks git whether the folder is part of a repository. Without git,
// or outside of one, it is an upload.
func sourceOf(ctx context.Context, dir string, noGit bool) url.Values {
	q := url.Values{"source": {scenario.FromUpload}}
	ask := func(args ...string) (string, bool) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err == nil
	}
	if noGit {
		return q
	}
	commit, ok := ask("rev-parse", "HEAD")
	if tracked, is := ask("ls-files", "--error-unmatch", scenario.FileName); !ok || !is || tracked == "" {
		return q
	}
	q.Set("source", scenario.FromGit)
	q.Set("commit", commit)
	if changes, ok := ask("status", "--porcelain", "--", "."); ok && changes != "" {
		q.Set("dirty", "true")
	}
	if address, ok := ask("config", "--get", "remote.origin.url"); ok {
		if u, err := url.Parse(address); err == nil && u.User != nil {
			u.User = nil // may be a password
			address = u.String()
		}
		q.Set("remote", address[:min(len(address), 400)])
	}
	return q
}
