// Package roi says what serving a scenario costs in a year: everything with
// the dearest candidate against the graded mix, as ranges that carry the
// uncertainty of every input.
package roi
