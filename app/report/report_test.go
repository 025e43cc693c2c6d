package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var languages = []string{"zh", "en"}

func reports() map[string]report.Report {
	noROI, explored, odd := bank(), bank(), bank()
	noROI.ROI = nil
	explored.Run.Exploratory = true
	odd.Unexpected = []text.Text{tx("the align gate was expected to pass", "预期认知对齐门禁通过")}
	return map[string]report.Report{"bank": bank(), "bad-data": badData(), "nothing": nothing(), "unproven": unproven(),
		"no-roi": noROI, "exploratory": explored, "unexpected": odd}
}

func terminal(t *testing.T, r report.Report, lang string, color bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Terminal(&b, r, lang, color); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func html(t *testing.T, r report.Report, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, r, lang); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTerminalGolden(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		for _, lang := range languages {
			got := terminal(t, r, lang, false)
			file := filepath.Join("testdata", name+"."+lang+".txt")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test -update rewrites it):\n%s\nwant:\n%s", file, got, want)
			}
			// Colour adds nothing but colour.
			if plain := ansi.Strip(terminal(t, r, lang, true)); plain != got {
				t.Errorf("%s with colour says something else:\n%s", file, plain)
			}
		}
	}
}

// node is an element of a well-formed page.
type node struct {
	name string
	attr map[string]string
	path []string // names of the elements around it
	text string   // its own, up to its first child
}

// parse fails t unless page is well-formed, with every element closed.
func parse(t *testing.T, page string) []node {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict = true
	var nodes []node
	var open []int
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := node{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			for _, i := range open {
				n.path = append(n.path, nodes[i].name)
			}
			open = append(open, len(nodes))
			nodes = append(nodes, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				nodes[open[len(open)-1]].text += string(tok)
			}
		}
	}
	return nodes
}

func find(nodes []node, name string) []node {
	var out []node
	for _, n := range nodes {
		if n.name == name {
			out = append(out, n)
		}
	}
	return out
}

// TestHTML holds every report to what makes the file what it is: one file
// without requests or scripts, that a screen reader and a phone can read.
func TestHTML(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		for _, lang := range languages {
			t.Run(name+"/"+lang, func(t *testing.T) {
				t.Parallel()
				page := html(t, r, lang)
				if len(page) > 1<<20 {
					t.Errorf("the file has %d bytes", len(page))
				}
				nodes := parse(t, page)
				if got, want := find(nodes, "html")[0].attr["lang"], map[string]string{"zh": "zh-CN", "en": "en"}[lang]; got != want {
					t.Errorf("lang %q, want %q", got, want)
				}
				if n := len(find(nodes, "h1")); n != 1 {
					t.Errorf("%d first headings", n)
				}
				for _, forbidden := range []string{"script", "link", "img", "iframe", "object", "base", "form"} {
					if len(find(nodes, forbidden)) > 0 {
						t.Errorf("the page holds a %s", forbidden)
					}
				}
				policy := ""
				ids := map[string]bool{}
				for _, n := range nodes {
					if n.attr["http-equiv"] == "Content-Security-Policy" {
						policy = n.attr["content"]
					}
					if id := n.attr["id"]; id != "" {
						if ids[id] {
							t.Errorf("two elements have the id %q", id)
						}
						ids[id] = true
					}
				}
				if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "http") {
					t.Errorf("the policy is %q", policy)
				}
				for i, n := range nodes {
					for a, v := range n.attr {
						if strings.HasPrefix(a, "on") || a == "src" || a == "style" {
							t.Errorf("<%s> has %s=%q", n.name, a, v)
						}
						if a == "href" && (!strings.HasPrefix(v, "#") || !ids[v[1:]]) {
							t.Errorf("<%s> points to %q, which is not on the page", n.name, v)
						}
					}
					if n.name == "th" && n.attr["scope"] == "" {
						t.Errorf("a head cell without scope: %q", n.text)
					}
					if n.name == "table" && nodes[i+1].name != "caption" {
						t.Error("a table without a caption")
					}
					if n.name == "svg" && n.attr["role"] == "img" && (nodes[i+1].name != "title" || nodes[i+1].text == "") {
						t.Error("a drawing without a title")
					}
				}
				for _, bad := range []string{"NaN", "Inf", "%!", "\ufffd", "<no value>", "ZgotmplZ", "url(http", "@import"} {
					if strings.Contains(page, bad) {
						t.Errorf("the page holds %q", bad)
					}
				}
			})
		}
	}
}

