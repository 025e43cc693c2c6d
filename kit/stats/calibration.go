package stats

import (
	"cmp"
	"math"
	"slices"
)

// Brier returns the mean squared difference between confidence and outcome
// (Brier 1950, Monthly Weather Review 78:1, in its form for one event): 0 is
// perfect, 0.25 is what saying one half throughout gives. It is NaN for slices
// that are empty or differ in length, or a confidence outside [0, 1].
func Brier(confidence []float64, correct []bool) float64 {
	return meanLoss(confidence, correct, func(p, y float64) float64 { return (p - y) * (p - y) })
}

// surest keeps the logarithm of a confidence of 0 or 1 finite.
const surest = 1e-15

// LogLoss returns the mean negative logarithm of the chance that was given to
// what happened, in nats; a confidence counts as at least 1e-15 away from 0
// and 1. NaN as for Brier.
func LogLoss(confidence []float64, correct []bool) float64 {
	return meanLoss(confidence, correct, func(p, y float64) float64 {
		p = min(max(p, surest), 1-surest)
		if y == 1 {
			return -math.Log(p)
		}
		return -math.Log1p(-p)
	})
}

func meanLoss(confidence []float64, correct []bool, loss func(p, y float64) float64) float64 {
	if !rated(confidence, correct) {
		return math.NaN()
	}
	sum := 0.0
	for i, p := range confidence {
		sum += loss(p, b2f(correct[i]))
	}
	return sum / float64(len(confidence))
}

// Bin is a stretch of confidences and what became of its cases.
type Bin struct {
	From, To   float64 // smallest and largest confidence in it
	N          int
	Confidence float64 // mean
	Correct    int
	Accuracy   Interval // exact, two-sided, of the share that is correct
}

// Reliability cuts the cases into at most bins bins of about equal numbers, by
// rising confidence; cases of equal confidence are never parted, so there may
// be fewer (Nixon et al. 2019, arXiv:1904.01685, on why equal numbers rather
// than equal widths). It is nil for bins < 1 and where Brier is NaN.
func Reliability(confidence []float64, correct []bool, bins int, level float64) []Bin {
	if bins < 1 || !rated(confidence, correct) {
		return nil
	}
	order := byConfidence(confidence)
	n := len(order)
	var out []Bin
	for start, b := 0, 1; start < n; b++ {
		end := max(start+1, int(math.Round(float64(n)*float64(b)/float64(bins))))
		end = min(end, n)
		for end < n && confidence[order[end]] == confidence[order[end-1]] {
			end++
		}
		bin := Bin{From: confidence[order[start]], To: confidence[order[end-1]], N: end - start}
		for _, i := range order[start:end] {
			bin.Confidence += confidence[i]
			if correct[i] {
				bin.Correct++
			}
		}
		bin.Confidence /= float64(bin.N)
		bin.Accuracy = ClopperPearson(bin.Correct, bin.N, level)
		out = append(out, bin)
		start = end
	}
	return out
}

// ECE returns the expected calibration error over bins of equal numbers: the
// mean distance between a bin's confidence and its share correct, by cases
// (Naeini, Cooper and Hauskrecht 2015, AAAI; adaptive bins by Nixon et al.
// 2019). It is biased upwards on few cases: even a perfectly calibrated
// candidate has some. NaN if there are no bins.
func ECE(bins []Bin) float64 {
	n, sum := 0, 0.0
	for _, b := range bins {
		n += b.N
		sum += math.Abs(b.Confidence*float64(b.N) - float64(b.Correct))
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// RiskPoint is the error among the cases whose confidence is at least
// Threshold.
type RiskPoint struct {
	Threshold float64
	Coverage  float64 // share of all cases that are answered
	N, Wrong  int
	Risk      Interval // exact, two-sided, of the share of answered cases that is wrong
}

// Selective returns the curve of error against coverage, one point for each
// distinct confidence, by falling threshold (El-Yaniv and Wiener 2010, JMLR
// 11:1605); if these are more than points, about as many of them, evenly over
// the coverage, and always the last, which answers everything. nil where Brier
// is NaN and for points < 1.
func Selective(confidence []float64, correct []bool, points int, level float64) []RiskPoint {
	if points < 1 || !rated(confidence, correct) {
		return nil
	}
	order := byConfidence(confidence)
	n := len(order)
	distinct := 1
	for at := 1; at < n; at++ {
		if confidence[order[at]] != confidence[order[at-1]] {
			distinct++
		}
	}
	var out []RiskPoint
	wrong, part := 0, 0 // part counts the even parts of the coverage that have their point
	for at := n - 1; at >= 0; at-- {
		if !correct[order[at]] {
			wrong++
		}
		if at > 0 && confidence[order[at-1]] == confidence[order[at]] {
			continue
		}
		answered := n - at
		if distinct > points && answered < n && answered*points/n == part {
			continue
		}
		part = answered * points / n
		out = append(out, RiskPoint{Threshold: confidence[order[at]], Coverage: float64(answered) / float64(n),
			N: answered, Wrong: wrong, Risk: ClopperPearson(wrong, answered, level)})
	}
	return out
}

// AURC returns the area under the curve of error against coverage,
// (1/n) * sum over k of the error among the k surest cases, and its excess
// over what the best possible order of the same answers would give (Geifman,
// Uziel and El-Yaniv 2019, ICLR, arXiv:1805.08206). Among cases of equal
// confidence the order is by chance, so each counts with their mean. The
// excess is 0 for a confidence that puts every right answer before every wrong
// one. Both are NaN where Brier is.
func AURC(confidence []float64, correct []bool) (area, excess float64) {
	if !rated(confidence, correct) {
		return math.NaN(), math.NaN()
	}
	order := byConfidence(confidence)
	slices.Reverse(order)
	n := len(order)
	wrong := 0.0 // expected among the cases so far
	for start := 0; start < n; {
		end, in := start, 0.0
		for end < n && confidence[order[end]] == confidence[order[start]] {
			in += 1 - b2f(correct[order[end]])
			end++
		}
		share := in / float64(end-start)
		for k := start + 1; k <= end; k++ {
			area += (wrong + share*float64(k-start)) / float64(k)
		}
		wrong += in
		start = end
	}
	best := 0.0
	for k, right := n-int(wrong)+1, n-int(wrong); k <= n; k++ {
		best += float64(k-right) / float64(k)
	}
	return area / float64(n), max(0, area-best) / float64(n)
}

// rated reports whether every case has a confidence between 0 and 1.
func rated(confidence []float64, correct []bool) bool {
	return len(confidence) > 0 && len(confidence) == len(correct) &&
		!slices.ContainsFunc(confidence, func(p float64) bool { return !(p >= 0 && p <= 1) })
}

// byConfidence returns the indices by rising confidence.
func byConfidence(confidence []float64) []int {
	order := make([]int, len(confidence))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(confidence[a], confidence[b]) })
	return order
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
