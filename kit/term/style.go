package term

import (
	"charm.land/lipgloss/v2"
)

// tone is a meaning that colour may underline; it never carries it alone.
type tone int

const (
	plain tone = iota
	good
	bad
	wary
	faint
	strong
)

// paint colours s if color is allowed.
func paint(color bool, k tone, s string) string {
	if !color || k == plain || s == "" {
		return s
	}
	return toneStyle(k).Render(s)
}

func toneStyle(k tone) lipgloss.Style {
	st := lipgloss.NewStyle()
	switch k {
	case good:
		return st.Foreground(lipgloss.Green)
	case bad:
		return st.Foreground(lipgloss.Red).Bold(true)
	case wary:
		return st.Foreground(lipgloss.Yellow)
	case faint:
		return st.Faint(true)
	case strong:
		return st.Bold(true)
	}
	return st
}

func (t *Terminal) outColor() bool { return t.OutTTY && !t.NoColor }
func (t *Terminal) errColor() bool { return t.ErrTTY && !t.NoColor }

// Bold emphasises s on Out, where colour is allowed.
func (t *Terminal) Bold(s string) string { return paint(t.outColor(), strong, s) }

// Faint takes s back on Out, where colour is allowed.
func (t *Terminal) Faint(s string) string { return paint(t.outColor(), faint, s) }

// Mark returns an outcome as sign and word in the language of t, coloured
// where colour is allowed. The outcomes: pass, fail, insufficient, stale,
// waived, assumed, not_due, undefined, not_measured, running, done, canceled; any
// other word comes back as it is.
func (t *Terminal) Mark(outcome string) string {
	return t.mark(outcome, t.outColor())
}

func (t *Terminal) mark(outcome string, color bool) string {
	sign, en, zh, k := outcomeWords(outcome)
	if sign == "" {
		return Clean(outcome)
	}
	return paint(color, k, sign+" "+t.Say(en, zh))
}

func outcomeWords(outcome string) (sign, en, zh string, k tone) {
	switch outcome {
	case "waived":
		return "⚑", "passed by waiver", "例外放行", wary
	case "pass":
		return "✓", "pass", "通过", good
	case "fail":
		return "✗", "fail", "未通过", bad
	case "insufficient":
		return "◐", "insufficient", "证据不足", wary
	case "stale":
		return "↻", "stale", "已过时", wary
	case "assumed":
		return "⚠", "assumed", "假设", wary
	case "not_due":
		return "–", "not due", "尚不适用", faint
	case "undefined":
		return "?", "undefined", "未定义", faint
	case "not_measured":
		return "–", "not measured", "未测", faint
	case "running":
		return "…", "running", "进行中", plain
	case "done":
		return "✓", "done", "已完成", good
	case "canceled":
		return "✗", "canceled", "已取消", wary
	}
	return "", "", "", plain
}
