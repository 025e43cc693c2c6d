package baseline

import (
	"context"
	"math"
	"math/rand/v2"
)

// softmax is a multinomial logistic regression without intercept: the row of
// feature j holds its weight for each class. Rows are padded to a multiple of
// eight columns.
type softmax struct {
	classes int
	stride  int
	weights []float32
}

// stride returns the length of a row of weights.
func stride(classes int) int { return (classes + 7) / 8 * 8 }

// row returns the weights of feature j, padding included.
func (m *softmax) row(j uint32) []float32 {
	return m.weights[int(j)*m.stride : (int(j)+1)*m.stride]
}

// scores writes the unnormalised log-probabilities of x to out (length
// stride).
func (m *softmax) scores(x vector, out []float32) {
	clear(out)
	for i, id := range x.ids {
		axpy(x.values[i], m.row(id), out)
	}
}

// axpy adds a*x to y; both have the same length, a multiple of eight.
func axpy(a float32, x, y []float32) {
	for len(x) >= 8 && len(y) >= 8 {
		x8, y8 := (*[8]float32)(x), (*[8]float32)(y)
		y8[0] += a * x8[0]
		y8[1] += a * x8[1]
		y8[2] += a * x8[2]
		y8[3] += a * x8[3]
		y8[4] += a * x8[4]
		y8[5] += a * x8[5]
		y8[6] += a * x8[6]
		y8[7] += a * x8[7]
		x, y = x[8:], y[8:]
	}
}

// trainSoftmax minimises
//
//	1/2 ||W||^2 + C * sum_i ( logsumexp(W x_i) - w_{y_i} x_i )
//
// by stochastic dual coordinate ascent (Shalev-Shwartz and Zhang, "Accelerated
// proximal stochastic dual coordinate ascent for regularized loss
// minimization", Mathematical Programming, 2016). Each text holds a
// distribution a_i over the classes, and W = C * sum_i (e_{y_i} - a_i) x_i. A
// step moves a_i towards the model's own prediction, as far as raises the dual
// most (a one-dimensional concave problem, solved by bisection). No step size
// has to be chosen, and the L2 penalty costs nothing.
//
// It passes over the texts up to passes times, each time in another order,
// until a_i and the prediction, which agree at the optimum, differ by less
// than tolerance in the mean sum of absolute differences. The result depends
// on the seed alone.
func trainSoftmax(ctx context.Context, xs []vector, ys []int32, features, classes int, c, tolerance float64, passes int, seed uint64) (*softmax, error) {
	m := &softmax{classes: classes, stride: stride(classes)}
	m.weights = make([]float32, features*m.stride)
	dual := make([]float32, len(xs)*classes)
	for i, y := range ys {
		dual[i*classes+int(y)] = 1
	}
	norms := make([]float64, len(xs))
	for i, x := range xs {
		for _, v := range x.values {
			norms[i] += float64(v) * float64(v)
		}
	}
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(seed, 0x5eed))
	z := make([]float32, m.stride)
	p := make([]float64, classes)
	step := make([]float32, m.stride)
	for range passes {
		random.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		off := 0.0
		for n, i := range order {
			if n%256 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			m.scores(xs[i], z)
			normalise(z[:classes], p)
			a := dual[i*classes : (i+1)*classes]
			s := dualStep(a, p, c*norms[i])
			change := 0.0
			for k, v := range a {
				change += math.Abs(s * (p[k] - float64(v)))
			}
			off += change / s
			if change < 1e-4 {
				continue // not worth the pass over the weights
			}
			for k, v := range a {
				d := float32(s * (p[k] - float64(v)))
				a[k] += d
				step[k] = float32(-c) * d
			}
			for j, id := range xs[i].ids {
				axpy(xs[i].values[j], step, m.row(id))
			}
		}
		if off < tolerance*float64(len(xs)) {
			break
		}
	}
	return m, nil
}

// normalise writes softmax(z) to p.
func normalise(z []float32, p []float64) {
	top := float32(math.Inf(-1))
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for k, v := range z {
		p[k] = math.Exp(float64(v - top))
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

// dualStep returns the s in (0,1] that maximises the dual along a + s(p-a),
// where q = C*||x||^2. The derivative falls from positive to negative:
//
//	g(s) = - sum_k d_k log(a_k(s)/p_k) - s q ||d||^2,  d = p - a
func dualStep(a []float32, p []float64, q float64) float64 {
	norm := 0.0
	for k, v := range a {
		d := p[k] - float64(v)
		norm += d * d
	}
	if norm < 1e-12 {
		return 1
	}
	low, high := 0.0, 1.0
	for n := 0; n < 5 || low == 0 && n < 20; n++ {
		s := (low + high) / 2
		g := -s * q * norm
		for k, v := range a {
			d := p[k] - float64(v)
			if d > 1e-6 || d < -1e-6 {
				g -= d * math.Log((float64(v)+s*d)/p[k]+1e-30)
			}
		}
		if g > 0 {
			low = s
		} else {
			high = s
		}
	}
	return (low + high) / 2
}
