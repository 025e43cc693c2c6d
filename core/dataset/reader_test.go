package dataset_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

// all reads every row; bad rows come back as their errors.
func all(file string, r io.Reader) (columns []string, rows [][]string, bads []string, enc dataset.Encoding, err error) {
	t, err := dataset.NewReader(file, r)
	if err != nil {
		return nil, nil, nil, "", err
	}
	for {
		row, bad, err := t.Next()
		if errors.Is(err, io.EOF) {
			return t.Columns(), rows, bads, t.Encoding(), nil
		}
		if err != nil {
			return t.Columns(), rows, bads, t.Encoding(), err
		}
		if bad != nil {
			bads = append(bads, bad.Error())
			continue
		}
		rows = append(rows, slices.Clone(row.Values))
	}
}

const chinese = "文本,意图\n我的银行卡还没有收到怎么办,查卡\n怎么修改手机号码,改号\n"

func encoded(t *testing.T, s string, enc dataset.Encoding) []byte {
	t.Helper()
	var out []byte
	var err error
	switch enc {
	case dataset.GB18030:
		out, err = simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	case dataset.UTF16LE:
		out, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	case dataset.UTF16BE:
		out, err = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	case dataset.UTF8:
		out = []byte(s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	late := "text,intent\n" + strings.Repeat("plain words,x\n", 20000) // the first window holds ASCII only
	for _, c := range []struct {
		name string
		text string
		enc  dataset.Encoding
	}{
		{"utf-8", chinese, dataset.UTF8},
		{"utf-8 with byte order mark", "\ufeff" + chinese, dataset.UTF8},
		{"gb18030", chinese, dataset.GB18030},
		{"gb18030 with four-byte characters", chinese + "𠮷野家怎么付款,€\n", dataset.GB18030},
		{"gb18030 after much ASCII", late + "我的银行卡还没有收到,查卡\n", dataset.GB18030},
		{"utf-8 after much ASCII", late + "我的银行卡还没有收到,查卡\n", dataset.UTF8},
		{"utf-16le", chinese, dataset.UTF16LE},
		{"utf-16be", chinese, dataset.UTF16BE},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw := encoded(t, c.text, c.enc)
			for _, r := range []io.Reader{bytes.NewReader(raw), iotest.HalfReader(bytes.NewReader(raw)), iotest.DataErrReader(bytes.NewReader(raw))} {
				columns, rows, bads, enc, err := all("a.csv", r)
				if err != nil || len(bads) > 0 {
					t.Fatal(err, bads)
				}
				if enc != c.enc {
					t.Errorf("encoding %s, want %s", enc, c.enc)
				}
				lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(c.text, "\ufeff")), "\n")
				if got := strings.Join(columns, ","); got != lines[0] {
					t.Errorf("header %q, want %q", got, lines[0])
				}
				if len(rows) != len(lines)-1 {
					t.Fatalf("%d rows, want %d", len(rows), len(lines)-1)
				}
				if got := strings.Join(rows[len(rows)-1], ","); got != lines[len(lines)-1] {
					t.Errorf("last row %q, want %q", got, lines[len(lines)-1])
				}
			}
		})
	}
}

