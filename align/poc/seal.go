package poc

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"os"

	"github.com/landfall-ai/landfall/kit/duck"
)

var resultColumns = []duck.Column{
	{Name: "candidate", Type: "VARCHAR"}, {Name: "suite", Type: "VARCHAR"}, {Name: "case_id", Type: "VARCHAR"}, {Name: "slice", Type: "VARCHAR"},
	{Name: "expected", Type: "VARCHAR"}, {Name: "resolution", Type: "VARCHAR"}, {Name: "confidence", Type: "DOUBLE"},
	{Name: "correct", Type: "BOOLEAN"}, {Name: "score", Type: "DOUBLE"}, {Name: "severe", Type: "BOOLEAN"}, {Name: "invalid", Type: "BOOLEAN"},
	{Name: "latency_us", Type: "BIGINT"}, {Name: "waited_us", Type: "BIGINT"}, {Name: "first_token_us", Type: "BIGINT"},
	{Name: "input_tokens", Type: "BIGINT"}, {Name: "output_tokens", Type: "BIGINT"}, {Name: "error", Type: "VARCHAR"},
}

// WriteResults seals the case results of a run into a Parquet file at path,
// one row per candidate and case, in the order of the run. It holds ids and
// resolutions, never the text of a case.
func WriteResults(ctx context.Context, path string, outcomes []Outcome) error {
	rows := func(yield func([]driver.Value) bool) {
		for _, o := range outcomes {
			for i, r := range o.Results {
				c := o.Entrant.Cases[i]
				if !yield([]driver.Value{r.Candidate, c.Suite, r.CaseID, c.Slice, c.Resolution, r.Resolution,
					r.Confidence, r.Correct, r.Score, r.Severe, r.Invalid, r.Latency.Microseconds(), r.Waited.Microseconds(),
					r.FirstToken.Microseconds(), r.InputTokens, r.OutputTokens, r.Err}) {
					return
				}
			}
		}
	}
	return duck.WriteParquet(ctx, path, resultColumns, rows)
}

// CaseResult is a row of sealed results.
type CaseResult struct {
	Candidate  string  `json:"candidate"`
	Suite      string  `json:"suite,omitempty"` // "" is the only one
	CaseID     string  `json:"case"`
	Slice      string  `json:"slice"`
	Expected   string  `json:"expected"`
	Resolution string  `json:"resolution"`
	Confidence float64 `json:"confidence"`
	Correct    bool    `json:"correct"`
	Score      float64 `json:"score"`
	Severe     bool    `json:"severe,omitempty"`
	Invalid    bool    `json:"invalid,omitempty"`
	LatencyUs  int64   `json:"latency_us"`
	WaitedUs   int64   `json:"waited_us,omitempty"`
	FirstUs    int64   `json:"first_token_us,omitempty"`
	Input      int64   `json:"input_tokens,omitempty"`
	Output     int64   `json:"output_tokens,omitempty"`
	Error      string  `json:"error,omitempty"`
}

// CaseFilter selects sealed results; the zero value selects all.
type CaseFilter struct {
	Candidate string
	Suite     string
	Case      string // id
	Wrong     bool   // only cases without a correct resolution
	Offset    int
	Limit     int // 0 is none
}

// ReadResults returns rows of a sealed file, by candidate and case id.
func ReadResults(ctx context.Context, path string, f CaseFilter) ([]CaseResult, error) {
	out := []CaseResult{}
	if f.Limit <= 0 {
		f.Limit = math.MaxInt
	}
	err := duck.Query(ctx, path, `SELECT * FROM file WHERE (? = '' OR candidate = ?) AND (? = '' OR suite = ?) AND (? = '' OR case_id = ?) AND (NOT ? OR NOT correct)
		ORDER BY candidate, case_id LIMIT ? OFFSET ?`,
		[]any{f.Candidate, f.Candidate, f.Suite, f.Suite, f.Case, f.Case, f.Wrong, f.Limit, f.Offset}, func(r *sql.Rows) error {
			var c CaseResult
			if err := r.Scan(&c.Candidate, &c.Suite, &c.CaseID, &c.Slice, &c.Expected, &c.Resolution, &c.Confidence, &c.Correct, &c.Score, &c.Severe, &c.Invalid,
				&c.LatencyUs, &c.WaitedUs, &c.FirstUs, &c.Input, &c.Output, &c.Error); err != nil {
				return fmt.Errorf("read results: %w", err)
			}
			out = append(out, c)
			return nil
		})
	return out, err
}

// Discard removes the journal of a run whose results are sealed.
func Discard(journal string) error {
	if _, err := os.Stat(journal); os.IsNotExist(err) {
		return nil
	}
	return removeJournal(journal)
}
