// Package identity knows who people are and what they may do: users, teams and
// their members, sign-in by password or OpenID Connect, sessions, API tokens
// and one-time links.
//
// What a role may do stands in one table (Roles); whether somebody may do
// something is decided in one place (auth.Decide), on the principal that
// Authenticate makes of a request. Things of a person belong to a team of one,
// AccountOf, in which that person may do everything.
package identity
