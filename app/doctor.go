package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/text"
)

// Health is how a check went.
type Health string

// The outcomes of a check.
const (
	Healthy Health = "ok"
	Wary    Health = "warning"
	Sick    Health = "wrong"
	Skipped Health = "skipped"
)

// Checked is what one check found, and what to do about it.
type Checked struct {
	ID    string    `json:"id"`
	State Health    `json:"state"`
	Title text.Text `json:"title"`
	Found text.Text `json:"found"`
	Fix   text.Text `json:"fix,omitzero"`
}

// Diagnosis is all that Doctor found.
type Diagnosis struct {
	Home   string    `json:"home"`
	Checks []Checked `json:"checks"`
}

// Wrong reports whether something is.
func (d Diagnosis) Wrong() bool {
	return slices.ContainsFunc(d.Checks, func(c Checked) bool { return c.State == Sick })
}

// patient is what checks look at. A check that finds the ground of later ones
// gone leaves the reason in closed: they are then skipped.
type patient struct {
	cfg    Config
	dir    string
	dirs   []string
	app    *App
	closed bool
	add    func(state Health, found, fix text.Text)
}

func (p *patient) path(name string) string { return filepath.Join(p.dir, name) }

// checkups are the checks, in the order in which one rests on another. Those
// that need a sound home are skipped where there is none. A new check is a line.
var checkups = []struct {
	id       string
	title    text.Text
	needHome bool
	check    func(context.Context, *patient) error
}{
	{"home", text.Text{En: "home", Zh: "记录目录"}, false, checkHome},
	{"disk", text.Text{En: "free disk", Zh: "磁盘空间"}, false, checkDisk},
	{"keys", text.Text{En: "keys", Zh: "密钥"}, true, checkKeys},
	{"database", text.Text{En: "database", Zh: "数据库"}, true, checkDatabase},
	{"lock", text.Text{En: "lock", Zh: "占用锁"}, true, checkLock},
	{"blobs", text.Text{En: "files", Zh: "文件"}, true, checkBlobs},
	{"evidence", text.Text{En: "log of evidence", Zh: "证据日志"}, true, checkEvidence},
	{"clock", text.Text{En: "clock", Zh: "系统时钟"}, false, checkClock},
	{"endpoints", text.Text{En: "endpoints", Zh: "端点"}, false, checkEndpoints},
}

// Doctor looks whether the home and the endpoints of the scenario folders in
// dirs are fit, and says what to do where not. It changes nothing but what
// opening the home changes, and sends nothing: endpoints are dialled only.
func Doctor(ctx context.Context, cfg Config, dirs []string) (d Diagnosis, err error) {
	p := &patient{cfg: cfg, dir: cfg.Home, dirs: dirs}
	if p.cfg.Now == nil {
		p.cfg.Now = time.Now
	}
	if p.dir == "" {
		if p.dir, err = home.Default(); err != nil {
			return d, err
		}
	}
	d.Home, d.Checks = p.dir, []Checked{}
	defer func() {
		if p.app != nil {
			err = errors.Join(err, p.app.Close(context.WithoutCancel(ctx)))
		}
	}()
	for _, c := range checkups {
		before := len(d.Checks)
		p.add = func(state Health, found, fix text.Text) {
			d.Checks = append(d.Checks, Checked{ID: c.id, State: state, Title: c.title, Found: found, Fix: fix})
			p.closed = p.closed || c.needHome && state == Sick && c.id != "blobs" && c.id != "evidence"
		}
		if c.needHome && p.closed {
			p.add(Skipped, text.Text{En: "not looked at: see above", Zh: "未检查：见上文"}, text.Text{})
			continue
		}
		if err := c.check(ctx, p); err != nil {
			if ctx.Err() != nil {
				return d, context.Cause(ctx)
			}
			p.add(Sick, said(err), hinted(err))
		}
		if len(d.Checks) == before {
			p.add(Healthy, text.Text{En: "fine", Zh: "正常"}, text.Text{})
		}
	}
	return d, nil
}

