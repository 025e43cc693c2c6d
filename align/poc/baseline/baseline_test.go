package baseline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/baseline"
	"github.com/landfall-ai/landfall/kit/fault"
)

func train(tb testing.TB, method string, examples []baseline.Example) *baseline.Trained {
	tb.Helper()
	m, err := baseline.Train(tb.Context(), method, examples, madeFAQ, 7)
	if err != nil {
		tb.Fatalf("train %s: %v", method, err)
	}
	return m
}

func TestMethods(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, m := range baseline.Methods() {
		ids = append(ids, m.ID)
		if m.Title.En == "" || m.Title.Zh == "" || m.Why.En == "" || m.Why.Zh == "" {
			t.Errorf("%s: a text is missing in one language", m.ID)
		}
		if !slices.Contains([]string{"rules", "classic"}, m.Rung) || !slices.Contains([]string{"transparent", "traceable", "opaque"}, m.Class) {
			t.Errorf("%s: rung %q, class %q", m.ID, m.Rung, m.Class)
		}
	}
	if want := []string{"majority", "keywords", "bm25", "tfidf", "faq"}; !slices.Equal(ids, want) {
		t.Errorf("methods %v, want %v", ids, want)
	}
	baseline.Methods()[0].ID = "changed"
	if baseline.Methods()[0].ID != "majority" {
		t.Error("a caller can change the methods")
	}
}

// Every method learns, its figures are consistent, and its explanation is in
// the text or the training data.
func TestTrain(t *testing.T) {
	t.Parallel()
	examples, test := made(600, 1), made(400, 2)
	least := map[string]float64{"majority": 0.2, "keywords": 0.7, "bm25": 0.7, "tfidf": 0.75, "faq": 0.7}
	for _, m := range baseline.Methods() {
		t.Run(m.ID, func(t *testing.T) {
			t.Parallel()
			trained := train(t, m.ID, examples)
			r := evaluate(trained, test)
			if r.accuracy < least[m.ID] {
				t.Errorf("accuracy %.3f, want at least %.3f", r.accuracy, least[m.ID])
			}
			// 600 against 400 texts: four standard errors of the difference are 0.13.
			if d := r.accuracy - trained.ValidationAccuracy; math.Abs(d) > 0.13 {
				t.Errorf("validation says %.3f, test %.3f", trained.ValidationAccuracy, r.accuracy)
			}
			if trained.ValidationN != 600 || trained.TrainN != 600 || trained.Method != m.ID {
				t.Errorf("validated on %d of %d as %s: five folds use every text once", trained.ValidationN, trained.TrainN, trained.Method)
			}
			if r.coverage < 0.7 {
				t.Errorf("threshold covers %.3f", r.coverage)
			}
			if _, err := json.Marshal(trained.Settings); err != nil {
				t.Errorf("settings: %v", err)
			}
			reasons := trained.Explain("please, my card was stolen")
			if m.ID == "majority" {
				if len(reasons) != 0 {
					t.Errorf("reasons %q", reasons)
				}
				return
			}
			if len(reasons) == 0 || len(reasons) > 3 {
				t.Fatalf("reasons %q", reasons)
			}
			if !slices.ContainsFunc([]string{"card", "stolen", "挂失"}, func(w string) bool { return strings.Contains(reasons[0], w) }) {
				t.Errorf("first reason %q has none of the words that matter", reasons[0])
			}
		})
	}
}

// Mean confidence equals the share of right answers, on new texts too.
func TestCalibrated(t *testing.T) {
	t.Parallel()
	test := made(2000, 3)
	for _, m := range baseline.Methods() {
		trained := train(t, m.ID, made(1000, 1))
		sum, right := 0.0, 0.0
		for _, e := range test {
			a := trained.Answer(e.Text)
			sum += a.Confidence
			if a.Answer == e.Answer {
				right++
			}
		}
		if gap := (sum - right) / float64(len(test)); math.Abs(gap) > 0.04 {
			t.Errorf("%s: confidence is %.3f too high on average", m.ID, gap)
		}
	}
}

