package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/llm"
	"github.com/landfall-ai/landfall/kit/term"
)

// writeSends says what would be sent where and what that may cost. Nothing has
// been sent yet.
func (c *command) writeSends(w io.Writer, sends []app.Sending, limit llm.Money) error {
	for _, s := range sends {
		if _, err := io.WriteString(w, term.Clean(c.sending(s))+"\n"); err != nil {
			return err
		}
	}
	if limit.Currency == "" || len(sends) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, c.say("spend limit: %s; the run stops before it is exceeded\n", "费用上限：%s，超出之前运行会停下\n"), c.money(limit))
	return err
}

func (c *command) sending(s app.Sending) string {
	place := s.Host
	if s.Local {
		place += c.say(", this machine", "，本机")
	}
	var b strings.Builder
	form := c.say("%s: sends %s cases (data class %s) to %s (%s)", "%s：将把 %s 条用例（数据分级 %s）发往 %s（%s）")
	who := s.Candidate
	if s.Grader != "" {
		form = c.say("%s: sends %s questions with cases and answers (data class %s) to %s (%s)", "%s：将把 %s 个含用例与答案的问题（数据分级 %s）发往 %s（%s）")
		who = fmt.Sprintf(c.say("grader of %s", "%s 的评分器"), s.Suite)
	}
	fmt.Fprintf(&b, form,
		who, term.Count(int64(s.Cases)), strings.Join(s.Classes, c.say(", ", "、")), s.Endpoint, place)
	if s.Repeats > 1 {
		fmt.Fprintf(&b, c.say(", each %d times", "，每条 %d 次"), s.Repeats)
	}
	if s.Probes > 0 {
		fmt.Fprintf(&b, c.say(", and %s changed cases of probes", "，另有 %s 条探测用例"), term.Count(int64(s.Probes)))
	}
	if s.Images > 0 {
		fmt.Fprintf(&b, c.say(", with %s images", "，含 %s 张图片"), term.Count(int64(s.Images)))
	}
	if s.Input.Expected > 0 {
		fmt.Fprintf(&b, c.say("; about %s tokens in and %s out", "；预计输入 %s、输出 %s token"), term.Count(int64(s.Input.Expected)), term.Count(int64(s.Output.Expected)))
	}
	switch {
	case s.Most == nil:
		b.WriteString(c.say("; no price is stated", "；未填写价格"))
	case s.Bounded || s.Model == "":
		fmt.Fprintf(&b, c.say("; about %s, at most %s", "；预计 %s，最多 %s"), c.money(*s.Expected), c.money(*s.Most))
	default:
		fmt.Fprintf(&b, c.say("; about %s, hardly more than %s (no max_tokens is set)", "；预计 %s，通常不超过 %s（未设置 max_tokens）"), c.money(*s.Expected), c.money(*s.Most))
	}
	return b.String()
}

// money writes an amount; what would round to nothing is said to be little.
func (c *command) money(m llm.Money) string {
	least := decimal.New(1, -2)
	if m.Amount.IsPositive() && m.Amount.LessThan(least) {
		return c.say("less than ", "不到 ") + term.Money(least, m.Currency, c.t.Lang)
	}
	return term.Money(m.Amount, m.Currency, c.t.Lang)
}
