package llm_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/kit/llm"
)

// events reads everything: one string per event, and the error that ended it.
func events(r io.Reader, limit int) ([]string, error) {
	er := llm.NewEventReader(r, limit)
	var out []string
	for {
		e, err := er.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e.Name+"|"+string(e.Data))
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"plain", "data: a\n\ndata: b\n\n", []string{"|a", "|b"}},
		{"no space", "data:a\n\n", []string{"|a"}},
		{"one space only is taken off", "data:  a\n\n", []string{"| a"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"|a", "|b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"|a", "|b"}},
		{"mixed", "data: a\r\n\ndata: b\n\r\n", []string{"|a", "|b"}},
		{"several data lines", "data: a\ndata\ndata: b\n\n", []string{"|a\n\nb"}},
		{"comments", ": ping\n\n:\ndata: a\n: OPENROUTER PROCESSING\n\n", []string{"|a"}},
		{"named", "event: error\ndata: {}\n\ndata: b\n\n", []string{"error|{}", "|b"}},
		{"a name alone is no event and is forgotten", "event: x\n\ndata: b\n\n", []string{"|b"}},
		{"unknown fields", "id: 1\nretry: 5\nfoo\nfoo: bar\ndata: a\n\n", []string{"|a"}},
		{"byte order mark", "\ufeffdata: a\n\n", []string{"|a"}},
		{"the mark is a mark only at the start", "data: a\n\n\ufeffdata: b\n\n", []string{"|a"}},
		{"empty data is an event", "data:\n\n", []string{"|"}},
		{"empty lines", "\n\n\r\n\ndata: a\n\n\n", []string{"|a"}},
		{"no empty line at the end", "data: a\n\ndata: [DONE]\n", []string{"|a", "|[DONE]"}},
		{"no line end at the end", "data: a\n\ndata: [DONE]", []string{"|a", "|[DONE]"}},
		{"llama.cpp's field", "error: {\"code\":400}\n\ndata: [DONE]\n\n", []string{"error|{\"code\":400}", "|[DONE]"}},
		{"Chinese", "data: 你好\n\n", []string{"|你好"}},
		{"nothing", "", nil},
		{"only comments", ": a\n: b", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for how, r := range map[string]io.Reader{
				"at once":       strings.NewReader(c.in),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(c.in)),
				"EOF with data": iotest.DataErrReader(strings.NewReader(c.in)),
			} {
				got, err := events(r, 1000)
				if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
					t.Errorf("%s: got %q, %v; want %q", how, got, err, c.want)
				}
			}
		})
	}
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]io.Reader{
		"one line":        strings.NewReader("data: " + strings.Repeat("a", 2000) + "\n\n"),
		"many lines":      strings.NewReader(strings.Repeat("data: aaaaaaaa\n", 200) + "\n"),
		"endless line":    io.MultiReader(strings.NewReader("data: "), endless{}),
		"endless comment": io.MultiReader(strings.NewReader(": "), endless{}),
	} {
		if _, err := events(in, 1000); !errors.Is(err, llm.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := events(strings.NewReader("data: "+strings.Repeat("a", 1000)+"\n\n"), 1000); err != nil || len(got) != 1 {
		t.Errorf("at the limit: %d events, %v", len(got), err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestEventsGiveTheErrorOfReading(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(io.ErrUnexpectedEOF))
	got, err := events(broken, 1000)
	if len(got) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v: what was cut short is not given out", got, err)
	}
	if _, err := events(stuck{}, 1000); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader without progress: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// spelled writes events in one of the ways that the standard allows.
func TestEventsSurviveAnySpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.StringMatching(`[a-z{}:" ]{0,12}(\n[a-z :]{0,5}){0,2}`)).Draw(t, "data")
		var in strings.Builder
		var want []string
		for _, d := range data {
			end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
			if rapid.Bool().Draw(t, "comment") {
				in.WriteString(": ping" + end)
			}
			for _, line := range strings.Split(d, "\n") {
				in.WriteString("data: " + line + end)
			}
			in.WriteString(end)
			// A lone CR before an LF would be one line end.
			if end == "\r" {
				in.WriteString(":" + end)
			}
			want = append(want, "|"+d)
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 20).Draw(t, "sizes")
		got, err := events(&pieces{s: in.String(), sizes: sizes}, 1000)
		if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q: got %q, %v; want %q", in.String(), got, err, want)
		}
	})
}

// pieces gives s in pieces of these sizes, over and over.
type pieces struct {
	s     string
	sizes []int
	n     int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.sizes[p.n%len(p.sizes)])], p.s)
	p.s, p.n = p.s[n:], p.n+1
	return n, nil
}

// reference is the standard's description, written as plainly as it goes.
func reference(in string) []string {
	in = strings.TrimPrefix(in, "\ufeff")
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\r", "\n")
	var out, data []string
	var name string
	flush := func() {
		if data != nil {
			out = append(out, name+"|"+strings.Join(data, "\n"))
		}
		data, name = nil, ""
	}
	for _, line := range strings.Split(in, "\n") {
		if line == "" {
			flush()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			data = append(data, value)
		case "error":
			data, name = append(data, value), "error"
		}
	}
	flush()
	return out
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "\ufeffdata: a\r\n\r\ndata", "event: error\rdata: {}\r\r", "error: x\n\n: c\n\n", "\r\n\r\r\n\n", "\xef\xbb", "data\ndata:\n"} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, in string, size uint8) {
		got, err := events(&pieces{s: in, sizes: []int{int(size%7) + 1}}, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if want := reference(in); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q: got %q, want %q", in, got, want)
		}
	})
}
