// Package boundary says where a candidate can do the work and where it cannot:
// its accuracy by slice, length, language, tag and difficulty, the weak slices
// that a search finds, with correction for the search, what it confuses with
// what, what its false alarms and misses cost, and what its confidence is
// worth. Everything is a pure function of cases and answers.
package boundary
