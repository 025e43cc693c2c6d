package slots

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What people write beside an amount, by ISO 4217 code. Longer forms stand
// before those that they contain.
var currencies = []struct{ code, words string }{
	{"HKD", `港币|港元|港幣|hkd|hk\$`},
	{"USD", `美元|美金|美刀|刀|us dollars?|usd|us\$|dollars?|bucks|\$`},
	{"EUR", `欧元|eur|euros?|€`},
	{"GBP", `英镑|gbp|pounds?|quid|£`},
	{"JPY", `日元|日圆|jpy|yen`},
	{"CNY", `人民币|rmb|cny|yuan|kuai|元整?|圆整?|块钱?|¥`},
}

var (
	unitCode = map[string]*regexp.Regexp{}
	anyUnit  string
	amount   *regexp.Regexp
)

func init() {
	var all []string
	for _, c := range currencies {
		all = append(all, c.words)
		unitCode[c.code] = regexp.MustCompile(`(?:^|[^a-z])(?:` + c.words + `)(?:$|[^a-z])`)
	}
	anyUnit = `(?:` + strings.Join(all, "|") + `)`
	// Groups: unit before, numeral, unit after, tenths after 块 (十块五, 六块六毛).
	amount = regexp.MustCompile(`(` + anyUnit + `)?\s?(` + numeral + `)(?:\s?(` + anyUnit + `)([0-9一二三四五六七八九][毛角]?)?)?`)
}

// codeOf returns the currency that words name, "" if none.
func codeOf(words string) string {
	if words == "" {
		return ""
	}
	for _, c := range currencies {
		if unitCode[c.code].MatchString(words) {
			return c.code
		}
	}
	return ""
}

// counters stand after a number that is no amount.
var counters = regexp.MustCompile(`^\s?(?:[号日点时個个人次笔年月天张周岁位%％期份遍款楼条台下样起些共度]|[a-z]*(?:th|st|nd|rd)\b|(?:days?|times|cards?|people|weeks?|months?|years?|pm|am)\b|[:0-9,]*[0-9]:|:)`)

// amounts finds sums of money: a numeral beside a unit (score 4), after a word
// of Before (3), in both (7), or one of three digits and more (1). Of a numeral
// without unit that counts something else (三次, 12号) it finds nothing.
func (f *field) amounts(low string) []find {
	var out []find
	for at := 0; at < len(low); {
		m := amount.FindStringSubmatchIndex(low[at:])
		if m == nil {
			break
		}
		for i := range m {
			if m[i] >= 0 {
				m[i] += at
			}
		}
		at = m[1]
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return low[m[2*i]:m[2*i+1]]
		}
		n, ok := number(part(2))
		if !ok || f.Min > 0 && n < f.Min || f.Max > 0 && n > f.Max || n <= 0 {
			continue
		}
		if tenth := part(4); tenth != "" {
			if v, ok := number(strings.TrimRight(tenth, "毛角")); ok {
				n += v / 10
			}
		}
		v := find{start: m[0], end: m[1], value: n, unit: codeOf(part(1))}
		if v.unit == "" {
			v.unit = codeOf(part(3))
		}
		if v.unit != "" {
			v.score += 4
		} else if counters.MatchString(low[m[1]:]) || m[4] > 0 && (low[m[4]-1] == ':' || low[m[4]-1] == '#') {
			continue
		}
		if f.before != nil && f.before.MatchString(lastRunes(low[:m[4]], 14)) {
			v.score += 3
		}
		if v.score == 0 && !f.Marked && n >= 10 && (n >= 100 || !strings.ContainsAny(part(2), "一二三四五六七八九十")) {
			v.score = 1
		}
		if v.score > 0 {
			out = append(out, v)
		}
	}
	return out
}

func lastRunes(s string, n int) string {
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:]
}

// currency returns the unit beside the amount, else one that stands anywhere
// in the text as a word.
func (f *field) currency(low string, read map[string]find) []find {
	v, ok := read[f.Of]
	if !ok {
		return nil
	}
	if v.unit != "" {
		return []find{{value: v.unit}}
	}
	for _, c := range currencies {
		if m := unitCode[c.code].FindStringIndex(low); m != nil && c.code != "CNY" {
			return []find{{start: m[0], end: m[1], value: c.code}}
		}
	}
	return nil
}
