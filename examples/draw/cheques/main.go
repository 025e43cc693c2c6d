// Command cheques draws the cheque images of examples/bank-support, with the
// decision that the rules of the annotation guide give each one.
//
//	go run ./examples/draw/cheques examples/bank-support/data/cheques
//
// The same seed draws the same images. The fonts are the Go fonts (BSD licence).
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
	"strings"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/landfall-ai/landfall/examples/draw/canvas"
)

const width, height = 320, 136

// How many of each cause are drawn, and what is decided on them.
var causes = []struct {
	name, decision string
	train, test    int
}{
	{"sound", "accept", 30, 60},
	{"no-signature", "reject", 8, 15},
	{"stale", "reject", 6, 12},
	{"amounts-differ", "refer", 6, 12},
	{"altered", "refer", 5, 11},
	{"unreadable", "refer", 5, 10},
}

var payees = []string{"Grace Lin", "Golden Gate Trading", "Martin Okafor", "Harbour Plumbing", "Olga Petrova", "Delta Motors",
	"Sunrise Kindergarten", "Daniel Brooks", "Jade Dental Clinic", "Evergreen Estates", "Kenji Sato", "Prime Tutors", "Nina Rossi",
	"Wing Kee Noodles", "Ahmed Khalil", "Studio Bianchi", "Chloe Martin", "Riverside Florist", "Tom Hale", "Corner Bakery"}

func main() {
	seed := flag.Uint64("seed", 20261128, "of everything random")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: cheques [-seed N] FOLDER")
	}
	if err := run(flag.Arg(0), *seed); err != nil {
		log.Fatal(err)
	}
}

type cheque struct{ cause, decision string }

