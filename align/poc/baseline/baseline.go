// Package baseline holds the candidates that Landfall brings along: a majority
// guess, keyword rules, BM25 neighbours, a linear model over TF-IDF features
// and retrieval over a FAQ. They are there because a large model must first
// beat what is nearly free.
//
// Everything is pure Go without I/O. Training needs labelled texts only; each
// method chooses its few settings on a validation part of them, calibrates its
// confidence there, and is then trained again on all of them. The same
// examples in the same order with the same seed give the same model on one
// processor architecture, bit for bit, however many processors take part.
package baseline

import (
	"slices"

	"github.com/landfall-ai/landfall/kit/text"
)

// Version changes when the same training texts could give another model. It
// belongs into the digest of a trained candidate.
const Version = 1

// Example is a text with its right resolution: the id of a FAQ entry, a label.
type Example struct {
	Text   string
	Answer string
}

// Document is a FAQ entry. ID is the answer that examples name. Of the fields,
// the first half (the larger half of an odd number) holds the question in its
// languages and the rest the answer: {question zh, question en, answer zh,
// answer en}. Fields may be empty.
type Document struct {
	ID     string
	Fields []string
}

// Answer is what a model says. Confidence estimates the probability that the
// answer is right, in [0,1]; it was calibrated on validation texts. An empty
// Answer means that the model abstains; its Confidence is 0.
type Answer struct {
	Answer     string
	Confidence float64
}

// Model answers texts. It is safe for concurrent use, and equal texts get
// equal answers. Of a text it reads the first MaxRunes characters.
type Model interface {
	Answer(text string) Answer
}

// Method describes one kind of candidate.
type Method struct {
	ID    string
	Title text.Text
	// Rung is the step of the candidate ladder: "rules" or "classic".
	Rung string
	// Class says how an answer can be explained: "transparent" (by a rule that
	// one reads), "traceable" (by the texts or weights behind it) or "opaque".
	Class string
	// Why gives the reason for Class.
	Why text.Text
	// NeedsFAQ: the method cannot be trained without documents.
	NeedsFAQ bool
}

var methods = []Method{
	{
		ID: "majority", Rung: "rules", Class: "transparent",
		Title: text.Text{En: "Majority guess", Zh: "多数类猜测"},
		Why: text.Text{En: "rules: it always gives the most frequent answer",
			Zh: "规则:始终给出最常见的答案"},
	},
	{
		ID: "keywords", Rung: "rules", Class: "transparent",
		Title: text.Text{En: "Keyword rules", Zh: "关键词规则"},
		Why: text.Text{En: "rules: every answer names the keyword that caused it",
			Zh: "规则:每个答案都能指出触发它的关键词"},
	},
	{
		ID: "bm25", Rung: "classic", Class: "traceable",
		Title: text.Text{En: "BM25 neighbours", Zh: "BM25 近邻"},
		Why: text.Text{En: "neighbours: every answer names the training texts that voted for it",
			Zh: "近邻:每个答案都能指出为它投票的训练文本"},
	},
	{
		ID: "tfidf", Rung: "classic", Class: "traceable",
		Title: text.Text{En: "TF-IDF with a linear model", Zh: "TF-IDF 线性模型"},
		Why: text.Text{En: "linear: every answer is a sum of weights, and the words that weighed most can be named",
			Zh: "线性:每个答案是权重之和,可指出权重最大的词"},
	},
	{
		ID: "faq", Rung: "classic", Class: "traceable", NeedsFAQ: true,
		Title: text.Text{En: "FAQ retrieval", Zh: "FAQ 检索"},
		Why: text.Text{En: "retrieval: every answer is a FAQ entry and names the question that matched",
			Zh: "检索:每个答案都是一条 FAQ,并能指出匹配到的问题"},
	},
}

// Methods returns the methods in the order of the ladder, cheapest first.
func Methods() []Method { return slices.Clone(methods) }
