package grader

import (
	"strconv"
	"strings"
)

// longestNumeral is the longest numeral with units that is read, in runes.
const longestNumeral = 40

var hanDigits = map[rune]int{'〇': 0, '零': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
	'壹': 1, '贰': 2, '貳': 2, '叁': 3, '參': 3, '肆': 4, '伍': 5, '陆': 6, '陸': 6, '柒': 7, '捌': 8, '玖': 9, '两': 2, '兩': 2}

// hanUnits are powers of ten, by their exponent.
var hanUnits = map[rune]int{'十': 1, '拾': 1, '百': 2, '佰': 2, '千': 3, '仟': 3, '万': 4, '萬': 4, '亿': 8, '億': 8}

var hanTens = map[rune]int{'廿': 20, '卅': 30, '卌': 40}

// numerals writes the numbers in s in digits: Chinese ones (一百二十, 壹佰贰拾,
// 廿三, 二〇二六, 三点五, 1.5万, 负三) and those with thousands separators. What
// is no well-formed number stays as it is, and so do leading and trailing
// zeros. It is idempotent.
func numerals(s string) string {
	for range 16 {
		next := numeralsOnce(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

func numeralsOnce(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == ',' || hanNumeral(r) }) {
		return s
	}
	rs := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(rs); {
		if !asciiDigit(rs[i]) && !hanNumeral(rs[i]) {
			// A minus in words belongs to the number after it.
			if (rs[i] == '负' || rs[i] == '負') && i+1 < len(rs) && (asciiDigit(rs[i+1]) || hanNumeral(rs[i+1])) {
				end := runEnd(rs, i+1)
				if out, ok := readRun(rs[i+1 : end]); ok {
					b.WriteString("-" + out)
					i = end
					continue
				}
			}
			b.WriteRune(rs[i])
			i++
			continue
		}
		end := runEnd(rs, i)
		if out, ok := readRun(rs[i:end]); ok {
			b.WriteString(out)
		} else {
			b.WriteString(string(rs[i:end]))
		}
		i = end
	}
	return b.String()
}

func asciiDigit(r rune) bool { return r >= '0' && r <= '9' }

func hanNumeral(r rune) bool {
	if r < 0x3007 {
		return false
	}
	_, digit := hanDigits[r]
	return digit || hanUnits[r] > 0 || hanTens[r] > 0
}

// runEnd returns where the numeral that starts at i ends: separators belong to
// it between ASCII digits, 点 between a numeral and a digit.
func runEnd(rs []rune, i int) int {
	for ; i < len(rs); i++ {
		r := rs[i]
		if asciiDigit(r) || hanNumeral(r) {
			continue
		}
		if i == 0 || i+1 == len(rs) {
			break
		}
		if (r == ',' || r == '.') && asciiDigit(rs[i-1]) && asciiDigit(rs[i+1]) {
			continue
		}
		if _, digit := hanDigits[rs[i+1]]; (r == '点' || r == '點') && digit && hanNumeral(rs[i-1]) {
			continue
		}
		break
	}
	return i
}

// readRun returns a numeral in digits, or false if it is none.
func readRun(rs []rune) (string, bool) {
	lead := 0 // the ASCII part at its start
	for lead < len(rs) && (asciiDigit(rs[lead]) || rs[lead] == ',' || rs[lead] == '.') {
		lead++
	}
	num := string(rs[:lead])
	if lead > 0 {
		var ok bool
		if num, ok = withoutSeparators(num); !ok {
			return "", false
		}
		if lead == len(rs) {
			return num, true
		}
	}
	rest := rs[lead:]
	if lead > 0 {
		if exp, ok := shiftOf(rest, false); ok && len(rest) <= longestNumeral {
			return shift(num, exp), true
		}
		if strings.Contains(num, ".") {
			return "", false
		}
	} else if out, ok := positional(rest); ok {
		return out, true
	}
	return withUnits(num, rest)
}

// withoutSeparators takes the commas out of 1,234,567.8; a number without any
// stays as it is.
func withoutSeparators(s string) (string, bool) {
	if !strings.Contains(s, ",") {
		return s, strings.Count(s, ".") <= 1
	}
	whole, frac, _ := strings.Cut(s, ".")
	if strings.ContainsAny(frac, ",.") {
		return "", false
	}
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if len(g) != 3 && (i > 0 || len(g) > 3 || g == "") {
			return "", false
		}
	}
	out := strings.Join(groups, "")
	if frac != "" {
		out += "." + frac
	}
	return out, true
}

