package slots_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/align/poc/baseline/slots"
)

func rules(tb testing.TB, yaml string) *slots.Rules {
	tb.Helper()
	r, err := slots.Parse("rules.yaml", []byte(yaml))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// value returns what field was read as.
func value(tb testing.TB, e slots.Extraction, field string) any {
	tb.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(e.JSON), &m); err != nil {
		tb.Fatalf("%v: %s", err, e.JSON)
	}
	v, ok := m[field]
	if !ok {
		tb.Fatalf("no field %s in %s", field, e.JSON)
	}
	return v
}

func TestDates(t *testing.T) {
	t.Parallel()
	r := rules(t, `
reference: '^\[(\d{4}-\d{2}-\d{2})\]'
fields:
  - {name: d, type: date, past: [丢, lost]}
`)
	// 2026-09-16 is a Wednesday.
	for text, want := range map[string]any{
		"今天": "2026-09-16", "明早": "2026-09-17", "后天": "2026-09-18", "大后天": "2026-09-19", "昨天丢的": "2026-09-15", "前天": "2026-09-14",
		"周三": "2026-09-23", "周五": "2026-09-18", "周一": "2026-09-21", "本周五": "2026-09-18", "这周六": "2026-09-19", "下周三": "2026-09-23",
		"下下周二": "2026-09-29", "上周日丢的": "2026-09-13", "星期天": "2026-09-20", "周二丢了": "2026-09-15", "周三丢了": "2026-09-09",
		"18号": "2026-09-18", "３号": "2026-10-03", "十月一号": "2026-10-01", "9月30日": "2026-09-30", "下个月五号": "2026-10-05", "月底": "2026-09-30",
		"三天后": "2026-09-19", "2026年3月5日": "2026-03-05", "1月5号": "2027-01-05", "11月8号": "2026-11-08",
		"tomorrow": "2026-09-17", "the day after tomorrow": "2026-09-18", "next Wednesday": "2026-09-23", "on Friday": "2026-09-18",
		"this Thursday": "2026-09-17", "October 3rd": "2026-10-03", "13 November": "2026-11-13", "the 20th": "2026-09-20", "in two days": "2026-09-18",
		"lost on Saturday": "2026-09-12", "next周三": "2026-09-23", "2月30号": nil, "some day": nil, "9:30": nil,
	} {
		if got := value(t, r.Extract("[2026-09-16] "+text), "d"); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if got := value(t, r.Extract("明天"), "d"); got != nil {
		t.Errorf("without a reference: %v", got)
	}
	if got := value(t, r.Extract("2026-02-28"), "d"); got != "2026-02-28" {
		t.Errorf("a whole date without a reference: %v", got)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	r := rules(t, "fields: [{name: t, type: time, open: 9, close: 17}]")
	for text, want := range map[string]any{
		"上午十点": "10:00", "下午两点半": "14:30", "九点一刻": "09:15", "十点三刻": "10:45", "下午三点二十": "15:20", "3点": "15:00", "十点": "10:00",
		"晚上八点": "20:00", "今晚八点": "20:00", "中午十二点": "12:00", "下午4:30": "16:30", "11:30": "11:30", "PM三点": "15:00",
		"2:30pm": "14:30", "4pm": "16:00", "half past nine": "09:30", "quarter to five": "16:45", "quarter past two": "14:15",
		"at 3": "15:00", "9 o'clock": "09:00", "noon": "12:00", "10 am": "10:00", "25:70": nil, "三点水": "15:00",
	} {
		if got := value(t, r.Extract(text), "t"); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	r := rules(t, `
correction: [不对, sorry]
fields:
  - {name: a, type: money, before: [转, send]}
  - {name: c, type: currency, of: a, default: CNY}
`)
	for text, want := range map[string][2]any{
		"转两千三": {2300.0, "CNY"}, "三块五": {3.5, "CNY"}, "99块9": {99.9, "CNY"}, "六十六块六毛": {66.6, "CNY"}, "转2000,不对,2500": {2500.0, "CNY"},
		"$75": {75.0, "USD"}, "HKD 9,300": {9300.0, "HKD"}, "转100刀": {100.0, "USD"}, "日元十万": {100000.0, "JPY"}, "£40": {40.0, "GBP"},
		"1,250.50 USD": {1250.5, "USD"}, "三万欧元": {30000.0, "EUR"}, "send 600, sorry, 650": {650.0, "CNY"}, "１２００元": {1200.0, "CNY"},
		"三次": {nil, nil}, "12号": {nil, nil}, "at 10:15": {nil, nil}, "send a card": {nil, nil}, "": {nil, nil},
	} {
		e := r.Extract(text)
		if a, c := value(t, e, "a"), value(t, e, "c"); a != want[0] || c != want[1] {
			t.Errorf("%s: %v %v, want %v", text, a, c, want)
		}
	}
}

func TestFieldsAreReadInTurn(t *testing.T) {
	t.Parallel()
	r := rules(t, `
ignore: ['not \w+']
correction: ['make it']
fields:
  - name: what
    type: choice
    shares: true
    values: [{value: road, words: [road]}, {value: new-road, words: [new road]}, {value: park, words: [park]}]
  - {name: phone, type: digits, min: 11, max: 11, starts: ['13']}
  - {name: tail, type: digits, min: 4, max: 4, before: [ending], when: {what: [road]}}
  - {name: tail, type: digits, min: 12, max: 19, last: 4, when: {what: [road]}}
  - {name: who, type: text, patterns: [{match: 'for ([A-Z]\w+)'}], trim: ['Dr'], stop: [Nobody]}
`)
	for _, c := range []struct{ text, field string }{
		{"new road park", "new-road"}, {"not park road", "road"}, {"road, make it park", "park"},
	} {
		if got := value(t, r.Extract(c.text), "what"); got != c.field {
			t.Errorf("%s: %v, want %v", c.text, got, c.field)
		}
	}
	e := r.Extract("road 13812345678, card ending 4321, for ＡDrop")
	if value(t, e, "phone") != "13812345678" || value(t, e, "tail") != "4321" || value(t, e, "who") != "ＡDrop" {
		t.Error(e.JSON)
	}
	if s := e.Spans["who"]; s != [2]int{40, 45} {
		t.Errorf("span %v of who", s)
	}
	if e := r.Extract("road 6217001234567890"); value(t, e, "tail") != "7890" {
		t.Errorf("fallback: %s", e.JSON)
	}
	if e := r.Extract("park 6217001234567890"); value(t, e, "tail") != nil {
		t.Errorf("not wanted: %s", e.JSON)
	}
	if e := r.Extract("for Nobody"); value(t, e, "who") != nil {
		t.Errorf("stopped: %s", e.JSON)
	}
}

func TestCitationsAndPeriods(t *testing.T) {
	t.Parallel()
	r := rules(t, `
clauses: '(?m)^(?:第([一二三四五]+)条|(\d+)\.)'
citations: from
fields:
  - {name: months, type: period, before: [期限为?]}
  - {name: cap, type: number, in: [责任], patterns: [{match: '不超过({n})%'}, {match: 以价款为限, value: 100}]}
  - {name: law, type: choice, values: [{value: CN, words: [中国法律]}], uncited: true}
`)
	for text, want := range map[string]string{
		"合同\n第一条 期限一年零六个月。\n第二条 损耗不超过3%。责任不超过30%。适用中国法律": `{"cap":30,"from":{"cap":2,"months":1},"law":"CN","months":18}`,
		"期限为半年\n1. 责任以价款为限":       `{"cap":100,"from":{"cap":1,"months":0},"law":null,"months":6}`,
		"自2026年3月1日起至2028年2月29日止": `{"cap":null,"from":{"cap":null,"months":0},"law":null,"months":24}`,
	} {
		if got := r.Extract(text).JSON; got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, where string }{
		"empty":         {"", ""},
		"syntax":        {"fields: [", "rules.yaml"},
		"unknown key":   {"fields:\n  - {name: a, type: date, tpye: x}", "rules.yaml:2"},
		"unknown type":  {"fields: [{name: a, type: colour}]", ""},
		"pattern":       {"fields: [{name: a, type: text, patterns: [{match: '(('}]}]", ""},
		"no group":      {"fields: [{name: a, type: text, patterns: [{match: 'a'}]}]", ""},
		"matches empty": {"correction: ['x*']\nfields: [{name: a, type: date}]", ""},
		"later field":   {"fields: [{name: a, type: date, when: {b: [x]}}]", ""},
		"no values":     {"fields: [{name: a, type: choice}]", ""},
		"clauses alone": {"clauses: '^(1)'\nfields: [{name: a, type: date}]", ""},
		"citations":     {"clauses: '^(1)'\ncitations: a\nfields: [{name: a, type: date}]", ""},
		"alias":         {"ignore: &a [x]\ncorrection: *a\nfields: [{name: a, type: date}]", "rules.yaml:2"},
		"too large":     {"# " + strings.Repeat("x", slots.MaxRules), ""},
	} {
		_, err := slots.Parse("rules.yaml", []byte(c.yaml))
		if !errors.Is(err, slots.ErrBadRules) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v does not name %s", name, err, c.where)
		}
	}
}

// examples reads cases of an example that ships.
func examples(tb testing.TB, path string) []baseline.Example {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "examples", path))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []baseline.Example
	for _, r := range rows[1:] {
		out = append(out, baseline.Example{Text: r[1], Answer: r[len(r)-1]})
	}
	return out
}

