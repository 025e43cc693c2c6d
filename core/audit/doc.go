// Package audit records who changed what, when and from where, in a second
// tamper-evident log beside that of evidence.
//
// Nobody has to remember it: the operation table calls Log.Change around every
// operation that changes something, and Change has an entry appended at the end
// of the transaction in which it writes. What the write did to which thing the
// operation says with Note. An entry holds ids and digests, never values, so
// that no secret can be in it.
package audit
