//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// demoReports plays the demo in both languages and returns the report of each.
func demoReports(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, lang := range []string{"en", "zh"} {
		dir := filepath.Join(t.TempDir(), "demo")
		landfall(t, filepath.Join(dir, "home"), 0, "demo", "--dir", dir, "--lang", lang, "-q")
		out[lang] = filepath.Join(dir, "report."+lang+".html")
	}
	return out
}

// shots is where pictures go for people to look at; nowhere if it is not set.
func shots(t *testing.T, name string, content []byte) {
	t.Helper()
	dir := os.Getenv("LANDFALL_SHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// What would fetch something: links to a page are fine, they need a click.
var fetches = regexp.MustCompile(`(?i)\b(?:src|srcset|action|data|poster)\s*=|url\(\s*["']?(?:https?:)?//|<link\b|<script\b|@import|<iframe|<object|<embed`)

// TestReportInBrowser looks at the demo's report as a reader would: both
// languages, light and dark, on a telephone and on a desk, and on paper.
func TestReportInBrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	for lang, path := range demoReports(t) {
		html, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := fetches.Find(html); m != nil {
			t.Errorf("%s: the report is not self-contained: %q", lang, m)
		}
		for _, dark := range []bool{false, true} {
			for _, width := range []int{360, 1360} {
				name := fmt.Sprintf("%s-%s-%d", lang, map[bool]string{false: "light", true: "dark"}[dark], width)
				p := b.open(path, view{width: width, height: 900, dark: dark, scale: 1})
				p.look(name, lang, dark, width)
				shots(t, name+".png", p.shot(0))
				shots(t, name+"-first.png", p.shot(900))
				if dark { // paper is light, whatever the screen is
					pdf := p.pdf()
					if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 20_000 {
						t.Errorf("%s: it does not print: %d bytes", name, len(pdf))
					}
					shots(t, name+".pdf", pdf)
				}
				for _, s := range p.trouble() {
					t.Errorf("%s: %s", name, s)
				}
			}
		}
	}
}

// look holds a page to what its first screen must show, in this order and
// nothing else, and to a layout that nothing leaves.
func (p *page) look(name, lang string, dark bool, width int) {
	p.t.Helper()
	var seen struct {
		Title, Lang, Ground, Text string
		Wide                      float64
		First                     []string
		Hatched, Steps            int
		Words                     []string
		Overlap                   []string
		Over                      []string
	}
	p.eval(strings.ReplaceAll(`(() => {
		const all = [...document.querySelectorAll('body *')];
		const style = getComputedStyle(document.body);
		const first = document.querySelector('.first');
		const box = e => e.getBoundingClientRect();
		const texts = [...document.querySelectorAll('.first .ring text, .first .bar text.in')];
		const overlap = [];
		for (const a of texts) for (const b of texts) if (a !== b && a.compareDocumentPosition(b) & 4) {
			const x = box(a), y = box(b);
			if (Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1 && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 3) overlap.push(a.textContent + ' / ' + b.textContent);
		}
		return {
			title: document.title, lang: document.documentElement.lang, ground: style.backgroundColor, text: style.color,
			wide: document.documentElement.scrollWidth - WIDTH,
			first: ['h1', '.claims', '.money', '.gate', '.ring'].map(s => first.querySelector(s)).map((e, i, es) =>
				!e ? 'missing' : i && !(es[i-1].compareDocumentPosition(e) & 4) ? 'out of order' : box(e).width > 0 ? 'there' : 'hidden'),
			hatched: [...first.querySelectorAll('.money .hatched')].filter(e => box(e).width > 1).length,
			steps: first.querySelectorAll('.ring .word').length,
			words: [...first.querySelectorAll('.ring .word')].map(e => e.textContent),
			overlap,
			over: all.filter(e => !e.closest('thead') && box(e).right > WIDTH + 1 && box(e).width > 0).slice(0, 5).map(e => e.tagName + ' ' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40)),
		};
	})()`, "WIDTH", strconv.Itoa(width)), &seen)
	want := map[string]string{"en": "en", "zh": "zh-CN"}[lang]
	if seen.Lang != want || seen.Title == "" {
		p.t.Errorf("%s: language %q, title %q", name, seen.Lang, seen.Title)
	}
	for i, state := range seen.First {
		if state != "there" {
			p.t.Errorf("%s: part %d of the first screen is %s", name, i+1, state)
		}
	}
	if seen.Hatched == 0 {
		p.t.Errorf("%s: no assumed part of the money is hatched", name)
	}
	loop := []string{"认知", "验证", "建设", "赋能", "变革", "进化"}
	if seen.Steps != 6 || lang == "zh" && !slices.Equal(seen.Words, loop) {
		p.t.Errorf("%s: the ring says %v", name, seen.Words)
	}
	if seen.Wide > 0 || len(seen.Over) > 0 {
		p.t.Errorf("%s: the page is %v px too wide: %s", name, seen.Wide, strings.Join(seen.Over, "; "))
	}
	if len(seen.Overlap) > 0 {
		p.t.Errorf("%s: texts lie on each other: %v", name, seen.Overlap)
	}
	if ground := map[bool]string{false: "rgb(251, 250, 247)", true: "rgb(20, 23, 27)"}[dark]; seen.Ground != ground {
		p.t.Errorf("%s: the ground is %s, want %s", name, seen.Ground, ground)
	}
}
