package grader

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/kit/text"
)

// Bounds of JSON in an answer or a reference.
const (
	maxDepth    = 64
	maxNodes    = 20_000
	maxNumber   = 64  // characters of a number
	maxExponent = 300 // so that 1e999999999 never becomes a big integer
	maxScan     = 4 << 20
	maxAttempts = 200 // places at which prose is tried as JSON
)

// unreadable is why a text is no JSON that is read, in both languages.
type unreadable struct{ text.Text }

func (u unreadable) Error() string { return u.En }

var (
	errNotJSON   = unreadable{both("it is not JSON", "不是 JSON")}
	errTooDeep   = unreadable{both("it is nested too deep", "嵌套过深")}
	errTooLarge  = unreadable{both("it holds too many values", "值过多")}
	errNumber    = unreadable{both("it has a number that is out of range", "数值超出范围")}
	errDuplicate = unreadable{both("a name occurs twice in one object", "同一对象内有重名")}
)

// decodeJSON reads s as one JSON value, with json.Number for numbers. It is
// strict (nothing after the value, no name twice) and bounded.
func decodeJSON(s string) (any, error) {
	if !json.Valid([]byte(s)) {
		return nil, errNotJSON
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	d := &decoding{dec: dec}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return v, nil
}

type decoding struct {
	dec   *json.Decoder
	nodes int
}

func (d *decoding) value(depth int) (any, error) {
	tok, err := d.dec.Token()
	if err != nil {
		return nil, errNotJSON
	}
	if d.nodes++; d.nodes > maxNodes {
		return nil, errTooLarge
	}
	switch tok := tok.(type) {
	case json.Number:
		return tok, checkNumber(tok.String())
	case json.Delim:
		if depth == maxDepth {
			return nil, errTooDeep
		}
		if tok == '{' {
			return d.object(depth)
		}
		return d.array(depth)
	}
	return tok, nil
}

func (d *decoding) object(depth int) (any, error) {
	out := map[string]any{}
	for d.dec.More() {
		tok, err := d.dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		if _, twice := out[name]; twice {
			return nil, errDuplicate
		}
		if out[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := d.dec.Token()
	return out, err
}

func (d *decoding) array(depth int) (any, error) {
	out := []any{}
	for d.dec.More() {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.dec.Token()
	return out, err
}

func checkNumber(s string) error {
	if len(s) > maxNumber {
		return errNumber
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > maxExponent || e < -maxExponent {
			return errNumber
		}
	}
	return nil
}

// extractJSON finds the JSON value in an answer. An answer that is JSON is
// taken as it is. Else it is a repair: the last code fence that holds a value
// whose first character is one of open ("{", "[" or both), else the last such
// value that stands in the prose, since drafts come before the answer. The same
// text gives the same value; the work is bounded.
func extractJSON(s, open string) (v any, repaired bool, err error) {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	whole, err := decodeJSON(s)
	if err == nil {
		return whole, false, nil
	}
	if !errors.Is(err, errNotJSON) {
		return nil, false, err
	}
	blocks := fences(s)
	blocks = blocks[max(0, len(blocks)-maxAttempts):]
	for _, block := range slices.Backward(blocks) {
		if block != "" && strings.ContainsRune(open, rune(block[0])) {
			if v, err := decodeJSON(block); err == nil {
				return v, true, nil
			}
		}
	}
	var last any
	found := false
	budget, attempts := maxScan, 0
	for i := 0; i < len(s) && budget > 0 && attempts < maxAttempts; {
		if strings.IndexByte(open, s[i]) < 0 {
			i++
			continue
		}
		attempts++
		end := balanced(s[i:], &budget)
		if end > 0 {
			if v, err := decodeJSON(s[i : i+end]); err == nil {
				last, found = v, true
				i += end
				continue
			}
		}
		i++
	}
	if !found {
		return nil, false, errNotJSON
	}
	return last, true, nil
}

// fences returns the contents of the Markdown code fences in s.
func fences(s string) []string {
	var out []string
	parts := strings.Split(s, "```")
	for i := 1; i+1 < len(parts); i += 2 {
		body := parts[i]
		if first, rest, ok := strings.Cut(body, "\n"); ok && !strings.ContainsAny(first, "{[") {
			body = rest // the language
		} else {
			body = strings.TrimPrefix(strings.TrimSpace(body), "json")
		}
		out = append(out, strings.TrimSpace(body))
	}
	return out
}

// balanced returns the length of the bracketed value at the start of s, or 0.
// It takes what it reads from budget.
func balanced(s string, budget *int) int {
	var stack []byte
	inString := false
	for i := 0; i < len(s); i++ {
		if *budget--; *budget < 0 {
			return 0
		}
		c := s[i]
		switch {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if len(stack) == maxDepth {
				return 0
			}
			stack = append(stack, c+2) // the closing bracket, in ASCII
		case c == '}' || c == ']':
			if stack[len(stack)-1] != c {
				return 0
			}
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return i + 1
			}
		}
	}
	return 0
}
