package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Form is how a column's values are written in a table. JSON, YAML and CSV
// always hold the values themselves.
type Form string

// The forms.
const (
	AsText    Form = ""        // strings and numbers as they are, lists joined
	AsShare   Form = "share"   // 0.814 → 81.4%
	AsCount   Form = "count"   // 13083 → 13,083
	AsSize    Form = "size"    // bytes → 72 MB
	AsTime    Form = "time"    // RFC 3339 → 2026-11-24 09:30
	AsOutcome Form = "outcome" // pass → ✓ pass
	AsMillis  Form = "millis"  // milliseconds → 350 ms
)

// Column is one column of a list, or one line of a single thing.
type Column struct {
	// Field is the JSON name; dots reach inside: "candidate.name".
	Field string
	Head  text.Text
	Form  Form
}

// ErrNoCSV is what -o csv gets from a command whose data is not one table.
var ErrNoCSV = fault.Def{Kind: fault.Invalid, Code: "term.no_csv",
	En: "this output is not one table, so it cannot be CSV", Zh: "此输出不是单一表格，无法写成 CSV",
	HintEn: "use -o json or -o yaml", HintZh: "请使用 -o json 或 -o yaml"}

// Print writes v as JSON or YAML, or has human write what a person reads.
func (t *Terminal) Print(v any, human func(w io.Writer) error) error {
	switch t.Format {
	case JSON:
		return writeJSON(t.Out, v)
	case YAML:
		return writeYAML(t.Out, v)
	case CSV:
		return ErrNoCSV.With()
	}
	return human(t.Out)
}

// PrintList writes doc as JSON or YAML; as a table or CSV, its items (a
// slice, or anything that is a list in JSON) with columns cols. Without cols
// they are the scalar fields of the first item. CSV names columns by their
// fields.
func (t *Terminal) PrintList(doc, items any, cols []Column) error {
	if t.Format == JSON || t.Format == YAML {
		return t.Print(doc, nil)
	}
	var rows []json.RawMessage
	if err := reencode(items, &rows); err != nil {
		return fmt.Errorf("print list: %w", err)
	}
	if len(cols) == 0 && len(rows) > 0 {
		var err error
		if cols, err = scalarColumns(rows[0]); err != nil {
			return fmt.Errorf("print list: %w", err)
		}
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		var v any
		if err := decode(row, &v); err != nil {
			return fmt.Errorf("print list: %w", err)
		}
		cells[i] = make([]string, len(cols))
		for j, c := range cols {
			cells[i][j] = t.cell(lookup(v, c.Field), c.Form)
		}
	}
	head, right := make([]string, len(cols)), make([]bool, len(cols))
	for j, c := range cols {
		head[j], right[j] = c.Head.In(t.Lang), c.Form.right()
		if t.Format == CSV {
			head[j] = c.Field
		}
	}
	if t.Format == CSV {
		return writeCSV(t.Out, head, cells)
	}
	if len(rows) == 0 {
		return t.Talk("none yet", "暂无")
	}
	return t.Grid(t.Out, head, right, cells)
}

