package baseline

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Trained is a trained candidate with what was learned about it on validation
// texts. It answers as a Model does.
type Trained struct {
	Model
	Method string
	// Settings are the chosen ones: numbers, strings and booleans by name.
	Settings map[string]any
	// Threshold80 is the confidence that 80 % of the validation texts reach
	// (more if there are ties). A text counts as answered if its answer is not
	// empty and its confidence is at least Threshold80.
	Threshold80 float64
	// ValidationAccuracy is the share of right answers among ValidationN
	// validation texts, under the chosen settings. As the settings were chosen
	// on the same texts, it is slightly optimistic; it is no evidence.
	ValidationAccuracy float64
	ValidationN        int
	// TrainN is the number of texts behind the final model.
	TrainN int
	// Classes is the number of different answers it can give.
	Classes int

	model *model
}

// Explain names what the answer to text rests on, the most important first,
// at most three: a keyword, training texts, words, a FAQ question. It is empty
// for the majority guess and where the model abstains.
func (t *Trained) Explain(text string) []string {
	doc := t.model.read(text)
	class, _ := t.model.scorer.score(doc)
	if class < 0 {
		return nil
	}
	return t.model.scorer.explain(doc, class)
}

// model is what answers.
type model struct {
	dict    *dictionary
	kinds   string
	classes []string
	scorer  scorer
	calibration
}

func (m *model) read(text string) []count { return m.dict.read(features(text, m.kinds)) }

func (m *model) Answer(text string) Answer {
	class, signs := m.scorer.score(m.read(text))
	if class < 0 {
		return Answer{}
	}
	return Answer{Answer: m.classes[class], Confidence: m.confidence(signs)}
}

// scorer is a method trained on some texts with given settings.
type scorer interface {
	// score returns the best class, or -1 to abstain, and the signs of how
	// sure that is: real numbers, always as many, higher is surer.
	score(doc []count) (class int32, signs []float64)
	// explain says what made class the answer to doc.
	explain(doc []count, class int32) []string
}

// learner is how a method is trained and which settings it chooses from.
type learner struct {
	kinds string // of features: see features
	axes  []axis
	fit   func(ctx context.Context, c *corpus, rows []int, s settings, seed uint64) (scorer, error)
}

var learners = map[string]learner{
	"majority": {fit: fitMajority},
	"keywords": {fit: fitKeywords, kinds: "wp", axes: keywordAxes},
	"bm25":     {fit: fitNeighbours, kinds: "wpc", axes: neighbourAxes},
	"tfidf":    {fit: fitTFIDF, kinds: "wpc", axes: tfidfAxes},
	"faq":      {fit: fitFAQ, kinds: "wpc", axes: faqAxes},
}

// corpus is the training data in the form that learners read. It is not
// changed once made.
type corpus struct {
	texts   []string
	labels  []int32   // class of each text
	docs    [][]count // features of each text
	classes []string  // sorted
	dict    *dictionary
	entries []entry // of the FAQ
}

// entry is a FAQ entry.
type entry struct {
	class  int32
	title  string // the first field that is not empty
	lead   []count
	others []count
}

// Train trains method on the examples: it chooses the settings on validation
// texts (see Trained), calibrates the confidence, and trains again on all.
// Only the method "faq" reads the documents.
//
// It fails with ErrUnknownMethod, ErrNoExamples, ErrNoAnswer, ErrOneClass,
// ErrTooFew, ErrNoFAQ or ErrFAQMismatch where the data cannot be learned from,
// and with the error of ctx when that ends.
func Train(ctx context.Context, method string, train []Example, faq []Document, seed uint64) (*Trained, error) {
	l, ok := learners[method]
	if !ok {
		var known []string
		for _, m := range methods {
			known = append(known, m.ID)
		}
		return nil, ErrUnknownMethod.With("method", method, "known", known)
	}
	if method != "faq" {
		faq = nil
	} else if len(faq) == 0 {
		return nil, ErrNoFAQ.With()
	}
	c, err := newCorpus(ctx, train, faq, l.kinds)
	if err != nil {
		return nil, err
	}
	folds := split(c.labels, len(c.classes), seed)
	if len(folds) == 0 {
		return nil, ErrTooFew.With("classes", len(c.classes))
	}
	best, err := search(ctx, l, c, folds, seed)
	if err != nil {
		return nil, fmt.Errorf("choose settings of %s: %w", method, err)
	}
	final, err := l.fit(ctx, c, allRows(len(train)), best.settings, seed)
	if err != nil {
		return nil, fmt.Errorf("train %s: %w", method, err)
	}
	m := &model{dict: c.dict, kinds: l.kinds, classes: c.classes, scorer: final, calibration: best.calibration}
	return &Trained{Model: m, model: m, Method: method, Settings: best.settings,
		Threshold80: best.threshold(0.8), ValidationAccuracy: best.accuracy(), ValidationN: len(best.outcomes),
		TrainN: len(train), Classes: len(c.classes)}, nil
}

func newCorpus(ctx context.Context, train []Example, faq []Document, kinds string) (*corpus, error) {
	if len(train) == 0 {
		return nil, ErrNoExamples.With()
	}
	c := &corpus{dict: newDictionary()}
	for i, e := range train {
		if e.Answer == "" {
			return nil, ErrNoAnswer.With("n", i+1)
		}
		c.classes = append(c.classes, e.Answer)
	}
	slices.Sort(c.classes)
	c.classes = slices.Compact(c.classes)
	if len(c.classes) == 1 {
		return nil, ErrOneClass.With("answer", c.classes[0])
	}
	trained := c.classes
	matched := false
	for _, d := range faq {
		_, found := slices.BinarySearch(trained, d.ID)
		matched = matched || found
		c.classes = append(slices.Clip(c.classes), d.ID)
	}
	if len(faq) > 0 && !matched {
		return nil, ErrFAQMismatch.With("answer", trained[0], "entry", faq[0].ID)
	}
	slices.Sort(c.classes)
	c.classes = slices.Compact(c.classes)
	class := make(map[string]int32, len(c.classes))
	for i, name := range c.classes {
		class[name] = int32(i)
	}
	for i, e := range train {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.texts = append(c.texts, e.Text)
		c.labels = append(c.labels, class[e.Answer])
		c.docs = append(c.docs, c.dict.learn(features(e.Text, kinds)))
	}
	for _, d := range faq {
		e := entry{class: class[d.ID]}
		half := (len(d.Fields) + 1) / 2
		e.lead = c.dict.learn(features(strings.Join(d.Fields[:half], "\n"), kinds))
		e.others = c.dict.learn(features(strings.Join(d.Fields[half:], "\n"), kinds))
		if i := slices.IndexFunc(d.Fields, func(f string) bool { return f != "" }); i >= 0 {
			e.title = d.Fields[i]
		}
		c.entries = append(c.entries, e)
	}
	return c, nil
}

func allRows(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}
