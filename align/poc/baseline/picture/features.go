package picture

import (
	"math"
	"slices"
)

// Longest is the longer side, in pixels, to which images are scaled down before
// their features are read.
const Longest = 256

// The blocks of features, in this order.
const (
	Thumbnail  = iota // grey values of an 8×8 thumbnail, the image's mean taken off
	Edges             // histograms of edge orientations (HOG) in 4×4 cells
	Parts             // mean, spread, darkest and brightest of 6×6 parts, in place
	Whole             // quantiles over the image of grey, edges and blobs: in no place
	blockCount        //
)

const (
	thumb = 8
	cells = 4
	turns = 9 // orientations, of half a turn
	parts = 6
)

var (
	quantiles = []float64{0, 0.002, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.998, 1}
	scales    = []int{1, 2, 4}
)

// sizes are the lengths of the blocks.
var sizes = [blockCount]int{thumb * thumb, cells * cells * turns, parts * parts * 4, len(quantiles)*(2+len(scales)) + turns + parts*parts*3}

// Length is the number of features of an image.
const Length = thumb*thumb + cells*cells*turns + parts*parts*4 + 11*5 + turns + parts*parts*3

// Block returns the block that feature i belongs to.
func Block(i int) int {
	for b, n := range sizes {
		if i < n {
			return b
		}
		i -= n
	}
	return blockCount - 1
}

// Features returns the Length features of an image. Edges and blobs (differences
// of smoothings at three scales) are measured against the spread of the image's
// grey values, so that exposure matters less.
func Features(g *Grey) []float32 {
	out := make([]float32, 0, Length)
	mean, spread := moments(g.Pix)
	for y := range thumb {
		for x := range thumb {
			m, _ := moments(g.part(x, y, thumb))
			out = append(out, m-mean)
		}
	}
	magnitude, cell, whole := g.edges()
	for _, h := range cell {
		out = append(out, h[:]...)
	}
	var stats [3][]float32
	for y := range parts {
		for x := range parts {
			p := g.part(x, y, parts)
			m, s := moments(p)
			low, high := slices.Min(p), slices.Max(p)
			out = append(out, m-mean, s, low-m, high-m)
			for i, v := range []float32{s, low - m, high - m} {
				stats[i] = append(stats[i], v)
			}
		}
	}
	unit := max(spread, 0.01)
	out = appendQuantiles(out, g.Pix, 1)
	out = appendQuantiles(out, magnitude, unit)
	for _, r := range scales {
		near, far := g.blur(r), g.blur(2*r+1)
		blob := make([]float32, len(near.Pix))
		for i := range blob {
			blob[i] = near.Pix[i] - far.Pix[i]
		}
		out = appendQuantiles(out, blob, unit)
	}
	out = append(out, whole[:]...)
	for _, s := range stats {
		slices.Sort(s) // where in the image they stood no longer matters
		out = append(out, s...)
	}
	return out
}

func moments(v []float32) (mean, spread float32) {
	var sum, square float64
	for _, x := range v {
		sum += float64(x)
		square += float64(x) * float64(x)
	}
	n := float64(max(len(v), 1))
	m := sum / n
	return float32(m), float32(math.Sqrt(max(square/n-m*m, 0)))
}

// part returns the pixels of one of n×n parts; never none.
func (g *Grey) part(x, y, n int) []float32 {
	x0, x1 := x*g.W/n, max((x+1)*g.W/n, x*g.W/n+1)
	y0, y1 := y*g.H/n, max((y+1)*g.H/n, y*g.H/n+1)
	var out []float32
	for yy := y0; yy < min(y1, g.H); yy++ {
		out = append(out, g.Pix[yy*g.W+x0:yy*g.W+min(x1, g.W)]...)
	}
	return out
}

// edges returns the strength of the edge at each pixel, and histograms of edge
// orientations weighted by it, in cells and over the whole, each of length 1
// (Dalal and Triggs, "Histograms of oriented gradients for human detection",
// 2005, without overlapping blocks).
func (g *Grey) edges() (magnitude []float32, cell [cells * cells][turns]float32, whole [turns]float32) {
	magnitude = make([]float32, len(g.Pix))
	for y := range g.H {
		for x := range g.W {
			dx, dy := float64(g.at(x+1, y)-g.at(x-1, y)), float64(g.at(x, y+1)-g.at(x, y-1))
			m := math.Hypot(dx, dy)
			magnitude[y*g.W+x] = float32(m)
			angle := math.Atan2(dy, dx)
			if angle < 0 {
				angle += math.Pi
			}
			bin := min(int(angle/math.Pi*turns), turns-1)
			cell[y*cells/g.H*cells+x*cells/g.W][bin] += float32(m)
			whole[bin] += float32(m)
		}
	}
	for i := range cell {
		unitLength(cell[i][:])
	}
	unitLength(whole[:])
	return magnitude, cell, whole
}

func unitLength(v []float32) {
	sum := 1e-6
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
}

// appendQuantiles appends quantiles of values in units of unit.
func appendQuantiles(out, values []float32, unit float32) []float32 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	for _, q := range quantiles {
		out = append(out, sorted[int(math.Round(q*float64(len(sorted)-1)))]/unit)
	}
	return out
}
