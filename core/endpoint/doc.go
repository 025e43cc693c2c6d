// Package endpoint keeps the model endpoints that an administrator defines:
// where a model is, which classes of data it may see, what it costs, and its
// key, sealed. Scenarios on a server name them and carry no addresses.
package endpoint
