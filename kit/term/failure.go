package term

import (
	"fmt"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest/problem"
)

// Fail writes err to Err, in the language of t with its place and hint, or as
// problem JSON with -o json, and returns the exit code. A nil err writes
// nothing and returns 0.
func (t *Terminal) Fail(err error) int {
	if err == nil {
		return fault.ExitOK
	}
	f := fault.From(err)
	if t.Format == JSON {
		// The exit code is right even when Err is closed.
		_ = writeJSON(t.Err, problem.Of(err, t.Lang))
		return f.Exit()
	}
	color := t.errColor()
	var b strings.Builder
	line := func(indent, label, s string, k tone) {
		b.WriteString(indent + paint(color, k, label) + t.Say(": ", "：") + cleanLines(s) + "\n")
	}
	say := func(f *fault.Error) {
		line("", t.Say("error", "错误")+" ["+f.Code+"]", f.Message(t.Lang), bad)
		if f.Where != "" {
			line("  ", t.Say("at", "位置"), f.Where, faint)
		}
		if f.Pointer != "" {
			line("  ", t.Say("field", "字段"), f.Pointer, faint)
		}
	}
	for _, f := range fault.All(err) {
		say(f)
	}
	if t.Verbose && f.Cause != nil {
		line("  ", t.Say("cause", "原因"), f.Cause.Error(), faint)
	}
	if h := f.Hint(t.Lang); h != "" {
		line("  ", t.Say("hint", "提示"), h, wary)
	}
	_, _ = fmt.Fprint(t.Err, b.String())
	return f.Exit()
}

// cleanLines cleans every line of s and indents those after the first.
func cleanLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = Clean(lines[i])
	}
	return strings.Join(lines, "\n    ")
}
