package quality

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// The policies.
const (
	Method      = "method"
	ManyClasses = "many-classes"
)

// The thresholds of the method, and the defaults of many-classes.
const (
	MissingMax    = 0.1  // largest share of missing values in a required column
	ClassShareMin = 0.05 // least share of the smallest class of the training split
	ClassesMin    = 2    // with one class there is nothing to tell apart
	PerClassMin   = 30   // many-classes: least count of a class
	RelativeMin   = 0.2  // many-classes: least class share relative to 1/classes
	// FewClasses is the largest number of classes of which each can have a
	// share of ClassShareMin: 1/20 = 0.05.
	FewClasses = 20
)

// ErrData says that data does not pass the gate.
var ErrData = fault.Def{Kind: fault.Blocked, Code: "quality.data", Exit: fault.ExitDataQuality,
	En:     "the data does not pass the quality gate (policy {policy}, {rows} rows): {problems}",
	Zh:     "数据未通过质量门禁（策略 {policy}，共 {rows} 行）：{problems}",
	HintEn: "complete the data and run again; to look at the rest in spite of it: landfall run DIR --explore (exploratory, passes no gate)",
	HintZh: "补全数据后重新运行；若仍想查看其余结果：landfall run DIR --explore（仅供探索，不通过任何门禁）"}

// The hint where the method's class rule cannot hold.
const (
	manyEn = "with {classes_count} classes even a perfectly even split gives each 1/{classes_count} < 0.05, so that this rule can never hold; " +
		"if the task really has so many classes, state it in scenario.yaml: data.quality.policy: many-classes (a minimum count per class and a minimum share relative to even)"
	manyZh = "共有 {classes_count} 个类别，即使完全均匀，每类也只占 1/{classes_count} < 0.05，此规则不可能满足；" +
		"若任务确实需要这么多类别，请在 scenario.yaml 中写明 data.quality.policy: many-classes（按每类最少条数和相对均匀的最低占比判定）"
)

// The rules.
const (
	RuleMissing       = "missing-values"
	RuleClasses       = "classes"
	RuleClassShare    = "class-share"
	RuleClassCount    = "class-count"
	RuleClassRelative = "class-relative"
)

// Rule is one rule as it came out. A rule about shares observes Count/Of.
type Rule struct {
	ID       string        `json:"id"`
	Suite    string        `json:"suite,omitempty"`  // "" is the main one
	Column   string        `json:"column,omitempty"` // of missing-values
	Class    string        `json:"class,omitempty"`  // the smallest one
	Split    dataset.Split `json:"split"`
	Count    int           `json:"count"`
	Of       int           `json:"of"`
	Observed float64       `json:"observed"`
	Allowed  float64       `json:"allowed"` // the most of missing-values, the least of all others
	Passed   bool          `json:"passed"`
}

// Text says what the rule found.
func (r Rule) Text() text.Text {
	t := r.text()
	if r.Suite != "" {
		t = text.Text{En: "suite " + r.Suite + ": " + t.En, Zh: "用例集 " + r.Suite + ":" + t.Zh}
	}
	return t
}

func (r Rule) text() text.Text {
	of := fmt.Sprintf("%d/%d = %s", r.Count, r.Of, percent(r.Observed))
	switch r.ID {
	case RuleMissing:
		return text.Text{
			En: fmt.Sprintf("column %s (%s): %s missing, at most %s allowed", r.Column, r.Split, of, percent(r.Allowed)),
			Zh: fmt.Sprintf("列 %s(%s):缺失 %s，最多允许 %s", r.Column, r.Split, of, percent(r.Allowed))}
	case RuleClasses:
		return text.Text{
			En: fmt.Sprintf("%d class(es) in the training split, at least %s needed", r.Count, number(r.Allowed)),
			Zh: fmt.Sprintf("训练划分中有 %d 个类别，至少需要 %s 个", r.Count, number(r.Allowed))}
	case RuleClassShare:
		return text.Text{
			En: fmt.Sprintf("smallest class %s: %s of the training split, at least %s needed", r.Class, of, percent(r.Allowed)),
			Zh: fmt.Sprintf("最小类别 %s：占训练划分 %s，至少需要 %s", r.Class, of, percent(r.Allowed))}
	case RuleClassCount:
		return text.Text{
			En: fmt.Sprintf("smallest class %s: %d training cases, at least %s needed", r.Class, r.Count, number(r.Allowed)),
			Zh: fmt.Sprintf("最小类别 %s:%d 条训练用例，至少需要 %s 条", r.Class, r.Count, number(r.Allowed))}
	}
	return text.Text{
		En: fmt.Sprintf("smallest class %s: %s times its even share, at least %s needed", r.Class, number(r.Observed), number(r.Allowed)),
		Zh: fmt.Sprintf("最小类别 %s：为均匀占比的 %s 倍，至少需要 %s 倍", r.Class, number(r.Observed), number(r.Allowed))}
}

