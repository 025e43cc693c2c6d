package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/scenario"
)

func TestProbeDefaults(t *testing.T) {
	t.Parallel()
	d, err := scenario.Parse("scenario.yaml", []byte(minimal+"probes:\n  - {family: typos, max_drop: 0.1}\n  - {family: language, id: english, file: p/en.csv, title: {en: English, zh: 英文}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := d.Probes[0], d.Probes[1]
	if a.ID != "typos" || a.Suite != scenario.MainSuite || a.Cases != scenario.ProbeCases || a.Variants != 1 || a.Title.Zh != "错别字" || !a.Held() || !d.ProbesHeld() {
		t.Errorf("%+v", a)
	}
	if b.ID != "english" || b.Held() || b.Title.En != "English" {
		t.Errorf("%+v", b)
	}
	d, err = scenario.Parse("scenario.yaml", []byte(minimal))
	if err != nil || len(d.Probes) != 0 || d.ProbesHeld() {
		t.Errorf("a document without probes: %+v, %v", d.Probes, err)
	}
}

func TestProbeMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ probe, en, zh string }{
		{"{family: typo}", "did you mean typos", "是否想写 typos"},
		{"{family: typos, suite: slot}", "there is no suite slot", "没有用例集 slot"},
		{"{family: typos, file: a.csv}", "made by rule and takes no file", "按规则生成"},
		{"{family: language}", "needs a file", "需要 file"},
		{"{family: typos, max_rate: 0.1}", "its bar is max_drop", "门槛请用 max_drop"},
		{"{family: pii, max_over: 0.1}", "only the family refusal", "只有 refusal"},
		{"{family: refusal, file: a.csv, max_drop: 0.1}", "its bars are max_rate and max_over", "max_rate 和 max_over"},
		{"{family: pii, refusal: {below: 0.5}}", "refusals are recognised by", "只有 refusal"},
		{"{family: refusal, file: a.csv, refusal: {patterns: ['(']}}", "no regular expression", "不是合法的正则表达式"},
		{"{family: typos, max_drop: 1}", "must be less than 1", "必须小于 1"},
		{"{family: language, file: ../a.csv}", "must stay inside", "不得超出"},
		{"{family: typos, case: 3}", "did you mean cases", "是否想写 cases"},
		{"{family: typos}\n  - {family: typos}", "stands twice", "出现了两次"},
	} {
		src := minimal + "probes:\n  - " + c.probe + "\n"
		_, err := scenario.Parse("scenario.yaml", []byte(src))
		var ps scenario.Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: %v", c.probe, err)
			continue
		}
		first := ps[0]
		if en, zh := first.Message("en"), first.Message("zh"); !strings.Contains(en, c.en) || !strings.Contains(zh, c.zh) {
			t.Errorf("%s:\n%s\n%s", c.probe, en, zh)
		}
		if lines := strings.Count(minimal, "\n"); !strings.Contains(first.Where, "scenario.yaml:") || strings.Contains(first.Where, "scenario.yaml:1:") && lines > 1 {
			t.Errorf("%s: it stands at %s", c.probe, first.Where)
		}
	}
}

// TestProbesOfOtherTasks: typos would change what is right to extract, and
// personal data is what an extraction is asked for.
func TestProbesOfOtherTasks(t *testing.T) {
	t.Parallel()
	for _, f := range []string{"typos", "pii"} {
		src := strings.Replace(minimal, "targets:", "task: {kind: extract, schema: a.json}\ntargets:", 1) + "probes:\n  - {family: " + f + "}\n"
		_, err := scenario.Parse("scenario.yaml", []byte(src))
		if err == nil || !strings.Contains(err.Error(), "would change what is right") {
			t.Errorf("%s: %v", f, err)
		}
	}
	src := strings.Replace(minimal, "targets:", "task: {kind: extract, schema: a.json}\ntargets:", 1) + "probes:\n  - {family: injection}\n"
	if _, err := scenario.Parse("scenario.yaml", []byte(src)); err != nil && strings.Contains(err.Error(), "probes") {
		t.Error(err)
	}
}
