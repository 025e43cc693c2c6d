package raters

import (
	"errors"
	"io"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/recorded"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/stats"
)

// ErrChoice is returned for an answer that a question does not have.
var ErrChoice = fault.Def{Kind: fault.Invalid, Code: "raters.choice",
	En: "the question {question} has no answer {answer}; it has: {known}", Zh: "问题 {question} 没有选项 {answer}；可选：{known}"}

// ChoiceFields are the columns of a sheet of questions.
var ChoiceFields = []string{"slice", "question", "answer", "options"}

// ReadChoices reads one person's answers to questions with ordered options, by
// "slice/question". options are those of each question, the least demanding
// first. Empty answers are left out.
func ReadChoices(file string, raw []byte, options map[string][]string) ([]Rating, map[string]int, error) {
	r, err := recorded.Table(file, raw)
	if err != nil {
		return nil, nil, err
	}
	var out []Rating
	at := map[string]int{}
	for {
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if bad != nil {
			return nil, nil, bad
		}
		get := func(c string) string {
			if i := r.Index(c); i >= 0 && i < len(row.Values) {
				return strings.TrimSpace(row.Values[i])
			}
			return ""
		}
		for _, c := range []string{"question", "answer"} {
			if r.Index(c) < 0 {
				return nil, nil, ErrColumns.With("column", c, "found", r.Columns()).At(file, 1, 0)
			}
		}
		question, answer := get("question"), get("answer")
		if answer == "" {
			continue
		}
		n := -1
		for i, o := range options[question] {
			if strings.EqualFold(o, answer) {
				n = i
			}
		}
		if n < 0 {
			return nil, nil, ErrChoice.With("question", question, "answer", answer, "known", options[question]).At(file, row.Line, 0)
		}
		id := get("slice") + "/" + question
		if _, twice := at[id]; twice {
			return nil, nil, ErrTwice.With("id", id, "line", row.Line).At(file, row.Line, 0)
		}
		at[id] = n
		out = append(out, Rating{ID: id, Slice: get("slice"), Input: question, Answer: options[question][n], Line: row.Line})
	}
	if len(out) == 0 {
		return nil, nil, ErrNone.With().At(file, 0, 0)
	}
	return out, at, nil
}

// CompareChoices compares two people's answers to questions with categories
// ordered options: kappa is linearly weighted, so that one step apart counts
// half as much as two. It fails with ErrApart.
func CompareChoices(first, second []Rating, a, b map[string]int, categories int) (Agreement, error) {
	out := Agreement{Table: make([][]int, categories), Disagreements: []Disagreement{}}
	for i := range out.Table {
		out.Table[i] = make([]int, categories)
	}
	by := map[string]Rating{}
	for _, x := range second {
		by[x.ID] = x
	}
	for _, x := range first {
		y, ok := by[x.ID]
		if !ok {
			out.OnlyFirst++
			continue
		}
		out.Both++
		out.Table[a[x.ID]][b[x.ID]]++
		if x.Answer != y.Answer {
			out.Disagreements = append(out.Disagreements, Disagreement{ID: x.ID, Slice: x.Slice, Input: x.Input, First: x.Answer, Second: y.Answer})
		}
	}
	out.OnlySecond = len(second) - out.Both
	if out.Both == 0 {
		return out, ErrApart.With("first", len(first), "second", len(second))
	}
	out.Kappa = stats.Kappa(out.Table, stats.Linear, Level)
	return out, nil
}
