package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/align/poc/baseline/picture"
)

func encode(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// bomb returns a PNG whose head promises w×h pixels. Whoever decodes it without
// looking at the head first reserves that much memory.
func bomb(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		body := append([]byte(kind), data...)
		b = append(b, body...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	chunk("IHDR", append(head, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return b
}

// Not parallel: what others reserve would count.
func TestDecodeFaults(t *testing.T) {
	whole := encode(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"empty":         {nil, picture.ErrNoImage},
		"text":          {[]byte("GET / HTTP/1.1"), picture.ErrNoImage},
		"svg":           {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), picture.ErrNoImage},
		"cut off":       {whole[:len(whole)-20], picture.ErrNoImage},
		"bomb, wide":    {bomb(2_000_000_000, 1), picture.ErrTooLarge},
		"bomb, square":  {bomb(60_000, 60_000), picture.ErrTooLarge},
		"bomb, allowed": {bomb(12_000, 12_000), picture.ErrTooLarge},
		"tiny":          {encode(t, image.NewGray(image.Rect(0, 0, 7, 90))), picture.ErrTooSmall},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := picture.Decode("x.png", c.raw, 64); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("%s: %d bytes reserved before it was refused", name, got)
		}
	}
}

func TestDecodeShrinksAndFlattens(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 400, 200))
	for y := range 200 {
		for x := range 400 {
			if x < 200 {
				img.SetNRGBA(x, y, color.NRGBA{A: 255}) // black; the rest is transparent
			}
		}
	}
	g, err := picture.Decode("x.png", encode(t, img), 100)
	if err != nil {
		t.Fatal(err)
	}
	if g.W != 100 || g.H != 50 || g.Pix[0] > 0.01 || g.Pix[99] < 0.99 {
		t.Errorf("%d×%d, left %v, right %v", g.W, g.H, g.Pix[0], g.Pix[99])
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := picture.Decode("x.jpg", b.Bytes(), 100); err != nil {
		t.Errorf("JPEG: %v", err)
	}
}

// Whatever the image, there are Length finite features.
func TestFeaturesAreFinite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(8, 40).Draw(t, "w"), rapid.IntRange(8, 40).Draw(t, "h")
		g := &picture.Grey{W: w, H: h, Pix: make([]float32, w*h)}
		flat := rapid.Bool().Draw(t, "flat")
		for i := range g.Pix {
			if !flat {
				g.Pix[i] = float32(rapid.IntRange(0, 255).Draw(t, "v")) / 255
			}
		}
		f := picture.Features(g)
		if len(f) != picture.Length {
			t.Fatalf("%d features, want %d", len(f), picture.Length)
		}
		for i, v := range f {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("feature %d of block %d is %v", i, picture.Block(i), v)
			}
		}
	})
}

// Statistics in no place do not see where in the image something stands.
func TestWholeIgnoresPlace(t *testing.T) {
	t.Parallel()
	at := func(x, y int) []float32 {
		g := &picture.Grey{W: 120, H: 120, Pix: make([]float32, 120*120)}
		for i := range g.Pix {
			g.Pix[i] = 0.5
		}
		for k := range 4 {
			g.Pix[(y+k)*120+x+k] = 0
		}
		return picture.Features(g)
	}
	a, b := at(45, 46), at(65, 66) // the same place within a part of 20×20, far from the border
	for i := range a {
		if picture.Block(i) == picture.Whole && math.Abs(float64(a[i]-b[i])) > 1e-4 {
			t.Errorf("feature %d: %v and %v", i, a[i], b[i])
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, image.NewGray(image.Rect(0, 0, 9, 9))))
	f.Add(bomb(70_000, 70_000))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		g, err := picture.Decode("x", raw, 64)
		if err == nil && (g.W > 64 || g.H > 64 || len(g.Pix) != g.W*g.H) {
			t.Errorf("%d×%d with %d pixels", g.W, g.H, len(g.Pix))
		}
	})
}