// shiftOf returns the exponent that a sequence of units stands for: 万, 百万,
// 万亿. After a decimal in words, 十 is none (三点五十 is a time).
func shiftOf(rs []rune, noTens bool) (int, bool) {
	exp := 0
	for _, r := range rs {
		u := hanUnits[r]
		if u == 0 || noTens && u == 1 || exp+u > 16 {
			return 0, false
		}
		exp += u
	}
	return exp, exp > 0
}

// shift moves the decimal point of a number in digits to the right.
func shift(num string, exp int) string {
	whole, frac, _ := strings.Cut(num, ".")
	if len(frac) < exp {
		frac += strings.Repeat("0", exp-len(frac))
	}
	whole, frac = whole+frac[:exp], strings.TrimRight(frac[exp:], "0")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac != "" {
		return whole + "." + frac
	}
	return whole
}

// positional reads digits one after the other (二〇二六), with a decimal part
// (三点五) and units after that (三点五万).
func positional(rs []rune) (string, bool) {
	var b strings.Builder
	point := false
	for i, r := range rs {
		d, ok := hanDigits[r]
		switch {
		case ok && (r != '两' && r != '兩' || len(rs) == 1):
			b.WriteByte(byte('0' + d))
		case (r == '点' || r == '點') && !point && i > 0:
			point = true
			b.WriteByte('.')
		case point:
			exp, ok := shiftOf(rs[i:], true)
			if !ok {
				return "", false
			}
			return shift(b.String(), exp), true
		default:
			return "", false
		}
	}
	return b.String(), true
}

// withUnits reads 一千二百零三, 三万五, 1万2千 and 二十点五; lead is what stands
// before in digits.
func withUnits(lead string, rs []rune) (string, bool) {
	if len(rs) > longestNumeral || len(lead) > 8 {
		return "", false
	}
	frac := ""
	for i, r := range rs {
		if r == '点' || r == '點' {
			out, ok := positional(append([]rune{'零'}, rs[i:]...))
			if !ok || !strings.HasPrefix(out, "0.") {
				return "", false
			}
			frac, rs = out[1:], rs[:i]
			break
		}
	}
	total, section := uint64(0), uint64(0)
	digit, hasDigit := uint64(0), false
	if lead != "" {
		digit, _ = strconv.ParseUint(lead, 10, 64)
		hasDigit = true
	}
	last, lastBig, zero := 9, 99, false // exponents of the units before; whether 零 came since
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		if asciiDigit(r) { // 3万5千
			n := uint64(0)
			start := i
			for ; i < len(rs) && asciiDigit(rs[i]); i++ {
				n = n*10 + uint64(rs[i]-'0')
			}
			if i-start > 4 || hasDigit || n == 0 {
				return "", false
			}
			digit, hasDigit = n, true
			i--
			continue
		}
		if d, ok := hanDigits[r]; ok {
			if hasDigit {
				return "", false
			}
			if d == 0 {
				zero = true
				continue
			}
			digit, hasDigit = uint64(d), true
			continue
		}
		if tens := hanTens[r]; tens > 0 {
			if hasDigit || last <= 1 {
				return "", false
			}
			section += uint64(tens)
			last, zero = 1, false
			continue
		}
		switch u := hanUnits[r]; {
		case u == 0:
			return "", false
		case u < 4:
			if !hasDigit && (u != 1 || i > 0 && last != 2 && !zero) || u >= last { // 十五, 一百十五, 一千零十
				return "", false
			}
			if !hasDigit {
				digit = 1
			}
			section += digit * pow10(u)
			last = u
			hasDigit, zero = false, false
		default:
			if hasDigit {
				section += digit
			}
			hasDigit, zero = false, false
			if u == 8 {
				if lastBig == 8 || total+section == 0 {
					return "", false
				}
				total, lastBig = (total+section)*pow10(8), 8
			} else {
				if section == 0 || lastBig == 4 {
					return "", false
				}
				total, lastBig = total+section*pow10(4), 4
			}
			section, last = 0, 9
		}
		if total > 1e16 {
			return "", false
		}
	}
	if hasDigit {
		prev := last
		if last == 9 && lastBig < 99 {
			prev = lastBig
		}
		if prev >= 2 && prev < 9 && !zero && frac == "" { // 一百二 is 120, 三万五 35,000
			if digit > 9 {
				return "", false
			}
			digit *= pow10(prev - 1)
		}
		section += digit
	} else if zero && len(rs) > 0 && hanUnits[rs[len(rs)-1]] == 0 {
		return "", false // 一百零
	}
	return strconv.FormatUint(total+section, 10) + frac, true
}

func pow10(e int) uint64 {
	p := uint64(1)
	for range e {
		p *= 10
	}
	return p
}
