// Package picture reads the features of an image that a linear model can use:
// a thumbnail, orientations of edges, and statistics of small parts and of the
// whole. Pure Go; PNG and JPEG.
package picture

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // formats that are read
	_ "image/png"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Version changes when the same image could give other features.
const Version = 1

// What is decoded at most. An image of a few kilobytes can unfold to gigabytes;
// its size is read from its head, before anything is decoded.
const (
	MaxBytes  = 32 << 20
	MaxSide   = 12_000     // pixels
	MaxPixels = 40_000_000 // decoded, at most 8 bytes each
	minSide   = 8
)

// Faults of an image. They say nothing of where it came from; whoever read it
// adds the place.
var (
	ErrNoImage = fault.Def{Kind: fault.Invalid, Code: "picture.no_image",
		En: "{file} is no image that can be read: {problem}", Zh: "{file} 不是可读取的图像:{problem}",
		HintEn: "give PNG or JPEG files", HintZh: "请使用 PNG 或 JPEG 文件"}
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "picture.too_large",
		En: "{file} would unfold to {width} × {height} pixels", Zh: "{file} 解码后为 {width} × {height} 像素,超过上限",
		HintEn: "images may have 12,000 pixels a side and 40 million in all; scale it down", HintZh: "图像每边不超过 12,000 像素、总数不超过 4,000 万像素;请先缩小"}
	ErrTooSmall = fault.Def{Kind: fault.Invalid, Code: "picture.too_small",
		En: "{file} has {width} × {height} pixels: too few to see anything", Zh: "{file} 只有 {width} × {height} 像素,无法辨认",
		HintEn: "give images of at least 8 pixels a side", HintZh: "图像每边至少 8 像素"}
)

// Grey is an image in shades of grey, from 0 (black) to 1, row by row.
type Grey struct {
	W, H int
	Pix  []float32
}

// Decode reads a PNG or JPEG image and scales it down to longest pixels on its
// longer side, if it is larger. Transparent parts count as white. file names
// the image in faults: ErrNoImage, ErrTooLarge (before anything is decoded),
// ErrTooSmall.
func Decode(file string, raw []byte, longest int) (*Grey, error) {
	if len(raw) > MaxBytes {
		return nil, ErrNoImage.With("file", file, "problem", fmt.Sprintf("%d MiB", len(raw)>>20))
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrNoImage.With("file", file, "problem", err.Error()).Because(err)
	}
	if c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return nil, ErrTooLarge.With("file", file, "width", c.Width, "height", c.Height)
	}
	if c.Width < minSide || c.Height < minSide {
		return nil, ErrTooSmall.With("file", file, "width", c.Width, "height", c.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrNoImage.With("file", file, "problem", err.Error()).Because(err)
	}
	return shrink(img, longest), nil
}

// shrink averages the pixels of img into at most longest on the longer side.
func shrink(img image.Image, longest int) *Grey {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if side := max(w, h); side > longest {
		w, h = max(1, w*longest/side), max(1, h*longest/side)
	}
	g := &Grey{W: w, H: h, Pix: make([]float32, w*h)}
	n := make([]float32, w*h)
	for y := range b.Dy() {
		row := y * h / b.Dy() * w
		for x := range b.Dx() {
			r, gr, bl, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			// Rec. 601 luma, over white.
			v := (0.299*float32(r) + 0.587*float32(gr) + 0.114*float32(bl) + float32(0xffff-a)) / 0xffff
			at := row + x*w/b.Dx()
			g.Pix[at] += v
			n[at]++
		}
	}
	for i := range g.Pix {
		g.Pix[i] = min(g.Pix[i]/max(n[i], 1), 1)
	}
	return g
}

// at returns the pixel at x, y; beyond the border it repeats the border.
func (g *Grey) at(x, y int) float32 {
	return g.Pix[min(max(y, 0), g.H-1)*g.W+min(max(x, 0), g.W-1)]
}

// blur returns g smoothed by a box of 2r+1 pixels a side, twice, which is close
// to a Gaussian.
func (g *Grey) blur(r int) *Grey {
	out := g
	for range 2 {
		out = out.box(r, 1, 0).box(r, 0, 1)
	}
	return out
}

// box averages 2r+1 pixels along one axis with a running sum.
func (g *Grey) box(r, dx, dy int) *Grey {
	out := &Grey{W: g.W, H: g.H, Pix: make([]float32, len(g.Pix))}
	lines, length := g.H, g.W
	if dy == 1 {
		lines, length = g.W, g.H
	}
	for l := range lines {
		get := func(i int) float32 {
			if dx == 1 {
				return g.at(i, l)
			}
			return g.at(l, i)
		}
		sum := float32(0)
		for i := -r; i <= r; i++ {
			sum += get(i)
		}
		for i := range length {
			at := l*g.W + i
			if dy == 1 {
				at = i*g.W + l
			}
			out.Pix[at] = sum / float32(2*r+1)
			sum += get(i+r+1) - get(i-r)
		}
	}
	return out
}
