package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/raters"
	"github.com/landfall-ai/landfall/align/poc/recorded"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/file"
)

// RatingSheet samples cases of the main suite for a person to judge: n of them
// spread over the slices by their share, the same ones each time. With answers,
// a file of recorded answers, these are judged; else the expected resolutions.
func RatingSheet(ctx context.Context, dir string, n int, answers string) (rows [][]string, err error) {
	b, err := read(ctx, dir)
	if err != nil {
		return nil, err
	}
	var given *recorded.Answers
	if answers != "" {
		raw, err := readLimited(answers, recorded.MaxBytes)
		if err != nil {
			return nil, err
		}
		if given, err = recorded.Read(ctx, answers, raw, nil); err != nil {
			return nil, err
		}
	}
	// By hash within slices in turn: each slice gives its share, and a larger
	// sample holds the smaller one.
	cases := slices.Clone(b.main().data.Test)
	place := func(c dataset.Case) string { h := sha256.Sum256([]byte(c.ID)); return string(h[:]) }
	slices.SortFunc(cases, func(x, y dataset.Case) int { return strings.Compare(place(x), place(y)) })
	total, taken := map[string]int{}, map[string]int{}
	for _, c := range cases {
		total[c.Slice]++
	}
	rows = [][]string{raters.Fields}
	for _, c := range cases {
		quota := (n*total[c.Slice] + len(cases) - 1) / len(cases)
		if taken[c.Slice] >= quota || len(rows) > n {
			continue
		}
		answer := ""
		if given != nil {
			a, err := given.Answer(ctx, poc.Input{CaseID: c.ID, Text: c.Input})
			if err != nil {
				continue // the system did not answer this one
			}
			answer = a.Resolution
		}
		taken[c.Slice]++
		rows = append(rows, []string{c.ID, c.Slice, c.Input, c.Resolution, answer, "", ""})
	}
	return rows, nil
}

// RubricSheet is the questions of the declared level, for the scenario and each
// slice, for a person to answer.
func RubricSheet(dir string) ([][]string, error) {
	f, err := scenario.Open(dir)
	if err != nil {
		return nil, err
	}
	rows := [][]string{raters.ChoiceFields}
	of := []string{""}
	for _, s := range f.Document.Slices {
		of = append(of, s.ID)
	}
	for _, slice := range of {
		for _, q := range grade.Questions() {
			rows = append(rows, []string{slice, q.ID, "", strings.Join(optionsOf(q), " | ")})
		}
	}
	return rows, nil
}

func optionsOf(q grade.Question) []string {
	out := make([]string, len(q.Options))
	for i, o := range q.Options {
		out[i] = o.ID
	}
	return out
}

// CompareRaters compares what two people said, in files that came of the sheets,
// and keeps the agreement for the scenario's report. Texts are not kept.
func (a *App) CompareRaters(_ context.Context, dir, first, second string, rubric bool) (*raters.Agreement, error) {
	f, err := scenario.Open(dir)
	if err != nil {
		return nil, err
	}
	raw := [2][]byte{}
	for i, name := range []string{first, second} {
		if raw[i], err = readLimited(name, raters.MaxBytes); err != nil {
			return nil, err
		}
	}
	var got raters.Agreement
	if rubric {
		options := map[string][]string{}
		most := 0
		for _, q := range grade.Questions() {
			options[q.ID] = optionsOf(q)
			most = max(most, len(q.Options))
		}
		x, xs, err := raters.ReadChoices(first, raw[0], options)
		if err != nil {
			return nil, err
		}
		y, ys, err := raters.ReadChoices(second, raw[1], options)
		if err != nil {
			return nil, err
		}
		if got, err = raters.CompareChoices(x, y, xs, ys, most); err != nil {
			return nil, err
		}
	} else {
		x, _, err := raters.Read(first, raw[0])
		if err != nil {
			return nil, err
		}
		y, _, err := raters.Read(second, raw[1])
		if err != nil {
			return nil, err
		}
		if got, err = raters.Compare(x, y); err != nil {
			return nil, err
		}
	}
	kept, err := a.agreements(f.Document.Slug)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		kept = &report.Raters{}
	}
	small := got
	small.Disagreements = nil
	for _, d := range got.Disagreements {
		small.Disagreements = append(small.Disagreements, raters.Disagreement{ID: d.ID, Slice: d.Slice, First: d.First, Second: d.Second})
	}
	if rubric {
		kept.Rubric = &small
	} else {
		kept.Cases = &small
	}
	err = file.Write(a.agreementsFile(f.Document.Slug), 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(kept) })
	if err != nil {
		return nil, fmt.Errorf("keep the agreement: %w", err)
	}
	return &got, nil
}

func (a *App) agreementsFile(slug string) string {
	return filepath.Join(a.Home.Dir(), "raters", slug+".json")
}

// agreements are those kept for a scenario; nil if none are.
func (a *App) agreements(slug string) (*report.Raters, error) {
	raw, err := os.ReadFile(a.agreementsFile(slug))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var out report.Raters
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("read the agreement of raters: %w", err)
	}
	return &out, nil
}

func readLimited(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, dataset.ErrNoFile.With("file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(raw)) > limit {
		return nil, dataset.ErrTooLarge.With("limit", limit).At(name, 0, 0)
	}
	return raw, nil
}
