package baseline_test

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc/baseline"
)

// open opens a file of the test data. Where the data are absent the test is
// skipped, or fails if LANDFALL_STRICT is 1.
func open(tb testing.TB, name string) *os.File {
	tb.Helper()
	dir := os.Getenv("LANDFALL_DATA_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if os.IsNotExist(err) && os.Getenv("LANDFALL_STRICT") != "1" {
		tb.Skipf("no test data: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	})
	return f
}

// banking77 reads "train" or "test" of the official split.
func banking77(tb testing.TB, part string) []baseline.Example {
	tb.Helper()
	rows, err := csv.NewReader(open(tb, "banking77/"+part+".csv")).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []baseline.Example
	for _, r := range rows[1:] {
		out = append(out, baseline.Example{Text: r[0], Answer: r[1]})
	}
	return out
}

// intentNames makes a FAQ of the 77 intents, whose only text is their name.
func intentNames(train []baseline.Example) []baseline.Document {
	seen := map[string]bool{}
	var out []baseline.Document
	for _, e := range train {
		if !seen[e.Answer] {
			seen[e.Answer] = true
			out = append(out, baseline.Document{ID: e.Answer, Fields: []string{strings.ReplaceAll(e.Answer, "_", " ")}})
		}
	}
	return out
}

// crosswoz reads the user turns of the CrossWOZ test set whose label is one of
// the 20 most frequent, and halves them by dialogue.
func crosswoz(tb testing.TB) (train, test []baseline.Example) {
	tb.Helper()
	type turn struct{ ID, Text, Label string }
	var turns []turn
	counts := map[string]int{}
	lines := bufio.NewScanner(open(tb, "crosswoz/crosswoz_test_user_intents.jsonl"))
	for lines.Scan() {
		var t turn
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			tb.Fatal(err)
		}
		turns = append(turns, t)
		counts[t.Label]++
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	rank := func(label string) (above int) {
		for other, n := range counts {
			if n > counts[label] || (n == counts[label] && other < label) {
				above++
			}
		}
		return above
	}
	ranks := map[string]int{}
	for label := range counts {
		ranks[label] = rank(label)
	}
	half := map[string]int{} // by dialogue, in turn
	for _, t := range turns {
		if ranks[t.Label] >= 20 {
			continue
		}
		dialogue, _, _ := strings.Cut(t.ID, "-")
		if _, ok := half[dialogue]; !ok {
			half[dialogue] = len(half) % 2
		}
		e := baseline.Example{Text: t.Text, Answer: t.Label}
		if half[dialogue] == 0 {
			train = append(train, e)
		} else {
			test = append(test, e)
		}
	}
	return train, test
}

// made returns n texts in two languages over four answers, each answer with
// words of its own among words that all share.
func made(n int, seed uint64) []baseline.Example {
	own := [][]string{
		{"lost", "card", "stolen", "挂失", "丢了"}, {"loan", "interest", "rate", "贷款", "利率"},
		{"transfer", "abroad", "swift", "转账", "汇款"}, {"password", "login", "reset", "密码", "登录"},
	}
	shared := []string{"please", "how", "my", "the", "can", "请问", "怎么", "我的", "help", "bank"}
	random := rand.New(rand.NewPCG(seed, 1))
	out := make([]baseline.Example, n)
	for i := range out {
		k := random.IntN(len(own))
		var words []string
		for range 3 + random.IntN(6) {
			words = append(words, shared[random.IntN(len(shared))])
		}
		for range 1 + random.IntN(2) {
			from := own[k]
			if random.IntN(8) == 0 { // noise
				from = own[random.IntN(len(own))]
			}
			words[random.IntN(len(words))] = from[random.IntN(len(from))]
		}
		out[i] = baseline.Example{Text: strings.Join(words, " "), Answer: fmt.Sprintf("faq-%d", k)}
	}
	return out
}

var madeFAQ = []baseline.Document{
	{ID: "faq-0", Fields: []string{"银行卡丢了怎么挂失", "How do I report a lost or stolen card?", "请拨打客服电话", "Call the hotline."}},
	{ID: "faq-1", Fields: []string{"贷款利率是多少", "What is the interest rate of a loan?", "请看公告", "See the notice."}},
	{ID: "faq-2", Fields: []string{"怎么向国外转账汇款", "How do I transfer money abroad?", "请用网银", "Use online banking."}},
	{ID: "faq-3", Fields: []string{"忘记登录密码", "How do I reset my login password?", "点击忘记密码", "Choose reset."}},
	{ID: "faq-9", Fields: []string{"网点几点开门", "When do branches open?", "", "At nine."}},
}

// result is what a trained candidate reaches on test texts.
type result struct {
	accuracy  float64
	coverage  float64 // at Threshold80
	confident float64 // accuracy on what is covered
	surest    float64 // accuracy on exactly the surest 80 %
}

func evaluate(m *baseline.Trained, test []baseline.Example) (r result) {
	type said struct {
		confidence float64
		right      bool
	}
	var all []said
	right, covered, rightCovered, rightSurest := 0, 0, 0, 0
	for _, e := range test {
		a := m.Answer(e.Text)
		s := said{a.Confidence, a.Answer == e.Answer}
		all = append(all, s)
		if s.right {
			right++
		}
		if a.Answer != "" && a.Confidence >= m.Threshold80 {
			covered++
			if s.right {
				rightCovered++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(b.confidence, a.confidence) })
	surest := all[:len(all)*4/5]
	for _, s := range surest {
		if s.right {
			rightSurest++
		}
	}
	n := float64(len(test))
	return result{float64(right) / n, float64(covered) / n, float64(rightCovered) / float64(covered), float64(rightSurest) / float64(len(surest))}
}
