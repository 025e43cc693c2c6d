package scenario

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/text"
)

// check holds d to the rules that the schema cannot state.
func check(d *Document, file string, t *tree) error {
	var ps Problems
	wrong := func(pointer, en, zh string, args ...any) {
		ps = append(ps, at(ErrValue.With("field", last(pointer), "problem", both(en, zh, args...)), file, t, pointer))
	}

	for i, suite := range d.AllSuites() {
		checkSuite(d, suite, suitePointer(i), wrong)
	}
	unique(d.AllSuites(), func(s Suite) string { return s.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/suites/%d/id", i-1), "the suite %s stands twice (cases is the main one)", "用例集 %s 出现了两次（cases 为主用例集）", id)
	})
	unique(d.Slices, func(s Slice) string { return s.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/slices/%d/id", i), "the slice %s stands twice", "分组 %s 出现了两次", id)
	})
	unique(d.Candidates, Candidate.ID, func(i int, id string) {
		wrong(fmt.Sprintf("/candidates/%d", i), "the candidate %s stands twice", "候选方案 %s 出现了两次", id)
	})
	unique(d.Costs.Lines, func(l CostLine) string { return l.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/costs/lines/%d/id", i), "the cost line %s stands twice", "成本项 %s 出现了两次", id)
	})

	targets := slices.Clone(rungs[:])
	for i, c := range d.Candidates {
		targets = append(targets, c.ID())
		checkCandidate(d, c, fmt.Sprintf("/candidates/%d", i), wrong)
	}
	if e := d.Targets.Economics; e != nil && e.Incumbent != "" && !slices.ContainsFunc(d.Candidates, func(c Candidate) bool { return c.ID() == e.Incumbent }) {
		wrong("/targets/economics/incumbent", "there is no candidate %s; known: %s", "没有候选方案 %s；可用：%s", e.Incumbent, nearestFirst(e.Incumbent, targets[len(rungs):]))
	}
	if e := d.Targets.Economics; e != nil && e.Margin > 0 && e.Incumbent == "" {
		wrong("/targets/economics/margin", "a margin needs economics.incumbent: the candidate that it is measured from", "margin 需要 economics.incumbent：以哪个候选方案为基准")
	}
	for i, l := range d.Costs.Lines {
		p := fmt.Sprintf("/costs/lines/%d", i)
		if l.For != "" && !slices.Contains(targets, l.For) {
			wrong(p+"/for", "%s is neither a candidate nor a rung; known: %s", "%s 既不是候选方案也不是梯级；可用：%s", l.For, nearestFirst(l.For, targets))
		}
		if l.Per == "once" && l.Years == 0 {
			wrong(p, "a cost paid once needs years: how long it is spread over", "一次性成本需要 years：分摊的年数")
		}
		if l.Amount.IsZero() && d.Costs.File == "" {
			wrong(p, "the amount is missing; state one, or name the exported file under costs.file", "缺少 amount；请填写，或在 costs.file 指定导出文件")
		}
		checkAmount(l.Amount, p+"/amount", wrong)
	}
	checkAmount(d.Traffic.PerYear, "/traffic/per_year", wrong)
	checkLifecycle(d, wrong)
	checkProbes(d, wrong)
	if len(d.Costs.Lines) > 0 && d.Traffic.PerYear.Mid() == 0 {
		wrong("/costs", "costs per year need traffic.per_year: how many requests a year, more than none", "计算年成本需要 traffic.per_year：每年的请求量，且须大于 0")
	}
	if d.Traffic.File != "" && d.Traffic.Source == "" {
		wrong("/traffic/file", "a traffic sample needs traffic.source: the system that counted it", "流量抽样需要 traffic.source：由哪个系统统计")
	}
	if d.Costs.File != "" && d.Costs.Source == "" {
		wrong("/costs/file", "an exported file needs costs.source: the system that exported it", "导出文件需要 costs.source：由哪个系统导出")
	}
	if d.Expect != nil {
		for _, id := range sortedKeys(d.Expect.Slices) {
			if !slices.ContainsFunc(d.Slices, func(s Slice) bool { return s.ID == id }) {
				wrong("/expect/slices/"+escape(id), "there is no slice %s", "没有分组 %s", id)
			}
		}
	}
	for _, f := range d.files() {
		if bad := badPath(f.path); !bad.IsZero() {
			ps = append(ps, at(ErrValue.With("field", last(f.pointer), "problem", bad), file, t, f.pointer))
		}
	}
	if len(ps) == 0 {
		return nil
	}
	sortProblems(ps, t)
	return ps
}

