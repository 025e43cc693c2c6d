// Package term is everything about the terminal, in Chinese and in English:
// which language, colour or not, tables that measure Chinese widths, JSON,
// YAML and CSV, verdict marks, errors with place and hint, progress, numbers
// as people write them, and the manners of the command line (usage errors,
// suggestions, exit codes).
//
// Data goes to Out, talk goes to Err.
package term

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	xterm "github.com/charmbracelet/x/term"
)

// Format is how data is written to Out.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv"
)

// Terminal is where a command talks to. Its fields are set once, before the
// command runs; Root's flags set Lang, Format, Quiet and Verbose.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// OutTTY and ErrTTY say whether a person looks at Out and Err.
	OutTTY, ErrTTY bool
	// Width is the number of columns; 0 if unknown.
	Width int
	// Lang is "zh" or "en".
	Lang string
	// Format is Table if empty.
	Format Format
	// NoColor forbids colour; there is none without a terminal either.
	NoColor bool
	// Quiet leaves out progress and talk, never data or errors.
	Quiet bool
	// Verbose shows the causes of internal errors.
	Verbose bool
	// Zone is where times are shown in tables; UTC if nil.
	Zone *time.Location
}

// Open returns the terminal of a process with args (without the program's
// name), an environment and its three files. Language, format and colour are
// guessed from args before they are parsed, so that help and usage errors
// already come out right.
func Open(args []string, getenv func(string) string, in, out, err *os.File) *Terminal {
	t := &Terminal{In: in, Out: out, Err: err,
		OutTTY: xterm.IsTerminal(out.Fd()), ErrTTY: xterm.IsTerminal(err.Fd()),
		Lang: Language(args, getenv), Format: Format(flagValue(args, "output", "o")),
		NoColor: getenv("NO_COLOR") != "" || getenv("TERM") == "dumb", Zone: time.Local}
	if t.Format == "" || !slices.Contains(formats(), string(t.Format)) {
		t.Format = Table
	}
	for _, f := range []*os.File{out, err} {
		if w, _, e := xterm.GetSize(f.Fd()); e == nil && t.Width == 0 {
			t.Width = w
		}
	}
	return t
}

func formats() []string {
	return []string{string(Table), string(JSON), string(YAML), string(CSV)}
}

// Language returns "zh" or "en": what --lang in args says, else the first of
// LC_ALL, LC_MESSAGES and LANG that is set.
func Language(args []string, getenv func(string) string) string {
	lang := flagValue(args, "lang", "")
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang == "" {
			lang = getenv(v)
		}
	}
	if strings.HasPrefix(strings.ToLower(lang), "zh") {
		return "zh"
	}
	return "en"
}

// flagValue finds the last value of a flag in arguments that nobody parsed.
func flagValue(args []string, long, short string) string {
	v := ""
	for i, a := range args {
		if a == "--" {
			break
		}
		rest, isLong := strings.CutPrefix(a, "--"+long)
		switch {
		case isLong && strings.HasPrefix(rest, "="):
			v = rest[1:]
		case isLong && rest == "", short != "" && a == "-"+short:
			if i+1 < len(args) {
				v = args[i+1]
			}
		case short != "" && strings.HasPrefix(a, "-"+short):
			v = strings.TrimPrefix(a[2:], "=")
		}
	}
	return v
}

// Chinese reports whether t speaks Chinese.
func (t *Terminal) Chinese() bool { return t.Lang == "zh" }

// Say returns en or zh, as t speaks.
func (t *Terminal) Say(en, zh string) string { return say(t.Lang, en, zh) }

func say(lang, en, zh string) string {
	if lang == "zh" {
		return zh
	}
	return en
}

// Talk writes a line to Err, unless Quiet.
func (t *Terminal) Talk(en, zh string, args ...any) error {
	if t.Quiet {
		return nil
	}
	_, err := fmt.Fprintf(t.Err, t.Say(en, zh)+"\n", args...)
	return err
}

// Clean returns s without what could command a terminal or hide its own
// reading direction: control characters become spaces, bidirectional
// overrides vanish. Whatever comes from data passes through here.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
}
