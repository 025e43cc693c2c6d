package gate

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// The codes of reasons.
const (
	ReasonMet         = "gate.met"
	ReasonNotMet      = "gate.not_met"
	ReasonAbsent      = "gate.absent"
	ReasonExploratory = "gate.exploratory"
	ReasonStale       = "gate.stale"
	ReasonNoMetric    = "gate.metric_absent"
	ReasonMalformed   = "gate.metric_malformed"
	ReasonParam       = "gate.param_absent"
	ReasonEvaluation  = "gate.evaluation"
	ReasonAssumed     = "gate.assumed"
	ReasonNoRules     = "gate.no_rules"
)

// NewReason makes a reason; {name} in its text stands for the parameter of
// that name. Parameters are given as name, value pairs. The reason why an
// organisation gate is not due is made with it by who knows.
func NewReason(code string, t text.Text, pairs ...string) Reason {
	r := Reason{Code: code, Text: t}
	if len(pairs) > 0 {
		r.Params = map[string]string{}
	}
	// One pass, so that a brace inside a value is not taken for a name.
	replace := []string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Params[pairs[i]] = pairs[i+1]
		replace = append(replace, "{"+pairs[i]+"}", pairs[i+1])
	}
	fill := strings.NewReplacer(replace...)
	r.Text = text.Text{En: fill.Replace(t.En), Zh: fill.Replace(t.Zh)}
	return r
}

func absent(k evidence.Kind) Reason {
	return bilingual(ReasonAbsent, text.Text{En: "there is no evidence of the kind {kind} ({title}) yet", Zh: "还没有 {kind}（{title}）证据"}, k)
}

func exploratoryOnly(k evidence.Kind) Reason {
	return bilingual(ReasonExploratory, text.Text{En: "there is only exploratory evidence of the kind {kind} ({title}), which passes no gate",
		Zh: "只有探索性的 {kind}（{title}）证据，不能通过任何门禁"}, k)
}

// bilingual fills the title of a kind in each language's own words.
func bilingual(code string, t text.Text, k evidence.Kind) Reason {
	title := text.Text{En: k.Title.In("en"), Zh: k.Title.In("zh")}
	t.En = strings.ReplaceAll(t.En, "{title}", title.En)
	t.Zh = strings.ReplaceAll(t.Zh, "{title}", title.Zh)
	return NewReason(code, t, "kind", k.Name)
}

func stale(k evidence.Kind, id string, why evidence.Reason) Reason {
	w := why.Text()
	return NewReason(ReasonStale, text.Text{
		En: "the evidence {id} of the kind {kind} is stale: " + w.En,
		Zh: "{kind} 证据 {id} 已过时，需复测：" + w.Zh,
	}, "id", id, "kind", k.Name, "why", string(why.Code))
}

func noMetric(rd read, id string) Reason {
	name := rd.path()
	if rd.field != "" {
		name += "." + rd.field
	}
	return NewReason(ReasonNoMetric, text.Text{
		En: "the evidence {id} does not hold {metric}", Zh: "证据 {id} 中没有 {metric}",
	}, "id", id, "metric", name)
}

func malformed(rd read, id string) Reason {
	return NewReason(ReasonMalformed, text.Text{
		En: "{metric} in the evidence {id} is no finite number of its declared shape", Zh: "证据 {id} 中的 {metric} 不是符合声明的有限数值",
	}, "id", id, "metric", rd.path())
}

func noParam(name string) Reason {
	return NewReason(ReasonParam, text.Text{
		En: "the parameter {param} has no value of its declared type", Zh: "参数 {param} 没有符合声明类型的值",
	}, "param", name)
}

func unevaluated(problem string) Reason {
	return NewReason(ReasonEvaluation, text.Text{
		En: "the rule could not be evaluated: {problem}", Zh: "规则无法求值：{problem}",
	}, "problem", problem)
}

