package term

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// writeJSON writes v with two spaces of indentation; <, > and & stay as they
// are. Struct fields keep their order, map keys are sorted.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}

// writeYAML writes v's JSON as YAML 1.2: the same keys in the same order,
// every number digit by digit as JSON has it, a string plain only where no
// reader could take it for something else.
func writeYAML(w io.Writer, v any) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	dec := json.NewDecoder(&raw)
	dec.UseNumber()
	var out bytes.Buffer
	if err := yamlValue(&out, dec, 0, false); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	return nil
}

// WriteJSON writes v as -o json does.
func WriteJSON(w io.Writer, v any) error { return writeJSON(w, v) }

// WriteYAML writes v as -o yaml does.
func WriteYAML(w io.Writer, v any) error { return writeYAML(w, v) }

// yamlValue writes the next value of dec. A collection starts on a line of
// its own when afterKey, else on the current line (the top, or after "- ").
func yamlValue(out *bytes.Buffer, dec *json.Decoder, depth int, afterKey bool) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	space := ""
	if afterKey {
		space = " "
	}
	open, collection := tok.(json.Delim)
	if !collection {
		out.WriteString(space + yamlScalar(tok) + "\n")
		return nil
	}
	if !dec.More() {
		empty := "{}"
		if open == '[' {
			empty = "[]"
		}
		out.WriteString(space + empty + "\n")
		_, err := dec.Token()
		return err
	}
	if afterKey {
		out.WriteByte('\n')
	}
	for first := !afterKey; dec.More(); first = false {
		if !first {
			out.WriteString(strings.Repeat("  ", depth))
		}
		if open == '[' {
			out.WriteString("- ")
			err = yamlValue(out, dec, depth+1, false)
		} else {
			var key json.Token
			if key, err = dec.Token(); err != nil {
				return err
			}
			out.WriteString(yamlScalar(key) + ":")
			err = yamlValue(out, dec, depth+1, true)
		}
		if err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// plainYAML matches strings that stay plain: they start with a letter and
// hold nothing that YAML gives a meaning.
var plainYAML = regexp.MustCompile(`^[\p{L}_/][\p{L}\p{N} _./@+()%,,。、;!?()「」-]*$`)

// yamlWords are the plain scalars that some YAML version reads as a bool or
// as null, or as a number.
var yamlWords = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)

func yamlScalar(tok json.Token) string {
	switch v := tok.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return v.String()
	case string:
		if plainYAML.MatchString(v) && !yamlWords.MatchString(v) && !strings.HasSuffix(v, " ") {
			return v
		}
		return quoted(v)
	}
	return fmt.Sprint(tok)
}

// quoted is a JSON string, which is a YAML double-quoted one too.
func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	// DEL and the C1 controls are not printable in YAML, and JSON leaves them.
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// writeCSV writes rows of fields below head, as RFC 4180 has it but with
// plain line feeds.
func writeCSV(w io.Writer, head []string, rows [][]string) error {
	cw := csv.NewWriter(w)
	if err := cw.Write(head); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	if err := cw.WriteAll(rows); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}
