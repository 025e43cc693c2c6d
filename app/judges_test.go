//go:build !race

package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/llm/llmtest"
)

// shown is what a judge is shown.
type shown struct {
	Answer string
	One    string `json:"answer_1"`
	Two    string `json:"answer_2"`
}

// bit is a fair coin that belongs to s.
func bit(s string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum32()>>16&1 == 1
}

// judging is a model that answers cases as a candidate (a delivery as such, a
// refund wrongly) and judges answers by how: a good answer says delivery.
func judging(t *testing.T, how func(s shown, good bool, n int64) string) (*llmtest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	return llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		_, block, isJudge := strings.Cut(c.Last(), "<<<DATA ")
		if !isJudge {
			return llmtest.Reply{Text: "delivery"}
		}
		n := asked.Add(1)
		_, block, _ = strings.Cut(block, "\n")
		block, _, _ = strings.Cut(block, "\n")
		var s shown
		if err := json.Unmarshal([]byte(block), &s); err != nil {
			t.Error(err)
		}
		return llmtest.Reply{Text: how(s, strings.Contains(s.Answer, "fine"), n)}
	}), &asked
}

func score(pass bool) string {
	if pass {
		return `{"reason":"so it is","score":1}`
	}
	return `{"reason":"so it is","score":0}`
}

func better(n int) string { return fmt.Sprintf(`{"reason":"so it is","better":%d}`, n) }

// fairly compares a pair as one should.
func fairly(s shown) string {
	if strings.Contains(s.Two, "fine") && !strings.Contains(s.One, "fine") {
		return better(2)
	}
	return better(1)
}

