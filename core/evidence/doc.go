// Package evidence keeps what was measured: signed statements of metrics about
// subjects, in an append-only Merkle log that proves that nothing was changed.
package evidence
