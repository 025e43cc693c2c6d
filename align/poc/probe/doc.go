// Package probe measures what candidates do when cases are changed: with typos,
// other words, another language, orders inside the input, personal data beside
// the question, and with what they should refuse. Probes are measured beside
// the main measurement, paired with its cases, and are never more cases of it.
package probe
