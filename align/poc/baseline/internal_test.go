package baseline

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// At the minimum the gradient is 0, hence W = C * sum_i (e_{y_i} - p_i) x_i.
func TestSoftmaxIsOptimal(t *testing.T) {
	t.Parallel()
	for _, c := range []float64{0.5, 5, 50} {
		random := rand.New(rand.NewPCG(1, 2))
		const features, classes, n = 20, 4, 80
		xs, ys := make([]vector, n), make([]int32, n)
		for i := range xs {
			for j := range uint32(features) {
				if random.IntN(4) == 0 {
					xs[i].ids = append(xs[i].ids, j)
					xs[i].values = append(xs[i].values, random.Float32()/2)
				}
			}
			ys[i] = int32(random.IntN(classes))
		}
		m, err := trainSoftmax(t.Context(), xs, ys, features, classes, c, 1e-5, 5000, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, len(m.weights))
		z, p := make([]float32, m.stride), make([]float64, classes)
		for i, x := range xs {
			m.scores(x, z)
			normalise(z[:classes], p)
			for k := range p {
				g := -p[k]
				if int(ys[i]) == k {
					g++
				}
				for j, id := range x.ids {
					want[int(id)*m.stride+k] += c * g * float64(x.values[j])
				}
			}
		}
		diff, size := 0.0, 0.0
		for i, w := range m.weights {
			diff += (float64(w) - want[i]) * (float64(w) - want[i])
			size += want[i] * want[i]
		}
		if r := math.Sqrt(diff / size); r > 0.02 {
			t.Errorf("C = %v: the gradient is %.3f of the weights", c, r)
		}
	}
}

// Worked by hand. Three units over the features a, b, c: "a a b", "b", "c"
// with k1 = 1, b = 0.5, mean length 5/3. idf(a) = ln(1 + 2.5/1.5) and
// idf(b) = ln(1 + 1.5/2.5). Unit 0 for "a b":
// idf(a) * 2*2/(2 + 0.5 + 0.5*3/(5/3)) + idf(b) * 2/(1 + 0.5 + 0.9);
// unit 1: idf(b) * 2/(1 + 0.5 + 0.5*1/(5/3)).
func TestBM25(t *testing.T) {
	t.Parallel()
	units := [][]count{{{0, 2}, {1, 1}}, {{1, 1}}, {{2, 1}}}
	x := newIndex(units, []string{"wa", "wb", "wc", "cd"}, func(k byte) bool { return k == kindTerm }, 1, 0.5)
	hits, weight := x.nearest([]count{{0, 1}, {1, 1}, {3, 1}}, 2)
	idfA, idfB := math.Log(1+2.5/1.5), math.Log(1+1.5/2.5)
	want := []hit{{0, float32(idfA*4/3.4 + idfB*2/2.4)}, {1, float32(idfB * 2 / 1.8)}}
	if len(hits) != 2 {
		t.Fatalf("hits %v", hits)
	}
	for i, h := range hits {
		if h.unit != want[i].unit || math.Abs(float64(h.score-want[i].score)) > 1e-6 {
			t.Errorf("hit %d: %v, want %v", i, h, want[i])
		}
	}
	if math.Abs(weight-idfA-idfB) > 1e-6 {
		t.Errorf("weight %v", weight)
	}
}

// nearest keeps the same units as sorting all of them.
func TestNearestSorts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "units")
		units := make([][]count, n)
		for i := range units {
			units[i] = tally(rapid.SliceOfN(rapid.Uint32Range(0, 4), 0, 5).Draw(t, "unit"))
		}
		x := newIndex(units, []string{"wa", "wb", "wc", "wd", "we"}, func(byte) bool { return true }, 1.2, 0.75)
		query := tally(rapid.SliceOfN(rapid.Uint32Range(0, 4), 0, 5).Draw(t, "query"))
		all, _ := x.nearest(query, n)
		if !slices.IsSortedFunc(all, func(a, b hit) int {
			if a.score != b.score {
				return int(math.Copysign(1, float64(b.score-a.score)))
			}
			return int(a.unit - b.unit)
		}) {
			t.Fatalf("not sorted: %v", all)
		}
		k := rapid.IntRange(1, n).Draw(t, "k")
		if some, _ := x.nearest(query, k); !slices.Equal(some, all[:min(k, len(all))]) {
			t.Fatalf("nearest %d: %v of %v", k, some, all)
		}
	})
}