func assumed(metrics []string) Reason {
	return NewReason(ReasonAssumed, text.Text{
		En: "the rule holds, but on assumed figures: {metrics}", Zh: "规则成立，但所依据的数值为假设：{metrics}",
	}, "metrics", strings.Join(metrics, ", "))
}

var noRules = NewReason(ReasonNoRules, text.Text{
	En: "no capability contributes rules to this gate, so it cannot be passed", Zh: "没有任何能力为此门禁提供规则，因此无法通过"})

var fieldTitle = map[string]text.Text{
	"low": {En: "lower bound", Zh: "下限"}, "high": {En: "upper bound", Zh: "上限"}, "value": {En: "value", Zh: "点估计"},
	"n": {En: "number of cases", Zh: "用例数"}, "level": {En: "confidence level", Zh: "置信水平"},
}

var required = map[string]text.Text{
	">=": {En: "at least %s is required", Zh: "要求不低于 %s"}, ">": {En: "more than %s is required", Zh: "要求高于 %s"},
	"<=": {En: "at most %s is allowed", Zh: "要求不高于 %s"}, "<": {En: "less than %s is required", Zh: "要求低于 %s"},
	"==": {En: "%s is required", Zh: "要求等于 %s"}, "!=": {En: "anything but %s is required", Zh: "要求不等于 %s"},
}

// decided is the reason of a rule that was evaluated: of its first comparison
// that does not hold, or of all of them if the rule passed.
func decided(holds bool, expr string, readings []Reading) Reason {
	code := ReasonMet
	if !holds {
		code = ReasonNotMet
	}
	var en, zh []string
	params := []string{"expr", expr}
	for _, r := range readings {
		if r.Op == "" || r.Allowed == nil || r.Value == nil || (!holds && compare(*r.Value, r.Op, *r.Allowed)) {
			continue
		}
		unit := r.Unit
		if r.Field == "n" || r.Field == "level" {
			unit = ""
		}
		value, allowed := figures(*r.Value, *r.Allowed, unit)
		field := fieldTitle[r.Field]
		en = append(en, fmt.Sprintf("%s: %s; %s", r.Title.In("en"), strings.TrimSpace(field.En+" "+value), fmt.Sprintf(required[r.Op].En, allowed)))
		zh = append(zh, fmt.Sprintf("%s：%s，%s", r.Title.In("zh"), strings.TrimSpace(field.Zh+" "+value), fmt.Sprintf(required[r.Op].Zh, allowed)))
		if len(en) == 1 {
			params = append(params, "metric", r.Metric, "field", r.Field, "op", r.Op, "value", plain(*r.Value), "allowed", plain(*r.Allowed))
		}
		if !holds {
			break
		}
	}
	if len(en) == 0 {
		t := text.Text{En: "the rule holds: {expr}", Zh: "规则成立：{expr}"}
		if !holds {
			t = text.Text{En: "the rule does not hold: {expr}", Zh: "规则不成立：{expr}"}
		}
		return NewReason(code, t, params...)
	}
	return NewReason(code, text.Text{En: strings.Join(en, "; "), Zh: strings.Join(zh, "；")}, params...)
}

func compare(v float64, op string, bar float64) bool {
	switch op {
	case ">=":
		return v >= bar
	case ">":
		return v > bar
	case "<=":
		return v <= bar
	case "<":
		return v < bar
	case "==":
		return v == bar
	}
	return v != bar
}

// figures writes a value and its bar so that people can compare them: rounded,
// but in full if they would look equal and are not.
func figures(value, bar float64, unit string) (v, b string) {
	v, b = show(value, unit, 4), show(bar, unit, 4)
	if v == b && value != bar {
		v, b = show(value, unit, -1), show(bar, unit, -1)
	}
	if v == b && value != bar { // shares that differ by less than a percentage can show
		return plain(value), plain(bar)
	}
	return v, b
}

// symbol matches units that read the same in both languages. What others say
// ("cases", "rows") a metric's title says in the reader's language.
var symbol = regexp.MustCompile(`^(ms|s|min|h|[A-Z]{3}(/[a-z]+)?)$`)

