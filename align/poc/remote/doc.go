// Package remote holds the candidates that another system answers for: a model
// behind an OpenAI-compatible API, and any application behind HTTP. What they are
// sent is made from templates in the scenario's folder; nothing of a case's right
// answer is ever at a template's hand.
package remote
