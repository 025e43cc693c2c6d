package raters

import (
	"strconv"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/stats"
)

// ErrApart is returned for files of two people that share no item.
var ErrApart = fault.Def{Kind: fault.Invalid, Code: "raters.apart",
	En: "the two files rate no item in common: {first} and {second} items", Zh: "两份文件没有共同评判的项目：分别为 {first} 项和 {second} 项",
	HintEn: "give both people the same sheet, and leave its column id alone", HintZh: "请让两人使用同一份评判表，并且不要改动 id 列"}

// Agreement is how far two people agree on the same items.
type Agreement struct {
	// Both is how many items both rated; OnlyFirst and OnlySecond how many one
	// of them left out.
	Both       int `json:"both"`
	OnlyFirst  int `json:"only_first,omitempty"`
	OnlySecond int `json:"only_second,omitempty"`
	// Table is the first by the second: [0][1] are items that the first calls
	// bad and the second good.
	Table [][]int         `json:"table"`
	Kappa stats.Agreement `json:"kappa"`
	// Disagreements are the items on which they differ, in the order of the
	// first file.
	Disagreements []Disagreement `json:"disagreements"`
}

// Disagreement is an item on which two people differ.
type Disagreement struct {
	ID       string `json:"id"`
	Slice    string `json:"slice,omitempty"`
	Input    string `json:"input"`
	Expected string `json:"expected,omitempty"`
	Answer   string `json:"answer,omitempty"`
	First    string `json:"first"`
	Second   string `json:"second"`
	Notes    string `json:"notes,omitempty"`
}

// Level of the interval of kappa.
const Level = 0.95

// Compare compares two people's ratings by id. It fails with ErrApart if they
// have no item in common.
func Compare(first, second []Rating) (Agreement, error) {
	by := make(map[string]Rating, len(second))
	for _, x := range second {
		by[x.ID] = x
	}
	out := Agreement{Table: [][]int{{0, 0}, {0, 0}}, Disagreements: []Disagreement{}}
	for _, a := range first {
		b, ok := by[a.ID]
		if !ok {
			out.OnlyFirst++
			continue
		}
		out.Both++
		out.Table[index(a.Good)][index(b.Good)]++
		if a.Good != b.Good {
			d := Disagreement{ID: a.ID, Slice: a.Slice, Input: a.Input, Expected: a.Expected, Answer: a.Answer, First: word(a.Good), Second: word(b.Good)}
			for _, n := range []string{a.Note, b.Note} {
				if n != "" && d.Notes != "" {
					d.Notes += "; "
				}
				d.Notes += n
			}
			out.Disagreements = append(out.Disagreements, d)
		}
	}
	out.OnlySecond = len(second) - out.Both
	if out.Both == 0 {
		return out, ErrApart.With("first", len(first), "second", len(second))
	}
	out.Kappa = stats.Kappa(out.Table, stats.Identity, Level)
	return out, nil
}

func index(good bool) int {
	if good {
		return 1
	}
	return 0
}

func word(good bool) string {
	if good {
		return "yes"
	}
	return "no"
}

func lineName(line int) string { return "line " + strconv.Itoa(line) }
