package boundary

import (
	"fmt"
	"strings"

	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Text says a condition in both languages.
func (c Condition) Text() text.Text {
	switch c.Kind {
	case SliceIs:
		return text.Text{En: fmt.Sprintf("slice is “%s”", c.Value), Zh: fmt.Sprintf("分组为“%s”", c.Value)}
	case TagIs:
		return text.Text{En: fmt.Sprintf("%s is “%s”", c.Name, c.Value), Zh: fmt.Sprintf("标签“%s”为“%s”", c.Name, c.Value)}
	case LanguageIs:
		t := languageTitles[Language(c.Value)]
		return text.Text{En: "language is " + t.En, Zh: "语言为" + t.Zh}
	case LongerThan:
		return text.Text{En: "longer than " + c.Value + " characters", Zh: "长度超过 " + c.Value + " 字"}
	case AtMost:
		return text.Text{En: "at most " + c.Value + " characters", Zh: "长度不超过 " + c.Value + " 字"}
	}
	return text.Text{En: fmt.Sprintf("contains “%s”", c.Value), Zh: fmt.Sprintf("包含“%s”", c.Value)}
}

func (r Rule) say() text.Text {
	var en, zh []string
	for _, c := range r.Conditions {
		t := c.Text()
		en, zh = append(en, t.En), append(zh, t.Zh)
	}
	return text.Text{
		En: fmt.Sprintf("Where %s: %s right of %d cases (%s of all), against %s elsewhere",
			strings.Join(en, " and "), term.Percent(r.Accuracy), r.N, term.Percent(r.Support), term.Percent(r.Elsewhere)),
		Zh: fmt.Sprintf("%s：共 %d 条（占 %s），正确率 %s；其余用例为 %s",
			strings.Join(zh, "，且"), r.N, term.Percent(r.Support), term.Percent(r.Accuracy), term.Percent(r.Elsewhere)),
	}
}

// summary says what the search found and what that is worth.
func summary(w Weakness) text.Text {
	t := text.Text{
		En: fmt.Sprintf("No slice of at least %s of the cases is provably weaker than the rest, after correction for the %d rules searched.",
			term.Percent(w.MinSupport), w.Searched),
		Zh: fmt.Sprintf("共检索 %d 条规则，校正多重比较后，没有发现占比不低于 %s 且明显偏弱的分组。", w.Searched, term.Percent(w.MinSupport)),
	}
	if n := len(w.Rules); n > 0 {
		t.En = fmt.Sprintf("%d weak %s found among %d rules searched. The chance that any of them is no weaker than the rest is at most %s.",
			n, plural(n, "slice", "slices"), w.Searched, term.Percent(w.FalseDiscovery))
		t.Zh = fmt.Sprintf("在检索的 %d 条规则中发现 %d 个薄弱分组；其中出现误报的概率不超过 %s。", w.Searched, n, term.Percent(w.FalseDiscovery))
	}
	if w.Capped {
		t.En += " There were more rules than one search goes through; the longest were left out."
		t.Zh += "规则数量超出单次检索上限，条件最多的一部分未参与检索。"
	}
	return t
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

var (
	missTitle  = text.Text{En: "missed", Zh: "漏检率"}
	falseTitle = text.Text{En: "false detections", Zh: "误检率"}
)
