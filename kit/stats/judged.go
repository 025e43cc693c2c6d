package stats

import "math"

// judgedAlpha is the part of the error at which the bounds of a judged share
// are taken. At the whole of it, up to 1.7 times the stated error was made where
// few positive items calibrate a good judge and alpha is small.
const judgedAlpha = 0.5

// judged returns one-sided (1-alpha) bounds of the true share where q is the
// share that the judge found, with the bounds qLow and qHigh. The equation of
// Rogan and Gladen, p = (q + spec - 1) / (sens + spec - 1), is taken at the
// exact bound of each of the three in turn, and the three ways that it moves
// are added as independent errors are, by squares (Zou and Donner 2008,
// Statistics in Medicine 27:1693, "variance estimates recovery"). So each keeps
// its own skewness, which the normal interval of CorrectShare loses: above a
// share near 1 that one is far too near.
func (c Calibration) judged(q, qLow, qHigh, alpha float64) (low, high float64) {
	if !c.valid() || !open(alpha) {
		return 0, 1
	}
	sens, spec := c.Sensitivity(), c.Specificity()
	if sens+spec <= 1 {
		return 0, 1
	}
	sensLow, sensHigh := LowerBound(c.TruePositive, c.Positive, alpha), UpperBound(c.TruePositive, c.Positive, alpha)
	specLow, specHigh := LowerBound(c.TrueNegative, c.Negative, alpha), UpperBound(c.TrueNegative, c.Negative, alpha)
	at := func(q, sens, spec float64) float64 { return (q + spec - 1) / (sens + spec - 1) }
	p := at(q, sens, spec)
	high = 1
	if sensHigh+specLow > 1 { // else the judge may be no better than chance
		moved := math.Hypot(math.Hypot(p-at(qLow, sens, spec), p-at(q, sensHigh, spec)), p-at(q, sens, specLow))
		low = min(max(p-moved, 0), 1)
	}
	if sensLow+spec > 1 {
		moved := math.Hypot(math.Hypot(at(qHigh, sens, spec)-p, at(q, sensLow, spec)-p), at(q, sens, specHigh)-p)
		high = min(max(p+moved, 0), 1)
	}
	return low, max(low, high)
}
