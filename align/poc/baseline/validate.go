package baseline

import (
	"cmp"
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Below foldedBelow training texts, every text serves once for validation
// (five folds); from there on, one fifth of them is held out once: that is
// enough texts to choose on, and costs a fifth.
const (
	foldCount   = 5
	foldedBelow = 4000
)

// split returns the row numbers of each validation part, ascending: stratified
// by class, drawn by seed. The texts of a class with a single text are never
// held out; if there is no other class, there are no parts.
func split(labels []int32, classes int, seed uint64) [][]int {
	random := rand.New(rand.NewPCG(seed, 0x5b117))
	byClass := make([][]int, classes)
	for row, c := range labels {
		byClass[c] = append(byClass[c], row)
	}
	parts := make([][]int, foldCount)
	next := 0
	for _, rows := range byClass {
		if len(rows) < 2 {
			continue
		}
		random.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
		// The parts are dealt on from class to class, so that they are equally
		// large also where the classes are small.
		for _, row := range rows {
			parts[next%foldCount] = append(parts[next%foldCount], row)
			next++
		}
	}
	parts = slices.DeleteFunc(parts, func(p []int) bool { return len(p) == 0 })
	for _, p := range parts {
		slices.Sort(p)
	}
	if len(labels) >= foldedBelow && len(parts) > 0 {
		return parts[:1]
	}
	return parts
}

// without returns the numbers from 0 to n-1 that are not in the ascending part.
func without(n int, part []int) []int {
	rows := make([]int, 0, n-len(part))
	for i := range n {
		if len(part) > 0 && part[0] == i {
			part = part[1:]
			continue
		}
		rows = append(rows, i)
	}
	return rows
}

// settings are named numbers, strings and booleans.
type settings map[string]any

// pick returns the setting called name, which the axes of the method declare.
func pick[T any](s settings, name string) T { return s[name].(T) }

// axis is a setting with the values to try; the first is the default.
type axis struct {
	name   string
	values []any
}

// outcome is what became of one validation text.
type outcome struct {
	class      int32 // -1: abstained
	right      bool
	signs      []float64
	confidence float64
}

// trial is what validation says about one choice of settings.
type trial struct {
	settings
	calibration
	outcomes []outcome
	right    int
	loss     float64 // mean log loss of the confidences
}

func (t *trial) accuracy() float64 { return float64(t.right) / float64(len(t.outcomes)) }

// threshold returns the highest confidence that a share of the validation
// texts reaches.
func (t *trial) threshold(share float64) float64 {
	all := make([]float64, len(t.outcomes))
	for i, o := range t.outcomes {
		all[i] = o.confidence
	}
	slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
	return all[int(math.Ceil(share*float64(len(all))))-1]
}

// better reports whether t is to be preferred to u: by accuracy, or, where
// that differs by less than half its standard error, by how well the
// confidence tells right from wrong.
func (t *trial) better(u *trial) bool {
	p := max(t.accuracy(), u.accuracy())
	near := math.Sqrt(p*(1-p)/float64(len(t.outcomes))) / 2
	if d := t.accuracy() - u.accuracy(); math.Abs(d) > near {
		return d > 0
	}
	return t.loss < u.loss
}

// search tries the values of one axis after the other, keeping the best, and
// returns the winner. Trials of one axis run in parallel.
func search(ctx context.Context, l learner, c *corpus, folds [][]int, seed uint64) (*trial, error) {
	first := settings{}
	for _, a := range l.axes {
		first[a.name] = a.values[0]
	}
	trials, err := try(ctx, l, c, folds, seed, []settings{first})
	if err != nil {
		return nil, err
	}
	best := trials[0]
	for _, a := range l.axes {
		var next []settings
		for _, v := range a.values[1:] {
			s := maps.Clone(best.settings)
			s[a.name] = v
			next = append(next, s)
		}
		trials, err := try(ctx, l, c, folds, seed, next)
		if err != nil {
			return nil, err
		}
		for _, t := range trials {
			if t.better(best) {
				best = t
			}
		}
	}
	return best, nil
}

// try validates each of the choices. At most four models exist at a time.
func try(ctx context.Context, l learner, c *corpus, folds [][]int, seed uint64, choices []settings) ([]*trial, error) {
	outcomes := make([][][]outcome, len(choices))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(min(4, runtime.GOMAXPROCS(0)))
	for i, s := range choices {
		outcomes[i] = make([][]outcome, len(folds))
		for f, part := range folds {
			g.Go(func() (err error) {
				outcomes[i][f], err = validate(ctx, l, c, part, s, seed)
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	trials := make([]*trial, len(choices))
	for i, s := range choices {
		trials[i] = judge(s, slices.Concat(outcomes[i]...))
	}
	return trials, nil
}

// validate trains without the rows of part and answers them.
func validate(ctx context.Context, l learner, c *corpus, part []int, s settings, seed uint64) ([]outcome, error) {
	m, err := l.fit(ctx, c, without(len(c.labels), part), s, seed)
	if err != nil {
		return nil, err
	}
	out := make([]outcome, len(part))
	for i, row := range part {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		class, signs := m.score(c.docs[row])
		out[i] = outcome{class: class, right: class == c.labels[row], signs: signs}
	}
	return out, nil
}

// judge calibrates the confidence on the outcomes and sums them up.
func judge(s settings, outcomes []outcome) *trial {
	t := &trial{settings: s, calibration: calibrate(outcomes), outcomes: outcomes}
	for i := range outcomes {
		o := &outcomes[i]
		if o.class >= 0 {
			o.confidence = t.confidence(o.signs)
		}
		p := 1 - o.confidence
		if o.right {
			p = o.confidence
			t.right++
		}
		t.loss -= math.Log(max(p, 1e-6)) / float64(len(outcomes))
	}
	return t
}

// calibration turns the signs of how sure a model is into a probability: a
// logistic regression. With one sign this is Platt scaling (Platt,
// "Probabilistic outputs for support vector machines", 1999).
type calibration struct {
	bias    float64
	weights []float64
	mean    []float64
	scale   []float64
}

// confidence returns a number in (0,1).
func (c *calibration) confidence(signs []float64) float64 {
	z := c.bias
	for i, w := range c.weights {
		z += w * (signs[i] - c.mean[i]) / c.scale[i]
	}
	return 1 / (1 + math.Exp(-min(max(z, -30), 30)))
}

// calibrate fits a calibration to the outcomes that have an answer, by Newton's
// method with Platt's smoothed targets and a weak penalty on the weights, which
// keep the fit finite where all are right. Weights below zero, which would turn
// a sign around, are left out.
func calibrate(outcomes []outcome) calibration {
	var xs [][]float64
	var right []bool
	for _, o := range outcomes {
		if o.class >= 0 {
			xs = append(xs, o.signs)
			right = append(right, o.right)
		}
	}
	if len(xs) == 0 {
		return calibration{}
	}
	dims := len(xs[0])
	c := calibration{weights: make([]float64, dims), mean: make([]float64, dims), scale: make([]float64, dims)}
	n := float64(len(xs))
	for i := range dims {
		for _, x := range xs {
			c.mean[i] += x[i] / n
		}
		for _, x := range xs {
			c.scale[i] += (x[i] - c.mean[i]) * (x[i] - c.mean[i]) / n
		}
		c.scale[i] = math.Sqrt(c.scale[i])
	}
	use := make([]bool, dims)
	for i := range use {
		use[i] = c.scale[i] > 1e-9
		if !use[i] {
			c.scale[i] = 1
		}
	}
	for {
		c.newton(xs, right, use)
		worst := -1
		for i, w := range c.weights {
			if w < 0 && (worst < 0 || w < c.weights[worst]) {
				worst = i
			}
		}
		if worst < 0 {
			return c
		}
		use[worst] = false
	}
}

// newton fits bias and the weights in use; the others become 0.
func (c *calibration) newton(xs [][]float64, right []bool, use []bool) {
	yes := 0.0
	for _, r := range right {
		if r {
			yes++
		}
	}
	no := float64(len(xs)) - yes
	high, low := (yes+1)/(yes+2), 1/(no+2)
	c.bias = math.Log((yes + 1) / (no + 1))
	clear(c.weights)
	dims := len(c.weights)
	x := make([]float64, dims+1) // last: the constant
	for range 50 {
		// The system (H + ridge) step = gradient, as rows with the right side last.
		h := make([][]float64, dims+1)
		for i := range h {
			h[i] = make([]float64, dims+2)
			h[i][i] = 1e-2
			if i < dims {
				h[i][dims+1] = -1e-2 * c.weights[i]
			}
		}
		for r, signs := range xs {
			for i := range dims {
				x[i] = 0
				if use[i] {
					x[i] = (signs[i] - c.mean[i]) / c.scale[i]
				}
			}
			x[dims] = 1
			p := c.confidence(signs)
			target := low
			if right[r] {
				target = high
			}
			for i := range x {
				for j := range x {
					h[i][j] += p * (1 - p) * x[i] * x[j]
				}
				h[i][dims+1] += (target - p) * x[i]
			}
		}
		step := solve(h)
		size := 0.0
		for _, s := range step {
			size = max(size, math.Abs(s))
		}
		damp := min(1, 4/max(size, 1e-300)) // far from the solution, full steps can overshoot
		for i := range dims {
			if use[i] {
				c.weights[i] += damp * step[i]
			}
		}
		c.bias += damp * step[dims]
		if size < 1e-8 {
			return
		}
	}
}

// solve returns the solution of a symmetric positive definite system given as
// rows with the right side last. It overwrites h.
func solve(h [][]float64) []float64 {
	n := len(h)
	for i := range n {
		for r := i + 1; r < n; r++ {
			f := h[r][i] / h[i][i]
			for j := i; j <= n; j++ {
				h[r][j] -= f * h[i][j]
			}
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		x[i] = h[i][n]
		for j := i + 1; j < n; j++ {
			x[i] -= h[i][j] * x[j]
		}
		x[i] /= h[i][i]
	}
	return x
}
