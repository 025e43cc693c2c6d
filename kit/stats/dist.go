package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrRange is given for a range that is no distribution.
var ErrRange = fault.Def{Kind: fault.Invalid, Code: "stats.range",
	En:     "a {kind} range must satisfy {rule}, but has {got}",
	Zh:     "{kind} 取值范围须满足 {rule}，实际为 {got}",
	HintEn: "check the order of the numbers and that each is a plain number",
	HintZh: "请检查各数的先后顺序，并确认都是普通数字"}

const (
	// maxMagnitude keeps sums and differences of ranges finite.
	maxMagnitude = 1e100
	// maxRatio keeps a log-normal's tails finite.
	maxRatio = 1e6
	// z90 is the 0.9 quantile of the standard normal distribution.
	z90 = 1.2815515655446004
)

type shape uint8

const (
	shapePoint shape = iota
	shapeUniform
	shapeTriangular
	shapePERT
	shapeLogNormal
	shapeNormal
	shapeThreePoint
	shapeBeta
)

// Dist is a value that is known as a distribution: one number, or a range with
// a shape. The zero Dist is the point 0. Dists are comparable.
type Dist struct {
	shape shape
	// a, b, c are low, high and mode; for the normal shapes a is the mean and
	// b the standard deviation, of the logarithm if log-normal. For the
	// three-point shape a is the logarithm of the median, b and c are the
	// standard deviations of the logarithm below and above it. For the beta
	// shape a is 0, b is 1 and c the mean, with the weight in w.
	a, b, c float64
	w       float64
}

// Point returns the distribution that is always v, which must be finite.
func Point(v float64) (Dist, error) {
	if !finite(v) {
		return Dist{}, rangeFault("point", "|value| <= 1e100", "value", v)
	}
	return Dist{shape: shapePoint, a: v}, nil
}

// Uniform returns the distribution in which all of low..high is as likely.
func Uniform(low, high float64) (Dist, error) {
	if !finite(low, high) || low > high {
		return Dist{}, rangeFault("uniform", "low <= high", "low", low, "high", high)
	}
	return Dist{shape: shapeUniform, a: low, b: high}, nil
}

// Triangular returns the distribution whose density rises straight from low to
// mode and falls straight to high.
func Triangular(low, mode, high float64) (Dist, error) {
	if !finite(low, mode, high) || low > mode || mode > high {
		return Dist{}, rangeFault("triangular", "low <= mode <= high", "low", low, "mode", mode, "high", high)
	}
	return Dist{shape: shapeTriangular, a: low, b: high, c: mode}, nil
}

// PERT returns the smooth alternative to Triangular: a beta distribution on
// low..high with mean (low + 4*mode + high) / 6 (Malcolm et al. 1959,
// Operations Research 7:646).
func PERT(low, mode, high float64) (Dist, error) {
	if !finite(low, mode, high) || low > mode || mode > high {
		return Dist{}, rangeFault("PERT", "low <= mode <= high", "low", low, "mode", mode, "high", high)
	}
	return Dist{shape: shapePERT, a: low, b: high, c: mode}, nil
}

// LogNormal returns the log-normal distribution with the given 10th and 90th
// percentiles: for positive values that are uncertain by a factor.
func LogNormal(p10, p90 float64) (Dist, error) {
	if !finite(p10, p90) || p10 < 1/maxMagnitude || p90 < p10 || p90/p10 > maxRatio {
		return Dist{}, rangeFault("log-normal", "0 < p10 <= p90 <= 1e6*p10", "p10", p10, "p90", p90)
	}
	low, high := math.Log(p10), math.Log(p90)
	return Dist{shape: shapeLogNormal, a: (low + high) / 2, b: (high - low) / (2 * z90)}, nil
}

