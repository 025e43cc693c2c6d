package slots

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The digits and units of Chinese numerals, everyday and formal.
var (
	zhDigits = map[rune]float64{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
		'壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9}
	zhUnits = map[rune]float64{'十': 10, '百': 100, '千': 1e3, '万': 1e4, '亿': 1e8, '拾': 10, '佰': 100, '仟': 1e3}
	enWords = map[string]float64{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
		"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
		"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
	enUnits = map[string]float64{"hundred": 100, "thousand": 1e3, "grand": 1e3, "k": 1e3, "million": 1e6, "w": 1e4, "mln": 1e6}
)

const (
	zhNumeral = `(?:[0-9]+(?:\.[0-9]+)?|[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟])+`
	enWord    = `(?:an?|half|zero|one|two|three|four|five|six(?:teen|ty)?|seven(?:teen|ty)?|eight(?:een|y)?|nine(?:teen|ty)?|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty|thirty|forty|fifty|hundred|thousand|grand|million)`
	enNumeral = `\b` + enWord + `(?:(?:\s+and)?[\s-]+` + enWord + `)*\b`
	// numeral matches what number reads: 1,250.50 · 2k · 1.2w · 3 thousand ·
	// 两千三 · 3万零5百 · two hundred and forty.
	numeral = `(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|` + zhNumeral + `)(?:\s?(?:k|w|mln|million|thousand|grand|hundred)\b)?|` + enNumeral + `)`
)

var (
	tokens   = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?|[a-z]+|\p{Han}`)
	plain    = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)
	oneGroup = regexp.MustCompile(`^[0-9]{1,3}(?:,[0-9]{3})+`)
)

// number returns the value of a numeral as people write it, in digits, Chinese
// or English words, or a mixture of them. A digit that closes a Chinese
// numeral counts a tenth of the unit before it (两千三 is 2,300) unless 零
// stands between. It reports false for what is no numeral.
func number(s string) (float64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if oneGroup.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	if plain.MatchString(s) {
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil
	}
	words := tokens.FindAllString(s, -1)
	if len(words) == 0 {
		return 0, false
	}
	english := false
	for _, w := range words {
		if _, unit := enUnits[w]; w[0] >= 'a' && w[0] <= 'z' && (!unit || len(w) > 1) {
			english = true
		}
	}
	if english {
		return englishNumber(words)
	}
	return chineseNumber(words)
}

// chineseNumber reads digits with units of either script, from the largest to
// the smallest: 3万零5百, 1千2, 1.2w, 贰拾叁万.
func chineseNumber(words []string) (float64, bool) {
	var total, section, last float64 // section: below the last 万 or 亿; last: the unit read last
	current, digits := math.NaN(), 0
	zero := false
	for _, w := range words {
		r := []rune(w)[0]
		switch {
		case w == "k" || w == "w":
			section += or(current, 1) * enUnits[w]
			current, last = math.NaN(), enUnits[w]
		case zhUnits[r] >= 1e4:
			if !math.IsNaN(current) {
				section += current
			}
			if section == 0 {
				section = 1
			}
			total = (total + section) * zhUnits[r]
			if zhUnits[r] == 1e4 && total >= 1e12 { // 1亿2000万: only the section counts in 万
				total = math.Mod(total/1e4, 1e8)*1e4 + math.Trunc(total/1e12)*1e8
			}
			section, current, last, zero, digits = 0, math.NaN(), zhUnits[r], false, 0
		case zhUnits[r] > 0:
			section += or(current, 1) * zhUnits[r]
			current, last, zero, digits = math.NaN(), zhUnits[r], false, 0
		default:
			v, ok := zhDigits[r]
			if !ok {
				var err error
				if v, err = strconv.ParseFloat(w, 64); err != nil {
					return 0, false
				}
			}
			if ok && v == 0 && last > 0 {
				zero = true
				continue
			}
			if digits++; digits > 1 {
				return 0, false // a row of digits is a number of a card, not an amount
			}
			current = v
		}
	}
	if !math.IsNaN(current) {
		if last >= 100 && !zero && current < 10 {
			current *= last / 10
		}
		section += current
	}
	return total + section, true
}

func or(v, otherwise float64) float64 {
	if math.IsNaN(v) {
		return otherwise
	}
	return v
}

// englishNumber reads number words: two hundred and forty, twenty-five
// hundred, half a million, three fifty (350), 80 thousand.
func englishNumber(words []string) (float64, bool) {
	var total, current float64
	half, seen := false, false
	for i, w := range words {
		if w == "and" {
			continue
		}
		if w == "half" {
			half, seen = true, true
			continue
		}
		if w == "zero" {
			seen = true
			continue
		}
		if u, ok := enUnits[w]; ok {
			seen = true
			if current == 0 {
				current = 1
			}
			if u == 100 {
				current *= u
			} else {
				total += current * u
				current = 0
			}
			continue
		}
		v, ok := enWords[w]
		if !ok {
			var err error
			if v, err = strconv.ParseFloat(w, 64); err != nil {
				return 0, false
			}
		}
		seen = true
		// "three fifty": hundreds whose word is left out.
		if current > 0 && current < 10 && v >= 10 && v < 100 && i == 1 {
			current *= 100
		}
		current += v
	}
	total += current
	if half {
		total /= 2
	}
	return total, seen
}

// digitsOf returns the digits of s: ASCII digits, and the Chinese ones that
// are written place by place (一二三四).
func digitsOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		if v, ok := zhDigits[r]; ok {
			b.WriteByte('0' + byte(v))
		} else if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// spelled maps the English names of digits.
var spelled = strings.NewReplacer("zero", "0", "oh", "0", "one", "1", "two", "2", "three", "3", "four", "4", "five", "5", "six", "6",
	"seven", "7", "eight", "8", "nine", "9")
