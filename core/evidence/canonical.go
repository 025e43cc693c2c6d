package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gowebpki/jcs"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// maxExact is the largest magnitude up to which every integer is a double of
// its own (2^53). Above it, different numbers would have one digest.
const maxExact = 1 << 53

// maxDepth bounds the nesting of what is made canonical.
const maxDepth = 200

// What cannot be made canonical.
var (
	ErrText = fault.Def{Kind: fault.Invalid, Code: "evidence.text",
		En: "{where} holds bytes that are not UTF-8", Zh: "{where} 含有不是 UTF-8 的字节",
		HintEn: "decode the text to UTF-8 first", HintZh: "请先将文本转换为 UTF-8"}
	ErrNumber = fault.Def{Kind: fault.Invalid, Code: "evidence.number",
		En:     "{where} holds the number {value}, which has no exact canonical form",
		Zh:     "{where} 的数值 {value} 没有精确的规范形式",
		HintEn: "numbers must be finite and at most 2^53; write longer ones as strings",
		HintZh: "数值必须有限且绝对值不超过 2^53；更大的数请写成字符串"}
	ErrDeep = fault.Def{Kind: fault.Invalid, Code: "evidence.deep",
		En: "the document is nested more than {limit} deep", Zh: "文档嵌套超过 {limit} 层"}
	ErrJSON = fault.Def{Kind: fault.Invalid, Code: "evidence.json",
		En: "this is not a JSON document that has a canonical form: {why}", Zh: "不是有规范形式的 JSON 文档：{why}",
		HintEn: "names within one object must differ", HintZh: "同一对象内的名称不得重复"}
)

// Digest returns the hex SHA-256 of the canonical form of v: the one way in
// which manifests, candidates and policies get their digest. It fails as
// Canonical does.
func Digest(v any) (string, error) {
	b, err := Canonical(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Canonical returns v as JSON in the form of RFC 8785, so that equal values
// have equal bytes. It fails with ErrText if a string is not valid UTF-8 (which
// encoding/json would replace silently), with ErrNumber if a number is not
// finite or larger than 2^53 (which RFC 8785 would round silently), and with
// ErrDeep and ErrJSON if v nests too deep or cannot be encoded.
func Canonical(v any) ([]byte, error) {
	if e := checkValue(reflect.ValueOf(v), 0); e != nil {
		e.Params = append(e.Params, fault.Param{Name: "where", Value: place(e.Pointer)})
		return nil, e
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, ErrJSON.With("why", err.Error())
	}
	return CanonicalJSON(b)
}

// CanonicalJSON is Canonical for what is JSON already. Names must be unique
// within their object.
func CanonicalJSON(b []byte) ([]byte, error) {
	if !utf8.Valid(b) {
		return nil, ErrText.With("where", place(""))
	}
	if err := checkTokens(b); err != nil {
		return nil, err
	}
	out, err := jcs.Transform(b)
	if err != nil {
		return nil, ErrJSON.With("why", err.Error())
	}
	return out, nil
}

// checkTokens refuses numbers above 2^53 and deep nesting, in any spelling.
func checkTokens(b []byte) error {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return ErrDeep.With("limit", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || (c >= '0' && c <= '9'):
			end := i + 1
			for end < len(b) && bytes.IndexByte([]byte("0123456789+-.eE"), b[end]) >= 0 {
				end++
			}
			token := string(b[i:end])
			if f, err := strconv.ParseFloat(token, 64); err != nil || math.Abs(f) > maxExact ||
				math.Abs(f) == maxExact && strings.TrimLeft(token, "-") != strconv.FormatInt(maxExact, 10) {
				return ErrNumber.With("where", place(""), "value", token)
			}
			i = end - 1
		}
	}
	return nil
}

// checkValue finds in v what encoding/json would hide: strings that it would
// repair and numbers that it would round. The fault points to the place.
func checkValue(v reflect.Value, depth int) *fault.Error {
	if !v.IsValid() {
		return nil
	}
	if depth > maxDepth {
		return ErrDeep.With("limit", maxDepth)
	}
	if v.Kind() != reflect.Interface && v.CanInterface() {
		switch v.Interface().(type) {
		case json.Number, json.RawMessage:
			return nil // checked as tokens
		case json.Marshaler, encoding.TextMarshaler:
			return nil
		}
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return ErrText.With()
		}
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.Abs(f) > maxExact {
			return ErrNumber.With("value", f)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n := v.Int(); n > maxExact || n < -maxExact {
			return ErrNumber.With("value", n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if n := v.Uint(); n > maxExact {
			return ErrNumber.With("value", n)
		}
	case reflect.Pointer, reflect.Interface:
		return checkValue(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil // bytes become base64
		}
		for i := range v.Len() {
			if e := checkValue(v.Index(i), depth+1); e != nil {
				return under(e, strconv.Itoa(i))
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if it.Key().Kind() == reflect.String && !utf8.ValidString(it.Key().String()) {
				return ErrText.With()
			}
			if e := checkValue(it.Value(), depth+1); e != nil {
				return under(e, fmt.Sprint(it.Key()))
			}
		}
	case reflect.Struct:
		return checkFields(v, depth)
	}
	return nil
}

func checkFields(v reflect.Value, depth int) *fault.Error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if (!f.IsExported() && !f.Anonymous) || name == "-" {
			continue
		}
		e := checkValue(v.Field(i), depth+1)
		switch {
		case e == nil:
		case name != "":
			return under(e, name)
		case f.Anonymous:
			return e
		default:
			return under(e, f.Name)
		}
	}
	return nil
}

// under puts a name before the place that e points to.
func under(e *fault.Error, name string) *fault.Error {
	return e.In("/" + pointerName(name) + e.Pointer)
}

// pointerName escapes a name for a JSON pointer (RFC 6901).
func pointerName(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}

func place(pointer string) text.Text {
	if pointer == "" {
		return text.Text{En: "the document", Zh: "文档"}
	}
	return text.Text{En: pointer, Zh: pointer}
}
