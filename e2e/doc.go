// Package e2e tests Landfall through its built binary: kills at random points,
// the demo, real data, faults of the machine, two processes on one home, and
// the report in a browser. Run it with `make e2e`; its tests carry the build
// tag e2e.
package e2e
