package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

func TestTangoKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source    string
		b, c, n   int
		level     float64
		low, high float64
		digits    int
	}{
		{"Tango 1998, Statist. Med. 17:891, cross-over trial of contact lens disinfection", 0, 1, 44, 0.90, -0.096, 0.037, 3},
		{"Tango 1998, the matched data 4, 9, 3, 16", 9, 3, 32, 0.95, -0.027, 0.390, 3},
		{"Agresti and Min 2005, Statist. Med. 24:729", 16, 8, 86, 0.95, -0.020, 0.207, 3},
		{"Fagerland, Lydersen and Laake 2014, Statist. Med. 33:2850, airway hyper-responsiveness", 1, 7, 21, 0.95, -0.517, -0.026, 3},
		{"Tang, Li and Tang 2010, Statist. Med. 29:46", 3, 1, 14, 0.95, -0.1670, 0.4327, 4},
		{"Fagerland, Lydersen and Laake 2017, Statistical Analysis of Contingency Tables, ch. 8, complete response", 6, 16, 161, 0.95, -0.1240, -0.0054, 4},
	} {
		iv := stats.TangoInterval(c.b, c.c, c.n, c.level)
		near(t, c.source+": low", iv.Low, c.low, c.digits)
		near(t, c.source+": high", iv.High, c.high, c.digits)
	}
}

func TestTangoEdges(t *testing.T) {
	t.Parallel()
	// No disagreement: the limits are z^2/(n+z^2) either way, by solving the
	// score equation with b = c = 0.
	const z = 1.959963984540054
	iv := stats.TangoInterval(0, 0, 100, 0.95)
	want := z * z / (100 + z*z)
	near(t, "low", iv.Low, -want, 12)
	near(t, "high", iv.High, want, 12)
	if iv := stats.TangoInterval(10, 0, 10, 0.95); iv.High != 1 || !(iv.Low > 0.3 && iv.Low < 1) {
		t.Errorf("only the first is right: %+v", iv)
	}
	if iv := stats.TangoInterval(0, 10, 10, 0.95); iv.Low != -1 || !(iv.High < -0.3 && iv.High > -1) {
		t.Errorf("only the second is right: %+v", iv)
	}
}

func TestTangoProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		b := rapid.IntRange(0, n).Draw(t, "b")
		c := rapid.IntRange(0, n-b).Draw(t, "c")
		level := rapid.Float64Range(0.5, 0.999).Draw(t, "level")
		iv := stats.TangoInterval(b, c, n, level)
		est := float64(b-c) / float64(n)
		if !(-1 <= iv.Low && iv.Low <= est && est <= iv.High && iv.High <= 1) {
			t.Fatalf("b %d c %d n %d: %+v", b, c, n, iv)
		}
		if turned := stats.TangoInterval(c, b, n, level); turned.Low != -iv.High || turned.High != -iv.Low {
			t.Fatalf("b %d c %d n %d is not symmetric: %+v, %+v", b, c, n, iv, turned)
		}
		if wider := stats.TangoInterval(b, c, n, (1+level)/2); wider.Low > iv.Low || wider.High < iv.High {
			t.Fatalf("b %d c %d n %d: a higher level is narrower", b, c, n)
		}
	})
}

// Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91 (airway
// hyper-responsiveness), and 2017, chapter 8 (complete response); the others
// by hand.
func TestMcNemarKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b, c        int
		exact, midP float64
		digits      int
	}{
		{1, 7, 0.070, 0.039, 3},
		{6, 16, 0.052479, 0.034690, 6},
		{0, 5, 2.0 / 32, 1.0 / 32, 12},
		{2, 2, 1, 1 - 6.0/32, 12},
		{0, 0, 1, 1, 12},
		{-1, 4, 1, 1, 12},
	} {
		exact, midP := stats.McNemar(c.b, c.c)
		near(t, "exact", exact, c.exact, c.digits)
		near(t, "mid-p", midP, c.midP, c.digits)
		turned, turnedMid := stats.McNemar(c.c, c.b)
		if turned != exact || math.Abs(turnedMid-midP) > 1e-12 {
			t.Errorf("McNemar(%d, %d) is not symmetric", c.b, c.c)
		}
	}
}

func TestMcNemarProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.IntRange(0, 3000).Draw(t, "b")
		c := rapid.IntRange(0, 3000).Draw(t, "c")
		exact, midP := stats.McNemar(b, c)
		if !(0 <= midP && midP <= exact && exact <= 1) {
			t.Fatalf("McNemar(%d, %d) = %g, %g", b, c, exact, midP)
		}
		if want := min(1, 2*tailSum(max(b, c), b+c, 0.5)); math.Abs(exact-want) > 1e-9 {
			t.Fatalf("McNemar(%d, %d) = %g, want %g", b, c, exact, want)
		}
	})
}

func BenchmarkTangoInterval(b *testing.B) {
	for b.Loop() {
		stats.TangoInterval(120, 96, 3080, 0.9)
	}
}

// Tango 1998's cross-over trial of contact lenses: of 44 pairs one differs,
// against the new product; with delta 0.1 it is not inferior at one-sided
// 0.05, as the lower 90 % limit of -0.096 says.
func TestNonInferior(t *testing.T) {
	t.Parallel()
	if p := stats.NonInferior(0, 1, 44, 0.1); !(p < 0.05 && p > 0.04) {
		t.Errorf("contact lenses: p = %g", p)
	}
	if p := stats.NonInferior(0, 1, 44, 0.09); p <= 0.05 {
		t.Errorf("with the smaller margin: p = %g", p)
	}
	// Nothing differs on few cases: that is no evidence of "as good".
	if p := stats.NonInferior(0, 0, 20, 0.02); p < 0.2 {
		t.Errorf("20 cases show a margin of 2 points: %g", p)
	}
	for _, p := range []float64{stats.NonInferior(-1, 0, 9, .1), stats.NonInferior(5, 5, 9, .1), stats.NonInferior(0, 0, 0, .1),
		stats.NonInferior(1, 1, 9, -.1), stats.NonInferior(1, 1, 9, 1), stats.NonInferior(1, 1, 9, math.NaN())} {
		if p != 1 {
			t.Errorf("nonsense gives %g", p)
		}
	}
	// With delta 0 and no continuity it is McNemar's z, one-sided.
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "n")
		b := rapid.IntRange(0, n).Draw(t, "b")
		c := rapid.IntRange(0, n-b).Draw(t, "c")
		delta := rapid.Float64Range(0.001, 0.5).Draw(t, "delta")
		alpha := rapid.Float64Range(0.001, 0.4).Draw(t, "alpha")
		p, low := stats.NonInferior(b, c, n, delta), stats.TangoInterval(b, c, n, 1-2*alpha).Low
		if math.Abs(low+delta) > 1e-6 && (p <= alpha) != (low >= -delta) {
			t.Fatalf("b %d c %d n %d delta %g alpha %g: p %g, low %g", b, c, n, delta, alpha, p, low)
		}
		if b+c > 0 {
			z := float64(b-c) / math.Sqrt(float64(b+c))
			if got, want := stats.NonInferior(b, c, n, 0), math.Erfc(z/math.Sqrt2)/2; math.Abs(got-want) > 1e-9 {
				t.Fatalf("b %d c %d: %g, McNemar %g", b, c, got, want)
			}
		}
	})
}
