package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/landfall-ai/landfall/core/gate"
)

//go:embed html
var files embed.FS

// document is the parsed template. It asks for nothing outside itself: the
// style is inlined, charts are drawings in the text, and a policy in the head
// forbids every request.
var document = template.Must(template.New("report").Funcs(template.FuncMap{
	"style": style,
}).ParseFS(files, "html/*.tmpl"))

// style is our own style sheet; nothing of a report ever enters it.
func style() (template.CSS, error) {
	b, err := files.ReadFile("html/style.css")
	return template.CSS(b), err
}

// page is what the template shows: strings and geometry, with nothing left to
// compute.
type page struct {
	Lang, Title string
	Kicker      string
	Banner      string
	Headline    []claim
	Join        string // between the clauses of the headline
	Lead        string
	Claims      claims
	Money       *moneyBars
	NoMoney     string
	Gate        gateCard
	Ring        ring
	Sections    []section
	Foot        []string
}

// gateCard is the gate that decides what to do next.
type gateCard struct {
	Mark          mark
	Title, Count  string
	Rule, Reason  string
	Next, Command string
	// Blocked and Then are the labels before Rule and Next.
	Blocked, Then string
}

// HTML writes r as one self-contained file in lang ("zh" or "en").
func HTML(w io.Writer, r Report, language string) error {
	l := lang("en")
	if language == "zh" {
		l = "zh"
	}
	var buf bytes.Buffer // so that an error leaves no half of a file
	if err := document.ExecuteTemplate(&buf, "page.tmpl", newPage(r, l)); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	if _, err := buf.WriteTo(w); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func newPage(r Report, l lang) page {
	p := page{
		Lang: l.say("en", "zh-CN"), Title: kicker(r, l), Kicker: kicker(r, l),
		Headline: sentence(r, l), Join: l.say(", ", "，"), Lead: lead(r, l),
		Claims: claimBars(r, l), Money: moneyChart(r, l), Gate: newGateCard(r, l), Ring: loopRing(r.Loop, l),
		Sections: sections(r, l), Foot: foot(r, l),
	}
	if p.Money == nil {
		p.NoMoney = noMoney(r, l)
	}
	if r.Run != nil && r.Run.Exploratory {
		p.Banner = exploratory(l)
	}
	return p
}

func exploratory(l lang) string {
	return l.say("Exploratory run: the data failed the quality gate. Nothing below can pass any gate.",
		"探索性运行：数据未通过质量门禁，以下结果不能通过任何门禁。")
}

func newGateCard(r Report, l lang) gateCard {
	c := gateCard{Next: capital(l.of(r.Next.Text)), Command: r.Next.Command, Blocked: l.say("Held up by", "卡在"), Then: l.say("Next", "下一步")}
	switch g := blocking(r.Gates); {
	case g != nil:
		c.Mark, c.Title = l.mark(g.Outcome), l.gateTitle(*g)
		if len(g.Rules) > 0 {
			c.Count = l.ruleCount(*g)
		}
		if rule := blockingRule(*g); rule != nil {
			c.Rule, c.Reason = l.of(rule.Title), capital(l.of(rule.Reason))
		}
	case len(r.Gates) > 0:
		c.Mark, c.Title = l.mark(string(gate.Pass)), l.say("Every gate that is due", "所有到期的门禁")
	default:
		c.Mark, c.Title = l.mark(string(gate.Undefined)), l.say("No gate has been evaluated", "尚未评估任何门禁")
	}
	return c
}

func (l lang) gateTitle(g Gate) string {
	if t := l.of(g.Title); t != "" {
		return capital(t)
	}
	return capital(l.of(gate.Title(g.Gate)))
}

func (l lang) ruleCount(g Gate) string {
	return l.say(fmt.Sprintf("%d of %d rules pass", passed(g), len(g.Rules)), fmt.Sprintf("%d 条规则通过 %d 条", len(g.Rules), passed(g)))
}

func foot(r Report, l lang) []string {
	out := []string{l.colon(l.say("Generated", "生成时间"), l.at(r.Generated))}
	if r.Tool != "" {
		out = append(out, r.Tool)
	}
	if r.Run != nil {
		out = append(out, l.colon(l.say("Run", "运行记录"), r.Run.ID))
	}
	if r.Data != nil && r.Data.Version != "" {
		out = append(out, l.colon(l.say("Dataset version", "数据集版本"), r.Data.Version))
	}
	return append(out, Schema)
}
