// Package waiver lets a gate be passed on people's responsibility: one asks,
// another approves, and it ends by itself. The evidence of both is what the
// gate reads; the rule keeps the outcome that was measured.
package waiver
