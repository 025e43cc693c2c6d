package examples_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// table reads a CSV as rows by column.
func table(tb testing.TB, path string) []map[string]string {
	tb.Helper()
	f, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func schema(tb testing.TB, path string) *jsonschema.Schema {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// answer decodes an expected structure and holds it against the schema.
func answer(tb testing.TB, s *jsonschema.Schema, row map[string]string) map[string]any {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(row["answer"]))
	if err != nil {
		tb.Fatalf("%s: %v", row["id"], err)
	}
	if err := s.Validate(v); err != nil {
		tb.Errorf("%s: %v", row["id"], err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(row["answer"]), &m); err != nil {
		tb.Fatal(err)
	}
	return m
}

// unique checks that ids and texts stand once over both splits.
func unique(t *testing.T, splits ...[]map[string]string) {
	t.Helper()
	ids, texts := map[string]bool{}, map[string]string{}
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	for _, rows := range splits {
		for _, r := range rows {
			if ids[r["id"]] {
				t.Errorf("%s stands twice", r["id"])
			}
			ids[r["id"]] = true
			if other, ok := texts[fold(r["text"])]; ok && r["image"] == "" {
				t.Errorf("%s has the text of %s", r["id"], other)
			}
			texts[fold(r["text"])] = r["id"]
		}
	}
}

var (
	head       = regexp.MustCompile(`^\[(\d{4}-\d{2}-\d{2}) (Mon|Tue|Wed|Thu|Fri|Sat|Sun)\] (.+)$`)
	separators = regexp.MustCompile(`[ -]`)
	numeral    = regexp.MustCompile(`(?i)[0-9零一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟]|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|hundred|thousand|million|grand`)
	plainSum   = regexp.MustCompile(`^\d+$`)
)

// Which fields may be filled for each kind of request: the guide's table.
var fieldsOf = map[string]string{
	"transfer":    "action amount currency payee account card tail date time phone",
	"block_card":  "action card tail reason branch date phone",
	"appointment": "action amount currency service branch date time phone",
}

func TestSlotsOfBankSupport(t *testing.T) {
	t.Parallel()
	s := schema(t, "bank-support/slots.schema.json")
	train, test := table(t, "bank-support/data/slots/train.csv"), table(t, "bank-support/data/slots/test.csv")
	unique(t, train, test)
	if len(train)+len(test) < 300 || len(test) < 150 {
		t.Errorf("%d and %d cases", len(train), len(test))
	}
	for _, r := range append(train, test...) {
		want := answer(t, s, r)
		bad := func(format string, args ...any) {
			t.Errorf("%s %q: "+format, append([]any{r["id"], r["text"]}, args...)...)
		}
		m := head.FindStringSubmatch(r["text"])
		if m == nil || m[1] != r["asked_on"] {
			bad("the day does not stand before the text")
			continue
		}
		day, err := time.Parse(time.DateOnly, m[1])
		if err != nil || day.Format("Mon") != m[2] {
			bad("%s is no %s", m[1], m[2])
		}
		text := m[3]
		if want["action"] != r["intent"] {
			bad("action %v, intent %s", want["action"], r["intent"])
		}
		for k, v := range want {
			if v != nil && !strings.Contains(" "+fieldsOf[r["intent"]]+" ", " "+k+" ") {
				bad("%s is no field of a %s", k, r["intent"])
			}
		}
		// What is copied from the text stands in it.
		digits := separators.ReplaceAllString(text, "")
		for _, k := range []string{"account", "phone"} {
			if v, ok := want[k].(string); ok && !strings.Contains(digits, v) {
				bad("%s %s does not stand in it", k, v)
			}
		}
		if v, ok := want["payee"].(string); ok && !strings.Contains(text, v) {
			bad("payee %s does not stand in it", v)
		}
		if v, ok := want["tail"].(string); ok && !strings.Contains(digits, v) &&
			!strings.Contains(strings.NewReplacer("零", "0", "一", "1", "二", "2", "三", "3", "四", "4", "八", "8", "nine", "9", "zero", "0", "one", "1").Replace(digits), v) {
			bad("tail %s does not stand in it", v)
		}
		if v, ok := want["amount"].(float64); ok {
			if (want["currency"] == nil) || !numeral.MatchString(text) {
				bad("amount %v without a numeral or a currency", v)
			}
			// An amount in plain digits only is that number.
			if written := regexp.MustCompile(`(?:^|\D)(\d{3,6})(?:元|块|$)`).FindStringSubmatch(text); written != nil && plainSum.MatchString(written[1]) &&
				len(regexp.MustCompile(`\d+`).FindAllString(text, -1)) == 1 && fmt.Sprint(v) != written[1] {
				bad("amount %v, written %s", v, written[1])
			}
		} else if want["currency"] != nil {
			bad("a currency without an amount")
		}
		if v, ok := want["date"].(string); ok {
			d, err := time.Parse(time.DateOnly, v)
			days := d.Sub(day).Hours() / 24
			if err != nil || days < -31 || days > 45 {
				bad("date %s is %v days off", v, days)
			}
			// Days of the week fall on that day.
			for i, c := range []string{"日", "一", "二", "三", "四", "五", "六"} {
				if regexp.MustCompile(`周`+c).MatchString(text) && strings.Count(text, "周"+c) == strings.Count(text, "周") && int(d.Weekday()) != i && !strings.Contains(text, "后天") {
					bad("%s is no 周%s", v, c)
				}
			}
			if strings.Contains(text, "tomorrow") && !strings.Contains(text, "after tomorrow") && days != 1 {
				bad("%s is not tomorrow", v)
			}
		}
	}
}

var clauseHead = regexp.MustCompile(`^(?:第[一二三四五六七八九十]条 |（[一二三四五六七八九十]）|[一二三四五六七八九十]、|\d\. |\d、)`)

func TestTermsOfContractReview(t *testing.T) {
	t.Parallel()
	s := schema(t, "contract-review/terms.schema.json")
	train, test := table(t, "contract-review/data/train.csv"), table(t, "contract-review/data/test.csv")
	unique(t, train, test)
	if len(test) < 60 {
		t.Errorf("%d test cases", len(test))
	}
	for _, r := range append(train, test...) {
		want := answer(t, s, r)
		clauses := []string{""}
		for _, line := range strings.Split(r["text"], "\n") {
			if clauseHead.MatchString(line) {
				clauses = append(clauses, "")
			}
			clauses[len(clauses)-1] += line + "\n"
		}
		cited := want["citations"].(map[string]any)
		for k, v := range want {
			if k == "citations" {
				continue
			}
			at, ok := cited[k].(float64)
			if ok != (v != nil) {
				t.Errorf("%s: %s is %v, cited %v", r["id"], k, v, cited[k])
				continue
			}
			if !ok {
				continue
			}
			if int(at) >= len(clauses) {
				t.Errorf("%s: %s cites clause %v of %d", r["id"], k, at, len(clauses)-1)
				continue
			}
			clause := clauses[int(at)]
			literal, isText := v.(string)
			switch {
			case k == "governing_law":
				word := map[string]string{"CN": "中", "HK": "香港", "SG": "新加坡", "GB": "英国"}[literal]
				if !strings.Contains(clause, word) {
					t.Errorf("%s: law %s does not stand in %q", r["id"], literal, clause)
				}
			case isText && !strings.Contains(clause, literal):
				t.Errorf("%s: %s %q does not stand in %q", r["id"], k, literal, clause)
			case !isText && !numeral.MatchString(clause) && k != "liability_cap_percent" && !strings.Contains(clause, "半年"):
				t.Errorf("%s: %s %v rests on %q, which has no numeral", r["id"], k, v, clause)
			}
		}
	}
}

func TestImagesOfExamples(t *testing.T) {
	t.Parallel()
	decisions := map[string]string{"sound": "accept", "no-signature": "reject", "stale": "reject", "amounts-differ": "refer", "altered": "refer",
		"unreadable": "refer", "none": "pass", "scratch": "defect", "pit": "defect", "stain": "defect"}
	var total int64
	for _, c := range []struct {
		dir   string
		files []string
		least int
	}{
		{"bank-support", []string{"data/cheques/train.csv", "data/cheques/test.csv"}, 180},
		{"quality-inspection", []string{"data/generic.csv", "data/train.csv", "data/test.csv"}, 600},
	} {
		var all [][]map[string]string
		n := 0
		for _, f := range c.files {
			all = append(all, table(t, c.dir+"/"+f))
			for _, r := range all[len(all)-1] {
				n++
				if r["decision"] != decisions[r["cause"]] {
					t.Errorf("%s: %s on %s", r["id"], r["decision"], r["cause"])
				}
				path := filepath.Join(c.dir, filepath.FromSlash(r["image"]))
				file, err := os.Open(path)
				if err != nil {
					t.Error(err)
					continue
				}
				_, format, err := image.DecodeConfig(file)
				info, statErr := file.Stat()
				file.Close()
				if err != nil || statErr != nil || format != "png" || info.Size() > 8<<10 {
					t.Errorf("%s: %s, %v, %v", path, format, err, statErr)
					continue
				}
				total += info.Size()
			}
		}
		unique(t, all...)
		if n < c.least {
			t.Errorf("%s: %d images", c.dir, n)
		}
	}
	if total > 3<<20 {
		t.Errorf("the images take %d bytes", total)
	}
}

// A recording names its model and day, and answers cases that exist, once.
func TestRecordingOfBankSupport(t *testing.T) {
	t.Parallel()
	known := map[string]string{}
	for suite, path := range map[string]string{"cases": "bank-support/data/v2/test.csv", "slots": "bank-support/data/slots/test.csv"} {
		for _, r := range table(t, path) {
			known[r["id"]] = suite
		}
	}
	raw, err := os.ReadFile("bank-support/recorded/smollm2.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	count, invalid := map[string]int{}, 0
	slots := schema(t, "bank-support/slots.schema.json")
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		var a struct {
			Suite, Case, Answer, Model, Date string
			LatencyMs                        float64 `json:"latency_ms"`
			TokensIn                         int     `json:"tokens_in"`
			TokensOut                        int     `json:"tokens_out"`
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if known[a.Case] != a.Suite || seen[a.Case] || a.Answer == "" || a.Model == "" || a.LatencyMs <= 0 || a.TokensIn <= 0 || a.TokensOut <= 0 {
			t.Errorf("line %d: %s", i+1, line)
		}
		if _, err := time.Parse(time.DateOnly, a.Date); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
		if a.Suite == "slots" { // it was held to the schema when it was recorded
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(a.Answer))
			if err == nil {
				err = slots.Validate(v)
			}
			if err != nil {
				invalid++
			}
		}
		seen[a.Case] = true
		count[a.Suite]++
	}
	if invalid != 0 {
		t.Errorf("%d recorded structures break the schema", invalid)
	}
	if count["slots"] != 222 || count["cases"] != 263 {
		t.Errorf("recorded %v", count)
	}
}