func shipped(tb testing.TB, path string) *slots.Rules {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "examples", path))
	if err != nil {
		tb.Fatal(err)
	}
	r, err := slots.Parse(path, raw)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// What the rules that ship reach. The figures of the examples' READMEs are
// these: whole structures right, and fields right.
func TestRulesOfTheExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rules, data string
		least, most int
	}{
		{"bank-support/slots.rules.yaml", "bank-support/data/slots/", 180, 200},
		{"contract-review/terms.rules.yaml", "contract-review/data/", 34, 42},
	} {
		r := shipped(t, c.rules)
		m := slots.Calibrate(r, examples(t, c.data+"train.csv"))
		right, fields, of := 0, 0, 0
		test := examples(t, c.data+"test.csv")
		confidence := map[bool][]float64{}
		for _, e := range test {
			a := m.Answer(e.Text)
			var got, want map[string]any
			if err := errors.Join(json.Unmarshal([]byte(a.Answer), &got), json.Unmarshal([]byte(e.Answer), &want)); err != nil {
				t.Fatal(err)
			}
			same := reflect.DeepEqual(got, want)
			confidence[same] = append(confidence[same], a.Confidence)
			if same {
				right++
			}
			for k, v := range want {
				of++
				if reflect.DeepEqual(got[k], v) {
					fields++
				}
			}
		}
		t.Logf("%s: %d of %d right, fields %.3f; training %.3f of %d; confidence when right %.3f, when wrong %.3f; threshold %.3f", c.rules, right, len(test),
			float64(fields)/float64(of), m.TrainingAccuracy, m.TrainN, mean(confidence[true]), mean(confidence[false]), m.Threshold80)
		if right < c.least || right > c.most {
			t.Errorf("%s: %d of %d right, want %d to %d", c.rules, right, len(test), c.least, c.most)
		}
	}
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}

