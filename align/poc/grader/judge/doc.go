// Package judge asks a model how good an answer is, and measures the model that
// is asked.
//
// A judge is an instrument: it favours what stands first, contradicts itself
// and differs from people. Measure puts figures to that on items that people
// have labelled, per slice family, and says whether they suffice; Correct takes
// its errors out of a share that it judged. No gate rests on a raw rate.
package judge
