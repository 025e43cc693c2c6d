package app

import (
	"fmt"
	"strings"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// next is the one thing to do after what r says.
func next(dir string, doc *scenario.Document, r *report.Report) report.Action {
	run := "landfall run " + shellWord(dir)
	switch {
	case r.Run == nil:
		return report.Action{Command: run, Text: text.Text{En: "run the scenario", Zh: "运行该场景"}}
	case r.Run.State == poc.Blocked && doc.Data.Quality.Policy == "method" && r.Data != nil && r.Data.Classes > manyClasses && onlyClassRuleFailed(r.Data):
		return report.Action{Command: run, Text: text.Text{
			En: fmt.Sprintf("with %d classes the method's class rule can never hold: set data.quality.policy: many-classes in scenario.yaml, and run again", r.Data.Classes),
			Zh: fmt.Sprintf("共 %d 个类别，方法的类别占比规则不可能满足：在 scenario.yaml 中设 data.quality.policy: many-classes 后重新运行", r.Data.Classes)}}
	case r.Run.State == poc.Blocked:
		return report.Action{Command: run, Text: text.Text{
			En: "mend the data where the quality gate points, and run again",
			Zh: "按质量门禁指出的位置修正数据，然后重新运行"}}
	case r.Run.State == poc.Queued || r.Run.State == poc.Running || r.Run.State == poc.Failed:
		return report.Action{Command: run, Text: text.Text{En: "resume the run that was interrupted", Zh: "继续被中断的运行"}}
	case r.Run.Exploratory:
		return report.Action{Command: run, Text: text.Text{
			En: "this run was exploratory and passes no gate: mend the data, then run without --explore",
			Zh: "本次为探索性运行，不能通过任何门禁：修正数据后去掉 --explore 重新运行"}}
	case anyRule(r, gate.Stale):
		return report.Action{Command: run, Text: text.Text{En: "evidence is stale: measure again", Zh: "证据已过时：重新测量"}}
	}
	if v, ok := openSlice(r); ok {
		return report.Action{Command: run, Text: text.Text{
			En: fmt.Sprintf("label about %d more test cases of “%s”, then run again", v.More, v.Title.In("en")),
			Zh: fmt.Sprintf("为“%s”再标注约 %d 条评测用例，然后重新运行", v.Title.In("zh"), v.More)}}
	}
	for _, g := range r.Gates {
		for _, rule := range g.Rules {
			if rule.Outcome != string(gate.Pass) {
				return report.Action{Command: run, Text: rule.Fix}
			}
		}
	}
	if v, ok := unmeasured(r); ok {
		return report.Action{Command: run, Text: text.Text{
			En: fmt.Sprintf("add test cases for “%s”: %.1f%% of the traffic is not measured there", v.Title.In("en"), 100*v.Share.Value),
			Zh: fmt.Sprintf("为“%s”补充评测用例：其占流量 %.1f%%，尚未测量", v.Title.In("zh"), 100*v.Share.Value)}}
	}
	return report.Action{Command: "landfall failures import " + shellWord(dir) + " FILE", Text: text.Text{
		En: "go live in shadow, and bring what fails in production back as cases",
		Zh: "先以影子方式上线，并把生产中的失败带回来变成用例"}}
}

// manyClasses is the number of classes above which no class can hold the
// method's least share of 5 %.
const manyClasses = 20

func onlyClassRuleFailed(d *report.Data) bool {
	for _, r := range d.Rules {
		if !r.Passed && !strings.Contains(r.ID, "class") {
			return false
		}
	}
	return true
}

func anyRule(r *report.Report, o gate.Outcome) bool {
	for _, g := range r.Gates {
		for _, rule := range g.Rules {
			if rule.Outcome == string(o) {
				return true
			}
		}
	}
	return false
}

// openSlice returns the slice with the most traffic that more cases would decide.
func openSlice(r *report.Report) (best grade.Verdict, ok bool) {
	if r.Grade == nil {
		return best, false
	}
	for _, v := range r.Grade.Slices {
		if v.Why == grade.WhyMoreCases && (!ok || v.Share.Value > best.Share.Value) {
			best, ok = v, true
		}
	}
	return best, ok
}

func unmeasured(r *report.Report) (best grade.Verdict, ok bool) {
	if r.Grade == nil {
		return best, false
	}
	for _, v := range r.Grade.Slices {
		if v.Why == grade.WhyNotMeasured && (!ok || v.Share.Value > best.Share.Value) {
			best, ok = v, true
		}
	}
	return best, ok
}

// shellWord quotes a path for a POSIX shell if it needs quoting.
func shellWord(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$&|;<>()*?[]{}~`!#") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
