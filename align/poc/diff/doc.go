// Package diff compares two sets of answers to the same cases: which cases
// flipped, and whether that is more than noise. Everything is a pure function
// of the two sets.
package diff