// show writes a number with so many significant digits, or in full if digits
// is negative. Shares are percentages.
func show(v float64, unit string, digits int) string {
	if unit == "share" {
		v *= 100
		if digits < 0 {
			digits = 12 // what is left of a double after the multiplication
		}
	}
	s := plain(v)
	if digits >= 0 && v != 0 {
		// Whole parts are never rounded away: 1,234,567 stays what it is.
		whole := int(math.Floor(math.Log10(math.Abs(v)))) + 1
		s = strconv.FormatFloat(v, 'f', max(0, digits-max(whole, 0)), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
	}
	switch {
	case unit == "share":
		return s + "%"
	case symbol.MatchString(unit):
		return s + " " + unit
	}
	return s
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// more is about how many further cases would carry the bound of an estimate
// over the bar if its value stayed what it is: the half-width of an interval
// shrinks with 1/√n, so that n·(distance to the bound / distance to the bar)²
// are needed in all (the normal approximation of a sample's size). 0 and false
// if the bound is over it already, or if the value itself is not. Of a metric
// that counts cases it is what the count lacks.
func more(r Reading) (int, bool) {
	if r.Allowed == nil || r.Value == nil || compare(*r.Value, r.Op, *r.Allowed) {
		return 0, false
	}
	if r.Estimate == nil {
		lacks := math.Ceil(*r.Allowed - *r.Value)
		return int(lacks), r.Unit == "cases" && r.Op == ">=" && lacks < 1e9
	}
	if r.Estimate.N <= 0 {
		return 0, false
	}
	e, bar := *r.Estimate, *r.Allowed
	var width, room float64
	switch {
	case r.Field == "low" && (r.Op == ">=" || r.Op == ">"):
		width, room = e.Value-e.Low, e.Value-bar
	case r.Field == "high" && (r.Op == "<=" || r.Op == "<"):
		width, room = e.High-e.Value, bar-e.Value
	default:
		return 0, false
	}
	if room <= 0 || width <= 0 {
		return 0, false
	}
	all := math.Ceil(float64(e.N) * (width / room) * (width / room))
	if !finite(all) || all > 1e9 {
		return 0, false
	}
	return max(1, int(all)-e.N), true
}

// fix says what to do about a rule that did not pass: to measure what was not,
// else what the rule itself says, filled with the figures of its first
// comparison that does not hold.
func fix(t text.Text, why Reason, readings []Reading) text.Text {
	switch why.Code {
	case ReasonAbsent, ReasonExploratory:
		return text.Text{En: "measure it: landfall run DIR", Zh: "进行实测：landfall run DIR"}
	case ReasonStale:
		return text.Text{En: "measure it again: landfall run DIR", Zh: "重新实测：landfall run DIR"}
	case ReasonAssumed:
		return text.Text{En: "replace what is assumed by measurements: " + why.Params["metrics"], Zh: "将假设换成实测值：" + why.Params["metrics"]}
	}
	value, allowed := text.Text{En: "what was measured", Zh: "实测值"}, text.Text{En: "the bar", Zh: "门槛"}
	cases := text.Text{En: "many", Zh: "大量"}
	for _, r := range readings {
		if r.Op == "" || r.Value == nil || r.Allowed == nil || compare(*r.Value, r.Op, *r.Allowed) {
			continue
		}
		v, b := figures(*r.Value, *r.Allowed, r.Unit)
		value, allowed = text.Text{En: v, Zh: v}, text.Text{En: b, Zh: b}
		if r.More != nil {
			cases = text.Text{En: strconv.Itoa(*r.More), Zh: strconv.Itoa(*r.More)}
		}
		break
	}
	fill := func(s, v, a, m string) string {
		return strings.NewReplacer("{value}", v, "{allowed}", a, "{more}", m).Replace(s)
	}
	return text.Text{En: fill(t.En, value.En, allowed.En, cases.En), Zh: fill(t.Zh, value.Zh, allowed.Zh, cases.Zh)}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
