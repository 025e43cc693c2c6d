package dataset

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Reader reads a CSV or JSONL file row by row, in bounded memory: a decoding
// window of 1 MiB and one row of at most MaxRowBytes. Rows in which nothing
// stands are passed over. A Reader is not safe for concurrent use.
type Reader struct {
	file    string
	src     *source
	columns []string
	index   map[string]int

	csv  *csv.Reader
	json *bufio.Scanner
	// line is where the last row began, next the line after it.
	line, next int
	values     []string
}

// Row is one row of a file.
type Row struct {
	Line   int      // from 1
	Values []string // in the order of Columns, maybe fewer; valid until the next call of Next
}

// NewReader returns a Reader of r. The ending of file tells the format:
// .csv (separated by commas; by semicolons or tabs if the header has no
// comma), .tsv, .tab, .jsonl, .ndjson. It reads the header of a CSV file and
// fails with ErrFormat, ErrEmpty, ErrColumnTwice and what Next fails with.
// file is otherwise used for places only.
func NewReader(file string, r io.Reader) (*Reader, error) {
	t := &Reader{file: file, src: newSource(file, r), index: map[string]int{}, next: 1}
	switch ending := strings.ToLower(path.Ext(strings.ReplaceAll(file, "\\", "/"))); ending {
	case ".csv", ".tsv", ".tab":
		return t, t.openCSV(ending)
	case ".jsonl", ".ndjson":
		t.json = bufio.NewScanner(t.src)
		t.json.Buffer(make([]byte, 0, 64<<10), MaxRowBytes)
		return t, nil
	default:
		return nil, ErrFormat.With("ending", ending).At(file, 0, 0)
	}
}

// Columns returns the names of the columns: of a CSV file its header, of a
// JSONL file the keys seen so far.
func (t *Reader) Columns() []string { return t.columns }

// Index returns the position of a column, or -1.
func (t *Reader) Index(column string) int {
	if i, ok := t.index[column]; ok {
		return i
	}
	return -1
}

// Encoding returns the encoding; it is certain only after the last row.
func (t *Reader) Encoding() Encoding { return t.src.encoding() }

// Next returns the next row. bad says what is wrong with a row that cannot be
// used (ErrFields; in JSONL ErrJSON, ErrCut, ErrNotObject, ErrKeyTwice, ErrNUL),
// after which reading can go on. err is io.EOF at the end, or what ends the
// reading: ErrEncoding, ErrNUL, ErrLongRow, ErrQuote, or an error of the reader
// below.
func (t *Reader) Next() (row Row, bad *fault.Error, err error) {
	for {
		if t.csv != nil {
			row, bad, err = t.nextCSV()
		} else {
			row, bad, err = t.nextJSON()
		}
		if bad != nil || err != nil || slices.ContainsFunc(row.Values, notBlank) {
			return row, bad, err
		}
	}
}

func notBlank(s string) bool { return strings.TrimSpace(s) != "" }

// Pos returns where the value at index i of the last row stands. The column
// is 0 if it is not known.
func (t *Reader) Pos(i int) (line, col int) {
	if t.csv != nil && i >= 0 && i < len(t.values) {
		return t.csv.FieldPos(i)
	}
	return t.line, 0
}

func (t *Reader) openCSV(ending string) error {
	buffered := bufio.NewReaderSize(t.src, slack)
	// A failure to read shows again below.
	head, _ := buffered.Peek(slack)
	t.csv = csv.NewReader(buffered)
	t.csv.FieldsPerRecord = -1
	t.csv.ReuseRecord = true
	t.csv.Comma = ','
	if line, _, _ := bytes.Cut(head, []byte("\n")); ending != ".csv" {
		t.csv.Comma = '\t'
	} else if !bytes.ContainsRune(line, ',') {
		if bytes.ContainsRune(line, ';') {
			t.csv.Comma = ';'
		} else if bytes.ContainsRune(line, '\t') {
			t.csv.Comma = '\t'
		}
	}
	header, err := t.readCSV()
	if errors.Is(err, io.EOF) {
		return ErrEmpty.With().At(t.file, 0, 0)
	}
	if err != nil {
		return err
	}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, dup := t.index[name]; dup && name != "" {
			line, col := t.csv.FieldPos(i)
			return ErrColumnTwice.With("column", name).At(t.file, line, col)
		}
		if name != "" {
			t.index[name] = i
		}
		t.columns = append(t.columns, name)
	}
	return nil
}