// The same seed gives the same answers to the last bit, on one processor or
// on many; settings too.
func TestDeterministic(t *testing.T) {
	test := made(100, 5)
	for _, m := range baseline.Methods() {
		var models []*baseline.Trained
		for _, procs := range []int{1, 4} {
			old := runtime.GOMAXPROCS(procs)
			models = append(models, train(t, m.ID, made(300, 4)))
			runtime.GOMAXPROCS(old)
		}
		a, b := models[0], models[1]
		if !reflect.DeepEqual(a.Settings, b.Settings) || a.Threshold80 != b.Threshold80 || a.ValidationAccuracy != b.ValidationAccuracy {
			t.Errorf("%s: %v %v against %v %v", m.ID, a.Settings, a.Threshold80, b.Settings, b.Threshold80)
		}
		for _, e := range test {
			x, y := a.Answer(e.Text), b.Answer(e.Text)
			if x.Answer != y.Answer || math.Float64bits(x.Confidence) != math.Float64bits(y.Confidence) {
				t.Fatalf("%s: %q: %v against %v", m.ID, e.Text, x, y)
			}
		}
	}
}

func TestConcurrentAnswers(t *testing.T) {
	t.Parallel()
	test := made(50, 6)
	for _, m := range baseline.Methods() {
		trained := train(t, m.ID, made(200, 4))
		want := make([]baseline.Answer, len(test))
		for i, e := range test {
			want[i] = trained.Answer(e.Text)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i, e := range test {
					if got := trained.Answer(e.Text); got != want[i] {
						t.Errorf("%s: %v, alone %v", m.ID, got, want[i])
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	ok := made(40, 1)
	one := []baseline.Example{{"a", "x"}, {"b", "x"}}
	cases := []struct {
		name, method string
		train        []baseline.Example
		faq          []baseline.Document
		want         fault.Def
	}{
		{"unknown method", "oracle", ok, nil, baseline.ErrUnknownMethod},
		{"nothing", "tfidf", nil, nil, baseline.ErrNoExamples},
		{"no answer", "tfidf", append(slices.Clone(ok), baseline.Example{Text: "?"}), nil, baseline.ErrNoAnswer},
		{"one class", "majority", one, nil, baseline.ErrOneClass},
		{"singletons", "bm25", []baseline.Example{{"a", "x"}, {"b", "y"}}, nil, baseline.ErrTooFew},
		{"no documents", "faq", ok, nil, baseline.ErrNoFAQ},
		{"other ids", "faq", ok, []baseline.Document{{ID: "other", Fields: []string{"x"}}}, baseline.ErrFAQMismatch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := baseline.Train(t.Context(), c.method, c.train, c.faq, 1)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			f := fault.From(err)
			for _, s := range []string{f.Message("en"), f.Message("zh"), f.Hint("en"), f.Hint("zh")} {
				if s == "" || strings.ContainsAny(s, "{}") {
					t.Errorf("message %q", s)
				}
			}
		})
	}
}

func TestOddTexts(t *testing.T) {
	t.Parallel()
	examples := append(made(120, 1),
		baseline.Example{Text: "solitary zebra", Answer: "single"}, // a class with one text
		baseline.Example{Text: "", Answer: "faq-0"}, baseline.Example{Text: "???", Answer: "faq-1"},
		baseline.Example{Text: "\xff\xfe", Answer: "faq-2"})
	long := strings.Repeat("lost card 挂失 ", 1<<16) // over 1 MB
	for _, m := range baseline.Methods() {
		t.Run(m.ID, func(t *testing.T) {
			t.Parallel()
			trained := train(t, m.ID, examples)
			for _, text := range []string{"", " ", "?!", "\xff", "\x00", "qqqqjjjj"} {
				a := trained.Answer(text)
				if m.ID == "majority" {
					if a.Answer == "" || a.Confidence > 0.6 {
						t.Errorf("%q: %v, want the majority with low confidence", text, a)
					}
				} else if a != (baseline.Answer{}) || trained.Explain(text) != nil {
					t.Errorf("%q: %v, want to abstain", text, a)
				}
			}
			if got, want := trained.Answer(long), trained.Answer(string([]rune(long)[:baseline.MaxRunes])); got != want || got.Answer == "" {
				t.Errorf("long text: %v, its beginning %v", got, want)
			}
			if m.ID == "tfidf" || m.ID == "bm25" {
				if a := trained.Answer("solitary zebra"); a.Answer != "single" {
					t.Errorf("the class with one text is not learned: %v", a)
				}
			}
		})
	}
}

// FAQ retrieval answers from entries that no training text names, and settles
// on the training texts where they are no help (all alike).
func TestFAQ(t *testing.T) {
	t.Parallel()
	trained := train(t, "faq", made(200, 1))
	if a := trained.Answer("When do branches open?"); a.Answer != "faq-9" {
		t.Errorf("opening hours: %v", a)
	}
	if a := trained.Answer("网点几点开门"); a.Answer != "faq-9" {
		t.Errorf("opening hours, in Chinese: %v", a)
	}
	var alike []baseline.Example
	for i := range 40 {
		d := madeFAQ[i%4]
		alike = append(alike, baseline.Example{Text: d.Fields[1], Answer: d.ID})
	}
	m := train(t, "faq", append(alike, baseline.Example{Text: "no entry has this", Answer: "gone"}))
	if m.ValidationAccuracy < 0.99 || m.Classes != 6 {
		t.Errorf("own questions: accuracy %.3f over %d classes", m.ValidationAccuracy, m.Classes)
	}
}

// cancelAfter ends the context at the n-th time that somebody asks for it.
type cancelAfter struct {
	context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	left   int
}

func (c *cancelAfter) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left < 0 {
		c.cancel()
	}
	return c.Context.Err()
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	examples := made(300, 1)
	for _, m := range baseline.Methods() {
		ended := 0
		for _, n := range []int{0, 1, 2, 3, 5} {
			inner, cancel := context.WithCancel(t.Context())
			got, err := baseline.Train(&cancelAfter{Context: inner, cancel: cancel, left: n}, m.ID, examples, madeFAQ, 1)
			cancel()
			switch {
			case errors.Is(err, context.Canceled) && got == nil:
				ended++
			case err != nil || got == nil:
				t.Errorf("%s, after %d: %v, %v", m.ID, n, got, err)
			}
		}
		if ended == 0 {
			t.Errorf("%s never heeds its context", m.ID)
		}
	}
}

// Whatever the texts and labels are, training ends with a model whose answers
// are known labels with a confidence in [0,1], or with a fault.
func TestAnyData(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "bb", "card", "卡", "挂失", "é", "", "12", "…", "ﷺ", "don't", "カード"})
		n := rapid.IntRange(0, 24).Draw(t, "n")
		var examples []baseline.Example
		known := map[string]bool{"": true, "x1": true}
		for i := range n {
			e := baseline.Example{
				Text:   strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "text"), " "),
				Answer: fmt.Sprint("x", rapid.IntRange(0, 3).Draw(t, fmt.Sprint("label", i))),
			}
			known[e.Answer] = true
			examples = append(examples, e)
		}
		method := rapid.SampledFrom([]string{"majority", "keywords", "bm25", "tfidf", "faq"}).Draw(t, "method")
		m, err := baseline.Train(t.Context(), method, examples, []baseline.Document{{ID: "x1", Fields: []string{"card 卡"}}}, 3)
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		for range 5 {
			a := m.Answer(strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "question"), " "))
			if !known[a.Answer] || !(a.Confidence >= 0 && a.Confidence <= 1) || (a.Answer == "" && a.Confidence != 0) {
				t.Fatalf("%s: %+v", method, a)
			}
		}
	})
}

func BenchmarkTrainTFIDF(b *testing.B) {
	examples := banking77(b, "train")
	for b.Loop() {
		train(b, "tfidf", examples)
	}
}

func BenchmarkAnswerTFIDF(b *testing.B) {
	trained := train(b, "tfidf", made(2000, 1))
	for b.Loop() {
		trained.Answer("please, how can I block my stolen card? 请问怎么挂失")
	}
}
