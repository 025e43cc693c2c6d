// Package scenario holds the business use case that everything else is about:
// its document (a folder with scenario.yaml, validated against a published
// JSON Schema), its revisions and what it is bound to.
package scenario
