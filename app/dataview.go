package app

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/prove/quality"
)

// DataView is what a report shows of the data-quality gate.
func DataView(q quality.Result) *report.Data {
	d := &report.Data{Policy: q.Policy, Passed: q.Passed, Rules: []report.DataRule{}, Missing: []report.MissingCell{}, Examples: []report.Pair{},
		Rows: q.Metrics.Rows, Train: q.Metrics.TrainRows, Test: q.Metrics.TestRows, Classes: q.Metrics.Classes,
		Leaked: q.Profile.Duplicates.LeakedIdentical + q.Profile.Duplicates.LeakedSame, NearLeaked: q.Profile.Duplicates.LeakedNear,
		Duplicates: q.Profile.Duplicates.Repeated, NearDuplicates: q.Profile.Duplicates.Near}
	for _, r := range q.Rules {
		d.Rules = append(d.Rules, report.DataRule{ID: r.ID, Title: r.Text(), Observed: r.Observed, Allowed: r.Allowed,
			AtLeast: r.ID != quality.RuleMissing, Passed: r.Passed, Subject: cmp.Or(r.Column, r.Class)})
	}
	for _, c := range q.Profile.Columns {
		for _, s := range []dataset.Split{dataset.Train, dataset.Test} {
			if n, rows := c.Missing[s], q.Profile.Rows[s]; n > 0 && rows > 0 {
				d.Missing = append(d.Missing, report.MissingCell{Column: c.Name, Split: string(s), Rows: n, Share: float64(n) / float64(rows)})
			}
		}
	}
	slices.SortStableFunc(d.Missing, func(a, b report.MissingCell) int { return cmp.Compare(b.Share, a.Share) })
	for _, p := range q.Profile.Duplicates.Pairs {
		kind := "duplicate"
		switch {
		case p.Leak && p.Likeness == quality.Alike:
			kind = "near_leak"
		case p.Leak:
			kind = "leak"
		case p.Likeness == quality.Alike:
			kind = "near_duplicate"
		}
		d.Examples = append(d.Examples, report.Pair{Kind: kind, A: where(p.A), B: where(p.B), Sim: p.Similarity})
	}
	return d
}

func where(p quality.Place) string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// digestOf returns the digest of the dataset version that a record is about.
func digestOf(r evidence.Record) string {
	for _, s := range r.Statement.Subject {
		if s.Role() == scenario.RoleDataset {
			return s.SHA256()
		}
	}
	return ""
}