func (t *Reader) readCSV() ([]string, error) {
	t.src.mark()
	values, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		var pe *csv.ParseError
		if !errors.As(err, &pe) {
			return nil, t.src.failed(err, t.next)
		}
		// What looks like broken quoting may be a line that a bad byte cut off.
		var f *fault.Error
		if errors.As(t.src.err, &f) && t.src.line == pe.Line {
			return nil, f
		}
		if pe.StartLine != pe.Line { // the quote that swallowed these lines was opened in the first
			return nil, ErrQuote.With().At(t.file, pe.StartLine, 0).Because(err)
		}
		return nil, ErrQuote.With().At(t.file, pe.Line, pe.Column).Because(err)
	}
	t.line, _ = t.csv.FieldPos(0)
	last, _ := t.csv.FieldPos(len(values) - 1)
	t.next = last + strings.Count(values[len(values)-1], "\n") + 1
	t.values = values
	return values, nil
}

func (t *Reader) nextCSV() (Row, *fault.Error, error) {
	values, err := t.readCSV()
	if err != nil {
		return Row{}, nil, err
	}
	row := Row{Line: t.line, Values: values}
	if len(values) != len(t.columns) && slices.ContainsFunc(values, notBlank) {
		return row, ErrFields.With("got", len(values), "want", len(t.columns)).At(t.file, t.line, 0), nil
	}
	return row, nil, nil
}

func (t *Reader) nextJSON() (Row, *fault.Error, error) {
	t.src.mark()
	if !t.json.Scan() {
		if err := t.json.Err(); err != nil {
			return Row{}, nil, t.src.failed(err, t.next)
		}
		return Row{}, nil, io.EOF
	}
	t.line, t.next = t.next, t.next+1
	// The scanner hands out the beginning of a line that a bad byte cut off.
	var f *fault.Error
	if errors.As(t.src.err, &f) && t.src.line == t.line && t.src.start == t.src.ok {
		return Row{}, nil, f
	}
	line := t.json.Bytes()
	t.values = t.values[:0]
	row := Row{Line: t.line}
	if len(bytes.TrimSpace(line)) == 0 {
		return row, nil, nil
	}
	col, bad := t.object(line)
	row.Values = t.values
	if bad != nil {
		return row, bad.At(t.file, t.line, col), nil
	}
	return row, nil, nil
}

// object reads one line into t.values. A fault comes with its column.
func (t *Reader) object(line []byte) (int, *fault.Error) {
	d := json.NewDecoder(bytes.NewReader(line))
	at := func() int { return int(d.InputOffset()) + 1 }
	tok, err := d.Token()
	if err != nil {
		return at(), jsonFault(err)
	}
	if tok != json.Delim('{') {
		return 1, ErrNotObject.With()
	}
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return at(), jsonFault(err)
		}
		key, _ := tok.(string) // keys are strings, else Token fails
		col := at()
		if seen[key] {
			return col, ErrKeyTwice.With("key", shorten(key))
		}
		seen[key] = true
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return at(), jsonFault(err)
		}
		value, err := jsonText(raw)
		if err != nil {
			return col, jsonFault(err)
		}
		if strings.ContainsRune(value, 0) || strings.ContainsRune(key, 0) {
			return col, ErrNUL.With()
		}
		t.put(key, value)
	}
	if _, err := d.Token(); err != nil {
		return at(), jsonFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return at(), ErrNotObject.With()
	}
	return 0, nil
}

// put sets a column of the row, and adds it if it is new. Beyond maxColumns
// new keys are left out: a file whose keys are data has no end of them.
func (t *Reader) put(key, value string) {
	i, known := t.index[key]
	if !known {
		if len(t.columns) == maxColumns {
			return
		}
		i = len(t.columns)
		t.index[key] = i
		t.columns = append(t.columns, key)
	}
	for len(t.values) <= i {
		t.values = append(t.values, "")
	}
	t.values[i] = value
}

const maxColumns = 10_000

func jsonFault(err error) *fault.Error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut.With()
	}
	return ErrJSON.With("problem", err.Error())
}

// jsonText returns a value as a file of text would have it: strings decoded,
// null as nothing, numbers and everything else exactly as written.
func jsonText(raw json.RawMessage) (string, error) {
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", err
		}
		return s, nil
	case 'n':
		return "", nil
	}
	return string(raw), nil
}
