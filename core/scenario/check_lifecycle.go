package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// checkLifecycle holds a lifecycle to the rules that the schema cannot state.
func checkLifecycle(d *Document, wrong func(pointer, en, zh string, args ...any)) {
	l := d.Lifecycle
	if l == nil {
		return
	}
	const at = "/lifecycle"
	if d.Costs.Currency == "" {
		wrong(at, "a lifecycle needs costs.currency: what its money is counted in", "lifecycle 需要 costs.currency：金额的币种")
	}
	if d.Traffic.PerYear.Mid() == 0 {
		wrong(at, "a lifecycle needs traffic.per_year: how many requests a year, more than none", "lifecycle 需要 traffic.per_year：每年的请求量，且须大于 0")
	}
	options := make([]string, len(l.Options))
	for i, o := range l.Options {
		options[i] = o.ID
	}
	option := func(id, pointer string) {
		if id != "" && !slices.Contains(options, id) {
			wrong(pointer, "there is no option %s; known: %s", "没有方案 %s；可用：%s", id, nearestFirst(id, options))
		}
	}
	unique(l.Options, func(o LifecycleOption) string { return o.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("%s/options/%d/id", at, i), "the option %s stands twice", "方案 %s 出现了两次", id)
	})
	unique(l.Lines, func(x LifecycleLine) string { return x.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("%s/lines/%d/id", at, i), "the line %s stands twice", "%s 出现了两次", id)
	})
	option(l.Proposed, at+"/proposed")
	option(l.Baseline, at+"/baseline")
	if l.Baseline != "" && (l.Baseline == l.Proposed || l.Proposed == "" && l.Baseline == options[0]) {
		wrong(at+"/baseline", "the baseline is the proposed option itself", "基准方案不能就是建议方案")
	}
	if a := l.Adoption; a != nil {
		if a.Shape == "table" && len(a.Table) == 0 {
			wrong(at+"/adoption", "the shape table needs a table: the share of use in month 1, 2, …", "形状为 table 时需要 table：第 1、2……月的使用比例")
		}
		if a.Shape != "table" && a.Months == 0 {
			wrong(at+"/adoption", "the shape %s needs months: how long the ramp takes", "形状为 %s 时需要 months：爬坡用多少个月", a.Shape)
		}
	}
	checkQuantity(d, l.Growth, at+"/growth", growthValue, wrong)
	for i, line := range l.Lines {
		checkLifecycleLine(d, line, fmt.Sprintf("%s/lines/%d", at, i), option, wrong)
	}
}

// growthValue bounds a rate of growth: it may be below 0, but nothing shrinks
// below nothing.
var growthValue = LifecycleValue{Name: "growth"}

func checkLifecycleLine(d *Document, line LifecycleLine, p string, option func(id, pointer string), wrong func(pointer, en, zh string, args ...any)) {
	kind, _ := Kind(line.Kind)
	for j, id := range line.Options {
		option(id, fmt.Sprintf("%s/options/%d", p, j))
	}
	names := make([]string, len(kind.Values))
	for j, v := range kind.Values {
		names[j] = v.Name
		if _, ok := line.Values[v.Name]; !ok && v.Default == nil {
			wrong(p+"/values", "a line of the kind %s needs the value %s: %s", "%s 类型的项目需要 %s：%s", kind.ID, v.Name, v.Title.En+" / "+v.Title.Zh)
		}
	}
	for _, name := range sortedKeys(line.Values) {
		at := p + "/values/" + escape(name)
		j := slices.Index(names, name)
		if j < 0 {
			wrong(at, "a line of the kind %s has no value %s; known: %s", "%s 类型的项目没有 %s；可用：%s", kind.ID, name, nearestFirst(name, names))
			continue
		}
		checkQuantity(d, line.Values[name], at, kind.Values[j], wrong)
	}
	if q := line.Values["years"]; line.Kind == "hardware" && !q.IsZero() && (q.Value == nil || *q.Value <= 0) {
		wrong(p+"/values/years", "state one number of years, above 0: it says when the machine is bought again", "请填写一个大于 0 的年数：它决定何时重新购置")
	}
	if line.Kind == "energy" && line.Accelerator == "" && line.Values["watts"].IsZero() {
		wrong(p, "energy needs the accelerator's name, or values.watts", "电费需要 accelerator 名称，或填写 values.watts")
	}
	if line.Accelerator != "" && line.Kind != "energy" && line.Kind != "hardware" && line.Kind != "hardware_rented" {
		wrong(p+"/accelerator", "only hardware and energy name an accelerator", "只有硬件与电费可以填写 accelerator")
	}
	checkQuantity(d, line.PriceGrowth, p+"/price_growth", growthValue, wrong)
	last := d.Lifecycle.Months
	if line.From > last || line.Until > last {
		wrong(p, "the lifecycle ends in month %d", "生命周期在第 %d 月结束", last)
	}
	if line.Until > 0 && line.Until < line.From {
		wrong(p+"/until", "the line ends before it begins", "结束月份早于开始月份")
	}
}

