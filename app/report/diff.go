package report

import (
	"fmt"
	"io"

	"github.com/landfall-ai/landfall/align/poc/diff"
	"github.com/landfall-ai/landfall/kit/term"
)

// DiffTerminal writes a comparison of two runs, with at most limit flipped
// cases of each direction.
func DiffTerminal(t *term.Terminal, w io.Writer, d diff.Diff, limit int) error {
	l := lang(t.Lang)
	if _, err := fmt.Fprintf(w, "%s\n%s\n", line("A "+d.A+"  B "+d.B), line(l.of(d.Summary))); err != nil {
		return err
	}
	if len(d.Slices) > 0 {
		rows := make([][]string, len(d.Slices))
		for i, s := range d.Slices {
			rows[i] = []string{term.Clean(s.Slice), l.count(s.Cases), l.count(s.Gained), l.count(s.Lost), diff.Points(s.Difference), diff.Points(s.Low) + " … " + diff.Points(s.High), l.flipped(s.Verdict)}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := t.Grid(w, []string{l.say("SLICE", "分组"), l.say("CASES", "用例"), l.say("GAINED", "变对"), l.say("LOST", "变错"), l.say("POINTS", "百分点"), l.say("95% INTERVAL", "95% 区间"), ""},
			[]bool{false, true, true, true, true, true, false}, rows); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		title string
		flips []diff.Flip
	}{{l.say("Right before, wrong now", "由对变错"), d.Lost}, {l.say("Wrong before, right now", "由错变对"), d.Gained}} {
		if len(part.flips) == 0 {
			continue
		}
		var rows [][]string
		for _, f := range part.flips[:min(len(part.flips), limit)] {
			rows = append(rows, []string{term.Clean(f.CaseID), term.Clean(f.Slice), excerpt(f.Expected), excerpt(f.Was), excerpt(f.Is)})
		}
		head := part.title + l.say(" (", "（") + l.count(len(part.flips))
		if len(part.flips) > limit {
			head += l.say(", the first "+l.count(limit)+" shown", "，列出前 "+l.count(limit)+" 条")
		}
		if _, err := fmt.Fprintln(w, "\n"+head+l.say(")", "）")); err != nil {
			return err
		}
		if err := t.Grid(w, []string{l.say("CASE", "用例"), l.say("SLICE", "分组"), l.say("EXPECTED", "应答"), "A", "B"}, nil, rows); err != nil {
			return err
		}
	}
	return nil
}

// flipped names a verdict of a comparison.
func (l lang) flipped(v diff.Verdict) string {
	switch v {
	case diff.Better:
		return l.say("better", "变好")
	case diff.Worse:
		return l.say("worse", "变差")
	case diff.Same:
		return l.say("unchanged", "没有变化")
	}
	return l.say("may be noise", "可能是噪声")
}

// excerpt cuts what candidates wrote to a cell's width.
func excerpt(s string) string {
	s = term.Clean(s)
	if s == "" {
		return term.None
	}
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}
