package dataset

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/outbound"
)

const (
	hintOfflineEn = "without a network, put the files where LANDFALL_DATA_DIR points to"
	hintOfflineZh = "没有网络时，请将文件放在 LANDFALL_DATA_DIR 所指目录"
)

// Faults of fetching data.
var (
	ErrDigest = fault.Def{Kind: fault.Invalid, Code: "dataset.digest",
		En: "{from} does not hold what scenario.yaml says: its SHA-256 is {got}, expected {want}", Zh: "{from} 的内容与 scenario.yaml 所述不符：SHA-256 为 {got}，应为 {want}",
		HintEn: "nothing was kept; the source may have changed: look at it before you change the digest", HintZh: "未保存任何内容；来源可能已变化：修改摘要前请先核实"}
	ErrFetch = fault.Def{Kind: fault.Unavailable, Code: "dataset.fetch",
		En: "{url} cannot be fetched: {problem}", Zh: "无法获取 {url}：{problem}",
		HintEn: hintOfflineEn, HintZh: hintOfflineZh}
	ErrStatus = fault.Def{Kind: fault.Unavailable, Code: "dataset.status",
		En: "{url} cannot be fetched: the server answered {status}", Zh: "无法获取 {url}：服务器返回 {status}",
		HintEn: hintOfflineEn, HintZh: hintOfflineZh}
	ErrSlow = fault.Def{Kind: fault.Unavailable, Code: "dataset.slow",
		En: "{url} was not fetched within {limit}", Zh: "未能在 {limit} 内获取 {url}",
		HintEn: hintOfflineEn, HintZh: hintOfflineZh}
	ErrURL = fault.Def{Kind: fault.Denied, Code: "dataset.url",
		En: "{url} is not fetched: it is not an https address", Zh: "拒绝获取 {url}：不是 https 地址"}
	ErrPrivate = fault.Def{Kind: fault.Denied, Code: "dataset.private_address",
		En: "{address} is not fetched from: it is not a public address", Zh: "拒绝访问 {address}：不是公共地址",
		HintEn: "for files inside your own network, use LANDFALL_DATA_DIR", HintZh: "内网文件请通过 LANDFALL_DATA_DIR 提供"}
	ErrRedirects = fault.Def{Kind: fault.Unavailable, Code: "dataset.redirects",
		En: "{url} redirects more than 5 times", Zh: "{url} 重定向超过 5 次"}
)

// Origin tells where a pulled file came from.
type Origin string

// The origins.
const (
	Present Origin = "present" // it was in the folder already
	Local   Origin = "local"   // copied from Options.DataDir
	Network Origin = "network" // fetched
)

// Pulled is a file that is now in the folder, with the right digest.
type Pulled struct {
	Path  string `json:"path"`
	From  Origin `json:"from"`
	Bytes int64  `json:"bytes"`
}

// PullOptions say where Pull looks. The zero value fetches.
type PullOptions struct {
	// DataDir is a folder with copies (LANDFALL_DATA_DIR), looked into first,
	// below the source's local path or else its path.
	DataDir string
	// Client fetches; nil is PublicClient.
	Client *http.Client
	// Timeout bounds one file; 10 minutes if 0.
	Timeout time.Duration
	// Progress is called as bytes arrive. total is 0 if unknown.
	Progress func(path string, done, total int64)
}

