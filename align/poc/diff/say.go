package diff

import (
	"fmt"
	"strings"

	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// say answers in plain words: what changed, and is it noise?
func (d Diff) say() text.Text {
	var en, zh []string
	add := func(e, z string) { en, zh = append(en, e), append(zh, z) }
	gained, lost := len(d.Gained), len(d.Lost)
	cases := term.Count(int64(d.Cases))
	flips := fmt.Sprintf("Of %s cases, %d went from wrong to right and %d from right to wrong", cases, gained, lost)
	flipsZh := fmt.Sprintf("共比较 %s 条用例：%d 条由错变对，%d 条由对变错", cases, gained, lost)
	span := fmt.Sprintf("between %s and %s points", Points(d.Low), Points(d.High))
	spanZh := fmt.Sprintf("%s 到 %s 个百分点之间", Points(d.Low), Points(d.High))
	switch d.Verdict {
	case Nothing:
		add("The two have no case in common: there is nothing to compare.", "两者没有共同的用例，无法比较。")
	case Same:
		add(fmt.Sprintf("Of %s cases, none changed between right and wrong. The true difference still lies %s.", cases, span),
			fmt.Sprintf("共比较 %s 条用例，没有一条在对错之间变化。真实差异仍可能在 %s。", cases, spanZh))
	case Noise:
		add(fmt.Sprintf("%s. This may well be noise: if both were equally good, a gap like this would arise in %s of comparisons.", flips, chance(d.P).En),
			fmt.Sprintf("%s。这很可能只是噪声：即使两者一样好，出现这样差距的可能性也%s。", flipsZh, chance(d.P).Zh))
		add(fmt.Sprintf("Nor does it show that they are equally good: the true difference lies %s.", span),
			fmt.Sprintf("但这也不说明两者一样好：真实差异在 %s。", spanZh))
	case Better, Worse:
		word, wordZh := "better", "更好"
		if d.Verdict == Worse {
			word, wordZh = "worse", "更差"
		}
		add(fmt.Sprintf("%s. This is more than noise: if both were equally good, a gap like this would arise in %s of comparisons. %s is %s, by %s.",
			flips, chance(d.P).En, d.B, word, span),
			fmt.Sprintf("%s。这不是噪声：如果两者一样好，出现这样差距的可能性%s。%s %s，差异在 %s。", flipsZh, chance(d.P).Zh, d.B, wordZh, spanZh))
	}
	var up, down []string
	for _, s := range d.Slices {
		switch s.Verdict {
		case Better:
			up = append(up, s.Slice)
		case Worse:
			down = append(down, s.Slice)
		}
	}
	if len(up) > 0 {
		add("After correction for looking at every slice, it is better on: "+strings.Join(up, ", ")+".",
			"逐个分组比较并校正后，变好的分组："+strings.Join(up, "、")+"。")
	}
	if len(down) > 0 {
		add("After correction for looking at every slice, it is worse on: "+strings.Join(down, ", ")+".",
			"逐个分组比较并校正后，变差的分组："+strings.Join(down, "、")+"。")
	}
	if d.OnlyA+d.OnlyB > 0 {
		add(fmt.Sprintf("The case sets differ: %d only in %s and %d only in %s were left out.", d.OnlyA, d.A, d.OnlyB, d.B),
			fmt.Sprintf("两者的用例不完全相同：仅 %s 有的 %d 条、仅 %s 有的 %d 条未参与比较。", d.A, d.OnlyA, d.B, d.OnlyB))
	}
	return text.Text{En: strings.Join(en, " "), Zh: strings.Join(zh, "")}
}

// Points writes a difference of shares in percentage points, with its sign.
func Points(x float64) string {
	s := fmt.Sprintf("%+.1f", 100*x)
	if s == "-0.0" {
		return "+0.0"
	}
	return strings.Replace(s, "-", "−", 1)
}

// chance writes a p-value for people.
func chance(p float64) text.Text {
	if p < 0.001 {
		return text.Text{En: "less than 0.1%", Zh: "不到 0.1%"}
	}
	return text.Text{En: term.Percent(p), Zh: "为 " + term.Percent(p)}
}
