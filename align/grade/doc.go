// Package grade says what level of model the work really needs. Three things
// are never merged: the level that the owner declared, the level that is
// proven enough, and the cheapest candidate that provably suffices.
package grade
