package dataset

import (
	"fmt"
	"maps"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
)

// Manifest is what a dataset version is: its digest is the version's. Who may
// see the data, where it comes from and which quality policy applies are not
// in it, nor how a store cuts files into pieces.
type Manifest struct {
	Files  []File `json:"files"` // sorted by path
	Schema Schema `json:"schema"`
	// Annotation is the SHA-256 of the annotation guide; "" without one.
	Annotation string `json:"annotation"`
	// Splits lists the files of each split, sorted; those under "production"
	// say row by row which split a case belongs to.
	Splits map[string][]string `json:"splits"`
}

// Schema is the meaning of the columns.
type Schema struct {
	Columns   map[string]Column `json:"columns"`
	Documents *Documents        `json:"documents,omitempty"`
}

// Manifest returns the manifest of d, which was loaded by spec.
func (d *Data) Manifest(spec Spec) Manifest {
	m := Manifest{Files: slices.Clone(d.Files), Annotation: d.Guide,
		Schema: Schema{Columns: maps.Clone(spec.Columns), Documents: spec.Documents},
		Splits: map[string][]string{string(Train): slices.Sorted(slices.Values(spec.Train)), string(Test): slices.Sorted(slices.Values(spec.Test))}}
	if slices.ContainsFunc(d.Files, func(f File) bool { return f.Path == spec.Production }) {
		m.Splits["production"] = []string{spec.Production}
	}
	return m
}

// Digest returns the hex SHA-256 over the manifest in canonical JSON (RFC 8785).
func (m Manifest) Digest() (string, error) {
	digest, err := evidence.Digest(m)
	if err != nil {
		return "", fmt.Errorf("digest manifest: %w", err)
	}
	return digest, nil
}
