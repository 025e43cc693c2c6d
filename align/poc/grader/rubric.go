package grader

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/poc/grader/judge"
)

// Rubric declares grading by a judge model. Its grades are only as good as the
// judge: measure it first (judge.Measure), and correct shares for its errors.
type Rubric struct {
	// Text says what makes an answer good and what each score means.
	Text string `json:"text,omitempty" yaml:"text,omitempty"`
	// File holds the text instead, in the scenario's folder. Who reads the
	// folder puts its content into Text.
	File string `json:"file,omitempty" yaml:"file,omitempty"`
	// Scale is the highest score, from 0; 0 means 1 (fail or pass).
	Scale int `json:"scale,omitempty" yaml:"scale,omitempty"`
	// Pass is the score from which on an answer is correct; 0 means Scale.
	Pass int `json:"pass,omitempty" yaml:"pass,omitempty"`
}

// Judged is the rubric as the judge gets it, defaults filled in, and the score
// from which on an answer is correct. Measure the judge with the same.
func (r Rubric) Judged() (rubric judge.Rubric, pass int) {
	rubric = judge.Rubric{Text: r.Text, Scale: r.Scale}
	if rubric.Scale == 0 {
		rubric.Scale = 1
	}
	if pass = r.Pass; pass == 0 {
		pass = rubric.Scale
	}
	return rubric, pass
}

type rubric struct {
	rubric judge.Rubric
	pass   int
	ask    judge.Ask
}

func newRubric(s Spec, d Deps, p *problems) (one, error) {
	g := rubric{ask: d.Ask}
	var spec Rubric
	if s.Rubric != nil {
		spec = *s.Rubric
	}
	g.rubric, g.pass = spec.Judged()
	if strings.TrimSpace(spec.Text) == "" || len(spec.Text) > judge.MaxText || !utf8.ValidString(spec.Text) {
		p.add("/rubric/text", "say what makes an answer good, in at most %d bytes", "请写明好答案的标准，不超过 %d 字节", judge.MaxText)
	}
	if g.rubric.Scale < 1 || g.rubric.Scale > judge.MaxScale {
		p.add("/rubric/scale", "the highest score lies between 1 and %d", "最高分须在 1 到 %d 之间", judge.MaxScale)
	}
	if g.pass < 1 || g.pass > g.rubric.Scale {
		p.add("/rubric/pass", "this must lie between 1 and the highest score", "须在 1 与最高分之间")
	}
	if d.Ask == nil || d.AskID == "" {
		return nil, ErrNeeds.With("kind", string(KindRubric), "what", both("a judge model", "裁判模型"))
	}
	return g, nil
}

func (g rubric) grade(ctx context.Context, c Case, refs []string, a Answer) (Grade, error) {
	if len(a.Text) > judge.MaxText {
		return wrong("the answer is %d bytes long; a judge is shown %d", "答案长 %d 字节，超过裁判可读的上限 %d", len(a.Text), judge.MaxText), nil
	}
	v, err := judge.Score(ctx, g.ask, g.rubric, judge.Item{Input: c.Input, References: refs, Answer: a.Text})
	if err != nil {
		return Grade{}, err
	}
	out := Grade{Correct: v.Score >= g.pass, Score: float64(v.Score) / float64(g.rubric.Scale)}
	out.Why = both("the judge gives %d of %d: %s", "裁判评分 %d/%d:%s", v.Score, g.rubric.Scale, brief(v.Reason))
	return out, nil
}
