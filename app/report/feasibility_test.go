package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

func feasibility() grade.Feasibility {
	v := func(x float64) *float64 { return &x }
	share := func(x, high float64, o grade.Outcome) grade.Cell {
		return grade.Cell{Figure: v(x), Low: v(x), High: v(high), Unit: "share", Verdict: o, Evidence: "ev_01a2209d39667730b91e755d28bd8517", Basis: evidence.Measured}
	}
	none := grade.Cell{Unit: "share", Verdict: grade.NotMeasured}
	row := grade.FeasibilityRow{Rank: 1, Scenario: "bank", Title: text.Text{En: "Bank <b>", Zh: "银行"}, Tier: grade.Ready,
		L1: share(.8, .9, grade.Insufficient), L2: none, L3: none, Data: share(1, 1, grade.Pass),
		Latency: grade.Cell{Figure: v(60), High: v(80), Unit: "ms", Verdict: grade.NoLimit}, Cost: grade.Cell{Figure: v(7.9), Unit: "currency/1k", Verdict: grade.Pass, Basis: evidence.Assumed},
		Risk:  grade.Cell{Figure: v(25), High: v(51.5), Unit: "wrong/1k", Verdict: grade.NoLimit, Note: text.Text{En: "unanswered", Zh: "未答"}},
		Value: grade.Cell{Figure: v(1e6), Low: v(5e5), High: v(2e6), Unit: "currency/year", Verdict: grade.Stale, Evidence: "ev_2"}, Currency: "CNY",
		KeepsFrom: v(.25), KeepsTo: v(1), Missing: []text.Text{{En: "a traffic sample", Zh: "流量抽样"}}}
	last := row
	last.Rank, last.Scenario, last.Tier, last.KeepsFrom, last.KeepsTo, last.Missing = 2, "faq", grade.Open, nil, nil, nil
	return grade.Feasibility{Rows: []grade.FeasibilityRow{row, last}, KeepsFrom: .25, KeepsTo: 1}
}

func TestFeasibilityHTML(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"en": {"Feasibility matrix", "80.0%", "[80.0, 90.0]", "at most 80 ms", "at most 51.5", "no limit stated", "stale", "assumed", "[25.0, 100.0]", "A traffic sample", "Bank &lt;b&gt;", "not measured"},
		"zh": {"可行性矩阵", "80.0%", "至多 80 毫秒", "未设上限", "已过时", "假设", "流量抽样", "银行", "未测"},
	} {
		var b bytes.Buffer
		if err := report.FeasibilityHTML(&b, feasibility(), time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC), "landfall/dev", lang); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, w := range want {
			if !strings.Contains(strings.ToLower(page), strings.ToLower(w)) {
				t.Errorf("%s: no %q", lang, w)
			}
		}
		if m := regexp.MustCompile(`(?i)(https?:|<script|<link|@import|url\([^#])`).FindString(page); m != "" {
			t.Errorf("%s: asks for something outside itself: %s", lang, m)
		}
		_, body, _ := strings.Cut(page, "<body>")
		dec := xml.NewDecoder(strings.NewReader("<body>" + strings.TrimSuffix(strings.TrimSpace(body), "</html>")))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: the page is not well formed: %v", lang, err)
			}
		}
		if lang == "en" && regexp.MustCompile(`\p{Han}`).MatchString(page[strings.Index(page, "<body>"):]) {
			t.Error("Chinese in the English page")
		}
	}
}

func TestFeasibilityTerminal(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"en": {"ready", "insufficient (80.0%)", "60 ms", "bank: a traffic sample", "[25.0, 100.0]"},
		"zh": {"可以开工", "证据不足（80.0%）", "60 毫秒", "bank: 流量抽样"},
	} {
		var b bytes.Buffer
		if err := report.FeasibilityTerminal(&term.Terminal{Lang: lang, NoColor: true}, &b, feasibility()); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q in\n%s", lang, w, b.String())
			}
		}
	}
}

func TestRoutesTerminal(t *testing.T) {
	t.Parallel()
	p := grade.RoutePoint{Accuracy: .8, Low: .75, High: .85, Per1k: 12}
	r := grade.Routes{Evidence: "ev_1", Expires: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
		Slices: []grade.SliceRoute{{Slice: "card", Candidate: "faq", Proven: true, Low: .81}, {Slice: "cheque"}},
		Policy: &grade.RoutePolicy{Cheap: "keywords", Dear: "tfidf", Threshold: .539, Bar: .8, LowerBound: .77, Measured: p},
		Curve:  &grade.RouteCurve{Cheap: "keywords", Dear: "tfidf", AlwaysCheap: p, AlwaysDear: p, BySlice: p, Oracle: p, Gain: evidence.Estimate{Value: .027, Low: .02, High: .033}}}
	for lang, want := range map[string][]string{
		"en": {"proven, lower bound 81.0%", "not proven", "below a confidence of 0.539 also to tfidf (not proven: lower bound 77.0%, bar 80.0%)", "always keywords", "2.7%", "2027-02-01"},
		"zh": {"已证明，下限 81.0%", "未证明合格", "置信度低于 0.539 时再交给 tfidf", "始终用 keywords", "2027-02-01"},
	} {
		var b bytes.Buffer
		if err := report.RoutesTerminal(&term.Terminal{Lang: lang, NoColor: true}, &b, r); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q in\n%s", lang, w, b.String())
			}
		}
	}
}
