package raters

import (
	"errors"
	"io"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/recorded"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

// MaxBytes bounds a file of ratings.
const MaxBytes = 16 << 20

// Faults of a file of ratings.
var (
	ErrColumns = fault.Def{Kind: fault.Invalid, Code: "raters.columns",
		En: "the ratings lack the column {column}; the file has: {found}", Zh: "评判文件缺少列 {column}；文件中有：{found}"}
	ErrGood = fault.Def{Kind: fault.Invalid, Code: "raters.value",
		En: "the column good takes yes or no, got {value}", Zh: "good 列只能填“是”或“否”，实际为 {value}"}
	ErrTwice = fault.Def{Kind: fault.Invalid, Code: "raters.twice",
		En: "{id} is rated twice; first at line {line}", Zh: "{id} 有两条评判；第一条在第 {line} 行",
		HintEn: "one file holds the ratings of one person: keep one row for each", HintZh: "一个文件只含一位评判者的结果，每项只保留一行"}
	ErrNone = fault.Def{Kind: fault.Invalid, Code: "raters.none",
		En: "nothing is rated yet: the column good is empty", Zh: "尚无评判：good 列为空",
		HintEn: "write yes or no into the column good", HintZh: "请在 good 列填写“是”或“否”"}
)

// Fields are the columns of a sheet of ratings, in its order.
var Fields = []string{"id", "slice", "input", "expected", "answer", "good", "note"}

// Rating is what one person says of one item. An item without an answer is a
// case whose expected resolution is judged.
type Rating struct {
	ID       string `json:"id"`
	Slice    string `json:"slice,omitempty"`
	Input    string `json:"input"`
	Expected string `json:"expected,omitempty"`
	Answer   string `json:"answer,omitempty"`
	Good     bool   `json:"good"`
	Note     string `json:"note,omitempty"`
	Line     int    `json:"-"`
}

var yes = strings.Fields("yes y true 1 good right correct 是 对 好 正确 合格 √ ✓")
var no = strings.Fields("no n false 0 bad wrong incorrect 否 错 差 不对 错误 不合格 × ✗")

// verdict reads a yes or a no.
func verdict(s string) (good, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, w := range yes {
		if s == w {
			return true, true
		}
	}
	for _, w := range no {
		if s == w {
			return false, true
		}
	}
	return false, false
}

// Read reads ratings from CSV, TSV, JSONL or Excel. Columns that it must have
// are needed and good; rows whose good is empty are left out, and counted.
// Without a column id the line names the item. Faults have file and line.
func Read(file string, raw []byte, needed ...string) (out []Rating, open int, err error) {
	if len(raw) > MaxBytes {
		return nil, 0, dataset.ErrTooLarge.With("limit", MaxBytes).At(file, 0, 0)
	}
	r, err := recorded.Table(file, raw)
	if err != nil {
		return nil, 0, err
	}
	first := map[string]int{}
	for {
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		if bad != nil {
			return nil, 0, bad
		}
		if len(first) == 0 && open == 0 { // JSONL knows its columns with its first row
			for _, c := range append([]string{"good"}, needed...) {
				if r.Index(c) < 0 {
					return nil, 0, ErrColumns.With("column", c, "found", r.Columns()).At(file, 1, 0)
				}
			}
		}
		get := func(c string) string {
			if i := r.Index(c); i >= 0 && i < len(row.Values) {
				return strings.Clone(row.Values[i])
			}
			return ""
		}
		x := Rating{ID: get("id"), Slice: get("slice"), Input: get("input"), Expected: get("expected"), Answer: get("answer"), Note: get("note"), Line: row.Line}
		if x.ID == "" {
			x.ID = lineName(row.Line)
		}
		said := get("good")
		if strings.TrimSpace(said) == "" {
			open++
			continue
		}
		var ok bool
		if x.Good, ok = verdict(said); !ok {
			return nil, 0, ErrGood.With("value", said).At(file, row.Line, 0)
		}
		if at, twice := first[x.ID]; twice {
			return nil, 0, ErrTwice.With("id", x.ID, "line", at).At(file, row.Line, 0)
		}
		first[x.ID] = row.Line
		out = append(out, x)
	}
	if len(out) == 0 {
		return nil, open, ErrNone.With().At(file, 0, 0)
	}
	return out, open, nil
}
