package dataset

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Missing reports whether a value stands for nothing: it is empty or made of
// spaces and invisible characters, or it is one of the marks that programs
// write when they export an absent value: NA, N/A, #N/A, <NA>, NULL, null, NaN,
// nan. Words by which people answer are values, since an expected answer may
// well be one of them: none, nil, unknown, -, 无, 空.
func Missing(value string) bool {
	v := strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	switch v {
	case "", "NA", "N/A", "#N/A", "<NA>", "NULL", "null", "NaN", "nan":
		return true
	}
	return false
}

// missing is Missing for a column: what its schema allows is a value, and in
// a column of numbers NaN is not absent but wrong.
func (c Column) missing(value string) bool {
	if !Missing(value) || (value != "" && slices.Contains(c.Values, value)) {
		return false
	}
	return !c.numeric() || !strings.EqualFold(strings.TrimSpace(value), "nan")
}

func (c Column) numeric() bool { return c.Type == "number" || c.Type == "integer" }

// types are the column types, the default first.
var types = []string{"string", "number", "integer", "boolean", "time"}

var (
	decimal  = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	infinite = regexp.MustCompile(`^[+-]?(?i:inf|infinity|nan)$`)
	layouts  = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02"}
)

// ParseTime reads RFC 3339 and the plain forms that exports write
// (2006-01-02 15:04:05, 2006-01-02 15:04, 2006-01-02, also with slashes),
// which are taken as UTC.
func ParseTime(value string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// check holds a value that is not missing to the type and the allowed values
// of its column. It returns a fault without place, or nil.
func (c Column) check(name, value string) *fault.Error {
	v := strings.TrimSpace(value)
	ok := true
	switch c.Type {
	case "number":
		if infinite.MatchString(v) {
			return ErrNotFinite.With("column", name, "value", v)
		}
		if ok = decimal.MatchString(v); ok {
			if f, err := strconv.ParseFloat(v, 64); err != nil || math.IsInf(f, 0) {
				return ErrNotFinite.With("column", name, "value", shorten(v))
			}
		}
	case "integer":
		if infinite.MatchString(v) {
			return ErrNotFinite.With("column", name, "value", v)
		}
		_, err := strconv.ParseInt(v, 10, 64)
		ok = err == nil
	case "boolean":
		switch strings.ToLower(v) {
		case "true", "false", "1", "0":
		default:
			ok = false
		}
	case "time":
		_, ok = ParseTime(v)
	}
	if !ok {
		return ErrType.With("column", name, "value", shorten(v), "type", c.Type)
	}
	if len(c.Values) > 0 && !slices.Contains(c.Values, v) && !slices.Contains(c.Values, value) {
		return ErrOutside.With("column", name, "value", shorten(v), "nearest", nearest(v, c.Values))
	}
	return nil
}

// shorten keeps a message readable whatever stands in the file.
func shorten(s string) string {
	const limit = 60
	r := []rune(s[:min(len(s), 8*limit)])
	if len(r) <= limit {
		return strconv.Quote(s)
	}
	return strconv.Quote(string(r[:limit])) + "…"
}

// nearest returns what may have been meant, or a dash.
func nearest(name string, among []string) string {
	if n := text.Nearest(name, among); n != "" {
		return n
	}
	return "–"
}