// PrintOne writes v as JSON or YAML, as a line for each column, or as CSV
// with one row. Without cols they are v's scalar fields.
func (t *Terminal) PrintOne(v any, cols []Column) error {
	if t.Format == CSV {
		return t.PrintList(v, []any{v}, cols)
	}
	return t.Print(v, func(w io.Writer) error {
		var raw json.RawMessage
		if err := reencode(v, &raw); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		if len(cols) == 0 {
			var err error
			if cols, err = scalarColumns(raw); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		var tree any
		if err := decode(raw, &tree); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		rows := make([][]string, len(cols))
		for i, c := range cols {
			rows[i] = []string{t.Faint(Clean(c.Head.In(t.Lang))), t.cell(lookup(tree, c.Field), c.Form)}
		}
		return t.Grid(w, nil, nil, rows)
	})
}

// Grid writes rows below head (nil for none) in columns that measure Chinese
// widths, two spaces apart, without borders. right says which columns align
// to the right. Cells may hold colour; data must have passed Clean. On a
// terminal that is too narrow the cells wrap.
func (t *Terminal) Grid(w io.Writer, head []string, right []bool, rows [][]string) error {
	color := w == t.Out && t.outColor() || w == t.Err && t.errColor()
	cols := len(head)
	for _, r := range rows {
		cols = max(cols, len(r))
	}
	if cols == 0 {
		return nil
	}
	natural := make([]int, cols)
	for _, r := range append([][]string{head}, rows...) {
		for j, c := range r {
			natural[j] = max(natural[j], lipgloss.Width(c))
		}
	}
	total := 2 * (cols - 1)
	for _, n := range natural {
		total += n
	}
	g := table.New().Border(lipgloss.Border{}).BorderTop(false).BorderBottom(false).
		BorderLeft(false).BorderRight(false).BorderHeader(false).BorderColumn(false).BorderRow(false).
		StyleFunc(func(row, col int) lipgloss.Style {
			st := lipgloss.NewStyle()
			if row == table.HeaderRow && color {
				st = st.Bold(true)
			}
			if col < cols-1 {
				st = st.PaddingRight(2)
			}
			if col < len(right) && right[col] {
				st = st.Align(lipgloss.Right)
			}
			return st
		}).Rows(rows...)
	if head != nil {
		g = g.Headers(head...)
	}
	if t.OutTTY && t.Width > 0 && total > t.Width {
		g = g.Width(t.Width).Wrap(true)
	}
	var out bytes.Buffer
	for line := range strings.Lines(g.Render()) {
		out.WriteString(strings.TrimRight(line, " \n"))
		out.WriteByte('\n')
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func (f Form) right() bool {
	return f == AsShare || f == AsCount || f == AsSize || f == AsMillis
}

// cell writes a decoded JSON value; for CSV as it is.
func (t *Terminal) cell(v any, f Form) string {
	if v == nil {
		if t.Format == CSV {
			return ""
		}
		return None
	}
	if t.Format == CSV {
		return flat(v, ";")
	}
	if n, ok := v.(json.Number); ok {
		x, err := n.Float64()
		if err == nil {
			switch f {
			case AsShare:
				return Percent(x)
			case AsCount:
				return Count(int64(math.Round(x)))
			case AsSize:
				return Bytes(int64(x))
			case AsMillis:
				return Duration(time.Duration(x*float64(time.Millisecond)), t.Lang)
			}
		}
	}
	if s, ok := v.(string); ok {
		switch f {
		case AsOutcome:
			return t.Mark(s)
		case AsTime:
			if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
				zone := t.Zone
				if zone == nil {
					zone = time.UTC
				}
				return at.In(zone).Format("2006-01-02 15:04")
			}
		}
	}
	if m, ok := v.(map[string]any); ok {
		// A text in both languages shows the one that is read.
		if en, zh := m["en"], m["zh"]; len(m) == 2 && en != nil && zh != nil {
			v = t.Say(flat(en, ""), flat(zh, ""))
		}
	}
	if s := flat(v, ", "); s != "" {
		return Clean(s)
	}
	return None
}

// flat writes a decoded JSON value on one line.
func flat(v any, sep string) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = flat(x, sep)
		}
		return strings.Join(parts, sep)
	case map[string]any:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return fmt.Sprint(v)
}

// lookup follows a dotted path into a decoded JSON value; nil if it ends.
func lookup(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[part]
	}
	return v
}

// scalarColumns are the fields of a JSON object that hold one value, in the
// order of the document, headed by their names.
func scalarColumns(obj json.RawMessage) ([]Column, error) {
	dec := json.NewDecoder(bytes.NewReader(obj))
	tok, err := dec.Token()
	if err != nil || tok != json.Delim('{') {
		return nil, err
	}
	var cols []Column
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		if name, ok := key.(string); ok && v[0] != '{' && v[0] != '[' {
			cols = append(cols, Column{Field: name, Head: text.Text{En: name, Zh: name}})
		}
	}
	return cols, nil
}

func reencode(v, into any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return decode(b, into)
}

func decode(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(into)
}
