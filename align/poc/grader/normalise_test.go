package grader_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

func TestCorrect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, got string
		want          bool
	}{
		{"Berlin", "berlin", true}, {"Berlin", " “Berlin”. ", true}, {"ABC123", "ＡＢＣ１２３", true},
		{"挂失", "「挂失」。", true}, {"-1", "1", false}, {"C#", "c", false}, {"C#", "c#", true},
		{"faq-1", "faq-2", false}, {"faq-1", "", false}, {"", "", false}, {"…", "…", true}, {"…", "...", false},
		{"yes", "yes!", true}, {"yes", "!yes", false}, {"一百", "100", false}, {"銀行", "银行", false}, {"x", "\xffx", false},
		{"\u01f0", "J\u030c", true}, // J with a caron
	} {
		if got := grader.Correct(c.expected, c.got); got != c.want {
			t.Errorf("Correct(%q, %q) = %v", c.expected, c.got, got)
		}
	}
}

func TestNumerals(t *testing.T) {
	t.Parallel()
	n := grader.Normalise{Numerals: true}
	for in, want := range map[string]string{
		"一百二十": "120", "壹佰贰拾": "120", "廿": "20", "廿三": "23", "卅一": "31", "十": "10", "十五": "15", "二十": "20",
		"一百零二": "102", "一百二": "120", "一百一十": "110", "一百十五": "115", "一千零十": "1010", "一千十": "一千十", "三千五": "3500", "三千零五": "3005", "两万三": "23000", "两": "2", "二两": "二两",
		"一千二百三十四": "1234", "一万": "10000", "一万零一": "10001", "十二万": "120000", "一亿二千万": "120000000", "一万二千亿": "1200000000000", "一万亿": "1000000000000",
		"二〇二六年": "2026年", "二零二六": "2026", "一三八": "138", "零点五": "0.5", "三点五": "3.5", "三点五万": "35000", "二十点五": "20.5", "三点五十分": "三点五十分", "三点": "3点",
		"1,234,567.80元": "1234567.80元", "1,23": "1,23", "1,2345": "1,2345", "12,345": "12345", "1,234,56": "1,234,56", "0123": "0123", "1.5万": "15000", "1.25亿": "125000000", "3百万": "3000000", "3万5千": "35000", "3万5": "35000",
		"负五": "-5", "負一百": "-100", "负债": "负债", "万一": "万一", "百分之二十": "百分之20", "千万": "千万", "一百百": "一百百", "十十": "十十", "叁萬伍仟": "35000",
		"共三千元,二十笔": "共3000元,20笔", "1.2.3": "1.2.3", "192.168.1.1": "192.168.1.1", "一百零": "一百零",
		"九千九百九十九万九千九百九十九": "99999999",
	} {
		if got := n.Text(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Every number from 0 to 99,999,999 that is written by the schoolbook rule is
// read back.
func TestNumeralsReadBack(t *testing.T) {
	t.Parallel()
	n := grader.Normalise{Numerals: true}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.IntRange(0, 99_999_999).Draw(t, "v")
		want := itoa(v)
		plain, formal := chinese(v, "零一二三四五六七八九", "十百千万"), chinese(v, "零壹贰叁肆伍陆柒捌玖", "拾佰仟萬")
		if got := n.Text(plain); got != want {
			t.Fatalf("%s: %s, want %s", plain, got, want)
		}
		if got := n.Text(formal); got != want {
			t.Fatalf("%s: %s, want %s", formal, got, want)
		}
	})
}

func itoa(v int) string {
	if v < 10 {
		return string(rune('0' + v))
	}
	return itoa(v/10) + itoa(v%10)
}

// chinese writes v out: zeros between digits once, none at the end.
func chinese(v int, digits, units string) string {
	d, u := []rune(digits), []rune(units)
	if v == 0 {
		return string(d[0])
	}
	section := func(v int) string {
		out, gap := "", false
		for i := 3; i >= 0; i-- {
			p := 1
			for range i {
				p *= 10
			}
			switch x := v / p % 10; {
			case x == 0:
				gap = out != ""
			default:
				if gap {
					out += string(d[0])
					gap = false
				}
				out += string(d[x])
				if i > 0 {
					out += string(u[i-1])
				}
			}
		}
		return out
	}
	high, low := v/10000, v%10000
	switch {
	case high == 0:
		return section(low)
	case low == 0:
		return section(high) + string(u[3])
	case low < 1000:
		return section(high) + string(u[3]) + string(d[0]) + section(low)
	}
	return section(high) + string(u[3]) + section(low)
}

func TestScript(t *testing.T) {
	t.Parallel()
	n := grader.Normalise{Script: true}
	for in, want := range map[string]string{
		"銀行帳戶轉賬": "银行帐户转账", "開放時間": "开放时间", "頭髮": "头发", "發展": "发展", "臺灣": "台湾", "皇后": "皇后", "後面": "后面", "已是簡體": "已是简体", "abc": "abc",
	} {
		if got := n.Text(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestPunctuationAndSpaces(t *testing.T) {
	t.Parallel()
	n := grader.Normalise{Punctuation: true, Spaces: true}
	for in, want := range map[string]string{
		"您好,请问:": "您好请问", "well-known  answer!": "wellknown answer", "3.5 %": "3.5 %", "-1": "-1", "1/2": "1/2", "挂 失": "挂失", "挂失 card": "挂失card", "C#": "c#", "a . b": "a b",
	} {
		if got := n.Text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

var options = rapid.Custom(func(t *rapid.T) grader.Normalise {
	b := rapid.Bool()
	return grader.Normalise{Numerals: b.Draw(t, "numerals"), Script: b.Draw(t, "script"), Punctuation: b.Draw(t, "punctuation"), Spaces: b.Draw(t, "spaces")}
})

var odd = rapid.Custom(func(t *rapid.T) string {
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"一", "十", "百", "万", "亿", "零", "点", "负", "两", "廿", ",", ".", "1", "234", " ", "、", "-", "《", "K", "İ", "ß", "J\u030c", "銀", "發", "\u0301", "´", "ﷺ", "½", "Ⅳ", "㊿", "\xff"}))
	return strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), "")
})

// The normal form of a normal form is itself, so that sameness is an
// equivalence: what is the same as the same thing is the same.
func TestNormaliseIsIdempotentAndSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, a, b := options.Draw(t, "options"), odd.Draw(t, "a"), odd.Draw(t, "b")
		once := n.Text(a)
		if twice := n.Text(once); twice != once {
			t.Fatalf("%+v: %q, then %q, then %q", n, a, once, twice)
		}
		if n.Same(a, b) != n.Same(b, a) && a != "" && b != "" && n.Text(a) != "" && n.Text(b) != "" {
			t.Fatalf("%+v: %q and %q: not symmetric", n, a, b)
		}
		if once != "" && !n.Same(a, a) {
			t.Fatalf("%q is not itself", a)
		}
	})
}

func FuzzNumerals(f *testing.F) {
	for _, s := range []string{"一百二十", "1,一百", "负负3", "三点五万", "一,二", "1,234,5", "十万亿亿", "二点", "1一百万"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := grader.Normalise{Numerals: true, Script: true, Punctuation: true, Spaces: true}
		once := n.Text(s)
		if !utf8.ValidString(once) {
			t.Fatalf("%q is no valid text", once)
		}
		if twice := n.Text(once); twice != once {
			t.Fatalf("%q, then %q, then %q", s, once, twice)
		}
	})
}
