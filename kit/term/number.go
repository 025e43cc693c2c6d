package term

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// None stands where there is no number.
const None = "—"

// Percent writes a share (0.814) with one decimal: "81.4%". NaN is None.
func Percent(share float64) string {
	if math.IsNaN(share) {
		return None
	}
	return strconv.FormatFloat(share*100, 'f', 1, 64) + "%"
}

// Interval writes the bounds of a share in percent: "[79.0, 83.7]".
func Interval(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return None
	}
	return fmt.Sprintf("[%.1f, %.1f]", low*100, high*100)
}

// Count writes a whole number with thousand separators: "13,083".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	return sign + group(s)
}

func group(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Bytes writes a size in decimal units: "72 MB".
func Bytes(n int64) string {
	x, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB"} {
		// 999.5 would already be written as 1000.
		if math.Abs(x) < 999.5 {
			break
		}
		x, unit = x/1000, u
	}
	if unit == "B" || math.Abs(x) >= 9.95 {
		return fmt.Sprintf("%.0f %s", x, unit)
	}
	return fmt.Sprintf("%.1f %s", x, unit)
}

// Money writes an amount as people say it, to three significant digits: in
// Chinese "210 万元" with the units 万 (10^4) and 亿 (10^8), in English
// "CNY 2.1m" with k, m and bn. currency is an ISO 4217 code. Amounts below
// 10,000 are written in full with at most two decimals.
func Money(amount decimal.Decimal, currency, lang string) string {
	type unit struct {
		exp  int32
		name string
	}
	units := []unit{{9, "bn"}, {6, "m"}, {3, "k"}}
	if lang == "zh" {
		units = []unit{{8, "亿"}, {4, "万"}}
	}
	num, name := "", ""
	if amount.Abs().Round(2).LessThan(decimal.New(1, 4)) {
		num = grouped(amount.Round(2))
	} else {
		// Rounding may carry into the next unit: 999,999 is 1m, not 1000k.
		amount = threeDigits(amount)
		for _, u := range units {
			if amount.Abs().GreaterThanOrEqual(decimal.New(1, u.exp)) {
				num, name = grouped(amount.Shift(-u.exp)), u.name
				break
			}
		}
	}
	if lang == "zh" {
		return num + " " + name + currencyWord(currency)
	}
	return currency + " " + num + name
}

// threeDigits rounds d to three significant digits.
func threeDigits(d decimal.Decimal) decimal.Decimal {
	if d.IsZero() {
		return d
	}
	digits := int32(d.NumDigits()) + d.Exponent() // before the point
	return d.Round(3 - digits)
}

func grouped(d decimal.Decimal) string {
	whole, frac, found := strings.Cut(d.Abs().String(), ".")
	s := group(whole)
	if found {
		s += "." + frac
	}
	if d.IsNegative() {
		s = "-" + s
	}
	return s
}

func currencyWord(code string) string {
	switch code {
	case "CNY":
		return "元"
	case "USD":
		return "美元"
	case "EUR":
		return "欧元"
	case "HKD":
		return "港元"
	case "JPY":
		return "日元"
	case "GBP":
		return "英镑"
	}
	return " " + code
}

// Duration writes d with its two largest units: "350 ms", "1.2 s",
// "3 min 20 s", "2 h 5 min", "3 d 4 h"; in Chinese "3 分 20 秒".
func Duration(d time.Duration, lang string) string {
	if d < 0 {
		return "-" + Duration(-d, lang)
	}
	day, hour, minute, sec, ms, us := " d", " h", " min", " s", " ms", " µs"
	if lang == "zh" {
		day, hour, minute, sec, ms, us = " 天", " 小时", " 分", " 秒", " 毫秒", " 微秒"
	}
	two := func(big time.Duration, bigUnit string, small time.Duration, smallUnit string) string {
		d := d.Round(small)
		s := strconv.FormatInt(int64(d/big), 10) + bigUnit
		if r := d % big / small; r > 0 {
			s += " " + strconv.FormatInt(int64(r), 10) + smallUnit
		}
		return s
	}
	switch {
	case d == 0:
		return "0" + sec
	case d.Round(time.Microsecond) < time.Millisecond:
		return strconv.FormatInt(int64(d.Round(time.Microsecond)/time.Microsecond), 10) + us
	case d.Round(time.Millisecond) < time.Second:
		return strconv.FormatInt(int64(d.Round(time.Millisecond)/time.Millisecond), 10) + ms
	case d.Round(100*time.Millisecond) < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + sec
	case d.Round(time.Second) < time.Minute:
		return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10) + sec
	case d.Round(time.Second) < time.Hour:
		return two(time.Minute, minute, time.Second, sec)
	case d.Round(time.Minute) < 24*time.Hour:
		return two(time.Hour, hour, time.Minute, minute)
	}
	return two(24*time.Hour, day, time.Hour, hour)
}

// Rate writes how many a second: "2,140/s", "3.2/s"; below one a second, how
// many a minute: "6.0/min".
func Rate(perSecond float64, lang string) string {
	switch {
	case math.IsNaN(perSecond) || math.IsInf(perSecond, 0):
		return None
	case perSecond >= 99.95:
		return Count(int64(math.Round(perSecond))) + say(lang, "/s", "/秒")
	case perSecond >= 1 || perSecond == 0:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + say(lang, "/s", "/秒")
	}
	return strconv.FormatFloat(perSecond*60, 'f', 1, 64) + say(lang, "/min", "/分")
}
