package term_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/goccy/go-yaml"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, got, want)
	}
}

func screen(lang string, f term.Format) (*term.Terminal, *bytes.Buffer, *bytes.Buffer) {
	var out, errs bytes.Buffer
	return &term.Terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Lang: lang, Format: f}, &out, &errs
}

type candidate struct {
	Name text.Text `json:"name"`
}

type row struct {
	ID        string    `json:"id"`
	Candidate candidate `json:"candidate"`
	Accuracy  *float64  `json:"accuracy"`
	N         int       `json:"n"`
	P95       float64   `json:"p95_ms"`
	Outcome   string    `json:"outcome"`
	At        string    `json:"at"`
	Tags      []string  `json:"tags"`
}

type page struct {
	Items []row `json:"items"`
}

func sample() page {
	acc := 0.9553
	return page{Items: []row{
		{"run_01", candidate{text.Text{En: "FAQ retrieval", Zh: "FAQ 检索"}}, &acc, 13083, 350, "pass", "2026-11-24T01:30:00Z", []string{"L1", "cpu"}},
		{"run_02", candidate{text.Text{En: "human process", Zh: "今日人工流程"}}, nil, 7, 2.5e5, "insufficient", "2026-11-24T01:31:59.5Z", nil},
		{"run_\x1b[2J3", candidate{text.Text{En: "rules", Zh: "关键词规则"}}, &acc, 0, 0.4, "strange", "yesterday", []string{}},
	}}
}

var columns = []term.Column{
	{Field: "id", Head: text.Text{En: "RUN", Zh: "运行记录"}},
	{Field: "candidate.name", Head: text.Text{En: "CANDIDATE", Zh: "候选方案"}},
	{Field: "accuracy", Head: text.Text{En: "ACCURACY", Zh: "正确率"}, Form: term.AsShare},
	{Field: "n", Head: text.Text{En: "CASES", Zh: "用例"}, Form: term.AsCount},
	{Field: "p95_ms", Head: text.Text{En: "P95", Zh: "P95"}, Form: term.AsMillis},
	{Field: "outcome", Head: text.Text{En: "VERDICT", Zh: "结论"}, Form: term.AsOutcome},
	{Field: "at", Head: text.Text{En: "AT", Zh: "时间"}, Form: term.AsTime},
	{Field: "tags", Head: text.Text{En: "TAGS", Zh: "标签"}},
	{Field: "no.such", Head: text.Text{En: "GONE", Zh: "无"}},
}

func TestListGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		for _, f := range []term.Format{term.Table, term.JSON, term.YAML, term.CSV} {
			scr, out, errs := screen(lang, f)
			scr.Zone = time.FixedZone("CST", 8*3600)
			if err := scr.PrintList(sample(), sample().Items, columns); err != nil {
				t.Fatal(err)
			}
			if errs.Len() != 0 {
				t.Errorf("data on stderr: %s", errs)
			}
			name := "list." + string(f)
			if f == term.Table {
				name += "." + lang
				if strings.Contains(out.String(), "\x1b") {
					t.Error("an escape came through")
				}
				aligned(t, out.String())
			}
			golden(t, name, out.Bytes())
		}
	}
}

// aligned checks the table's promise on widths: the second column starts at
// the same cell on every line.
func aligned(t *testing.T, table string) {
	t.Helper()
	at := -1
	for line := range strings.Lines(table) {
		i := strings.Index(line, "  ")
		rest := strings.TrimLeft(line[i:], " ")
		start := lipgloss.Width(line[:len(line)-len(rest)])
		if at >= 0 && start != at {
			t.Errorf("column starts at %d, not %d: %s", start, at, line)
		}
		at = start
	}
}

func TestOneGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		scr, out, _ := screen(lang, term.Table)
		if err := scr.PrintOne(sample().Items[0], columns); err != nil {
			t.Fatal(err)
		}
		golden(t, "one."+lang, out.Bytes())
	}
	scr, out, _ := screen("en", "")
	if err := scr.PrintOne(sample().Items[0], nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "one.plain", out.Bytes())
	scr, out, _ = screen("en", term.CSV)
	if err := scr.PrintOne(sample().Items[0], columns[:2]); err != nil || !strings.HasPrefix(out.String(), "id,candidate.name\nrun_01,") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestEmptyAndBare(t *testing.T) {
	t.Parallel()
	scr, out, errs := screen("zh", term.Table)
	if err := scr.PrintList(page{}, []row{}, columns); err != nil || out.Len() != 0 || errs.String() != "暂无\n" {
		t.Errorf("%q %q %v", out, errs, err)
	}
	scr, out, _ = screen("en", term.CSV)
	if err := scr.PrintList(page{}, []row{}, columns[:1]); err != nil || out.String() != "id\n" {
		t.Errorf("%q %v", out, err)
	}
	if err := scr.Print(1, func(io.Writer) error { return nil }); !errors.Is(err, term.ErrNoCSV) {
		t.Errorf("%v", err)
	}
	scr, out, _ = screen("en", term.Table)
	if err := scr.Grid(out, nil, nil, nil); err != nil || out.Len() != 0 {
		t.Errorf("%q %v", out, err)
	}
	scr, _, errs = screen("en", term.Table)
	scr.Quiet = true
	if err := scr.Talk("x", "y"); err != nil || errs.Len() != 0 {
		t.Errorf("quiet talks: %q %v", errs, err)
	}
}

// A narrow terminal wraps cells and loses no word.
func TestNarrowTerminalWraps(t *testing.T) {
	t.Parallel()
	scr, out, _ := screen("zh", term.Table)
	scr.OutTTY, scr.NoColor, scr.Width = true, true, 24
	if err := scr.Grid(out, []string{"规则", "原因"}, nil, [][]string{{"r1", "必填字段缺失比例超过允许的上限"}}); err != nil {
		t.Fatal(err)
	}
	seen := ""
	for line := range strings.Lines(out.String()) {
		line = strings.TrimRight(line, "\n")
		if lipgloss.Width(line) > 24 {
			t.Errorf("%d wide: %q", lipgloss.Width(line), line)
		}
		seen += strings.TrimSpace(strings.TrimPrefix(line, "r1"))
	}
	if !strings.Contains(seen, "必填字段缺失比例超过允许的上限") {
		t.Errorf("words lost: %q", seen)
	}
}

func TestColour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tty, no, want bool
	}{{true, false, true}, {true, true, false}, {false, false, false}} {
		scr, _, errs := screen("en", term.Table)
		scr.OutTTY, scr.ErrTTY, scr.NoColor = c.tty, c.tty, c.no
		mark := scr.Mark("fail")
		if strings.Contains(mark, "\x1b[") != c.want || !strings.Contains(mark, "✗ fail") {
			t.Errorf("terminal %v, NO_COLOR %v: %q", c.tty, c.no, mark)
		}
		scr.Fail(errors.New("x"))
		if strings.Contains(errs.String(), "\x1b[") != c.want {
			t.Errorf("terminal %v, NO_COLOR %v: %q", c.tty, c.no, errs)
		}
	}
}

// Every outcome has a sign and a word of its own in both languages.
func TestMarks(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		scr, _, _ := screen(lang, term.Table)
		words := map[string]bool{}
		for _, o := range []string{"pass", "fail", "insufficient", "stale", "assumed", "not_due", "undefined", "not_measured", "running", "done", "canceled"} {
			sign, word, ok := strings.Cut(scr.Mark(o), " ")
			if !ok || sign == "" || word == "" || words[word] {
				t.Errorf("%s in %s: %q", o, lang, scr.Mark(o))
			}
			words[word] = true
		}
	}
}

// YAML says what the JSON says, for any document.
func TestYAMLKeepsEverything(t *testing.T) {
	t.Parallel()
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(),
		rapid.Int64().AsAny(), rapid.Float64Range(-1e15, 1e15).AsAny(), rapid.String().AsAny(),
		rapid.SampledFrom([]string{"yes", "0x1f", "1e3", "- a", "a: b", "a #b", "~", "NaN", ".inf", "2026-01-01", "中文:值", " x", "x ", "", "@a", "12:30", "<<", "=", "null", "a\nb", "\u2028", "1_000"}).AsAny()).AsAny()
	var doc func(depth int) *rapid.Generator[any]
	doc = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return leaf
		}
		return rapid.OneOf(leaf, rapid.SliceOfN(doc(depth-1), 0, 3).AsAny(),
			rapid.MapOfN(rapid.String(), doc(depth-1), 0, 3).AsAny())
	}
	rapid.Check(t, func(t *rapid.T) {
		want := doc(3).Draw(t, "doc")
		scr, out, _ := screen("en", term.YAML)
		if err := scr.Print(want, nil); err != nil {
			t.Fatal(err)
		}
		var got any
		if err := yaml.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v in:\n%s", err, out)
		}
		if a, b := canonical(t, want), canonical(t, got); !reflect.DeepEqual(a, b) {
			t.Fatalf("%#v became %#v by:\n%s", a, b, out)
		}
	})
	scr, out, _ := screen("en", term.YAML)
	if err := scr.Print(json.RawMessage(`{"b":12345678901234567890123,"a":0.10,"c":[{"x":1,"y":[]},[[2]]],"d":{}}`), nil); err != nil {
		t.Fatal(err)
	}
	if want := "b: 12345678901234567890123\na: 0.10\nc:\n  - x: 1\n    \"y\": []\n  - - - 2\nd: {}\n"; out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
}

