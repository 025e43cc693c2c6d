// Package canvas draws grey images for the examples: lines, curves, blots and
// printed text, and what a camera or scanner adds (turning, blur, light,
// noise). Everything random comes from the caller's source.
package canvas

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Canvas holds grey values from 0 (black) to 1 (white), row by row.
type Canvas struct {
	W, H int
	Pix  []float64
}

// New returns a canvas of one shade.
func New(w, h int, shade float64) *Canvas {
	c := &Canvas{W: w, H: h, Pix: make([]float64, w*h)}
	for i := range c.Pix {
		c.Pix[i] = shade
	}
	return c
}

// At returns the shade at a pixel; beyond the border that of the border.
func (c *Canvas) At(x, y int) float64 {
	return c.Pix[min(max(y, 0), c.H-1)*c.W+min(max(x, 0), c.W-1)]
}

// blend mixes ink into a pixel with the given cover in [0,1].
func (c *Canvas) blend(x, y int, ink, cover float64) {
	if x < 0 || y < 0 || x >= c.W || y >= c.H || cover <= 0 {
		return
	}
	p := &c.Pix[y*c.W+x]
	*p += (ink - *p) * min(cover, 1)
}

// Map replaces every shade by f of its place and value.
func (c *Canvas) Map(f func(x, y int, v float64) float64) {
	for y := range c.H {
		for x := range c.W {
			c.Pix[y*c.W+x] = f(x, y, c.Pix[y*c.W+x])
		}
	}
}

// Line draws a line of the given width, with soft ends and edges.
func (c *Canvas) Line(x0, y0, x1, y1, width, ink, cover float64) {
	r := width/2 + 1
	for y := int(min(y0, y1) - r); y <= int(max(y0, y1)+r); y++ {
		for x := int(min(x0, x1) - r); x <= int(max(x0, x1)+r); x++ {
			d := distance(float64(x), float64(y), x0, y0, x1, y1)
			c.blend(x, y, ink, cover*min(max(width/2+0.5-d, 0), 1))
		}
	}
}

func distance(px, py, x0, y0, x1, y1 float64) float64 {
	dx, dy := x1-x0, y1-y0
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((px-x0)*dx+(py-y0)*dy)/l, 0), 1)
	}
	return math.Hypot(px-x0-t*dx, py-y0-t*dy)
}

// Curve draws a smooth line through points (Catmull-Rom).
func (c *Canvas) Curve(points [][2]float64, width, ink, cover float64) {
	at := func(i int) [2]float64 { return points[min(max(i, 0), len(points)-1)] }
	last := at(0)
	for i := range len(points) - 1 {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		for s := 1; s <= 8; s++ {
			t := float64(s) / 8
			var q [2]float64
			for k := range q {
				q[k] = 0.5 * (2*p1[k] + (p2[k]-p0[k])*t + (2*p0[k]-5*p1[k]+4*p2[k]-p3[k])*t*t + (3*p1[k]-p0[k]-3*p2[k]+p3[k])*t*t*t)
			}
			c.Line(last[0], last[1], q[0], q[1], width, ink, cover)
			last = q
		}
	}
}

// Blot darkens or lightens an ellipse towards ink; soft is the share of its
// radius over which it fades.
func (c *Canvas) Blot(x, y, rx, ry, ink, cover, soft float64) {
	for yy := int(y - ry - 1); yy <= int(y+ry+1); yy++ {
		for xx := int(x - rx - 1); xx <= int(x+rx+1); xx++ {
			d := math.Hypot((float64(xx)-x)/rx, (float64(yy)-y)/ry)
			c.blend(xx, yy, ink, cover*min(max((1-d)/max(soft, 0.05), 0), 1))
		}
	}
}

// Face returns a font at a size in pixels.
func Face(ttf []byte, size float64) font.Face {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // the fonts are compiled in
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	return face
}

