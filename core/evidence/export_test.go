package evidence

// EnvelopeEntries are the entries of the log of evidence, so that tests can
// verify what a transaction that is rolled back has done.
func EnvelopeEntries() Entries { return envelopes{} }

// SignedInOrder returns the codes of what is found when keys of these indexes
// sign one after the other.
func SignedInOrder(keys ...int) (codes []string) {
	v := newVerification("x", VerifyOptions{})
	for i, k := range keys {
		v.signedBy(k, FoundKeyOrder, int64(i), int64(i)+1)
	}
	for _, f := range v.finish().Findings {
		codes = append(codes, f.Code)
	}
	return codes
}
