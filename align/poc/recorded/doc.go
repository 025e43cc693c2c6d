// Package recorded replays answers that another system gave, so that a vendor's
// proof of concept, or a sample of what people answer today, can be judged by
// the same cases and graders as every other candidate, without that system.
// What comes of it is imported: Landfall measured how right the answers are, and
// takes from the file that the named system gave them.
package recorded