func said(err error) text.Text {
	f := fault.From(store.Explain(err))
	if f.Kind == fault.Internal {
		return text.Text{En: err.Error(), Zh: err.Error()}
	}
	return text.Text{En: f.Code + ": " + f.Message("en"), Zh: f.Code + "：" + f.Message("zh")}
}

func hinted(err error) text.Text {
	f := fault.From(store.Explain(err))
	return text.Text{En: f.Hint("en"), Zh: f.Hint("zh")}
}

func checkHome(_ context.Context, p *patient) error {
	info, err := os.Stat(p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.closed = true
		p.add(Healthy, text.Text{En: p.dir + " is not there yet; the first command makes it", Zh: p.dir + " 尚不存在，首次运行命令时创建"}, text.Text{})
		return nil
	case err != nil:
		p.closed = true
		return fmt.Errorf("look at the home: %w", err)
	case !info.IsDir():
		p.closed = true
		p.add(Sick, text.Text{En: p.dir + " is no folder", Zh: p.dir + " 不是目录"}, text.Text{En: "name another with --home", Zh: "请用 --home 指定其他目录"})
		return nil
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		p.add(Sick, text.Text{En: fmt.Sprintf("%s can be entered by others (%04o): answers and cases lie in it", p.dir, mode), Zh: fmt.Sprintf("其他用户可以访问 %s（%04o），其中存有用例与回答", p.dir, mode)},
			text.Text{En: "chmod 700 " + p.dir, Zh: "运行：chmod 700 " + p.dir})
	}
	return nil
}

// Free disk below which one should act, and below which runs fail.
const (
	scarce   = 1 << 30
	critical = 100 << 20
)

