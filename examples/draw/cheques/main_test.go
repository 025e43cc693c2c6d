package main

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/landfall-ai/landfall/examples/draw/canvas"
)

// What ships is what this program draws: nobody touched an image or a label.
func TestShippedImagesAreDrawn(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("other architectures round some products otherwise")
	}
	dir := t.TempDir()
	if err := run(dir, 20261128); err != nil {
		t.Fatal(err)
	}
	diffs, err := canvas.Differ(dir, filepath.Join("..", "..", "bank-support/data/cheques"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		t.Error(d)
	}
}

func TestSpell(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{7: "seven", 20: "twenty", 134: "one hundred and thirty-four", 900: "nine hundred",
		1000: "one thousand", 34310: "thirty-four thousand three hundred and ten", 6900: "six thousand nine hundred"} {
		if got := spell(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
