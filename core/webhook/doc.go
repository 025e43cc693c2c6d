// Package webhook tells other systems what happened: each event of the loop as
// a CloudEvent (1.0, structured JSON), signed as Standard Webhooks has it,
// retried with growing delays, with a log of deliveries.
package webhook
