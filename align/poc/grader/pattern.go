package grader

import (
	"context"
	"errors"
	"regexp"
	"regexp/syntax"
)

// Pattern declares grading by a regular expression in RE2's syntax, which
// matches in time linear in the answer.
type Pattern struct {
	// Pattern must match; where it is empty, the expected resolutions are the
	// patterns, of which one must.
	Pattern string `json:"pattern,omitempty" yaml:"pattern,omitempty"`
	// Whole: the whole answer must match, apart from surrounding space.
	Whole bool `json:"whole,omitempty" yaml:"whole,omitempty"`
	// Absent turns it round: nothing may match.
	Absent bool `json:"absent,omitempty" yaml:"absent,omitempty"`
}

// Bounds: a match takes at most instructions × bytes steps.
const (
	maxPattern     = 2_000     // bytes of an expression
	maxProgram     = 2_000     // instructions that it compiles to
	maxPatternText = 128 << 10 // bytes of an answer that a pattern is tried on
)

var (
	errPatternLong = errors.New("longer than 2,000 bytes")
	errPatternBig  = errors.New("its repetitions unfold too far")
)

// compilePattern compiles an expression whose work is bounded.
func compilePattern(s string, whole bool) (*regexp.Regexp, error) {
	if len(s) > maxPattern {
		return nil, errPatternLong
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > maxProgram {
		return nil, errPatternBig
	}
	if whole {
		s = `\A\s*(?:` + s + `)\s*\z`
	}
	return regexp.Compile(s)
}

type pattern struct {
	spec Pattern
	re   *regexp.Regexp // nil: the references are the patterns
}

func newPattern(s Spec, p *problems) one {
	g := pattern{}
	if s.Pattern != nil {
		g.spec = *s.Pattern
	}
	if g.spec.Pattern != "" {
		var err error
		if g.re, err = compilePattern(g.spec.Pattern, g.spec.Whole); err != nil {
			p.add("/pattern/pattern", "this is no expression that can be used: %s", "表达式无法使用：%s", err)
		}
	}
	return g
}

func (g pattern) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	if len(a.Text) > maxPatternText {
		return wrong("the answer is %d bytes long; patterns are tried on %d", "答案长 %d 字节，超过模式匹配的上限 %d", len(a.Text), maxPatternText), nil
	}
	res := []*regexp.Regexp{g.re}
	if g.re == nil {
		res = res[:0]
		for _, r := range refs {
			re, err := compilePattern(r, g.spec.Whole)
			if err != nil {
				return Grade{}, ErrCase.With("why", both("%s is no expression that can be used (%s)", "%s 不是可用的表达式（%s）", brief(r), err)).Because(err)
			}
			res = append(res, re)
		}
		if len(res) == 0 {
			return Grade{}, ErrCase.With("why", both("it is empty", "内容为空"))
		}
	}
	for _, re := range res {
		if re.MatchString(a.Text) {
			if g.spec.Absent {
				return wrong("the answer has what it must not have: %s", "答案含有不应出现的内容：%s", brief(re.FindString(a.Text))), nil
			}
			return right("the answer matches the pattern", "答案符合模式"), nil
		}
	}
	if g.spec.Absent {
		return right("the answer has nothing that it must not have", "答案不含禁止内容"), nil
	}
	return wrong("the answer does not match the pattern", "答案不符合模式"), nil
}
