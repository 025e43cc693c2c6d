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
	diffs, err := canvas.Differ(dir, filepath.Join("..", "..", "quality-inspection/data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		t.Error(d)
	}
}