// ranged tells whether p10, p50 and p90 make a range.
func ranged(a Amount) bool {
	return *a.P10 > 0 && *a.P10 <= *a.P50 && *a.P50 <= *a.P90 && *a.P90 <= 1e6**a.P10
}

func checkAmount(a Amount, pointer string, wrong func(pointer, en, zh string, args ...any)) {
	if a.P50 != nil && !ranged(a) {
		wrong(pointer, "a range needs 0 < p10 ≤ p50 ≤ p90, no wider than a factor of a million", "区间须满足 0 < p10 ≤ p50 ≤ p90，且上下不超过一百万倍")
	}
	for _, v := range []*float64{a.Value, a.P10, a.P50, a.P90} {
		if v != nil && math.Abs(*v) > 1e15 {
			wrong(pointer, "the number is beyond 1e15", "数值超过 1e15")
		}
	}
}

func unique[T any](items []T, id func(T) string, dup func(int, string)) {
	seen := map[string]bool{}
	for i, it := range items {
		if seen[id(it)] {
			dup(i, id(it))
		}
		seen[id(it)] = true
	}
}

type namedPath struct{ pointer, path string }

func (d *Document) files() []namedPath {
	out := []namedPath{}
	add := func(pointer, path string) {
		if path != "" {
			out = append(out, namedPath{pointer, path})
		}
	}
	for i, suite := range d.AllSuites() {
		p := suitePointer(i)
		for j, f := range suite.Data.Train {
			add(fmt.Sprintf("%s/data/train/%d", p, j), f)
		}
		for j, f := range suite.Data.Test {
			add(fmt.Sprintf("%s/data/test/%d", p, j), f)
		}
		add(p+"/data/production", suite.Data.Production)
		add(p+"/data/guide", suite.Data.Guide)
		if suite.Data.Documents != nil {
			add(p+"/data/documents/file", suite.Data.Documents.File)
		}
		for j, f := range suite.Data.Sources {
			add(fmt.Sprintf("%s/data/sources/%d/path", p, j), f.Path)
		}
		add(p+"/task/schema", suite.Task.Schema)
		add(p+"/task/tools", suite.Task.Tools)
	}
	for i, c := range d.Candidates {
		for _, f := range c.Files() {
			add(fmt.Sprintf("/candidates/%d/%s", i, f.Field), f.Path)
		}
	}
	for i, p := range d.Probes {
		add(fmt.Sprintf("/probes/%d/file", i), p.File)
	}
	add("/traffic/file", d.Traffic.File)
	add("/costs/file", d.Costs.File)
	return out
}

// badPath says what is wrong with a path that must stay inside the folder.
func badPath(p string) text.Text {
	switch {
	case strings.Contains(p, "\\"):
		return text.Text{En: "write paths with /, not \\", Zh: "路径请用 / 而不是 \\"}
	case strings.HasPrefix(p, "/"):
		return text.Text{En: "the path must be relative to the scenario's folder", Zh: "路径须相对于场景目录"}
	case slices.Contains(strings.Split(p, "/"), ".."):
		return text.Text{En: "the path must stay inside the scenario's folder", Zh: "路径不得超出场景目录"}
	}
	return text.Text{}
}

// both formats a message in both languages with the same arguments.
func both(en, zh string, args ...any) text.Text {
	return text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)}
}

// nearestFirst lists what is known, the name that was probably meant first.
func nearestFirst(name string, known []string) string {
	near := text.Nearest(name, known)
	if near == "" {
		return strings.Join(known, ", ")
	}
	rest := slices.DeleteFunc(slices.Clone(known), func(k string) bool { return k == near })
	return strings.Join(append([]string{near}, rest...), ", ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
