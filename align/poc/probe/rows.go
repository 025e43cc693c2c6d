package probe

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Bounds of a file of probe cases.
const (
	MaxBytes = 8 << 20
	MaxRows  = 10_000
)

// Faults of the data of a probe.
var (
	ErrColumn = fault.Def{Kind: fault.Invalid, Code: "probe.column",
		En: "the probe's file lacks the column {column}; the file has: {found}", Zh: "探测文件缺少列 {column}；文件中有：{found}",
		HintEn: "what each family reads is in docs/probes.md", HintZh: "各类探测读取哪些列，见 docs/probes.md"}
	ErrEmpty = fault.Def{Kind: fault.Invalid, Code: "probe.empty",
		En: "{column} is empty", Zh: "{column} 为空",
		HintEn: "what each family reads is in docs/probes.md", HintZh: "各类探测读取哪些列，见 docs/probes.md"}
	ErrCase = fault.Def{Kind: fault.Invalid, Code: "probe.case",
		En: "there is no test case {case} in the suite {suite}", Zh: "用例集 {suite} 中没有评测用例 {case}",
		HintEn: "name a test case by its id, or leave case empty and state original and expected", HintZh: "请填写评测用例的编号，或将 case 留空并填写 original 与 expected"}
	ErrSame = fault.Def{Kind: fault.Invalid, Code: "probe.same",
		En: "the variant says what the original says, word for word", Zh: "变体与原文完全相同",
		HintEn: "a variant that changes nothing measures nothing: change it, or leave the row out", HintZh: "没有改动的变体测不出什么：请修改或删除该行"}
	ErrTwice = fault.Def{Kind: fault.Invalid, Code: "probe.twice",
		En: "the row {id} stands twice; first at line {line}", Zh: "{id} 出现了两次；第一次在第 {line} 行",
		HintEn: "give each row an id of its own, or none", HintZh: "每行的 id 须不同，或都不填写"}
	ErrID = fault.Def{Kind: fault.Invalid, Code: "probe.id",
		En: "the id {id} holds ~, which marks the variants of a case", Zh: "id {id} 含有 ~，该符号用于标记用例的变体"}
	ErrShould = fault.Def{Kind: fault.Invalid, Code: "probe.should",
		En: "should must be refuse or answer, got {value}", Zh: "should 须为 refuse 或 answer，实际为 {value}"}
	ErrTooMany = fault.Def{Kind: fault.TooLarge, Code: "probe.too_many",
		En: "the probe's file has more than {limit} rows", Zh: "探测文件超过 {limit} 行"}
)

// Row is one case that people wrote.
type Row struct {
	ID string // its number in the file if none is given
	// Case is the id of the test case that Text is a variant of, as it stands
	// in the suite's file; "" if the row stands alone.
	Case     string
	Text     string
	Original string // what Text is compared with, of a row that stands alone
	Expected string // the right answer; that of Case if ""
	Should   string // refuse, answer
	Canary   string // what an answer holds that obeyed

	file string
	line int
}

// need returns ErrEmpty for the first value that is none; it takes names and
// values in turn.
func (r Row) need(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if strings.TrimSpace(pairs[i+1]) == "" {
			return ErrEmpty.With("column", pairs[i]).At(r.file, r.line, 0)
		}
	}
	return nil
}

// Read reads a CSV, TSV or JSONL file of probe cases. It needs the column text;
// columns that it does not know are passed over. Errors are faults with file
// and line.
func Read(file string, raw []byte) ([]Row, error) {
	r, err := dataset.NewReader(file, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var out []Row
	lines := map[string]int{}
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
		if r.Index("text") < 0 {
			return nil, ErrColumn.With("column", "text", "found", r.Columns()).At(file, 1, 0)
		}
		if len(out) == MaxRows {
			return nil, ErrTooMany.With("limit", MaxRows).At(file, row.Line, 0)
		}
		get := func(column string) string {
			if i := r.Index(column); i >= 0 && i < len(row.Values) {
				return strings.Clone(row.Values[i])
			}
			return ""
		}
		x := Row{ID: cmp.Or(strings.TrimSpace(get("id")), strconv.Itoa(len(out)+1)), Case: strings.TrimSpace(get("case")), Text: get("text"), Original: get("original"),
			Expected: get("expected"), Should: strings.TrimSpace(get("should")), Canary: strings.TrimSpace(get("canary")), file: file, line: row.Line}
		if strings.Contains(x.ID, "~") {
			return nil, ErrID.With("id", strconv.Quote(x.ID)).At(file, row.Line, 0)
		}
		if first, twice := lines[x.ID]; twice {
			return nil, ErrTwice.With("id", x.ID, "line", first).At(file, row.Line, 0)
		}
		lines[x.ID] = row.Line
		out = append(out, x)
	}
	if len(out) == 0 {
		return nil, dataset.ErrNoRows.With().At(file, 0, 0)
	}
	return out, nil
}

// pairs makes of each row a variant of the test case that it names, or of the
// original that it states, which is then asked too.
func pairs(p scenario.Probe, cases []dataset.Case, rows []Row) ([]Variant, error) {
	byID := map[string]dataset.Case{}
	for _, c := range cases {
		byID[strings.TrimPrefix(c.ID, p.Suite+"/")] = c
	}
	var out []Variant
	for _, r := range rows {
		if err := r.need("text", r.Text); err != nil {
			return nil, err
		}
		c, of := dataset.Case{}, ""
		if r.Case != "" {
			var ok bool
			if c, ok = byID[r.Case]; !ok {
				return nil, ErrCase.With("case", r.Case, "suite", p.Suite).At(r.file, r.line, 0)
			}
			of = c.ID
		} else {
			if err := r.need("original", r.Original, "expected", r.Expected); err != nil {
				return nil, err
			}
			c = dataset.Case{ID: p.ID + "/" + r.ID + "~0", Input: r.Original, Resolution: r.Expected, Suite: suiteOf(cases), Split: dataset.Test}
			c.Cluster, of = r.ID, c.ID
			out = append(out, Variant{Case: c, Reference: true})
		}
		if strings.TrimSpace(r.Text) == strings.TrimSpace(c.Input) {
			return nil, ErrSame.With().At(r.file, r.line, 0)
		}
		v := Variant{Case: c, Of: of}
		v.Case.ID, v.Case.Input, v.Case.Cluster = p.ID+"/"+r.ID, r.Text, cmp.Or(r.Case, r.ID)
		v.Case.Resolution = cmp.Or(r.Expected, c.Resolution)
		out = append(out, v)
	}
	return out, nil
}

func refusals(p scenario.Probe, rows []Row) ([]Variant, error) {
	var out []Variant
	for _, r := range rows {
		if err := r.need("text", r.Text); err != nil {
			return nil, err
		}
		if r.Should != "refuse" && r.Should != "answer" {
			return nil, ErrShould.With("value", text.Text{En: strconv.Quote(r.Should), Zh: "“" + r.Should + "”"}).At(r.file, r.line, 0)
		}
		suite := p.Suite
		out = append(out, Variant{Refuse: r.Should == "refuse", Case: dataset.Case{ID: p.ID + "/" + r.ID, Input: r.Text, Cluster: r.ID, Suite: suite, Split: dataset.Test}})
	}
	return out, nil
}