// TestFirstScreen holds the first screen to its five parts, in their order.
func TestFirstScreen(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		page := html(t, bank(), lang)
		at := -1
		for _, part := range []string{"<h1>", `<figure class="claims">`, `<figure class="money">`, `<section class="gate">`, `<figure class="ring">`, `<section class="chapter"`} {
			i := strings.Index(page, part)
			if i <= at {
				t.Errorf("%s: %s stands at %d, after %d", lang, part, i, at)
			}
			at = i
		}
	}
	for name, c := range map[string]struct {
		r    report.Report
		lang string
		want []string
	}{
		"proven":      {bank(), "zh", []string{"81.4% 的流量只需 L1（简单问答）", "业务申报 L3（多模态决策）", "⚠ 含假设", "认知对齐门禁", "landfall run examples/bank-support", "未测 → 转人工", "进化"}},
		"proven en":   {bank(), "en", []string{"81.4% of the traffic needs no more than L1 (simple Q&amp;A)", "⚠ rests on assumptions", "Evolve", "Not measured → goes to people"}},
		"unproven":    {unproven(), "zh", []string{"现有证据还不能证明任何流量有够用的候选方案", "请在 scenario.yaml 中补充 costs.lines"}},
		"nothing run": {nothing(), "en", []string{"Nothing has been run yet", "No gate has been evaluated"}},
		"bad data":    {badData(), "zh", []string{"数据未通过质量门禁", "必填列的缺失不超限", "≤ 10.0%"}},
		"exploratory": {reports()["exploratory"], "zh", []string{"探索性运行", "不能通过任何门禁"}},
	} {
		page := html(t, c.r, c.lang)
		for _, w := range c.want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: the page does not say %q", name, w)
			}
		}
	}
}

var segment = regexp.MustCompile(`class="seg seg-([a-z_]+)" x="[\d.]+%" y="0" width="([\d.]+)%"`)

// TestProvenBar: whatever was found, the segments of the bar add up to the
// whole, one is green only if a slice passed, and only then does the sentence
// claim anything.
func TestProvenBar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := grade.Result{Declared: scenario.L3, Levels: map[scenario.Level]grade.Share{}}
		n := rapid.IntRange(1, 8).Draw(t, "slices")
		requests := rapid.SliceOfN(rapid.IntRange(1, 1000), n, n).Draw(t, "requests")
		total := 0
		for _, x := range requests {
			total += x
		}
		for i, x := range requests {
			v := grade.Verdict{Slice: string(rune('a' + i)), Level: rapid.SampledFrom([]scenario.Level{scenario.L1, scenario.L2, scenario.L3}).Draw(t, "level"),
				Outcome: rapid.SampledFrom([]grade.Outcome{grade.Pass, grade.Fail, grade.Insufficient}).Draw(t, "outcome"),
				Share:   grade.Share{Value: float64(x) / float64(total), N: total}}
			if v.Outcome == grade.Pass {
				v.Proven = v.Level
				s := g.Levels[v.Level]
				g.Levels[v.Level] = grade.Share{Value: s.Value + v.Share.Value, Low: s.Value, High: 1, N: total}
			}
			if v.Outcome == grade.Insufficient {
				v.Why = rapid.SampledFrom([]grade.Why{grade.WhyNotMeasured, grade.WhyMoreCases, grade.WhyNotClose}).Draw(t, "why")
			}
			g.Slices = append(g.Slices, v)
		}
		r := report.Report{Run: &report.Run{}, Grade: &g, Scenario: report.Scenario{Slug: "s", Declared: scenario.L3}}
		var page, screen bytes.Buffer
		if err := report.HTML(&page, r, "en"); err != nil {
			t.Fatal(err)
		}
		if err := report.Terminal(&screen, r, "en", false); err != nil {
			t.Fatal(err)
		}
		sum, green := 0.0, false
		for _, m := range segment.FindAllStringSubmatch(page.String(), -1) {
			v, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += v
			green = green || m[1] == "pass"
		}
		if sum < 99.9 || sum > 100.1 {
			t.Errorf("the segments cover %v %%", sum)
		}
		claims := strings.Contains(screen.String(), "of the traffic needs") || strings.Contains(screen.String(), "of the traffic is proven")
		if passes := len(g.Levels) > 0; green != passes || claims != passes {
			t.Errorf("passed: %v, green: %v, claimed: %v\n%s", passes, green, claims, screen.String())
		}
	})
}

