// Package evidence keeps what was measured: signed statements of metrics about
// subjects, in an append-only Merkle log that proves that nothing was changed.
//
// A statement is an in-toto Statement v1 in the form of RFC 8785, signed as a
// DSSE envelope. The envelope's bytes are a leaf of the log (RFC 6962), and
// every append stores a signed checkpoint (https://c2sp.org/tlog-checkpoint).
// Each checkpoint names the size of the one before in an extension line, so
// that none can be taken out unseen, and every stored byte has one spelling
// only, so that none can be altered unseen.
//
// Verification reads stored bytes and never serialises a statement again. What
// it cannot see from inside is the log as a whole put back to an older state or
// signed anew by whoever holds the database and the keys: for that a key and a
// checkpoint are kept outside and pinned.
package evidence
