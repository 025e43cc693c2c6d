package stats

import "math"

// MethodKappa names the interval that Kappa carries.
const MethodKappa = "fleiss-cohen-everitt"

// Agreement is how far two raters agree on the same items, beyond chance.
type Agreement struct {
	// Kappa is Cohen's kappa: 1 is full agreement, 0 what chance gives; it can
	// be negative.
	Kappa float64 `json:"kappa"`
	// SE is the asymptotic standard error, and SE0 the one under the
	// hypothesis that kappa is 0.
	SE  float64 `json:"se"`
	SE0 float64 `json:"se0"`
	// Low and High are the limits at Level, within [-1, 1].
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Level float64 `json:"level"`
	// N is the number of items; Observed and Expected are the (weighted)
	// shares of agreement seen, and expected by chance.
	N        int     `json:"n"`
	Observed float64 `json:"observed"`
	Expected float64 `json:"expected"`
	Method   string  `json:"method"`
}

// Weights are the credits for a disagreement between category i and j: 1 on
// the diagonal, less elsewhere.
type Weights func(i, j, categories int) float64

// Identity gives no credit for any disagreement: Cohen's unweighted kappa.
func Identity(i, j, _ int) float64 {
	if i == j {
		return 1
	}
	return 0
}

// Linear gives credit that falls evenly with the distance (Cicchetti and
// Allison 1971).
func Linear(i, j, categories int) float64 {
	if categories < 2 {
		return 1
	}
	return 1 - math.Abs(float64(i-j))/float64(categories-1)
}

// Quadratic gives credit that falls with the squared distance (Fleiss and
// Cohen 1973).
func Quadratic(i, j, categories int) float64 {
	d := 1 - Linear(i, j, categories)
	return 1 - d*d
}

// Kappa returns the agreement of two raters: table[i][j] is how many items the
// first put into category i and the second into j (Cohen 1960 and 1968). The
// standard errors are those of Fleiss, Cohen and Everitt (1969, Psychological
// Bulletin 72:323).
//
// Where the raters agree on every item the asymptotic error is 0, which claims
// too much: the lower limit then comes from the exact lower limit of the share
// of agreement, chance agreement as observed. For a table that is not square,
// is empty or has a negative count, and where chance alone agrees fully, the
// interval is [-1, 1] and kappa 0: nothing is known.
func Kappa(table [][]int, weights Weights, level float64) Agreement {
	a := Agreement{Low: -1, High: 1, Level: level, Method: MethodKappa}
	k := len(table)
	rows, cols := make([]float64, k), make([]float64, k)
	for _, r := range table {
		if len(r) != k {
			return a
		}
		for _, v := range r {
			if v < 0 {
				return a
			}
			a.N += v
		}
	}
	if a.N == 0 || !open(level) {
		return a
	}
	n := float64(a.N)
	for i, r := range table {
		for j, v := range r {
			rows[i] += float64(v) / n
			cols[j] += float64(v) / n
		}
	}
	rowCredit, colCredit := make([]float64, k), make([]float64, k)
	disagree := false
	for i, r := range table {
		for j, v := range r {
			w := weights(i, j, k)
			a.Observed += w * float64(v) / n
			a.Expected += w * rows[i] * cols[j]
			rowCredit[i] += w * cols[j]
			colCredit[j] += w * rows[i]
			disagree = disagree || v > 0 && w != 1
		}
	}
	rest := 1 - a.Expected
	if rest < 1e-12 {
		return a
	}
	a.Kappa = (a.Observed - a.Expected) / rest
	sum, sum0 := 0.0, 0.0
	for i, r := range table {
		for j, v := range r {
			w, credit := weights(i, j, k), rowCredit[i]+colCredit[j]
			d := w*rest - credit*(1-a.Observed)
			sum += float64(v) / n * d * d
			sum0 += rows[i] * cols[j] * (w - credit) * (w - credit)
		}
	}
	c := a.Observed*a.Expected - 2*a.Expected + a.Observed
	a.SE = math.Sqrt(max(sum-c*c, 0)/n) / (rest * rest)
	a.SE0 = math.Sqrt(max(sum0-a.Expected*a.Expected, 0)/n) / rest
	z := -normalQuantile((1 - level) / 2)
	a.Low, a.High = max(a.Kappa-z*a.SE, -1), min(a.Kappa+z*a.SE, 1)
	if !disagree {
		a.SE = 0
		a.Low = max((LowerBound(a.N, a.N, (1-level)/2)-a.Expected)/rest, -1)
	}
	return a
}
