package baseline

import "github.com/landfall-ai/landfall/kit/fault"

// What a user's data can be lacking.
var (
	ErrUnknownMethod = fault.Def{Kind: fault.Invalid, Code: "baseline.unknown_method",
		En: "there is no built-in candidate {method}", Zh: "没有名为 {method} 的内置候选方案",
		HintEn: "built-in candidates: {known}", HintZh: "内置候选方案:{known}"}
	ErrNoExamples = fault.Def{Kind: fault.Invalid, Code: "baseline.no_examples",
		En: "there is no training text", Zh: "没有训练文本",
		HintEn: "give the dataset a training split", HintZh: "请为数据集提供训练集"}
	ErrNoAnswer = fault.Def{Kind: fault.Invalid, Code: "baseline.no_answer",
		En: "training text {n} has no right answer", Zh: "第 {n} 条训练文本没有正确答案",
		HintEn: "fill in the answer or leave the text out", HintZh: "请补全答案,或去掉该文本"}
	ErrOneClass = fault.Def{Kind: fault.Invalid, Code: "baseline.one_class",
		En: "all training texts have the same answer ({answer}): there is nothing to learn", Zh: "所有训练文本的答案都相同({answer}),无从学习",
		HintEn: "add texts with other answers", HintZh: "请补充其他答案的文本"}
	ErrTooFew = fault.Def{Kind: fault.Invalid, Code: "baseline.too_few",
		En: "each of the {classes} answers has one training text only: none is left to validate on", Zh: "{classes} 个答案各只有一条训练文本,没有可用于验证的文本",
		HintEn: "add a second text for at least one answer; ten or more for each are better", HintZh: "至少为一个答案补充第二条文本;最好每个答案有十条以上"}
	ErrNoFAQ = fault.Def{Kind: fault.Invalid, Code: "baseline.no_faq",
		En: "FAQ retrieval needs FAQ entries, and the scenario has none", Zh: "FAQ 检索需要 FAQ 条目,而该场景没有",
		HintEn: "add a FAQ to the scenario or leave this candidate out", HintZh: "请为场景添加 FAQ,或去掉该候选方案"}
	ErrFAQMismatch = fault.Def{Kind: fault.Invalid, Code: "baseline.faq_mismatch",
		En: "no right answer of the training texts is the id of a FAQ entry (answer {answer}, entry {entry})", Zh: "训练文本的正确答案与 FAQ 条目的编号无一相符(答案 {answer},条目 {entry})",
		HintEn: "let the answers name FAQ entries by their id", HintZh: "请用 FAQ 条目的编号作为正确答案"}
)
