package dataset

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Encoding names how a file's characters are written.
type Encoding string

// The encodings that are recognised. UTF-16 is recognised by its byte order
// mark only.
const (
	UTF8    Encoding = "UTF-8"
	UTF16LE Encoding = "UTF-16LE"
	UTF16BE Encoding = "UTF-16BE"
	GB18030 Encoding = "GB18030"
)

const (
	// MaxRowBytes bounds a row, and so a field, after decoding. It is checked
	// while reading, so that a longer row never stands in memory.
	MaxRowBytes = 1 << 20
	// windowBytes is how far ahead of the first byte beyond ASCII the decision
	// between UTF-8 and GB18030 looks.
	windowBytes = 1 << 20
	// slack is the read-ahead of the parsers: their buffer holds bytes of
	// later rows too.
	slack = 4096
)

// undecoded turns raw bytes into what should be UTF-8. Up to the first byte
// beyond ASCII there is nothing to decide, and then a window shows enough.
type undecoded struct {
	raw     *bufio.Reader
	decoded io.Reader // nil until decided
	name    Encoding
	started bool
}

func (u *undecoded) Read(p []byte) (int, error) {
	if !u.started {
		u.started = true
		u.byteOrderMark()
	}
	if u.decoded != nil {
		return u.decoded.Read(p)
	}
	head, err := u.raw.Peek(min(len(p), slack))
	if len(head) == 0 {
		return 0, err
	}
	n := 0
	for n < len(head) && head[n] < utf8.RuneSelf {
		n++
	}
	if n == 0 {
		// A read error comes again from the reader itself.
		window, _ := u.raw.Peek(windowBytes)
		u.decide(window)
		return u.decoded.Read(p)
	}
	copy(p, head[:n])
	_, err = u.raw.Discard(n)
	return n, err
}

func (u *undecoded) byteOrderMark() {
	u.name = UTF8
	head, _ := u.raw.Peek(4) // short input is no error here
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		u.decoded = u.raw
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		u.name = UTF16LE
		u.decoded = transform.NewReader(u.raw, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		u.name = UTF16BE
		u.decoded = transform.NewReader(u.raw, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder())
	case bytes.HasPrefix(head, []byte{0x84, 0x31, 0x95, 0x33}): // U+FEFF in GB18030
		u.gb18030()
	}
}

func (u *undecoded) decide(window []byte) {
	if looksGB18030(window) {
		u.gb18030()
		return
	}
	u.decoded = u.raw
}

func (u *undecoded) gb18030() {
	u.name = GB18030
	u.decoded = transform.NewReader(u.raw, simplifiedchinese.GB18030.NewDecoder())
}

// looksGB18030 reports whether window, which may end inside a character, is
// GB18030 rather than UTF-8, sound or broken. Nearly every byte pair is
// GB18030 by form, so form is not enough: the text must break UTF-8, at least
// 80 % of its characters must lie in the GB2312 area that Chinese texts use
// (a Latin-1 accent before a letter does not), and not most of its bytes may
// be good UTF-8 (as in a UTF-8 file with one broken byte).
func looksGB18030(window []byte) bool {
	good, bad := utf8Bytes(window)
	if bad == 0 || good > 2*bad {
		return false
	}
	chars, common := 0, 0
	for b := window; len(b) > 0; {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			break
		}
		switch lead, trail := b[0], b[1]; {
		case lead == 0x80 || lead == 0xFF:
			return false
		case trail >= 0x30 && trail <= 0x39:
			if len(b) < 4 {
				b = nil
				continue
			}
			if b[2] < 0x81 || b[2] == 0xFF || b[3] < 0x30 || b[3] > 0x39 {
				return false
			}
			chars++
			b = b[4:]
		case trail < 0x40 || trail == 0x7F || trail == 0xFF:
			return false
		default:
			chars++
			if lead >= 0xA1 && lead <= 0xF7 && trail >= 0xA1 {
				common++
			}
			b = b[2:]
		}
	}
	return chars > 0 && 5*common >= 4*chars
}