func run(folder string, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 1))
	number := 0
	for _, part := range []string{"train", "test"} {
		var all []cheque
		for _, c := range causes {
			n := c.train
			if part == "test" {
				n = c.test
			}
			for range n {
				all = append(all, cheque{c.name, c.decision})
			}
		}
		random.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
		rows := [][]string{{"id", "image", "text", "decision", "group", "cause"}}
		for _, c := range all {
			number++
			id := fmt.Sprintf("q%03d", number)
			img, text := draw(c.cause, number, random)
			if err := img.Save(filepath.Join(folder, part, id+".png"), 12); err != nil {
				return err
			}
			// Paths are relative to the scenario's folder.
			rel := "data/cheques/" + part + "/" + id + ".png"
			rows = append(rows, []string{id, rel, text, c.decision, "cheque", c.cause})
		}
		f, err := os.Create(filepath.Join(folder, part+".csv"))
		if err != nil {
			return err
		}
		w := csv.NewWriter(f)
		if err := w.WriteAll(rows); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// draw returns the image of a cheque and what the teller types in with it.
func draw(cause string, number int, r *rand.Rand) (*canvas.Canvas, string) {
	c := canvas.New(width, height, 0.93)
	paper(c, r)
	ink := 0.08 + 0.2*r.Float64()
	printed := canvas.Face(goregular.TTF, 8)
	title := canvas.Face(gobold.TTF, 12)
	hand := canvas.Face(goitalic.TTF, 11+1.5*r.Float64())
	c.Text(title, 10, 18, "HARBOUR BANK", 0.15, 0, nil)
	c.Text(printed, 10, 29, "1 Harbour Square, Jianghai", 0.35, 0, nil)
	label := func(x, y float64, s string) { c.Text(printed, x, y, s, 0.3, 0, nil) }
	label(222, 29, "Date")
	label(10, 52, "Pay")
	label(10, 74, "the sum of")
	c.Line(32, 54, 226, 54, 0.6, 0.4, 1)
	c.Line(56, 76, 310, 76, 0.6, 0.4, 1)
	c.Line(10, 92, 200, 92, 0.6, 0.4, 1)
	c.Line(205, 116, 310, 116, 0.6, 0.4, 1)
	label(232, 124, "Signature")
	for _, e := range [][4]float64{{232, 38, 310, 38}, {232, 58, 310, 58}, {232, 38, 232, 58}, {310, 38, 310, 58}} {
		c.Line(e[0], e[1], e[2], e[3], 0.9, 0.3, 1)
	}
	c.Text(canvas.Face(gomono.TTF, 9), 24, 130, fmt.Sprintf("%06d  62170045  %08d", 410000+number*7, r.IntN(1e8)), 0.2, 0, nil)

	presented := time.Date(2026, 11, 2+r.IntN(26), 0, 0, 0, 0, time.UTC)
	age := r.IntN(160)
	if cause == "stale" {
		age = 190 + r.IntN(400)
	}
	dated := presented.AddDate(0, 0, -age)
	amount := amountOf(r)
	words := amount
	if cause == "amounts-differ" {
		for words == amount {
			words = differ(amount, r)
		}
	}
	jitter := 0.5 + 0.7*r.Float64()
	c.Text(hand, 243, 28, dated.Format("2 Jan 2006"), ink, jitter, r)
	c.Text(hand, 36, 51, payees[r.IntN(len(payees))], ink, jitter, r)
	inWords := spell(words) + " only"
	size := 11.5
	if len(inWords) > 44 {
		size = 8.5
	}
	c.Text(canvas.Face(goitalic.TTF, size), 60, 73, inWords, ink, jitter, r)
	figures(c, amount, ink, jitter, cause == "altered", r)
	if cause != "no-signature" {
		sign(c, ink, r)
	}
	harmless(c, r)
	return scan(c, cause == "unreadable", r), "Presented on " + presented.Format(time.DateOnly)
}

// paper gives the ground: guilloche lines of a security print.
func paper(c *canvas.Canvas, r *rand.Rand) {
	phase := r.Float64() * 6
	for k := range 5 {
		var points [][2]float64
		for x := -10.0; x <= width+10; x += 12 {
			points = append(points, [2]float64{x, 30 + 22*float64(k) + 9*math.Sin(x/37+phase+float64(k))})
		}
		c.Curve(points, 0.8, 0.8, 0.8)
	}
}

// figures writes the amount into its box. Altered means that a digit was
// written over another, or that one was squeezed in afterwards in another ink.
func figures(c *canvas.Canvas, amount int, ink, jitter float64, altered bool, r *rand.Rand) {
	face := canvas.Face(goitalic.TTF, 13)
	s := fmt.Sprintf("%d.00", amount)
	x := 238 + 4*r.Float64()
	if !altered {
		c.Text(face, x, 53, s, ink, jitter, r)
		return
	}
	at := r.IntN(len(s) - 3)
	end := c.Text(face, x, 53, s[:at], ink, jitter, r)
	if r.IntN(3) > 0 { // written over
		other := byte('0' + (int(s[at]-'0')+1+r.IntN(8))%10)
		c.Text(face, end, 53, string(other), ink+0.05, jitter, r)
		c.Text(face, end+0.7, 53.5, s[at:at+1], ink*0.6, jitter, r)
		end = c.Text(face, end+1, 52.6, s[at:at+1], ink*0.6, jitter, r)
	} else { // painted over with correction fluid, and written anew in another ink
		c.Blot(end+4, 48, 9, 8.5, 0.7, 1, 0.15)
		c.Blot(end+4, 48, 8, 7.5, 1, 1, 0.1)
		c.Text(face, end+0.4, 53, s[at:at+1], 0.05, jitter, r)
		end = c.Text(face, end, 53, s[at:at+1], 0.05, jitter, r)
	}
	c.Text(face, end, 53, s[at+1:], ink, jitter, r)
}

// sign scribbles a signature: a curve with loops, sometimes a stroke below.
func sign(c *canvas.Canvas, ink float64, r *rand.Rand) {
	x, y := 214+10*r.Float64(), 106+4*r.Float64()
	step := 5 + 5*r.Float64()
	tall := 6 + 7*r.Float64()
	var points [][2]float64
	for i := range 7 + r.IntN(7) {
		up := tall * (0.3 + r.Float64())
		if i%2 == 1 {
			up = -up * 0.45
		}
		points = append(points, [2]float64{x, y - up})
		x += step * (0.5 + r.Float64())
		if r.IntN(4) == 0 {
			points = append(points, [2]float64{x - 1.4*step, y - up*0.4}) // a loop
		}
	}
	w := 0.7 + 0.9*r.Float64()
	c.Curve(points, w, ink, 0.95)
	if r.IntN(3) == 0 {
		c.Line(218, 111+3*r.Float64(), min(x, 300), 108+5*r.Float64(), w, ink, 0.9)
	}
}

// harmless adds what does not matter: folds, stamps, stains, notes in pencil.
func harmless(c *canvas.Canvas, r *rand.Rand) {
	if r.IntN(3) == 0 {
		x := 40 + 240*r.Float64()
		c.Line(x, 0, x+8*(r.Float64()-0.5), height, 1.4, 0.75, 0.7)
	}
	if r.IntN(4) == 0 {
		x, y := 60+120*r.Float64(), 95+15*r.Float64()
		for k := range 40 {
			a, b := float64(k)*math.Pi/20, float64(k+1)*math.Pi/20
			c.Line(x+17*math.Cos(a), y+17*math.Sin(a), x+17*math.Cos(b), y+17*math.Sin(b), 1.2, 0.45, 0.5)
		}
		c.Text(canvas.Face(gobold.TTF, 7), x-14, y+2, "RECEIVED", 0.45, 0, nil)
	}
	if r.IntN(5) == 0 {
		c.Blot(width*r.Float64(), height*r.Float64(), 10+14*r.Float64(), 8+12*r.Float64(), 0.7, 0.35, 0.6)
	}
	if r.IntN(5) == 0 {
		c.Text(canvas.Face(goitalic.TTF, 9), 20+120*r.Float64(), 108, fmt.Sprintf("inv %d", 1000+r.IntN(8000)), 0.55, 1, r)
	}
}

// scan is what the scanner or the customer's phone makes of it.
func scan(c *canvas.Canvas, unreadable bool, r *rand.Rand) *canvas.Canvas {
	c = c.Turn((r.Float64()-0.5)*4, 4*(r.Float64()-0.5), 3*(r.Float64()-0.5), 0.25+0.3*r.Float64())
	sigma := 0.25 + 0.45*r.Float64()
	low, high := 0.78+0.2*r.Float64(), 0.92+0.12*r.Float64()
	if unreadable {
		switch r.IntN(3) {
		case 0: // out of focus
			sigma = 2.2 + 1.3*r.Float64()
		case 1: // too dark
			low, high = 0.16, 0.34
			sigma = 1.2
		default: // a flash over amount and signature
			c.Blot(200+80*r.Float64(), 50+50*r.Float64(), 90, 55, 1.05, 1, 0.5)
			sigma = 1
		}
	}
	c = c.Blur(sigma)
	c.Light(360*r.Float64(), low, high)
	c.Noise(r, 0.06, 0.05)
	return c
}

func amountOf(r *rand.Rand) int {
	switch r.IntN(3) {
	case 0:
		return 100 * (1 + r.IntN(90))
	case 1:
		return 120 + r.IntN(880)
	}
	return 1000 + 10*r.IntN(4000)
}

// differ returns another amount as people get it wrong: a digit changed, two
// swapped, a zero too many.
func differ(amount int, r *rand.Rand) int {
	s := []byte(fmt.Sprint(amount))
	switch i := r.IntN(len(s)); r.IntN(3) {
	case 0:
		s[i] = byte('1' + r.IntN(9))
	case 1:
		j := r.IntN(len(s))
		s[i], s[j] = s[j], s[i]
	default:
		if amount < 5000 {
			return amount * 10
		}
	}
	if s[0] == '0' {
		return amount
	}
	n := 0
	for _, d := range s {
		n = n*10 + int(d-'0')
	}
	return n
}

var (
	ones = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
)

// spell writes 1 to 999,999 in English words.
func spell(n int) string {
	switch {
	case n >= 1000:
		s := spell(n/1000) + " thousand"
		if n%1000 > 0 {
			s += " " + spell(n%1000)
		}
		return s
	case n >= 100:
		s := ones[n/100] + " hundred"
		if n%100 > 0 {
			s += " and " + spell(n%100)
		}
		return s
	case n >= 20:
		s := tens[n/10]
		if n%10 > 0 {
			s += "-" + ones[n%10]
		}
		return s
	}
	return ones[n]
}
