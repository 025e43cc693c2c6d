package report

import (
	"fmt"
	"io"
	"strconv"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/kit/term"
)

// RoutesTerminal writes a routing table for a person at a terminal.
func RoutesTerminal(t *term.Terminal, w io.Writer, r grade.Routes) error {
	l := lang(t.Lang)
	rows := make([][]string, len(r.Slices))
	for i, s := range r.Slices {
		to, why := s.Candidate, l.say("not proven", "未证明合格")
		if s.Proven {
			why = l.say("proven, lower bound ", "已证明，下限 ") + l.pct(s.Low)
		}
		if to == "" {
			to = term.None
		}
		rows[i] = []string{term.Clean(s.Slice), term.Clean(to), why}
	}
	if err := t.Grid(w, []string{l.say("SLICE", "分组"), l.say("GOES TO", "处理方"), l.say("WHY", "依据")}, nil, rows); err != nil {
		return err
	}
	if p := r.Policy; p != nil {
		line := l.say("any other request goes to ", "其余请求交给 ") + p.Cheap
		if p.Dear != "" {
			line += l.say("; below a confidence of ", "；置信度低于 ") + strconv.FormatFloat(p.Threshold, 'f', 3, 64) + l.say(" also to ", " 时再交给 ") + p.Dear
		}
		proven := l.say("not proven: lower bound ", "未证明合格：下限 ")
		if p.Proven {
			proven = l.say("proven: lower bound ", "已证明合格：下限 ")
		}
		line = l.about(line, proven+l.pct(p.LowerBound)+l.say(", bar ", "，门槛 ")+l.pct(p.Bar))
		if _, err := fmt.Fprintf(w, "%s\n", term.Clean(line)); err != nil {
			return fmt.Errorf("write routes: %w", err)
		}
	}
	if c := r.Curve; c != nil {
		ways := []struct {
			name string
			p    grade.RoutePoint
		}{{l.say("always ", "始终用 ") + c.Cheap, c.AlwaysCheap}, {l.say("always ", "始终用 ") + c.Dear, c.AlwaysDear}, {l.say("by slice", "按分组"), c.BySlice},
			{l.say("oracle (no router can do better)", "事后最优（任何路由的上限）"), c.Oracle}}
		if r.Policy != nil {
			ways = append(ways, struct {
				name string
				p    grade.RoutePoint
			}{l.say("this table's policy", "本表策略"), r.Policy.Measured})
		}
		rows := make([][]string, len(ways))
		for i, x := range ways {
			rows[i] = []string{term.Clean(x.name), l.pct(x.p.Accuracy), l.ci(x.p.Low, x.p.High), strconv.FormatFloat(x.p.Per1k, 'f', 2, 64)}
		}
		if err := t.Grid(w, []string{l.say("WAY TO ROUTE", "路由方式"), l.say("CORRECT", "正确率"), l.say("95% INTERVAL", "95% 区间"), l.say("COST PER 1,000", "每千次成本")},
			[]bool{false, true, true, true}, rows); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", l.about(l.say("mean gain of the cascade over a random mix: ", "级联相对随机混合的平均增益：")+l.pct(c.Gain.Value), l.ci(c.Gain.Low, c.Gain.High))); err != nil {
			return fmt.Errorf("write routes: %w", err)
		}
	}
	_, err := fmt.Fprintf(w, "%s · %s\n", l.colon(l.say("evidence", "证据"), r.Evidence), l.colon(l.say("expires", "有效期至"), l.at(r.Expires)))
	return err
}
