// Package stats holds the statistics that gates, grading and return on
// investment rest on: exact intervals and tests for proportions, paired
// comparisons, corrections for many comparisons, limits for quantiles, the
// planning of sample sizes, and draws from declared ranges.
//
// Every function is pure, and none panics on a user's data. What is outside
// its range, NaN included, gets the answer that claims nothing: the interval
// that covers everything, a p-value of 1, "not reachable". A gate that is fed
// nonsense therefore stays closed.
//
// Proportions, levels, alphas and powers are fractions between 0 and 1, never
// percent. Level is the coverage of a two-sided interval (0.95); alpha is the
// error of a one-sided bound or test (0.05).
package stats
