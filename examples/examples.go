// Package examples carries the scenarios that ship with Landfall, so that the
// binary alone can show them.
package examples

import "embed"

// Files holds one folder per example. banking77's data is not shipped.
//
//go:embed all:bank-support all:banking77 all:quality-inspection all:contract-review
var Files embed.FS

// BankSupport is the folder that the demo plays with.
const BankSupport = "bank-support"