// Pull brings the sources into dir and verifies them. A file that is right
// already is left alone; a wrong one is replaced, and only once the right
// content is there in full. Faults: ErrDigest, ErrFetch, ErrStatus,
// ErrSlow, ErrURL, ErrPrivate, ErrRedirects, ErrPath, ErrTooLarge (beyond the stated size, or MaxFileBytes). What was pulled
// before a fault stays and is returned.
func Pull(ctx context.Context, dir string, sources []Source, o PullOptions) ([]Pulled, error) {
	if o.Client == nil {
		o.Client = PublicClient()
		defer o.Client.CloseIdleConnections()
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openFault(dir, err)
	}
	defer root.Close()
	var out []Pulled
	for _, s := range sources {
		p, err := pull(ctx, root, s, o)
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

func pull(ctx context.Context, root *os.Root, s Source, o PullOptions) (Pulled, error) {
	if !filepath.IsLocal(filepath.FromSlash(s.Path)) || strings.Contains(s.Path, `\`) {
		return Pulled{}, ErrPath.With("file", s.Path)
	}
	if digest, size, err := digestOf(root, s.Path); err == nil && digest == s.SHA256 {
		return Pulled{s.Path, Present, size}, nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Pulled{}, fmt.Errorf("look at %s: %w", s.Path, err)
	}
	if p, ok, err := fromDataDir(root, s, o); ok || err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	size, err := fetch(ctx, root, s, o)
	return Pulled{s.Path, Network, size}, err
}

func digestOf(root *os.Root, path string) (string, int64, error) {
	f, err := openPlain(root, path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// fromDataDir copies a file if the right one is there. A copy that is wrong
// or absent is no fault: the network may have the right one.
func fromDataDir(to *os.Root, s Source, o PullOptions) (Pulled, bool, error) {
	local := s.Local
	if local == "" {
		local = s.Path
	}
	if o.DataDir == "" || !filepath.IsLocal(filepath.FromSlash(local)) {
		return Pulled{}, false, nil
	}
	from, err := os.OpenRoot(o.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return Pulled{}, false, nil
	}
	if err != nil {
		return Pulled{}, false, openFault(o.DataDir, err)
	}
	defer from.Close()
	f, err := openPlain(from, local)
	if errors.Is(err, fs.ErrNotExist) {
		return Pulled{}, false, nil
	}
	if err != nil {
		return Pulled{}, false, openFault(filepath.Join(o.DataDir, filepath.FromSlash(local)), err)
	}
	defer f.Close()
	size, err := install(to, s, path.Join("LANDFALL_DATA_DIR", local), f, o)
	if errors.Is(err, ErrDigest) || errors.Is(err, ErrTooLarge) {
		return Pulled{}, false, nil
	}
	return Pulled{s.Path, Local, size}, err == nil, err
}

func fetch(ctx context.Context, root *os.Root, s Source, o PullOptions) (int64, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return 0, ErrURL.With("url", s.URL)
	}
	shown := u.Redacted()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return 0, ErrURL.With("url", shown).Because(err)
	}
	res, err := o.Client.Do(req)
	if err != nil {
		return 0, fetchFault(ctx, shown, o, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, ErrStatus.With("url", shown, "status", res.StatusCode)
	}
	size, err := install(root, s, shown, res.Body, o)
	// When ctx ends, the transport says goodbye before it closes the connection,
	// and a server may still end its half of an answer in good form. So a body
	// that is wrong once ctx has ended says nothing about the source.
	if errors.Is(err, ErrDigest) && ctx.Err() != nil {
		return 0, fetchFault(ctx, shown, o, ctx.Err())
	}
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		var onDisk *fs.PathError
		if errors.As(err, &onDisk) {
			return 0, err
		}
		return 0, fetchFault(ctx, shown, o, err)
	}
	return size, err
}

func fetchFault(ctx context.Context, shown string, o PullOptions, err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("fetch %s: %w", shown, err)
	case ctx.Err() != nil:
		return ErrSlow.With("url", shown, "limit", o.Timeout.String()).Because(err)
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return ErrFetch.With("url", shown, "problem", err.Error()).Because(err)
}

// install writes one file: beside its place first, renamed when it is right.
func install(root *os.Root, s Source, from string, r io.Reader, o PullOptions) (size int64, err error) {
	name := filepath.FromSlash(s.Path)
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return 0, fmt.Errorf("make folder for %s: %w", s.Path, err)
		}
	}
	temp := name + ".part-" + strings.ToLower(rand.Text()[:8])
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", s.Path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), root.Remove(temp))
		}
	}()
	limit, shown := int64(MaxFileBytes), "1 GiB"
	if s.Bytes > 0 && s.Bytes < limit {
		limit, shown = s.Bytes, fmt.Sprintf("%d bytes", s.Bytes)
	}
	h := sha256.New()
	w := io.Writer(h)
	if o.Progress != nil {
		w = io.MultiWriter(h, &progress{path: s.Path, total: s.Bytes, report: o.Progress})
	}
	size, err = io.Copy(io.MultiWriter(f, w), io.LimitReader(r, limit+1))
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", s.Path, err)
	}
	if size > limit {
		return 0, ErrTooLarge.With("limit", shown).At(from, 0, 0)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != s.SHA256 {
		return 0, ErrDigest.With("from", from, "got", got, "want", s.SHA256)
	}
	if err := f.Sync(); err != nil {
		return 0, fmt.Errorf("write %s: %w", s.Path, err)
	}
	if err := root.Rename(temp, name); err != nil {
		return 0, fmt.Errorf("write %s: %w", s.Path, err)
	}
	if err := f.Close(); err != nil {
		return 0, fmt.Errorf("write %s: %w", s.Path, err)
	}
	return size, nil
}

type progress struct {
	path        string
	done, total int64
	report      func(string, int64, int64)
}

func (p *progress) Write(b []byte) (int, error) {
	p.done += int64(len(b))
	p.report(p.path, p.done, p.total)
	return len(b), nil
}

// PublicClient returns a client that speaks https to public addresses only,
// and refuses with the faults of this package.
func PublicClient() *http.Client {
	return outbound.Public(outbound.Refusals{Private: ErrPrivate, Scheme: ErrURL, Redirects: ErrRedirects})
}
