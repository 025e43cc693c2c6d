package grader

import (
	"slices"
	"strings"
	"unicode"

	"github.com/landfall-ai/landfall/kit/text"
)

// Citations declares that the documents which an answer cites are checked. It
// goes with any kind, or alone.
type Citations struct {
	// AtLeast is how many different documents must be cited; 0 means one.
	AtLeast int `json:"at_least,omitempty" yaml:"at_least,omitempty"`
	// Quotes: whatever is quoted from a document must occur in it, apart from
	// white space, width and case.
	Quotes bool `json:"quotes,omitempty" yaml:"quotes,omitempty"`
	// QuoteRequired: every citation must quote something.
	QuoteRequired bool `json:"quote_required,omitempty" yaml:"quote_required,omitempty"`
}

// Citation is a document that an answer rests on, and what it quotes of it.
type Citation struct {
	ID    string `json:"id"`
	Quote string `json:"quote,omitempty"`
}

// Bounds of what is read as citations.
const (
	maxCitations = 200
	maxID        = 200   // bytes of an id
	maxQuote     = 4_000 // bytes of a quotation
	maxQuoteWork = 32 << 20
)

func (c *Citations) check(p *problems) {
	if c.AtLeast < 0 || c.AtLeast > maxCitations {
		p.add("/citations/at_least", "this must lie between 0 and %d", "须在 0 与 %d 之间", maxCitations)
	}
}

// apply checks the citations of a and puts what it finds into out: an answer
// whose citations do not hold is wrong. If alone, Score is the share of
// citations that hold.
func (c *Citations) apply(out *Grade, cs Case, a Answer, document func(string) (string, bool), alone bool) {
	cites := a.Citations
	if cites == nil {
		cites = ParseCitations(a.Text)
	}
	fail := func(why text.Text) {
		if out.Correct {
			out.Correct, out.Why = false, why
		}
	}
	if len(cites) > maxCitations {
		fail(both("more than %d citations", "引用超过 %d 处", maxCitations))
		cites = cites[:maxCitations]
	}
	good, work := 0, 0
	var ids []string
	for _, cite := range cites {
		doc, ok := document(cite.ID)
		switch {
		case !ok:
			fail(both("%s is cited and does not exist", "引用的 %s 不存在", brief(cite.ID)))
			continue
		case cite.Quote == "" && c.QuoteRequired:
			fail(both("%s is cited without a quotation", "引用 %s 时未摘录原文", brief(cite.ID)))
			continue
		case cite.Quote != "" && c.Quotes:
			if work += len(doc); work > maxQuoteWork {
				fail(both("the quotations are too many to check", "摘录过多，无法逐一核对"))
				continue
			}
			if !occurs(cite.Quote, doc) {
				fail(both("%s does not say %s", "%s 中没有这句话：%s", brief(cite.ID), brief(cite.Quote)))
				continue
			}
		}
		good++
		if !slices.Contains(ids, cite.ID) {
			ids = append(ids, cite.ID)
		}
	}
	if n := max(c.AtLeast, 1); len(ids) < n {
		fail(both("%d documents are cited; %d are required", "引用了 %d 个文档，要求至少 %d 个", len(ids), n))
	}
	for _, id := range cs.Cite {
		if !slices.Contains(ids, id) {
			fail(both("%s had to be cited", "未引用必须引用的 %s", brief(id)))
		}
	}
	if alone {
		out.Score = 0
		if len(cites) > 0 {
			out.Score = float64(good) / float64(len(cites))
		}
		if out.Correct {
			out.Why = both("all %d citations hold", "%d 处引用全部属实", len(cites))
		}
	}
}

var quoteNorm = Normalise{Script: true}

// occurs reports whether quote stands in doc, white space, width, case and
// script apart.
func occurs(quote, doc string) bool {
	squeeze := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, quoteNorm.Text(s))
	}
	q := squeeze(quote)
	return q != "" && strings.Contains(squeeze(doc), q)
}

// ParseCitations reads citations out of a text: [id] or 【id】, and with a
// quotation [id: "words"] or 【id:“words”】. A Markdown link is none, and
// neither is a bracket with white space in the id.
func ParseCitations(s string) []Citation {
	var out []Citation
	for len(out) <= maxCitations {
		i := strings.IndexAny(s, "[【")
		if i < 0 {
			return out
		}
		open, closing := "[", "]"
		if strings.HasPrefix(s[i:], "【") {
			open, closing = "【", "】"
		}
		s = s[i+len(open):]
		id, rest, ok := readID(s)
		if !ok {
			continue
		}
		quote := ""
		if after, found := cutColon(rest); found {
			if quote, rest, ok = readQuote(after); !ok {
				continue
			}
		}
		rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), closing)
		if !ok || open == "[" && strings.HasPrefix(rest, "(") {
			continue
		}
		out = append(out, Citation{ID: id, Quote: quote})
		s = rest
	}
	return out
}

func readID(s string) (id, rest string, ok bool) {
	for i, r := range s {
		if i > maxID {
			return "", "", false
		}
		if unicode.IsSpace(r) || strings.ContainsRune("[]【】\"“”「」", r) || r == ':' || r == '\uff1a' {
			return s[:i], s[i:], i > 0
		}
	}
	return "", "", false
}

func cutColon(s string) (string, bool) {
	for _, c := range []string{":", "\uff1a"} {
		if r, ok := strings.CutPrefix(s, c); ok {
			return strings.TrimLeft(r, " "), true
		}
	}
	return s, false
}

func readQuote(s string) (quote, rest string, ok bool) {
	for _, pair := range [][2]string{{`"`, `"`}, {"“", "”"}, {"「", "」"}, {"『", "』"}} {
		if r, ok := strings.CutPrefix(s, pair[0]); ok {
			end := strings.Index(r[:min(len(r), maxQuote)], pair[1])
			if end < 0 {
				return "", "", false
			}
			return r[:end], r[end+len(pair[1]):], true
		}
	}
	return "", "", false
}
