// Package quality decides whether data is fit to be measured on: missing
// values, class balance, duplicates within a split and test cases that leaked
// into training.
package quality
