// Package selection compares candidates on accuracy, speed, cost and
// interpretability: hard limits first, then the Pareto front, then the one to
// take and why.
package selection
