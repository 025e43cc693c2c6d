package recorded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

// MaxBytes bounds a file of answers.
const MaxBytes = 64 << 20

// Faults of recorded answers.
var (
	ErrColumns = fault.Def{Kind: fault.Invalid, Code: "recorded.columns",
		En: "the answers lack the column {column}; the file has: {found}", Zh: "回答文件缺少列 {column}；文件中有：{found}",
		HintEn: "name the columns in scenario.yaml under columns, where they differ", HintZh: "列名不同时，请在 scenario.yaml 的 columns 中指明"}
	ErrValue = fault.Def{Kind: fault.Invalid, Code: "recorded.value",
		En: "{column} must be a number that is not negative, got {value}", Zh: "{column} 须为非负数，实际为 {value}"}
	ErrTwice = fault.Def{Kind: fault.Invalid, Code: "recorded.twice",
		En: "the case {case} is answered twice; first at line {line}", Zh: "用例 {case} 有两条回答；第一条在第 {line} 行",
		HintEn: "keep one: repeats of a case are no further cases", HintZh: "请只保留一条：同一用例的重复作答不算新的用例"}
	ErrCitations = fault.Def{Kind: fault.Invalid, Code: "recorded.citations",
		En: "the citations are neither a JSON list of ids nor ids with commas between", Zh: "citations 既不是编号的 JSON 列表，也不是以逗号分隔的编号"}
	ErrStranger = fault.Def{Kind: fault.Invalid, Code: "recorded.stranger",
		En: "{count} answers are to cases that are no test cases here, the first of them {case}", Zh: "{count} 条回答对应的用例不在评测集中，第一条是 {case}",
		HintEn: "the case column holds the ids of test cases; was another version of the data answered?", HintZh: "case 列应为评测用例编号；是否针对另一版本的数据作答？"}
	ErrNoAnswer = fault.Def{Kind: fault.NotFound, Code: "recorded.no_answer",
		En: "there is no recorded answer to the case {case}", Zh: "用例 {case} 没有录制的回答"}
	ErrFailed = fault.Def{Kind: fault.Unavailable, Code: "recorded.failed",
		En: "the system recorded an error on the case {case}", Zh: "被录制的系统在用例 {case} 上报错"}
)

// Fields are what a file of answers may hold; case and answer it must.
var Fields = []string{"suite", "case", "answer", "confidence", "latency_ms", "citations", "error", "tokens_in", "tokens_out"}

type answer struct {
	poc.Answer
	failed bool
	line   int
}

// Answers are recorded answers by case. They are a poc.Candidate.
type Answers struct {
	by map[string]answer
}

// Table reads a CSV, TSV, JSONL or Excel (.xlsx, first sheet) file as a table.
func Table(file string, raw []byte) (*dataset.Reader, error) {
	if strings.EqualFold(path.Ext(file), ".xlsx") {
		var err error
		if raw, err = sheet(file, raw); err != nil {
			return nil, err
		}
		file += ".csv" // the sheet as the reader of tables takes it
	}
	return dataset.NewReader(file, bytes.NewReader(raw))
}

// Read reads a CSV, TSV, JSONL or Excel (.xlsx, first sheet) file of answers.
// columns names the columns that do not have the name of their field. A case is
// named by its id, that of a further suite by its suite too. Errors are faults
// with file and line.
func Read(ctx context.Context, file string, raw []byte, columns map[string]string) (*Answers, error) {
	r, err := Table(file, raw)
	if err != nil {
		return nil, err
	}
	a := &Answers{by: map[string]answer{}}
	name := func(field string) string {
		if c := columns[field]; c != "" {
			return c
		}
		return field
	}
	get := func(row dataset.Row, field string) string {
		if i := r.Index(name(field)); i >= 0 && i < len(row.Values) {
			return row.Values[i]
		}
		return ""
	}
	for {
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if bad != nil {
			return nil, bad
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, field := range []string{"case", "answer"} {
			if r.Index(name(field)) < 0 {
				return nil, ErrColumns.With("column", name(field), "found", r.Columns()).At(file, 1, 0)
			}
		}
		id := strings.TrimSpace(get(row, "case"))
		if suite := strings.TrimSpace(get(row, "suite")); suite != "" && suite != "cases" {
			id = suite + "/" + id
		}
		if first, twice := a.by[id]; twice {
			return nil, ErrTwice.With("case", id, "line", first.line).At(file, row.Line, 0)
		}
		x, err := read(row, get, file)
		if err != nil {
			return nil, err
		}
		a.by[strings.Clone(id)] = x
	}
	if len(a.by) == 0 {
		return nil, dataset.ErrNoRows.With().At(file, 0, 0)
	}
	return a, nil
}

func read(row dataset.Row, get func(dataset.Row, string) string, file string) (answer, error) {
	x := answer{line: row.Line, failed: strings.TrimSpace(get(row, "error")) != ""}
	x.Resolution = strings.Clone(get(row, "answer"))
	number := func(field string, most float64) (float64, error) {
		s := strings.TrimSpace(get(row, field))
		if s == "" {
			return 0, nil
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > most {
			return 0, ErrValue.With("column", field, "value", strconv.Quote(s)).At(file, row.Line, 0)
		}
		return v, nil
	}
	var ms, in, out float64
	for _, f := range []struct {
		field string
		most  float64
		to    *float64
	}{{"confidence", 1, &x.Confidence}, {"latency_ms", 1e9, &ms}, {"tokens_in", 1e12, &in}, {"tokens_out", 1e12, &out}} {
		v, err := number(f.field, f.most)
		if err != nil {
			return x, err
		}
		*f.to = v
	}
	x.Took = poc.Took{Service: time.Duration(ms * float64(time.Millisecond)), InputTokens: int64(in), OutputTokens: int64(out)}
	if s := strings.TrimSpace(get(row, "citations")); s != "" {
		ids := strings.Split(s, ",")
		if strings.HasPrefix(s, "[") {
			if err := json.Unmarshal([]byte(s), &ids); err != nil {
				return x, ErrCitations.With().At(file, row.Line, 0)
			}
		}
		for _, id := range ids {
			x.Citations = append(x.Citations, grader.Citation{ID: strings.TrimSpace(id)})
		}
	}
	return x, nil
}

// Of returns the cases that were answered, in their order; with all set, every
// case. It fails with ErrStranger if answers are to none of cases.
func (a *Answers) Of(cases []dataset.Case, all bool) ([]dataset.Case, error) {
	known := map[string]bool{}
	var out []dataset.Case
	for _, c := range cases {
		known[c.ID] = true
		if _, ok := a.by[c.ID]; ok || all {
			out = append(out, c)
		}
	}
	var strange []string
	for id := range a.by {
		if !known[id] {
			strange = append(strange, id)
		}
	}
	if len(strange) > 0 {
		return nil, ErrStranger.With("count", len(strange), "case", slices.Min(strange))
	}
	return out, nil
}

// Answer returns what was recorded.
func (a *Answers) Answer(_ context.Context, in poc.Input) (poc.Answer, error) {
	x, ok := a.by[in.CaseID]
	switch {
	case !ok:
		return poc.Answer{}, ErrNoAnswer.With("case", in.CaseID)
	case x.failed:
		return poc.Answer{Took: x.Took}, ErrFailed.With("case", in.CaseID)
	}
	return x.Answer, nil
}
