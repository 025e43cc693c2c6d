// Package grader decides what is right: given what a case expects and what a
// candidate said, whether the answer is correct, how far it is, and why.
//
// A Spec declares the rule in scenario.yaml; New makes a Grader of it. Its
// Version enters the digests of the candidates that it grades, so that another
// rule makes evidence stale. What is outside the process (an embedding model, a
// judge model, a command) comes in through Deps, and an error of it is an error
// of the grading, never a wrong answer.
//
// Answers are hostile: each grader reads at most MaxAnswer bytes in bounded
// time, and an answer beyond that is wrong.
package grader
