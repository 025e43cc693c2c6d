package slots

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"slices"

	"github.com/landfall-ai/landfall/align/poc/baseline"
)

// Model is the rules with a confidence that was calibrated on training cases.
// It is a baseline.Model and safe for concurrent use.
type Model struct {
	*Rules
	// Threshold80 is the confidence that 80 % of the training cases reach.
	Threshold80 float64
	// TrainingAccuracy is the share of training cases whose whole structure is
	// right. Whoever wrote the rules had these cases before him: it is no
	// evidence.
	TrainingAccuracy float64
	TrainN           int

	right, all [cells]float64
}

// The signs that the confidence is read from: 0, 1 or more doubts, and how many
// fields were found (up to maxFound).
const (
	maxDoubts = 2
	maxFound  = 7
	cells     = (maxDoubts + 1) * (maxFound + 1)
)

func cell(e Extraction) int {
	return min(e.Doubts, maxDoubts)*(maxFound+1) + min(e.Found, maxFound)
}

// Calibrate reads the training cases. Without any, the confidence is 0.5. Rules
// that were written with these cases in view make it too high.
func Calibrate(r *Rules, train []baseline.Example) *Model {
	m := &Model{Rules: r, TrainN: len(train)}
	total := 0.0
	read := make([]Extraction, len(train))
	for i, e := range train {
		read[i] = r.Extract(e.Text)
		c := cell(read[i])
		m.all[c]++
		if same(read[i].JSON, e.Answer) {
			m.right[c]++
			total++
		}
	}
	if len(train) == 0 {
		return m
	}
	m.TrainingAccuracy = total / float64(len(train))
	reached := make([]float64, len(train))
	for i, e := range read {
		reached[i] = m.confidence(e)
	}
	slices.SortFunc(reached, func(a, b float64) int { return cmp.Compare(b, a) })
	m.Threshold80 = reached[int(math.Ceil(0.8*float64(len(reached))))-1]
	return m
}

// confidence is the share of right structures among training cases that looked
// alike, drawn towards the overall share by the weight of four cases.
func (m *Model) confidence(e Extraction) float64 {
	prior := (m.TrainingAccuracy*float64(m.TrainN) + 1) / (float64(m.TrainN) + 2)
	c := cell(e)
	return (m.right[c] + 4*prior) / (m.all[c] + 4)
}

// Answer extracts the fields of text as JSON.
func (m *Model) Answer(text string) baseline.Answer {
	e := m.Extract(text)
	return baseline.Answer{Answer: e.JSON, Confidence: m.confidence(e)}
}

// same reports whether two JSON texts hold the same value.
func same(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