func checkDisk(_ context.Context, p *patient) error {
	at := p.dir
	for {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(at, &s); err != nil {
		return fmt.Errorf("ask for free disk: %w", err)
	}
	free := s.Bavail * uint64(s.Bsize) //nolint:gosec,unconvert // the types differ between systems
	found := text.Text{En: fmt.Sprintf("%d MiB free", free>>20), Zh: fmt.Sprintf("剩余 %d MiB", free>>20)}
	fix := text.Text{En: "free some space, or move the home with --home", Zh: "请清理磁盘，或用 --home 换一个位置"}
	switch {
	case free < critical:
		p.add(Sick, found, fix)
	case free < scarce:
		p.add(Wary, found, fix)
	default:
		p.add(Healthy, found, text.Text{})
	}
	return nil
}

func checkKeys(_ context.Context, p *patient) error {
	dir := p.path("keys")
	_, err := os.Stat(filepath.Join(dir, "history.jsonl"))
	_, dbErr := os.Stat(p.path("landfall.db"))
	if errors.Is(err, fs.ErrNotExist) {
		if dbErr == nil {
			p.add(Sick, text.Text{En: "the history of keys is gone from " + dir + ", though there are records", Zh: dir + " 中缺少密钥历史，而记录仍在"},
				text.Text{En: "put back the folder of keys from where you keep it, before anything else runs: a new key would sign as a stranger", Zh: "请先从保管处恢复密钥目录再运行其他命令，否则会生成一把无关的新密钥"})
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the keys: %w", err)
	}
	if info, err := os.Stat(dir); err != nil {
		return fmt.Errorf("look at the keys: %w", err)
	} else if mode := info.Mode().Perm(); mode&0o077 != 0 {
		p.add(Sick, text.Text{En: fmt.Sprintf("the folder of keys can be entered by others (%04o)", mode), Zh: fmt.Sprintf("其他用户可以访问密钥目录（%04o）", mode)},
			text.Text{En: "chmod 700 " + dir, Zh: "运行：chmod 700 " + dir})
		return nil
	}
	// The history is there, so that no key is made.
	_, err = evidence.OpenKeys(dir, p.cfg.Now, strings.NewReader(""))
	return err
}

func checkDatabase(ctx context.Context, p *patient) error {
	path := p.path("landfall.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		p.closed = true
		p.add(Healthy, text.Text{En: "none yet", Zh: "尚未创建"}, text.Text{})
		return nil
	}
	var migrations []fs.FS
	for _, c := range Capabilities() {
		migrations = append(migrations, c.Migrations...)
	}
	in, err := store.Inspect(ctx, path, migrations...)
	switch {
	case err != nil:
		return err
	case len(in.Damage) > 0:
		p.add(Sick, text.Text{En: "the file is damaged: " + in.Damage[0], Zh: "数据库文件已损坏：" + in.Damage[0]},
			text.Text{En: "put back " + path + " from a backup; sqlite3's .recover saves what is readable", Zh: "请从备份恢复 " + path + "；sqlite3 的 .recover 可挽救可读部分"})
	case in.Applied > in.Newest:
		p.add(Sick, text.Text{En: fmt.Sprintf("its schema (%d) is newer than this program's (%d)", in.Applied, in.Newest), Zh: fmt.Sprintf("数据库结构版本（%d）比本程序（%d）新", in.Applied, in.Newest)},
			text.Text{En: "run the newer landfall that wrote it", Zh: "请使用写入它的较新版本 landfall"})
	default:
		p.add(Healthy, text.Text{En: fmt.Sprintf("intact, schema %d of %d", in.Applied, in.Newest), Zh: fmt.Sprintf("完好，结构版本 %d / %d", in.Applied, in.Newest)}, text.Text{})
	}
	return nil
}

// checkLock opens the home for the checks that follow.
func checkLock(ctx context.Context, p *patient) error {
	a, err := Open(ctx, Config{Home: p.dir, Version: p.cfg.Version, Now: p.cfg.Now, Log: p.cfg.Log})
	if errors.Is(err, home.ErrLocked) {
		p.closed = true
		p.add(Wary, said(err), hinted(err))
		return nil
	}
	p.app = a
	return err
}

func checkBlobs(ctx context.Context, p *patient) error {
	needed := map[string]string{} // digest: what needs it
	var results []string
	if err := p.app.DB.Read().NewRaw("SELECT results_digest FROM runs WHERE results_digest <> ''").Scan(ctx, &results); err != nil {
		return fmt.Errorf("list the results of runs: %w", err)
	}
	for _, d := range results {
		needed[d] = "a run's results"
	}
	var manifests [][]byte
	if err := p.app.DB.Read().NewRaw("SELECT manifest FROM dataset_versions").Scan(ctx, &manifests); err != nil {
		return fmt.Errorf("list the versions of data: %w", err)
	}
	for _, raw := range manifests {
		var m struct {
			Files []struct{ Path, SHA256 string } `json:"files"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("read a manifest: %w", err)
		}
		for _, f := range m.Files {
			needed[f.SHA256] = f.Path
		}
	}
	missing := []string{}
	for d, what := range needed {
		ok, err := p.app.Blobs.Has(ctx, d)
		if err != nil {
			return err
		}
		if !ok {
			missing = append(missing, what+" ("+d[:min(12, len(d))]+"…)")
		}
	}
	slices.Sort(missing)
	if n := len(missing); n > 0 {
		p.add(Sick, text.Text{En: fmt.Sprintf("%d of %d files are gone, the first of them %s", n, len(needed), missing[0]), Zh: fmt.Sprintf("%d 个文件中缺少 %d 个，第一个是 %s", len(needed), n, missing[0])},
			text.Text{En: "put back " + p.path("blobs") + " from a backup; data that you still have comes back with the next run", Zh: "请从备份恢复 " + p.path("blobs") + "；仍保有的数据会在下次运行时重新存入"})
		return nil
	}
	p.add(Healthy, text.Text{En: fmt.Sprintf("all %d are there", len(needed)), Zh: fmt.Sprintf("%d 个文件齐全", len(needed))}, text.Text{})
	return nil
}

func checkEvidence(ctx context.Context, p *patient) error {
	r, err := p.app.Evidence.VerifyHashes(ctx, evidence.VerifyOptions{})
	if err != nil {
		return err
	}
	if !r.OK() {
		f := r.Findings[0]
		p.add(Sick, text.Text{En: f.Code + ": " + f.Text.En, Zh: f.Code + "：" + f.Text.Zh},
			text.Text{En: "landfall evidence verify says more; put back the home from a backup", Zh: "详见 landfall evidence verify；请从备份恢复记录目录"})
		return nil
	}
	p.add(Healthy, text.Text{En: fmt.Sprintf("%d items, hashes and checkpoints hold", r.Size), Zh: fmt.Sprintf("共 %d 条，哈希与检查点均一致", r.Size)}, text.Text{})
	return nil
}

// built is before any clock that can be right.
var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func checkClock(ctx context.Context, p *patient) error {
	now := p.cfg.Now()
	latest := built
	if p.app != nil {
		var us []int64
		if err := p.app.DB.Read().NewRaw("SELECT created_at FROM dataset_versions ORDER BY created_at DESC LIMIT 1").Scan(ctx, &us); err != nil {
			return fmt.Errorf("read the newest record: %w", err)
		}
		for _, x := range us {
			latest = store.FromMicros(x)
		}
	}
	if now.Before(latest.Add(-time.Minute)) {
		p.add(Sick, text.Text{En: "it says " + now.UTC().Format(time.DateTime) + ", before what is on record (" + latest.UTC().Format(time.DateTime) + ")",
			Zh: "当前时间 " + now.UTC().Format(time.DateTime) + " 早于已有记录（" + latest.UTC().Format(time.DateTime) + "）"},
			text.Text{En: "set the clock: ages of evidence and waivers go by it", Zh: "请校准时钟：证据时效与例外放行都以它为准"})
		return nil
	}
	p.add(Healthy, text.Text{En: now.UTC().Format(time.DateTime) + " UTC", Zh: now.UTC().Format(time.DateTime) + " UTC"}, text.Text{})
	return nil
}

func checkEndpoints(ctx context.Context, p *patient) error {
	for _, dir := range p.dirs {
		f, err := scenario.Open(dir)
		if err != nil {
			p.add(Sick, said(err), hinted(err))
			continue
		}
		names := make([]string, 0, len(f.Document.Endpoints))
		for n := range f.Document.Endpoints {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			p.checkEndpoint(ctx, n, f.Document.Endpoints[n])
		}
	}
	return nil
}

func (p *patient) checkEndpoint(ctx context.Context, name string, e scenario.Endpoint) {
	if v := e.KeyEnv; v != "" && os.Getenv(v) == "" {
		p.add(Sick, text.Text{En: name + ": the variable " + v + " is not set", Zh: name + "：未设置环境变量 " + v},
			text.Text{En: "export " + v + "=… in the environment of landfall", Zh: "请在 landfall 的环境中设置 " + v})
	}
	u, err := url.Parse(strings.TrimSpace(e.BaseURL))
	if err != nil || u.Hostname() == "" {
		p.add(Sick, text.Text{En: name + ": its base_url is no address", Zh: name + "：base_url 不是有效地址"}, text.Text{En: "correct it in " + scenario.FileName, Zh: "请在 " + scenario.FileName + " 中更正"})
		return
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80"}[u.Scheme]
		if port == "" {
			port = "443"
		}
	}
	// Only the connection: no key and no data go anywhere for a check.
	conn, err := (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		p.add(Sick, text.Text{En: name + ": " + u.Host + " does not answer", Zh: name + "：无法连接 " + u.Host},
			text.Text{En: "is the server running, is the address right, does a firewall stand between?", Zh: "请检查服务是否已启动、地址是否正确、中间是否有防火墙"})
		return
	}
	_ = conn.Close() // nothing was written
	p.add(Healthy, text.Text{En: name + ": " + u.Host + " answers", Zh: name + "：" + u.Host + " 可以连接"}, text.Text{})
}
