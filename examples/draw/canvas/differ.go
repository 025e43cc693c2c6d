package canvas

import (
	"bytes"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
)

// Differ compares two folders of drawn images and tables, as tests do with a
// fresh drawing and what ships. It returns what differs, at most ten lines.
// Images are compared by pixel: another version of the encoder may pack them
// otherwise.
func Differ(fresh, shipped string) ([]string, error) {
	var out []string
	seen := 0
	err := filepath.WalkDir(fresh, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || len(out) >= 10 {
			return err
		}
		rel, err := filepath.Rel(fresh, path)
		if err != nil {
			return err
		}
		seen++
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(shipped, rel))
		if err != nil {
			out = append(out, err.Error())
			return nil
		}
		if filepath.Ext(path) != ".png" {
			if !bytes.Equal(a, b) {
				out = append(out, rel+" differs")
			}
			return nil
		}
		x, err := png.Decode(bytes.NewReader(a))
		if err != nil {
			return err
		}
		y, err := png.Decode(bytes.NewReader(b))
		if err != nil || x.Bounds() != y.Bounds() {
			out = append(out, fmt.Sprintf("%s: %v, %v", rel, y, err))
			return nil
		}
		for i := range x.Bounds().Dx() * x.Bounds().Dy() {
			px, py := i%x.Bounds().Dx(), i/x.Bounds().Dx()
			if x.At(px, py) != y.At(px, py) {
				out = append(out, fmt.Sprintf("%s differs at %d, %d", rel, px, py))
				break
			}
		}
		return nil
	})
	if err == nil && seen == 0 {
		out = append(out, "nothing was drawn")
	}
	return out, err
}
