package llm

import (
	"bytes"
	"errors"
	"io"
)

// Event is one server-sent event. Its bytes are valid until the next one is
// read.
type Event struct {
	// Name is the event field; empty is a plain message.
	Name string
	Data []byte
}

var errEventTooLarge = errors.New("event too large")

// EventReader reads server-sent events as the WHATWG HTML standard describes
// them (section 9.2.6): events end with an empty line; lines with LF, CRLF or
// CR; several data lines are one text; comments and unknown fields are
// ignored. It differs where servers of models do: an event that the end of the
// stream cuts short of its empty line is still given out (llama.cpp ends its
// stream so), and a field named error, which old versions of llama.cpp send,
// is an event of that name. Memory stays below a few times the limit.
type EventReader struct {
	r      io.Reader
	buf    []byte // unread bytes are buf[start:]
	start  int
	err    error // of r, once seen
	limit  int
	skipLF bool // the last line ended in CR: a following LF belongs to it
	begun  bool
	data   []byte
}

// NewEventReader reads from r; an event longer than limit bytes is an error.
func NewEventReader(r io.Reader, limit int) *EventReader {
	return &EventReader{r: r, limit: limit}
}

// Next returns the next event that has data or a name of its own, io.EOF at
// the end, ErrTooLarge beyond the limit, and whatever error reading gave.
func (e *EventReader) Next() (Event, error) {
	var name string
	e.data = e.data[:0]
	has := false
	for {
		line, err := e.line()
		if err != nil {
			if errors.Is(err, io.EOF) && has {
				return Event{name, e.data}, nil
			}
			if errors.Is(err, errEventTooLarge) {
				return Event{}, ErrTooLarge.With("what", whatEvent, "limit", e.limit)
			}
			return Event{}, err
		}
		if len(line) == 0 {
			if has {
				return Event{name, e.data}, nil
			}
			name = ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = string(value)
		case "error":
			name = "error"
			fallthrough
		case "data":
			if has {
				e.data = append(e.data, '\n')
			}
			has = true
			if len(e.data)+len(value) > e.limit {
				return Event{}, ErrTooLarge.With("what", whatEvent, "limit", e.limit)
			}
			e.data = append(e.data, value...)
		}
	}
}

// line returns the next line without its end. The last line needs none.
func (e *EventReader) line() ([]byte, error) {
	from := 0 // what was searched already
	for {
		rest := e.buf[e.start:]
		if e.skipLF && len(rest) > 0 {
			e.skipLF = false
			if rest[0] == '\n' {
				e.start++
				continue
			}
		}
		if !e.begun && (len(rest) >= 3 || e.err != nil) {
			e.begun = true
			if bytes.HasPrefix(rest, []byte("\ufeff")) {
				e.start += 3
				continue
			}
		}
		if e.begun {
			i := bytes.IndexByte(rest[from:], '\n')
			unseen := rest[from:]
			if i >= 0 {
				unseen = unseen[:i]
			}
			if cr := bytes.IndexByte(unseen, '\r'); cr >= 0 {
				i = cr
			}
			if i >= 0 {
				i += from
				e.start += i + 1
				e.skipLF = rest[i] == '\r'
				return rest[:i], nil
			}
			from = len(rest)
			if e.err != nil {
				if len(rest) > 0 && errors.Is(e.err, io.EOF) {
					e.start = len(e.buf)
					return rest, nil
				}
				return nil, e.err
			}
		}
		if len(rest) > e.limit+64 { // room for the field's name
			return nil, errEventTooLarge
		}
		e.fill()
	}
}

// fill reads once more from r, behind what is unread.
func (e *EventReader) fill() {
	if e.start > 0 {
		e.buf = e.buf[:copy(e.buf, e.buf[e.start:])]
		e.start = 0
	}
	if len(e.buf) == cap(e.buf) {
		grown := make([]byte, len(e.buf), max(4096, 2*cap(e.buf)))
		copy(grown, e.buf)
		e.buf = grown
	}
	for range 100 { // as bufio: a reader that gives nothing for ever is broken
		n, err := e.r.Read(e.buf[len(e.buf):cap(e.buf)])
		e.buf = e.buf[:len(e.buf)+n]
		if err != nil {
			e.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	e.err = io.ErrNoProgress
}
