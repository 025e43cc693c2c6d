// Package llm is the one client for models behind OpenAI-compatible endpoints:
// chat completions, embeddings and the list of models. It is written on
// net/http.
//
// A Client speaks to one Endpoint. It refuses before the first byte what the
// endpoint may not see, bounds and adapts the calls in flight, waits as the
// server asks, retries under a budget and only while nothing was delivered,
// keeps answers by the digest of all that determines them, stops at a spend
// limit, and measures every call so that waiting is told apart from service.
// Whatever can go wrong outside is a fault with a code of its own; no fault and
// no log line holds the key.
package llm