// TestSentence holds the sentence to what the grading bears.
func TestSentence(t *testing.T) {
	t.Parallel()
	share := func(v float64, n int) grade.Share { return grade.Share{Value: v, Low: v - .02, High: v + .02, N: n} }
	one := func(outcome grade.Outcome, why grade.Why) []grade.Verdict {
		return []grade.Verdict{{Slice: "a", Outcome: outcome, Why: why, Share: share(1, 100), Level: scenario.L2}}
	}
	cases := map[string]struct {
		g      grade.Result
		zh, en string
	}{
		"less than declared": {grade.Result{Declared: scenario.L3, Levels: map[scenario.Level]grade.Share{scenario.L1: share(.7, 100), scenario.L2: share(.2, 100)}, Proven: share(.9, 100)},
			"70.0% 的流量只需 L1（简单问答）  [68.0, 72.0]，20.0% 只需 L2（结构化输出）  [18.0, 22.0]",
			"70.0% of the traffic needs no more than L1 (simple Q&A)  [68.0, 72.0], 20.0% no more than L2 (structured output)  [18.0, 22.0]"},
		"as declared": {grade.Result{Declared: scenario.L2, Levels: map[scenario.Level]grade.Share{scenario.L2: share(.9, 100)}, Proven: share(.9, 100)},
			"90.0% 的流量已证明 L2（结构化输出） 方案够用  [88.0, 92.0]", "90.0% of the traffic is proven to be served at L2 (structured output)  [88.0, 92.0]"},
		"more than declared": {grade.Result{Declared: scenario.L1, Levels: map[scenario.Level]grade.Share{scenario.L3: share(.5, 100)}, Proven: share(.5, 100)},
			"50.0% 的流量需要 L3（多模态决策）  [48.0, 52.0]", "50.0% of the traffic needs L3 (multimodal decision)  [48.0, 52.0]"},
		"shares assumed": {grade.Result{Declared: scenario.L3, Levels: map[scenario.Level]grade.Share{scenario.L1: share(1, 0)}, Proven: share(1, 0), Traffic: evidence.Assumed},
			"100.0% 的流量只需 L1（简单问答）\n", "100.0% of the traffic needs no more than L1 (simple Q&A)\n"},
		"all fail": {grade.Result{Declared: scenario.L3, Slices: one(grade.Fail, grade.WhyBelow)},
			"没有任何候选方案在任何一部分流量上达到门槛", "No candidate reaches the bar on any part of the traffic"},
		"open": {grade.Result{Declared: scenario.L3, Slices: one(grade.Insufficient, grade.WhyMoreCases), Possible: share(1, 100)},
			"现有证据还不能证明任何流量有够用的候选方案", "The evidence does not yet prove any candidate good enough"},
	}
	for name, c := range cases {
		r := report.Report{Run: &report.Run{}, Grade: &c.g}
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			if got := terminal(t, r, lang, false); !strings.Contains(got, want) {
				t.Errorf("%s, %s:\n%s\nwant %q", name, lang, got, want)
			}
		}
	}
}

// hostile puts s into every string of v.
func hostile(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			hostile(v.Elem(), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				hostile(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			hostile(v.Index(i), s)
		}
	}
}