func TestReaderFaults(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("Où est ma carte ? Elle n’est pas arrivée,carte\n", 50)
	for _, c := range []struct {
		name, file, text string
		want             fault.Def
		where            string
		says             string
	}{
		{"empty", "a.csv", "", dataset.ErrEmpty, "a.csv", ""},
		{"byte order mark only", "a.csv", "\ufeff", dataset.ErrEmpty, "a.csv", ""},
		{"blank lines only", "a.csv", "\n\n\n", dataset.ErrEmpty, "a.csv", ""},
		{"invalid UTF-8", "a.csv", "text,x\nabc\xffdef,y\n", dataset.ErrEncoding, "a.csv:2:4", "ff646566"},
		{"one broken byte in UTF-8", "a.csv", "text,x\n" + many + "caf\xe9 fran\xe7ais,z\n" + many, dataset.ErrEncoding, "a.csv:52:4", "UTF-8"},
		{"Latin-1 is not taken for Chinese", "a.csv", "text,x\nd\xe9j\xe0 vu\xe9e\xe8s,y\n", dataset.ErrEncoding, "a.csv:2:2", ""},
		{"one broken byte in Chinese UTF-8", "a.csv", chinese + "中\xe4文,x\n" + chinese, dataset.ErrEncoding, "a.csv:4:4", "UTF-8"},
		{"cut off in a character", "a.csv", "text,x\nab\xe4\xb8", dataset.ErrEncoding, "a.csv:2:3", ""},
		{"half a UTF-16 pair", "a.csv", "\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8,\x00c\x00\n\x00", dataset.ErrEncoding, "a.csv:2:1", "UTF-16LE"},
		{"zero byte", "a.csv", "text,x\nab\x00c,y\n", dataset.ErrNUL, "a.csv:2:3", ""},
		{"UTF-16 without mark", "a.csv", "t\x00,\x00x\x00\n\x00", dataset.ErrNUL, "a.csv:1:2", ""},
		{"zero byte in JSONL", "a.jsonl", "{\"a\":1}\n{\"a\":\x00}\n", dataset.ErrNUL, "a.jsonl:2:6", ""},
		{"bare quote", "a.csv", "text,x\nab\"c,y\n", dataset.ErrQuote, "a.csv:2:3", ""},
		{"open quote", "a.csv", "text,x\n\"abc,y\nd,z\n", dataset.ErrQuote, "a.csv:2", ""},
		{"twice", "a.csv", "text,x,text\n", dataset.ErrColumnTwice, "a.csv:1:8", "text"},
		{"ending", "a.xlsx", "PK", dataset.ErrFormat, "a.xlsx", ".xlsx"},
		{"long line", "a.csv", "text,x\nok,y\n" + strings.Repeat("a", 3<<20) + ",y\n", dataset.ErrLongRow, "a.csv:3", "1 MiB"},
		{"quoted row without end", "a.csv", "text,x\n\"a\nb\",y\n\"" + strings.Repeat("line\n", 1<<19), dataset.ErrLongRow, "a.csv:4", "1 MiB"},
		{"long line in JSONL", "a.jsonl", "{}\n{\"a\":\"" + strings.Repeat("a", 3<<20), dataset.ErrLongRow, "a.jsonl:2", "1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, _, err := all(c.file, strings.NewReader(c.text))
			var f *fault.Error
			if !errors.As(err, &f) || !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want.Code)
			}
			if f.Where != c.where || !strings.Contains(f.Message("en"), c.says) {
				t.Errorf("got %q at %q, want %q at %q", f.Message("en"), f.Where, c.says, c.where)
			}
		})
	}
}

func TestRowsBeforeAFaultAreRead(t *testing.T) {
	t.Parallel()
	_, rows, _, _, err := all("a.csv", strings.NewReader("text,x\na,1\nb,2\nc\xff,3\n"))
	if !errors.Is(err, dataset.ErrEncoding) || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestDelimiters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text string }{
		{"a.csv", "text,intent\n\"a;b\",c\n"},
		{"a.csv", "text;intent\na;c\n"},
		{"a.csv", "text\tintent\na\tc\n"},
		{"A.TSV", "text\tintent\na\tc\n"},
		{"a.csv", "text , intent\r\na,c\r\n\r\n,\r\n"},
		{"a.jsonl", `{"text":"a","intent":"c"}` + "\n\n"},
	} {
		columns, rows, bads, _, err := all(c.file, strings.NewReader(c.text))
		if err != nil || len(bads) > 0 || !slices.Equal(columns, []string{"text", "intent"}) || len(rows) != 1 || rows[0][1] != "c" {
			t.Errorf("%q: %v %v %v %v", c.text, columns, rows, bads, err)
		}
	}
}

