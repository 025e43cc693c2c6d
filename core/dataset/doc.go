// Package dataset reads the cases of a scenario and keeps their versions: a
// dataset version is a content-addressed, immutable set of files with schema,
// annotation spec and splits.
package dataset