// withJudge is a scenario of recorded answers, four of five of which are fine,
// that a judge grades; n answers are labelled.
func withJudge(t *testing.T, s *llmtest.Server, n int) string {
	t.Helper()
	dir := handedOver(t, strings.ReplaceAll(`task:
  kind: answer
  grader:
    kind: rubric
    rubric: {file: rubric.md}
    judge: {endpoint: near, model: j, labels: labels.csv, parameters: {max_tokens: 60}, price: {version: v1, request: "0.001"}}
endpoints: {near: {base_url: %URL%, allows: [internal]}}
costs: {currency: CNY, lines: [{id: calls, for: m, per: task, amount: 0.01}]}
traffic: {per_year: 1000}
run: {spend: "10"}`, "%URL%", s.BaseURL), `  - recorded: {id: m, file: answers.csv, system: Vendor, rung: large-model}
`)
	edit(t, dir, "text: {role: input", "id: {role: id}\n    text: {role: input")
	var labels, answers, test strings.Builder
	labels.WriteString("id,input,expected,answer,good\n")
	for i := range n {
		input := fmt.Sprintf("question %d", i/2) // a good and a bad answer to each
		if i%2 == 0 {
			fmt.Fprintf(&labels, "l%d,%s,,answer %d is fine,yes\n", i, input, i)
		} else {
			fmt.Fprintf(&labels, "l%d,%s,,answer %d is poor,no\n", i, input, i)
		}
	}
	answers.WriteString("case,answer\n")
	test.WriteString("id,text,answer\n")
	for i := range 100 {
		word := "fine"
		if i%5 == 0 {
			word = "poor"
		}
		fmt.Fprintf(&answers, "t%d,reply %d is %s\n", i, i, word)
		fmt.Fprintf(&test, "t%d,case %d of the test,%s\n", i, i, []string{"delivery", "refund"}[i%2])
	}
	train, err := os.ReadFile(filepath.Join(dir, "train.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(train)), "\n")
	for i := range lines {
		if i == 0 {
			lines[i] = "id," + lines[i]
		} else {
			lines[i] = fmt.Sprintf("r%d,%s", i, lines[i])
		}
	}
	for name, body := range map[string]string{"labels.csv": labels.String(), "answers.csv": answers.String(), "test.csv": test.String(),
		"train.csv": strings.Join(lines, "\n") + "\n", "rubric.md": "A good answer is fine."} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func graderOf(t *testing.T, a *app.App, dir string, info app.RunInfo) poc.GraderMeasurement {
	t.Helper()
	r, err := a.Report(t.Context(), dir, &info)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.POC.Graders) != 1 {
		t.Fatalf("graders: %+v", r.POC.Graders)
	}
	return r.POC.Graders[0]
}

// TestJudges: a perfect judge, one that is too kind, one that takes what stands
// first, one that throws dice, and one about whom little is known each come out
// as such, and only what a good one says is evidence.
func TestJudges(t *testing.T) {
	t.Parallel()
	perfect := func(s shown, good bool, _ int64) string {
		if s.One != "" {
			return fairly(s)
		}
		return score(good)
	}
	for name, c := range map[string]struct {
		how     func(s shown, good bool, n int64) string
		labels  int
		lacks   string // the code that must be among what it lacks; "" stands
		more    bool   // labels would help
		correct bool   // and the truth, 80 %, is within the interval
	}{
		"perfect": {how: perfect, labels: 120, correct: true},
		// It passes a bad answer in eight, so 82.5 % of answers seem fine.
		"a little kind": {how: func(s shown, good bool, n int64) string {
			if s.One == "" && !good && (strings.HasSuffix(s.Answer, "5 is poor") && bit(s.Answer)) {
				return score(true)
			}
			return perfect(s, good, n)
		}, labels: 240, correct: true},
		"far too kind": {how: func(s shown, good bool, n int64) string {
			if s.One == "" && !good && bit(s.Answer) {
				return score(true)
			}
			return perfect(s, good, n)
		}, labels: 120, lacks: "kappa"},
		"takes what stands first": {how: func(s shown, good bool, n int64) string {
			if s.One != "" {
				return better(1)
			}
			return score(good)
		}, labels: 120, lacks: "swaps"},
		"throws dice": {how: func(s shown, _ bool, n int64) string {
			if s.One != "" {
				return fairly(s)
			}
			return score(bit(fmt.Sprint(s.Answer, n)))
		}, labels: 120, lacks: "flips"},
		"little known":  {how: perfect, labels: 40, lacks: "items", more: true},
		"never replies": {how: func(shown, bool, int64) string { return "well" }, labels: 120, lacks: "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, asked := judging(t, c.how)
			a, dir := opened(t), withJudge(t, server, c.labels)
			var sends []app.Sending
			info, err := a.Run(t.Context(), dir, app.RunOptions{Announce: func(s []app.Sending, _ llm.Money) { sends = s }})
			if err != nil {
				t.Fatal(err)
			}
			g := graderOf(t, a, dir, info)
			if g.Judge == nil || g.Model != "j" || g.Suite == "" {
				t.Fatalf("%+v", g)
			}
			st := g.Judge.Standing
			found := c.lacks == ""
			for _, l := range st.Lacks {
				found = found || l.Code == c.lacks
			}
			if st.Sufficient != (c.lacks == "") || !found || (st.MoreLabels > 0) != c.more {
				t.Errorf("lacks %+v, %d more labels", st.Lacks, st.MoreLabels)
			}
			if c.lacks == "swaps" && g.Judge.FirstFavoured.Value() != 1 {
				t.Errorf("what stands first: %+v", g.Judge.FirstFavoured)
			}
			m := measured(t, a, dir, info)
			if m.Overall.Judged == nil || m.Overall.N != 100 {
				t.Fatalf("%+v", m.Overall)
			}
			low, high := m.Overall.Count().Bounds(0.025)
			if c.lacks != "" && (low != 0 || high != 1 || m.Overall.Low != 0 || m.Overall.High != 1) {
				t.Errorf("a judge that does not stand bounds the share: %+v, %v to %v", m.Overall, low, high)
			}
			if c.correct && !(m.Overall.Low <= 0.8 && 0.8 <= m.Overall.High && low > 0.6 && m.Overall.Low > 0.6) {
				t.Errorf("corrected: %+v, %v to %v", m.Overall, low, high)
			}
			// One judge of 400 answers at most, three times the labels, and the pairs.
			if len(sends) != 1 || sends[0].Grader != "judge" || int64(sends[0].Cases) < asked.Load() || sends[0].Most == nil || sends[0].Cases < 100+3*c.labels {
				t.Errorf("announced %+v, asked %d", sends, asked.Load())
			}
			for _, lang := range []string{"en", "zh"} {
				r, err := a.Report(t.Context(), dir, &info)
				if err != nil {
					t.Fatal(err)
				}
				var page strings.Builder
				if err := report.HTML(&page, *r, lang); err != nil || !strings.Contains(page.String(), "kappa") {
					t.Errorf("the report in %s says nothing of the judge: %v", lang, err)
				}
			}
		})
	}
}

// What a judge may not see never leaves; an edited rubric, another model and
// other labels make evidence stale; answers are kept.
func TestJudgeIsPartOfWhatWasMeasured(t *testing.T) {
	t.Parallel()
	server, asked := judging(t, func(s shown, good bool, _ int64) string {
		if s.One != "" {
			return fairly(s)
		}
		return score(good)
	})
	a, dir := opened(t), withJudge(t, server, 120)
	first, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	if info, err := a.Run(t.Context(), dir, app.RunOptions{Again: true}); err != nil || asked.Load() != before {
		t.Errorf("%+v: %d questions asked twice, %v", info, asked.Load()-before, err)
	}
	if info, err := a.Run(t.Context(), dir, app.RunOptions{}); err != nil || !info.Reused {
		t.Errorf("nothing changed, and %+v, %v", info, err)
	}
	for _, change := range []struct{ file, old, with string }{
		{"rubric.md", "A good answer is fine.", "A good answer is fine indeed."},
		{"scenario.yaml", "model: j,", "model: j2,"},
		{"labels.csv", "l1,question 0,,answer 1 is poor,no", "l1,question 0,,answer 1 is poor,yes"},
	} {
		path := filepath.Join(dir, change.file)
		raw, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(raw), change.old) {
			t.Fatalf("%s: %v", change.file, err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(raw), change.old, change.with, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := a.Run(t.Context(), dir, app.RunOptions{})
		if err != nil || info.Reused || info.ID == first.ID {
			t.Errorf("%s changed, and evidence is not stale: %+v, %v", change.file, info, err)
		}
	}
	before = asked.Load()
	edit(t, dir, "class: internal", "class: personal")
	if _, err := a.Run(t.Context(), dir, app.RunOptions{}); !errors.Is(err, llm.ErrClass) || asked.Load() != before {
		t.Errorf("%v after %d questions", err, asked.Load()-before)
	}
	edit(t, dir, "class: personal", "class: internal")
	edit(t, dir, "base_url: "+server.BaseURL, "base_url: https://judge.example.com/v1")
	if _, err := a.Run(t.Context(), dir, app.RunOptions{}); !errors.Is(err, app.ErrEndpoint) {
		t.Errorf("an endpoint that nobody allowed: %v", err)
	}
}

// withSimilarity is a scenario whose answers are compared by their vectors; the
// threshold is chosen on pairs that people labelled.
func withSimilarity(t *testing.T, s *llmtest.Server) string {
	t.Helper()
	dir := withJudge(t, s, 0)
	edit(t, dir, `kind: rubric
    rubric: {file: rubric.md}
    judge: {endpoint: near, model: j, labels: labels.csv, parameters: {max_tokens: 60}, price: {version: v1, request: "0.001"}}`,
		`kind: similarity
    embed: {endpoint: near, model: e, labels: labels.csv, price: {version: v1, input: "1"}}`)
	var labels, answers strings.Builder
	labels.WriteString("expected,answer,good\n")
	answers.WriteString("case,answer\n")
	for i := range 60 {
		fmt.Fprintf(&labels, "delivery,delivery %d,yes\ndelivery,refund %d,no\n", i, i)
	}
	for i := range 100 {
		fmt.Fprintf(&answers, "t%d,%s %d\n", i, []string{"delivery", "refund"}[i%2], 100+i)
	}
	for name, body := range map[string]string{"labels.csv": labels.String(), "answers.csv": answers.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSimilarityByLabels(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var longer atomic.Bool
	server := llmtest.New(t, func(c llmtest.Call) llmtest.Reply {
		asked.Add(1)
		v := "0,1"
		if strings.HasPrefix(c.Input[0], "delivery") {
			v = "1,0.1"
			if longer.Load() {
				v = "1,0.1,0"
			}
		}
		return llmtest.Reply{Raw: []byte(`{"data":[{"index":0,"embedding":[` + v + `]}],"usage":{"prompt_tokens":2,"total_tokens":2}}`)}
	})
	a, dir := opened(t), withSimilarity(t, server)
	info, err := a.Run(t.Context(), dir, app.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := graderOf(t, a, dir, info)
	if g.Threshold == nil || g.Threshold.Error != 0 || !(g.Threshold.Value > 0.1 && g.Threshold.Value < 1) || g.Threshold.N != 120 {
		t.Errorf("%+v", g.Threshold)
	}
	if m := measured(t, a, dir, info); m.Overall.Correct != 100 || m.Errors != 0 {
		t.Errorf("%+v", m.Overall)
	}
	// A text is asked for once: the labels' 121, the answers' 100, the other
	// reference, and the class that always answers the same.
	if n := asked.Load(); n > 121+100+2 {
		t.Errorf("%d embeddings", n)
	}
	// Another model behind the same name is found out, not computed with.
	longer.Store(true)
	edit(t, dir, "model: e,", "model: e2,")
	if _, err := a.Run(t.Context(), dir, app.RunOptions{}); !errors.Is(err, grader.ErrDimensions) {
		t.Errorf("vectors of two lengths: %v", err)
	}
}