// canonical is v by way of JSON, so that 1 and 1.0 are the same number.
func canonical(t *rapid.T, v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		env  map[string]string
		want string
	}{
		{"", nil, "en"},
		{"", map[string]string{"LANG": "zh_CN.UTF-8"}, "zh"},
		{"", map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"},
		{"", map[string]string{"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"},
		{"--lang zh run x", nil, "zh"},
		{"run x --lang=en", map[string]string{"LANG": "zh_CN"}, "en"},
		{"run -- --lang zh", nil, "en"},
		{"run --lang", nil, "en"},
		{"run --language zh", nil, "en"},
	} {
		got := term.Language(strings.Fields(c.args), func(k string) string { return c.env[k] })
		if got != c.want {
			t.Errorf("%q with %v: %s", c.args, c.env, got)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for args, want := range map[string]term.Format{"": term.Table, "runs list -o json": term.JSON,
		"-oyaml": term.YAML, "--output=csv": term.CSV, "-o xml": term.Table} {
		scr := term.Open(strings.Fields(args), func(string) string { return "" }, f, f, f)
		if scr.Format != want || scr.OutTTY || scr.ErrTTY || scr.Width != 0 {
			t.Errorf("%q: %+v", args, scr)
		}
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	def := fault.Def{Kind: fault.NotFound, Code: "scenario.unknown", En: "no scenario {id}", Zh: "没有场景 {id}",
		HintEn: "list them: landfall scenarios list", HintZh: "查看全部:landfall scenarios list"}
	f := def.With("id", "ban\x1b[5mk").At("scenario.yaml", 12, 3).In("/id").Because(errors.New("row gone"))
	for _, lang := range []string{"en", "zh"} {
		scr, out, errs := screen(lang, term.Table)
		if exit := scr.Fail(fmt.Errorf("read: %w", f)); exit != 3 {
			t.Errorf("exit %d", exit)
		}
		if out.Len() != 0 {
			t.Error("an error on stdout")
		}
		golden(t, "fail."+lang, errs.Bytes())
	}
	scr, _, errs := screen("en", term.JSON)
	if exit := scr.Fail(f); exit != 3 {
		t.Errorf("exit %d", exit)
	}
	p, ok := problem.Parse(problem.ContentType, errs.Bytes())
	if !ok || p.Code != "scenario.unknown" || p.Place != "scenario.yaml:12:3" || p.Hint == "" {
		t.Errorf("%s", errs)
	}
	scr, _, errs = screen("en", term.Table)
	if exit := scr.Fail(errors.New("secret")); exit != 1 || strings.Contains(errs.String(), "secret") {
		t.Errorf("exit %d: %s", exit, errs)
	}
	scr.Verbose = true
	if exit := scr.Fail(errors.New("secret")); exit != 1 || !strings.Contains(errs.String(), "cause: secret") {
		t.Errorf("exit %d: %s", exit, errs)
	}
	if exit := scr.Fail(nil); exit != 0 {
		t.Errorf("exit %d for no error", exit)
	}
}

// The exit code is the kind's, for every kind.
func TestExitOfAllKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]int{fault.Invalid: 2, fault.Unauthenticated: 5, fault.Denied: 5,
		fault.NotFound: 3, fault.Conflict: 4, fault.Precondition: 4, fault.TooLarge: 2, fault.RateLimited: 6,
		fault.Blocked: 10, fault.Unavailable: 6, fault.Internal: 1, fault.Canceled: 130} {
		scr, _, _ := screen("en", term.Table)
		if got := scr.Fail(fault.Def{Kind: kind, Code: "x.y", En: "x", Zh: "x"}.With()); got != want {
			t.Errorf("%s exits with %d, want %d", kind, got, want)
		}
	}
	scr, _, _ := screen("en", term.Table)
	blocked := fault.Def{Kind: fault.Blocked, Code: "quality.failed", En: "x", Zh: "x", Exit: fault.ExitDataQuality}
	if got := scr.Fail(blocked.With()); got != 12 {
		t.Errorf("blocked data exits with %d", got)
	}
}
