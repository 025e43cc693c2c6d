package failure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of an import.
var (
	ErrColumn = fault.Def{Kind: fault.Invalid, Code: "failure.column",
		En:     "the file has no column {column} for the failure's {meaning}; it has: {found}; nearest: {nearest}",
		Zh:     "文件中没有列 {column}（用作 {meaning}）；已有：{found}；最接近的：{nearest}",
		HintEn: "say which column it is, for example: --text question", HintZh: "请指明列名，例如：--text question"}
	ErrTime = fault.Def{Kind: fault.Invalid, Code: "failure.time",
		En: "{value} is not a time", Zh: "{value} 不是时间",
		HintEn: "write 2026-11-24T08:00:00Z or 2026-11-24 08:00:00 (taken as UTC)", HintZh: "请写成 2026-11-24T08:00:00Z 或 2026-11-24 08:00:00（按 UTC 处理）"}
	ErrTooMany = fault.Def{Kind: fault.TooLarge, Code: "failure.too_many",
		En: "the file has more than {limit} rows", Zh: "文件超过 {limit} 行",
		HintEn: "import it in parts, or take a sample", HintZh: "请分批导入或抽样"}
)

// MaxRows bounds one import.
const MaxRows = 200_000

// Failure is one answer of the released system that was wrong.
type Failure struct {
	ID     string `json:"id"`   // fl_…; "" before it is stored
	Mode   string `json:"mode"` // fm_…; "" before it is stored
	Digest string `json:"digest"`
	Text   string `json:"text"`
	// Expected is the right answer; "" if nobody has said it yet.
	Expected string `json:"expected"`
	// Case is the case that guards against it; "" if there is none yet.
	Case     string    `json:"case"`
	Got      string    `json:"got"`
	Channel  string    `json:"channel"`
	Note     string    `json:"note"`
	Occurred time.Time `json:"occurred_at"` // zero if unknown
	File     string    `json:"file"`        // base name
	Line     int       `json:"line"`
}

// ImportOptions names the columns of a failures file. An empty name stands for
// the default: text, expected, got, occurred_at, channel, note. All but text
// may be absent from the file, unless they are named here.
type ImportOptions struct {
	Text, Expected, Got, OccurredAt, Channel, Note string
}

// Read reads a CSV or JSONL file of failures. It returns them in the order of
// the file, and how many rows had no text. Faults: those of dataset.Reader,
// dataset.Problems (rows that cannot be read, ErrTime), dataset.ErrNoRows,
// ErrColumn, ErrTooMany.
//
// The digest of a failure covers what happened: text, got, time and channel,
// and how many rows before it in the file say the same. So importing a file
// again, or one that was continued, counts nothing twice, and a file in which
// the right answers have been filled in since names the same failures.
func Read(ctx context.Context, file string, in io.Reader, columns ImportOptions) (failures []Failure, blank int, err error) {
	r, err := dataset.NewReader(file, in)
	if err != nil {
		return nil, 0, err
	}
	f := &reader{file: file, r: r, columns: columns, seen: map[string]int{}}
	for {
		row, wrong, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		if f.rows++; f.rows > MaxRows {
			return nil, 0, ErrTooMany.With("limit", MaxRows).At(file, row.Line, 0)
		}
		if f.rows%1024 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if wrong != nil {
			f.bad(wrong)
			continue
		}
		if err := f.row(row); err != nil {
			return nil, 0, err
		}
	}
	if err := f.columnsThere(); err != nil {
		return nil, 0, err
	}
	if f.more > 0 {
		f.problems = append(f.problems, dataset.ErrMore.With("count", f.more))
	}
	if len(f.problems) > 0 {
		return nil, 0, f.problems
	}
	if f.rows == 0 {
		return nil, 0, dataset.ErrNoRows.With().At(file, 0, 0)
	}
	return f.out, f.blank, nil
}

type reader struct {
	file     string
	r        *dataset.Reader
	columns  ImportOptions
	out      []Failure
	blank    int
	rows     int
	seen     map[string]int
	problems dataset.Problems
	more     int
}

func (f *reader) bad(e *fault.Error) {
	if len(f.problems) < dataset.MaxProblems {
		f.problems = append(f.problems, e)
	} else {
		f.more++
	}
}

// value returns what stands in a column, without spaces around it, or "".
func (f *reader) value(row dataset.Row, column, otherwise string) string {
	if column == "" {
		column = otherwise
	}
	i := f.r.Index(column)
	if i < 0 || i >= len(row.Values) || dataset.Missing(row.Values[i]) {
		return ""
	}
	return strings.TrimSpace(row.Values[i])
}

func (f *reader) row(row dataset.Row) error {
	c := f.columns
	x := Failure{Text: f.value(row, c.Text, "text"), Expected: f.value(row, c.Expected, "expected"), Got: f.value(row, c.Got, "got"),
		Channel: f.value(row, c.Channel, "channel"), Note: f.value(row, c.Note, "note"),
		File: path.Base(strings.ReplaceAll(f.file, `\`, "/")), Line: row.Line}
	if x.Text == "" {
		f.blank++
		return nil
	}
	when := f.value(row, c.OccurredAt, "occurred_at")
	if when != "" {
		t, ok := dataset.ParseTime(when)
		if !ok {
			f.bad(ErrTime.With("value", strconv.Quote(when[:min(len(when), 60)])).At(f.file, row.Line, 0))
			return nil
		}
		x.Occurred = t.Truncate(time.Microsecond) // as it is stored
		when = x.Occurred.Format(time.RFC3339Nano)
	}
	key := strings.Join([]string{x.Text, x.Got, when, x.Channel}, "\x00")
	f.seen[key]++
	digest, err := evidence.Digest(map[string]any{"text": x.Text, "got": x.Got, "occurred_at": when, "channel": x.Channel, "repeat": f.seen[key]})
	if err != nil {
		return fmt.Errorf("digest failure at %s:%d: %w", f.file, row.Line, err)
	}
	x.Digest = digest
	f.out = append(f.out, x)
	return nil
}

// columnsThere comes last, since JSONL shows its columns row by row.
func (f *reader) columnsThere() error {
	c := f.columns
	for _, x := range []struct{ name, meaning string }{{c.Text, "text"}, {c.Expected, "expected"}, {c.Got, "got"},
		{c.OccurredAt, "occurred_at"}, {c.Channel, "channel"}, {c.Note, "note"}} {
		if x.name == "" {
			if x.meaning != "text" {
				continue
			}
			x.name = x.meaning
		}
		if f.r.Index(x.name) >= 0 {
			continue
		}
		found := f.r.Columns()
		near := text.Nearest(x.name, found)
		if near == "" {
			near = "–"
		}
		return ErrColumn.With("column", x.name, "meaning", x.meaning, "found", found[:min(len(found), 30)], "nearest", near).At(f.file, 1, 0)
	}
	return nil
}
