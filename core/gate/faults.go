package gate

import (
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of policy files.
var (
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "gate.too_large",
		En: "the file is larger than {limit}", Zh: "文件超过上限 {limit}"}
	ErrSyntax = fault.Def{Kind: fault.Invalid, Code: "gate.syntax",
		En: "this is no valid policy file: {problem}", Zh: "不是合法的策略文件：{problem}"}
	ErrField = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_field",
		En: "there is no field {field} here", Zh: "此处没有字段 {field}"}
	ErrWhen = fault.Def{Kind: fault.Invalid, Code: "gate.when",
		En: "when must name a parameter of type bool; {value} is none", Zh: "when 须为 bool 类型的参数名；{value} 不是"}
	ErrMissing = fault.Def{Kind: fault.Invalid, Code: "gate.missing_field",
		En: "the field {field} is missing", Zh: "缺少字段 {field}"}
	ErrType = fault.Def{Kind: fault.Invalid, Code: "gate.wrong_type",
		En: "{field} must be {type}", Zh: "{field} 必须是{type}"}
	ErrTranslation = fault.Def{Kind: fault.Invalid, Code: "gate.missing_translation",
		En: "{field} has no text in {language}", Zh: "{field} 缺少{language}文本",
		HintEn: "write both: {field}: {en: …, zh: …}", HintZh: "两种语言都要写：{field}: {en: …, zh: …}"}
	ErrGate = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_gate",
		En: "there is no gate {gate}", Zh: "没有门禁 {gate}"}
	ErrRuleID = fault.Def{Kind: fault.Invalid, Code: "gate.rule_id",
		En: "{id} is no id of a rule", Zh: "{id} 不能作为规则编号",
		HintEn: "use small letters, digits and -, beginning with a letter", HintZh: "使用小写字母、数字和 -,以字母开头"}
	ErrDuplicate = fault.Def{Kind: fault.Invalid, Code: "gate.duplicate_rule",
		En: "the gate {gate} has a rule {id} already, at {first}", Zh: "门禁 {gate} 已有规则 {id}，位于 {first}",
		HintEn: "give one of them another id", HintZh: "请为其中一条换一个编号"}
	ErrMaxAge = fault.Def{Kind: fault.Invalid, Code: "gate.duration",
		En: "{value} is no duration", Zh: "{value} 不是时长",
		HintEn: "write whole minutes, hours, days or weeks: 30m, 12h, 90d, 2w", HintZh: "写整数加单位（分、时、天、周）：30m、12h、90d、2w"}
	ErrFolded = fault.Def{Kind: fault.Invalid, Code: "gate.folded_expression",
		En:     "the expression is written over joined lines, so that an error in it could not be placed",
		Zh:     "表达式写成了折行合并的形式，其中的错误将无法定位",
		HintEn: "write it on one line, or as a block after |", HintZh: "写在一行内，或写在 | 之后的文本块中"}
	ErrPlaceholder = fault.Def{Kind: fault.Invalid, Code: "gate.placeholder",
		En: "{placeholder} is no placeholder of fix", Zh: "fix 中没有占位符 {placeholder}",
		HintEn: "there are: {valid}", HintZh: "可用的有：{valid}"}
	ErrTooManyRules = fault.Def{Kind: fault.TooLarge, Code: "gate.too_many_rules",
		En: "the gate {gate} has more than {limit} rules", Zh: "门禁 {gate} 的规则超过 {limit} 条"}
)

// Faults of expressions.
var (
	ErrExpression = fault.Def{Kind: fault.Invalid, Code: "gate.expression",
		En: "this is no valid expression: {problem}", Zh: "不是合法的表达式：{problem}",
		HintEn: "a rule looks like: kind.metric.low >= param.name", HintZh: "规则的写法如：kind.metric.low >= param.name"}
	ErrKind = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_kind",
		En: "there is no kind of evidence named {kind}", Zh: "没有名为 {kind} 的证据类型"}
	ErrMetric = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_metric",
		En: "{parent} has no {name}", Zh: "{parent} 下没有 {name}"}
	ErrParam = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_param",
		En: "there is no parameter {name}", Zh: "没有参数 {name}"}
	ErrEstimate = fault.Def{Kind: fault.Invalid, Code: "gate.bare_estimate",
		En:     "{metric} is an estimate, an interval and not a number: it cannot be used bare",
		Zh:     "{metric} 是估计值（一个区间，而非一个数），不能直接使用",
		HintEn: "decide on a bound: {advice}", HintZh: "请用区间的一端作判断：{advice}"}
	ErrGroup = fault.Def{Kind: fault.Invalid, Code: "gate.not_a_metric",
		En: "{name} is no metric by itself", Zh: "{name} 本身不是指标",
		HintEn: "there are: {valid}", HintZh: "可用的有：{valid}"}
	ErrHas = fault.Def{Kind: fault.Invalid, Code: "gate.has",
		En: "has() takes a metric of a kind, not {name}", Zh: "has() 的参数必须是某类证据的指标，而不是 {name}",
		HintEn: "write: !has(kind.metric) || kind.metric.high < 2.0", HintZh: "写法：!has(kind.metric) || kind.metric.high < 2.0"}
	ErrFunction = fault.Def{Kind: fault.Invalid, Code: "gate.unknown_function",
		En: "{name} is not used in policies", Zh: "策略中不能使用 {name}",
		HintEn: "there are comparisons, && || ! ?:, + - * / %, in, has(), double() and int()",
		HintZh: "可用的有：比较、&& || ! ?:、+ - * / %、in、has()、double()、int()"}
	ErrOperands = fault.Def{Kind: fault.Invalid, Code: "gate.operands",
		En: "{operator} cannot take {types}", Zh: "{operator} 不能用于 {types}"}
	ErrNotBool = fault.Def{Kind: fault.Invalid, Code: "gate.not_bool",
		En: "a rule must be true or false, this one gives {type}", Zh: "规则的结果必须为真或假，此规则得到 {type}",
		HintEn: "compare it: … >= param.name", HintZh: "请写成比较：… >= param.name"}
	ErrNoEvidence = fault.Def{Kind: fault.Invalid, Code: "gate.no_evidence",
		En: "the rule reads no evidence, so that it would hold without any", Zh: "规则没有读取任何证据，无证据也会成立",
		HintEn: "name at least one metric", HintZh: "至少使用一个指标"}
)

// wrongType is the fault of a value that is not what its field must be.
func wrongType(field any, en, zh string) *fault.Error {
	return ErrType.With("field", field, "type", text.Text{En: en, Zh: zh})
}

// suggest adds to a definition the name that was probably meant, if one is
// near, and the valid ones.
func suggest(d fault.Def, name string, valid []string, kv ...any) *fault.Error {
	near := text.Nearest(name, valid)
	switch {
	case near != "":
		d.HintEn, d.HintZh = "did you mean {nearest}?", "是否想写 {nearest}?"
	case len(valid) > 0:
		d.HintEn, d.HintZh = "there are: {valid}", "可用的有：{valid}"
	}
	return d.With(append(kv, "nearest", near, "valid", strings.Join(valid, ", "))...)
}
