package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
)

// Evidence is what a gate needs of the log; evidence.Service satisfies it.
type Evidence interface {
	// ForScenario returns all evidence of a scenario in log order.
	ForScenario(ctx context.Context, scenario string) ([]evidence.Record, error)
	Append(ctx context.Context, tx bun.Tx, sts ...evidence.Statement) ([]evidence.Record, error)
}

// Deps is what a Service needs.
type Deps struct {
	Policies *Policies
	Evidence Evidence
	Now      func() time.Time
}

// Service gives verdicts and records them when they change.
type Service struct{ d Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

// Scenario is what a verdict needs to know of a scenario.
type Scenario struct {
	ID       string
	Bindings evidence.Bindings
	Params   map[string]any
	// NotDue says of organisation gates why they do not concern anybody yet.
	NotDue map[string]Reason
}

// Verdict gives the verdict of one gate as of now. It writes nothing. It fails
// with ErrGate if there is no such gate.
func (s *Service) Verdict(ctx context.Context, sc Scenario, gate string) (Verdict, error) {
	p, err := s.d.Policies.Gate(gate)
	if err != nil {
		return Verdict{}, err
	}
	records, err := s.records(ctx, sc)
	if err != nil {
		return Verdict{}, err
	}
	return Evaluate(p, s.input(sc, p, records)), nil
}

// Verdicts gives the verdicts of all gates as of now, in the order of the
// stages; gates without rules are undefined. It writes nothing.
func (s *Service) Verdicts(ctx context.Context, sc Scenario) ([]Verdict, error) {
	records, err := s.records(ctx, sc)
	if err != nil {
		return nil, err
	}
	return s.evaluate(sc, records)
}

// Last returns the verdict of a gate that was recorded last; false if none was.
func (s *Service) Last(ctx context.Context, scenario, gate string) (Recorded, bool, error) {
	records, err := s.d.Evidence.ForScenario(ctx, scenario)
	if err != nil {
		return Recorded{}, false, fmt.Errorf("read evidence of %s: %w", scenario, err)
	}
	return last(records, gate)
}

// Change is a verdict with what was recorded before it.
type Change struct {
	Verdict Verdict
	// Before is the verdict recorded last before; nil if there was none.
	Before  *Verdict
	Changed bool
}

// Reopened reports whether a gate that had been passed is not any more.
func (c Change) Reopened() bool {
	return c.Changed && c.Before != nil && c.Before.Outcome.Passed() && !c.Verdict.Outcome.Passed()
}

// Judge gives the verdicts of all gates that have rules, or are not due, and
// appends those that are not the same as the last recorded (see Verdict.Same)
// as evidence, in tx. A first verdict is a change. It reads what is committed:
// evidence appended in tx itself does not count yet. Append takes the log's
// head, so Judge must come last in tx.
//
// Two that judge at once may both record the same verdict; that is no news to
// anybody, and the last one still is the last one.
func (s *Service) Judge(ctx context.Context, tx bun.Tx, sc Scenario) ([]Change, error) {
	records, err := s.records(ctx, sc)
	if err != nil {
		return nil, err
	}
	verdicts, err := s.evaluate(sc, records)
	if err != nil {
		return nil, err
	}
	var changes []Change
	var news []evidence.Statement
	for _, v := range verdicts {
		before, found, err := last(records, v.Gate)
		if err != nil {
			return nil, err
		}
		if v.Outcome == Undefined && !found {
			continue
		}
		c := Change{Verdict: v, Changed: !found || !v.Same(before.Verdict)}
		if found {
			c.Before = &before.Verdict
		}
		if c.Changed {
			st, err := Statement(v)
			if err != nil {
				return nil, err
			}
			news = append(news, st)
		}
		changes = append(changes, c)
	}
	if len(news) == 0 {
		return changes, nil
	}
	if _, err := s.d.Evidence.Append(ctx, tx, news...); err != nil {
		return nil, fmt.Errorf("record verdicts of %s: %w", sc.ID, err)
	}
	return changes, nil
}

// Record appends one verdict in tx if it is not the same as the last recorded
// of its scenario and gate, and reports whether it did.
func (s *Service) Record(ctx context.Context, tx bun.Tx, v Verdict) (changed bool, err error) {
	before, found, err := s.Last(ctx, v.Scenario, v.Gate)
	if err != nil || (found && v.Same(before.Verdict)) {
		return false, err
	}
	st, err := Statement(v)
	if err != nil {
		return false, err
	}
	if _, err := s.d.Evidence.Append(ctx, tx, st); err != nil {
		return false, fmt.Errorf("record verdict of %s: %w", v.Scenario, err)
	}
	return true, nil
}

// Sweep judges scenarios, each in a transaction of its own that inTx opens, so
// that evidence that grew too old closes gates although nothing happened. One
// that fails does not keep it from the others: their errors are joined.
func (s *Service) Sweep(ctx context.Context, inTx func(context.Context, func(context.Context, bun.Tx) error) error, scenarios []Scenario) ([]Change, error) {
	var out []Change
	var errs []error
	for _, sc := range scenarios {
		if err := ctx.Err(); err != nil {
			return out, errors.Join(append(errs, err)...)
		}
		var changes []Change
		err := inTx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			changes, err = s.Judge(ctx, tx, sc)
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("judge %s: %w", sc.ID, err))
			continue
		}
		for _, c := range changes {
			if c.Changed {
				out = append(out, c)
			}
		}
	}
	return out, errors.Join(errs...)
}

func (s *Service) records(ctx context.Context, sc Scenario) ([]evidence.Record, error) {
	records, err := s.d.Evidence.ForScenario(ctx, sc.ID)
	if err != nil {
		return nil, fmt.Errorf("read evidence of %s: %w", sc.ID, err)
	}
	return records, nil
}

func (s *Service) evaluate(sc Scenario, records []evidence.Record) ([]Verdict, error) {
	out := []Verdict{}
	for _, gate := range Names() {
		p, err := s.d.Policies.Gate(gate)
		if err != nil {
			return nil, err
		}
		out = append(out, Evaluate(p, s.input(sc, p, records)))
	}
	return out, nil
}

func (s *Service) input(sc Scenario, p *Policy, records []evidence.Record) Input {
	in := Input{Scenario: sc.ID, Params: sc.Params, Bindings: sc.Bindings, Records: records, Now: s.d.Now()}
	if why, ok := sc.NotDue[p.Gate]; ok && Organisation(p.Gate) {
		in.NotDue = &why
	}
	return in
}

func last(records []evidence.Record, gate string) (Recorded, bool, error) {
	all, err := History(records, gate)
	if err != nil || len(all) == 0 {
		return Recorded{}, false, err
	}
	return all[len(all)-1], true, nil
}
