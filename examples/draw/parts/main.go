// Command parts draws the images of examples/quality-inspection: machined
// surfaces with and without defects, of the plant in question and of others.
//
//	go run ./examples/draw/parts examples/quality-inspection/data
//
// The same seed draws the same images.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/landfall-ai/landfall/examples/draw/canvas"
)

const side = 88

// A set is drawn for one file. Surfaces are chosen in turn.
type set struct {
	file     string
	surfaces []string
	n        int
}

// The plant turns shafts on a lathe. The other plants' parts are rolled, cast
// and brushed: the images a supplier of a general model would have.
var sets = []set{
	{"generic", []string{"rolled", "cast", "brushed"}, 210},
	{"train", []string{"turned"}, 400},
	{"test", []string{"turned"}, 240},
}

var defects = []string{"scratch", "pit", "stain"}

func main() {
	seed := flag.Uint64("seed", 20261128, "of everything random")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: parts [-seed N] FOLDER")
	}
	if err := run(flag.Arg(0), *seed); err != nil {
		log.Fatal(err)
	}
}

func run(folder string, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 2))
	number := 0
	for _, s := range sets {
		rows := [][]string{{"id", "image", "decision", "group", "surface", "cause"}}
		// Half sound and half with a defect, in an order drawn at random. A line
		// makes far fewer defects; costs are weighted for that, cases are not.
		order := random.Perm(s.n)
		for i := range s.n {
			number++
			id := fmt.Sprintf("p%04d", number)
			k := order[i]
			surface := s.surfaces[k/2%len(s.surfaces)]
			decision, cause := "pass", "none"
			if k%2 == 1 {
				decision, cause = "defect", defects[k/2/len(s.surfaces)%len(defects)]
			}
			img := draw(surface, cause, random)
			if err := img.Save(filepath.Join(folder, s.file, id+".png"), 16); err != nil {
				return err
			}
			rows = append(rows, []string{id, "data/" + s.file + "/" + id + ".png", decision, "surface", surface, cause})
		}
		f, err := os.Create(filepath.Join(folder, s.file+".csv"))
		if err != nil {
			return err
		}
		if err := csv.NewWriter(f).WriteAll(rows); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func draw(surface, cause string, r *rand.Rand) *canvas.Canvas {
	c := canvas.New(side, side, 0.55+0.1*r.Float64())
	texture(c, surface, r)
	if cause != "none" {
		defect(c, cause, r)
	}
	harmless(c, surface, r)
	c = c.Turn((r.Float64()-0.5)*6, 0, 0, 0.5).Blur(0.35 + 0.3*r.Float64())
	c.Light(360*r.Float64(), 0.85+0.1*r.Float64(), 1.02+0.12*r.Float64())
	c.Noise(r, 1, 0.008)
	return c
}

// texture draws the grain that the process leaves.
func texture(c *canvas.Canvas, surface string, r *rand.Rand) {
	switch surface {
	case "rolled": // faint long stripes, even
		stripes(c, 0.02, 0.012, r)
	case "brushed": // short fine lines, all one way
		for range 260 {
			x, y := side*r.Float64(), side*r.Float64()
			l := 8 + 20*r.Float64()
			c.Line(x-l, y, x+l, y+0.6*(r.Float64()-0.5), 0.7, 0.55+0.25*(r.Float64()-0.5), 0.35)
		}
	case "cast": // soft grain without direction
		for range 420 {
			c.Blot(side*r.Float64(), side*r.Float64(), 1.5+2.5*r.Float64(), 1.5+2.5*r.Float64(), 0.58+0.14*(r.Float64()-0.5), 0.6, 0.8)
		}
	case "turned": // feed marks of the lathe: arcs about an axis outside of the image
		pitch := 3.6 + 1.6*r.Float64()
		depth := 0.05 + 0.06*r.Float64()
		cx, cy := side/2+30*(r.Float64()-0.5), -60-60*r.Float64()
		phase, chatter, wave := r.Float64()*6, 0.25*r.Float64(), 0.05+0.05*r.Float64()
		c.Map(func(x, y int, v float64) float64 {
			d := math.Hypot(float64(x)-cx, float64(y)-cy)
			angle := math.Atan2(float64(y)-cy, float64(x)-cx)
			return v + depth*math.Sin(2*math.Pi*d/pitch+phase)*(1+chatter*math.Sin(angle*40)) + 0.02*math.Sin(d*wave)
		})
	}
}

func stripes(c *canvas.Canvas, depth, noise float64, r *rand.Rand) {
	var rows [side]float64
	for i := range rows {
		rows[i] = depth * r.NormFloat64()
	}
	c.Map(func(_, y int, v float64) float64 { return v + rows[y] + noise*r.NormFloat64() })
}

// defect draws what must be found.
func defect(c *canvas.Canvas, cause string, r *rand.Rand) {
	x, y := 14+60*r.Float64(), 14+60*r.Float64()
	switch cause {
	case "scratch": // across the grain, a dark groove with a bright edge
		angle := math.Pi * (0.15 + 0.7*r.Float64())
		l := 9 + 20*r.Float64()
		bend := 3 * (r.Float64() - 0.5)
		dx, dy := math.Cos(angle)*l, math.Sin(angle)*l
		w := 0.7 + 0.7*r.Float64()
		dark := 0.12 + 0.2*r.Float64()
		points := [][2]float64{{x - dx, y - dy}, {x - bend, y + bend}, {x + dx, y + dy}}
		c.Curve(points, w, dark, 0.75)
		for i := range points {
			points[i][0] += 1.2
		}
		c.Curve(points, w*0.6, 0.85, 0.5)
	case "pit": // small dark holes with a lit rim
		for range 1 + r.IntN(3) {
			px, py, s := x+8*(r.Float64()-0.5), y+8*(r.Float64()-0.5), 1.3+1.6*r.Float64()
			c.Blot(px+0.6, py+0.6, s+0.9, s+0.9, 0.82, 0.5, 0.5)
			c.Blot(px, py, s, s*(0.7+0.3*r.Float64()), 0.1+0.15*r.Float64(), 0.95, 0.4)
		}
	case "stain": // a dark patch of burnt coolant that hides the grain
		shade := 0.28 + 0.14*r.Float64()
		for range 4 {
			c.Blot(x+9*(r.Float64()-0.5), y+9*(r.Float64()-0.5), 5+5*r.Float64(), 4+4*r.Float64(), shade, 0.45, 0.6)
		}
	}
}

// harmless draws what must not be taken for a defect: dust, lint, light on oil,
// and what this plant's parts have by design and other plants' have not.
func harmless(c *canvas.Canvas, surface string, r *rand.Rand) {
	for range r.IntN(5) {
		c.Blot(side*r.Float64(), side*r.Float64(), 0.9, 0.9, 0.9, 0.7, 0.6)
	}
	if r.IntN(3) == 0 { // a fibre of lint, bright and thin
		x, y := side*r.Float64(), side*r.Float64()
		c.Curve([][2]float64{{x, y}, {x + 5, y + 3*r.Float64()}, {x + 9, y - 4*r.Float64()}}, 0.6, 0.85, 0.5)
	}
	reflection := 5
	if surface == "turned" {
		reflection = 2 // round parts shine
	}
	if r.IntN(reflection) == 0 {
		at, w, bright := side*r.Float64(), 6+9*r.Float64(), 0.12+0.16*r.Float64()
		c.Map(func(x, _ int, v float64) float64 {
			d := (float64(x) - at) / w
			return v + bright*math.Exp(-d*d)
		})
	}
	if surface != "turned" {
		return
	}
	if r.IntN(4) == 0 { // where the tool was lifted: a thin dark line along the feed
		y := side * r.Float64()
		c.Line(-4, y, side+4, y+5*(r.Float64()-0.5), 1.3, 0.3, 0.6)
	}
	if r.IntN(4) == 0 { // the punched dot by which this plant marks a batch
		c.Blot(73+3*r.Float64(), 73+3*r.Float64(), 2.2, 2.2, 0.2, 0.9, 0.4)
	}
}
