package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Form is how a column's values are written in a table. JSON, YAML and CSV
// always hold the values themselves.
type Form string

// The forms. Plain writes strings and numbers as they are and joins lists.
const (
	Plain    Form = ""
	Share    Form = "share"    // 0.814 → 81.4%
	Whole    Form = "whole"    // 13083 → 13,083
	Size     Form = "size"     // bytes → 72 MB
	Time     Form = "time"     // RFC 3339 → 2026-11-24 09:30
	Outcome  Form = "outcome"  // pass → ✓ pass
	Duration_ Form = "duration" // milliseconds → 350 ms
)

// Column is one column of a list, or one line of a single thing.
type Column struct {
	// Field is the JSON name; dots reach inside: "candidate.name".
	Field string
	Head  text.Text
	Form  Form
}
