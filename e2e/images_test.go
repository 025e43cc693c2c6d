//go:build e2e && images

package e2e

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// maxPicture bounds a picture of the README.
const maxPicture = 200 << 10

// TestImages makes the pictures of the READMEs from the demo's own reports.
func TestImages(t *testing.T) {
	b := startBrowser(t)
	for _, lang := range []string{"en", "zh"} {
		home := filepath.Join(t.TempDir(), "home")
		cmd := command(t, home, "demo", "--lang", lang, "-q") // relative, as a reader calls it
		if r := finish(t, cmd); r.exit != 0 {
			t.Fatal(r.err)
		}
		// Below a height of 700 the first screen takes only the room that it needs.
		p := b.open(filepath.Join(cmd.Dir, "landfall-demo", "report."+lang+".html"), view{width: 1280, height: 690, scale: 1.5})
		var bottom float64
		p.eval(`Math.max(...[...document.querySelectorAll('.first > *')].map(e => e.getBoundingClientRect().bottom)) + 36`, &bottom)
		small := palette(t, p.shot(bottom))
		if len(small) > maxPicture {
			t.Errorf("report-%s.png has %d bytes", lang, len(small))
		}
		dir := filepath.Join("..", "docs", "images")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "report-"+lang+".png"), small, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("report-%s.png: %d KiB", lang, len(small)>>10)
	}
}

// palette writes a picture with its 256 most frequent colours, and every other
// colour as the nearest of them: a report is flat, so nobody sees it.
func palette(t *testing.T, raw []byte) []byte {
	t.Helper()
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	r := src.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(src.At(x, y)).(color.RGBA) }
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	common := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var p color.Palette
	for _, c := range common[:min(len(common), 256)] {
		p = append(p, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range count {
		nearest[c] = uint8(p.Index(c))
	}
	dst := image.NewPaletted(r, p)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			dst.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, dst); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
