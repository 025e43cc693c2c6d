// Package failure brings what went wrong in production back to where it can be
// guarded against: it imports failures, groups them into failure modes, and
// turns them into cases.
package failure