func TestCalibrateWithoutTraining(t *testing.T) {
	t.Parallel()
	m := slots.Calibrate(rules(t, "fields: [{name: a, type: date}]"), nil)
	if a := m.Answer("x"); a.Confidence != 0.5 || a.Answer != `{"a":null}` || m.Threshold80 != 0 {
		t.Errorf("%+v", a)
	}
}

// Whatever the text, the answer is an object with every field, and each value
// was read from a place in the text.
func TestExtractIsTotal(t *testing.T) {
	t.Parallel()
	all := []*slots.Rules{shipped(t, "bank-support/slots.rules.yaml"), shipped(t, "contract-review/terms.rules.yaml")}
	pieces := []string{"[2026-09-16] ", "转", "两千三", "给", "王阿姨", "第一条 ", "\n", "6222021001119988776", "下周三", "2:30pm", "，", "不对", "责任不超过", "30%", "\xff", "\x00", "ＡＢ１", "İ", "号", "月", "the 31th"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "") + rapid.String().Draw(t, "tail")
		for _, r := range all {
			e := r.Extract(text)
			var m map[string]any
			if err := json.Unmarshal([]byte(e.JSON), &m); err != nil {
				t.Fatalf("%v: %s", err, e.JSON)
			}
			for _, f := range r.Fields() {
				if _, ok := m[f]; !ok {
					t.Fatalf("no %s in %s", f, e.JSON)
				}
			}
			for f, s := range e.Spans {
				if s[0] < 0 || s[0] >= s[1] || s[1] > utf8.RuneCountInString(text) {
					t.Fatalf("%s spans %v", f, s)
				}
			}
			if again := r.Extract(text); again.JSON != e.JSON {
				t.Fatalf("%s, then %s", e.JSON, again.JSON)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("reference: '^(\\d{4}-\\d{2}-\\d{2})'\ncorrection: [no]\nfields:\n  - {name: d, type: date}\n  - {name: t, type: time, open: 9, close: 17}", "2026-09-16 next Friday at 3, no, 下周三两点半")
	f.Add("clauses: '^(\\d)'\ncitations: c\nfields: [{name: a, type: money, in: [转]}, {name: b, type: currency, of: a}]", "1 转两千三。9")
	f.Add("fields: [{name: n, type: number, patterns: [{match: '({n})%', times: 2}]}, {name: s, type: text, patterns: [{match: 'to (.+)'}], trim: [x]}]", "3% to ｘ y")
	f.Add("fields: [{name: a, type: period}]", "一年零六个月")
	f.Fuzz(func(t *testing.T, yaml, text string) {
		r, err := slots.Parse("x", []byte(yaml))
		if err != nil {
			return
		}
		if e := r.Extract(text); !json.Valid([]byte(e.JSON)) {
			t.Errorf("%q", e.JSON)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	r := shipped(b, "bank-support/slots.rules.yaml")
	for b.Loop() {
		r.Extract("[2026-09-16 Wed] 给6217 9900 0001 2345 678转七千，户主是夏天宇，明天上午九点转")
	}
}
