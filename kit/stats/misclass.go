package stats

import "math"

// MethodLangReiczigel names the interval that Corrected carries.
const MethodLangReiczigel = "lang-reiczigel"

// Calibration is how often an imperfect judge was right on items whose truth
// is known: TruePositive of Positive, and TrueNegative of Negative.
type Calibration struct {
	TruePositive int `json:"true_positive"`
	Positive     int `json:"positive"`
	TrueNegative int `json:"true_negative"`
	Negative     int `json:"negative"`
}

// Sensitivity is the share of positive items that the judge finds, and
// Specificity the share of negative ones. NaN without items.
func (c Calibration) Sensitivity() float64 { return float64(c.TruePositive) / float64(c.Positive) }

// Specificity is the share of negative items that the judge finds.
func (c Calibration) Specificity() float64 { return float64(c.TrueNegative) / float64(c.Negative) }

func (c Calibration) valid() bool {
	return counts(float64(c.TruePositive), float64(c.Positive)) && counts(float64(c.TrueNegative), float64(c.Negative))
}

// Corrected is a share that was judged imperfectly, with the judge's errors
// taken out.
type Corrected struct {
	// Raw is the share as judged; Value the corrected one, within [0, 1].
	Raw   float64 `json:"raw"`
	Value float64 `json:"value"`
	// SE is the standard error of Value with the sampling error of the
	// calibration in it (delta method).
	SE float64 `json:"se"`
	Interval
	// OK is false where the judge does no better than chance: Value is then
	// Raw, and the interval [0, 1].
	OK bool `json:"ok"`
}

// CorrectShare takes the errors of a judge out of the k positive verdicts on
// n items: p = (q + spec - 1) / (sens + spec - 1) (Rogan and Gladen 1978,
// American Journal of Epidemiology 107:71). Its variance counts the
// calibration sample in, which is taken as independent of the n items:
//
//	[q(1-q)/n + p^2 sens(1-sens)/positive + (1-p)^2 spec(1-spec)/negative] / (sens+spec-1)^2
//
// The interval is that of Lang and Reiczigel (2014, Preventive Veterinary
// Medicine 113:13), which adds pseudo-counts and a shift so that it holds near
// 0 and 1. It is [0, 1] where sens + spec <= 1 or counts are outside their
// range.
func CorrectShare(k, n int, c Calibration, level float64) Corrected {
	out := Corrected{Interval: Interval{High: 1, Level: level, Method: MethodLangReiczigel}}
	if !counts(float64(k), float64(n)) || !c.valid() || !open(level) {
		return out
	}
	q, sens, spec := float64(k)/float64(n), c.Sensitivity(), c.Specificity()
	out.Raw, out.Value = q, q
	if sens+spec <= 1 {
		return out
	}
	out.OK = true
	out.Value = min(max((q+spec-1)/(sens+spec-1), 0), 1)
	out.SE = correctedSE(q, float64(n), sens, float64(c.Positive), spec, float64(c.Negative), out.Value)

	z := -normalQuantile((1 - level) / 2)
	n2, pos2, neg2 := float64(n)+z*z, float64(c.Positive)+2, float64(c.Negative)+2
	q2 := (float64(k) + z*z/2) / n2
	sens2, spec2 := (float64(c.TruePositive)+1)/pos2, (float64(c.TrueNegative)+1)/neg2
	if sens2+spec2 <= 1 { // the pseudo-counts took what little was there
		out.OK, out.Value, out.SE = false, q, 0
		return out
	}
	p2 := (q2 + spec2 - 1) / (sens2 + spec2 - 1)
	shift := 2 * z * z * (p2*sens2*(1-sens2)/pos2 - (1-p2)*spec2*(1-spec2)/neg2)
	half := z * correctedSE(q2, n2, sens2, pos2, spec2, neg2, p2)
	out.Low = min(max(p2+shift-half, 0), 1)
	out.High = min(max(p2+shift+half, 0), 1)
	return out
}

func correctedSE(q, n, sens, pos, spec, neg, p float64) float64 {
	v := q*(1-q)/n + p*p*sens*(1-sens)/pos + (1-p)*(1-p)*spec*(1-spec)/neg
	return math.Sqrt(v) / (sens + spec - 1)
}