func TestJSONLValues(t *testing.T) {
	t.Parallel()
	columns, rows, bads, _, err := all("a.jsonl", strings.NewReader(strings.Join([]string{
		`{"n": 12345678901234567890.10, "b": true, "s": "中\n文", "z": null, "o": {"a": [1, 2]}}`,
		`{"late": "x"}`,
		`[1]`, `{"a": 1`, `{"a": 1} x`, `{"a": 1, "a": 2}`, `{"a": "\u0000"}`, `{"a": nope}`, `{"a": NaN}`,
		`{"s": "last"}`,
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"n", "b", "s", "z", "o", "late"}; !slices.Equal(columns[:6], want) {
		t.Errorf("columns %v", columns)
	}
	if want := []string{"12345678901234567890.10", "true", "中\n文", "", `{"a": [1, 2]}`}; !slices.Equal(rows[0], want) {
		t.Errorf("values %q", rows[0])
	}
	if len(rows) != 3 || rows[1][5] != "x" || rows[2][2] != "last" {
		t.Errorf("rows %q", rows)
	}
	for i, want := range []string{"a.jsonl:3:1: dataset.not_object", "a.jsonl:4:8: dataset.cut", "a.jsonl:5:", "a.jsonl:6:13: dataset.key_twice",
		"a.jsonl:7:5: dataset.nul", "a.jsonl:8:", "a.jsonl:9:"} {
		if i >= len(bads) || !strings.HasPrefix(bads[i], want) {
			t.Errorf("problem %d: want %s, all: %q", i, want, bads)
		}
	}
}

// endless gives a line of n letters without holding it.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// Not parallel: it measures memory.
func TestHundredMegabyteLineIsNotHeld(t *testing.T) {
	for _, c := range []struct{ file, head string }{
		{"a.csv", ""}, {"a.csv", "text,x\n"}, {"a.csv", "text,x\n\""}, {"a.jsonl", ""}, {"a.jsonl", "{\"a\":\""},
	} {
		rest := &endless{left: 100 << 20}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, _, _, err := all(c.file, io.MultiReader(strings.NewReader(c.head), rest))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, dataset.ErrLongRow) {
			t.Fatalf("%+v: got %v", c, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
			t.Errorf("%+v: %d MiB allocated", c, got>>20)
		}
		if rest.left < 90<<20 {
			t.Errorf("%+v: read on to the end", c)
		}
	}
}

func TestReadErrorsPassThrough(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	for _, file := range []string{"a.csv", "a.jsonl"} {
		_, _, _, _, err := all(file, io.MultiReader(strings.NewReader("{}\n{}\n"), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("%s: got %v", file, err)
		}
	}
}

// What is written as CSV in either encoding is read back as it was.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("我的卡没有收到怎么办改手机号,;\"\n a?")), 1, 20, -1)
		cells := rapid.SliceOfN(word, 1, 12).Draw(rt, "cells")
		var b strings.Builder
		b.WriteString("文本内容,这是第二列\n")
		var want [][]string
		for _, c := range cells {
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + "\",末列\n")
			want = append(want, []string{c, "末列"})
		}
		enc := rapid.SampledFrom([]dataset.Encoding{dataset.UTF8, dataset.GB18030, dataset.UTF16LE}).Draw(rt, "encoding")
		_, rows, bads, got, err := all("a.csv", bytes.NewReader(encoded(t, b.String(), enc)))
		if err != nil || len(bads) > 0 || got != enc {
			rt.Fatal(got, err, bads)
		}
		if !slices.EqualFunc(rows, want, slices.Equal) {
			rt.Fatalf("got %q want %q", rows, want)
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add("a.csv", []byte(chinese))
	f.Add("a.csv", []byte("text,x\n\"a\xff"))
	f.Add("a.csv", []byte("\xff\xfea\x00"))
	f.Add("a.tsv", []byte("\x84\x31\x95\x33a\tb\n\xc4\xe3\t1"))
	f.Add("a.jsonl", []byte(`{"a": 1, "b": {"c": [null]}}`+"\n{}\n{"))
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		columns, rows, _, _, err := all(file, bytes.NewReader(data))
		_, again, _, _, err2 := all(file, iotest.OneByteReader(bytes.NewReader(data)))
		if (err == nil) != (err2 == nil) || err == nil && !slices.EqualFunc(rows, again, slices.Equal) {
			t.Errorf("differs by how it is read: %v %v", err, err2)
		}
		for _, row := range rows {
			for _, v := range row {
				if strings.ContainsRune(v, 0) {
					t.Errorf("zero byte in %q", v)
				}
			}
			if strings.HasSuffix(file, "csv") && len(row) != len(columns) {
				t.Errorf("%d values under %d columns", len(row), len(columns))
			}
		}
		var fe *fault.Error
		if err != nil && !errors.As(err, &fe) {
			t.Errorf("not a fault: %v", err)
		}
	})
}