// percent rounds to four digits, so that 0.1 reads 10 % and 14/1200 1.167 %.
func percent(share float64) string { return number(100*share) + " %" }
func number(v float64) string      { return strconv.FormatFloat(v, 'g', 4, 64) }

// Result is the outcome of the gate. Metrics and Rules hold counts and shares
// only; there is no text of a case in it.
type Result struct {
	Policy string `json:"policy"`
	Passed bool   `json:"passed"`
	Rules  []Rule `json:"rules"` // failed ones first
	// Smallest lists the smallest classes of the training split, at most 10.
	Smallest []ClassCount `json:"smallest"`
	// Unseen lists classes of test cases without any training case, at most 50.
	Unseen  []string `json:"unseen"`
	Metrics Metrics  `json:"metrics"` // under the names that Kind declares
	Profile Profile  `json:"profile"`
	// Suites are the results of the scenario's further suites, by id.
	Suites map[string]Result `json:"suites,omitempty"`
}

// ClassCount is a class with its number of cases.
type ClassCount struct {
	Class string `json:"class"`
	Count int    `json:"count"`
}

// Metrics are the figures that evidence carries. Shares go from 0 to 1.
type Metrics struct {
	MissingMax           float64 // largest missing share of a required column in a split
	Classes              int     // of the training split, those with no case included
	ClassShareMin        float64
	ClassCountMin        int
	ClassRelativeMin     float64 // smallest class share × classes
	Classed              bool    // rules about classes apply
	ManyClasses          bool    // the policy is many-classes
	ClassCountAllowed    int     // of many-classes
	ClassRelativeAllowed float64 // of many-classes
	Passed               bool
	Rows, TrainRows      int
	TestRows, Dropped    int
	DuplicateShare       float64 // Duplicates.Repeated of all usable cases
	NearDuplicateShare   float64 // Duplicates.Near of all usable cases
	Leaked, LeakedExact  int     // test cases; LeakedExact are the identical ones
	LeakedShare          float64 // of the usable test cases
	Conflicting          int
	Unseen               int // test cases of classes without any training case
}

// Check holds a profile to the quality policy of a scenario. An empty policy
// is the method's. A share that equals its threshold passes.
func Check(p Profile, q dataset.Quality) Result {
	r := Result{Policy: cmp.Or(q.Policy, Method), Profile: p, Smallest: []ClassCount{}, Unseen: []string{}}
	m := &r.Metrics
	m.ManyClasses = r.Policy == ManyClasses
	m.ClassCountAllowed, m.ClassRelativeAllowed = cmp.Or(q.MinPerClass, PerClassMin), cmp.Or(q.MinRelative, RelativeMin)
	for _, c := range p.Columns {
		for _, s := range []dataset.Split{dataset.Train, dataset.Test} {
			if !c.Required || p.Rows[s] == 0 {
				continue
			}
			rule := Rule{ID: RuleMissing, Column: c.Name, Split: s, Count: c.Missing[s], Of: p.Rows[s],
				Observed: share(c.Missing[s], p.Rows[s]), Allowed: MissingMax}
			rule.Passed = rule.Observed <= rule.Allowed
			m.MissingMax = max(m.MissingMax, rule.Observed)
			r.Rules = append(r.Rules, rule)
		}
	}
	if m.Classed = !p.Unclassed; m.Classed {
		r.classes(p)
	}
	r.Passed = !slices.ContainsFunc(r.Rules, func(r Rule) bool { return !r.Passed })
	slices.SortStableFunc(r.Rules, func(a, b Rule) int { return boolean(a.Passed) - boolean(b.Passed) })

	m.Passed = r.Passed
	m.TrainRows, m.TestRows = p.Rows[dataset.Train], p.Rows[dataset.Test]
	m.Rows = m.TrainRows + m.TestRows
	m.Dropped = p.Dropped[dataset.Train] + p.Dropped[dataset.Test]
	d := p.Duplicates
	m.DuplicateShare, m.NearDuplicateShare = share(d.Repeated, m.Rows-m.Dropped), share(d.Near, m.Rows-m.Dropped)
	m.Leaked, m.LeakedExact, m.Conflicting = d.Leaked(), d.LeakedIdentical, d.Conflicting
	m.LeakedShare = share(m.Leaked, m.TestRows-p.Dropped[dataset.Test])
	return r
}