// checkQuantity holds a number to what may be said about it.
func checkQuantity(d *Document, q Quantity, pointer string, v LifecycleValue, wrong func(pointer, en, zh string, args ...any)) {
	if q.IsZero() {
		return
	}
	if q.Same != "" {
		checkSame(d, q, pointer, wrong)
		return
	}
	if q.Measured != "" {
		switch {
		case q.Candidate != "" && !slices.ContainsFunc(d.Candidates, func(c Candidate) bool { return c.ID() == q.Candidate }):
			ids := make([]string, len(d.Candidates))
			for i, c := range d.Candidates {
				ids[i] = c.ID()
			}
			wrong(pointer+"/candidate", "there is no candidate %s; known: %s", "没有候选方案 %s；可用：%s", q.Candidate, nearestFirst(q.Candidate, ids))
		case (q.Measured == "cost_per_task") == v.Share:
			wrong(pointer+"/measured", "%s is no measurement of this value", "%s 不能用于这个数值", q.Measured)
		case q.Measured == "cost_per_task" && q.Candidate == "":
			wrong(pointer, "cost_per_task needs a candidate", "cost_per_task 需要 candidate")
		case q.Measured == "traffic_share" && q.Candidate != "":
			wrong(pointer+"/candidate", "traffic_share is of what is proven, of no candidate", "traffic_share 指已证明的流量占比，不属于某个候选方案")
		}
		return
	}
	if _, err := q.Dist(); err != nil {
		wrong(pointer, "the numbers are no range: p10 ≤ p50 ≤ p90 above 0, or low ≤ mode ≤ high", "不构成取值范围：须满足 0 < p10 ≤ p50 ≤ p90，或 low ≤ mode ≤ high")
		return
	}
	least, most := 0.0, 1e15
	if v.Share {
		most = 1
	}
	if v.Name == growthValue.Name {
		least, most = -0.95, 10
	}
	for _, x := range []*float64{q.Value, q.P10, q.P50, q.P90, q.Low, q.Mode, q.High} {
		if x != nil && (*x < least || *x > most) {
			wrong(pointer, "%v is outside %v to %v", "%v 超出 %v 至 %v 的范围", *x, least, most)
			return
		}
	}
	if v.Share && q.P90 != nil {
		wrong(pointer, "a share takes low, mode and high: a range by percentiles reaches above 1", "占比请用 low、mode、high 填写：百分位区间会超过 1")
	}
}

// checkSame holds a reference to a number that an earlier line states.
func checkSame(d *Document, q Quantity, pointer string, wrong func(pointer, en, zh string, args ...any)) {
	var known []string
	for i, line := range d.Lifecycle.Lines {
		if strings.HasPrefix(pointer, fmt.Sprintf("/lifecycle/lines/%d/", i)) {
			break
		}
		for _, name := range sortedKeys(line.Values) {
			if line.Values[name].Same == "" {
				known = append(known, line.ID+"."+name)
			}
		}
	}
	if !strings.Contains(pointer, "/values/") {
		wrong(pointer, "only values can be the same as another line's", "只有 values 中的数值可以引用其他项目")
		return
	}
	if !slices.Contains(known, q.Same) {
		wrong(pointer+"/same", "no earlier line states %s; known: %s", "前面的项目没有填写 %s；可用：%s", q.Same, nearestFirst(q.Same, known))
		return
	}
	if want, got := q.Same[strings.LastIndexByte(q.Same, '.')+1:], pointer[strings.LastIndexByte(pointer, '/')+1:]; want != got {
		wrong(pointer+"/same", "%s is another value than %s", "%s 与 %s 不是同一种数值", want, got)
	}
}
