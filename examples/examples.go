// Package examples carries the scenarios that ship with Landfall, so that the
// binary alone can show them.
package examples

import "embed"

// Files holds one folder per example. banking77's data is not shipped.
//
//go:embed bank-support banking77/scenario.yaml banking77/README.md quality-inspection contract-review
var Files embed.FS

// BankSupport is the folder that the demo plays with.
const BankSupport = "bank-support"
