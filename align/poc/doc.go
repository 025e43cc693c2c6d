// Package poc runs every candidate on every test case and measures what each
// one can do: correct resolutions with exact intervals by slice, latency,
// throughput, cost, and error against coverage.
package poc
