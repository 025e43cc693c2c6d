// Package docs holds the documentation. Its tests make what is generated and
// hold the rest to the code: every field, rule, command and link that a page
// names must exist, and every one that exists must be named.
package docs
