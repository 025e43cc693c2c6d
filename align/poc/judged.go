package poc

import (
	"math"

	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/kit/stats"
)

// GraderMeasurement is how good a grader is that asks a model.
type GraderMeasurement struct {
	Suite    string `json:"suite"`
	Kind     string `json:"kind"` // of the grader
	Endpoint string `json:"endpoint"`
	Model    string `json:"model"`
	// Judge is nil of other kinds, Threshold if none was chosen on labels.
	Judge     *judge.Measurement `json:"judge,omitempty"`
	Threshold *grader.Threshold  `json:"threshold,omitempty"`
}

// Judged is what a judge model said before its errors were taken out.
type Judged struct {
	Correct int     `json:"correct"`
	Raw     float64 `json:"raw"`
	SE      float64 `json:"se"` // of the corrected share, with that of the calibration
	// Verdicts are what bounds are computed from: what was counted and how good
	// the judge is, suite by suite.
	Verdicts []stats.Count `json:"verdicts,omitempty"`
	// Sufficient is false where the judge does not reach its bar: the figure is
	// shown and is no evidence.
	Sufficient bool `json:"sufficient"`
}

// WithJudge takes the errors of the judge of a suite out of the scores on it,
// and on the slices that belong to it. slices are those of the suite; whole is
// whether the scenario has no other suite.
func (m Measurement) WithJudge(suite string, slices map[string]bool, whole bool, j judge.Measurement) Measurement {
	out := m
	out.Candidates = nil
	for _, c := range m.Candidates {
		if c.Overall.N > 0 {
			c.Slices = append([]SliceScore(nil), c.Slices...)
			for i, s := range c.Slices {
				if slices[s.Slice] {
					c.Slices[i].Score = s.judged(j)
				}
			}
			c.Suites = append([]SuiteScore(nil), c.Suites...)
			for i, s := range c.Suites {
				if s.Suite == suite {
					c.Suites[i].Score = s.judged(j)
				}
			}
			switch {
			case whole:
				c.Overall = c.Overall.judged(j)
			case !j.Standing.Sufficient: // a part of it is no evidence, so the whole is none
				c.Overall = c.Overall.unknown()
			default:
				c.Overall = c.together()
			}
		}
		out.Candidates = append(out.Candidates, c)
	}
	return out
}

// judged is s with the errors of a judge taken out. What is shown is the
// interval of Lang and Reiczigel; gates rest on the bounds of stats.Count with a
// judge. NEff is how many cases, judged without error, would give the same lower
// bound: it serves planning.
func (s Score) judged(j judge.Measurement) Score {
	if s.N == 0 || s.Judged != nil {
		return s
	}
	k, n := s.Correct, s.N
	if s.Clusters > 0 { // cases that hang together are worth fewer
		n = max(1, int(s.NEff))
		k = int(math.Round(s.Accuracy * float64(n)))
	}
	c := j.Correct(k, n, Level)
	out := s
	verdicts, calibration := s.Count(), j.Calibration
	verdicts.Judge = &calibration
	out.Judged = &Judged{Correct: s.Correct, Raw: s.Accuracy, SE: c.SE, Verdicts: []stats.Count{verdicts}, Sufficient: j.Standing.Sufficient && c.OK}
	if !out.Judged.Sufficient {
		return out.unknown()
	}
	out.Accuracy, out.Low, out.High = c.Value, c.Low, c.High
	out.Correct = int(math.Floor(c.Value*float64(s.N) + 1e-9))
	if !verdicts.Gated() {
		out.Low, out.High = 0, 1
	}
	low, _ := verdicts.Bounds((1 - Level) / 2)
	out.NEff = worth(float64(out.Correct)/float64(s.N), low, float64(n))
	if out.Clusters == 0 {
		out.Clusters = s.N
	}
	return out
}

// unknown is s as no evidence: nothing is bounded, and no gate may rest on it.
func (s Score) unknown() Score {
	s.Low, s.High, s.Clusters, s.NEff = 0, 1, 1, 1
	return s
}

// together is the score over all suites, weighted by their cases.
func (c CandidateMeasurement) together() Score {
	out, variance := c.Overall, 0.0
	correct, accuracy, raw, n := 0, 0.0, 0, 0
	var verdicts []stats.Count
	for _, s := range c.Suites {
		if s.Judged != nil && !s.Judged.Sufficient {
			return out.unknown()
		}
		se, was := s.Accuracy*(1-s.Accuracy)/float64(max(1, s.N)), s.Correct
		if s.Judged != nil {
			se, was = s.Judged.SE*s.Judged.SE, s.Judged.Correct
			verdicts = append(verdicts, s.Judged.Verdicts...)
		} else {
			verdicts = append(verdicts, s.Count())
			if s.Clusters > 0 && s.NEff > 0 {
				se *= float64(s.N) / s.NEff
			}
		}
		w := float64(s.N)
		variance += w * w * se
		correct, accuracy, raw, n = correct+s.Correct, accuracy+w*s.Accuracy, raw+was, n+s.N
	}
	if n == 0 {
		return out
	}
	out.Correct, out.Accuracy = correct, accuracy/float64(n)
	out.Judged = &Judged{Correct: raw, Raw: float64(raw) / float64(n), SE: math.Sqrt(variance) / float64(n), Verdicts: verdicts, Sufficient: true}
	if out.Clusters == 0 {
		out.Clusters = n
	}
	out.Low, out.High = out.Count().Bounds((1 - Level) / 2)
	out.NEff = worth(float64(correct)/float64(n), out.Low, float64(n))
	return out
}

// worth returns how many cases with the share p have the lower limit low, at
// most n: by bisection, since the limit rises with their number.
func worth(p, low, n float64) float64 {
	lo, hi := 0.0, n
	alpha := (1 - Level) / 2
	if p <= 0 || stats.LowerBoundReal(p*n, n, alpha) <= low {
		return n
	}
	for range 60 {
		mid := (lo + hi) / 2
		if stats.LowerBoundReal(p*mid, mid, alpha) <= low {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