// The fit recovers a known logistic curve, keeps out a sign that points the
// wrong way, and stays finite where everything is right.
func TestCalibrate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var noisy, sure []outcome
	for range 20000 {
		x := random.NormFloat64()
		p := 1 / (1 + math.Exp(-(0.5 + 2*x)))
		right := random.Float64() < p
		wrongWay := -x + random.NormFloat64()
		noisy = append(noisy, outcome{class: 1, right: right, signs: []float64{x, wrongWay, 3}})
		sure = append(sure, outcome{class: 1, right: true, signs: []float64{x, wrongWay, 3}})
	}
	c := calibrate(noisy)
	for _, x := range []float64{-2, -0.5, 0, 1, 2} {
		want := 1 / (1 + math.Exp(-(0.5 + 2*x)))
		// 20,000 points give a standard error below 0.01 everywhere.
		if got := c.confidence([]float64{x, 0, 3}); math.Abs(got-want) > 0.03 {
			t.Errorf("x = %v: %.3f, want %.3f", x, got, want)
		}
	}
	for i, w := range c.weights {
		if w < 0 {
			t.Errorf("weight %d is %v", i, w)
		}
	}
	s := calibrate(sure)
	if p := s.confidence(sure[0].signs); p < 0.99 || p >= 1 {
		t.Errorf("all right: %v", p)
	}
	if none := calibrate([]outcome{{class: -1}}); len(none.weights) != 0 {
		t.Errorf("nothing to fit gave weights %v", none.weights)
	}
}

// The parts are disjoint, ascending, about equally large, stratified, and hold
// every text but those of single-text classes.
func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const classes = 4
		var labels []int32
		for k := range int32(classes) {
			labels = append(labels, slices.Repeat([]int32{k}, rapid.IntRange(0, 30).Draw(t, "size"))...)
		}
		counts := make([]int, classes)
		want := 0
		for _, k := range labels {
			counts[k]++
		}
		for _, n := range counts {
			if n > 1 {
				want += n
			}
		}
		seen := map[int]bool{}
		for _, part := range split(labels, classes, 9) {
			if len(part) > (want+foldCount-1)/foldCount || !slices.IsSorted(part) {
				t.Fatalf("part %v of %d", part, want)
			}
			in := make([]int, classes)
			for _, r := range part {
				if seen[r] {
					t.Fatalf("text %d twice", r)
				}
				seen[r] = true
				in[labels[r]]++
			}
			for k, n := range in {
				if n > (counts[k]+foldCount-1)/foldCount || (n > 0 && n == counts[k]) {
					t.Fatalf("class %d: %d of %d in one part", k, n, counts[k])
				}
			}
			if rest := without(len(labels), part); len(rest)+len(part) != len(labels) {
				t.Fatalf("%d and %d of %d", len(rest), len(part), len(labels))
			}
		}
		if len(seen) != want {
			t.Fatalf("%d of %d texts held out", len(seen), want)
		}
	})
}

// The threshold is reached by the share that was asked for, and nothing above
// it is.
func TestThreshold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 60).Draw(t, "confidences")
		tr := &trial{}
		for _, v := range values {
			tr.outcomes = append(tr.outcomes, outcome{confidence: v})
		}
		at := tr.threshold(0.8)
		reach, above := 0, 0
		for _, v := range values {
			if v >= at {
				reach++
			}
			if v > at {
				above++
			}
		}
		need := 0.8 * float64(len(values))
		if float64(reach) < need-1e-9 || float64(above) >= need {
			t.Fatalf("%d of %d reach %v, %d exceed it", reach, len(values), at, above)
		}
	})
}

// The sample of the training texts has the asked size and every class.
func TestSample(t *testing.T) {
	t.Parallel()
	labels := append(slices.Repeat([]int32{0}, 500), 1, 2, 3)
	rows := sample(labels, allRows(len(labels)), 50, 4, 1)
	seen := map[int32]bool{}
	for _, r := range rows {
		seen[labels[r]] = true
	}
	if len(rows) != 50 || len(seen) != 4 || !slices.IsSorted(rows) || len(slices.Compact(slices.Clone(rows))) != 50 {
		t.Errorf("%d texts of %d classes: %v", len(rows), len(seen), rows)
	}
	if all := sample(labels, rows, 50, 4, 1); !slices.Equal(all, rows) {
		t.Error("a small enough set is not kept as it is")
	}
}

// Too many features: the least frequent go first.
func TestSelectFrequent(t *testing.T) {
	t.Parallel()
	column, n := selectFrequent([]int32{3, 1, 5, 3, 2}, 2, 3)
	if want := []int32{0, -1, 1, 2, -1}; n != 3 || !slices.Equal(column, want) {
		t.Errorf("columns %v (%d), want %v", column, n, want)
	}
}
