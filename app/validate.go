package app

import (
	"context"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/llm"
)

// Validity is what a valid scenario folder holds.
type Validity struct {
	Slug       string         `json:"slug"`
	Train      int            `json:"train"`
	Test       int            `json:"test"`
	Classes    int            `json:"classes"` // of the main suite
	Suites     int            `json:"suites"`
	Slices     int            `json:"slices"`
	Candidates int            `json:"candidates"`
	Declared   scenario.Level `json:"declared"`
	// Sends is what measuring would send where, at what cost; empty if all is
	// done here. Spend is the most that it may cost; nil is no limit.
	Sends []Sending  `json:"sends"`
	Spend *llm.Money `json:"spend,omitempty"`
}

// Validate checks a scenario folder and its data, without a home. Its faults
// are those of scenario.Open and dataset.Load, and ErrSlice; and of what would
// be sent, those that the run would end with. Nothing is sent.
func Validate(ctx context.Context, dir string) (*Validity, error) {
	b, err := read(ctx, dir)
	if err != nil {
		return nil, err
	}
	return b.validity(ctx)
}

// validity says what a folder holds that was read.
func (b *bound) validity(ctx context.Context) (*Validity, error) {
	doc, main := b.folder.Document, b.main().data
	v := &Validity{Slug: doc.Slug, Classes: len(main.Classes[dataset.Train]), Slices: len(doc.Slices), Suites: len(b.suites),
		Candidates: len(doc.Candidates), Declared: doc.Declared.Level}
	for _, s := range b.suites {
		v.Train, v.Test = v.Train+len(s.data.Train), v.Test+len(s.data.Test)
	}
	var err error
	if v.Sends, err = b.outlook(ctx); err != nil {
		return nil, err
	}
	if limit := b.limit(); limit.Currency != "" {
		v.Spend = &limit
	}
	return v, nil
}
