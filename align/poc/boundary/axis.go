package boundary

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/text"
)

var axisTitles = map[AxisKind]text.Text{
	BySlice:      {En: "slice", Zh: "分组"},
	ByLength:     {En: "length of the input", Zh: "输入长度"},
	ByLanguage:   {En: "language", Zh: "语言"},
	ByDifficulty: {En: "difficulty", Zh: "难度"},
}

// input is what axes and conditions ask of a text.
type input struct {
	language Language
	length   int // characters
}

func read(cases []dataset.Case) []input {
	out := make([]input, len(cases))
	for i, c := range cases {
		out[i] = input{language: Detect(c.Input), length: utf8.RuneCountInString(c.Input)}
	}
	return out
}

func lengthsOf(in []input) []int {
	out := make([]int, len(in))
	for i, x := range in {
		out[i] = x.length
	}
	return out
}

// partings returns every axis that does not depend on the answers. An axis on
// which all cases are the same is left out.
func partings(cases []dataset.Case, in []input) []parting {
	slice, lang := make([]string, len(cases)), make([]string, len(cases))
	keys := map[string]bool{}
	for i, c := range cases {
		slice[i], lang[i] = c.Slice, string(in[i].language)
		for k := range c.Tags {
			keys[k] = true
		}
	}
	all := []parting{byValue(BySlice, "", axisTitles[BySlice], slice), byLength(lengthsOf(in)), byLanguage(lang)}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		values := make([]string, len(cases))
		for i, c := range cases {
			values[i] = c.Tags[k]
		}
		all = append(all, byValue(ByTag, k, text.Text{En: k, Zh: k}, values))
	}
	return slices.DeleteFunc(all, func(p parting) bool { return len(p.values) < 2 })
}

// lengthBins is the number of bins of the length axis.
const lengthBins = 4

// byLength parts by number of characters into bins of about equal numbers;
// equal lengths are never parted, so there may be fewer.
func byLength(lengths []int) parting {
	p := parting{kind: ByLength, title: axisTitles[ByLength], of: make([]int, len(lengths))}
	tops := quantileTops(lengths, lengthBins)
	low := 0
	if len(lengths) > 0 {
		low = slices.Min(lengths)
	}
	for _, top := range tops {
		v := fmt.Sprintf("%d–%d", low, top)
		p.values = append(p.values, v)
		p.titles = append(p.titles, text.Text{En: v + " characters", Zh: v + " 字"})
		low = top + 1
	}
	for i, n := range lengths {
		p.of[i], _ = slices.BinarySearch(tops, n)
	}
	return p
}

// quantileTops returns the largest value of each of about bins equally full
// bins, rising, without doubles.
func quantileTops(xs []int, bins int) []int {
	if len(xs) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(xs))
	var tops []int
	for b := 1; b <= bins; b++ {
		tops = append(tops, sorted[max(0, (len(sorted)*b+bins-1)/bins-1)])
	}
	return slices.Compact(tops)
}

// Language is what the script of a text says of its language.
type Language string

// The languages that scripts tell apart. English stands for whatever is
// written in Latin letters, Mixed for Chinese with a tenth or more of it.
const (
	Chinese Language = "zh"
	English Language = "en"
	Mixed   Language = "mixed"
	Other   Language = "other"
)

var languageTitles = map[Language]text.Text{
	Chinese: {En: "Chinese", Zh: "中文"},
	English: {En: "English", Zh: "英文"},
	Mixed:   {En: "Chinese and English mixed", Zh: "中英混合"},
	Other:   {En: "other", Zh: "其他"},
}

// Detect tells the language of a text by its letters. A Chinese word is taken
// to have one and a half characters, so that both sides are counted in words;
// a text in which either side has less than a tenth of the words belongs to the
// other. Without Han or Latin letters, or where another script (kana, Hangul,
// Cyrillic, …) has the most letters, it is Other.
func Detect(s string) Language {
	han, latin, words, other := 0, 0, 0, 0
	for _, span := range baseline.Tokenise(s) {
		h, l, o := 0, 0, 0
		for _, r := range span.Text {
			switch {
			case unicode.Is(unicode.Han, r):
				h++
			case unicode.Is(unicode.Latin, r):
				l++
			case unicode.IsLetter(r):
				o++
			}
		}
		han, latin, other = han+h, latin+l, other+o
		if l > 0 {
			words++
		}
	}
	zh, en := float64(han)/1.5, float64(words)
	total := zh + en
	switch {
	case total == 0 || other > han+latin:
		return Other
	case zh < 0.1*total:
		return English
	case en < 0.1*total:
		return Chinese
	}
	return Mixed
}

func byLanguage(langs []string) parting {
	p := byValue(ByLanguage, "", axisTitles[ByLanguage], langs)
	for i, v := range p.values {
		p.titles[i] = languageTitles[Language(v)]
	}
	return p
}

// difficulty parts the cases of candidate i by how many of the others are
// right: all (easy), some, none (hard). It is no axis without another one.
func difficulty(candidates []Candidate, i int) (parting, bool) {
	if len(candidates) < 2 {
		return parting{}, false
	}
	p := parting{kind: ByDifficulty, title: axisTitles[ByDifficulty], values: []string{"easy", "contested", "hard"}, titles: []text.Text{
		{En: "every other candidate is right", Zh: "其他方案都答对"},
		{En: "the other candidates disagree", Zh: "其他方案对错不一"},
		{En: "no other candidate is right", Zh: "其他方案都答错"},
	}, of: make([]int, len(candidates[i].Answers))}
	for j := range p.of {
		right := 0
		for k, c := range candidates {
			if k != i && c.Answers[j].Correct {
				right++
			}
		}
		switch right {
		case len(candidates) - 1:
			p.of[j] = 0
		case 0:
			p.of[j] = 2
		default:
			p.of[j] = 1
		}
	}
	return p, true
}