// ThreePoint returns the distribution whose logarithm is a normal one split at
// its median, each side with a spread of its own, so that 10th, 50th and 90th
// percentile are exactly the given ones: for an amount that somebody stated as
// a range with a middle.
func ThreePoint(p10, p50, p90 float64) (Dist, error) {
	if !finite(p10, p50, p90) || p10 < 1/maxMagnitude || p50 < p10 || p90 < p50 || p90/p10 > maxRatio {
		return Dist{}, rangeFault("three-point", "0 < p10 <= p50 <= p90 <= 1e6*p10", "p10", p10, "p50", p50, "p90", p90)
	}
	mid := math.Log(p50)
	return Dist{shape: shapeThreePoint, a: mid, b: (mid - math.Log(p10)) / z90, c: (math.Log(p90) - mid) / z90}, nil
}

// Normal returns the normal distribution. Its draws can be negative.
func Normal(mean, sd float64) (Dist, error) {
	if !finite(mean, sd) || sd < 0 {
		return Dist{}, rangeFault("normal", "sd >= 0", "mean", mean, "sd", sd)
	}
	return Dist{shape: shapeNormal, a: mean, b: sd}, nil
}

// Share returns what k successes of n tell about a share: the beta distribution
// with Jeffreys' prior, Beta(k+1/2, n-k+1/2) (Brown, Cai and DasGupta 2001,
// Statistical Science 16:101). It must hold that 0 <= k <= n and n > 0.
func Share(k, n int) (Dist, error) {
	if k < 0 || k > n || n == 0 {
		return Dist{}, rangeFault("share", "0 <= k <= n, n > 0", "k", k, "n", n)
	}
	w := float64(n) + 1
	return Dist{shape: shapeBeta, b: 1, c: (float64(k) + 0.5) / w, w: w}, nil
}

// Var returns the variance. Of a PERT distribution it is
// (mean-low)(high-mean)/7, which (high-low)²/36 only approximates.
func (d Dist) Var() float64 {
	width := d.b - d.a
	square := func(x float64) float64 { return x * x }
	switch d.shape {
	case shapeUniform:
		return square(width) / 12
	case shapeTriangular:
		return (square(width) - (d.c-d.a)*(d.b-d.c)) / 18
	case shapePERT:
		return (d.Mean() - d.a) * (d.b - d.Mean()) / 7
	case shapeBeta:
		return d.c * (1 - d.c) / (d.w + 1)
	case shapeLogNormal:
		return math.Expm1(d.b*d.b) * square(d.Mean())
	case shapeNormal:
		return square(d.b)
	case shapeThreePoint:
		phi := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
		second := math.Exp(2*d.a) * (math.Exp(2*d.b*d.b)*phi(-2*d.b) + math.Exp(2*d.c*d.c)*phi(2*d.c))
		return max(0, second-square(d.Mean()))
	}
	return 0
}

// Fill draws len(out) values of d. It is several times faster than as many
// calls of Draw and allocates nothing, but takes an unstated number of numbers
// from rng: give every quantity a generator of its own.
func (d Dist) Fill(rng *rand.Rand, out []float64) {
	width := d.b - d.a
	if d.IsPoint() {
		for i := range out {
			out[i] = d.Mean()
		}
		return
	}
	beta := func(rise, fall float64) {
		for i := range out {
			x := Gamma(rng, rise)
			out[i] = d.a + width*x/(x+Gamma(rng, fall))
		}
	}
	switch d.shape {
	case shapeUniform:
		for i := range out {
			out[i] = d.a + width*rng.Float64()
		}
	case shapePERT:
		beta(1+4*(d.c-d.a)/width, 1+4*(d.b-d.c)/width)
	case shapeBeta:
		beta(d.c*d.w, (1-d.c)*d.w)
	case shapeNormal:
		for i := range out {
			out[i] = d.a + d.b*rng.NormFloat64()
		}
	case shapeLogNormal:
		for i := range out {
			out[i] = math.Exp(d.a + d.b*rng.NormFloat64())
		}
	case shapeThreePoint:
		for i := range out {
			z := rng.NormFloat64()
			sd := d.c
			if z < 0 {
				sd = d.b
			}
			out[i] = math.Exp(d.a + sd*z)
		}
	default:
		for i := range out {
			out[i] = d.Draw(rng)
		}
	}
}

