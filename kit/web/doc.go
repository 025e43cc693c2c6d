// Package web is what every HTTP handler of the server stands behind: an id
// for each request, security headers, deadlines, refusal of requests that
// another site's page made, and an access log. It knows no operation.
package web