func TestHostileStrings(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"script":  `</title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>"'&` + "`",
		"control": "a\x1b[31mred\x1b]0;title\x07\r\nnext\u202etxt\u2066",
		"url":     "javascript:alert(1)",
		"invalid": "\xff\xfe\x00",
		"long":    strings.Repeat("长", 2_000),
	} {
		for fixture, make := range map[string]func() report.Report{"bank": bank, "bad-data": badData} {
			r := make()
			if fixture == "bank" { // everything, verdicts included
				hostile(reflect.ValueOf(&r).Elem(), s)
			} else { // texts alone, so that every branch stays reachable
				hostile(reflect.ValueOf(&r.Scenario).Elem(), s)
				hostile(reflect.ValueOf(&r.Next).Elem(), s)
				hostile(reflect.ValueOf(r.Data).Elem(), s)
				hostile(reflect.ValueOf(&r.Evidence).Elem(), s)
			}
			for _, lang := range languages {
				page := html(t, r, lang)
				for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", `href="javascript`} {
					if strings.Contains(page, bad) {
						t.Errorf("%s, %s: the page holds %q", name, fixture, bad)
					}
				}
				if name != "invalid" && name != "control" { // characters that XML does not know
					for _, n := range parse(t, page) {
						if h := n.attr["href"]; h != "" && h[0] != '#' {
							t.Errorf("%s: a link leaves the page: %q", name, h)
						}
					}
				}
				out := terminal(t, r, lang, false)
				for _, bad := range []string{"\x1b", "\x07", "\r", "\u202e", "\u2066", "\x00"} {
					if strings.Contains(out, bad) {
						t.Errorf("%s, %s: the terminal gets %q", name, fixture, bad)
					}
				}
			}
		}
	}
}

// TestEvidenceLinks: a figure links to its evidence if that is in the report.
func TestEvidenceLinks(t *testing.T) {
	t.Parallel()
	r := bank()
	id := r.Gates[0].Rules[0].Read[0].Evidence
	if page := html(t, r, "en"); !strings.Contains(page, `href="#`+id+`"`) || !strings.Contains(page, `id="`+id+`"`) {
		t.Error("the rule does not link to its evidence")
	}
	r.Evidence = nil
	if page := html(t, r, "en"); strings.Contains(page, `href="#`+id+`"`) || !strings.Contains(page, id) {
		t.Error("without the evidence its id must stand there as text")
	}
}

// TestAmounts: numbers as people of each language write them.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"zh": {"210 万元/年", "65 万元/年", "6,240 万元", "0.0001 元", "5.2 元", "0.183 元", "95.3%", "1 分 35 秒", "900 微秒"},
		"en": {"CNY 2.1m a year", "CNY 650k a year", "CNY 62.4m", "CNY 0.0001", "CNY 5.2", "CNY 0.183", "1 min 35 s", "900 µs"},
	} {
		page := html(t, bank(), lang)
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: the page does not hold %q", lang, w)
			}
		}
	}
}

// TestManySlices keeps the first screen short, and the report whole.
func TestManySlices(t *testing.T) {
	t.Parallel()
	r := bank()
	g := *r.Grade
	for range 70 {
		g.Slices = append(g.Slices, g.Slices[0])
	}
	r.Grade = &g
	out := terminal(t, r, "en", false)
	if n := strings.Count(out, "\n"); n > 40 || !strings.Contains(out, "and 60 slices more") {
		t.Errorf("%d lines:\n%s", n, out)
	}
	if n := strings.Count(html(t, r, "en"), ">Cards<"); n < 71 {
		t.Errorf("the report shows %d of 71 slices", n)
	}
}

// TestManyClasses offers the other policy where the method's cannot hold.
func TestManyClasses(t *testing.T) {
	t.Parallel()
	r := badData()
	for classes, want := range map[int]bool{20: false, 77: true} {
		r.Data.Classes = classes
		for _, lang := range languages {
			var b bytes.Buffer
			if err := report.DataFailure(&b, r, lang, false); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(b.String(), "data.quality.policy: many-classes"); got != want {
				t.Errorf("%d classes, %s: offered %v\n%s", classes, lang, got, b.String())
			}
			if got := strings.Contains(html(t, r, lang), "data.quality.policy: many-classes"); got != want {
				t.Errorf("%d classes, %s: the report offers it: %v", classes, lang, got)
			}
		}
	}
}

// TestZero writes reports in which everything is there and empty.
func TestZero(t *testing.T) {
	t.Parallel()
	r := bank()
	r.POC, r.Grade, r.Selection, r.Data = &poc.Measurement{}, &grade.Result{}, nil, &report.Data{}
	r.ROI.AllDearest.PerYear.P90, r.ROI.AllDearest.PerYear.P50 = 0, 0
	r.ROI.Graded.PerYear.P90, r.ROI.Graded.PerYear.P50 = 0, 0
	r.Gates, r.Evidence, r.Loop = []report.Gate{{Gate: "align", Outcome: "undefined"}}, nil, report.Loop{}
	for _, lang := range languages {
		parse(t, html(t, r, lang))
		if out := terminal(t, r, lang, false); out == "" || strings.Contains(out, "NaN") {
			t.Errorf("the terminal gets %q", out)
		}
	}
}

// broken takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func() error{
		"html":     func() error { return report.HTML(broken{}, bank(), "zh") },
		"terminal": func() error { return report.Terminal(broken{}, bank(), "zh", false) },
		"data":     func() error { return report.DataFailure(broken{}, badData(), "zh", false) },
	} {
		if err := write(); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRepeats: the same report gives the same bytes.
func TestRepeats(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		page, screen := html(t, bank(), lang), terminal(t, bank(), lang, true)
		for range 3 {
			if html(t, bank(), lang) != page || terminal(t, bank(), lang, true) != screen {
				t.Fatalf("%s: two renderings differ", lang)
			}
		}
	}
}
