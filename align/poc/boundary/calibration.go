package boundary

import (
	"slices"

	"github.com/landfall-ai/landfall/kit/stats"
)

const (
	// calibrationBins is the number of bins of a reliability curve.
	calibrationBins = 10
	// curvePoints bounds the points of a curve of error against coverage.
	curvePoints = 50
)

// Calibration says what a candidate's confidence is worth.
type Calibration struct {
	Answered int     `json:"answered"` // cases with an answer: the first four figures are of these
	Brier    float64 `json:"brier"`
	LogLoss  float64 `json:"log_loss"` // nats
	ECE      float64 `json:"ece"`      // ten bins of equal numbers
	Bins     []Bin   `json:"bins"`     // the reliability curve, by rising confidence
	// AURC is the area under error against coverage over all cases, a case
	// without an answer being the least sure; Excess is what a perfect order of
	// the same answers would save.
	AURC   float64 `json:"aurc"`
	Excess float64 `json:"excess"`
	// Curve is error against coverage, by falling threshold.
	Curve []CurvePoint `json:"curve"`
}

// Bin is a stretch of the reliability curve: confidence said, accuracy found,
// with its exact two-sided interval at Level.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	N          int     `json:"n"`
	Confidence float64 `json:"confidence"`
	Accuracy   float64 `json:"accuracy"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// CurvePoint is the error among the cases that are answered if the candidate
// abstains below Threshold, with its exact two-sided interval at Level.
type CurvePoint struct {
	Threshold float64 `json:"threshold"`
	Coverage  float64 `json:"coverage"` // share of all cases
	N         int     `json:"n"`        // answered
	Wrong     int     `json:"wrong"`
	Error     float64 `json:"error"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

// Calibrate measures a candidate's confidences. It is nil if they are all the
// same, which is no confidence, or one is outside [0, 1].
func Calibrate(answers []Answer) *Calibration {
	var conf, all []float64
	var ok, right []bool
	for _, a := range answers {
		c := a.Confidence
		if a.Resolution != "" {
			conf, ok = append(conf, c), append(ok, a.Correct)
		} else {
			c = 0
		}
		all, right = append(all, c), append(right, a.Correct)
	}
	if len(conf) == 0 || slices.Min(conf) == slices.Max(conf) {
		return nil
	}
	bins := stats.Reliability(conf, ok, calibrationBins, Level)
	if bins == nil {
		return nil
	}
	c := &Calibration{Answered: len(conf), Brier: stats.Brier(conf, ok), LogLoss: stats.LogLoss(conf, ok), ECE: stats.ECE(bins)}
	for _, b := range bins {
		c.Bins = append(c.Bins, Bin{From: b.From, To: b.To, N: b.N, Confidence: b.Confidence,
			Accuracy: float64(b.Correct) / float64(b.N), Low: b.Accuracy.Low, High: b.Accuracy.High})
	}
	c.AURC, c.Excess = stats.AURC(all, right)
	// The curve counts covered answers only, against all cases.
	share := float64(len(conf)) / float64(len(answers))
	for _, p := range stats.Selective(conf, ok, curvePoints, Level) {
		c.Curve = append(c.Curve, CurvePoint{Threshold: p.Threshold, Coverage: p.Coverage * share, N: p.N, Wrong: p.Wrong,
			Error: float64(p.Wrong) / float64(p.N), Low: p.Risk.Low, High: p.Risk.High})
	}
	return c
}
