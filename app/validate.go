package app

import (
	"context"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
)

// Validity is what a valid scenario folder holds.
type Validity struct {
	Slug       string         `json:"slug"`
	Train      int            `json:"train"`
	Test       int            `json:"test"`
	Classes    int            `json:"classes"`
	Slices     int            `json:"slices"`
	Candidates int            `json:"candidates"`
	Declared   scenario.Level `json:"declared"`
}

// Validate checks a scenario folder and its data, without a home. Its faults
// are those of scenario.Open and dataset.Load, and ErrSlice.
func Validate(ctx context.Context, dir string) (*Validity, error) {
	f, err := scenario.Open(dir)
	if err != nil {
		return nil, err
	}
	data, err := dataset.Load(ctx, dir, f.Document.Data)
	if err != nil {
		return nil, err
	}
	if err := checkSlices(f.Document, data); err != nil {
		return nil, err
	}
	return &Validity{Slug: f.Document.Slug, Train: len(data.Train), Test: len(data.Test), Classes: len(data.Classes[dataset.Train]),
		Slices: len(f.Document.Slices), Candidates: len(f.Document.Candidates), Declared: f.Document.Declared.Level}, nil
}