// utf8Bytes counts the bytes beyond ASCII that do and do not belong to sound
// UTF-8 sequences. A sequence that b cuts off counts as neither.
func utf8Bytes(b []byte) (good, bad int) {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1 && !utf8.FullRune(b):
			return good, bad
		case r == utf8.RuneError && n == 1:
			bad++
		default:
			good += n
		}
		b = b[n:]
	}
	return good, bad
}

// source hands out sound UTF-8 without byte order mark and without zero
// bytes. It remembers where it is, so that a bad byte has a place, and how
// much it gave since the last mark, so that no row grows without bound.
type source struct {
	in    *undecoded
	file  string
	buf   []byte
	start int // handed out up to here
	ok    int // checked up to here
	end   int
	line  int // place of buf[ok], from 1; the column counts bytes
	col   int
	begun bool
	given int
	err   error
}

func newSource(file string, r io.Reader) *source {
	return &source{in: &undecoded{raw: bufio.NewReaderSize(r, windowBytes)}, file: file,
		buf: make([]byte, 16<<10), line: 1, col: 1}
}

// encoding is final once the input was read to its end.
func (s *source) encoding() Encoding { return s.in.name }

// mark begins a new row.
func (s *source) mark() { s.given = 0 }

func (s *source) Read(p []byte) (int, error) {
	for s.start == s.ok {
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	if s.given > MaxRowBytes+slack {
		return 0, errRowTooLong
	}
	n := copy(p, s.buf[s.start:s.ok])
	s.start += n
	s.given += n
	return n, nil
}

var errRowTooLong = errors.New("row too long")

func (s *source) fill() {
	rest := copy(s.buf, s.buf[s.ok:s.end])
	s.start, s.ok, s.end = 0, 0, rest
	n, err := s.in.Read(s.buf[rest:])
	s.end += n
	if !s.begun && s.end >= 3 || err != nil {
		s.begun = true
		if bytes.HasPrefix(s.buf[:s.end], []byte("\ufeff")) && s.line == 1 && s.col == 1 {
			s.start, s.ok, s.col = 3, 3, 4
		}
	}
	if !s.begun {
		return
	}
	s.check(err != nil)
	if s.err == nil && err != nil {
		s.err = err
	}
}

// check moves ok up to the first fault, to a character that is not complete
// yet, or to the end.
func (s *source) check(last bool) {
	for s.ok < s.end {
		switch c := s.buf[s.ok]; {
		case c == '\n':
			s.line, s.col = s.line+1, 0
			fallthrough
		case c != 0 && c < utf8.RuneSelf:
			s.ok, s.col = s.ok+1, s.col+1
			continue
		case c == 0:
			s.err = ErrNUL.With().At(s.file, s.line, s.col)
			return
		}
		b := s.buf[s.ok:s.end]
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			if !last && !utf8.FullRune(b) {
				return
			}
			s.err = ErrEncoding.With("bytes", hex.EncodeToString(b[:min(len(b), 4)]), "encoding", string(s.in.name)).At(s.file, s.line, s.col)
			return
		case r == utf8.RuneError && s.in.name != UTF8:
			// The decoders write U+FFFD for what they cannot read.
			s.err = ErrEncoding.With("bytes", "→ U+FFFD", "encoding", string(s.in.name)).At(s.file, s.line, s.col)
			return
		}
		s.ok, s.col = s.ok+n, s.col+n
	}
}

// failed turns an error of a parser above s into the fault that it stems
// from. line is where the row began.
func (s *source) failed(err error, line int) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, errRowTooLong) || errors.Is(err, bufio.ErrTooLong):
		return ErrLongRow.With("limit", "1 MiB").At(s.file, line, 0)
	}
	return fmt.Errorf("read %s: %w", s.file, err)
}
