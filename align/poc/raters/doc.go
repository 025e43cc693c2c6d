// Package raters reads what people say of answers, and how far two of them
// agree. A label is an opinion until a second person gave it too: kappa says how
// much of their agreement is more than chance, and the cases on which they
// differ are the ones to talk about.
package raters