// Gamma draws from a gamma distribution of the given shape > 0 and scale 1
// (Marsaglia and Tsang 2000, "A simple method for generating gamma variables").
func Gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return Gamma(rng, shape+1) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		t := 1 + c*x
		v := t * (t * t)
		if v <= 0 {
			continue
		}
		u := 1 - rng.Float64()
		// The squeeze decides most draws without a logarithm, and none otherwise.
		if u < 1-0.0331*(x*x)*(x*x) || math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// IsPoint reports whether d has a single value.
func (d Dist) IsPoint() bool {
	switch d.shape {
	case shapePoint:
		return true
	case shapeLogNormal, shapeNormal:
		return d.b == 0
	case shapeThreePoint:
		return d.b == 0 && d.c == 0
	}
	return d.a == d.b
}

// Mean returns the expected value.
func (d Dist) Mean() float64 {
	switch d.shape {
	case shapeUniform:
		return d.a/2 + d.b/2
	case shapeTriangular:
		return (d.a + d.c + d.b) / 3
	case shapePERT:
		return (d.a + 4*d.c + d.b) / 6
	case shapeBeta:
		return d.c
	case shapeLogNormal:
		return math.Exp(d.a + d.b*d.b/2)
	case shapeThreePoint:
		phi := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
		return math.Exp(d.a) * (math.Exp(d.b*d.b/2)*phi(-d.b) + math.Exp(d.c*d.c/2)*phi(d.c))
	}
	return d.a
}

// Quantile returns the value below which d lies with probability p. So that
// the result is finite, p below 2^-53 counts as 2^-53, likewise at the other
// end, and NaN as 1/2.
func (d Dist) Quantile(p float64) float64 {
	const edge = 1.0 / (1 << 53)
	if math.IsNaN(p) {
		p = 0.5
	}
	p = min(max(p, edge), 1-edge)
	width := d.b - d.a
	switch d.shape {
	case shapeUniform:
		return d.a + p*width
	case shapeTriangular:
		if left := d.c - d.a; p*width < left {
			return d.a + math.Sqrt(p*width)*math.Sqrt(left)
		}
		return d.b - math.Sqrt((1-p)*width)*math.Sqrt(d.b-d.c)
	case shapePERT:
		if width == 0 {
			return d.a
		}
		rise, fall := 1+4*(d.c-d.a)/width, 1+4*(d.b-d.c)/width
		return d.a + width*mathext.InvRegIncBeta(rise, fall, p)
	case shapeBeta:
		return mathext.InvRegIncBeta(d.c*d.w, (1-d.c)*d.w, p)
	case shapeLogNormal:
		return math.Exp(d.a + d.b*normalQuantile(p))
	case shapeNormal:
		return d.a + d.b*normalQuantile(p)
	case shapeThreePoint:
		z := normalQuantile(p)
		if z < 0 {
			return math.Exp(d.a + d.b*z)
		}
		return math.Exp(d.a + d.c*z)
	}
	return d.a
}

// Draw returns a random value of d. It takes exactly one number from rng and
// inverts, so two computations that draw in the same order from the same seed
// share their chances, and differ by what differs between them.
func (d Dist) Draw(rng *rand.Rand) float64 {
	// The middle of one of 2^52 equal cells: never 0 or 1.
	u := (float64(rng.Uint64()>>12) + 0.5) / (1 << 52)
	return d.Quantile(u)
}

// NewRand returns the generator for draws, fixed by seed on every machine.
func NewRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func finite(xs ...float64) bool {
	for _, x := range xs {
		if !(math.Abs(x) <= maxMagnitude) {
			return false
		}
	}
	return true
}

func rangeFault(kind, rule string, got ...any) error {
	var b strings.Builder
	for i := 0; i < len(got); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %v", got[i], got[i+1])
	}
	return ErrRange.With("kind", kind, "rule", rule, "got", b.String())
}
