// Package rest is the operation table: a service's method is registered once,
// and from that come the HTTP API, its OpenAPI document, the permission check
// and the generated commands (package cli).
//
// Handlers hold no logic and map no errors. Add wraps a function of
// (context, *input) → (*output, error): huma parses and validates the input
// from its path, query, header and json tags, one place decides whether the
// principal of the context may, and every error leaves as problem details.
//
// A field that a person can set on the command line carries its description
// in both languages: doc:"…" zh:"…".
package rest
