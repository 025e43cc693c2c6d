package app

import (
	"context"
	"fmt"
)

// Counted is how many there are of something.
type Counted struct {
	Of, Kind, State string
	N               int64
}

// Counts says how much there is: runs by state, jobs that have not ended by
// kind and state, and records.
func (a *App) Counts(ctx context.Context) ([]Counted, error) {
	var out []Counted
	for _, q := range []string{
		"SELECT 'run' AS of, '' AS kind, state, COUNT(*) AS n FROM runs GROUP BY state",
		"SELECT 'job' AS of, kind, CAST(state AS TEXT) AS state, COUNT(*) AS n FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending') GROUP BY kind, state",
		"SELECT 'scenario' AS of, '' AS kind, '' AS state, COUNT(*) AS n FROM scenarios",
		"SELECT 'evidence' AS of, '' AS kind, '' AS state, COUNT(*) AS n FROM evidence",
	} {
		var rows []Counted
		if err := a.DB.Read().NewRaw(q).Scan(ctx, &rows); err != nil {
			return out, fmt.Errorf("count: %w", err)
		}
		out = append(out, rows...)
	}
	return out, nil
}
