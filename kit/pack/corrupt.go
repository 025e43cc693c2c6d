package pack

import (
	"archive/zip"
	"compress/flate"
	"errors"
)

// corrupt reports whether err is what a decompressor says of bad input.
func corrupt(err error) bool {
	var c flate.CorruptInputError
	return errors.As(err, &c) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrAlgorithm)
}
