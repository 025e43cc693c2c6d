package term_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/term"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, currency, en, zh string }{
		{"2100000", "CNY", "CNY 2.1m", "210 万元"},
		{"650000", "CNY", "CNY 650k", "65 万元"},
		{"0", "CNY", "CNY 0", "0 元"},
		{"9999.994", "USD", "USD 9,999.99", "9,999.99 美元"},
		{"9999.996", "USD", "USD 10k", "1 万美元"},
		{"999999", "CNY", "CNY 1m", "100 万元"},
		{"99999999", "CNY", "CNY 100m", "1 亿元"},
		{"123456789", "CHF", "CHF 123m", "1.23 亿 CHF"},
		{"1234567890000", "CNY", "CNY 1,230bn", "12,300 亿元"},
		{"-2149000", "CNY", "CNY -2.15m", "-215 万元"},
		{"0.005", "CNY", "CNY 0.01", "0.01 元"},
		{"1e4", "CNY", "CNY 10k", "1 万元"},
	} {
		d := decimal.RequireFromString(c.amount)
		if got := term.Money(d, c.currency, "en"); got != c.en {
			t.Errorf("%s in English: %q, want %q", c.amount, got, c.en)
		}
		if got := term.Money(d, c.currency, "zh"); got != c.zh {
			t.Errorf("%s in Chinese: %q, want %q", c.amount, got, c.zh)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d      time.Duration
		en, zh string
	}{
		{0, "0 s", "0 秒"},
		{999 * time.Nanosecond, "1 µs", "1 微秒"},
		{350 * time.Millisecond, "350 ms", "350 毫秒"},
		{999_600 * time.Microsecond, "1.0 s", "1.0 秒"},
		{1234 * time.Millisecond, "1.2 s", "1.2 秒"},
		{9960 * time.Millisecond, "10 s", "10 秒"},
		{59_700 * time.Millisecond, "1 min", "1 分"},
		{200 * time.Second, "3 min 20 s", "3 分 20 秒"},
		{time.Hour - time.Millisecond, "1 h", "1 小时"},
		{125 * time.Minute, "2 h 5 min", "2 小时 5 分"},
		{76 * time.Hour, "3 d 4 h", "3 天 4 小时"},
		{-2 * time.Second, "-2.0 s", "-2.0 秒"},
	} {
		if got := term.Duration(c.d, "en"); got != c.en {
			t.Errorf("%v in English: %q, want %q", c.d, got, c.en)
		}
		if got := term.Duration(c.d, "zh"); got != c.zh {
			t.Errorf("%v in Chinese: %q, want %q", c.d, got, c.zh)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		term.Percent(0.8136):                "81.4%",
		term.Percent(1):                     "100.0%",
		term.Percent(math.NaN()):            term.None,
		term.Interval(0.79, 0.837):          "[79.0, 83.7]",
		term.Interval(math.NaN(), 1):        term.None,
		term.Count(13083):                   "13,083",
		term.Count(-1234567):                "-1,234,567",
		term.Count(999):                     "999",
		term.Count(math.MinInt64):           "-9,223,372,036,854,775,808",
		term.Bytes(0):                       "0 B",
		term.Bytes(999):                     "999 B",
		term.Bytes(1500):                    "1.5 kB",
		term.Bytes(72_400_000):              "72 MB",
		term.Bytes(999_999):                 "1.0 MB",
		term.Rate(2140.4, "en"):             "2,140/s",
		term.Rate(3.21, "zh"):               "3.2/秒",
		term.Rate(0.1, "en"):                "6.0/min",
		term.Rate(math.Inf(1), "en"):        term.None,
		term.Clean("a\x1b[31mb\n\u202ec\t"): "a [31mb c ",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if s := strings.ReplaceAll(term.Count(n), ",", ""); s != decimal.NewFromInt(n).String() {
			t.Fatalf("%d became %s", n, s)
		}
	})
}