// Text prints s with its baseline at y and returns where it ends. Each letter
// is moved by up to jitter pixels, as a hand does it.
func (c *Canvas) Text(face font.Face, x, y float64, s string, ink, jitter float64, random *rand.Rand) float64 {
	for _, r := range s {
		dx, dy := 0.0, 0.0
		if jitter > 0 {
			dx, dy = (random.Float64()-0.5)*jitter, (random.Float64()-0.5)*2*jitter
		}
		dot := fixed.Point26_6{X: fixed.Int26_6((x + dx) * 64), Y: fixed.Int26_6((y + dy) * 64)}
		box, mask, at, advance, ok := face.Glyph(dot, r)
		if !ok {
			continue
		}
		for yy := box.Min.Y; yy < box.Max.Y; yy++ {
			for xx := box.Min.X; xx < box.Max.X; xx++ {
				_, _, _, a := mask.At(at.X+xx-box.Min.X, at.Y+yy-box.Min.Y).RGBA()
				c.blend(xx, yy, ink, float64(a)/0xffff)
			}
		}
		x += float64(advance) / 64
	}
	return x
}

// Turn rotates by angle (in degrees) about the middle and moves by dx, dy;
// what comes in from outside has the shade behind.
func (c *Canvas) Turn(angle, dx, dy, behind float64) *Canvas {
	out := New(c.W, c.H, behind)
	sin, cos := math.Sincos(angle * math.Pi / 180)
	mx, my := float64(c.W)/2, float64(c.H)/2
	for y := range c.H {
		for x := range c.W {
			fx, fy := float64(x)-mx-dx, float64(y)-my-dy
			sx, sy := cos*fx+sin*fy+mx, -sin*fx+cos*fy+my
			if sx < 0 || sy < 0 || sx > float64(c.W-1) || sy > float64(c.H-1) {
				continue
			}
			x0, y0 := int(sx), int(sy)
			u, v := sx-float64(x0), sy-float64(y0)
			out.Pix[y*c.W+x] = c.At(x0, y0)*(1-u)*(1-v) + c.At(x0+1, y0)*u*(1-v) + c.At(x0, y0+1)*(1-u)*v + c.At(x0+1, y0+1)*u*v
		}
	}
	return out
}

// Blur smooths with a Gaussian of the given sigma in pixels.
func (c *Canvas) Blur(sigma float64) *Canvas {
	r := int(math.Ceil(3 * sigma))
	if r == 0 {
		return c
	}
	kernel := make([]float64, 2*r+1)
	sum := 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma))
		sum += kernel[i]
	}
	out := c
	for _, d := range [][2]int{{1, 0}, {0, 1}} {
		next := New(c.W, c.H, 0)
		for y := range c.H {
			for x := range c.W {
				v := 0.0
				for i, k := range kernel {
					v += k / sum * out.At(x+(i-r)*d[0], y+(i-r)*d[1])
				}
				next.Pix[y*c.W+x] = v
			}
		}
		out = next
	}
	return out
}

// Light brightens by a slope across the image: low at one side, high at the
// other, along angle in degrees.
func (c *Canvas) Light(angle, low, high float64) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	c.Map(func(x, y int, v float64) float64 {
		t := (float64(x)/float64(c.W)-0.5)*cos + (float64(y)/float64(c.H)-0.5)*sin
		return v * (low + (high-low)*(t+0.5))
	})
}

// Noise adds Gaussian noise of the given spread to a share of the pixels.
func (c *Canvas) Noise(random *rand.Rand, share, spread float64) {
	for i := range c.Pix {
		if random.Float64() < share {
			c.Pix[i] += random.NormFloat64() * spread
		}
	}
}

// Save writes a PNG with the given number of shades, at most 16, so that it
// takes at most half a byte a pixel.
func (c *Canvas) Save(path string, shades int) error {
	palette := make(color.Palette, shades)
	for i := range palette {
		palette[i] = color.Gray{Y: uint8(255 * i / (shades - 1))}
	}
	img := image.NewPaletted(image.Rect(0, 0, c.W, c.H), palette)
	for i, v := range c.Pix {
		img.Pix[i] = uint8(math.Round(min(max(v, 0), 1) * float64(shades-1)))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