func (r *Result) classes(p Profile) {
	m := &r.Metrics
	total := 0
	for class, n := range p.Classes {
		total += n
		r.Smallest = append(r.Smallest, ClassCount{class, n})
	}
	slices.SortFunc(r.Smallest, func(a, b ClassCount) int {
		return cmp.Or(cmp.Compare(a.Count, b.Count), cmp.Compare(a.Class, b.Class))
	})
	for class, n := range p.TestClasses {
		if n > 0 && p.Classes[class] == 0 {
			m.Unseen += n
			r.Unseen = append(r.Unseen, class)
		}
	}
	slices.Sort(r.Unseen)
	r.Unseen = r.Unseen[:min(len(r.Unseen), 50)]

	m.Classes = len(r.Smallest)
	populated := 0
	for _, c := range r.Smallest {
		populated += boolean(c.Count > 0)
	}
	rule := Rule{ID: RuleClasses, Split: dataset.Train, Count: populated, Observed: float64(populated), Allowed: ClassesMin, Passed: populated >= ClassesMin}
	r.Rules = append(r.Rules, rule)
	if m.Classes == 0 {
		return
	}
	small := r.Smallest[0]
	m.ClassCountMin, m.ClassShareMin = small.Count, share(small.Count, total)
	m.ClassRelativeMin = share(small.Count*m.Classes, total)
	base := Rule{Class: small.Class, Split: dataset.Train, Count: small.Count, Of: total}
	add := func(id string, observed, allowed float64) {
		rule := base
		rule.ID, rule.Observed, rule.Allowed, rule.Passed = id, observed, allowed, observed >= allowed
		r.Rules = append(r.Rules, rule)
	}
	if m.ManyClasses {
		add(RuleClassCount, float64(small.Count), float64(m.ClassCountAllowed))
		add(RuleClassRelative, m.ClassRelativeMin, m.ClassRelativeAllowed)
	} else {
		add(RuleClassShare, m.ClassShareMin, ClassShareMin)
	}
	r.Smallest = r.Smallest[:min(len(r.Smallest), 10)]
}

// Offer reports whether the method's class rule cannot hold for this number
// of classes, so that many-classes is offered.
func (r Result) Offer() bool { return r.Policy != ManyClasses && r.Metrics.Classes > FewClasses }

// Err returns ErrData with what failed, or nil. Its parameters: policy; rows;
// columns and classes, the names that failing rules are about; observed and
// allowed, one number for each failing rule, in the order of rules, their ids;
// classes_count; and the sentences: problems.
func (r Result) Err() error {
	if r.Passed {
		return nil
	}
	columns, classes, rules := []string{}, []string{}, []string{}
	observed, allowed := []float64{}, []float64{}
	var en, zh []string
	for _, rule := range r.Rules {
		if rule.Passed {
			continue
		}
		if rule.Column != "" && !slices.Contains(columns, rule.Column) {
			columns = append(columns, rule.Column)
		}
		if rule.Class != "" && !slices.Contains(classes, rule.Class) {
			classes = append(classes, rule.Class)
		}
		rules = append(rules, rule.ID)
		observed, allowed = append(observed, rule.Observed), append(allowed, rule.Allowed)
		t := rule.Text()
		en, zh = append(en, t.En), append(zh, t.Zh)
	}
	if n := len(en) - 10; n > 0 {
		en, zh = append(en[:10], fmt.Sprintf("and %d more", n)), append(zh[:10], fmt.Sprintf("另有 %d 项", n))
	}
	e := ErrData.With("policy", r.Policy, "rows", r.Metrics.Rows, "columns", columns, "classes", classes, "rules", rules,
		"observed", observed, "allowed", allowed, "classes_count", r.Metrics.Classes,
		"problems", text.Text{En: strings.Join(en, "; "), Zh: strings.Join(zh, ";")})
	if r.Offer() {
		e.HintEn, e.HintZh = manyEn, manyZh
	}
	return e
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
