package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/stats"
)

// The examples of scikit-learn's documentation of brier_score_loss (0.037…)
// and log_loss (0.21616…).
func TestScoresOfScikitLearn(t *testing.T) {
	t.Parallel()
	near(t, "Brier", stats.Brier([]float64{.1, .9, .8, .3}, []bool{false, true, true, false}), 0.0375, 4)
	near(t, "log loss", stats.LogLoss([]float64{.9, .1, .2, .65}, []bool{true, false, false, true}), 0.21616, 5)
}

var (
	rated  = []float64{.95, .9, .85, .8, .72, .66, .6, .55, .5, .45, .3, .2}
	answer = []bool{true, true, false, true, true, true, false, true, false, true, false, false}
)

// Twelve cases, computed with NumPy by the definitions (four bins by
// array_split; the risk of each prefix) and with scikit-learn 1.9.
func TestCalibrationOfTwelve(t *testing.T) {
	t.Parallel()
	near(t, "Brier", stats.Brier(rated, answer), 0.1845, 10)
	near(t, "log loss", stats.LogLoss(rated, answer), 0.5505448301533004, 10)
	near(t, "ECE", stats.ECE(stats.Reliability(rated, answer, 4, .95)), 0.18500000000000003, 10)
	area, excess := stats.AURC(rated, answer)
	near(t, "AURC", area, 0.2416125541125541, 10)
	near(t, "excess", excess, 0.12265211640211639, 10)
	bins := stats.Reliability(rated, answer, 4, .95)
	if len(bins) != 4 || bins[0].From != .2 || bins[0].To != .45 || bins[0].N != 3 || bins[0].Correct != 1 || bins[3].Correct != 2 ||
		bins[0].Accuracy != stats.ClopperPearson(1, 3, .95) {
		t.Errorf("%+v", bins)
	}
	curve := stats.Selective(rated, answer, 12, .95)
	if len(curve) != 12 || curve[0].Threshold != .95 || curve[0].Wrong != 0 || curve[2].N != 3 || curve[2].Wrong != 1 ||
		curve[2].Risk != stats.ClopperPearson(1, 3, .95) || curve[11].Coverage != 1 || curve[11].Wrong != 5 {
		t.Errorf("%+v", curve)
	}
}

// Geifman, Uziel and El-Yaniv 2019, section 3: the best possible area tends to
// r + (1-r)*ln(1-r), where r is the error at full coverage; by chance it is r.
func TestAURCLimits(t *testing.T) {
	t.Parallel()
	const n, wrong = 20_000, 4000
	conf, ok := make([]float64, n), make([]bool, n)
	for i := range conf {
		conf[i], ok[i] = float64(n-i)/n, i < n-wrong
	}
	area, excess := stats.AURC(conf, ok)
	if want := .2 + .8*math.Log(.8); math.Abs(area-want) > 1e-4 || excess != 0 {
		t.Errorf("best order: %g, excess %g, want %g", area, excess, want)
	}
	for i := range conf {
		conf[i] = .5
	}
	if area, _ := stats.AURC(conf, ok); math.Abs(area-.2) > 1e-9 {
		t.Errorf("no order: %g", area)
	}
}

func TestCalibrationOfNonsense(t *testing.T) {
	t.Parallel()
	for _, conf := range [][]float64{nil, {.5}, {.5, 1.1}, {math.NaN(), .5}, {-.1, .5}} {
		ok := []bool{true, false}
		if conf == nil {
			ok = nil
		}
		area, excess := stats.AURC(conf, ok)
		for _, v := range []float64{stats.Brier(conf, ok), stats.LogLoss(conf, ok), area, excess, stats.ECE(stats.Reliability(conf, ok, 5, .95))} {
			if !math.IsNaN(v) {
				t.Errorf("%v gives %g", conf, v)
			}
		}
		if stats.Selective(conf, ok, 5, .95) != nil || stats.Selective([]float64{.5, .6}, []bool{true, false}, 0, .95) != nil || stats.Reliability([]float64{.5, .6}, ok, 0, .95) != nil {
			t.Errorf("%v has a curve", conf)
		}
	}
	if l := stats.LogLoss([]float64{0, 1}, []bool{true, false}); math.IsInf(l, 0) || l < 30 {
		t.Errorf("sure and wrong: %g", l)
	}
}

func TestCalibrationProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		conf, ok := make([]float64, n), make([]bool, n)
		coarse := rapid.Bool().Draw(t, "coarse")
		for i := range conf {
			conf[i] = rapid.Float64Range(0, 1).Draw(t, "conf")
			if coarse {
				conf[i] = math.Round(conf[i]*4) / 4
			}
			ok[i] = rapid.Bool().Draw(t, "ok")
		}
		bins := rapid.IntRange(1, 20).Draw(t, "bins")
		rel := stats.Reliability(conf, ok, bins, .9)
		total, right := 0, 0
		for i, b := range rel {
			total, right = total+b.N, right+b.Correct
			if b.N < 1 || b.From > b.To || i > 0 && rel[i-1].To >= b.From {
				t.Fatalf("bins %+v", rel)
			}
		}
		if total != n || len(rel) > bins {
			t.Fatalf("%d bins hold %d of %d", len(rel), total, n)
		}
		if e := stats.ECE(rel); !(e >= 0 && e <= 1) {
			t.Fatalf("ECE %g", e)
		}
		points := rapid.IntRange(1, 20).Draw(t, "points")
		curve := stats.Selective(conf, ok, points, .9)
		if len(curve) > points+1 {
			t.Fatalf("%d points, at most %d", len(curve), points)
		}
		last := curve[len(curve)-1]
		if last.N != n || last.Wrong != n-right || last.Coverage != 1 {
			t.Fatalf("the curve ends at %+v", last)
		}
		area, excess := stats.AURC(conf, ok)
		if !(area >= -1e-12 && area <= 1 && excess >= 0 && excess <= area+1e-12) {
			t.Fatalf("AURC %g, excess %g", area, excess)
		}
		// The order of cases does not matter.
		for i := range n / 2 {
			conf[i], conf[n-1-i], ok[i], ok[n-1-i] = conf[n-1-i], conf[i], ok[n-1-i], ok[i]
		}
		if turned, _ := stats.AURC(conf, ok); math.Abs(turned-area) > 1e-9 {
			t.Fatalf("AURC %g, turned round %g", area, turned)
		}
	})
}
